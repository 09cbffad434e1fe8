"""The right few techniques for this product: from the failing metric to the shortest list that mends it.

Gate, free wins, base line, diagnosis by phase, then one technique at a time: each is sized through the model on top of those
kept before it, kept if it gains enough on the failing metric without dearer GPUs, and otherwise rejected with the reason.
The order and the thresholds are in technique_data/framework.yaml. A technique that is pinned in is applied whatever it
costs, one that is pinned out is not tried.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import isfinite
from typing import Literal

from calculators.catalog.base import Precision
from calculators.catalog.load import ROOT, load_sourced
from calculators.catalog.techniques import Framework, MetricId, MoveId, TechniqueStep
from calculators.fleet import replica_capacity as sizing
from calculators.fleet.staircase import FleetPlan
from calculators.performance.speculation import basis_words
from calculators.scenario.inputs import Inputs
from calculators.scenario.schema import Techniques
from calculators.techniques.effects import DEFAULT_CAP, FleetState
from calculators.techniques.exclusions import AdviceInputs, Design, exclusion_reason, four_bit
from calculators.units import percent, usd

PATH = ROOT / "technique_data/framework.yaml"
Pin = Literal["in", "out"]
SAME_FRAC = 0.005


def framework() -> Framework:
    """The file. Raises DataError naming file, line and field."""
    return load_sourced(PATH, Framework)


@dataclass(frozen=True, slots=True)
class TechniqueTrial:
    """A move on top of those kept before it."""

    move: TechniqueStep
    kept: bool
    pinned: Pin | None
    reason: str
    before: FleetState | None
    after: FleetState | None
    """None: not sized, or no fleet meets the targets with it."""
    gain_frac: float
    """Of the failing metric; 0 where it was not sized."""


@dataclass(frozen=True, slots=True)
class TechniqueAdvice:
    metric: MetricId | None
    """None: nothing fails, and nothing could be cheaper."""
    why: str
    """Why it is this metric."""
    baseline: FleetState | None
    tried: tuple[TechniqueTrial, ...]
    """In the order they were looked at; then those that do not act on the metric."""
    design: Design
    state: FleetState | None
    """With all that was kept."""

    @property
    def kept(self) -> tuple[TechniqueTrial, ...]:
        return tuple(t for t in self.tried if t.kept)


def advise(
    plan: FleetPlan, inputs: Inputs, metric: MetricId | None = None, pins: Mapping[MoveId, Pin] | None = None
) -> TechniqueAdvice:
    """`plan`: the verdict's fleet, whose model, GPU and landlord are kept. `metric` None: as diagnosed on the base line."""
    known, pins = framework(), pins or {}
    case = AdviceInputs(plan, inputs.scenario, inputs.demand, inputs.catalog, known)
    design = baseline(case)
    start = case.at_own_load(design)
    found, first, why = diagnosis(start, case, design)
    if metric is not None and metric != found:
        why = f"Your choice. As modelled: {why[0].lower()}{why[1:]}"
    chosen = metric or found
    order = _order(known, chosen, first, pins)
    design, state, tried = _one_by_one(case, chosen, design, start, order, pins)
    others = [m for m in known.moves if m.id not in order]
    tried += [TechniqueTrial(m, False, pins.get(m.id), _elsewhere(known, chosen), state, None, 0.0) for m in others]
    return TechniqueAdvice(chosen, why, start, tuple(tried), design, state)


def _order(
    known: Framework, metric: MetricId | None, first: MetricId | None, pins: Mapping[MoveId, Pin]
) -> list[MoveId]:
    """What to try, in order: for cost every move, those first that act on what limits a replica."""
    order: list[MoveId] = list(known.metric(metric).moves) if metric else []
    if metric == "cost":
        order = [*(known.metric(first).moves if first else ()), *order, *(m.id for m in known.moves)]
    pinned = [m.id for m in known.moves if pins.get(m.id) == "in"]
    return list(dict.fromkeys([*order, *pinned]))


