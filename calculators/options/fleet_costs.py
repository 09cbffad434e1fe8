"""Monthly cost of the fleets of each group, in the parts that fall at different times."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from calculators.fleet.operating_costs import CostKind
from calculators.scenario.demand import Array

FleetParts = tuple[Array, Array]
"""Machines, and all else."""
PAID_ONCE: tuple[CostKind, ...] = ("migration", "hiring")
"""Lines that are paid whenever a fleet begins to serve."""


@dataclass(frozen=True, slots=True)
class FleetCosts:
    """Monthly cost of the fleet of each group at each point, inf where it cannot serve. Arrays (g, t, h)."""

    machines_usd: Array
    """At the price of the month."""
    due_usd: Array
    """What the machines cause to be paid, as of `MonthPath.due_ratio`."""
    others_usd: Array
    """Everything besides machines."""
    beside_usd: Array
    """The same, with what is paid instead until the fleet serves."""
    chosen: NDArray[np.intp]
    """Positions of the staircases."""

    @property
    def usd(self) -> Array:
        """Everything."""
        return self.due_usd + self.beside_usd

    @property
    def in_place_usd(self) -> Array:
        """Of a fleet that serves, by the month."""
        return self.machines_usd + self.others_usd


@dataclass(frozen=True, slots=True)
class MonthlyCosts:
    """Cost of every option in each month of the horizon."""

    buys_usd: Array
    """(b, t, h)"""
    todays_usd: Array
    """(t, h) of today's API, whether or not it is an option."""
    builds: FleetCosts
    """Fleets that carry everything; where volume outgrows one within the horizon, an API takes the rest from then on."""
    hybrids: FleetCosts
    """Fleets for the base load; in a month in which the whole fleet costs less, it carries everything."""
    is_outgrown: NDArray[np.bool_]
    """(g, t, h) whether volume is more than a fleet that carries everything today may carry."""
    first_usd: tuple[Array, Array, Array]
    """Of the first month with every fleet in place (b, t), (g, t) and (g, t), fleets for the base load only where they cost less
    than the whole."""


@dataclass(frozen=True, slots=True)
class UntilServing:
    """What is paid until fleets serve, and the part of each month in which they do. Arrays (g, t)."""

    usd: Array
    serving_frac: Array


def due_usd(machines_usd: Array, due_ratio: Array, held_usd: Array, serving_frac: Array | float) -> Array:
    """What machines cause to be paid: those that the user has already, `held_usd` in all, while they serve; the others as of
    `MonthPath.due_ratio`. The arguments broadcast."""
    held = np.minimum(machines_usd, held_usd)
    added = np.where(np.isinf(machines_usd), 0.0, machines_usd - held) * due_ratio
    return np.where(np.isinf(machines_usd), np.inf, added + held * serving_frac)


def sum_of_parts(parts: FleetParts) -> Array:
    """Machines and all else together. Same shape as each."""
    return parts[0] + parts[1]


def parts_where(condition: NDArray[np.bool_], one: FleetParts, other: FleetParts) -> FleetParts:
    """The parts of `one` where the condition holds, else those of `other`."""
    return np.where(condition, one[0], other[0]), np.where(condition, one[1], other[1])
