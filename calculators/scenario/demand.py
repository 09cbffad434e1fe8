"""Demand of a workload: request rates, the peak to size for, the length distribution, and growth by month."""

from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from math import ceil, log
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from calculators.scenario.schema import Scenario, Workload
from calculators.units import DAYS_PER_MONTH, HOURS_PER_MONTH, SECONDS_PER_MONTH

Array = NDArray[np.float64]
MONTHS_AHEAD = 60
P95 = 0.95
_P95_Z = NormalDist().inv_cdf(P95)


@dataclass(frozen=True, slots=True)
class Lengths:
    """Length distribution: groups of similar requests. All arrays (cells,)."""

    share_frac: Array
    input_tok: Array
    output_tok: Array


@dataclass(frozen=True, slots=True)
class Demand:
    """Request rates and token counts per request of a workload."""

    requests_per_month: float
    mean_req_s: float
    """Mean over all hours of the month, which the API bill counts."""
    peak_req_s: float
    """Mean of the busiest window, which the fleet is sized for."""
    effective_peak_ratio: float
    """Peak over the mean of all hours, as of `effective_peak_ratio`."""
    lengths: Lengths
    input_tok: float
    output_tok: float
    input_p95_tok: float
    output_p95_tok: float
    hourly_frac: tuple[float, ...] = ()
    """Share of tokens in each hour of the day, UTC (24,); empty: not known."""

    @property
    def peak_s_per_month(self) -> float:
        """Requests per month for each request per second at the peak."""
        return SECONDS_PER_MONTH / self.effective_peak_ratio

    @property
    def max_utilization_frac(self) -> float:
        """Highest mean utilization of a fleet sized for the peak."""
        return 1 / self.effective_peak_ratio

    @property
    def output_tok_per_month(self) -> float:
        return self.requests_per_month * self.output_tok


def above_mean_fracs(lengths: Lengths) -> tuple[float, float]:
    """Share of requests whose input is longer than the mean, and their share of all input tokens."""
    weight_tok = lengths.share_frac * lengths.input_tok
    above = lengths.input_tok > weight_tok.sum()
    return float(lengths.share_frac[above].sum()), float(weight_tok[above].sum() / weight_tok.sum())


def prompt_ratio(workload: Workload) -> float:
    """Mean rate, in the active hours, of the requests that cannot wait, over the mean of all requests in all hours."""
    return (1 - workload.deferrable_frac) * HOURS_PER_MONTH / workload.active_h_per_month


def effective_peak_ratio(workload: Workload) -> float:
    """Rate that a fleet is sized for over the mean of all hours of the month.

    It is the peak of the requests that cannot wait. The others fill the hours that those leave free, so they raise it only
    to the mean of all requests: the least that carries everything in the month.
    """
    return max(prompt_ratio(workload) * workload.peak_ratio, 1.0)


def demand_of(workload: Workload) -> Demand:
    """Request rates and length distribution of a workload."""
    mean_req_s, peak_ratio = workload.requests_per_month / SECONDS_PER_MONTH, effective_peak_ratio(workload)
    return Demand(
        requests_per_month=workload.requests_per_month,
        mean_req_s=mean_req_s,
        peak_req_s=mean_req_s * peak_ratio,
        effective_peak_ratio=peak_ratio,
        lengths=lengths(workload),
        input_tok=workload.input_tok,
        output_tok=workload.output_tok,
        input_p95_tok=workload.input_p95_tok,
        output_p95_tok=workload.output_p95_tok,
        hourly_frac=workload.hourly_frac,
    )


def by_month(scenario: Scenario, months_ahead: int = MONTHS_AHEAD) -> Array:
    """Requests per month (months,), from this month to `months_ahead` later, at the stated growth and steps; one entry without
    them."""
    ratios = horizon_growth(scenario, months_ahead + 1)
    return scenario.workload.requests_per_month * (ratios if (ratios != 1).any() else ratios[:1])


