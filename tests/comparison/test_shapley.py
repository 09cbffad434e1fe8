import math
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calculators.comparison.shapley import (
    NoValue,
    Value,
    all_orders,
    antithetic_orders,
    mean_over_orders,
    steps_in_order,
    to_cents,
)

AMOUNTS = st.floats(-1e6, 1e6)


def _product(before: list[float], after: list[float]) -> Value:
    return lambda changed: math.prod(after[i] if i in changed else before[i] for i in range(len(before)))


def test_the_shapley_values_of_a_product_of_two() -> None:
    """Of 2 x 3 to 5 x 7: the change of one factor times the mean of the other: 3 x 5 and 4 x 3.5."""
    mean = mean_over_orders(_product([2, 3], [5, 7]), all_orders(2))
    assert mean.effects == pytest.approx((15, 14))
    assert (mean.orders_count, mean.left_out_count) == (2, 0)


def test_the_shapley_values_of_a_product_of_three() -> None:
    """dx (y0 z0 / 3 + (y1 z0 + y0 z1) / 6 + y1 z1 / 3), each alone by hand: x 1 to 2, y 3 to 5, z 2 to 4."""
    x = 1 * (3 * 2 / 3 + (5 * 2 + 3 * 4) / 6 + 5 * 4 / 3)
    y = 2 * (1 * 2 / 3 + (2 * 2 + 1 * 4) / 6 + 2 * 4 / 3)
    z = 2 * (1 * 3 / 3 + (2 * 3 + 1 * 5) / 6 + 2 * 5 / 3)
    mean = mean_over_orders(_product([1, 3, 2], [2, 5, 4]), all_orders(3))
    assert mean.effects == pytest.approx((x, y, z))
    assert sum(mean.effects) == pytest.approx(40 - 6)


@st.composite
def games(draw: st.DrawFn) -> tuple[int, dict[frozenset[int], float]]:
    count = draw(st.integers(1, 5))
    sets = [frozenset(i for i in range(count) if mask >> i & 1) for mask in range(2**count)]
    return count, {one: draw(AMOUNTS) for one in sets}


@given(games())
def test_effects_add_up_and_the_way_back_is_the_negative(game: tuple[int, dict[frozenset[int], float]]) -> None:
    count, results = game
    everything = frozenset(range(count))
    for orders in (list(all_orders(count)), antithetic_orders(count, 3)):
        there = mean_over_orders(results.__getitem__, orders).effects
        back = mean_over_orders(lambda changed: results[everything - changed], orders).effects
        assert sum(there) == pytest.approx(results[everything] - results[frozenset()], abs=1e-3)
        assert there == pytest.approx([-effect for effect in back], abs=1e-3)


@given(games(), st.permutations(range(5)))
def test_the_order_of_causes_changes_no_shapley_value(
    game: tuple[int, dict[frozenset[int], float]], shuffled: list[int]
) -> None:
    count, results = game
    named = [cause for cause in shuffled if cause < count]
    renamed = mean_over_orders(lambda changed: results[frozenset(named[i] for i in changed)], all_orders(count)).effects
    plain = mean_over_orders(results.__getitem__, all_orders(count)).effects
    assert renamed == pytest.approx([plain[cause] for cause in named], abs=1e-3)


def test_a_cause_without_effect_has_exactly_none() -> None:
    orders = [*all_orders(4)]
    value = _product([0.1, 0.7, 1 / 3, 5.5], [0.3, 0.7, 2 / 3, 5.5])
    effects = mean_over_orders(value, orders).effects
    assert (effects[1], effects[3]) == (0, 0)


def test_one_antithetic_pair_is_exact_where_causes_act_in_pairs() -> None:
    def value(changed: frozenset[int]) -> float:
        return sum(i + 1.0 for i in changed) + sum(10.0 * i + j for i in changed for j in changed if i < j)

    by_pair = mean_over_orders(value, antithetic_orders(8, 1)).effects
    assert by_pair == pytest.approx(
        [i + 1 + sum((10 * min(i, j) + max(i, j)) / 2 for j in range(8) if j != i) for i in range(8)]
    )


def test_antithetic_orders_begin_at_different_places() -> None:
    assert antithetic_orders(4, 2) == [[0, 1, 2, 3], [3, 2, 1, 0], [2, 3, 0, 1], [1, 0, 3, 2]]
    assert len({tuple(order) for order in antithetic_orders(9, 3)}) == 6


def _needs_first(changed: frozenset[int]) -> float:
    if 1 in changed and 0 not in changed:
        raise NoValue("1 needs 0")
    return float(len(changed)) + (5.0 if 1 in changed else 0.0)


def test_orders_with_a_step_without_a_result_are_left_out() -> None:
    mean = mean_over_orders(_needs_first, all_orders(3))
    assert (mean.orders_count, mean.left_out_count, mean.why_left_out) == (3, 3, "1 needs 0")
    assert mean.effects == pytest.approx((1, 6, 1))


def test_causes_without_a_result_of_their_own_stand_together_in_the_stated_order() -> None:
    def both_or_none(changed: frozenset[int]) -> float:
        if (0 in changed) != (2 in changed):
            raise NoValue("0 and 2 go together")
        return float(sum(2**i for i in changed))

    with pytest.raises(NoValue, match="go together"):
        mean_over_orders(both_or_none, permutations(range(4)))
    assert steps_in_order(both_or_none, 4) == [((0, 1, 2), 7.0), ((3,), 8.0)]


@given(st.lists(AMOUNTS, min_size=1, max_size=9))
def test_whole_cents_add_up_and_stay_near(values: list[float]) -> None:
    total = round(sum(values), 2)
    rounded = to_cents(values, total)
    assert sum(round(value * 100) for value in rounded) == round(total * 100)
    assert all(abs(one - other) < 0.051 for one, other in zip(rounded, values, strict=True))
    if any(values):
        assert all(one == 0 for one, other in zip(rounded, values, strict=True) if other == 0)
