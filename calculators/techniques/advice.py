"""The few techniques worth adding for this product: from the failing metric to the shortest list that fixes it.

Techniques are tried one at a time: each is sized through the speed model on top of those kept before it, kept if it gains
enough on the failing metric without raising the rent, and otherwise rejected with a reason. The order and the thresholds are
in technique_data/framework.yaml. A technique that the user includes is applied whatever it costs; one that the user excludes
is not tried.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from math import isfinite
from typing import Literal

from calculators.catalog.load import ROOT, load_sourced
from calculators.catalog.techniques import Framework, MetricId, MoveId, TechniqueStep
from calculators.fleet.capacity_text import CapacityLimit
from calculators.fleet.plan import FleetPlan
from calculators.fleet.replica_capacity import Constraint, Infeasible
from calculators.performance.speculation import basis_words
from calculators.scenario.inputs import Inputs
from calculators.techniques.design import AdviceInputs, Design, applied, baseline
from calculators.techniques.exclusions import exclusion_reason, is_possible
from calculators.techniques.fleets import FleetState
from calculators.techniques.fleets_text import change_text
from calculators.units import percent, plural, significant

Pin = Literal["in", "out"]
"""Included or excluded by the user."""
Pins = Mapping[MoveId, Pin]
_MISSED: dict[Constraint, MetricId] = {"tpot": "tpot", "ttft": "ttft"}
_LIMITED: dict[CapacityLimit, MetricId] = {"tpot_target": "tpot", "ttft_target": "ttft"}


@cache
def framework() -> Framework:
    """technique_data/framework.yaml, read once. Raises DataError naming file, line and field."""
    return load_sourced(ROOT / "technique_data/framework.yaml", Framework)


@dataclass(frozen=True, slots=True)
class TechniqueTrial:
    """One technique tried on top of those kept before it."""

    move: TechniqueStep
    pinned: Pin | None
    kept: bool = False
    reason: str = ""
    before: FleetState | None = None
    after: FleetState | None = None
    """None: not sized, or no fleet meets the targets with it."""
    gain_frac: float = 0.0
    """Relative reduction of the failing metric; 0 if not sized."""


@dataclass(frozen=True, slots=True)
class TechniqueAdvice:
    """The shortest list of techniques, and every technique with its reason."""

    metric: MetricId | None
    """The failing metric. None: all targets are met and the rent cannot fall."""
    why: str
    """Why it is this metric."""
    baseline: FleetState | None
    tried: tuple[TechniqueTrial, ...]
    """In the order tried; then those that do not act on the metric."""
    design: Design
    """With all techniques that are kept."""
    state: FleetState | None
    """The fleet of that design."""

    @property
    def kept(self) -> tuple[TechniqueTrial, ...]:
        """The techniques to add, in order."""
        return tuple(trial for trial in self.tried if trial.kept)


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What fails on the baseline, and what limits a replica."""

    metric: MetricId | None
    """None: all targets are met and the rent cannot fall."""
    limiting: MetricId | None
    """The latency target that keeps a replica from serving more; None: neither."""
    why: str


def advise(
    plan: FleetPlan, inputs: Inputs, metric: MetricId | None = None, pins: Pins | None = None
) -> TechniqueAdvice:
    """Advice for the verdict's fleet `plan`, whose model, GPU and provider stay. `metric` None: as diagnosed on the
    baseline. `pins`: techniques that the user includes or excludes; those that the model cannot use are ignored."""
    case = AdviceInputs(plan, inputs, framework())
    pins = {move: pin for move, pin in (pins or {}).items() if is_possible(move, plan.config.model)}
    design = baseline(case)
    start = case.at_own_load(design)
    said = diagnosis(start, case, design)
    chosen, why = metric or said.metric, said.why
    if metric is not None and metric != said.metric:
        why = f"You chose this metric. Diagnosis: {why}"
    order = _order(case.known, chosen, said.limiting, pins)
    design, state, tried = _one_by_one(case, chosen, order, pins, (design, start))
    others = [step for step in case.known.moves if step.id not in order]
    for step in others:
        able = is_possible(step.id, plan.config.model)
        reason = _no_help(chosen) if able else exclusion_reason(step, case, design, state)
        tried.append(TechniqueTrial(step, pins.get(step.id), reason=reason, before=state))
    return TechniqueAdvice(metric=chosen, why=why, baseline=start, tried=tuple(tried), design=design, state=state)


def _order(known: Framework, metric: MetricId | None, limiting: MetricId | None, pins: Pins) -> list[MoveId]:
    """What to try, in order. For cost every technique, those first that act on what limits a replica."""
    order: list[MoveId] = list(known.metric(metric).moves) if metric else []
    if metric == "cost":
        order = [*(known.metric(limiting).moves if limiting else ()), *order, *(m.id for m in known.moves)]
    pinned = [m.id for m in known.moves if pins.get(m.id) == "in"]
    return list(dict.fromkeys([*order, *pinned]))


def _no_fleet(case: AdviceInputs, design: Design) -> Diagnosis:
    """What fails on a baseline that has no fleet."""
    largest, provider = case.largest(design), case.plan.offer.provider
    if largest is None:
        why = f"With {provider}, no server holds the released model within your maximum number of GPUs."
        return Diagnosis("fit", None, why)
    if isinstance(largest, Infeasible):
        why = f"With the released weights no replica can serve this: {largest.why}."
        return Diagnosis(_MISSED.get(largest.constraint, "fit"), None, why)
    why = (
        f"With {provider}, no fleet of the released weights carries the peak within your maximum number of GPUs: a replica of "
        f"{plural(largest.config.gpus_count, 'GPU')} serves {significant(largest.req_s)} requests/s at most, and the binding "
        f"constraint is the {largest.limit_words}."
    )
    return Diagnosis(_LIMITED.get(largest.limit, "fit"), None, why)


