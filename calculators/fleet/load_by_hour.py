"""Load by hour: the demand in each hour of a week, and how many hours a month each machine of a fleet is needed.

Both are of the log-normal load of `base_load`, so that fleets, hybrids and the mix of terms go by one load-duration curve.
"""

from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from itertools import pairwise
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray

from calculators.fleet.base_load import exceeded_frac, lognormal_sigma, prompt_overflow_frac
from calculators.fleet.staircase import Staircase
from calculators.scenario.demand import Array, effective_peak_ratio, prompt_ratio
from calculators.scenario.schema import Workload
from calculators.units import DAYS_PER_MONTH, HOURS_PER_DAY, HOURS_PER_MONTH

DAYS_PER_WEEK = 7
HOURS_PER_WEEK = HOURS_PER_DAY * DAYS_PER_WEEK
BUSIEST_HOUR = 15
"""Of the assumed day; the quietest is twelve hours away."""
TYPICAL_SWING_RATIO = 0.6
"""How far the busiest hour of the assumed day is above its mean, and the quietest below."""
DAY_RATIOS = np.array([0.97, 1.0, 0.99, 0.98, 0.96, 0.55, 0.5])
"""Load of Monday to Sunday over that of the busiest day, assumed: only the order of the days follows from it."""
START_PERIOD_DAYS = 1.0
"""A machine that is not always on is taken to start once in so many days: load rises and falls with the day."""


@dataclass(frozen=True, slots=True)
class LoadWeek:
    """The demand in each hour of a week over its mean."""

    load_ratio: Array
    """(168,) from Monday, midnight, on; UTC where the hours are known. The mean is 1; hours without load hold 0."""
    is_day_known: bool
    """Whether the hours of the day have the shares that the log shows, not those of a typical day."""

    @property
    def hour_of_day_ratio(self) -> Array:
        """Busiest of the seven days at each hour of the day (24,)."""
        return np.asarray(self.load_ratio.reshape(DAYS_PER_WEEK, HOURS_PER_DAY).max(axis=0))


def load_week(workload: Workload) -> LoadWeek:
    """The load of each hour: equal parts of the log-normal load, each in an hour of the day whose share it fills.

    Which values there are follows from mean, peak and active hours alone, as for hybrids. The log tells the shares of the hours
    of the day where it covers a week; the order of the days, and otherwise all of it, is assumed.
    """
    active_count = max(1, round(HOURS_PER_WEEK * workload.active_h_per_month / HOURS_PER_MONTH))
    sigma = float(lognormal_sigma(np.asarray(workload.peak_ratio)))
    ratios = _week_ratios(sigma, active_count, tuple(workload.hourly_frac))
    return LoadWeek(np.array(ratios), bool(workload.hourly_frac))


@lru_cache(maxsize=64)
def _week_ratios(sigma: float, active_count: int, hourly_frac: tuple[float, ...]) -> tuple[float, ...]:
    """Load of each hour of a week (168,) with `active_count` hours in use."""
    hours = np.arange(HOURS_PER_DAY)
    typical = 1 + TYPICAL_SWING_RATIO * np.cos((hours - BUSIEST_HOUR) * 2 * np.pi / HOURS_PER_DAY)
    of_day = np.asarray(hourly_frac) if hourly_frac else typical
    busiest = np.argsort(-(DAY_RATIOS[:, None] * of_day).ravel(), kind="stable")[:active_count]
    is_active = np.zeros(HOURS_PER_WEEK, dtype=bool)
    is_active[busiest] = True
    by_day = is_active.reshape(DAYS_PER_WEEK, HOURS_PER_DAY)
    values = np.asarray(lognormal_parts(sigma, active_count))[::-1] * HOURS_PER_WEEK / active_count
    ratios = np.zeros((DAYS_PER_WEEK, HOURS_PER_DAY))
    for hour, of_hour in enumerate(placed_by_share(values, by_day.sum(axis=0), of_day)):
        days = [day for day in np.argsort(-DAY_RATIOS, kind="stable").tolist() if by_day[day, hour]]
        ratios[days, hour] = of_hour
    return tuple(ratios.ravel().tolist())


