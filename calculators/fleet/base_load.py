"""Fleets sized for the base load, with the overflow sent to an API.

The hourly load is modeled as log-normal with the known mean and peak, the peak being the busiest of a month's 730 hours.
A fleet of capacity c overflows E[(load - c)+] / E[load], in closed form (the integral of Black and Scholes, 1973).
"""

from dataclasses import dataclass
from math import erf, log, sqrt

import numpy as np

from calculators.fleet.plan import FleetPlan
from calculators.fleet.staircase import Staircase
from calculators.scenario.demand import effective_peak_ratio, prompt_ratio
from calculators.scenario.schema import Workload

BUSIEST_DEVIATIONS = 2.99
"""Standard deviations above the mean of a normal distribution that one of a month's 730 hours exceeds."""
MOST_MACHINES = 200


@dataclass(frozen=True, slots=True)
class BaseLoadFleet:
    """A base-load fleet smaller than the peak, and the share of requests that overflows to the API."""

    plan: FleetPlan
    overflow_frac: float
    waiting_frac: float = 0.0
    """Of all requests, those in the overflow that can wait."""


def lognormal_sigma(peak_ratio: float) -> float:
    """Standard deviation s of the log of the load: the smaller root of exp(z s - s^2 / 2) = peak / mean."""
    z, height = BUSIEST_DEVIATIONS, log(max(peak_ratio, 1.0))
    return z - sqrt(max(z * z - 2 * height, 0.0))


def overflow_frac(capacity_ratio: float, peak_ratio: float) -> float:
    """Share of all requests that exceed a capacity of `capacity_ratio` times the mean load."""
    s = lognormal_sigma(peak_ratio)
    if capacity_ratio <= 0:
        return 1.0
    if s < 1e-9 or capacity_ratio >= peak_ratio:
        return max(1 - capacity_ratio, 0.0)
    d = (-log(capacity_ratio) + s * s / 2) / s
    return _normal(d) - capacity_ratio * _normal(d - s)


def _normal(x: float) -> float:
    return (1 + erf(x / sqrt(2))) / 2


def unserved_frac(capacity_ratio: float, workload: Workload) -> float:
    """Share of all requests that exceed a capacity of `capacity_ratio` times the mean load of all hours.

    Requests that may wait fill what the others leave free, so they exceed it only where the whole month is full.
    """
    return max(prompt_overflow_frac(capacity_ratio, workload), 1 - capacity_ratio)


def prompt_overflow_frac(capacity_ratio: float, workload: Workload) -> float:
    """Share of all requests that cannot wait and exceed a capacity as of `unserved_frac`."""
    prompt = prompt_ratio(workload)
    overflow = overflow_frac(capacity_ratio / prompt, workload.peak_ratio) if prompt else 0.0
    return (1 - workload.deferrable_frac) * overflow


def base_load_fleets(staircase: Staircase, workload: Workload) -> list[BaseLoadFleet]:
    """Every fleet with fewer machines than the peak needs that carries anything, smallest first."""
    requests_per_month, peak_ratio = workload.requests_per_month, effective_peak_ratio(workload)
    needed = float(staircase.machines(np.asarray(requests_per_month)))
    machines = np.arange(1, int(min(needed - 1, staircase.max_machines, MOST_MACHINES)) + 1)
    carried = staircase.carried_req_per_month(machines.astype(float))
    fleets = []
    for n, volume in zip(machines.tolist(), carried.tolist(), strict=True):
        if volume > 0:
            ratio = volume / requests_per_month * peak_ratio
            overflow = unserved_frac(ratio, workload)
            waiting = overflow - prompt_overflow_frac(ratio, workload)
            fleets.append(BaseLoadFleet(FleetPlan.for_machines(staircase, n, volume), overflow, waiting))
    return fleets
