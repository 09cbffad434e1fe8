"""Why nothing can be self-hosted, and what would help. A remedy is told only after it was tried: the options are sized and
judged again with it, and a fleet is among them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import ceil, floor, log10
from typing import Any, Literal, get_args

import numpy as np

from calculators.catalog.base import Commitment, Confidence, Precision
from calculators.fleet.plan import FleetPlan, fleet_plan
from calculators.fleet.replica_capacity import CONSTRAINTS
from calculators.options.feasibility import Feasibility, RowConstraint
from calculators.options.shortlist import AllowedOptions, allowed_options, assess_options, enumerate_options
from calculators.scenario.inputs import Inputs
from calculators.scenario.schema import Scenario
from calculators.units import milliseconds, plural

MOST_GPUS = 10_000
OLDEST_DAYS = 10_000
RELAXED_RATIOS = (1.02, 1.1, 1.25, 1.5, 2.0, 3.0, 5.0, 10.0)
"""How far beyond the best latency a target is relaxed, step by step: at the best one a replica serves one request."""
NOTHING_HELPS = "None of the changes that were tried, alone or with another, makes it possible."
_COMMITMENT_WORDS: dict[Commitment, str] = {
    "on_demand": "on demand",
    "1y": "1 year",
    "3y": "3 years",
    "5y": "5 years",
    "spot": "spot",
}
Part = Literal["targets", "hardware", "techniques", "compliance"]


@dataclass(frozen=True, slots=True)
class Change:
    """Values to put into one part of a scenario, and the clause that asks for it."""

    part: Part
    values: Mapping[str, Any]
    words: str = ""

    def applied(self, scenario: Scenario) -> Scenario:
        """The scenario with the change in place."""
        part = getattr(scenario, self.part).model_copy(update=self.values)
        return scenario.model_copy(update={self.part: part})


@dataclass(frozen=True, slots=True)
class NoFleet:
    """Why there is no self-hosted option: the constraint of the nearest, its words, and what would help."""

    constraint: RowConstraint | None
    """None: no candidate model is selected."""
    why: str
    remedy: str
    changes: tuple[Change, ...] = ()
    """Changes of the scenario that make one possible together, tried."""

    @property
    def words(self) -> str:
        """Both as sentences."""
        return f"{self.why} {self.remedy}"


def no_fleet(rows: Sequence[Feasibility], allowed: AllowedOptions, inputs: Inputs) -> NoFleet | None:
    """Why none of the allowed options is self-hosted, and what would help; None where one is."""
    if allowed.has_fleet:
        return None
    if not rows:
        why = "No candidate open model is selected, or all are marked not acceptable."
        return NoFleet(None, why, "Select one on the Candidates page.")
    if all(row.constraint == "context" for row in rows):
        short = "; ".join({row.model: f"{row.model}: {row.why}" for row in rows}.values())
        why = f"No candidate open model holds your requests ({short})."
        return NoFleet("context", why, "Add a model with a longer context window on the Candidates page.")
    nearest = nearest_row(rows)
    changes = _first_that_works(nearest, inputs)
    remedy = " and ".join(change.words for change in changes)
    ask = _ask(allowed) if nearest.constraint == "not_allowed" else ""
    why = f"The closest is {nearest.model} on {nearest.gpu} ({nearest.why})."
    helps = ", or ".join(words for words in (ask, remedy) if words)
    return NoFleet(nearest.constraint, why, f"{helps[0].upper()}{helps[1:]}." if helps else NOTHING_HELPS, changes)


def nearest_row(rows: Sequence[Feasibility]) -> Feasibility:
    """The row that meets most constraints and misses the next by least; one that only the requirements bar before all."""
    return max(rows, key=lambda row: (row.constraint == "not_allowed", row.passed_count, -row.miss_ratio))


def _ask(allowed: AllowedOptions) -> str:
    """Whom to ask: each has a fleet that only its answer keeps from being allowed."""
    names = list(dict.fromkeys(fleet.operator for fleet in allowed.barred if fleet.is_to_ask))
    if not names:
        return ""
    more = f" and {len(names) - 1} more" if len(names) > 1 else ""
    return f"ask {names[0]}{more} whether your requirements are met"


@dataclass(frozen=True, slots=True)
class _Case:
    """A scenario without a fleet, and the nearest to one."""

    inputs: Inputs
    nearest: Feasibility

    @property
    def scenario(self) -> Scenario:
        return self.inputs.scenario

    def after(self, change: Change) -> "_Case":
        """The case with the change in place."""
        return _Case(Inputs.of(change.applied(self.scenario), self.inputs.catalog), self.nearest)

    def allowed(self, part: Part, **values: Any) -> AllowedOptions:
        """The allowed options with these values in place."""
        inputs = self.after(Change(part, values)).inputs
        every = enumerate_options(inputs)
        return allowed_options(every, assess_options(every, inputs), inputs)

    def fleets(self, part: Part, **values: Any) -> list[FleetPlan]:
        """The fleets that are allowed and carry the volume with these values in place."""
        allowed = self.allowed(part, **values)
        stairs = (allowed.stairs[i] for i in np.flatnonzero(np.isfinite(allowed.rents_usd)).tolist())
        plans = (fleet_plan(one, self.inputs.demand.requests_per_month) for one in stairs)
        return [plan for plan in plans if plan is not None]

    def tried(self, words: str, part: Part, **values: Any) -> Change | None:
        """These values as a change, where they make a fleet possible."""
        return Change(part, values, words) if self.allowed(part, **values).has_fleet else None


_Remedy = Callable[[_Case], Change | None]


def _first_that_works(nearest: Feasibility, inputs: Inputs) -> tuple[Change, ...]:
    """The first remedy that works, those for the nearest row's constraint before all others, then two together; empty where
    none does. Where no configuration meets the targets, more offers of GPUs do not help."""
    case, fitting = _Case(inputs, nearest), _FITTING.get(nearest.constraint or "gpu_limit", ())
    others = _ALL if nearest.passed_count >= CONSTRAINTS.index("no_offer") else (*_TARGETS, *_SIZE)
    changes = (remedy(case) for remedy in dict.fromkeys((*fitting, *others)))
    single = next((change for change in changes if change is not None), None)
    return (single,) if single is not None else _two_together(case, fitting)


def _two_together(case: _Case, fitting: Sequence[_Remedy]) -> tuple[Change, ...]:
    """A fitting remedy and another one that work together: found with the other input at its loosest, which is then
    tightened to what is needed."""
    for first in fitting:
        for second, loosest in _LOOSEST.items():
            change = first(case.after(loosest)) if second is not first else None
            other = second(case.after(change)) if change is not None else None
            if change is not None and other is not None:
                return change, other
    return ()


# --- the remedies: each returns its change where that works ---------------------------------------------------------


def _gpu_limit(case: _Case) -> Change | None:
    plans = case.fleets("hardware", max_gpus=MOST_GPUS) if case.scenario.hardware.max_gpus < MOST_GPUS else []
    if not plans:
        return None
    needed = min(plan.gpus for plan in plans)
    return case.tried(f"raise the maximum GPUs to {needed:,}", "hardware", max_gpus=needed)


def _owned(case: _Case) -> Change | None:
    if case.scenario.hardware.include_owned:
        return None
    return case.tried("include purchased servers (capex)", "hardware", include_owned=True)


def _providers(case: _Case) -> Change | None:
    chosen = case.scenario.hardware.rent_providers
    plans = case.fleets("hardware", rent_providers=()) if chosen else []
    offers = [plan.offer for plan in sorted(plans, key=_rent_usd) if not plan.offer.is_owned]
    if not offers:
        return None
    words = f"allow the GPU cloud provider {offers[0].provider}"
    return case.tried(words, "hardware", rent_providers=(*chosen, offers[0].provider_id))


def _rent_usd(plan: FleetPlan) -> float:
    return plan.rent_usd_per_month


def _commitment(case: _Case) -> Change | None:
    chosen = case.scenario.hardware.commitments
    if not case.allowed("hardware", commitments=tuple(_COMMITMENT_WORDS)).has_fleet:
        return None
    missing = ((term, words) for term, words in _COMMITMENT_WORDS.items() if term not in chosen)
    changes = (
        case.tried(f"allow the commitment term {words}", "hardware", commitments=(*chosen, term))
        for term, words in missing
    )
    return next((change for change in changes if change is not None), None)


def _confidence(case: _Case) -> Change | None:
    lower: dict[Confidence, tuple[Confidence, ...]] = {"high": ("medium", "low"), "medium": ("low",), "low": ()}
    changes = (
        case.tried(f"lower the minimum price confidence to {level}", "hardware", min_confidence=level)
        for level in lower[case.scenario.hardware.min_confidence]
    )
    return next((change for change in changes if change is not None), None)


def _marketplaces(case: _Case) -> Change | None:
    if case.scenario.hardware.include_marketplaces:
        return None
    return case.tried("include marketplaces", "hardware", include_marketplaces=True)


def _age(case: _Case) -> Change | None:
    plans = case.fleets("hardware", max_rent_age_days=OLDEST_DAYS)
    seen = [plan.offer.seen for plan in plans if plan.offer.seen is not None and not plan.offer.is_owned]
    if not seen:
        return None
    days = (case.scenario.as_of - max(seen)).days
    return case.tried(f"allow GPU prices of up to {plural(days, 'day')} old", "hardware", max_rent_age_days=days)


def _gpus(case: _Case) -> Change | None:
    chosen = case.scenario.hardware.gpus
    plans = case.fleets("hardware", gpus=()) if chosen else []
    if not plans:
        return None
    gpu = min(plans, key=_rent_usd).config.gpu
    return case.tried(f"allow another GPU, for example {gpu.name}", "hardware", gpus=(*chosen, gpu.id))


def _precision(case: _Case) -> Change | None:
    if not case.scenario.techniques.quantization:
        return case.tried("switch quantization on", "techniques", quantization=True)
    chosen, every = case.scenario.hardware.precisions, get_args(Precision)
    if not case.allowed("hardware", precisions=every).has_fleet:
        return None
    changes = (
        case.tried(f"allow {precision.upper()} weights", "hardware", precisions=(*chosen, precision))
        for precision in every
        if precision not in chosen
    )
    return next((change for change in changes if change is not None), None)


def _parallelism(case: _Case) -> Change | None:
    if case.scenario.techniques.parallelism:
        return None
    return case.tried("switch tensor parallelism on", "techniques", parallelism=True)


def _tpot(case: _Case) -> Change | None:
    return _relaxed(case, "tpot", 10_000)


def _ttft(case: _Case) -> Change | None:
    return _relaxed(case, "ttft", 600_000)


def _relaxed(case: _Case, constraint: Literal["tpot", "ttft"], most_ms: float) -> Change | None:
    """A latency target relaxed to the first value that works, of those from the best latency on."""
    field, name = {"tpot": ("tpot_ms", "TPOT"), "ttft": ("ttft_p95_ms", "TTFT")}[constraint]
    target_ms = getattr(case.scenario.targets, field)
    if target_ms is None or not case.allowed("targets", **{field: None}).has_fleet:
        return None
    best_ms = target_ms * (case.nearest.miss_ratio if case.nearest.constraint == constraint else 1.0)
    for value_ms in (rounded_up(best_ms * ratio) for ratio in RELAXED_RATIOS):
        words = f"relax the {name} target to {milliseconds(value_ms)}"
        change = case.tried(words, "targets", **{field: value_ms}) if value_ms <= most_ms else None
        if change is not None:
            return change
    return Change("targets", {field: None}, f"drop the {name} target")


def rounded_up(value: float) -> float:
    """The next number of two significant figures."""
    digits = 1 - floor(log10(value))
    return float(round(ceil(round(value * 10**digits, 6)) / 10**digits, max(digits, 0)))


def _requirement(case: _Case) -> Change | None:
    chosen = case.scenario.compliance.requirements
    changes = (
        case.tried(
            f"drop the requirement {case.inputs.catalog.requirements[dropped].name}",
            "compliance",
            requirements=tuple(r for r in chosen if r != dropped),
        )
        for dropped in chosen
    )
    return next((change for change in changes if change is not None), None)


_OFFERS: tuple[_Remedy, ...] = (_providers, _commitment, _confidence, _marketplaces, _age, _owned)
_SIZE: tuple[_Remedy, ...] = (_gpus, _precision, _parallelism)
_TARGETS: tuple[_Remedy, ...] = (_tpot, _ttft)
_ALL: tuple[_Remedy, ...] = (_gpu_limit, *_OFFERS, *_TARGETS, *_SIZE, _requirement)
_FITTING: dict[RowConstraint, tuple[_Remedy, ...]] = {
    "weights": _SIZE,
    "kv_cache": _SIZE,
    "tpot": (_tpot, _gpus),
    "ttft": (_ttft, _gpus),
    "no_offer": _OFFERS,
    "gpu_limit": (_gpu_limit,),
    "not_allowed": (_owned, _gpu_limit, _requirement),
}
"""What to try first where the nearest configuration fails this constraint."""
_LOOSEST: dict[_Remedy, Change] = {
    _gpu_limit: Change("hardware", {"max_gpus": MOST_GPUS}),
    _owned: Change("hardware", {"include_owned": True}),
    _tpot: Change("targets", {"tpot_ms": None}),
    _ttft: Change("targets", {"ttft_p95_ms": None}),
}
"""The inputs that may have to change together with another, at their loosest."""
