"""How sure the decision is, as plain values."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from calculators.uncertainty.confidence import DecisionConfidence
from calculators.uncertainty.outcomes import HIGH, LOW, Outcomes


def with_confidence(plain: dict[str, Any], sure: DecisionConfidence | None) -> dict[str, Any]:
    """The JSON report with `probability` (by option, month and volume), `bands` and `value_of_information_usd`;
    null where no option is allowed."""
    if sure is None:
        return {**plain, "probability": None, "bands": None, "value_of_information_usd": None}
    return {
        **plain,
        "probability": _probability(sure),
        "bands": _bands(sure.outcomes),
        "value_of_information_usd": {
            "everything": sure.worth_of_everything_usd,
            "by_input": {one.spread.field: one.worth_usd for one in sure.findings},
            "first_order_index_frac": {one.spread.field: one.index_frac for one in sure.findings},
            "gap_usd_at_ends": {one.spread.field: [one.low_gap_usd, one.high_gap_usd] for one in sure.findings},
        },
    }


def _probability(sure: DecisionConfidence) -> dict[str, Any]:
    outcomes, names = sure.outcomes, _names(sure.outcomes)
    pairs = zip(outcomes.probability.tolist(), outcomes.regret_usd.tolist(), strict=True)
    fields = ("field", "low_ratio", "high_ratio", "within_frac")
    return {
        "samples": outcomes.month_usd.shape[1],
        "counted": [{name: getattr(one, name) for name in fields} for one in sure.spreads],
        "by_option": [
            {**name, "cheapest_frac": frac, "expected_regret_usd": _finite(regret)}
            for name, (frac, regret) in zip(names, pairs, strict=True)
        ],
        "by_month": {
            "until_month": _ends(outcomes),
            "cheapest_frac": _rows("frac", names, outcomes.probability_by_month.tolist()),
        },
        "by_volume": {
            "requests_per_month": list(sure.volumes),
            "cheapest_frac": _rows("frac", names, sure.probability_by_volume.tolist()),
        },
    }


def _bands(outcomes: Outcomes) -> dict[str, Any]:
    names, totals = _names(outcomes), outcomes.total_bands_usd.tolist()
    spent = outcomes.cumulative_bands_usd.tolist()
    return {
        "quantiles": [LOW, 0.5, HIGH],
        "total_usd": _rows("usd", names, [[_finite(usd) for usd in row] for row in totals]),
        "until_month": _ends(outcomes),
        "cumulative_usd": _rows("usd", names, [[[_finite(usd) for usd in end] for end in row] for row in spent]),
    }


def _names(outcomes: Outcomes) -> list[dict[str, str]]:
    return [{"kind": option.kind, "label": option.label} for option in outcomes.options]


def _ends(outcomes: Outcomes) -> list[int]:
    """The last month of each stretch."""
    return [int(month) for month in np.cumsum(outcomes.months)]


def _rows(key: str, names: Sequence[dict[str, str]], values: Sequence[Any]) -> list[dict[str, Any]]:
    return [{**name, key: value} for name, value in zip(names, values, strict=True)]


def _finite(value: float) -> float | None:
    return value if np.isfinite(value) else None
