"""Format, columns and limits of a log file."""

import gzip
import zipfile
from pathlib import Path

import pytest
from request_logs import CANARY, HEADER, ROWS, csv_text, input_sum_tok, json_lines, read_text

from calculators.logs import log_bytes as usage_file
from calculators.logs.request_file import LogError, read_head
from calculators.logs.request_log import read_log
from calculators.logs.request_mapping import guess_columns

OTEL = [
    {"time": f"2026-10-05T09:0{minute}:00Z", "gen_ai.usage.input_tokens": 160, "gen_ai.usage.output_tokens": 7,
     "gen_ai.usage.cache_read.input_tokens": 50}
    for minute in (3, 4)
]  # fmt: skip


@pytest.mark.parametrize(
    ("delimiter", "newline", "start"),
    [
        *((delimiter, "\n", "") for delimiter in ";\t|"),
        *((delimiter, "\r\n", "blank lines") for delimiter in ",;\t|"),
        *((",", newline, "\ufeff") for newline in ("\n", "\r\n")),
        (",", "\n", "blank lines"),
    ],
)
def test_dialects(tmp_path: Path, delimiter: str, newline: str, start: str) -> None:
    text = start.replace("blank lines", newline * 2) + newline.join([HEADER, *ROWS]).replace(",", delimiter)
    assert input_sum_tok(read_text(tmp_path, text)) == 600


def test_quoted_newlines_and_text_columns(tmp_path: Path) -> None:
    prompt = f'"{CANARY}, with ""quotes""\nand lines\n"'
    rows = [f"{prompt},{row}" for row in ROWS]
    found = read_text(tmp_path, csv_text(rows, f"prompt,{HEADER}"))
    guess = guess_columns(tmp_path / "log.csv")
    assert (found.row_count, input_sum_tok(found)) == (3, 600)
    assert CANARY not in repr(found) + repr(guess)
    assert guess.sample[0] == ("", "2026-10-05T09:00:00Z", "100", "10")


def test_hostile_names(tmp_path: Path) -> None:
    header = '"in""put; DROP TABLE requests --",time,"out\'put"'
    text = csv_text(["1,2026-10-05T09:00:00Z,2", "3,2026-10-05T09:00:01Z,4"], header)
    roles = {"time": "time", "input": 'in"put; DROP TABLE requests --', "output": "out'put"}
    assert input_sum_tok(read_text(tmp_path, text, "we'ird [1]*.csv", role_of=roles)) == 4
    objects = [{"a/b~'c": {'"x': 5}, "time": 1_791_190_800 + second, "output": 1} for second in (0, 1)]
    roles = {"time": "time", "input": "a/b~'c.\"x", "output": "output"}
    assert input_sum_tok(read_text(tmp_path, json_lines(objects), "log.jsonl", role_of=roles)) == 10


DEEP = '{"a":' * 5_000 + "1" + "}" * 5_000


def test_one_deep_line_among_good_ones(tmp_path: Path) -> None:
    found = read_text(tmp_path, json_lines(OTEL) + DEEP + "\n", "log.jsonl")
    assert (found.used_row_count, found.dropped) == (2, (("no token counts", 1),))


def test_workbook_renamed(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "book.csv", "w") as book:
        book.writestr("xl/workbook.xml", "<x/>")
    with pytest.raises(LogError, match="no sheet with a table"):
        read_log(tmp_path / "book.csv")


def test_gzip_bomb(tmp_path: Path) -> None:
    bomb = gzip.compress(b"a,b\n" * 10_000_000, 9)
    with pytest.raises(LogError, match="unpacks to more than"):
        read_text(tmp_path, bomb, "log.csv.gz")


def test_limits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(usage_file, "MAX_LOG_ROWS", 2)
    with pytest.raises(LogError, match="more than 2 lines"):
        read_text(tmp_path, csv_text(ROWS))
    monkeypatch.setattr(usage_file, "MAX_LOG_BYTES", 10)
    with pytest.raises(LogError, match="limit is 0 MB"):
        read_text(tmp_path, csv_text(ROWS))


def test_missing_file_and_folder(tmp_path: Path) -> None:
    for path in (tmp_path / "nothing.csv", tmp_path):
        with pytest.raises(LogError, match=r"cannot be opened|is not a file"):
            read_log(path)


def test_a_dump_of_sql_is_named_as_such(tmp_path: Path) -> None:
    path = tmp_path / "x.sql"
    path.write_text("-- MySQL dump\nINSERT INTO `calls` (`id`,`tokens`) VALUES\n(1,3),\n(2,4);\n")
    with pytest.raises(LogError, match="dump of SQL statements"):
        read_head(path, "x.sql")
