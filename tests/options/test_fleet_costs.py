"""What machines cause to be paid, and when."""

import numpy as np
import pytest

from calculators.options.fleet_costs import FleetCosts, due_usd, parts_where, sum_of_parts


def test_machines_that_one_has_are_paid_while_they_serve_and_the_others_as_they_fall_due() -> None:
    """300 a month, 100 of it for machines already there: (300 - 100) x 12 in the month in which a term begins, and 0 in the next."""
    machines, held = np.array([300.0, 300.0, 80.0]), np.array([100.0, 100.0, 100.0])
    assert due_usd(machines, np.array([12.0, 0.0, 1.0]), held, np.array([1.0, 0.5, 1.0])) == pytest.approx(
        [2_500, 50, 80]
    )


def test_what_does_not_serve_is_due_without_end() -> None:
    assert due_usd(np.array([np.inf]), np.array([0.0]), np.array([0.0]), 0.0) == [np.inf]


def test_parts_are_chosen_and_added_alike() -> None:
    one, other = (np.array([1.0, 2.0]), np.array([10.0, 20.0])), (np.array([3.0, 4.0]), np.array([30.0, 40.0]))
    chosen = parts_where(np.array([True, False]), one, other)
    assert [part.tolist() for part in chosen] == [[1, 4], [10, 40]]
    assert sum_of_parts(chosen).tolist() == [11, 44]


def test_a_fleet_in_place_has_no_wait_and_no_dues() -> None:
    each = [np.full((1, 1, 1), usd) for usd in (7.0, 9.0, 3.0, 4.0)]
    costs = FleetCosts(*each, np.zeros((1, 1, 1), dtype=np.intp))
    assert costs.usd.item() == 13
    assert costs.in_place_usd.item() == 10
