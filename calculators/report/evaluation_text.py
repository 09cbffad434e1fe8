"""An Evaluation as text for people and as JSON for programs. Both come from the same object as the pages."""

import dataclasses
import math
from datetime import date, datetime
from typing import Any

import numpy as np
from pydantic import BaseModel

from calculators.catalog.base import Source
from calculators.catalog.hardware import Gpu
from calculators.catalog.models import Model
from calculators.compliance.assessment import ComplianceAssessment, PricedPath
from calculators.compliance.operator_check import ComplianceStatus
from calculators.evaluate import Evaluation
from calculators.fleet.machine_offers import MachineOffer
from calculators.fleet.operating_costs import CostLine
from calculators.fleet.plan import FleetPlan
from calculators.fleet.replica_capacity import Capacity
from calculators.fleet.staircase import Staircase
from calculators.options.feasibility import Feasibility
from calculators.options.option import Option
from calculators.units import count, usd

STATUSES: tuple[ComplianceStatus, ...] = ("allowed", "ask", "blocked")


def to_text(evaluation: Evaluation) -> str:
    """The verdict in a terminal: the sentence, the reason, the options, what would change it."""
    verdict = evaluation.verdict
    rows = [
        f"  {usd(o.usd_per_month):>10}  {_range(o.low_usd_per_month, o.high_usd_per_month):<22}  {o.label}"
        for o in evaluation.options
    ]
    switching_values = [
        f"  {flip.what}: now {flip.now}; changes at {flip.flips_at}" for flip in evaluation.switching_values
    ]
    signals = [
        f"  {s.name}: {s.status.replace('_', ' ')}. {s.value}. {s.why} {s.when}"
        for s in evaluation.signals.exit_signals
    ]
    notes = [f"  {note}" for note in (*verdict.assumptions, *evaluation.notes)]
    parts = [
        verdict.sentence,
        verdict.reason,
        "",
        f"A month of {count(evaluation.demand.requests_per_month)} requests:",
        *rows,
        "",
        "Signals to leave the API:",
        *signals,
        *_compliance_text(evaluation.assessment),
        *(["", "What would change the answer:", *switching_values] if switching_values else []),
        evaluation.review,
        *(["", "Taken on trust:", *notes] if notes else []),
        "",
        f"Prices and profiles {evaluation.digest}, as of {evaluation.scenario.as_of}.",
    ]
    return "\n".join(parts)


def _compliance_text(assessment: ComplianceAssessment) -> list[str]:
    if not assessment.requirements:
        return []
    allowed, ask, blocked = (len(assessment.with_status(status)) for status in STATUSES)
    counts = f"{allowed} paths allowed, {ask} to ask, {blocked} blocked"
    premium = assessment.premium_usd_per_month
    cost = f"It costs {usd(premium)}/month." if premium is not None else "No allowed path has a price."
    rules = ", ".join(r.name for r in assessment.requirements)
    return ["", f"Compliance ({rules}): {counts}. {cost}"]


def _range(low: float, high: float) -> str:
    if high - low < 0.5:
        return ""
    return f"({usd(low)} to {usd(high) if high < 1e12 else 'no fleet at all'})"


def to_json(evaluation: Evaluation) -> dict[str, Any]:
    """The whole Evaluation as plain values. Profiles become their ids; what is infinite or unknown becomes null."""
    plain = _plain(evaluation)
    assert isinstance(plain, dict)
    judged = plain["signals"]
    plain["signals"] = judged["exit_signals"]
    plain |= {"preconditions": judged["preconditions"], "supporting": judged["supporting"]}
    del plain["assessment"]
    return plain | {"compliance": compliance_json(evaluation.assessment)}


