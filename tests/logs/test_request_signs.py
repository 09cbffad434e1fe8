"""What the first rows say, checked over all rows: here 60 rows, of which the first show nothing of what comes later."""

from pathlib import Path

import pytest
from request_logs import NOW, csv_text, write

from calculators.logs.request_file import LogError
from calculators.logs.usage_files import read_usage
from calculators.logs.usage_reading import UsageReading

ROW_COUNT = 100
CACHE, REASONING = "--input-excludes-cache yes|no", "--output-includes-reasoning yes|no"


@pytest.fixture(autouse=True)
def _short_head(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first 50 rows are looked at, and none behind them."""
    monkeypatch.setattr("calculators.logs.request_file.HEAD_ROW_COUNT", 0)
    monkeypatch.setattr("calculators.logs.request_file._later_lines", lambda _path: [])


def read(folder: Path, first: str, later: str, header: str) -> UsageReading:
    """70 rows of the one kind and 30 of the other, one a minute."""
    cells = [first if number < 70 else later for number in range(ROW_COUNT)]
    lines = [f"2026-10-05T{9 + n // 60:02}:{n % 60:02}:00Z,{text}" for n, text in enumerate(cells)]
    return read_usage([write(folder, csv_text(lines, f"timestamp,{header}"))], now=NOW)


NAMES = "input_tokens,output_tokens,cache_read_tokens"
THOUGHTS = "prompt_tokens,completion_tokens,reasoning_tokens"


@pytest.mark.parametrize(
    ("first", "later", "header", "asked"),
    [
        ("100,10,0", "100,10,30", NAMES, [CACHE]),
        ("100,10,0", "100,10,0", NAMES, []),
        ("100,10,0,110", "100,10,30,140", f"{NAMES},total_tokens", []),
        ("100,10,30,110", "100,10,30,999", f"{NAMES},total_tokens", [CACHE]),
        ("100,10,0,110", "100,10,30,999", f"{NAMES},total_tokens", [CACHE]),
        ("100,10,0", "100,10,7", THOUGHTS, [REASONING]),
        ("100,10,0,110", "100,10,7,117", f"{THOUGHTS},total_tokens", []),
        ("100,10,100", "100,300,10", "prompt_tokens,completion_tokens,input_tokens", ["--map input=COLUMN"]),
    ],
    ids=["caches later", "none", "later total", "no total", "nor later", "thoughts later", "their total", "twins"],
)
def test_what_only_the_first_rows_say_is_asked(
    tmp_path: Path, first: str, later: str, header: str, asked: list[str]
) -> None:
    assert [question.option for question in read(tmp_path, first, later, header).questions] == asked


def test_each_row_with_a_total_tells_what_it_adds_up(tmp_path: Path) -> None:
    reading = read(tmp_path, "100,10,30,110", "100,10,30,140", f"{NAMES},total_tokens")
    assert (reading.input_tok, reading.cache_read_tok, reading.questions) == (10_000 + 30 * 30, 3_000, ())
    reading = read(tmp_path, "100,10,7,110", "100,10,7,117", f"{THOUGHTS},total_tokens")
    assert (reading.output_tok, reading.questions) == (1_000 + 30 * 7, ())


def test_caches_larger_than_the_input_must_be_as_frequent_in_all_rows(tmp_path: Path) -> None:
    """3 of the first 50 rows, none of the other 50."""
    cells = ["100,10,300" if number < 3 else "100,10,50" for number in range(ROW_COUNT)]
    lines = [f"2026-10-05T{9 + n // 60:02}:{n % 60:02}:00Z,{text}" for n, text in enumerate(cells)]
    reading = read_usage([write(tmp_path, csv_text(lines, f"timestamp,{NAMES}"))], now=NOW)
    assert [question.option for question in reading.questions] == [CACHE]


@pytest.mark.parametrize("other_count", [1, 30])
def test_dates_of_both_orders_are_refused(tmp_path: Path, other_count: int) -> None:
    dates = ["13/10/2026"] * (ROW_COUNT * 2 - other_count) + ["10/13/2026"] * other_count
    lines = [f"{day} {9 + n // 60:02}:{n % 60:02}:00,100,10" for n, day in enumerate(dates)]
    with pytest.raises(LogError, match="some dates begin with the day"):
        read_usage([write(tmp_path, csv_text(lines, "timestamp,input_tokens,output_tokens"))], now=NOW)
