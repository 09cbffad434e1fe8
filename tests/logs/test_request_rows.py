"""Text to integers: every row is counted, excluded or refused."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from request_logs import HEADER, ROWS, csv_text, input_sum_tok, read_text, write

from calculators.logs import log_engine as usage_parse


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("2026-10-05T09:00:00Z", "2026-10-05T09:00:01.5Z"),
        ("2026-10-05T11:00:00+02:00", "2026-10-05T05:00:01.500-0400"),
        ("2026-10-05 09:00:00", "2026-10-05 09:00:01.5000000"),
        ("1791190800", "1791190801.5"),
        ("1791190800000", "1791190801500"),
        ("1791190800000000", "1791190801500000"),
        ("1791190800000000000", "1791190801500000000"),
    ],
)
def test_times(tmp_path: Path, first: str, second: str) -> None:
    found = read_text(tmp_path, csv_text([f"{first},100,10", f"{second},300,30"]))
    assert (found.start, found.span_s) == (datetime(2026, 10, 5, 9, tzinfo=UTC), 1.5)


def test_last_half_second_stays_in_its_minute(tmp_path: Path) -> None:
    rows = [f"2026-10-05T09:{second // 60:02}:{second % 60:02}.700Z,1,1" for second in range(600)]
    assert read_text(tmp_path, csv_text(rows)).per_minute_requests == (60,) * 10


def test_whole_numbers_as_people_write_them(tmp_path: Path) -> None:
    texts = ["1234", "1234.0", '"1,234"', " 1234 ", '"1234,0"', "1.234e3"]
    found = read_text(
        tmp_path, csv_text([f"2026-10-05T09:00:0{second}Z,{text},1" for second, text in enumerate(texts)])
    )
    assert (found.used_row_count, found.input_tok.mean_tok, found.input_tok.max_tok) == (len(texts), 1234, 1234)


def test_duplicate_ids_are_dropped_and_counted(tmp_path: Path) -> None:
    rows = [f"{name},{row}" for name, row in zip(["a", "b", "", "b"], [*ROWS, ROWS[1]], strict=True)]
    found = read_text(tmp_path, csv_text(rows, f"request_id,{HEADER}"))
    assert (found.used_row_count, found.dropped) == (3, (("duplicate ids", 1),))
    assert read_text(tmp_path, csv_text([f"same,{row}" for row in ROWS], f"id,{HEADER}")).used_row_count == 3


def test_repeated_rows_without_id_are_kept_and_noted(tmp_path: Path) -> None:
    found = read_text(tmp_path, csv_text([*ROWS, ROWS[0]]))
    assert found.used_row_count == 4
    assert any("duplicate row" in note for note in found.notes)


def test_failed_requests_are_left_out(tmp_path: Path) -> None:
    good = [f"{row},{word}" for row, word in zip(ROWS, ["200", "success", ""], strict=True)]
    words = ["429", "500", "error", "Failed", "cancelled", "ThrottlingException", "timeout"]
    found = read_text(tmp_path, csv_text([*good, *(f"{ROWS[0]},{word}" for word in words)], f"{HEADER},status"))
    assert (input_sum_tok(found), found.used_row_count, found.dropped) == (600, 3, (("failed requests", 7),))


def test_few_bad_rows_are_dropped_with_a_note(tmp_path: Path) -> None:
    good = [f"2026-10-05T09:{minute:02}:{second:02}Z,100,10" for minute in range(10) for second in range(60)]
    found = read_text(tmp_path, csv_text([*good, "2026-10-05T09:00:00Z,oops,1", "1,2,3,4,5", "2026-10-05T09:00,1"]))
    assert (found.row_count, found.used_row_count) == (603, 600)
    assert found.dropped == (("unreadable rows", 3),)
    assert any("unreadable" in note for note in found.notes)


def test_engine_is_locked(tmp_path: Path) -> None:
    log = write(tmp_path, csv_text(ROWS), "allowed.csv")
    folder = tmp_path / "scratch"
    folder.mkdir()
    connection = usage_parse.LogEngine(folder, log).connection
    for statement in (
        "SELECT * FROM read_csv('/etc/passwd')",
        f"COPY (SELECT 1) TO '{tmp_path}/out.csv'",
        f"ATTACH '{tmp_path}/other.duckdb'",
        "SET enable_external_access = true",
        "SET memory_limit = '8GB'",
    ):
        with pytest.raises(Exception, match=r"Permission|locked|disabled|cannot|Cannot"):
            connection.execute(statement)
    connection.close()
