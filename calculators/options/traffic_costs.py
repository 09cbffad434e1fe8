"""Costs of the allowed options over the ranges of the traffic: tokens per month (volume and lengths together) and peak.

A range is walked in steps from today's value, so that a wider one holds every value of a narrower one but its end.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import log

import numpy as np
from numpy.typing import NDArray

from calculators.options.cost_curves import OptionCosts, OptionCurves
from calculators.options.curve_points import Points
from calculators.options.option import Option
from calculators.scenario.demand import Array
from calculators.scenario.traffic_range import EXACT, Factors, joint_ratio, peak_ratios, token_ratios

Where = NDArray[np.bool_]
RANGE_STEP_RATIO = 1.5
LEAST_RANGE = 1 + 1e-6


@dataclass(frozen=True, slots=True)
class TrafficCosts:
    """Cost of every option at points of the ranges; `token_ratio` and `peak_ratio` (t,): factors on today's values."""

    token_ratio: Array
    peak_ratio: Array
    costs: OptionCosts
    curves: OptionCurves

    @property
    def is_tokens_alone(self) -> Where:
        """Points of today's peak (t,)."""
        return np.asarray(self.peak_ratio == 1.0)

    @property
    def is_peak_alone(self) -> Where:
        """Points of today's tokens (t,)."""
        return np.asarray(self.token_ratio == 1.0)


def traffic_costs(curves: OptionCurves) -> TrafficCosts | None:
    """The costs at every pair of values; None where no figure of the traffic has a range."""
    workload = curves.inputs.scenario.workload
    ranges = token_ratios(workload), peak_ratios(workload) if curves.staircases else EXACT
    if all(high / low < LEAST_RANGE for low, high in ranges):
        return None
    token_ratio, peak_ratio = (axis.ravel() for axis in np.meshgrid(*map(_steps, ranges)))
    points = _points(token_ratio, peak_ratio, curves)
    return TrafficCosts(token_ratio, peak_ratio, curves.costs(points), curves)


def _steps(ratios: Factors) -> Array:
    """Both ends of a range, today's value, and the steps between."""
    low, high = ratios
    inside = RANGE_STEP_RATIO ** np.arange(
        np.ceil(log(low) / log(RANGE_STEP_RATIO)), np.floor(log(high) / log(RANGE_STEP_RATIO)) + 1
    )
    return np.unique(np.concatenate([[low], inside, [1.0, high]]))


def _points(token_ratio: Array, peak_ratio: Array, curves: OptionCurves) -> Points:
    """More tokens count as more requests: a bill, and what a replica carries, go with both alike. A bill that is known is what
    today's model costs, whatever the log says."""
    scenario = curves.inputs.scenario
    points = curves.peak_points(scenario.workload.peak_ratio * peak_ratio)
    return replace(
        points,
        requests_per_month=points.requests_per_month * token_ratio,
        bill_ratio=1 / token_ratio if scenario.is_bill_known else points.bill_ratio,
    )


def over_traffic_ranges(
    options: Sequence[Option], curves: OptionCurves
) -> tuple[tuple[Option, ...], TrafficCosts | None]:
    """The allowed options with the ranges of the traffic in the low and high case of their cost, and the costs behind
    them."""
    traffic = traffic_costs(curves)
    if traffic is None:
        return tuple(options), None
    return tuple(_widened(option, _usd_of(option, traffic), traffic) for option in options), traffic


def _usd_of(option: Option, traffic: TrafficCosts) -> Array:
    """First month's cost of an option at each point (t,). A hybrid that no longer pays gives way to what is cheapest then."""
    curves, usd = traffic.curves, traffic.costs.today_usd
    buys, groups = len(curves.buys), len(curves.groups)
    if option.plan is None:
        names = [(buy.kind, buy.label) for buy in curves.buys]
        return np.asarray(usd[names.index((option.kind, option.label))])
    place = curves.groups.index((option.plan.config.model.id, option.plan.offer.is_owned))
    if option.kind != "hybrid":
        return np.asarray(usd[buys + place])
    hybrid = usd[buys + groups + place]
    return np.asarray(np.where(np.isinf(hybrid), usd[: buys + groups].min(axis=0), hybrid))


def _widened(option: Option, usd: Array, traffic: TrafficCosts) -> Option:
    """Tokens, peak and what else is uncertain are independent, each at its worst alone."""
    now, [usd_now] = option.usd_per_month, usd[traffic.is_tokens_alone & traffic.is_peak_alone]
    if now <= 0 or not np.isfinite(usd_now):
        return option
    lows, highs = [max(option.low_usd_per_month / now, 1e-9)], [option.high_usd_per_month / now]
    for alone, ratio in (
        (traffic.is_tokens_alone, traffic.token_ratio),
        (traffic.is_peak_alone, traffic.peak_ratio),
    ):
        fewer, more = usd[alone & (ratio <= 1.0)], usd[alone & (ratio >= 1.0)]
        lows.append(float(fewer.min() / usd_now))
        highs.append(float(more.max() / usd_now))
    return replace(
        option,
        low_usd_per_month=now / joint_ratio(*lows),
        high_usd_per_month=now * joint_ratio(*highs),
    )