def at_volume(scenario: Scenario, requests_per_month: float) -> Scenario:
    """The scenario at another volume; its range and the bill that the user pays go along."""
    workload, api = scenario.workload, scenario.api
    ratio = requests_per_month / workload.requests_per_month
    ends = workload.requests_range_per_month
    volumes = {
        "requests_per_month": requests_per_month,
        "requests_range_per_month": None if ends is None else tuple(end * ratio for end in ends),
    }
    paid = None if api.paid_usd_per_month is None else api.paid_usd_per_month * ratio
    return scenario.model_copy(
        update={
            "workload": workload.model_copy(update=volumes),
            "api": api.model_copy(update={"paid_usd_per_month": paid}),
        }
    )


def horizon_growth(scenario: Scenario, months: int) -> Array:
    """Volume in each month from now over today's (months,): (1 + growth) ^ month, times every step that has begun since, in the
    month in which it begins for the part of it that is left. Today's volume has the steps before it."""
    ahead = np.arange(months)
    ratios = (1 + scenario.workload.growth_per_month_frac) ** ahead.astype(float)
    for step in (step for step in scenario.outlook.volume_steps if step.from_day > scenario.as_of):
        begun = np.clip(ahead + 1 - (step.from_day - scenario.as_of).days / DAYS_PER_MONTH, 0.0, 1.0)
        ratios *= 1 + (step.ratio - 1) * begun
    return np.asarray(ratios)


def lengths(workload: Workload, input_groups: int = 8) -> Lengths:
    """Measured joint length distribution, or a log-normal one with the stated means and 95th percentiles, whose prompts stand in
    `input_groups` groups of equal share."""
    if workload.cells:
        rows = np.array([(cell.share_frac, cell.input_tok, cell.output_tok) for cell in workload.cells])
        return Lengths(rows[:, 0] / rows[:, 0].sum(), rows[:, 1], rows[:, 2])
    inputs = lognormal_groups(workload.input_tok, workload.input_p95_tok, input_groups)
    outputs = lognormal_groups(workload.output_tok, workload.output_p95_tok)
    grid_in, grid_out = np.meshgrid(inputs, outputs)
    return Lengths(np.full(grid_in.size, 1 / grid_in.size), grid_in.ravel(), grid_out.ravel())


def needed_context_tok(workload: Workload) -> int:
    """Tokens, prompt plus output, that a context window must hold: the 95th-percentile request, or the mean one where that
    is longer. The one rule by which a model is too short for a workload.

    The 95th-percentile request is p95 prompt plus p95 output; of a measured distribution at least its own 95th percentile.
    """
    mean_tok = workload.input_tok + workload.output_tok
    p95_tok = workload.input_p95_tok + workload.output_p95_tok
    return ceil(max(mean_tok, p95_tok, _measured_p95_tok(workload)))


def _measured_p95_tok(workload: Workload) -> float:
    """95th percentile of prompt plus output over the groups of a measured distribution; 0 without one."""
    share_frac = 0.0
    for cell in sorted(workload.cells, key=lambda cell: cell.input_tok + cell.output_tok):
        share_frac += cell.share_frac
        if share_frac >= P95 - 1e-9:
            return cell.input_tok + cell.output_tok
    return 0.0


@lru_cache(maxsize=256)
def lognormal_groups(mean: float, p95: float, groups: int = 8) -> tuple[float, ...]:
    """Means of `groups` equally likely parts of a log-normal distribution with this mean and 95th percentile.

    Two log-normals fit; the narrower is used. Where p95 is below the mean, or above what a log-normal of that mean can
    reach (about 3.9 times the mean), the nearest possible width is used. The mean of all groups is exactly `mean`.
    """
    ratio = log(max(p95 / mean, 1.0))
    discriminant = _P95_Z**2 - 2 * ratio
    sigma = _P95_Z - max(discriminant, 0.0) ** 0.5 if ratio > 0 else 0.0
    if sigma == 0:
        return (mean,) * groups
    normal = NormalDist()
    # Share of the total that lies below quantile q is Phi(z_q - sigma): differences give each group's mean.
    edges = [0.0, *(normal.cdf(normal.inv_cdf(k / groups) - sigma) for k in range(1, groups)), 1.0]
    return tuple(mean * groups * (high - low) for low, high in pairwise(edges))
