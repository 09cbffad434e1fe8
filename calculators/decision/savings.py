"""What a fleet of one's own saves against the best way to buy, in each month ahead at the stated growth, with the central
figures and at either end of their ranges."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from calculators.fleet.operating_costs import CostLine
from calculators.fleet.staircase import Staircase, rents_matrix
from calculators.options.option import Option
from calculators.options.speed_range import SpeedBounds
from calculators.scenario.demand import Array, Demand, by_month
from calculators.scenario.inputs import Inputs

Holds = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class MonthlySavings:
    """Best way to buy minus cheapest fleet, USD a month, in each month from now: arrays (m,)."""

    central: Array
    pessimistic: Array
    """Slower GPUs, dearer people and a cheaper way to buy, each by its range."""
    optimistic: Array
    bought_usd: float
    """What the best way to buy costs today."""


def savings_by_month(
    inputs: Inputs, stairs: Sequence[Staircase], cases: SpeedBounds, lines: tuple[CostLine, ...], buys: Sequence[Option]
) -> MonthlySavings | None:
    """What a fleet saves in each month ahead. None where there is no fleet, or nothing that may be bought."""
    if not stairs or not buys:
        return None
    ahead = by_month(inputs.scenario)
    by_case = (
        (stairs, "usd_per_month", "usd_per_month"),
        (cases.pessimistic, "high_usd_per_month", "low_usd_per_month"),
        (cases.optimistic, "low_usd_per_month", "high_usd_per_month"),
    )
    central, bad, good = (
        _saving(ahead, fleet, lines, buys, inputs.demand, build, buy) for fleet, build, buy in by_case
    )
    return MonthlySavings(central, bad, good, min(b.usd_per_month for b in buys))


def _saving(
    ahead: Array,
    stairs: Sequence[Staircase],
    lines: tuple[CostLine, ...],
    buys: Sequence[Option],
    demand: Demand,
    build_end: str,
    buy_end: str,
) -> Array:
    scale = ahead / demand.requests_per_month
    rest = sum(getattr(line, build_end) * (scale if line.kind == "network_egress" else 1.0) for line in lines)
    rent = rents_matrix(stairs, ahead).min(axis=0) if stairs else np.full(len(ahead), np.inf)
    bought = [_bill(b) * scale + getattr(b, buy_end) - _bill(b) for b in buys]
    return np.asarray(np.min(bought, axis=0) - rent - rest)


def _bill(option: Option) -> float:
    assert option.bill is not None
    return option.bill.usd_per_month


def first_month(holds: Holds) -> int | None:
    found = np.flatnonzero(holds)
    return int(found[0]) if found.size else None


def lasting_from_month(holds: Holds) -> int | None:
    """The first month from which on it always holds."""
    if not holds[-1]:
        return None
    broken = np.flatnonzero(~holds)
    return int(broken[-1]) + 1 if broken.size else 0
