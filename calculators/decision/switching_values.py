"""Switching values: for each input alone, the value at which the cheapest fleet and the cheapest API option cost the same.

Exact, not searched: an API price moves with that of every seller, a GPU price with that of every cloud, a throughput with
that of every GPU.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf, log
from typing import Literal

import numpy as np

from calculators.decision.crossover import Crossover
from calculators.fleet.operating_costs import engineer_usd_per_year
from calculators.fleet.plan import FleetPlan
from calculators.fleet.staircase import Staircase
from calculators.options.option import STAYS, Option, best_build, best_buy
from calculators.scenario.inputs import Inputs
from calculators.scenario.schema import Workload
from calculators.units import MONTHS_PER_YEAR, count, percent, significant, usd

Field = Literal["volume", "price", "rent", "speed", "peak", "staffing", "today_price"]


@dataclass(frozen=True, slots=True)
class SwitchingValue:
    """One input, its value, and the value at which the decision changes."""

    field: Field
    what: str
    now: str
    flips_at: str
    """The break-even value in words, or why there is none."""
    value_now: float
    value_at: float | None
    """In the unit of `value_now`; None: no value does it. For volume the nearer of two."""

    @property
    def distance(self) -> float:
        """Distance to the break-even value: the absolute logarithm of the ratio, inf where there is none."""
        if not self.value_at or not self.value_now or self.value_at < 0:
            return inf
        return abs(log(self.value_at / self.value_now))


def evaluation_switching_values(
    inputs: Inputs,
    ranked: Sequence[Option],
    buys: Sequence[Option],
    staircases: Sequence[Staircase],
    crossover: Crossover,
    today: Option,
) -> tuple[SwitchingValue, ...]:
    """Switching values between the cheapest fleet and the cheapest API option, then that of today's API price alone.
    `ranked`: all allowed options; `buys` and `staircases`: those that may be bought and built."""
    build = best_build(ranked)
    values: tuple[SwitchingValue, ...] = ()
    if build is not None and buys:
        pay = engineer_usd_per_year(inputs.scenario.operations, inputs.catalog.ownership)
        values = switching_values(build, buys, crossover, staircases, inputs.scenario.workload, pay)
    return (*values, *switching_values_of_today(today, ranked))


def switching_values(
    build: Option,
    buys: Sequence[Option],
    crossover: Crossover,
    staircases: Sequence[Staircase],
    workload: Workload,
    engineer_usd_per_year: float,
) -> tuple[SwitchingValue, ...]:
    """Switching values of volume, API price, GPU price, throughput, peak and staffing. `build` has a plan; `staircases`
    are all fleets that are allowed."""
    plan = build.plan
    assert plan is not None
    room_usd = best_buy(buys).usd_per_month - build.usd_per_month
    volume = workload.requests_per_month
    speed_ratio = _needed_speed_ratio(plan.rent_usd_per_month + room_usd, staircases, volume)
    return (
        _volume(crossover, volume),
        _price(build, buys),
        _rent(plan, room_usd),
        _speed(plan, speed_ratio),
        _peak(speed_ratio, workload),
        _staffing(build, room_usd, engineer_usd_per_year),
    )


def switching_values_of_today(today: Option, ranked: Sequence[Option]) -> tuple[SwitchingValue, ...]:
    """Switching value of today's API price: the bill at which it ties with the cheapest alternative that is not the same
    model. Empty where today's API is not allowed, or is itself the only API option."""
    others = [o for o in ranked if o.kind not in STAYS]
    bill = _bill(today)
    is_covered = not any(o.is_buy for o in others)  # `switching_values` has its price then
    if not any(o is today for o in ranked) or is_covered or bill <= 0:
        return ()
    best = min(others, key=lambda o: o.usd_per_month)
    ratio = best.usd_per_month / bill
    at = f"{usd(best.usd_per_month)}/month ({_change(ratio)}; ties with {best.label})"
    return (_value("today_price", f"Price of {today.label} alone", f"{usd(bill)}/month", at, (1.0, ratio)),)


def nearest_switching_values(values: Sequence[SwitchingValue], most: int = 3) -> tuple[SwitchingValue, ...]:
    """The few switching values closest to today's values, closest first; inputs without one are left out."""
    return tuple(sorted((value for value in values if value.distance < inf), key=lambda v: v.distance)[:most])


def _value(field: Field, what: str, now: str, at: str, values: tuple[float, float | None]) -> SwitchingValue:
    return SwitchingValue(field=field, what=what, now=now, flips_at=at, value_now=values[0], value_at=values[1])


