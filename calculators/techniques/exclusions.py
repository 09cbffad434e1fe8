"""When a technique is not even tried on this fleet: one rule for each, with the reason in words. Thresholds are in
technique_data/framework.yaml."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from calculators.catalog.base import Precision
from calculators.catalog.catalog import Catalog
from calculators.catalog.techniques import Framework, MoveId, TechniqueStep
from calculators.fleet import replica_capacity as sizing
from calculators.fleet.replica_capacity import Infeasible
from calculators.fleet.staircase import FleetPlan
from calculators.performance import speculation
from calculators.performance.replica import replica_arrays
from calculators.scenario.demand import Demand
from calculators.scenario.inputs import Inputs
from calculators.scenario.schema import Scenario, Techniques
from calculators.techniques.effects import FleetState, cheapest, configs_with, same_provider_offers
from calculators.units import HOURS_PER_MONTH, count, percent, significant

FOUR_BIT: tuple[Precision, ...] = ("nvfp4", "mxfp4", "int4")


@dataclass(frozen=True, slots=True)
class Design:
    """How a fleet of the verdict's model on the verdict's GPU could serve."""

    techniques: Techniques
    precisions: tuple[Precision, ...]
    splits: tuple[int, ...]
    """GPUs a replica that are tried."""
    hit_frac: float
    """Share of input tokens found cached."""


@dataclass(frozen=True, slots=True)
class AdviceInputs:
    """What every rule looks at."""

    plan: FleetPlan
    scenario: Scenario
    demand: Demand
    catalog: Catalog
    known: Framework

    def state(self, design: Design, reference: FleetPlan | None = None) -> FleetState | None:
        """The cheapest fleet of the verdict's model on its GPU from its landlord; latencies at the load on each GPU of
        the `reference` fleet."""
        configs = configs_with(self.plan, design.techniques, design.precisions, design.splits)
        return cheapest(configs, reference or self.plan, Inputs(self.asked(design), self.demand, self.catalog))

    def asked(self, design: Design) -> Scenario:
        workload = self.scenario.workload.model_copy(update={"self_hit_frac": design.hit_frac})
        return self.scenario.model_copy(update={"techniques": design.techniques, "workload": workload})

    def misfit(self, design: Design) -> Infeasible | None:
        """What keeps the setups of a design, over any number of GPUs, from serving, of the one that comes nearest. None:
        one could, but nobody rents it out."""
        scenario = self.asked(design)
        machines = same_provider_offers(self.plan, Inputs.of(scenario, self.catalog))
        held = [tp for tp in sizing.TENSOR_PARALLEL if any(m.replicas_per_machine(tp) for m in machines)]
        configs = configs_with(self.plan, design.techniques, design.precisions, held)
        found, infeasible = sizing.replica_capacities(configs, Inputs(scenario, self.demand, self.catalog))
        return None if found else max(infeasible, key=lambda misfit: misfit.stage, default=None)

    def at_own_load(self, design: Design) -> FleetState | None:
        """The same with latencies at the load of its own fleet."""
        found = self.state(design)
        return self.state(design, found.plan) if found else None


def four_bit(plan: FleetPlan) -> Precision:
    """The 4-bit format that the GPU computes in, or the one that is only stored."""
    return "nvfp4" if plan.config.gpu.dense_flops("nvfp4") > plan.config.gpu.dense_flops("fp8") else "int4"


def exclusion_reason(move: TechniqueStep, case: AdviceInputs, design: Design, state: FleetState | None) -> str:
    """Why this move is not tried here; empty: it is."""
    return RULES[move.id](case, design, state)


def _no_more_to_find(case: AdviceInputs, design: Design, _: FleetState | None) -> str:
    w = case.scenario.workload
    if w.cacheable_frac <= design.hit_frac:
        return f"Your servers are already taken to find all of the {percent(w.cacheable_frac)} that could be cached."
    return ""


def _no_finer(case: AdviceInputs, design: Design, _: FleetState | None) -> str:
    native = case.plan.config.model.published.native_precision
    if native != "bf16":
        return f"The model is released in {native.upper()}: it is at 8 bit or below already."
    if "fp8" not in case.scenario.hardware.precisions:
        return "FP8 is not among the weight formats you allow on the Candidates page."
    return ""


def _no_four_bit(case: AdviceInputs, design: Design, _: FleetState | None) -> str:
    native, wanted = case.plan.config.model.published.native_precision, four_bit(case.plan)
    if native in FOUR_BIT:
        return f"The model is released in {native.upper()} already."
    if wanted not in case.scenario.hardware.precisions:
        return (
            f"{wanted.upper()} is not among the weight formats you allow: below 8 bit, quality must be evaluated first."
        )
    return ""


def _short_context(case: AdviceInputs, design: Design, _: FleetState | None) -> str:
    context, least = (
        case.demand.input_p95_tok + case.demand.output_p95_tok,
        case.known.thresholds.kv_fp8_context_tok.central,
    )
    if context < least:
        return f"Long requests hold {context:,.0f} tokens; below about {least:,.0f} an 8-bit cache costs more than it saves."
    return ""


def _poor_draft(case: AdviceInputs, design: Design, state: FleetState | None) -> str:
    """Too few accepted, or more at once than the loss point: both as published or typed for this model."""
    t = case.scenario.techniques
    least = case.known.thresholds.speculation_acceptance_frac.central
    if t.acceptance_frac is not None and t.acceptance_frac < least:
        return f"Your drafts are accepted {percent(t.acceptance_frac)} of the time; below {percent(least)} it is seldom worth it."
    config = (state.plan if state else case.plan).config
    batch = (state.plan if state else case.plan).capacity.batch
    drafted = speculation.drafts([config], t, case.catalog, np.zeros(1))
    context = case.demand.input_tok + case.demand.output_tok / 2
    loss = float(speculation.loss_from_batch(replica_arrays([config], case.catalog), context, drafted)[0])
    if batch >= loss:
        return f"With {batch:.0f} requests at once it is a loss: on this replica it pays below {loss:.0f}."
    return ""


def _fits_one(case: AdviceInputs, design: Design, state: FleetState | None) -> str:
    have = state.plan.config.tensor_parallel if state else max(design.splits)
    if have >= sizing.TENSOR_PARALLEL[-1]:
        return f"A replica has {have} GPUs already; across machines links are too slow."
    return ""


def _no_experts(case: AdviceInputs, design: Design, _: FleetState | None) -> str:
    return "" if case.plan.config.model.shape.mlp.experts else f"{case.plan.config.model.name} has no experts."


def _small_for_pools(case: AdviceInputs, design: Design, _: FleetState | None) -> str:
    """All three must hold: enough load, a large model, long prompts."""
    limits, demand = case.known.thresholds, case.demand
    per_day = demand.requests_per_month * (demand.input_tok + demand.output_tok) / HOURS_PER_MONTH * 24
    params_b = case.plan.config.model.published.total_params_b
    ratio = demand.input_tok / demand.output_tok
    missed = [
        f"{words}, below {count(least)}{unit}"
        for value, least, words, unit in (
            (per_day, limits.disaggregation_tok_per_day.central, f"{count(per_day)} tokens a day", ""),
            (params_b, limits.disaggregation_params_b.central, f"{params_b:g} B parameters", " B"),
            (ratio, limits.disaggregation_input_ratio.central, f"{significant(ratio, 2)} tokens in for one out", ""),
        )
        if value < least
    ]
    return f"Two pools do not pay: {'; '.join(missed)}. Add replicas instead." if missed else ""


RULES: dict[MoveId, Callable[[AdviceInputs, Design, FleetState | None], str]] = {
    "prompt_order": _no_more_to_find,
    "weights_8bit": _no_finer,
    "weights_4bit": _no_four_bit,
    "kv_fp8": _short_context,
    "speculation": _poor_draft,
    "split": _fits_one,
    "whole_experts": _no_experts,
    "disaggregation": _small_for_pools,
}
