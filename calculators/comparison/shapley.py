"""A difference divided among its causes: Shapley values (Shapley, "A value for n-person games", 1953; as the attribution of a
model's output, Lundberg & Lee, "A unified approach to interpreting model predictions", 2017).

`value`: the result where a set of causes has changed and the others have not. It raises NoValue where there is none.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import permutations

import numpy as np

Value = Callable[[frozenset[int]], float]
Order = Sequence[int]


class NoValue(ValueError):
    """A mix of changed and unchanged causes has no result; the message says why."""


@dataclass(frozen=True, slots=True)
class MeanEffects:
    """The mean effect of each cause over orders in which the causes change."""

    effects: tuple[float, ...]
    orders_count: int
    left_out_count: int
    """Orders in which a step has no result."""
    why_left_out: str


def mean_over_orders(value: Value, orders: Iterable[Order]) -> MeanEffects:
    """The mean effect of each cause over the orders whose every step has a result: over all orders of the causes, its Shapley value.
    The effects of one order add up to the whole, so the means do. Raises NoValue where no order is left.

    Only some orders: Faigle & Kern, "The Shapley value for cooperative games under precedence constraints", 1992.
    """
    rows, reasons = list[list[float]](), list[str]()
    for order in orders:
        try:
            rows.append(_effects(value, order))
        except NoValue as error:
            reasons.append(str(error))
    if not rows:
        raise NoValue(reasons[0])
    means = np.mean(rows, axis=0)
    return MeanEffects(tuple(means.tolist()), len(rows), len(reasons), reasons[0] if reasons else "")


def _effects(value: Value, order: Order) -> list[float]:
    """The effect of each cause, by its place, where they change in this order."""
    totals = [value(frozenset(order[:size])) for size in range(len(order) + 1)]
    effects = np.zeros(len(order))
    effects[list(order)] = np.diff(totals)
    return [float(effect) for effect in effects]


def all_orders(count: int) -> Iterable[Order]:
    """Every order of so many causes: count! of them, over 2 ^ count mixes."""
    return permutations(range(count))


def antithetic_orders(count: int, pairs: int) -> list[Order]:
    """The stated order begun at so many places, evenly spread, each with its reverse. One pair is exact where no more than two causes
    act on each other."""
    starts = [pair * count // pairs for pair in range(pairs)]
    orders = [[*range(start, count), *range(start)] for start in starts]
    return [way for order in orders for way in (order, order[::-1])]


def steps_in_order(value: Value, count: int) -> list[tuple[tuple[int, ...], float]]:
    """The effect of each cause in the stated order; those after which there is no result are joined with the next. All of them
    changed, and none, must have one."""
    steps: list[tuple[tuple[int, ...], float]] = []
    before, waiting = value(frozenset()), list[int]()
    for cause in range(count):
        waiting.append(cause)
        try:
            after = value(frozenset(range(cause + 1)))
        except NoValue:
            continue
        steps.append((tuple(waiting), after - before))
        before, waiting = after, []
    return steps


def to_cents(values: Sequence[float], total: float) -> list[float]:
    """Amounts in whole cents that add up to `total`, itself in whole cents: what rounding leaves goes to the largest."""
    cents = [round(value * 100) for value in values]
    if cents:
        largest = max(range(len(values)), key=lambda place: abs(values[place]))
        cents[largest] += round(total * 100) - sum(cents)
    return [cent / 100 for cent in cents]
