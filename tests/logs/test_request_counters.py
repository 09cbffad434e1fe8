"""Counts and costs that run on. The log of most tests: 12 requests, one a minute."""

from itertools import accumulate
from pathlib import Path

import pytest
from request_logs import NOW, csv_text, write

from calculators.logs.request_counters import _cost_runs_on
from calculators.logs.usage_files import read_usage
from calculators.logs.usage_questions import UsageAnswers
from calculators.logs.usage_reading import UsageReading

COUNT = 12
INPUTS = [100 * (number % 5) + 200 for number in range(COUNT)]  # 2 x 2,000 + 200 + 300 = 4,500 tokens
OUTPUTS = [10 * (number % 3) + 10 for number in range(COUNT)]  # 4 x 60 = 240 tokens
TIMES = [f"2026-10-05T09:{number:02}:00.250Z" for number in range(COUNT)]
COSTS = [(tokens + 4 * more) / 1_000 for tokens, more in zip(INPUTS, OUTPUTS, strict=True)]  # $5.46
RIGHT = (12, 4_500, 240)
HEADER = "timestamp,input_tokens,output_tokens,total_cost"


def read(folder: Path, *columns: list[float], header: str = HEADER, **answers: object) -> UsageReading:
    lines = [",".join(map(str, cells)) for cells in zip(TIMES, *columns, strict=True)]
    return read_usage([write(folder, csv_text(lines, header))], UsageAnswers(**answers), now=NOW)  # type: ignore[arg-type]


def figures(reading: UsageReading) -> tuple[float | None, int | None, int | None]:
    return reading.requests, reading.input_tok, reading.output_tok


def test_counters_that_only_grow_are_asked_about_and_can_be_differenced_with_their_costs(tmp_path: Path) -> None:
    totals = [list(accumulate(column)) for column in (INPUTS, OUTPUTS, COSTS)]
    assert [question.field for question in read(tmp_path, *totals).questions] == ["counts"]
    running = read(tmp_path, *totals, counts="running")
    assert (figures(running), running.spend_usd) == (RIGHT, pytest.approx(5.46))
    each = read(tmp_path, *totals, counts="each")
    assert (each.questions, each.spend_usd) == ((), pytest.approx(sum(totals[2])))


def test_counters_of_sessions_that_run_side_by_side_are_differenced(tmp_path: Path) -> None:
    sessions = [[n for n in range(number + 1) if n % 2 == number % 2] for number in range(COUNT)]
    totals = [[sum(column[n] for n in mine) for mine in sessions] for column in (INPUTS, OUTPUTS)]
    ids, header = [float(number % 2) for number in range(COUNT)], "timestamp,session_id,input_tokens,output_tokens"
    assert [question.field for question in read(tmp_path, ids, *totals, header=header).questions] == ["counts"]
    assert figures(read(tmp_path, ids, *totals, header=header, counts="running")) == RIGHT


def test_a_cost_that_runs_on_is_differenced_without_a_question(tmp_path: Path) -> None:
    reading = read(tmp_path, INPUTS, OUTPUTS, list(accumulate(COSTS)))
    assert (figures(reading), reading.spend_usd, reading.questions) == (RIGHT, pytest.approx(5.46), ())
    parts = [list(range(COUNT)), [0.5] * COUNT]
    apart = read(tmp_path, INPUTS, OUTPUTS, *parts, header=HEADER.replace("total_cost", "input_cost,output_cost"))
    assert apart.spend_usd == 66 + 6


def test_costs_that_grow_with_their_requests_are_of_single_requests() -> None:
    growth = {"spend_grows": 11, "spend_falls": 0, "spend_blanks": 0, "spend_ratio": 9.0}
    assert _cost_runs_on(growth | {"growth_fit": 0.8, "spend_fit": 0.1}, COUNT, False)
    assert _cost_runs_on(growth | {"growth_fit": 0.8, "spend_fit": None}, COUNT, False)
    assert not _cost_runs_on(growth | {"growth_fit": 0.3, "spend_fit": 0.99}, COUNT, False)
    assert not _cost_runs_on(growth | {"growth_fit": 0.8, "spend_fit": 0.1, "spend_falls": 5}, COUNT, False)
    assert not _cost_runs_on(growth | {"growth_fit": 0.8, "spend_fit": 0.1, "spend_blanks": 1}, COUNT, False)
