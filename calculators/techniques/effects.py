"""What each of the six techniques does to this scenario's own fleet: with it and without it, through the same model.

The fleet is the cheapest of the verdict's model on the verdict's GPU from the same landlord, sized anew for each set of
switches. So effects combine as they do in an engine, never as a product of headline gains: batching uses up the idle
arithmetic that speculation lives on, and cached prompts are prefill that no pool need compute. Continuous batching is in
every engine and so in the base line, counted once.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import inf, isfinite

import numpy as np

from calculators.catalog.base import Precision
from calculators.catalog.catalog import Catalog
from calculators.catalog.load import ROOT, load_sourced
from calculators.catalog.techniques import TechniqueId, TechniquesFile
from calculators.evaluate import Evaluation, evaluate
from calculators.fleet import replica_capacity as sizing
from calculators.fleet import staircase as fleet
from calculators.fleet.machine_offers import MachineOffer, machine_offers
from calculators.fleet.staircase import FleetPlan
from calculators.options import buy_and_build as options
from calculators.performance import disaggregation, speculation
from calculators.performance.replica import ReplicaConfig, replica_arrays
from calculators.scenario.inputs import Inputs
from calculators.scenario.schema import Scenario, Techniques
from calculators.units import milliseconds

PATH = ROOT / "technique_data/techniques.yaml"
ORDER: tuple[TechniqueId, ...] = (
    *("batching", "prefix_caching", "quantization", "speculation", "parallelism", "disaggregation"),
)
DEFAULT_CAP = 256


def techniques() -> TechniquesFile:
    """The file. Raises DataError naming file, line and field."""
    return load_sourced(PATH, TechniquesFile)


@dataclass(frozen=True, slots=True)
class FleetState:
    """A fleet with or without a technique."""

    ttft_ms: float
    """95th percentile at the load on each GPU that the verdict's fleet has at the peak; infinite: beyond it."""
    tpot_ms: float
    req_s_per_gpu: float
    """What it carries within the targets."""
    gpus: int
    usd_per_month: float
    """Rent."""
    plan: FleetPlan

    @property
    def gpus_words(self) -> str:
        """All that are rented, and those that the peak keeps busy: the others are spares and what machines have over."""
        return f"{self.gpus} ({busy_gpus(self.plan) * self.plan.regions})"


@dataclass(frozen=True, slots=True)
class TechniqueEffect:
    """One technique on this fleet, all else as it is: model, GPU, landlord, format, split and the other switches."""

    id: TechniqueId
    is_used: bool
    """By the verdict's fleet: then that is the side with it, otherwise the side without."""
    without: FleetState | None
    with_it: FleetState | None
    """None: no fleet of this model on this GPU serves the peak within the targets."""
    words: str
    """What is compared, and what stands out."""

    @property
    def saves_usd_per_month(self) -> float:
        """Rent; infinite where there is no fleet without it, minus infinite where there is none with it."""
        if self.with_it is None:
            return -inf if self.without else 0.0
        return self.without.usd_per_month - self.with_it.usd_per_month if self.without else inf


def is_used(technique: TechniqueId, plan: FleetPlan, scenario: Scenario) -> bool:
    """Whether the fleet makes use of what its switch allows: a coarser format and a split may be tried and not taken."""
    config = plan.config
    match technique:
        case "quantization":
            return config.precision != config.model.published.native_precision or scenario.techniques.kv_cache == "fp8"
        case "parallelism":
            return config.gpus_count > 1
        case _:
            return is_on(scenario.techniques, technique)


def is_on(chosen: Techniques, technique: TechniqueId) -> bool:
    match technique:
        case "batching":
            return chosen.batch_cap > 1
        case "quantization":
            return chosen.quantization or chosen.kv_cache == "fp8"
        case _:
            return bool(getattr(chosen, technique))


def switched(chosen: Techniques, technique: TechniqueId, on: bool) -> Techniques:
    """The same with one technique on or off; as it is where it is so already."""
    if is_on(chosen, technique) is on:
        return chosen
    match technique:
        case "batching":
            return chosen.model_copy(update={"batch_cap": DEFAULT_CAP if on else 1})
        case "quantization":
            return chosen.model_copy(update={"quantization": on, **({} if on else {"kv_cache": "bf16"})})
        case _:
            return chosen.model_copy(update={technique: on})


def with_techniques(scenario: Scenario, chosen: Techniques) -> Scenario:
    return scenario.model_copy(update={"techniques": chosen})


