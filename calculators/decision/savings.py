"""Savings of self-hosting against the cheapest API option in each month ahead at the stated growth, in the base case and at
either end of the ranges."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from calculators.fleet.operating_costs import CostLine
from calculators.fleet.staircase import Staircase, rents_matrix
from calculators.options.option import Option
from calculators.options.speed_range import SpeedBounds
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
    scale = ahead / inputs.demand.requests_per_month

    def saving(fleets: Sequence[Staircase], build: Bound, buy: Bound) -> Array:
        return _bought_usd(buys, scale, buy) - _built_usd(fleets, ahead, lines, scale, build)

    return MonthlySavings(
        central=saving(staircases, "central", "central"),
        pessimistic=saving(bounds.pessimistic, "high", "low"),
        optimistic=saving(bounds.optimistic, "low", "high"),
        bought_usd=min(b.usd_per_month for b in buys),
    )


def _built_usd(
    staircases: Sequence[Staircase], ahead: Array, lines: tuple[CostLine, ...], scale: Array, bound: Bound
) -> Array:
    """Monthly cost of the cheapest fleet, (m,); inf where none carries the volume."""
    rent = rents_matrix(staircases, ahead).min(axis=0) if staircases else np.full(len(ahead), np.inf)
    rest = sum(_end(line, bound) * (scale if line.kind == "network_egress" else 1.0) for line in lines)
    return np.asarray(rent + rest)


def _bought_usd(buys: Sequence[Option], scale: Array, bound: Bound) -> Array:
    """Monthly cost of the cheapest API option, (m,): bills grow with volume, the rest does not."""
    each = [b.usd_at_bill(_bill(b) * scale) + _end(b, bound) - b.usd_per_month for b in buys]
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
