"""Fleets sized for the base load, with the overflow sent to an API: its easy requests to a small model first, where one is good
enough for them.

The hourly load is modeled as log-normal with the known mean and peak, the peak being the busiest of a month's 730 hours.
A fleet of capacity c overflows E[(load - c)+] / E[load], in closed form (the integral of Black and Scholes, 1973).
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

from calculators.fleet.plan import FleetPlan
from calculators.fleet.staircase import Staircase, column_rents_usd, machines_usd
from calculators.scenario.committed_spend import NOTHING_COMMITTED, CommittedSpend, used_by_both
from calculators.scenario.demand import Array, effective_peak_ratio, prompt_ratio
from calculators.scenario.schema import Workload

BUSIEST_DEVIATIONS = 2.99
"""Standard deviations above the mean of a normal distribution that one of a month's 730 hours exceeds."""
MOST_MACHINES = 200


@dataclass(frozen=True, slots=True)
class BaseLoadFleet:
    """A base-load fleet smaller than the peak, and the shares of all requests that overflow."""

    plan: FleetPlan
    overflow_frac: float
    waiting_frac: float = 0.0
    """Those in the overflow that can wait."""
    easy_overflow_frac: float = 0.0
    """Those that go to a small model, beside the overflow."""
    easy_waiting_frac: float = 0.0
    """Of these the ones that can wait."""


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


def exceeded_frac(capacity_ratio: Array | float, peak_ratio: Array | float) -> Array:
    """Share of the hours whose load is above `capacity_ratio` times the mean: P(load > c), the slope of `overflow_frac`. The
    arguments broadcast."""
    capacity, peak = np.broadcast_arrays(np.asarray(capacity_ratio, dtype=float), np.asarray(peak_ratio, dtype=float))
    s = lognormal_sigma(peak)
    modeled = (capacity > 0) & (s >= 1e-9) & (capacity < peak)
    c, width = np.where(modeled, capacity, 1.0), np.where(modeled, s, 1.0)
    flat = np.where(s < 1e-9, 1.0, peak)
    return np.where(modeled, _normal((-np.log(c) - width * width / 2) / width), (capacity < flat) * 1.0)


def _normal(x: Array) -> Array:
    return np.asarray(ndtr(x))


def prompt_overflow_frac(capacity_ratio: Array, peak_ratio: Array, workload: Workload) -> Array:
    """Share of all requests that cannot wait and exceed a capacity of `capacity_ratio` times the mean load of all hours.
    `peak_ratio`: of the active hours, instead of the workload's own."""
    prompt = prompt_ratio(workload)
    if not prompt:
        return np.zeros(np.shape(capacity_ratio))
    return (1 - workload.deferrable_frac) * overflow_frac(capacity_ratio / prompt, peak_ratio)


def overflow_fracs(
    capacity_ratio: Array, peak_ratio: Array, workload: Workload, share_frac: Array | float = 1.0
) -> tuple[Array, Array]:
    """Share of all requests that exceed a capacity as of `prompt_overflow_frac`, and those of them that can wait, where only
    `share_frac` of the requests of every hour are sent there. Those that can wait fill what the others leave free, so they
    exceed it only where the whole month is full."""
    share = np.maximum(share_frac, 1e-12)
    prompt = share * prompt_overflow_frac(capacity_ratio / share, peak_ratio, workload)
    return np.maximum(prompt, share - capacity_ratio), np.maximum(share - capacity_ratio - prompt, 0.0)


def base_load_fleets(staircase: Staircase, workload: Workload, easy_frac: float = 0.0) -> list[BaseLoadFleet]:
    """Every fleet with fewer machines than the peak needs that carries anything, smallest first. What exceeds it is easy as far as
    `easy_frac` of each hour's requests are, since that costs the least."""
    requests_per_month, peak_ratio = workload.requests_per_month, effective_peak_ratio(workload)
    needed = float(staircase.machines(np.asarray(requests_per_month)))
    machines = np.arange(1, int(min(needed - 1, staircase.max_machines, MOST_MACHINES)) + 1)
    carried = staircase.carried_req_per_month(machines.astype(float))
    ratios = carried / requests_per_month * peak_ratio
    peaks = np.asarray(workload.peak_ratio)
    every, hard = (overflow_fracs(ratios, peaks, workload, share_frac) for share_frac in (1.0, 1 - easy_frac))
    easy = [of_all - of_hard for of_all, of_hard in zip(every, hard, strict=True)]
    return [
        BaseLoadFleet(FleetPlan.for_machines(staircase, int(n), volume), *fracs)
        for n, volume, *fracs in np.array([machines, carried, *hard, *easy]).T.tolist()
        if volume > 0
    ]


