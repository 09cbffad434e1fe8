"""Samples of a log."""

import json
from pathlib import Path

import pytest
from request_logs import NOW, write

from calculators.logs.request_file import read_head
from calculators.logs.request_sampling import sampling_column
from calculators.logs.usage_files import read_usage
from calculators.logs.usage_questions import UsageAnswers


@pytest.mark.parametrize(
    ("header", "cell", "found"),
    [
        ("sampling_rate", "0.25", ("sampling_rate", 4.0)),
        ("SampleRate", "10", ("SampleRate", 10.0)),
        ("itemCount", "2", ("itemCount", 2.0)),
        ("sampling_fraction", "1.0", None),
        ("sample_id", "7", None),
        ("rate", "0.1", None),
    ],
)
def test_columns_that_say_a_row_stands_for_several(
    tmp_path: Path, header: str, cell: str, found: tuple[str, float] | None
) -> None:
    rows = "".join(f"2026-10-05T09:00:0{n}Z,10,1,{cell}\n" for n in range(3))
    path = write(tmp_path, f"timestamp,input_tokens,output_tokens,{header}\n{rows}")
    assert sampling_column(read_head(path, "log.csv")) == found


@pytest.mark.parametrize(("name", "kind"), [("num_calls", "csv"), ("num_turns", "jsonl")])
@pytest.mark.parametrize(("answer", "requests"), [(None, 3), (False, 3), (True, 6)])
def test_rows_with_the_sums_of_several_requests_are_asked_about(
    tmp_path: Path, name: str, kind: str, answer: bool | None, requests: int
) -> None:
    """Rows of 3, 1 and 2 requests, with 10, 11 and 12 input and 5 output tokens."""
    rows = [(f"2026-10-05T09:0{n}:07.5Z", 10 + n, 5, calls) for n, calls in enumerate((3, 1, 2))]
    names = ("timestamp", "input_tokens", "output_tokens", name)
    text = "\n".join([",".join(names), *(",".join(map(str, row)) for row in rows)])
    if kind == "jsonl":
        text = json.dumps([{"call": dict(zip(names, row, strict=True))} for row in rows])
    reading = read_usage([write(tmp_path, text + "\n", f"log.{kind}")], UsageAnswers(row_sums=answer), now=NOW)
    assert (reading.requests, reading.input_tok, reading.output_tok) == (requests, 33, 15)
    assert [question.option for question in reading.questions] == ["--row-sums yes|no"] * (answer is None)


def test_a_count_of_one_in_every_row_is_not_asked_about(tmp_path: Path) -> None:
    rows = "".join(f"2026-10-05T09:00:0{n}Z,10,{n},1\n" for n in range(1, 4))
    path = write(tmp_path, f"timestamp,input_tokens,output_tokens,requests\n{rows}")
    reading = read_usage([path], now=NOW)
    assert (reading.requests, reading.questions) == (3, ())
