"""An Evaluation as JSON: plain values under the keys that other programs read."""

import dataclasses
import math
from datetime import date, datetime
from typing import Any

import numpy as np
from pydantic import BaseModel

from calculators.api.bill import ApiBill
from calculators.catalog.hardware import Gpu
from calculators.catalog.models import Model
from calculators.compliance.assessment import ComplianceAssessment, PricedPath
from calculators.decision.sensitivity import DecisionSensitivity
from calculators.decision.switching_text import BECOMES
from calculators.evaluate import Evaluation
from calculators.fleet.machine_offers import MachineOffer
from calculators.fleet.operating_costs import CostLine
from calculators.fleet.plan import FleetPlan
from calculators.fleet.replica_capacity import Capacity
from calculators.fleet.staircase import Staircase
from calculators.options.feasibility import Feasibility
from calculators.options.option import Option


def to_json(evaluation: Evaluation, sensitivity: DecisionSensitivity | None = None) -> dict[str, Any]:
    """The whole Evaluation, and its sensitivity where it is given, as plain values: profiles as their ids, infinite and
    unknown numbers as null."""
    plain = _plain(evaluation)
    assert isinstance(plain, dict)
    del plain["horizon"]  # of the same options: `horizon_view.horizon_json`
    judged = plain["signals"]
    plain["signals"] = judged["exit_signals"]
    plain |= {"preconditions": judged["preconditions"], "supporting": judged["supporting"]}
    del plain["assessment"]
    plain["compliance"] = compliance_json(evaluation.assessment)
    if sensitivity is not None:
        plain |= {"flips": _switching_json(sensitivity), "review": sensitivity.review}
    return plain


def _switching_json(sensitivity: DecisionSensitivity) -> list[dict[str, Any]]:
    """Every switching value with its words; inputs that cannot change the decision have none."""
    rows = iter(sensitivity.rows)
    return [
        _plain(value)
        | (_plain(next(rows)) | {"becomes": value.becomes, "then": BECOMES[value.becomes]} if value.becomes else {})
        for value in sensitivity.values
    ]


def compliance_json(assessment: ComplianceAssessment) -> dict[str, Any]:
    """Paths that are blocked, allowed and to be asked, the compliance premium, and what each relaxation opens."""
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
    """A result record by its fields and by the properties that readers would otherwise compute again."""
    names = [field.name for field in dataclasses.fields(value)]
    return {
        _json_key(type(value), name): _plain(getattr(value, _IN_WORDS.get((type(value), name), name)))
        for name in (*names, *_DERIVED.get(type(value), ()))
        if name not in _LEFT_OUT and (type(value), name) not in _TYPED_LEFT_OUT
    }


_IN_WORDS: dict[tuple[type, str], str] = {
    (Capacity, "limit"): "limit_words",
    (CostLine, "kind"): "name",
    (Feasibility, "constraint"): "stage",
}
"""Codes for which other programs read the words or the number that a property gives."""
_DERIVED: dict[type, tuple[str, ...]] = {
    ApiBill: ("working",),
    Evaluation: ("today_barred",),
    FleetPlan: ("gpus", "needed_gpus"),
    MachineOffer: ("term",),
    Option: ("usd_per_month",),
}


def _json_key(kind: type, name: str) -> str:
    """The key of a field: its name as first published, which other programs read."""
    return _TYPED_KEYS.get((kind, name)) or _JSON_KEYS.get(name, name)


_TYPED_KEYS: dict[tuple[type, str], str] = {
    (CostLine, "kind"): "name",
    (Feasibility, "constraint"): "stage",
    (FleetPlan, "offer"): "lease",
    (Staircase, "offer"): "lease",
}
_JSON_KEYS = {
    "break_even_utilization_ratio": "needed_busy_ratio",
    "caveats": "notes",
    "config": "setup",
    "envelope_staircases": "stairs",
    "feasibility": "outcomes",
    "speed_error_sign": "off",
}
_LEFT_OUT = ("library", "own_prices")
"""Whole price histories, of which the bill has the rates used."""
_TYPED_LEFT_OUT = {(ApiBill, "demand"), (ApiBill, "cached_frac"), (ApiBill, "batch_notes")}
"""What `ApiBill.working` is made of."""