def baseline(case: AdviceInputs) -> Design:
    """Batching and prefix caching, weights as released, one GPU a replica or the fewest that hold the model."""
    plain, mine = Techniques(), case.scenario.techniques
    kept = {"draft_tok": mine.draft_tok, "acceptance_frac": mine.acceptance_frac}  # how one would speculate
    cap = mine.batch_cap if mine.batch_cap > 1 else DEFAULT_CAP  # batching is never off
    techniques = plain.model_copy(update={**kept, "batch_cap": cap})
    native = case.plan.config.model.published.native_precision
    design = Design(techniques, (native,), (1,), case.scenario.workload.self_hit_frac)
    for split in sizing.TENSOR_PARALLEL:
        design = replace(design, splits=(split,))
        if case.state(design) is not None:
            return design
    return replace(design, splits=(1,))


def diagnosis(
    start: FleetState | None, case: AdviceInputs, design: Design
) -> tuple[MetricId | None, MetricId | None, str]:
    """What fails, what limits a replica, and why in words. A base line that has a fleet meets the targets: then nothing but
    cost is left to mend, by what stops a replica from serving more. None: nothing fails, and it cannot be cheaper."""
    if start is None:
        misfit = case.misfit(design)
        if misfit is None:
            return "fit", None, f"{case.plan.offer.provider} has no machine for it as released within your GPU limit."
        failing: MetricId = {2: "tpot", 3: "ttft"}.get(misfit.stage, "fit")  # type: ignore[assignment]
        return failing, None, f"As released no replica serves it: {misfit.why}."
    plan = start.plan
    if plan.replicas == plan.config.gpus_count == 1:
        return None, None, "One GPU carries the peak within the targets; no technique can need fewer."
    if plan.replicas == 1:
        return "cost", None, "One replica carries the peak within the targets; only a smaller machine would be cheaper."
    words = f"Every target holds; what stops a replica of the base line from serving more is the {plan.capacity.limit}."
    if plan.capacity.limit == "TPOT target":
        return "cost", "tpot", words
    return "cost", "ttft" if plan.capacity.limit in ("TTFT target", "time prompts take") else None, words


def _one_by_one(
    case: AdviceInputs,
    metric: MetricId | None,
    design: Design,
    state: FleetState | None,
    order: Sequence[MoveId],
    pins: Mapping[MoveId, Pin],
) -> tuple[Design, FleetState | None, list[TechniqueTrial]]:
    """Each move with the load that the fleet so far puts on a GPU, before and after."""
    most, tried = int(case.known.thresholds.winners_count.central), list[TechniqueTrial]()
    for move_id in order:
        move, pin = case.known.move(move_id), pins.get(move_id)
        enough = sum(t.kept and t.pinned is None for t in tried) >= most
        reason = (
            "Pinned out by you." if pin == "out" else "" if pin == "in" else exclusion_reason(move, case, design, state)
        )
        if not reason and pin is None and enough:
            reason = f"{most} techniques are enough to begin with; measure them first."
        if reason:
            tried.append(TechniqueTrial(move, False, pin, reason, state, None, 0.0))
            continue
        changed = applied(design, move_id, case, state)
        after = case.state(changed, state.plan if state else None)
        gain = gain_frac(state, after, metric)
        kept, words = _judged(case, move, state, after, gain, metric, pin)
        tried.append(TechniqueTrial(move, kept, pin, words, state, after, gain))
        if kept:
            design, state = changed, case.at_own_load(changed)
    return design, state, tried


