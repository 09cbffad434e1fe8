"""One entry for files of usage."""

from pathlib import Path

import pytest
from request_logs import HEADER, NOW, ROWS, csv_text, json_lines, write

from calculators.logs.request_file import LogError
from calculators.logs.usage_files import read_usage


def test_files_of_different_columns_and_kinds_are_one_log(tmp_path: Path) -> None:
    """600 input and 40 output tokens in the first, 70 and 7 in the second."""
    first = write(tmp_path, csv_text(ROWS), "a.csv")
    objects: list[dict[str, object]] = [
        {"created_at": "2026-10-05T09:20:00Z", "usage": {"prompt_tokens": 70, "completion_tokens": 7}}
    ]
    reading = read_usage([first, write(tmp_path, json_lines(objects), "b.jsonl")], now=NOW)
    assert (reading.requests, reading.input_tok, reading.output_tok) == (4, 670, 47)
    assert reading.name == "a.csv and 1 more file"
    assert reading.end is not None
    assert reading.end.minute == 20


def test_a_broken_file_among_several_is_named(tmp_path: Path) -> None:
    broken = write(tmp_path, csv_text(["x,y,z"], HEADER), "second.csv")
    with pytest.raises(LogError, match=r"second\.csv"):
        read_usage([write(tmp_path, csv_text(ROWS), "first.csv"), broken], now=NOW)


def test_bad_lines_are_counted_in_the_file_that_has_them(tmp_path: Path) -> None:
    many = [f"2026-10-05T09:{n // 60:02}:{n % 60:02}.5Z,{n + 1},{n % 7}" for n in range(600)]
    first = write(tmp_path, csv_text([*many, "1,2,3,4,5"]), "a.csv")
    second = write(tmp_path, csv_text([row.replace("T09", "T10") for row in many]), "b.csv")
    assert read_usage([first, second], now=NOW).read[0] == "Excluded rows: 1 (unreadable rows)."


def test_clocks_of_two_kinds_are_no_one_log(tmp_path: Path) -> None:
    relative = write(tmp_path, csv_text(["0.5,1,1", "9.5,2,2"], "time_s,input,output"), "b.csv")
    with pytest.raises(LogError, match="one by one"):
        read_usage([write(tmp_path, csv_text(ROWS)), relative], now=NOW)


def test_the_reading_says_what_is_missing(tmp_path: Path) -> None:
    missing = read_usage([write(tmp_path, csv_text(ROWS))], now=NOW).missing
    assert "The log does not say which model answered." in missing
    assert "The log does not say what the requests cost." in missing
