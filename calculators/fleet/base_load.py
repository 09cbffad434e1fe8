"""Fleets sized for the base load, with the overflow sent to an API.

The hourly load is modeled as log-normal with the known mean and peak, the peak being the busiest of a month's 730 hours.
A fleet of capacity c overflows E[(load - c)+] / E[load], in closed form (the integral of Black and Scholes, 1973).
"""

from dataclasses import dataclass
from math import erf, sqrt
from statistics import NormalDist

import numpy as np

from calculators.fleet.plan import FleetPlan
from calculators.fleet.staircase import Staircase, column_rents_usd
from calculators.scenario.demand import Array

BUSIEST_DEVIATIONS = 2.99
"""Standard deviations above the mean of a normal distribution that one of a month's 730 hours exceeds."""
MOST_MACHINES = 200


@dataclass(frozen=True, slots=True)
class BaseLoadFleet:
    """A base-load fleet smaller than the peak, and the share of requests that overflows to the API."""

    plan: FleetPlan
    overflow_frac: float


def lognormal_sigma(peak_ratio: Array) -> Array:
    """Standard deviation s of the log of the load: the smaller root of exp(z s - s^2 / 2) = peak / mean. Same shape as the
    argument."""
    z, height = BUSIEST_DEVIATIONS, np.log(np.maximum(peak_ratio, 1.0))
    return np.asarray(z - np.sqrt(np.maximum(z * z - 2 * height, 0.0)))


def overflow_frac(capacity_ratio: Array, peak_ratio: Array) -> Array:
    """Share of all requests that exceed a capacity of `capacity_ratio` times the mean load. The arguments broadcast."""
    capacity, peak = np.broadcast_arrays(np.asarray(capacity_ratio, dtype=float), np.asarray(peak_ratio, dtype=float))
    s = lognormal_sigma(peak)
    modeled = (capacity > 0) & (s >= 1e-9) & (capacity < peak)
    c, width = np.where(modeled, capacity, 1.0), np.where(modeled, s, 1.0)
    d = (-np.log(c) + width * width / 2) / width
    return np.where(modeled, _normal(d) - c * _normal(d - width), np.clip(1 - capacity, 0.0, 1.0))


def _normal(x: Array) -> Array:
    return (1 + np.asarray(_erf(x / sqrt(2)), dtype=float)) / 2


_erf = np.frompyfunc(erf, 1, 1)


def base_load_fleets(staircase: Staircase, requests_per_month: float, peak_ratio: float) -> list[BaseLoadFleet]:
    """Every fleet with fewer machines than the peak needs that carries anything, smallest first."""
    needed = float(staircase.machines(np.asarray(requests_per_month)))
    machines = np.arange(1, int(min(needed - 1, staircase.max_machines, MOST_MACHINES)) + 1)
    carried = staircase.carried_req_per_month(machines.astype(float))
    overflows = overflow_frac(carried / requests_per_month * peak_ratio, np.full(carried.shape, peak_ratio))
    return [
        BaseLoadFleet(
            FleetPlan.for_machines(staircase, n, volume),
            overflow,
        )
        for n, volume, overflow in zip(machines.tolist(), carried.tolist(), overflows.tolist(), strict=True)
        if volume > 0
    ]


def cheapest_base_load_usd(columns: Array, requests_per_month: Array, peak_ratio: Array, api_usd: Array) -> Array:
    """Rent of the cheapest base-load fleet plus the API's bill for its overflow (k,), inf where no smaller fleet exists.

    `columns` (6, k): as of `staircase_columns`, one staircase for each volume; `api_usd` (k,): the API's bill for all
    requests. Rent is linear in machines and overflow convex, so that the best number is at either end, or beside the one
    whose last machine costs what it saves: machine price = P(load > capacity) x bill x capacity of a machine over the mean.
    """
    per_replica, per_prefill, per_machine, spare, machine_usd, most = columns
    if np.isfinite(per_prefill).any():
        return np.full(requests_per_month.shape, np.inf)
    needed = column_rents_usd((*columns[:4], np.ones_like(most), most), requests_per_month)
    fewest = np.maximum(np.floor(spare / per_machine) + 1, 1)
    largest = np.minimum(np.minimum(needed - 1, most), MOST_MACHINES)
    load_ratio = per_replica / requests_per_month * peak_ratio  # one replica's capacity over the mean load
    sigma = lognormal_sigma(peak_ratio)
    exceeded = machine_usd / np.maximum(api_usd * per_machine * load_ratio, 1e-300)
    inner = (exceeded > 0) & (exceeded < 1)
    z = np.array(
        [NormalDist().inv_cdf(p) if may else 0.0 for p, may in zip(exceeded.tolist(), inner.tolist(), strict=True)]
    )
    balanced = np.where(inner, (np.exp(-(sigma**2) / 2 - sigma * z) / load_ratio + spare) / per_machine, fewest)
    costs = []
    for machines in (fewest, np.floor(balanced), np.ceil(balanced), largest):
        machines = np.clip(machines, fewest, np.maximum(largest, fewest))
        capacity = (machines * per_machine - spare) * load_ratio
        costs.append(machines * machine_usd + overflow_frac(capacity, peak_ratio) * api_usd)
    return np.where(largest >= fewest, np.min(costs, axis=0), np.inf)
