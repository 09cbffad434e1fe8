"""From a scenario's workload to demand: token rates, the peak to size for, and the distribution of lengths."""

from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from math import log
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from calculators.scenario.schema import Workload
from calculators.units import SECONDS_PER_HOUR, SECONDS_PER_MONTH

Array = NDArray[np.float64]
_P95_Z = NormalDist().inv_cdf(0.95)


@dataclass(frozen=True, slots=True)
class Lengths:
    """Requests grouped by length. All arrays (cells,)."""

    share_frac: Array
    input_tok: Array
    output_tok: Array


@dataclass(frozen=True, slots=True)
class Demand:
    """What the servers face, and what the bill counts."""

    requests_per_month: float
    mean_req_s: float
    """Over the whole month, as the bill sees it."""
    peak_req_s: float
    """Busiest window, as the servers see it."""
    lengths: Lengths
    input_tok: float
    output_tok: float
    input_p95_tok: float
    output_p95_tok: float

    @property
    def input_tok_per_month(self) -> float:
        return self.requests_per_month * self.input_tok

    @property
    def output_tok_per_month(self) -> float:
        return self.requests_per_month * self.output_tok


def above_mean_fracs(lengths: Lengths) -> tuple[float, float]:
    """Share of requests whose input is longer than the mean, and their share of all input tokens."""
    weight_tok = lengths.share_frac * lengths.input_tok
    above = lengths.input_tok > weight_tok.sum()
    return float(lengths.share_frac[above].sum()), float(weight_tok[above].sum() / weight_tok.sum())


def demand_of(workload: Workload) -> Demand:
    """Rates and lengths of a workload.

    peak = requests a month / active seconds a month x peak ratio: the ratio is against the mean of the active hours.
    """
    active_s = workload.active_h_per_month * SECONDS_PER_HOUR
    return Demand(
        requests_per_month=workload.requests_per_month,
        mean_req_s=workload.requests_per_month / SECONDS_PER_MONTH,
        peak_req_s=workload.requests_per_month / active_s * workload.peak_ratio,
        lengths=lengths(workload),
        input_tok=workload.input_tok,
        output_tok=workload.output_tok,
        input_p95_tok=workload.input_p95_tok,
        output_p95_tok=workload.output_p95_tok,
    )


def lengths(workload: Workload) -> Lengths:
    """The measured joint distribution, or a log-normal one through the stated mean and 95th percentile."""
    if workload.cells:
        rows = np.array([(cell.share_frac, cell.input_tok, cell.output_tok) for cell in workload.cells])
        return Lengths(rows[:, 0] / rows[:, 0].sum(), rows[:, 1], rows[:, 2])
    inputs = lognormal_groups(workload.input_tok, workload.input_p95_tok)
    outputs = lognormal_groups(workload.output_tok, workload.output_p95_tok)
    grid_in, grid_out = np.meshgrid(inputs, outputs)
    return Lengths(np.full(grid_in.size, 1 / grid_in.size), grid_in.ravel(), grid_out.ravel())


@cache
def lognormal_groups(mean: float, p95: float, groups: int = 8) -> tuple[float, ...]:
    """Means of `groups` equally likely parts of a log-normal with this mean and 95th percentile.

    Of the two log-normals that fit, the narrower; where p95 is not above the mean (or beyond what a log-normal of that
    mean can reach, about 3.9 times it) the nearest possible width is taken. The groups' mean is exactly `mean`.
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
