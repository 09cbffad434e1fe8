"""Savings of self-hosting against the cheapest API option in each month ahead at the stated growth, in the base case and at
either end of the ranges."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from calculators.fleet.leading_fleets import leading_rents_usd
from calculators.fleet.operating_costs import CostLine
from calculators.fleet.staircase import Staircase, rents_matrix
from calculators.options.commitment import committed_spend
from calculators.options.option import Option
from calculators.options.speed_range import SpeedBounds
from calculators.scenario.committed_spend import CommittedSpend
from calculators.scenario.demand import Array, by_month
from calculators.scenario.inputs import Inputs

Holds = NDArray[np.bool_]
Bound = Literal["low", "central", "high"]


@dataclass(frozen=True, slots=True)
class MonthlySavings:
    """Cheapest API option minus cheapest fleet, USD per month, in each month from now: arrays (m,)."""

    central: Array
    pessimistic: Array
    """Slower GPUs, more expensive staffing and a cheaper API, each at the end of its range."""
    optimistic: Array
    bought_usd: float
    """Monthly cost of the cheapest API option today."""


def savings_by_month(
    inputs: Inputs,
    staircases: Sequence[Staircase],
    bounds: SpeedBounds,
    lines: tuple[CostLine, ...],
    buys: Sequence[Option],
) -> MonthlySavings | None:
    """Savings of the cheapest fleet in each month ahead. None where there is no fleet, or nothing that may be bought.
    `lines`: what a fleet costs besides machines."""
    if not staircases or not buys:
        return None
    ahead = by_month(inputs.scenario)
    scale, lasts = ahead / inputs.demand.requests_per_month, _lasts(committed_spend(inputs), len(ahead))

    def saving(fleets: Sequence[Staircase], build: Bound, buy: Bound) -> Array:
        grows = {"network_egress": scale, "unused_commitment": lasts}
        return _bought_usd(buys, scale, lasts, buy) - _built_usd(fleets, ahead, lines, grows, build)

    return MonthlySavings(
        central=saving(staircases, "central", "central"),
        pessimistic=saving(bounds.pessimistic, "high", "low"),
        optimistic=saving(bounds.optimistic, "low", "high"),
        bought_usd=min(b.usd_per_month for b in buys),
    )


def _lasts(committed: CommittedSpend, month_count: int) -> Array:
    """Committed spend that is paid in each month ahead, over what is spread evenly over the horizon (m,): none once it has
    ended. One month stands for the whole horizon."""
    if month_count == 1 or not committed.months_paid:
        return np.ones(month_count)
    return (np.arange(month_count) < committed.months) * committed.horizon_months / committed.months_paid


def _built_usd(
    staircases: Sequence[Staircase], ahead: Array, lines: tuple[CostLine, ...], grows: Mapping[str, Array], bound: Bound
) -> Array:
    """Monthly cost of the cheapest fleet, (m,); inf where none carries the volume. `grows`: lines that are not the same in
    every month, by kind the factors (m,) on today's."""
    rents = rents_matrix(staircases, ahead) if staircases else None
    rent = np.full(len(ahead), np.inf) if rents is None else leading_rents_usd(staircases, rents)
    rest = sum(_end(line, bound) * grows.get(line.kind, 1.0) for line in lines)
    return np.asarray(rent + rest)


def _bought_usd(buys: Sequence[Option], scale: Array, lasts: Array, bound: Bound) -> Array:
    """Monthly cost of the cheapest API option, (m,): bills grow with volume, and what they leave of a commitment is paid
    while it lasts; the rest stays."""
    each = []
    for buy in buys:
        bill_usd = _bill(buy) * scale
        beyond_mean_usd = (lasts - 1) * buy.committed.unused_usd(bill_usd)
        each.append(buy.usd_at_bill(bill_usd) + beyond_mean_usd + _end(buy, bound) - buy.usd_per_month)
    return np.asarray(np.min(each, axis=0))


def _end(cost: CostLine | Option, bound: Bound) -> float:
    """One end of a cost's range, or its central value."""
    if bound == "central":
        return cost.usd_per_month
    return cost.low_usd_per_month if bound == "low" else cost.high_usd_per_month


def _bill(option: Option) -> float:
    assert option.bill is not None
    return option.bill.usd_per_month


def first_month(holds: Holds) -> int | None:
    """The first month in which it holds; None: never."""
    months = np.flatnonzero(holds)
    return int(months[0]) if months.size else None


def lasting_from_month(holds: Holds) -> int | None:
    """The first month from which on it always holds; None: never."""
    if not holds[-1]:
        return None
    broken = np.flatnonzero(~holds)
    return int(broken[-1]) + 1 if broken.size else 0