def applied(design: Design, move: MoveId, case: AdviceInputs, state: FleetState | None) -> Design:
    """The design with one more move. Lighter weights may take fewer GPUs a replica; at the same rent the wider stays."""
    t, workload = design.techniques, case.scenario.workload
    if move in ("weights_8bit", "weights_4bit"):
        narrower = tuple(tp for tp in reversed(sizing.TENSOR_PARALLEL) if tp <= max(design.splits))
        lighter: Precision = "fp8" if move == "weights_8bit" else four_bit(case.plan)
        return replace(design, precisions=(lighter,), splits=narrower)
    match move:
        case "prompt_order":
            return replace(design, hit_frac=max(design.hit_frac, workload.cacheable_frac))
        case "kv_fp8":
            return replace(design, techniques=t.model_copy(update={"kv_cache": "fp8"}))
        case "split":
            have = state.plan.config.tensor_parallel if state else max(design.splits)
            wider = tuple(tp for tp in sizing.TENSOR_PARALLEL if tp > have)
            return replace(design, splits=wider or design.splits)
        case "whole_experts":
            splits = design.splits if max(design.splits) > 1 else sizing.TENSOR_PARALLEL[1:]
            return replace(design, splits=splits, techniques=t.model_copy(update={"expert_parallelism": True}))
        case _:
            return replace(design, techniques=t.model_copy(update={move: True}))


def gain_frac(before: FleetState | None, after: FleetState | None, metric: MetricId | None) -> float:
    """By how much of itself the failing metric falls; negative: it gets worse."""
    if after is None:
        return 0.0
    if before is None:
        return 1.0
    was, now = (_value(state, metric) for state in (before, after))
    if not isfinite(was):
        return 1.0 if isfinite(now) else 0.0
    return 1 - now / was


def _value(state: FleetState, metric: MetricId | None) -> float:
    """What should fall."""
    return {"ttft": state.ttft_ms, "tpot": state.tpot_ms}.get(metric or "", state.usd_per_month)


def _judged(
    case: AdviceInputs,
    move: TechniqueStep,
    before: FleetState | None,
    after: FleetState | None,
    gain: float,
    metric: MetricId | None,
    pin: Pin | None,
) -> tuple[bool, str]:
    """Whether it is kept, and why."""
    if after is None:
        return False, f"With it {case.plan.offer.provider} has no fleet of this GPU that meets the targets."
    dearer = after.usd_per_month - before.usd_per_month if before else 0.0
    words = f"{_change_words(before, after)}{_basis(case, move)}."
    if pin == "in":
        return True, f"Pinned in by you: {words}"
    least = case.known.thresholds.keep_gain_frac.central
    if gain < least:
        why = (
            "Every target holds without it."
            if metric == "cost"
            else f"Less than the {percent(least)} that pays for it."
        )
        return False, f"{words} {why}"
    if dearer > 0.5:
        return False, f"{words} It is not worth dearer GPUs while others are left."
    return True, words


def _change_words(before: FleetState | None, after: FleetState) -> str:
    """TPOT, TTFT and rent, as far as they move; at the same load on each GPU."""
    if before is None:
        return f"The targets are met: {after.gpus} GPUs at {usd(after.usd_per_month)}/month"
    dearer = after.usd_per_month - before.usd_per_month
    rent = (
        f"rent {usd(abs(dearer))}/month {'more' if dearer > 0 else 'less'}" if abs(dearer) > 0.5 else "rent as before"
    )
    found = [_moved("TPOT", before.tpot_ms, after.tpot_ms), _moved("TTFT", before.ttft_ms, after.ttft_ms)]
    return ", ".join([*(words for words in found if words), rent])


def _moved(name: str, was: float, now: float) -> str:
    if not isfinite(now):
        return f"{name} beyond what that load allows"
    ratio = now / was if isfinite(was) else 0.0
    return "" if abs(ratio - 1) < SAME_FRAC else f"{name} {'−' if ratio < 1 else '+'}{percent(abs(ratio - 1))}"


def _basis(case: AdviceInputs, move: TechniqueStep) -> str:
    if move.id != "speculation":
        return ""
    return f", {basis_words(case.plan.config.model, case.scenario.techniques, case.catalog)}"


def _elsewhere(known: Framework, metric: MetricId | None) -> str:
    if metric is None:
        return "Nothing fails that it would mend."
    name = known.metric(metric).name
    return f"Does not act on what fails: {name[0].lower()}{name[1:]}."
