"""Numbers, blanks, times and headers as people and programs write them: one log each, one result."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import ibis
import pytest
from request_logs import CANARY, HEADER, ROWS, csv_text, read_text

from calculators.logs.cell_expressions import CountStyle, count_text, odd_text
from calculators.logs.cells import is_number
from calculators.logs.request_file import LogError
from calculators.logs.request_log import read_log
from calculators.logs.request_mapping import guess_columns
from calculators.logs.timestamps import is_excel_day, is_rounded, time_style

NINE, FIVE_PAST = datetime(2026, 10, 5, 9, 0, 0, tzinfo=UTC), datetime(2026, 10, 5, 21, 5, 0, 250_000, tzinfo=UTC)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("2026-10-05 09:00:00,000", "2026-10-05 21:05:00,250"),  # Python logging
        ("10/05/2026 09:00:00.000 AM", "10/05/2026 09:05:00.250 PM"),
        ("10/5/2026, 9:00:00.000 AM", "10/5/2026, 9:05:00.250 PM"),  # Log Analytics
        ("05.10.2026 09:00:00,000", "05.10.2026 21:05:00,250"),
        ("05-OCT-26 09:00:00", "05-OCT-26 09:05:00.250 PM"),  # Oracle
        ("20261005T090000Z", "20261005T210500.250Z"),
        ("20261005090000", "20261005210500.250"),
        ("202610050900", "20261005210500250"),
        ("20261005090000", "20261005210500250000"),
        ("Mon, 05 Oct 2026 09:00:00 GMT", "Mon, 05 Oct 2026 21:05:00.250 +0000"),
        ("5 October 2026 09:00 UTC", "05-Oct-2026 23:05:00.250 +02:00"),
        ("[05/Oct/2026:09:00:00 +0000]", "[05/Oct/2026:17:05:00.250 -0400]"),  # Apache
        ("2026-10-05 09:00:00 +0000 UTC", "2026-10-05 23:05:00.25 +0200 CEST m=+0.000123"),  # Go
        ("Mon Oct  5 09:00:00 2026", "Mon Oct  5 21:05:00.250 2026"),
        ("Oct 5, 2026 9:00:00 AM", "Oct 5, 2026, 9:05:00.250 PM"),
        ("2026-10-05 09:00:00 UTC", "2026-10-05 21:05:00.250000+00"),
        ("46300.375", "46300.8784751157"),  # 21:05:00.25 is 75900.25/86400 of a day
        ("46300,375", "46300,8784751157"),
    ],
)
def test_times(tmp_path: Path, first: str, second: str) -> None:
    text = csv_text([f'"{first}";1;2', f'"{second}";3;4'], "timestamp;input_tokens;output_tokens")
    summary = read_text(tmp_path, text)
    assert (summary.start, summary.end) == (NINE, FIVE_PAST)


@pytest.mark.parametrize(
    "cell", ["2026-10-05 25:00:00", "Mon 5 Oct 09:00:00", "2026-10-05 09:00:00 CEST", "31/31/2026 09:00"]
)
def test_what_is_no_time_or_names_no_offset_is_refused(tmp_path: Path, cell: str) -> None:
    with pytest.raises(LogError, match=r"time"):
        read_text(tmp_path, csv_text([f"{cell},1,2", f"{cell},3,4"]))


def test_date_and_time_in_two_columns(tmp_path: Path) -> None:
    rows = ["2026-10-05,09:00:00,1,2", "2026-10-05,21:05:00.250,3,4"]
    summary = read_text(tmp_path, csv_text(rows, "Day,Clock,input_tokens,output_tokens"))
    assert (summary.start, summary.end) == (NINE, FIVE_PAST)


def test_the_order_of_day_and_month() -> None:
    """13 can only be a day; days change more often than months; one date alone tells nothing."""
    assert time_style(["05/10/2026 09:00", "13/10/2026 09:00"]).day_first
    assert not time_style(["10/05/2026 09:00", "10/13/2026 09:00"]).day_first
    assert time_style(["10/05/2026", "10/06/2026", "10/07/2026"]).sure
    assert time_style(["05/10/2026", "06/10/2026"]).day_first
    assert not time_style(["05/10/2026 09:00"]).sure


def test_a_date_that_does_not_tell_day_from_month_is_in_doubt(tmp_path: Path) -> None:
    (tmp_path / "log.csv").write_text(csv_text(["05/10/2026 09:00,1,2", "05/10/2026 10:00,3,4"]))
    assert not guess_columns(tmp_path / "log.csv").sure


def test_spreadsheet_numbers_are_told_from_other_clocks(tmp_path: Path) -> None:
    assert is_excel_day(["46300.37642189", "46300.4", "46300.377"])
    assert not is_excel_day(["0.0", "46300.37642189"])
    assert not is_excel_day(["46300", "46301"])
    assert is_rounded(["1.79119E+12", "1,79119E+12"])
    with pytest.raises(LogError, match="rounded by a spreadsheet"):
        read_text(tmp_path, csv_text(["1.79119E+12,1,2", "1.79120E+12,3,4"]))


@pytest.mark.parametrize(
    ("cells", "total_tok"),
    [
        (("2.880", "300", "1.000.001"), 1_003_181),
        (("2.880,0", "300", "12"), 3_192),
        (("2880.000", "300.000", "2.000"), 3_182),  # three decimals, no thousands
        (("300.000", "200.000", "2.000"), 502),
        (("2 880", "1\u202f000", "1\u00a0000"), 4_880),
        (("2'880", "1’000", "12"), 3_892),
        (("2,880", "1,234.0", "12,0"), 4_126),
        (("12,34,567", "1", "2.0"), 1_234_570),
        (("2.88e3", "1", "2"), 2_883),
    ],
)
def test_thousands_and_decimals(tmp_path: Path, cells: tuple[str, ...], total_tok: int) -> None:
    rows = [f"2026-10-05T09:0{minute}:00Z;{cell};1" for minute, cell in enumerate(cells)]
    summary = read_text(tmp_path, csv_text(rows, "timestamp;input_tokens;output_tokens"))
    assert summary.input_tok.mean_tok * 3 == pytest.approx(total_tok)
    assert all(map(is_number, cells))


def test_a_text_is_left_of_cells_that_no_cast_read() -> None:
    table: Any = ibis.memtable({"at": range(6), "cell": ["12", " 12,5 ", "N/A", "x\t", "", "-3"]})
    number = table.cell.try_cast("float64")
    made = ibis.duckdb.connect().to_pyarrow(
        table.order_by("at").select(
            odd=odd_text(table.cell, number.notnull()), count=count_text(table.cell, number, CountStyle())
        )
    )
    assert made["odd"].to_pylist() == [None, "12,5", None, "x", None, None]
    assert made["count"].to_pylist() == [None, "12,5", None, "x", None, "-3"]


@pytest.mark.parametrize("word", ["null", "NaN", "N/A", "-", "None", r"\N", "—"])
def test_words_for_blank(tmp_path: Path, word: str) -> None:
    rows = [f"2026-10-05T09:0{m}:00Z,100,10,{word}" for m in range(4)] + ["2026-10-05T09:05:00Z,100,10,50"]
    failed = f"2026-10-05T09:06:00Z,{word},{word},{word}"
    summary = read_text(tmp_path, csv_text([*rows, failed], HEADER + ",cached_tokens"))
    assert (summary.used_row_count, summary.dropped) == (5, (("no token counts", 1),))
    assert summary.cached_frac == pytest.approx(0.1)


@pytest.mark.parametrize(
    "before",
    [
        "sep=,\n",
        "Usage report\nTeam A, October 2026\n\n",
        "# exported 2026-10-06\n# tz UTC\n",
        "\ufeffReport,,\n,,\n",
        '"Report, with ""quotes"" and\ntwo lines"\n',
    ],
)
def test_lines_before_the_header(tmp_path: Path, before: str) -> None:
    summary = read_text(tmp_path, before + csv_text(ROWS))
    assert (summary.used_row_count, summary.input_tok.mean_tok) == (3, 200.0)


def test_headers_between_rows_and_totals_below_are_left_out(tmp_path: Path) -> None:
    summary = read_text(tmp_path, csv_text([*ROWS, HEADER, *ROWS, HEADER, "Total,1200,120"]))
    assert dict(summary.dropped) == {"repeated headers": 2, "totals rows": 1}
    assert summary.used_row_count == 6


@pytest.mark.parametrize("time", ["", "2026-10-05T10:00:00Z"])
def test_a_row_that_sums_up_all_others_is_no_request(tmp_path: Path, time: str) -> None:
    rows = [f"2026-10-05T09:0{m}:00Z,{100 + m},10" for m in range(4)]
    summary = read_text(tmp_path, csv_text([*rows, f"{time},406,40"]))
    assert (summary.used_row_count, dict(summary.dropped)) == (4, {"totals rows": 1})


@pytest.mark.parametrize(
    "text",
    [
        f"2026-10-05T09:00:00Z,100,10,{CANARY}\n2026-10-05T09:01:00Z,100,10,{CANARY}\n",
        f"timestamp,-05T09:07:22Z,126,36,200,r26,{CANARY}\n2026-10-05T09:01:00Z,1,126,36,200,r27,{CANARY}\n",
        f"{CANARY} one,hello\n{CANARY} two,world\n",
        f"gpt,{CANARY}\n1,2\n".replace("1,2", "a,b"),
    ],
)
def test_a_file_without_a_header_does_not_show_its_first_row(tmp_path: Path, text: str) -> None:
    (tmp_path / "log.csv").write_text(text)
    with pytest.raises(LogError, match="no header row") as caught:
        read_log(tmp_path / "log.csv")
    assert CANARY not in str(caught.value)


def test_blank_names_are_numbered_at_once(tmp_path: Path) -> None:
    """Looking each up in a list took minutes for 100,000."""
    with pytest.raises(LogError, match="300,001 columns"):
        read_text(tmp_path, "a" + "," * 300_000 + "\n1\n")


@pytest.mark.parametrize("word", ["epoch", "infinity", "-infinity"])
def test_words_that_the_engine_takes_for_times_are_none(tmp_path: Path, word: str) -> None:
    times = [f"2026-10-05T09:{n // 60:02}:{n % 60:02}.5Z" for n in range(200)]
    summary = read_text(tmp_path, csv_text([f"{time},1,2" for time in [*times, word]]))
    assert (summary.used_row_count, dict(summary.dropped)) == (200, {"unreadable rows": 1})