@dataclass(frozen=True, slots=True)
class OverflowPrices:
    """What the API bills for all requests without the batch API, and what it would save on all of them. Arrays (k,)."""

    unbatched_usd: Array
    batch_saving_usd: Array
    easy_frac: Array
    """Share of requests that are easy (k,)."""
    committed: CommittedSpend = NOTHING_COMMITTED
    """What the bill must reach; its `bill_frac` may be an array (k,)."""
    small: "OverflowPrices | None" = None
    """Of the small model that easy requests go to first."""

    def rows(self, at: NDArray[np.intp]) -> "OverflowPrices":
        """The prices at some of the points."""
        used = self.committed
        return OverflowPrices(
            self.unbatched_usd[at],
            self.batch_saving_usd[at],
            self.easy_frac[at],
            replace(used, bill_frac=np.asarray(used.bill_frac)[at], month_ratio=np.asarray(used.month_ratio)[at]),
            self.small and self.small.rows(at),
        )

    def bill_usd(self, overflow_frac: Array, waiting_frac: Array) -> Array:
        """What is billed for these shares of all requests."""
        return overflow_frac * self.unbatched_usd - waiting_frac * self.batch_saving_usd


def cheapest_base_load_usd(
    columns: Array, requests_per_month: Array, peak_ratio: Array, prices: OverflowPrices, workload: Workload
) -> tuple[Array, Array]:
    """Rent of the cheapest base-load fleet (k,), inf where no smaller fleet exists, and the API's bill for its overflow with what that
    leaves unused of committed spend (k,).

    `columns` (9, k): as of `staircase_columns`, one staircase for each volume; `peak_ratio` (k,): as of the workload, whose
    other fields are those of every volume. Rent is linear in machines and the bill convex, as is the greater of the bill and
    what is committed, so that the best number is
    found by halving the numbers that are left, by whether one machine more still saves.
    """
    per_replica, per_prefill, per_machine, spare, machine_usd, most, _, held, held_usd = columns
    if np.isfinite(per_prefill).any():
        return np.full(requests_per_month.shape, np.inf), np.zeros(requests_per_month.shape)
    needed = column_rents_usd(
        (*columns[:4], np.ones_like(most), most, *columns[6:8], np.ones_like(most)), requests_per_month
    )
    fewest = np.maximum(np.floor(spare / per_machine) + 1, 1)
    largest = np.minimum(np.minimum(needed - 1, most), MOST_MACHINES)
    load_ratio = per_replica / requests_per_month * np.maximum(prompt_ratio(workload) * peak_ratio, 1.0)

    def costs_usd(machines: Array) -> tuple[Array, Array]:
        capacity = (machines * per_machine - spare) * load_ratio
        rent = machines_usd(machines, machine_usd, held, held_usd)
        every, small = overflow_fracs(capacity, peak_ratio, workload), prices.small
        if small is None:
            bill = prices.bill_usd(*every)
            return rent, np.asarray(bill + prices.committed.unused_usd(bill))
        hard = overflow_fracs(capacity, peak_ratio, workload, 1 - prices.easy_frac)
        bill, easy = prices.bill_usd(*hard), small.bill_usd(every[0] - hard[0], every[1] - hard[1])
        used = used_by_both(prices.committed, small.committed, bill, easy)
        return rent, np.asarray(bill + easy + used.unused_usd(bill + easy))

    low, high = fewest, np.maximum(largest, fewest)
    while (low < high).any():
        middle = np.floor((low + high) / 2)
        more_saves = sum(costs_usd(middle + 1)) < sum(costs_usd(middle))
        low, high = np.where(more_saves & (low < high), middle + 1, low), np.where(more_saves, high, middle)
    rent, bill = costs_usd(low)
    return np.where(largest >= fewest, rent, np.inf), bill
