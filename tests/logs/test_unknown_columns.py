"""Logs that lack a time, an input or an output."""

import json
from pathlib import Path

import pytest
from request_logs import write

from calculators.__main__ import main
from calculators.logs.unknown_columns import UnknownColumn
from calculators.logs.usage_files import read_usage


def test_the_columns_that_may_be_it_are_the_answers(tmp_path: Path) -> None:
    path = write(tmp_path, "moment_of_it,x,y,word\n2026-10-05T09:00:00Z,2,3,a\n2026-10-05T09:01:00Z,4,5,b\n")
    with pytest.raises(UnknownColumn, match="recognized as the time") as told:
        read_usage([path])
    question = told.value.question
    assert (question.option, question.field) == ("--map time=COLUMN", "column_of")
    assert question.values == (("time", "moment_of_it"), ("time", "x"), ("time", "y"))


def test_the_command_line_prints_the_question_as_json(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(tmp_path, "a,b,c\nfoo,2,3\nbar,4,5\n")
    assert main(["workload", str(path), "--json"]) == 2
    printed = json.loads(capsys.readouterr().out)
    assert printed["requests"] is None
    assert printed["questions"][0]["option"] == "--map time=COLUMN"


def test_a_log_that_never_has_tokens_says_what_has_them(tmp_path: Path) -> None:
    row = {"time": "2026-10-05T09:00:00Z", "category": "RequestResponse", "durationMs": 9, "resultSignature": "200"}
    path = write(tmp_path, f"{json.dumps(row)}\n{json.dumps(row)}\n", "log.jsonl")
    with pytest.raises(UnknownColumn, match="diagnostic logs of Azure never have them"):
        read_usage([path])


def test_periods_are_told(tmp_path: Path) -> None:
    rows = [{"timestamp": f"Q{n} 2026", "usage": {"prompt_tokens": n, "completion_tokens": 3}} for n in (1, 2, 3)]
    path = write(tmp_path, "\n".join(map(json.dumps, rows)))
    with pytest.raises(UnknownColumn, match='holds months, quarters or weeks, such as "Q1 2026"'):
        read_usage([path])