def compliance_json(assessment: ComplianceAssessment) -> dict[str, Any]:
    """Blocked and surviving paths, those to ask, the premium, and what each relaxation opens."""
    cheapest_allowed, cheapest = assessment.cheapest_allowed, assessment.cheapest
    return {
        "requirements": [r.id for r in assessment.requirements],
        "blocked": [_path_json(p) for p in assessment.with_status("blocked")],
        "ask": [_path_json(p) for p in assessment.with_status("ask")],
        "surviving": [_path_json(p) for p in assessment.with_status("allowed")],
        "premium_usd_per_month": assessment.premium_usd_per_month,
        "cheapest_survivor": _path_json(cheapest_allowed) if cheapest_allowed else None,
        "cheapest_overall": _path_json(cheapest) if cheapest else None,
        "relaxations": [
            {
                "requirement": r.requirement.id,
                "opens": r.opened_count,
                "cheapest": r.label,
                "usd_per_month": r.usd_per_month,
            }
            for r in assessment.relaxations
        ],
    }


def _path_json(p: PricedPath) -> dict[str, Any]:
    deciding = p.path.deciding
    return {
        "path": p.path.kind,
        "operator": p.path.operator,
        "name": p.path.name,
        "way": p.label,
        "usd_per_month": p.usd_per_month,
        "rules": list(dict.fromkeys(f.requirement.id for f in deciding)),
        "why": p.path.why,
        "sources": list(dict.fromkeys(f.source.title for f in deciding if f.source)),
    }


def _plain(value: Any) -> Any:
    match value:
        case Gpu() | Model():
            return value.id
        case BaseModel():
            return value.model_dump(mode="json")
        case float():
            return value if math.isfinite(value) else None
        case datetime() | date():
            return value.isoformat()
        case np.ndarray():
            return _plain(value.tolist())
        case dict():
            return {str(key): _plain(item) for key, item in value.items()}
        case list() | tuple():
            return [_plain(item) for item in value]
    return _plain_record(value) if dataclasses.is_dataclass(value) else value


def _plain_record(value: Any) -> dict[str, Any]:
    """A result record by its fields, and the properties that readers would otherwise compute again."""
    names = [field.name for field in dataclasses.fields(value)]
    return {
        _json_key(type(value), name): _plain(getattr(value, _IN_WORDS.get((type(value), name), name)))
        for name in (*names, *_DERIVED.get(type(value), ()))
        if name not in _LEFT_OUT
    }


_IN_WORDS: dict[tuple[type, str], str] = {
    (Capacity, "limit"): "limit_words",
    (CostLine, "kind"): "name",
    (Feasibility, "constraint"): "passed_count",
}
"""Codes for which other programs read the words or the number that a property gives."""
_DERIVED: dict[type, tuple[str, ...]] = {Option: ("usd_per_month",), FleetPlan: ("gpus",)}


def _json_key(kind: type, name: str) -> str:
    """The key that other programs read: that of a field as it was first published."""
    return _TYPED_KEYS.get((kind, name)) or _JSON_KEYS.get(name, name)


_TYPED_KEYS: dict[tuple[type, str], str] = {
    (CostLine, "kind"): "name",
    (Feasibility, "constraint"): "stage",
    (FleetPlan, "offer"): "lease",
    (Staircase, "offer"): "lease",
}
_JSON_KEYS = {
    "break_even_utilization_ratio": "needed_busy_ratio",
    "config": "setup",
    "feasibility": "outcomes",
    "speed_error_sign": "off",
    "switching_values": "flips",
}
_LEFT_OUT = ("library", "own_prices", "active_h_per_month", "peak_ratio")
"""Whole price histories, of which the bill has the rates used; and what the scenario has already."""


def sources(evaluation: Evaluation) -> list[tuple[str, Source]]:
    """Every source behind the options' cost lines, once each, with what it was used for."""
    found: dict[tuple[str, str], tuple[str, Source]] = {}
    for option in evaluation.options:
        for line in option.lines:
            if line.source is not None:
                found.setdefault((line.name, line.source.title), (line.name, line.source))
    return list(found.values())


def lease_terms(offer: MachineOffer) -> str:
    """Where a rent comes from, in a line."""
    where = f", {offer.region}" if offer.region else ""
    seen = f", seen {offer.seen}" if offer.seen else ""
    return f"{offer.machine} at {offer.provider}{where}, {offer.commitment.replace('_', ' ')}{seen} ({offer.confidence} confidence)"