def placed_by_share(values: Array, slot_count: NDArray[np.intp], share_frac: Array) -> list[list[float]]:
    """Values, the greatest first, each in the hour with room that lacks most of its share: as many lists as hours, with
    `slot_count` values each. The sums come near the shares, and no value is changed."""
    lacks = np.where(slot_count > 0, share_frac, 0.0)
    lacks = lacks / lacks.sum() * values.sum() if lacks.sum() else lacks
    room, placed = slot_count.copy(), [list[float]() for _ in slot_count]
    for value in values.tolist():
        hour = int(np.argmax(np.where(room > 0, lacks, -np.inf)))
        placed[hour].append(value)
        lacks[hour] -= value
        room[hour] -= 1
    return placed


@lru_cache(maxsize=64)
def lognormal_parts(sigma: float, count: int) -> tuple[float, ...]:
    """Means of `count` equally likely parts of a log-normal of mean 1, ascending: count x (N(z_high - s) - N(z_low - s))."""
    if sigma < 1e-9:
        return (1.0,) * count
    normal = NormalDist()
    edges = [0.0, *(normal.cdf(normal.inv_cdf(k / count) - sigma) for k in range(1, count)), 1.0]
    return tuple(count * (high - low) for low, high in pairwise(edges))


@dataclass(frozen=True, slots=True)
class LoadMonths:
    """Ratios to today's value in each month of the horizon, (h,) each; one month where nothing changes."""

    volume_ratio: Array
    need_ratio: Array
    """Machines that a request needs."""
    rent_ratio: Array
    """Price of a machine by the hour."""
    bill_ratio: Array
    """Price of a request at the API."""

    @property
    def load_ratio(self) -> Array:
        """Load of the machines (h,)."""
        return self.volume_ratio * self.need_ratio

    @classmethod
    def flat(cls) -> "LoadMonths":
        """Every month is as today."""
        return cls(*np.ones((4, 1)))

    @property
    def is_flat(self) -> bool:
        """Whether no month differs from today."""
        return all(
            (ratio == 1).all() for ratio in (self.volume_ratio, self.need_ratio, self.rent_ratio, self.bill_ratio)
        )


@dataclass(frozen=True)
class RankHours:
    """How long each machine of a fleet is needed, the machines in the order in which they are switched on."""

    carried_ratio: Array
    """(k + 1,) load that the first n machines carry besides their spares, over the mean of all hours today; the first is 0."""
    month_on_h: Array
    """(h, k) hours of each month in which the machines before cannot carry the requests that do not wait."""
    month_billed_h: Array
    """(h, k) the same with the time in which it starts."""
    month_overflow_frac: Array
    """(h, k + 1) requests that cannot wait and exceed the first n machines, over all of today's; 0 where they carry the peak."""
    waiting_frac: float
    """Share of all requests that can wait for free hours or the batch API."""
    carries_peak: bool
    peak_load_ratio: float
    """Peak of the requests that cannot wait, or the mean of all where that is more, over the mean; of the month with most."""
    months: LoadMonths = field(default_factory=LoadMonths.flat)

    @cached_property
    def on_h(self) -> Array:
        """(k,) mean of the months."""
        return np.asarray(self.month_on_h.mean(axis=0))

    @cached_property
    def billed_h(self) -> Array:
        """(k,) mean of the months."""
        return np.asarray(self.month_billed_h.mean(axis=0))

    @cached_property
    def priced_h(self) -> Array:
        """(k,) hours at today's price by the hour that cost what the billed hours of each month do: mean of hours x rent."""
        return np.asarray((self.month_billed_h * self.months.rent_ratio[:, None]).mean(axis=0))

    @cached_property
    def overflow_frac(self) -> Array:
        """(k + 1,) mean of the months."""
        return np.asarray(self.month_overflow_frac.mean(axis=0))

    @cached_property
    def priced_overflow_frac(self) -> Array:
        """(k + 1,) share of all of today's requests that costs at today's price what the overflow of each month does."""
        return np.asarray((self.month_overflow_frac * self.months.bill_ratio[:, None]).mean(axis=0))

    @cached_property
    def month_used(self) -> NDArray[np.bool_]:
        """(h, k) whether the peak of a month needs the machine."""
        peak = self.peak_load_ratio * self.months.load_ratio / self.months.load_ratio.max()
        return np.asarray(self.carried_ratio[:-1] < peak[:, None] * (1 - 1e-9))

    @cached_property
    def slice_ratio(self) -> Array:
        """(k,) load that each machine adds."""
        return np.diff(self.carried_ratio)

    @cached_property
    def volume_ratio(self) -> float:
        """Mean volume of the months over today's."""
        return float(self.months.volume_ratio.mean())

    @cached_property
    def load_ratio(self) -> float:
        """Mean load of the months over today's."""
        return float(self.months.load_ratio.mean())

    @property
    def request_load_ratio(self) -> float:
        """Load of a request over today's."""
        return self.load_ratio / self.volume_ratio

    @cached_property
    def rent_ratio(self) -> float:
        """Mean price by the hour over today's, each month by its load."""
        return float(np.average(self.months.rent_ratio, weights=self.months.load_ratio))

    @cached_property
    def bill_ratio(self) -> float:
        """Mean price of a request at the API over today's, each month by its volume."""
        return float(np.average(self.months.bill_ratio, weights=self.months.volume_ratio))

    @cached_property
    def least_count(self) -> int:
        """Machines of the smallest fleet that carries anything, its spares included."""
        carrying = np.flatnonzero(self.carried_ratio > 0)
        return int(carrying[0]) if carrying.size else len(self.carried_ratio) - 1


