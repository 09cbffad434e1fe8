"""What would flip the answer: for each input alone, the value at which the cheapest fleet and the best way to buy cost
the same. Exact: prices move those of every seller, rents those of every landlord, speed that of every GPU."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf, log
from typing import Literal

import numpy as np

from calculators.decision.crossover import Crossover
from calculators.decision.verdict import STAYS, best_buy
from calculators.fleet.plan import FleetPlan
from calculators.fleet.staircase import Staircase
from calculators.options.option import Option
from calculators.scenario.schema import Workload
from calculators.units import MONTHS_PER_YEAR, count, percent, significant, usd

Field = Literal["volume", "price", "rent", "speed", "peak", "staffing", "today_price"]


@dataclass(frozen=True, slots=True)
class SwitchingValue:
    """One input, its value, and the value at which the answer changes."""

    field: Field
    what: str
    now: str
    flips_at: str
    """What the input would have to become, or why no value does it."""
    value_now: float
    value_at: float | None
    """In the unit of `value_now`; None: no value does it. For volume the nearer of two."""

    @property
    def distance(self) -> float:
        """How far off, as the logarithm of a ratio: what flips the answer soonest has the smallest."""
        if not self.value_at or not self.value_now or self.value_at < 0:
            return inf
        return abs(log(self.value_at / self.value_now))


def switching_values(
    build: Option,
    buys: Sequence[Option],
    crossover: Crossover,
    stairs: Sequence[Staircase],
    workload: Workload,
    engineer_usd_per_year: float,
) -> tuple[SwitchingValue, ...]:
    """All of them, volume first. `build` has a plan; `stairs` are all fleets that are allowed."""
    plan = build.plan
    assert plan is not None
    buy = best_buy(buys)
    room_usd = buy.usd_per_month - build.usd_per_month
    volume = workload.requests_per_month
    slowest = _needed_speed_ratio(plan.rent_usd_per_month + room_usd, stairs, volume)
    return (
        _volume(crossover, volume),
        _price(build, buys),
        _rent(plan, room_usd),
        _speed(plan, slowest),
        _peak(slowest, workload),
        _staffing(build, room_usd, engineer_usd_per_year),
    )


def switching_values_of_today(current: Option, ranked: Sequence[Option]) -> tuple[SwitchingValue, ...]:
    """What today's API would have to cost to tie with the cheapest that is not a form of it, where it is allowed."""
    others = [o for o in ranked if o.kind not in STAYS]
    bill = _bill(current)
    said_already = not any(o.is_buy for o in others)  # then it is the best way to buy: `switching_values` has its price
    if not any(o is current for o in ranked) or said_already or bill <= 0:
        return ()
    best = min(others, key=lambda o: o.usd_per_month)
    ratio = best.usd_per_month / bill
    words = f"{usd(best.usd_per_month)}/month, {_change(ratio)}, ties with {best.label}"
    return (SwitchingValue("today_price", f"Price of {current.label} alone", f"{usd(bill)}/month", words, 1.0, ratio),)


def nearest_switching_value(found: Sequence[SwitchingValue], most: int = 3) -> tuple[SwitchingValue, ...]:
    """The few that would flip the answer soonest, nearest first; those that no value reaches are none of them."""
    return tuple(sorted((f for f in found if f.distance < inf), key=lambda f: f.distance)[:most])


def _volume(crossover: Crossover, now: float) -> SwitchingValue:
    above = next((c.requests_per_month for c in crossover.crossings if c.requests_per_month > now), None)
    below = next((c.requests_per_month for c in reversed(crossover.crossings) if c.requests_per_month < now), None)
    parts = [f"{word} {count(at)}" for word, at in (("up to", above), ("down to", below)) if at is not None]
    at = min((v for v in (above, below) if v), key=lambda v: abs(log(v / now)), default=None)
    words = " or ".join(parts) or f"no volume: {crossover.reason}"
    return SwitchingValue("volume", "Volume, requests a month", count(now), words, now, at)


