"""When a technique is not tried on this fleet: one rule per technique, with its reason in words. Thresholds are in
technique_data/framework.yaml."""

from collections.abc import Callable

import numpy as np

from calculators.catalog.base import Precision
from calculators.catalog.models import Model
from calculators.catalog.techniques import MoveId, TechniqueStep
from calculators.fleet.candidate_configs import TENSOR_PARALLEL
from calculators.performance.replica import replica_arrays
from calculators.performance.speculation import drafts, loss_from_batch
from calculators.techniques.design import AdviceInputs, Design, four_bit
from calculators.techniques.fleets import FleetState
from calculators.units import HOURS_PER_MONTH, count, percent, plural, significant

FOUR_BIT: tuple[Precision, ...] = ("nvfp4", "mxfp4", "int4")


def exclusion_reason(step: TechniqueStep, case: AdviceInputs, design: Design, state: FleetState | None) -> str:
    """Why this technique is not tried on top of `design`, whose fleet is `state`; empty if it is tried."""
    return _EXCLUSIONS[step.id](case, design, state)


def is_possible(move: MoveId, model: Model) -> bool:
    """Whether the model can use this technique at all: finer weights than it was released in, or experts, cannot be had."""
    native = model.published.native_precision
    impossible: dict[MoveId, bool] = {
        "weights_8bit": native != "bf16",
        "weights_4bit": native in FOUR_BIT,
        "whole_experts": not model.shape.mlp.experts,
    }
    return not impossible.get(move, False)


def _all_hits_counted(case: AdviceInputs, design: Design, _: FleetState | None) -> str:
    achievable = case.inputs.scenario.workload.cacheable_frac
    if achievable <= design.hit_frac:
        return f"Already counted: the self-hosted cache hit rate covers all of the {percent(achievable)} that is achievable."
    return ""


def _has_8bit(case: AdviceInputs, design: Design, _: FleetState | None) -> str:
    native = case.plan.config.model.published.native_precision
    if native != "bf16":
        return f"The model is released in {native.upper()}, already 8 bit or fewer."
    if "fp8" not in case.inputs.scenario.hardware.precisions:
        return "Candidates does not allow FP8 as a weight precision."
    return ""


def _has_4bit(case: AdviceInputs, design: Design, _: FleetState | None) -> str:
    native, wanted = case.plan.config.model.published.native_precision, four_bit(case.plan)
    if native in FOUR_BIT:
        return f"The model is already released in {native.upper()}."
    if wanted not in case.inputs.scenario.hardware.precisions:
        return f"Candidates does not allow {wanted.upper()} as a weight precision. Below 8 bit, evaluate quality first."
    return ""


def _short_context(case: AdviceInputs, design: Design, _: FleetState | None) -> str:
    context = case.inputs.demand.input_p95_tok + case.inputs.demand.output_p95_tok
    rule = case.known.thresholds.kv_fp8_context_tok
    if context < rule.low:
        return (
            f"Long requests hold {count(context)} tokens. By a rule of thumb, measured on one model and GPU, an FP8 KV cache "
            f"saves latency only above {count(rule.low)} to {count(rule.high)} tokens."
        )
    return ""


def _poor_draft(case: AdviceInputs, design: Design, state: FleetState | None) -> str:
    """Acceptance rate below the threshold, or a batch above the point where drafting slows decoding."""
    chosen, demand, catalog = case.inputs.scenario.techniques, case.inputs.demand, case.inputs.catalog
    least = case.known.thresholds.speculation_acceptance_frac.central
    if chosen.acceptance_frac is not None and chosen.acceptance_frac < least:
        return f"Your acceptance rate is {percent(chosen.acceptance_frac)}; below {percent(least)} it rarely pays off."
    plan = state.plan if state else case.plan
    drafted = drafts([plan.config], chosen, catalog, np.zeros(1))
    context = demand.input_tok + demand.output_tok / 2
    loss = float(loss_from_batch(replica_arrays([plan.config], catalog), context, drafted)[0])
    if plan.capacity.batch >= loss:
        return f"At batch {count(round(plan.capacity.batch))} it slows decoding; on this replica it helps below batch {count(round(loss))}."
    return ""


def _widest(case: AdviceInputs, design: Design, state: FleetState | None) -> str:
    have = state.plan.config.gpus_count if state else max(design.splits)
    if have >= TENSOR_PARALLEL[-1]:
        return f"A replica already has {plural(have, 'GPU')}; links between servers are too slow for more tensor parallelism."
    return ""


def _dense(case: AdviceInputs, design: Design, _: FleetState | None) -> str:
    model = case.plan.config.model
    return "" if model.shape.mlp.experts else f"{model.name} is a dense model: it has no experts."


def _small_for_pools(case: AdviceInputs, design: Design, _: FleetState | None) -> str:
    """Two pools need enough load, a large model and long prompts: all three."""
    limits, demand = case.known.thresholds, case.inputs.demand
    tok_per_day = demand.requests_per_month * (demand.input_tok + demand.output_tok) / HOURS_PER_MONTH * 24
    params = case.plan.config.model.published.total_params_b * 1e9
    ratio = demand.input_tok / demand.output_tok
    checks = (
        (tok_per_day, limits.disaggregation_tok_per_day.central, count, "tokens/day"),
        (params, limits.disaggregation_params_b.central * 1e9, count, "parameters"),
        (ratio, limits.disaggregation_input_ratio.central, significant, "input tokens per output token"),
    )
    missed = [f"{write(value)} {unit}, below {write(least)}" for value, least, write, unit in checks if value < least]
    return f"Two pools do not pay off: {'; '.join(missed)}. Add replicas instead." if missed else ""


_EXCLUSIONS: dict[MoveId, Callable[[AdviceInputs, Design, FleetState | None], str]] = {
    "prompt_order": _all_hits_counted,
    "weights_8bit": _has_8bit,
    "weights_4bit": _has_4bit,
    "kv_fp8": _short_context,
    "speculation": _poor_draft,
    "split": _widest,
    "whole_experts": _dense,
    "disaggregation": _small_for_pools,
}