def rank_hours(
    staircase: Staircase, workload: Workload, cold_start_h: float, months: LoadMonths | None = None
) -> RankHours:
    """The hours of each machine of a staircase, up to the number that the peak of any month needs or the GPU limit allows."""
    months = months or LoadMonths.flat()
    loads = months.load_ratio
    needed = float(staircase.machines(np.asarray(workload.requests_per_month * loads.max())))
    carries_peak = bool(np.isfinite(needed))
    machine_count = int(needed) if carries_peak else staircase.max_machines
    carried_req = staircase.carried_req_per_month(np.arange(machine_count + 1.0))
    carried = carried_req / workload.requests_per_month * effective_peak_ratio(workload)
    on_h = hours_above(carried[:-1] / loads[:, None], workload)
    over = prompt_overflow_frac(carried / loads[:, None], np.asarray(workload.peak_ratio), workload)
    over = over * months.volume_ratio[:, None]
    if carries_peak:
        over[:, -1] = 0.0  # equal to the peak but for rounding
    return RankHours(
        carried_ratio=carried,
        month_on_h=on_h,
        month_billed_h=billed_h_per_month(on_h, cold_start_h),
        month_overflow_frac=over,
        waiting_frac=workload.deferrable_frac,
        carries_peak=carries_peak,
        peak_load_ratio=effective_peak_ratio(workload) * loads.max(),
        months=months,
    )


def hours_above(capacity_ratio: Array, workload: Workload) -> Array:
    """Hours a month in which the requests that cannot wait exceed a capacity, over the mean load of all hours: active hours x
    P(load > capacity). Same shape as the argument."""
    prompt = prompt_ratio(workload)
    if not prompt:
        return np.zeros(np.shape(capacity_ratio))
    return workload.active_h_per_month * exceeded_frac(capacity_ratio / prompt, workload.peak_ratio)


def starts_per_month(on_h: Array | float) -> Array:
    """Times a month that a machine is switched on: daily, but no more often than it is on or off for an hour. Same shape as
    the argument."""
    daily = DAYS_PER_MONTH / START_PERIOD_DAYS
    return np.minimum(np.minimum(on_h, HOURS_PER_MONTH - np.asarray(on_h)), daily)


def billed_h_per_month(on_h: Array | float, cold_start_h: float) -> Array:
    """Hours that are paid for: switched on one start-up time before each time it is needed. Same shape as the argument."""
    return np.asarray(on_h + starts_per_month(on_h) * cold_start_h)
