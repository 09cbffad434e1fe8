"""How far each input may be off. A spread is a factor on the expected value: split log-normal, with its median at 1 and each end of its
range at the quantile that the range stands for."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import log
from typing import Literal

import numpy as np
from scipy.special import ndtri

from calculators.catalog.base import Range
from calculators.fleet.operating_costs import self_host_lines
from calculators.fleet.staircase import Staircase
from calculators.options.cost_curves import OptionCurves
from calculators.options.month_path import api_change_frac, rent_change_frac
from calculators.options.speed_range import SpeedBounds
from calculators.scenario.demand import Array
from calculators.scenario.inputs import Inputs
from calculators.scenario.traffic_range import peak_ratios, token_ratios

UncertainField = Literal[
    "tokens", "peak", "growth", "speed", "staffing", "api_price_drift", "hosted_price_drift", "rent_drift"
]
SPREAD_NAMES: Mapping[UncertainField, str] = {
    "tokens": "tokens per month",
    "peak": "peak-to-average ratio",
    "growth": "growth per month",
    "speed": "throughput",
    "staffing": "staffing cost",
    "api_price_drift": "change of API prices",
    "hosted_price_drift": "change of hosted-model prices",
    "rent_drift": "change of rents",
}
CORRELATIONS: Mapping[frozenset[UncertainField], float] = {
    frozenset({"hosted_price_drift", "rent_drift"}): 0.5,
    frozenset({"hosted_price_drift", "api_price_drift"}): 0.5,
}
"""Of the logarithms, a judgement: hosts rent the same GPUs, and compete with closed models. All other pairs are independent."""
MEASURED_FRAC, SEEN_FRAC = 0.95, 0.8
"""What ranges hold: those of the traffic 95% of samples, those of speeds and rules of thumb 80% of cases."""


TOO_SLOW_RATIO = 0.5
"""What a fleet is taken to carry at the low end of its speed where it then misses a latency target: a judgement."""


@dataclass(frozen=True, slots=True)
class Spread:
    """How far one input may be off."""

    field: UncertainField
    low_ratio: float
    """Factor on the expected value at the low end of the range, at most 1; of growth and drifts on 1 + change."""
    high_ratio: float
    within_frac: float
    """Share of cases within the range."""

    @property
    def name(self) -> str:
        """The input in words."""
        return SPREAD_NAMES[self.field]

    def ratios(self, deviations: Array) -> Array:
        """The factor at so many standard deviations from the median. Same shape as the argument."""
        end = float(ndtri((1 + self.within_frac) / 2))
        slopes = np.where(deviations > 0, log(self.high_ratio), -log(self.low_ratio)) / end
        return np.asarray(np.exp(deviations * slopes))


def spreads_of(curves: OptionCurves, bounds: SpeedBounds) -> tuple[Spread, ...]:
    """The spread of every input that may be off; those that are known or have no say are left out."""
    inputs = curves.inputs
    workload, growth = inputs.scenario.workload, 1 + inputs.scenario.workload.growth_per_month_frac
    low_growth, high_growth = workload.growth_range
    every = [
        Spread("tokens", *token_ratios(workload), MEASURED_FRAC),
        Spread("growth", (1 + low_growth) / growth, (1 + high_growth) / growth, MEASURED_FRAC),
        *_drifts(curves),
    ]
    if curves.staircases:
        every += [
            Spread("peak", *peak_ratios(workload), MEASURED_FRAC),
            Spread("speed", *_speed_ratios(curves, bounds), SEEN_FRAC),
            *_staffing(inputs),
        ]
    return tuple(one for one in every if one.high_ratio > one.low_ratio)


def correlation_matrix(spreads: Sequence[Spread]) -> Array:
    """Of the logarithms of the spreads (d, d)."""
    matrix = np.eye(len(spreads))
    for i, j in combinations(range(len(spreads)), 2):
        matrix[i, j] = matrix[j, i] = CORRELATIONS.get(frozenset({spreads[i].field, spreads[j].field}), 0.0)
    return matrix


def _drifts(curves: OptionCurves) -> list[Spread]:
    """What was seen of prices, around what the user expects of them: a change that was typed binds."""
    inputs, outlook = curves.inputs, curves.inputs.scenario.outlook
    rules, hosted = inputs.catalog.outlook, [option.kind == "hosted_open" for option in curves.api.sold]
    drifts: list[Spread] = []
    if outlook.api_price_change_per_year_frac is None and not all(hosted):
        drifts.append(_seen("api_price_drift", rules.api_price_ratio_per_year, 1 + api_change_frac(False, inputs)))
    if outlook.hosted_price_change_per_year_frac is None and any(hosted):
        drifts.append(_seen("hosted_price_drift", rules.hosted_price_ratio_per_year, 1 + api_change_frac(True, inputs)))
    if outlook.rent_change_per_year_frac is None and any(not s.offer.is_owned for s in curves.staircases):
        drifts.append(_seen("rent_drift", rules.rent_ratio_per_year, 1 + rent_change_frac(inputs)))
    return drifts


def _seen(field: UncertainField, seen: Range, expected: float) -> Spread:
    return Spread(field, min(seen.low / expected, 1.0), max(seen.high / expected, 1.0), SEEN_FRAC)


def _speed_ratios(curves: OptionCurves, bounds: SpeedBounds) -> tuple[float, float]:
    """What a replica carries at either end of its speed over what it is expected to: of the fleet that leads today. All speeds are
    taken to be off together."""
    monthly = curves.by_month(curves.points(1))
    costs = monthly.builds.machines_usd[:, 0, 0]
    if not np.isfinite(costs).any():
        return 1.0, 1.0
    leader = curves.staircases[int(monthly.builds.chosen[int(np.argmin(costs)), 0, 0])]
    low, high = (
        next(
            (one.replica_req_per_month for one in ends if _is_same(one, leader)), leader.replica_req_per_month * missing
        )
        for ends, missing in ((bounds.pessimistic, TOO_SLOW_RATIO), (bounds.optimistic, 1.0))
    )
    expected = leader.replica_req_per_month
    return min(low / expected, 1.0), max(high / expected, 1.0)


def _is_same(one: Staircase, other: Staircase) -> bool:
    return one.capacity.config == other.capacity.config and one.offer is other.offer


def _staffing(inputs: Inputs) -> list[Spread]:
    lines = self_host_lines(inputs.scenario.operations, inputs.demand, inputs.catalog.ownership)
    line = next((one for one in lines if one.kind == "staffing" and one.low_usd_per_month > 0), None)
    if line is None:
        return []
    low, high = line.low_usd_per_month / line.usd_per_month, line.high_usd_per_month / line.usd_per_month
    return [Spread("staffing", low, high, SEEN_FRAC)]