def diagnosis(start: FleetState | None, case: AdviceInputs, design: Design) -> Diagnosis:
    """What fails on the baseline `design`, whose fleet is `start`. A baseline with a fleet meets the targets: then only
    cost can improve, by raising what limits a replica."""
    if start is None:
        return _no_fleet(case, design)
    plan = start.plan
    if plan.replicas == plan.config.gpus_count == 1:
        spares = ", spares aside" if plan.spare_replicas else ""
        return Diagnosis(
            None, None, f"One GPU carries the peak within the targets{spares}; no technique can need fewer."
        )
    if plan.replicas == 1:
        why = "One replica carries the peak within the targets; only a smaller server would cost less."
        return Diagnosis("cost", None, why)
    why = f"All targets are met; the binding constraint of a baseline replica is the {plan.capacity.limit_words}."
    if plan.capacity.limit == "tpot_target":
        return Diagnosis("cost", "tpot", why)
    return Diagnosis("cost", "ttft" if plan.capacity.limit in ("ttft_target", "prefill_time") else None, why)


def _one_by_one(
    case: AdviceInputs,
    metric: MetricId | None,
    order: Sequence[MoveId],
    pins: Pins,
    start: tuple[Design, FleetState | None],
) -> tuple[Design, FleetState | None, list[TechniqueTrial]]:
    """The design and fleet after each technique of `order` was tried, and the trials. Before and after are at the load
    per GPU of the fleet so far."""
    (design, state), tried = start, list[TechniqueTrial]()
    for move in order:
        step, pin = case.known.move(move), pins.get(move)
        reason = {"in": "", "out": "Excluded by you."}.get(pin or "")
        if reason is None:
            reason = exclusion_reason(step, case, design, state) or _enough(tried, case)
        if reason:
            tried.append(TechniqueTrial(step, pin, reason=reason, before=state))
            continue
        changed = applied(design, move, case, state)
        after = case.state(changed, state.plan if state else None)
        gain = gain_frac(state, after, metric)
        trial = _judged(TechniqueTrial(step, pin, before=state, after=after, gain_frac=gain), case, metric)
        tried.append(trial)
        if trial.kept:
            design, state = changed, case.at_own_load(changed)
    return design, state, tried


def _enough(tried: Sequence[TechniqueTrial], case: AdviceInputs) -> str:
    """Why no more techniques are tried; empty if there is room for one."""
    most = int(case.known.thresholds.winners_count.central)
    kept_count = sum(trial.kept and trial.pinned is None for trial in tried)
    return f"{most} techniques are enough to start with: measure them first." if kept_count >= most else ""


def gain_frac(before: FleetState | None, after: FleetState | None, metric: MetricId | None) -> float:
    """Relative reduction of the failing metric; negative if it gets worse."""
    if after is None:
        return 0.0
    if before is None:
        return 1.0
    was, now = (_value(state, metric) for state in (before, after))
    if not isfinite(was):
        return 1.0 if isfinite(now) else 0.0
    return 1 - now / was


def _value(state: FleetState, metric: MetricId | None) -> float:
    """The figure that should fall: a latency in ms, or the rent."""
    return {"ttft": state.ttft_ms, "tpot": state.tpot_ms}.get(metric or "", state.usd_per_month)


def _judged(trial: TechniqueTrial, case: AdviceInputs, metric: MetricId | None) -> TechniqueTrial:
    """The trial with its decision: whether it is kept, and why."""
    before, after = trial.before, trial.after
    if after is None:
        why = f"With it, {case.plan.offer.provider} has no fleet of this GPU that meets the targets."
        return replace(trial, kept=False, reason=why)
    more_usd = after.usd_per_month - before.usd_per_month if before else 0.0
    change = f"{change_text(before, after)}{_basis(trial.move, case)}."
    if trial.pinned == "in":
        return replace(trial, kept=True, reason=f"Included by you. {change}")
    least = case.known.thresholds.keep_gain_frac.central
    if trial.gain_frac < least:
        need = f"Below the {percent(least)} gain needed to keep it."
        return replace(trial, reason=f"{change} {'Not needed: all targets are met.' if metric == 'cost' else need}")
    if more_usd > 0.5:
        return replace(trial, reason=f"{change} Other techniques come before a higher rent.")
    return replace(trial, kept=True, reason=change)


def _basis(step: TechniqueStep, case: AdviceInputs) -> str:
    """Where the acceptance rate of speculative decoding comes from; empty for other techniques."""
    if step.id != "speculation":
        return ""
    inputs = case.inputs
    return f"; {basis_words(case.plan.config.model, inputs.scenario.techniques, inputs.catalog)}"


def _no_help(metric: MetricId | None) -> str:
    """Why a technique that does not act on the metric is not tried."""
    if metric is None:
        return "Not needed: all targets are met."
    fixes = {"ttft": "lower TTFT", "tpot": "lower TPOT", "cost": "lower cost", "fit": "make the model fit"}
    return f"Not tried: it does not {fixes[metric]}."
