"""How a fleet's size may follow the load: fixed, by the hour of day, autoscaled, and down to nothing. Each on machines by the
hour, with the time in which they start, spares kept."""

from dataclasses import dataclass
from typing import Literal

import numpy as np

from calculators.fleet.load_by_hour import LoadWeek, RankHours, load_week
from calculators.scenario.demand import Array
from calculators.scenario.schema import Workload
from calculators.units import DAYS_PER_MONTH, HOURS_PER_MONTH

ScheduleKind = Literal["fixed", "by_hour_of_day", "autoscaled", "scale_to_zero"]


@dataclass(frozen=True, slots=True)
class FleetSchedule:
    """One way to size a fleet over time, with its cost on demand."""

    kind: ScheduleKind
    machine_h_per_month: float
    """Paid hours of all machines in one region, starts included."""
    usd_per_month: float
    most_machines: int
    least_machines: int
    starts_per_month: float
    machines_by_hour: tuple[int, ...] = ()
    """In each hour of the day (24,), where that is fixed ahead."""


def fleet_schedules(
    hours: RankHours, workload: Workload, usd_per_h: float, cold_start_h: float
) -> tuple[FleetSchedule, ...]:
    """The four ways, the simplest first; none where the machines do not carry the peak. `usd_per_h`: of a machine."""
    if not hours.carries_peak:
        return ()
    most, least = len(hours.on_h), hours.least_count
    all_h = np.full(most, HOURS_PER_MONTH)
    followed = hours.on_h.copy()
    followed[:least] = HOURS_PER_MONTH
    idle = _empty_hours(workload)
    stopped = hours.on_h.copy()
    stopped[:least] = np.maximum(stopped[:least] - idle[0], 0.0)
    starts = (hours.billed_h - hours.on_h) / cold_start_h if cold_start_h else np.zeros(most)
    kept_starts = np.where(np.arange(most) < least, 0.0, starts)
    zero_starts = np.where(np.arange(most) < least, starts + idle[1], starts)
    ways: tuple[tuple[ScheduleKind, Array, Array, int], ...] = (
        ("fixed", all_h, np.zeros(most), most),
        ("autoscaled", followed, kept_starts, least),
        ("scale_to_zero", stopped, zero_starts, 0),
    )
    rows = []
    for kind, on_h, started, fewest in ways:
        paid_h = _with_waiting(float((on_h + started * cold_start_h).sum()), on_h, hours)
        row = FleetSchedule(
            kind=kind,
            machine_h_per_month=paid_h,
            usd_per_month=paid_h * usd_per_h,
            most_machines=most,
            least_machines=fewest,
            starts_per_month=float(started.sum()),
        )
        rows.append(row)
    scheduled = _by_hour_of_day(hours, load_week(workload), usd_per_h, cold_start_h)
    return rows[0], scheduled, *rows[1:]


def _by_hour_of_day(hours: RankHours, week: LoadWeek, usd_per_h: float, cold_start_h: float) -> FleetSchedule:
    """Each hour of the day with the machines of its busiest day, and the margin that the peak has over the busiest hour."""
    counts = machines_by_hour(hours, week)
    on_h = (counts[:, None] > np.arange(len(hours.on_h))).sum(axis=0) * DAYS_PER_MONTH
    starts = float(np.maximum(counts - np.roll(counts, 1), 0).sum()) * DAYS_PER_MONTH
    paid_h = _with_waiting(float(on_h.sum()) + starts * cold_start_h, on_h, hours)
    return FleetSchedule(
        kind="by_hour_of_day",
        machine_h_per_month=paid_h,
        usd_per_month=paid_h * usd_per_h,
        most_machines=int(counts.max()),
        least_machines=int(counts.min()),
        starts_per_month=starts,
        machines_by_hour=tuple(counts.tolist()),
    )


def machines_by_hour(hours: RankHours, week: LoadWeek) -> Array:
    """Machines in each hour of the day (24,), whole numbers: the fewest that carry its busiest day with the margin of the peak;
    at least the smallest fleet."""
    share = week.hour_of_day_ratio / week.hour_of_day_ratio.max()
    peak_count = len(hours.on_h)
    needed = np.searchsorted(hours.carried_ratio, share * hours.peak_load_ratio - 1e-9)
    return np.asarray(np.clip(needed, hours.least_count, peak_count))


def _with_waiting(paid_h: float, on_h: Array, hours: RankHours) -> float:
    """Paid hours with those that requests which can wait need beyond the room that is free."""
    room = float((hours.slice_ratio * on_h).sum()) / HOURS_PER_MONTH - (1 - hours.waiting_frac)
    rest = max(hours.waiting_frac - max(room, 0.0), 0.0)
    return paid_h + rest * HOURS_PER_MONTH / float(hours.slice_ratio.max())


def _empty_hours(workload: Workload) -> tuple[float, float]:
    """Active hours a month without one request that cannot wait, and how often one with such requests follows: they come by
    chance, so an hour of mean n is empty with exp(-n)."""
    ratios = load_week(workload).load_ratio
    active = ratios[ratios > 0]
    prompt_per_h = workload.requests_per_month * (1 - workload.deferrable_frac) / HOURS_PER_MONTH
    per_hour = prompt_per_h * active
    empty_frac = float(np.exp(-per_hour).mean())
    empty_h = workload.active_h_per_month * empty_frac
    return empty_h, empty_h * (1 - empty_frac)
