"""Periods of sums."""

import pytest

from calculators.logs.aggregate_periods import busiest_ratio, by_hour, period_width_s
from calculators.logs.request_file import LogError

HOUR_S, DAY_S = 3_600.0, 86_400.0


def test_the_width_is_as_told_else_the_smallest_step() -> None:
    starts = {0.0: {"tokens": 1.0}, DAY_S: {"tokens": 1.0}, 3 * DAY_S: {"tokens": 1.0}}
    nothing: dict[float, set[float]] = {start: set() for start in starts}
    assert period_width_s(starts, nothing, "a.csv") == DAY_S
    assert period_width_s(starts, nothing | {0.0: {HOUR_S}}, "a.csv") == HOUR_S
    assert period_width_s({HOUR_S: {"tokens": 1.0}}, {HOUR_S: set()}, None) == HOUR_S


def test_periods_that_overlap_are_refused_where_they_would_count_twice() -> None:
    starts = {0.0: {"tokens": 1.0}, HOUR_S: {"tokens": 1.0}}
    ends = {0.0: {DAY_S}, HOUR_S: {2 * HOUR_S}}
    with pytest.raises(LogError, match="overlap"):
        period_width_s(starts, ends, "a.csv")
    assert period_width_s(starts, ends, None) in (DAY_S, HOUR_S)


def test_the_busiest_period_over_the_mean_counts_empty_ones() -> None:
    assert busiest_ratio({0.0: 3.0, HOUR_S: 1.0}, 0.0, 4 * HOUR_S, HOUR_S) == 3.0
    assert busiest_ratio({}, 0.0, HOUR_S, HOUR_S) == 1.0
    assert by_hour({0.0: 1.0, 60.0: 2.0, HOUR_S: 4.0}, 0.0) == {0.0: 3.0, 1.0: 4.0}