def technique_effects(plan: FleetPlan, inputs: Inputs) -> list[TechniqueEffect]:
    """All six, in the order of the file. `plan` is the fleet of the verdict."""
    now = refit(plan, plan.config, inputs)
    found = []
    for technique in ORDER:
        used = is_used(technique, plan, inputs.scenario)
        other, configs = _counterpart(technique, used, plan, inputs.scenario)
        changed = cheapest(configs, plan, replace(inputs, scenario=other))
        if changed is None and technique not in ("batching", "parallelism"):  # not with this format and split: with any
            changed = best_fleet(plan, replace(inputs, scenario=other))
        without, with_it = (changed, now) if used else (now, changed)
        words = _words(technique, used, plan, inputs, without, with_it)
        found.append(TechniqueEffect(technique, used, without, with_it, words))
    return found


def _counterpart(
    technique: TechniqueId, used: bool, plan: FleetPlan, scenario: Scenario
) -> tuple[Scenario, list[ReplicaConfig]]:
    """The same fleet with one technique more or less: switches, and the setups to try."""
    t = switched(scenario.techniques, technique, not used)
    if (
        technique == "batching" and used
    ):  # one at a time nearly nothing meets a TTFT target: that would flatter batching
        patient = scenario.targets.model_copy(update={"ttft_p95_ms": None})
        scenario = scenario.model_copy(update={"targets": patient})
    precisions: tuple[Precision, ...] = (plan.config.precision,)
    splits: tuple[int, ...] = (plan.config.tensor_parallel,)
    native = plan.config.model.published.native_precision
    if technique == "quantization":
        allowed = tuple(p for p in sizing.precisions(plan.config.model, scenario) if p != native)
        precisions = (native,) if used else allowed or (native,)
        splits = sizing.TENSOR_PARALLEL if t.parallelism else sizing.TENSOR_PARALLEL[:1]
    elif technique == "parallelism":
        splits = sizing.TENSOR_PARALLEL[:1] if used else sizing.TENSOR_PARALLEL[1:]
    return with_techniques(scenario, t), configs_with(plan, t, precisions, splits)


def configs_with(
    plan: FleetPlan, t: Techniques, precisions: Sequence[Precision], splits: Sequence[int]
) -> list[ReplicaConfig]:
    """The plan's model on its GPU in these formats over so many GPUs."""
    model, gpu = plan.config.model, plan.config.gpu
    return [
        sizing.replica_config(model, gpu, precision, tp, t)
        for precision in precisions
        for tp in splits
        if tp <= max(gpu.links.domain_gpus, 8)
    ]


# --- fleets ------------------------------------------------------------------------------------------------------


def best_fleet(plan: FleetPlan, inputs: Inputs) -> FleetState | None:
    """The cheapest fleet of the plan's model on its GPU from its landlord, with the scenario's techniques."""
    return cheapest(sizing.candidate_configs(_only(plan, inputs), inputs.catalog), plan, inputs)


def refit(plan: FleetPlan, config: ReplicaConfig, inputs: Inputs) -> FleetState | None:
    """The fleet of one setup on the same kind of GPU from the same landlord. None: it carries no such peak."""
    return cheapest([config], plan, inputs)


def cheapest(configs: list[ReplicaConfig], plan: FleetPlan, inputs: Inputs) -> FleetState | None:
    """Of these setups, for the same peak."""
    found, _ = sizing.replica_capacities(configs, inputs)
    seconds = options.peak_s_per_month(inputs.scenario)
    stairs = fleet.staircases_on(found, same_provider_offers(plan, inputs), inputs.scenario, inputs.catalog, seconds)
    plans = [p for p in (fleet.fleet_plan(s, inputs.demand.requests_per_month) for s in stairs) if p is not None]
    if not plans:
        return None
    best = min(plans, key=lambda p: p.rent_usd_per_month)
    ttft, tpot = _latencies_ms(best, busy_gpus(plan), inputs)
    return FleetState(ttft, tpot, _rate_per_gpu(best), best.gpus, best.rent_usd_per_month, best)


def _rate_per_gpu(plan: FleetPlan) -> float:
    """Of all pools together, when each is as full as its target lets it be."""
    capacity = plan.capacity
    return 1 / (1 / capacity.req_s + 1 / capacity.prefill_req_s) / plan.config.gpus_count


