"""Points at which every input is off at once: quasi-random, so that few of them tell what many random ones would."""

from collections.abc import Sequence

import numpy as np
from scipy.special import ndtri
from scipy.stats import qmc

from calculators.options.cost_curves import OptionCurves
from calculators.options.curve_points import Points
from calculators.scenario.demand import Array, prompt_ratio
from calculators.uncertainty.spreads import Spread, UncertainField, correlation_matrix

SAMPLES, SEED = 10_000, 20_260_101
COMPOUNDING: dict[UncertainField, str] = {
    "growth": "volume_ratio_per_month",
    "api_price_drift": "today_ratio_per_year",
    "hosted_price_drift": "hosted_ratio_per_year",
    "rent_drift": "rent_ratio_per_year",
}
"""Inputs that compound, and the factor that they move."""


def sampled_ratios(spreads: Sequence[Spread], count: int = SAMPLES, seed: int = SEED) -> Array:
    """Factors on every input (d, count): a scrambled Halton sequence, made normal, correlated, and given its spread."""
    if not spreads:
        return np.ones((0, count))
    uniform = np.clip(qmc.Halton(len(spreads), rng=seed).random(count), 1e-12, 1 - 1e-12)
    deviations = np.linalg.cholesky(correlation_matrix(spreads)) @ ndtri(uniform).T
    return np.array([one.ratios(row) for one, row in zip(spreads, deviations, strict=True)])


def points_at(ratios: Array, spreads: Sequence[Spread], curves: OptionCurves) -> Points:
    """The points (count,) at factors (d, count) on the inputs."""
    workload = curves.inputs.scenario.workload
    of = {one.field: row for one, row in zip(spreads, ratios, strict=True)}
    none = np.ones(ratios.shape[1])
    tokens, staffing, speed = (of.get(field, none) for field in ("tokens", "staffing", "speed"))
    peak_ratio = np.maximum(workload.peak_ratio * of.get("peak", none), 1.0)
    sized_for = np.maximum(prompt_ratio(workload) * peak_ratio, 1.0)
    return curves.points(
        none.size,
        requests_per_month=curves.inputs.demand.requests_per_month * tokens,
        peak_ratio=peak_ratio,
        capacity_ratio=speed * curves.inputs.demand.effective_peak_ratio / sized_for,
        staffing_usd_per_month=curves.staffing_usd_per_month * staffing,
        **{name: of[field] for field, name in COMPOUNDING.items() if field in of},
    )
