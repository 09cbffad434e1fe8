"""Money, periods and dates as accounts write them: exports made by code, with what each must say."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from golden_calls import ALL, GOOD, INPUT_TOK, OUTPUT_TOK, read_files, sums, table

from calculators.logs.usage_questions import UsageAnswers

HEADER = ["Date", "Requests", "Input tokens", "Output tokens"]
DAYS = [["2026-10-05", 12, 60_000, 5_000], ["2026-10-06", 10, INPUT_TOK - 60_000, OUTPUT_TOK - 5_000]]


def days_with(header: str, first: object, second: object) -> str:
    return table([*HEADER, header], [[*DAYS[0], first], [*DAYS[1], second]])


def log_with(header: str, cell: object) -> str:
    names = ["timestamp", "id", "input_tokens", "output_tokens", header]
    return table(names, [[c.iso, c.id, c.input_tok, c.output_tok, cell] for c in GOOD])


# --- money beside tokens ----------------------------------------------------------------------------------------------

SPENDS = {
    "euros by the name": (days_with("Cost (EUR)", 1.2, 1.3), None),
    "euros by a sign in the name": (days_with("Cost (€)", 1.2, 1.3), None),
    "euros in the cells": (days_with("Cost", "1,20 €", "1,30 €"), None),
    "Australian dollars": (days_with("Cost", "A$1.20", "A$1.30"), None),
    "US dollars in the cells": (days_with("Cost", "USD 1.20", "US$1.30"), 2.5),
    "cents": (days_with("Spend (cents)", 120, 130), 2.5),
    "millionths": (days_with("cost_micro_usd", 1_200_000, 1_300_000), 2.5),
    "a refund in brackets": (days_with("Cost", "$2.00", "($0.50)"), 1.5),
    "a log in euros": (log_with("cost_eur", 0.01), None),
    "a log in pounds by its cells": (log_with("cost", "£0.01"), None),
    "a log in cents": (log_with("costInCents", 1), 0.22),
    "a log with dollars in words": (log_with("cost", "US$0.01"), 0.22),
    "a column of currencies": (
        table(
            ["timestamp", "id", "input_tokens", "output_tokens", "cost", "currency"],
            [[c.iso, c.id, c.input_tok, c.output_tok, 0.01, "USD" if i else "EUR"] for i, c in enumerate(GOOD)],
        ),
        None,
    ),
    "German sums": (
        table(
            ["Datum", "Anfragen", "Eingabe-Token", "Ausgabe-Token", "Kosten", "Währung"],
            [[f"{d[8:]}.10.2026", n, i, o, "1,20", "EUR"] for d, n, i, o in DAYS],
            ";",
        ),
        None,
    ),
}


@pytest.mark.parametrize("name", SPENDS)
def test_spend_is_in_us_dollars_or_unknown(tmp_path: Path, name: str) -> None:
    text, spend_usd = SPENDS[name]
    reading = read_files(tmp_path, text)
    assert sums(reading) == ALL
    assert reading.spend_usd == (None if spend_usd is None else pytest.approx(spend_usd))


# --- money alone ------------------------------------------------------------------------------------------------------

INVOICE = ["Date", "Description", "Qty", "Unit price", "Amount"]
BILLS = {
    "a plain cost export": (
        table(
            ["start_time_iso", "end_time_iso", "amount_value", "amount_currency", "line_item"],
            [[f"2026-10-0{d}T00:00:00+00:00", f"2026-10-0{d + 1}T00:00:00+00:00", d, "usd", "gpt, input"] for d in (5, 6)],
        ),
        (11.0, 2),
    ),
    "costs by day and their total": (
        table(["Date", "Model", "Cost"], [["2026-10-05", "a", "$1.50"], ["2026-10-06", "b", "$2.50"], ["Total", "", "$4"]]),
        (4.0, 2),
    ),
    "months": (table(["Month", "Cost"], [["2026-09", "$100"], ["2026-10", "$120"]]), (220.0, 61)),
    "an invoice with a tax and what is due": (
        table(
            INVOICE,
            [
                ["2026-11-01", "API usage", 1, "$50.00", "$50.00"],
                ["2026-11-01", "Sales tax", 1, "$4.00", "$4.00"],
                ["2026-11-01", "Credit applied", 1, "-$9.00", "-$9.00"],
                ["", "Amount due", "", "", "$45.00"],
            ],
        ),
        (50.0, None),
    ),
    "a list of invoices": (
        table(["Date", "Invoice", "Amount due"], [[f"2026-{month:02}-01", month, "$100.00"] for month in (8, 9, 10)]),
        (300.0, None),
    ),
    "a discount and a refund": (
        table(
            ["Date", "Description", "Amount"],
            [
                ["2026-10-05", "Usage", "3"],
                ["2026-10-06", "Usage", "1"],
                ["2026-10-06", "Refund", "-0.5"],
                ["2026-10-06", "Volume discount", "-0.25"],
            ],
        ),
        (3.75, 2),
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", BILLS)
def test_a_bill_gives_its_spend_and_a_period_or_says_why_not(tmp_path: Path, name: str) -> None:
    text, (spend_usd, day_count) = BILLS[name]
    reading = read_files(tmp_path, text)
    assert reading.is_bill
    assert reading.spend_usd == pytest.approx(spend_usd)
    assert [question.option for question in reading.questions] == ["a second FILE with tokens"]
    if day_count is None:
        assert reading.start is reading.end is None
        assert any("dates of invoices" in words for words in reading.missing)
    else:
        assert reading.spend_span_s == day_count * 86_400


# --- periods ----------------------------------------------------------------------------------------------------------

DATED = {
    "months in words": (["September 2026", "October 2026"], "Month", (datetime(2026, 9, 1), datetime(2026, 11, 1))),
    "months as numbers": (["09/2026", "10/2026"], "Month", (datetime(2026, 9, 1), datetime(2026, 11, 1))),
    "weeks": (["2026-10-05", "2026-10-12"], "Week of", (datetime(2026, 10, 5), datetime(2026, 10, 19))),
}


@pytest.mark.parametrize("name", DATED)
def test_periods_as_people_name_them(tmp_path: Path, name: str) -> None:
    starts, header, span = DATED[name]
    rows = [[start, *day[1:]] for start, day in zip(starts, DAYS, strict=True)]
    reading = read_files(tmp_path, table([header, *HEADER[1:]], rows))
    assert sums(reading) == ALL
    assert (reading.start, reading.end) == tuple(moment.replace(tzinfo=UTC) for moment in span)


def test_the_last_day_of_a_period_belongs_to_it(tmp_path: Path) -> None:
    rows = [["2026-10-01", "2026-10-07", *DAYS[0][1:]], ["2026-10-08", "2026-10-14", *DAYS[1][1:]]]
    reading = read_files(tmp_path, table(["Start date", "End date", *HEADER[1:]], rows))
    assert sums(reading) == ALL
    assert reading.end == datetime(2026, 10, 15, tzinfo=UTC)


def test_a_date_that_may_be_either_way_round_is_asked(tmp_path: Path) -> None:
    text = table(HEADER, [["05/10/2026", 22, INPUT_TOK, OUTPUT_TOK]])
    asked = read_files(tmp_path, text)
    assert [question.field for question in asked.questions] == ["date_order"]
    told = read_files(tmp_path, text, answers=UsageAnswers(date_order="day"))
    assert told.questions == ()
    assert told.start == datetime(2026, 10, 5, tzinfo=UTC)


@pytest.mark.parametrize("delimiter", [",", "\t", ";"])
def test_points_between_thousands_of_tokens(tmp_path: Path, delimiter: str) -> None:
    rows = [[d, n, *(f"{count:,}".replace(",", ".") for count in counts)] for d, n, *counts in DAYS]
    assert sums(read_files(tmp_path, table(HEADER, rows, delimiter))) == ALL


def test_running_totals_are_no_sums_of_days(tmp_path: Path) -> None:
    header = ["Date", "Cumulative requests", "Cumulative input tokens", "Cumulative output tokens"]
    reading = read_files(tmp_path, table(header, [DAYS[0], ["2026-10-06", 22, INPUT_TOK, OUTPUT_TOK]]))
    assert (reading.requests, reading.input_tok, reading.output_tok) == (22, INPUT_TOK, OUTPUT_TOK)


def test_sums_by_user_are_no_lengths_of_requests(tmp_path: Path) -> None:
    reading = read_files(tmp_path, table(["User", *HEADER[1:]], [["a", *DAYS[0][1:]], ["b", *DAYS[1][1:]]]))
    assert reading.kind == "aggregate"
    assert "how many days is it for?" in reading.questions[0].text


# --- rows that differ in little ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("header", ["team", "api_key_name"])
def test_rows_that_differ_in_team_or_key_are_no_copies(tmp_path: Path, header: str) -> None:
    rows = [
        [f"2026-10-05T09:{minute:02}:00.{minute:03}Z", group, 1_000, 50] for minute in range(30) for group in ("a", "b")
    ]
    reading = read_files(tmp_path, table(["timestamp", header, "input_tokens", "output_tokens"], rows))
    assert (reading.requests, reading.input_tok) == (60, 60_000)


def test_what_is_assumed_of_the_clock_stands_under_assumed(tmp_path: Path) -> None:
    plain = table(
        ["timestamp", "input_tokens", "output_tokens"], [[c.iso[:-1], c.input_tok, c.output_tok] for c in GOOD]
    )
    for text in (plain, table(HEADER, DAYS)):
        reading = read_files(tmp_path, text)
        assert any("UTC" in words for words in reading.assumed)
        assert not any("assumed" in words for words in reading.read)
