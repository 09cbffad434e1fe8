"""A fleet for the base load, with what is above it bought by the token.

Only the peak is known, not the load of every hour, so the hours are taken as lognormal with the mean and the peak that
are known, the peak being the busiest of a month's hours. What a fleet of capacity c then passes on is E[(load - c)+] /
E[load], in closed form (the same integral as in Black and Scholes, 1973).
"""

from dataclasses import dataclass
from math import ceil, erf, log, sqrt

import numpy as np

from calculators.fleet.staircase import FleetPlan, Staircase

BUSIEST_DEVIATIONS = 2.99
"""Of a normal distribution: beyond it lies one of a month's 730 hours."""
MOST_MACHINES = 200


@dataclass(frozen=True, slots=True)
class BaseLoadFleet:
    """A fleet that does not carry the peak, and the share of all requests that it must pass on."""

    plan: FleetPlan
    overflow_frac: float


def lognormal_sigma(peak_ratio: float) -> float:
    """Deviation of the load's logarithm: exp(z s - s^2 / 2) = peak over mean, the smaller root."""
    z, height = BUSIEST_DEVIATIONS, log(max(peak_ratio, 1.0))
    return z - sqrt(max(z * z - 2 * height, 0.0))


def overflow_frac(capacity_ratio: float, peak_ratio: float) -> float:
    """Share of the requests above `capacity_ratio` times the mean load."""
    s = lognormal_sigma(peak_ratio)
    if capacity_ratio <= 0:
        return 1.0
    if s < 1e-9 or capacity_ratio >= peak_ratio:
        return max(1 - capacity_ratio, 0.0)
    d = (-log(capacity_ratio) + s * s / 2) / s
    return _normal(d) - capacity_ratio * _normal(d - s)


def _normal(x: float) -> float:
    return (1 + erf(x / sqrt(2))) / 2


def base_load_fleets(stairs: Staircase, requests_per_month: float, peak_ratio: float) -> list[BaseLoadFleet]:
    """Every smaller number of machines, down to the first that serves anything, and what it passes on."""
    needed = float(stairs.machines(np.asarray(requests_per_month)))
    full = int(min(needed - 1, stairs.max_machines, MOST_MACHINES))
    machines = np.arange(1, full + 1)
    found = []
    for count, carried in zip(
        machines.tolist(), stairs.carried_req_per_month(machines.astype(float)).tolist(), strict=True
    ):
        if carried > 0:
            plan = FleetPlan(
                stairs.capacity,
                stairs.offer,
                ceil(carried / stairs.replica_req_per_month - 1e-9),
                stairs.spare_replicas,
                count,
                count * stairs.machine_usd_per_month,
                stairs.regions,
                ceil(carried / stairs.prefill_req_per_month - 1e-9),
            )
            found.append(BaseLoadFleet(plan, overflow_frac(carried / requests_per_month * peak_ratio, peak_ratio)))
    return found