def busy_gpus(plan: FleetPlan) -> int:
    """Those that the peak needs, without spares and what machines have over."""
    return (plan.replicas + plan.prefill_replicas) * plan.config.gpus_count


def same_provider_offers(plan: FleetPlan, inputs: Inputs) -> list[MachineOffer]:
    """Machines of the plan's own landlord, on its terms."""
    same = [
        offer
        for offer in machine_offers(plan.config.gpu, inputs.scenario, inputs.catalog)
        if (offer.provider_id, offer.basis, offer.commitment) == _terms(plan.offer)
    ]
    return same or [plan.offer]


def _terms(offer: MachineOffer) -> tuple[str, str, str]:
    return offer.provider_id, offer.basis, offer.commitment


def _only(plan: FleetPlan, inputs: Inputs) -> Scenario:
    """The scenario with no other model or GPU."""
    kept = tuple(c for c in inputs.scenario.candidates if inputs.catalog.model(c.model) is plan.config.model)
    hardware = inputs.scenario.hardware.model_copy(update={"gpus": (plan.config.gpu.id,)})
    return inputs.scenario.model_copy(update={"candidates": kept, "hardware": hardware})


def _latencies_ms(plan: FleetPlan, reference_gpus: int, inputs: Inputs) -> tuple[float, float]:
    """TTFT at the 95th percentile and mean TPOT with the load on each GPU that the reference has. Two pools are at the load
    of their own fleet."""
    hit, config = sizing.hit_frac(inputs.scenario), plan.config
    if not plan.prefill_replicas:
        each = inputs.demand.peak_req_s / reference_gpus * config.gpus_count
        return sizing.at_load_ms(config, sizing.traffic(inputs.demand, hit), each, inputs.scenario, inputs.catalog)
    prompts, tokens = (
        disaggregation.prompts_only(inputs.demand.lengths, hit),
        disaggregation.tokens_only(inputs.demand.lengths),
    )
    moved_ms = float(disaggregation.transfer_s([config], inputs.demand.input_p95_tok, inputs.catalog)[0, 0]) * 1e3
    first = sizing.at_load_ms(
        config, prompts, inputs.demand.peak_req_s / plan.prefill_replicas, inputs.scenario, inputs.catalog
    )
    then = sizing.at_load_ms(config, tokens, inputs.demand.peak_req_s / plan.replicas, inputs.scenario, inputs.catalog)
    return first[0] + moved_ms, then[1]


def switched_saves_usd(result: Evaluation, catalog: Catalog) -> dict[TechniqueId, float]:
    """What each technique saves of the cheapest fleet of all, a month: the verdict's search with its switch on, less with it
    off; infinite where only one of the two has a fleet. Another model, GPU or format may take its place."""

    def least(scenario: Scenario) -> float:
        build = evaluate(scenario, catalog).build
        return build.usd_per_month if build else inf

    found: dict[TechniqueId, float] = {}
    now = result.build.usd_per_month if result.build else inf
    for technique in ORDER[1:]:
        on = is_on(result.scenario.techniques, technique)
        flipped = switched(result.scenario.techniques, technique, not on)
        other = least(with_techniques(result.scenario, flipped))
        without, with_it = (other, now) if on else (now, other)
        found[technique] = 0.0 if without == with_it else without - with_it
    return found


# --- the chosen set ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CumulativeStep:
    """One more technique on top of those before it."""

    id: TechniqueId
    state: FleetState | None
    """The fleet from here on."""


def cumulative_steps(plan: FleetPlan, inputs: Inputs) -> list[CumulativeStep]:
    """From a fleet with batching alone to the chosen set, one technique at a time; the last is the verdict's own fleet.
    Where the model does not fit one GPU, its split over several belongs to the start."""
    chosen = [t for t in ORDER if t != "batching" and is_used(t, plan, inputs.scenario)]

    def state(used: Sequence[TechniqueId]) -> FleetState | None:
        t = inputs.scenario.techniques
        for technique in ORDER[1:]:
            if technique not in used:
                t = switched(t, technique, False)
        config = plan.config
        precision = config.precision if "quantization" in used else config.model.published.native_precision
        split = config.tensor_parallel if "parallelism" in used else 1
        return cheapest(
            configs_with(plan, t, (precision,), (split,)),
            plan,
            replace(inputs, scenario=with_techniques(inputs.scenario, t)),
        )

    used: list[TechniqueId] = []
    start = state(used)
    if start is None and "parallelism" in chosen:
        chosen.remove("parallelism")
        used.append("parallelism")
        start = state(used)
    found = [CumulativeStep("batching", start)]
    for technique in chosen:
        used.append(technique)
        found.append(CumulativeStep(technique, state(used)))
    return found


