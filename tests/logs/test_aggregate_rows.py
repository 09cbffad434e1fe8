"""Rows of sums as amounts of a period."""

from pathlib import Path

import pytest
from usage_sums import DAY_1_S, first_table, group, page

from calculators.logs.aggregate_formats import PLAIN, known_format
from calculators.logs.aggregate_rows import number, slices
from calculators.logs.aggregate_times import period_s, time_s
from calculators.logs.usage_tables import UsageTable


@pytest.mark.parametrize(
    "text",
    [
        *("2026-10-01", "2026-10-01T00:00:00Z", "2026-10-01 00:00:00 UTC", "2026-10-01T02:00:00+02:00", "1790812800"),
        *("1790812800000", "20261001", "10/01/2026", "10/1/2026 12:00:00 AM", "Oct 1, 2026", "2026/10/01", "2026-10"),
    ],
)
def test_a_time_is_read_in_the_usual_styles(text: str) -> None:
    assert time_s(text) == DAY_1_S


@pytest.mark.parametrize("text", ["", "Total", "09:00", "12", "-"])
def test_what_is_no_time_is_none(text: str) -> None:
    assert time_s(text) is None


@pytest.mark.parametrize(
    ("row", "days"),
    [
        ({"date": "2026-10-01"}, 1),
        ({"month": "2026-10"}, 31),
        ({"week": "2026-10-01"}, 7),
        ({"starttime": "1790812800", "endtime": "1790985600"}, 2),
        ({"timestamp": "2026-10-01T00:00:00Z", "interval": "PT1H"}, 1 / 24),
    ],
)
def test_a_period_ends_as_the_row_tells(row: dict[str, str], days: float) -> None:
    assert period_s(row) == (DAY_1_S, DAY_1_S + days * 86_400)


def test_a_time_alone_tells_no_end() -> None:
    assert period_s({"timestamp": "2026-10-01T00:00:00Z"}) == (DAY_1_S, None)


@pytest.mark.parametrize(("text", "value"), [("3.0", 3), ("1,234", 1_234), ("$0.50", 0.5), ("-2", -2), ("-", None)])
def test_numbers_of_cells(text: str, value: float | None) -> None:
    assert number(text) == value


def test_repeats_embeddings_and_totals_are_left_out(tmp_path: Path) -> None:
    first = group("a", 10, 1, 1)
    table = first_table(tmp_path, page([first, first, {**first, "object": "organization.usage.embeddings.result"}]))
    entry = known_format(table.names)
    assert entry is not None
    assert [part is not None for part in slices(table, entry)] == [True, False, False]
    table = first_table(
        tmp_path, "date,input_tokens,output_tokens\n2026-10-01,1,2\n2026-10-01 subtotal,1,2\nTotal,1,2\n"
    )
    assert [part is not None for part in slices(table, PLAIN)] == [True, False, False]


def test_costs_of_input_and_output_are_added_where_no_column_holds_the_whole(tmp_path: Path) -> None:
    header = "date,input_tokens,output_tokens,input_cost,output_cost_usd,input_cost_per_token"
    (part,) = slices(first_table(tmp_path, f"{header}\n2026-10-01,1,2,0.5,0.25,9\n"), PLAIN)
    assert part is not None
    assert part.spend == 0.75
    (part,) = slices(first_table(tmp_path, f"{header},cost\n2026-10-01,1,2,0.5,0.25,9,0.8\n"), PLAIN)
    assert part is not None
    assert part.spend == 0.8


@pytest.mark.parametrize(
    ("text", "currency"),
    [("usd", "USD"), ("", ""), ("jane@example.org", "another currency"), ("€", "another currency")],
)
def test_a_currency_is_a_code_and_nothing_else_is_repeated(text: str, currency: str) -> None:
    row = {"starttime": "1790812800", "amountvalue": "2", "amountcurrency": text}
    (part,) = slices(UsageTable(frozenset(row), lambda: iter([row])), PLAIN)
    assert part is not None
    assert part.currency == currency