def _price(build: Option, buys: Sequence[Option]) -> SwitchingValue:
    """The kill price. Of every seller: buying costs the same as building when the cheapest of them all does, and that is
    the one that would have to move furthest up, or least far down."""
    buy = best_buy(buys)
    bill = _bill(buy)
    what = f"Price of {buy.label}" + (" and every other seller" if len(buys) > 1 else "")
    paid = [b for b in buys if _bill(b) > 0]
    if not paid:
        needed = bill + build.usd_per_month - buy.usd_per_month
        return SwitchingValue("price", what, usd(bill) + " a month", f"{usd(needed)}/month", bill, None)
    ratio = max((build.usd_per_month - (b.usd_per_month - _bill(b))) / _bill(b) for b in paid)
    if ratio <= 0:
        return SwitchingValue(
            "price", what, usd(bill) + " a month", "no price: even free it would cost more", 1.0, None
        )
    words = f"{usd(bill * ratio)}/month, {_change(ratio)}"
    return SwitchingValue("price", what, f"{usd(bill)}/month", words, 1.0, ratio)


def _bill(option: Option) -> float:
    return option.bill.usd_per_month if option.bill else option.usd_per_month


def _rent(plan: FleetPlan, room_usd: float) -> SwitchingValue:
    rate = plan.offer.usd_per_gpu_h
    affordable = plan.rent_usd_per_month + room_usd
    now = f"${rate:.2f} per GPU-hour"
    if affordable <= 0:
        return SwitchingValue("rent", "GPU rent", now, "no rent: even free GPUs would not pay for the rest", rate, None)
    ratio = affordable / plan.rent_usd_per_month
    return SwitchingValue("rent", "GPU rent", now, f"${rate * ratio:.2f}, {_change(ratio)}", rate, rate * ratio)


def _needed_speed_ratio(affordable_usd: float, stairs: Sequence[Staircase], volume: float) -> float | None:
    """How many times as fast all GPUs would have to be for some affordable fleet to carry the peak."""
    found = []
    for s in stairs:
        machines = min(int(max(affordable_usd, 0.0) // s.machine_usd_per_month), s.max_machines)
        carried = float(s.carried_req_per_month(np.array([float(machines)]))[0])
        if carried > 0:
            found.append(volume / carried)
    return min(found, default=None)


def _speed(plan: FleetPlan, needed: float | None) -> SwitchingValue:
    speed = plan.capacity.req_s
    now = f"{significant(speed)} requests/s per replica"
    if needed is None:
        words = "no speed: not even one replica and its spare would be affordable"
        return SwitchingValue("speed", "Throughput", now, words, speed, None)
    words = f"{significant(speed * needed)} requests/s, {_change(needed)}"
    return SwitchingValue("speed", "Throughput", now, words, speed, speed * needed)


def _peak(needed: float | None, workload: Workload) -> SwitchingValue:
    """Replicas are in proportion to the peak, so a flatter load does what faster GPUs would."""
    peak = workload.peak_ratio
    now = f"{significant(peak)}× the mean"
    if needed is None or peak / needed < 1:
        words = "no peak: even a perfectly flat load would not do"
        return SwitchingValue("peak", "Peak over mean", now, words, peak, None)
    return SwitchingValue("peak", "Peak over mean", now, f"{significant(peak / needed)}× the mean", peak, peak / needed)


def _staffing(build: Option, room_usd: float, engineer_usd_per_year: float) -> SwitchingValue:
    people = next(line.usd_per_month for line in build.lines if line.kind == "staffing")
    what = "Engineers to run it"
    if engineer_usd_per_year <= 0:
        return SwitchingValue("staffing", what, "unpaid", "not applicable: their cost is set to zero", 0.0, None)
    per_fte = engineer_usd_per_year / MONTHS_PER_YEAR
    now, at = people / per_fte, (people + room_usd) / per_fte
    if at < 0:
        return SwitchingValue("staffing", what, significant(now), "no number: dearer even unattended", now, None)
    return SwitchingValue("staffing", what, significant(now), significant(at), now, at)


def _change(ratio: float) -> str:
    """A ratio in words: 24% lower, 3.1 times as much."""
    if ratio >= 2:
        return f"{significant(ratio)} times as much"
    return f"{percent(abs(ratio - 1))} {'higher' if ratio >= 1 else 'lower'}"
