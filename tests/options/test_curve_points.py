"""Points at which the costs of the options are computed."""

import numpy as np

from calculators.options.curve_points import Points, tiled


def _points(count: int) -> Points:
    return Points(**{name: np.arange(count, dtype=float) for name in Points.__slots__})


def test_some_of_the_points_are_the_same_rows_of_every_input() -> None:
    some = _points(5).rows(1, 3)
    assert all(getattr(some, name).tolist() == [1, 2] for name in Points.__slots__)


def test_ratios_of_the_months_are_repeated_for_every_point() -> None:
    assert tiled(np.array([[1.0, 2.0], [3.0, 4.0]]), _points(4)).tolist() == [[1, 2, 1, 2], [3, 4, 3, 4]]