def _volume(crossover: Crossover, now: float) -> SwitchingValue:
    above = next((c.requests_per_month for c in crossover.crossings if c.requests_per_month > now), None)
    below = next((c.requests_per_month for c in reversed(crossover.crossings) if c.requests_per_month < now), None)
    crossings = [v for v in (above, below) if v is not None]
    at = min((v for v in crossings if v), key=lambda v: abs(log(v / now)), default=None)
    words = " or ".join(count(v) for v in crossings) or f"None: {crossover.reason}"
    return _value("volume", "Requests/month", count(now), words, (now, at))


def _price(build: Option, buys: Sequence[Option]) -> SwitchingValue:
    """Switching value of the API price, moved alike for every seller: the seller decides that would have to move furthest
    up, or least far down."""
    buy = best_buy(buys)
    bill = _bill(buy)
    what = f"Price of {buy.label}" + (" and all other sellers" if len(buys) > 1 else "")
    now = f"{usd(bill)}/month"
    paid = [b for b in buys if _bill(b) > 0]
    if not paid:
        needed = bill + build.usd_per_month - buy.usd_per_month
        return _value("price", what, now, f"{usd(needed)}/month", (bill, None))
    ratio = max((build.usd_per_month - (b.usd_per_month - _bill(b))) / _bill(b) for b in paid)
    if ratio <= 0:
        return _value("price", what, now, "None: the API costs more even at $0 per token", (1.0, None))
    return _value("price", what, now, f"{usd(bill * ratio)}/month ({_change(ratio)})", (1.0, ratio))


def _bill(option: Option) -> float:
    return option.bill.usd_per_month if option.bill else option.usd_per_month


def _rent(plan: FleetPlan, room_usd: float) -> SwitchingValue:
    rate = plan.offer.usd_per_gpu_h
    affordable = plan.rent_usd_per_month + room_usd
    now = f"{usd(rate)}/GPU-hour"
    if affordable <= 0:
        return _value("rent", "GPU price", now, "None: self-hosting costs more even at $0/GPU-hour", (rate, None))
    ratio = affordable / plan.rent_usd_per_month
    return _value("rent", "GPU price", now, f"{usd(rate * ratio)}/GPU-hour ({_change(ratio)})", (rate, rate * ratio))


def _needed_speed_ratio(affordable_usd: float, staircases: Sequence[Staircase], volume: float) -> float | None:
    """Factor on the throughput of all GPUs at which some affordable fleet carries the peak; None where none does."""
    ratios = []
    for one in staircases:
        machines = min(int(max(affordable_usd, 0.0) // one.machine_usd_per_month), one.max_machines)
        carried = float(one.carried_req_per_month(np.array([float(machines)]))[0])
        if carried > 0:
            ratios.append(volume / carried)
    return min(ratios, default=None)


def _speed(plan: FleetPlan, ratio: float | None) -> SwitchingValue:
    speed = plan.capacity.req_s
    what, now = "Throughput per replica", f"{significant(speed)} requests/s"
    if ratio is None:
        words = "None: one replica plus a spare already costs more"
        return _value("speed", what, now, words, (speed, None))
    return _value(
        "speed", what, now, f"{significant(speed * ratio)} requests/s ({_change(ratio)})", (speed, speed * ratio)
    )


def _peak(speed_ratio: float | None, workload: Workload) -> SwitchingValue:
    """Switching value of the peak-to-average ratio: replicas are in proportion to the peak, so that a flatter load does
    what faster GPUs would."""
    peak, what = workload.peak_ratio, "Peak-to-average ratio"
    if speed_ratio is None or peak / speed_ratio < 1:
        return _value("peak", what, significant(peak), "None: costs more even with flat traffic", (peak, None))
    return _value("peak", what, significant(peak), significant(peak / speed_ratio), (peak, peak / speed_ratio))


def _staffing(build: Option, room_usd: float, engineer_usd_per_year: float) -> SwitchingValue:
    people, what = (
        next(line.usd_per_month for line in build.lines if line.kind == "staffing"),
        "Staffing (engineers, FTE)",
    )
    if engineer_usd_per_year <= 0:
        return _value("staffing", what, "$0", "Not applicable: engineer cost is set to $0", (0.0, None))
    per_fte = engineer_usd_per_year / MONTHS_PER_YEAR
    now, at = people / per_fte, (people + room_usd) / per_fte
    if at < 0:
        return _value("staffing", what, significant(now), "None: costs more even with no staffing", (now, None))
    return _value("staffing", what, significant(now), significant(at), (now, at))


def _change(ratio: float) -> str:
    """A ratio in words: 24% lower, 3.1 times as much."""
    if ratio >= 2:
        return f"{significant(ratio)} times as much"
    return f"{percent(abs(ratio - 1))} {'higher' if ratio >= 1 else 'lower'}"
