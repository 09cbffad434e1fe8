"""Times as logs write them."""

from datetime import date

import ibis
import pytest

from calculators.errors import DataError
from calculators.logs.cell_expressions import US_PER_S, text_of, time_casts, time_us
from calculators.logs.timestamps import (
    EPOCH_UNITS,
    LAST_S,
    PLAIN_TIMES,
    both_orders,
    epoch_seconds,
    is_period,
    is_written,
    moment,
    time_style,
    utc_day,
)

NOON = 1_793_534_400.0  # 2026-11-01T12:00:00Z


@pytest.mark.parametrize(
    "value",
    [
        "2026-11-01T12:00:00Z",
        "2026-11-01 12:00:00",
        "2026-11-01T13:00:00+01:00",
        1_793_534_400,
        "1793534400",
        1_793_534_400_000,
        1_793_534_400_000_000,
        1_793_534_400_000_000_000,
    ],
)
def test_one_moment_however_it_is_written(value: object) -> None:
    assert epoch_seconds(value, "line 1") == NOON


@pytest.mark.parametrize(
    "value", ["yesterday", float("nan"), "nan", float("inf"), -1, True, None, [1], 10**400, "0001-01-01T00:00:00+23:59"]
)
def test_what_is_no_time_is_refused_without_repeating_it(value: object) -> None:
    with pytest.raises(DataError, match=r"^line 7: timestamp: not a time"):
        epoch_seconds(value, "line 7: timestamp")


EDGES = [number for limit, _ in EPOCH_UNITS[:3] for number in (limit - limit / 1e3, limit - 1, limit)]


def test_a_request_log_reads_every_number_as_the_other_logs_do() -> None:
    """The SQL of request logs has the same limits between s, ms, µs and ns as `epoch_seconds`."""
    table = ibis.memtable({"time": [f"{number:.0f}" for number in EDGES]})
    read_us = (
        table.select(time_us=time_us(text_of(table.time), time_casts(table.time, PLAIN_TIMES), None))
        .to_pyarrow()["time_us"]
        .to_pylist()
    )
    assert read_us == pytest.approx([epoch_seconds(number, "") * US_PER_S for number in EDGES], rel=1e-12)


def test_written_times_keep_their_zone_and_are_utc_without_one() -> None:
    assert moment("2026-11-01T13:00:00+01:00", "") == moment("2026-11-01 12:00:00.0000004", "")
    assert moment("2026-11-01T13:00:00", "").tzname() == "UTC"


def test_a_day_is_that_of_utc_and_of_this_century() -> None:
    assert utc_day(NOON) == date(2026, 11, 1)
    assert utc_day(None) is None
    assert utc_day(LAST_S + 1) is None


@pytest.mark.parametrize("text", ["2026-W41-1", "2026W41", "Q3 2026", "2026-Q3", "2026-10", "Oct 2026"])
def test_months_quarters_and_weeks_are_periods(text: str) -> None:
    assert is_period(text)
    assert not is_period("2026-10-05")


@pytest.mark.parametrize("digits", ["202610050900", "20261005090002", "20261005090002123", "20261005090002123456"])
def test_digits_alone_are_a_written_time(digits: str) -> None:
    assert is_written(digits)
    assert not time_style([digits]).is_number


def test_dates_of_both_orders_are_told() -> None:
    assert both_orders(["05/10/2026", "13/10/2026 09:00", "10/14/2026"]) == ("13/10/2026 09:00", "10/14/2026")
    assert both_orders(["13/10/2026", "01/10/2026", "2026-10-14"]) is None