# --- words -------------------------------------------------------------------------------------------------------


def _words(
    technique: TechniqueId,
    used: bool,
    plan: FleetPlan,
    inputs: Inputs,
    without: FleetState | None,
    with_it: FleetState | None,
) -> str:
    """What is compared, and what stands out."""
    made = with_it.plan if with_it else plan
    match technique:
        case "batching":
            return (
                f"Up to {made.capacity.batch:.0f} requests share each reading of the weights, against one at a time, which may "
                "wait for each other as long as they like."
            )
        case "prefix_caching":
            return f"At the {inputs.scenario.workload.self_hit_frac:.0%} of input that your own servers are taken to find cached; see Prompt structure."
        case "quantization":
            return _quantization_words(used, plan, inputs.scenario, without, with_it)
        case "speculation":
            return _speculation_words(made, inputs)
        case "parallelism":
            return _parallelism_words(used, plan, inputs.scenario, with_it)
        case _:
            return _disaggregation_words(with_it, inputs)


def _quantization_words(
    used: bool, plan: FleetPlan, scenario: Scenario, without: FleetState | None, with_it: FleetState | None
) -> str:
    released = plan.config.model.published.native_precision
    cache = ", and the cache in FP8" if scenario.techniques.kv_cache == "fp8" else ""
    chosen = with_it.plan.config.precision if with_it else released
    if chosen == released and not cache:
        return f"Released in {released.upper()}; you allow no coarser format."
    words = f"{chosen.upper()} against the released {released.upper()}{cache}"
    if without and with_it and without.plan.config.gpus_count != with_it.plan.config.gpus_count:
        words += f", on {with_it.plan.config.gpus_count} GPUs a replica against the {without.plan.config.gpus_count} it then takes"
    if not used:
        words += "; the verdict keeps the released one, for a coarser one does not lower the rent"
    return f"{words}. Evaluate quality on your hardest task first."


def _parallelism_words(used: bool, plan: FleetPlan, scenario: Scenario, with_it: FleetState | None) -> str:
    experts = ", whole experts on each GPU" if scenario.techniques.expert_parallelism else ""
    if used:
        return f"{plan.config.tensor_parallel} GPUs a replica{experts}, as the verdict has it, against one."
    if with_it is None:
        return f"{plan.offer.provider} has no machine of this GPU that holds a wider replica within your GPU limit."
    return f"{with_it.plan.config.tensor_parallel} GPUs a replica{experts}, against the one that the verdict has."


def _speculation_words(plan: FleetPlan, inputs: Inputs) -> str:
    t, model = inputs.scenario.techniques, plan.config.model
    context = inputs.demand.input_tok + inputs.demand.output_tok / 2
    drafted = speculation.drafts([plan.config], t, inputs.catalog, np.zeros(1))
    m, batch = replica_arrays([plan.config], inputs.catalog), max(plan.capacity.batch, 1.0)
    gain = float(speculation.speedup_ratio(m, np.array([batch]), np.array([context]), drafted)[0, 0])
    loss = float(speculation.loss_from_batch(m, context, drafted)[0])
    where = f"a loss from {loss:.0f} at once on" if isfinite(loss) else "a loss at no batch up to the cap"
    each = f"{drafted.tokens_per_pass[0, 0]:.2f} tokens a pass, {speculation.basis_words(model, t, inputs.catalog)}"
    return f"{t.draft_tok} drafted, {each}: {gain:.2f} times as fast with {batch:.0f} at once; {where}."


def _disaggregation_words(with_it: FleetState | None, inputs: Inputs) -> str:
    if with_it is None:
        return "No two pools of this model on this GPU meet the targets."
    made = with_it.plan
    moved_ms = float(disaggregation.transfer_s([made.config], inputs.demand.input_p95_tok, inputs.catalog)[0, 0]) * 1e3
    rate = inputs.catalog.technique_rules.transfer_gb_s.central
    return (
        f"{made.prefill_replicas} prefill and {made.replicas} decode replicas, with spares for both; the cache of a long "
        f"prompt takes {milliseconds(moved_ms)} to cross at {rate:g} GB/s, assumed."
    )
