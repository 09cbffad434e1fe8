"""A difference divided among its causes: Shapley values (Shapley, "A value for n-person games", 1953; as attribution of a model's
output, Lundberg & Lee, "A unified approach to interpreting model predictions", 2017).

`value`: the result where a set of causes has changed, and the others have not. It raises NoValue where there is none."""

from collections.abc import Callable, Sequence
from itertools import combinations
from math import factorial

import numpy as np

Value = Callable[[frozenset[int]], float]
SEED = 17


class NoValue(ValueError):
    """A mix of changed and unchanged causes has no result; the message says why."""


def shapley_values(value: Value, count: int) -> list[float]:
    """The Shapley value of each of `count` causes, from all 2 ^ count mixes: with n causes, the sum over the sets S without i of
    |S|! (n - |S| - 1)! / n! (value(S + i) - value(S))."""
    return [_shapley_value(value, count, cause) for cause in range(count)]


def _shapley_value(value: Value, count: int, cause: int) -> float:
    others = [other for other in range(count) if other != cause]
    return sum(
        factorial(size) * factorial(count - size - 1) / factorial(count) * (value(before | {cause}) - value(before))
        for size in range(count)
        for before in map(frozenset[int], combinations(others, size))
    )


def antithetic_orders(count: int, pairs: int) -> list[list[int]]:
    """Orders in which the causes may change, each with its reverse: the stated one, then orders by chance, the same every time.
    One pair is exact where no more than two causes act on each other."""
    chance = np.random.default_rng(SEED)
    orders = [list(range(count)), *(chance.permutation(count).tolist() for _ in range(pairs - 1))]
    return [way for order in orders for way in (order, order[::-1])]


def mean_over_orders(value: Value, orders: Sequence[Sequence[int]]) -> list[float]:
    """The mean effect of each cause over these orders. Those of one order add up to the whole, so the means do."""
    effects = np.zeros(len(orders[0]))
    for order in orders:
        totals = [value(frozenset(order[:size])) for size in range(len(order) + 1)]
        effects[list(order)] += np.diff(totals)
    return [float(effect) for effect in effects / len(orders)]


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
