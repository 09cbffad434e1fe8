"""Use that stands twice in several files or in periods of two widths."""

from dataclasses import replace
from typing import Any

import pytest

from calculators.logs.aggregate_overlaps import WIDER_LEFT_OUT, joined_slices, without_wider
from calculators.logs.aggregate_rows import Slice

DAY_S = 86_400.0
HOUR_S = 3_600.0


def part(day: float, tok: float, model: str = "a", *, width_s: float = DAY_S, requests: float = 1) -> Slice:
    start_s = day * DAY_S
    amounts = {"input": tok, "output": tok, "requests": requests}
    return use(start_s, start_s + width_s, amounts, model)


def use(start_s: float, end_s: float | None, amounts: dict[str, float], model: str = "a", **more: Any) -> Slice:
    return Slice(
        start_s=start_s, end_s=end_s, model=model, amounts=amounts, spend=None, currency="USD", is_batch=False, **more
    )


def kept(files: list[list[Slice]]) -> tuple[float, tuple[str, ...]]:
    joined = joined_slices([list(file) for file in files])
    return sum(one.amounts["input"] for one in joined.parts if one is not None), joined.notes


DAYS = [part(day, 10 + day) for day in range(4)]
OTHER_KEY = [part(day, 70 + day) for day in range(4)]


@pytest.mark.parametrize(
    ("files", "input_tok", "words"),
    [
        ([DAYS], 46, ""),
        ([DAYS, DAYS], 46, ""),
        ([DAYS, [part(4, 20)]], 66, ""),
        ([DAYS, [*DAYS[:3], part(3, 50), part(4, 20)]], 103, "1 period in more than one file"),
        ([[*DAYS[:3], part(3, 50)], DAYS], 83, "the larger ones count"),
        ([DAYS, [part(3, 50), part(4, 20), part(5, 20)]], 123, "the larger ones count"),
        ([DAYS, OTHER_KEY], 46 + 286, "they are added"),
        ([[part(0, 10), part(0, 5, "b"), part(1, 10)], [part(0, 15, "", requests=2), part(1, 10, "")]], 25, ""),
        ([DAYS, DAYS, [part(4, 20)]], 66, ""),
    ],
)
def test_use_in_several_files_counts_once(files: list[list[Slice]], input_tok: float, words: str) -> None:
    total, notes = kept(files)
    assert total == input_tok
    assert (words in "".join(notes)) if words else notes == ()


def test_files_of_one_metric_each_repeat_nothing() -> None:
    sides = [[use(0.0, DAY_S, {side: 5.0})] for side in ("input", "output")]
    joined = joined_slices([list(side) for side in sides])
    assert [dict(one.amounts) for one in joined.parts if one is not None] == [{"input": 5}, {"output": 5}]
    assert joined.notes == ()


def test_money_alone_that_two_files_share_counts_once() -> None:
    credit = use(0.0, None, {}, aside={"credit": -5.0}, is_aside=True)
    assert joined_slices([[*DAYS, credit], [*DAYS, credit]]).parts.count(credit) == 1


def test_the_same_amounts_of_few_bills_are_two_bills() -> None:
    bills = [use(day * DAY_S, None, {}, "") for day in range(3)]
    paid = [replace(one, spend=20.0) for one in bills]
    assert len([one for one in joined_slices([paid[:1], paid[:1]]).parts if one]) == 2
    assert len([one for one in joined_slices([list(paid), list(paid)]).parts if one]) == 3


def test_days_that_hold_the_sums_of_their_hours_are_left_out() -> None:
    hours = [part(hour / 24, 5, width_s=HOUR_S) for hour in (0, 3, 30)]
    days = [part(0, 10, requests=2), part(1, 5)]
    month = part(0, 15, width_s=30 * DAY_S, requests=3)
    joined = without_wider([*hours, *days, month, None])
    assert [one for one in joined.parts if one is not None] == hours
    assert joined.notes == (WIDER_LEFT_OUT,)
    assert without_wider([*hours, part(0, 99)]).parts == [*hours, part(0, 99)]  # other figures: refused as an overlap
    assert without_wider(list(hours)).notes == ()
