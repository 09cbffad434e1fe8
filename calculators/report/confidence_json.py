"""How sure the decision is, as plain values."""

from typing import Any

import numpy as np

from calculators.uncertainty.confidence import Confidence
from calculators.uncertainty.outcomes import HIGH, LOW


def with_confidence(plain: dict[str, Any], sure: Confidence | None) -> dict[str, Any]:
    """The JSON report with `probability` (by option, month and volume), `bands`, `sensitivity_of_gap` and `value_of_information_usd`;
    null where no option is allowed."""
    if sure is None:
        return {**plain, "probability": None, "bands": None, "value_of_information_usd": None}
    outcomes = sure.outcomes
    ends = np.cumsum(outcomes.months).astype(int).tolist()
    names = [{"kind": option.kind, "label": option.label} for option in outcomes.options]
    return {
        **plain,
        "probability": {
            "samples": outcomes.month_usd.shape[1],
            "counted": [
                {
                    "input": one.field,
                    "low_ratio": one.low_ratio,
                    "high_ratio": one.high_ratio,
                    "within_frac": one.within_frac,
                }
                for one in sure.spreads
            ],
            "by_option": [
                {**name, "cheapest_frac": frac, "expected_regret_usd": _finite(regret)}
                for name, frac, regret in zip(
                    names, outcomes.probability.tolist(), outcomes.regret_usd.tolist(), strict=True
                )
            ],
            "by_month": {
                "until_month": ends,
                "cheapest_frac": [
                    {**name, "frac": row}
                    for name, row in zip(names, outcomes.probability_by_month.tolist(), strict=True)
                ],
            },
            "by_volume": {
                "requests_per_month": list(sure.volumes),
                "cheapest_frac": [
                    {**name, "frac": row} for name, row in zip(names, sure.probability_by_volume.tolist(), strict=True)
                ],
            },
        },
        "bands": {
            "quantiles": [LOW, 0.5, HIGH],
            "total_usd": [
                {**name, "usd": [_finite(usd) for usd in row]}
                for name, row in zip(names, outcomes.total_bands_usd.tolist(), strict=True)
            ],
            "until_month": ends,
            "cumulative_usd": [
                {**name, "usd": [[_finite(usd) for usd in month] for month in row]}
                for name, row in zip(names, outcomes.cumulative_bands_usd.tolist(), strict=True)
            ],
        },
        "value_of_information_usd": {
            "everything": sure.worth_of_everything_usd,
            "by_input": {one.spread.field: one.worth_usd for one in sure.findings},
            "first_order_index_frac": {one.spread.field: one.index_frac for one in sure.findings},
            "gap_usd_at_ends": {one.spread.field: [one.low_gap_usd, one.high_gap_usd] for one in sure.findings},
        },
    }


def _finite(value: float) -> float | None:
    return value if np.isfinite(value) else None
