"""Load over time in few points."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from request_logs import csv_text, read_text

from calculators.logs.load_series import MAX_POINTS, period_series, series_step_s

HOUR_S, DAY_S = 3_600, 86_400


@pytest.mark.parametrize(
    ("span_s", "step_s"),
    [
        (HOUR_S, 60),
        (DAY_S, 300),
        (7 * DAY_S, 900),
        (31 * DAY_S, HOUR_S),
        (365 * DAY_S, DAY_S),
        (20 * 366 * DAY_S, 10 * DAY_S),
    ],
)
def test_the_step_is_the_finest_with_few_enough_points(span_s: float, step_s: float) -> None:
    assert series_step_s(span_s) == step_s
    assert span_s / step_s + 2 <= MAX_POINTS


def test_a_step_is_a_multiple_of_the_periods_of_the_file() -> None:
    assert series_step_s(800 * 7 * DAY_S, 7 * DAY_S) % (7 * DAY_S) == 0


def test_few_requests_have_longer_steps_as_long_as_there_are_two_dozen() -> None:
    assert series_step_s(DAY_S, request_count=1_000) == 900
    assert series_step_s(3 * DAY_S, request_count=96) == 3 * HOUR_S
    assert series_step_s(DAY_S, request_count=2) == HOUR_S


def test_requests_tokens_and_spend_are_counted_by_the_clock_with_zeros_between(tmp_path: Path) -> None:
    rows = [
        "2026-10-05T09:59:50Z,100,10,0.5",
        "2026-10-05T10:00:10Z,200,20,",
        "2026-10-05T10:02:00Z,300,30,0.25",
        "2026-10-05T10:02:59Z,300,30,0.25",
    ]
    series = read_text(tmp_path, csv_text(rows, "timestamp,input_tokens,output_tokens,cost")).series
    assert series is not None
    assert (series.start, series.step_s) == (datetime(2026, 10, 5, 9, 59, tzinfo=UTC), 60)
    assert series.requests == (1, 1, 0, 2)
    assert series.tokens == (110, 220, 0, 660)
    assert series.spend_usd == (0.5, 0, 0, 0.5)


def test_spend_that_the_log_does_not_name_is_unknown(tmp_path: Path) -> None:
    series = read_text(tmp_path, csv_text(["2026-10-05T09:00:00Z,1,1", "2026-10-05T09:01:00Z,1,1"])).series
    assert series is not None
    assert series.spend_usd is None


def test_sums_keep_their_periods_and_what_they_know() -> None:
    amounts = {0.0: {"requests": 5.0, "tokens": 100.0}, 2.0 * DAY_S: {"requests": 7.0, "tokens": 50.0}}
    series = period_series(amounts, 0.0, 3 * DAY_S, DAY_S)
    assert (series.step_s, series.requests, series.tokens) == (DAY_S, (5, 0, 7), (100, 0, 50))
    assert series.spend_usd is None


def test_months_of_unequal_length_each_have_a_point() -> None:
    starts = [datetime(2026, month, 1, tzinfo=UTC).timestamp() for month in range(1, 7)]
    end_s = datetime(2026, 7, 1, tzinfo=UTC).timestamp()
    series = period_series({start: {"requests": 1.0} for start in starts}, starts[0], end_s, 31 * DAY_S)
    assert series.requests == (1, 1, 1, 1, 1, 1)


def test_many_periods_are_summed_into_fewer() -> None:
    amounts = {float(hour * HOUR_S): {"tokens": 1.0} for hour in range(10_000)}
    series = period_series(amounts, 0.0, 10_000.0 * HOUR_S, HOUR_S)
    assert series.tokens is not None
    assert len(series.tokens) <= MAX_POINTS
    assert sum(series.tokens) == 10_000
