"""How a fleet of the verdict's model on the verdict's GPU could serve: the baseline, and one technique more."""

from dataclasses import dataclass, replace

from calculators.catalog.base import Precision
from calculators.catalog.techniques import Framework, MoveId
from calculators.fleet.candidate_configs import TENSOR_PARALLEL
from calculators.fleet.plan import FleetPlan
from calculators.fleet.replica_capacity import Capacity, Infeasible, replica_capacities
from calculators.scenario.inputs import Inputs
from calculators.scenario.schema import Scenario, Techniques
from calculators.techniques.effects import DEFAULT_CAP
from calculators.techniques.fleets import FleetState, cheapest, configs_with, same_provider_offers


@dataclass(frozen=True, slots=True)
class Design:
    """A serving setup: techniques, precisions and splits to try, and the cache hit rate."""

    techniques: Techniques
    precisions: tuple[Precision, ...]
    splits: tuple[int, ...]
    """GPUs per replica to try."""
    hit_frac: float
    """Share of input tokens found in the prefix cache."""


@dataclass(frozen=True, slots=True)
class AdviceInputs:
    """The verdict's fleet, the scenario's inputs, and the rules by which techniques are chosen."""

    plan: FleetPlan
    inputs: Inputs
    known: Framework

    def state(self, design: Design, reference: FleetPlan | None = None) -> FleetState | None:
        """The cheapest fleet of a design on the plan's offers, with latencies at the load per GPU of `reference` (the
        plan if None); None if none meets the targets."""
        configs = configs_with(self.plan, design.techniques, design.precisions, design.splits)
        return cheapest(configs, reference or self.plan, self.asked(design))

    def at_own_load(self, design: Design) -> FleetState | None:
        """The cheapest fleet of a design, with latencies at the load of that fleet itself."""
        fleet = self.state(design)
        return self.state(design, fleet.plan) if fleet else None

    def asked(self, design: Design) -> Inputs:
        """The inputs with the design's techniques and cache hit rate; the demand stays."""
        scenario = self.inputs.scenario
        workload = scenario.workload.model_copy(update={"self_hit_frac": design.hit_frac})
        changed: Scenario = scenario.model_copy(update={"techniques": design.techniques, "workload": workload})
        return replace(self.inputs, scenario=changed)

    def largest(self, design: Design) -> Capacity | Infeasible | None:
        """The replica of this design, over any number of GPUs, that carries most per GPU; where none can serve, why not for the
        one that fails latest. None: no machine holds one."""
        inputs = self.asked(design)
        machines = same_provider_offers(self.plan, inputs)
        every = configs_with(self.plan, design.techniques, design.precisions, TENSOR_PARALLEL)
        configs = [config for config in every if any(m.replicas_per_machine(config) for m in machines)]
        able, infeasible = replica_capacities(configs, inputs)
        if able:
            return max(able, key=lambda capacity: capacity.req_s_per_gpu)
        return max(infeasible, key=lambda misfit: misfit.passed_count, default=None)


def baseline(case: AdviceInputs) -> Design:
    """Batching and prefix caching with the released weights, on one GPU per replica or the fewest that hold the model.
    The user's draft length, acceptance rate and batch cap stay."""
    user = case.inputs.scenario.techniques
    cap = user.batch_cap if user.batch_cap > 1 else DEFAULT_CAP  # batching is never off
    kept = {"draft_tok": user.draft_tok, "acceptance_frac": user.acceptance_frac, "batch_cap": cap}
    techniques = Techniques().model_copy(update=kept)
    native = case.plan.config.model.published.native_precision
    hit_frac = case.inputs.scenario.workload.self_hit_frac
    designs = [Design(techniques, (native,), (split,), hit_frac) for split in TENSOR_PARALLEL]
    return next((design for design in designs if case.state(design) is not None), designs[0])


def applied(design: Design, move: MoveId, case: AdviceInputs, state: FleetState | None) -> Design:
    """The design with one more technique. Smaller weights may take fewer GPUs per replica; at the same rent the wider
    split stays."""
    chosen = design.techniques
    match move:
        case "weights_8bit" | "weights_4bit":
            narrower = tuple(split for split in reversed(TENSOR_PARALLEL) if split <= max(design.splits))
            lighter: Precision = "fp8" if move == "weights_8bit" else four_bit(case.plan)
            return replace(design, precisions=(lighter,), splits=narrower)
        case "prompt_order":
            return replace(design, hit_frac=max(design.hit_frac, case.inputs.scenario.workload.cacheable_frac))
        case "kv_fp8":
            return replace(design, techniques=chosen.model_copy(update={"kv_cache": "fp8"}))
        case "split":
            have = state.plan.config.gpus_count if state else max(design.splits)
            wider = tuple(split for split in TENSOR_PARALLEL if split > have)
            return replace(design, splits=wider or design.splits)
        case "whole_experts":
            splits = design.splits if max(design.splits) > 1 else TENSOR_PARALLEL[1:]
            return replace(design, splits=splits, techniques=chosen.model_copy(update={"expert_parallelism": True}))
        case _:
            return replace(design, techniques=chosen.model_copy(update={move: True}))


def four_bit(plan: FleetPlan) -> Precision:
    """NVFP4 if the GPU computes in it faster than in FP8, otherwise INT4, which is only stored."""
    gpu = plan.config.gpu
    return "nvfp4" if gpu.dense_flops("nvfp4") > gpu.dense_flops("fp8") else "int4"
