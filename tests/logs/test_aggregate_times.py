"""Periods as they are written."""

import pytest
from usage_sums import DAY_1_S

from calculators.logs.aggregate_times import first_text, is_day, named_period_s, period_s, time_s

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


def test_a_row_of_a_quarter_lasts_until_its_end() -> None:
    assert period_s({"quarter": "2026-Q4"}) == (DAY_1_S, DAY_1_S + 92 * DAY_S)
    assert time_s("2026-Q4") == DAY_1_S
    assert first_text({"a": "", "b": "1"}, ("a", "b", "c")) == "1"
    assert is_day("2026-10-01")
