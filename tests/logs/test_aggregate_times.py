"""Periods as they are written."""

import pytest
from usage_sums import DAY_1_S

from calculators.logs.aggregate_times import first_text, is_day, named_period_s, period_s, start_name, time_s

DAY_S = 86_400.0


@pytest.mark.parametrize(
    ("text", "name", "start_day", "days"),
    [
        ("2026-10", "", 0, 31),
        ("October 2026", "", 0, 31),
        ("Oct-26", "month", 0, 31),
        ("2026-Q4", "", 0, 92),
        ("Q4 2026", "quarter", 0, 92),
        ("Q4/2026", "", 0, 92),
        ("2026-W40", "", -3, 7),
        ("KW 40/2026", "kw", -3, 7),
        ("2026-40", "week", -3, 7),
        ("2026-10", "week", -213, 7),
        ("40/2026", "kw", -3, 7),
        ("Oktober 2026", "", 0, 31),
        ("octobre 2026", "", 0, 31),
        ("2026", "year", -273, 365),
        ("2026-10-01 - 2026-10-07", "", 0, 7),
    ],
)
def test_a_period_is_named(text: str, name: str, start_day: int, days: int) -> None:
    assert named_period_s(text, name) == (DAY_1_S + start_day * DAY_S, DAY_1_S + (start_day + days) * DAY_S)


@pytest.mark.parametrize("text", ["Oct-26", "2026-40", "Q5 2026", "2026-W60", "2026-10-01", "FY26 Q1", "2026", ""])
def test_other_texts_name_no_period(text: str) -> None:
    assert named_period_s(text) is None


@pytest.mark.parametrize(
    ("row", "start_h", "hours"),
    [
        ({"date": "2026-10-01", "hour": "7"}, 7, 1),
        ({"time": "07:30", "date": "2026-10-01"}, 7.5, None),
        ({"date": "2026-10-01", "hour": "07:00"}, 7, 1),
        ({"date": "2026-10-01", "hour": "x"}, 0, 24),
        ({"date": "2026-10-01", "granularity": "hourly"}, 0, 1),
        ({"from": "2026-10-01", "to": "2026-10-07"}, 0, 7 * 24),
        ({"from": "2026-10-01", "to": "2026-10-08"}, 0, 7 * 24),
        ({"from": "2026-10-01", "end": "2026-10-02"}, 0, 24),
        ({"from": "2026-10-01", "end": "2026-10-01"}, 0, 24),
        ({"from": "2026-10-01", "to": "2026-11-01"}, 0, 31 * 24),
        ({"from": "2026-10-01", "to": "2026-10-31"}, 0, 31 * 24),
        ({"date": "2026-10-01 05:00", "end": "2026-10-01 06:00"}, 5, 1),
    ],
)
def test_a_row_tells_its_hour_and_its_last_day(row: dict[str, str], start_h: float, hours: float | None) -> None:
    start_s = DAY_1_S + start_h * 3_600
    assert period_s(row) == (start_s, None if hours is None else start_s + hours * 3_600)
    assert start_name({"hour": "7"}) is None


def test_a_row_of_a_quarter_lasts_until_its_end() -> None:
    assert period_s({"quarter": "2026-Q4"}) == (DAY_1_S, DAY_1_S + 92 * DAY_S)
    assert time_s("2026-Q4") == DAY_1_S
    assert first_text({"a": "", "b": "1"}, ("a", "b", "c")) == "1"
    assert is_day("2026-10-01")
    assert is_day("01-10-2026")
    assert time_s("01-10-2026", day_first=True) == time_s("10-01-2026") == DAY_1_S
