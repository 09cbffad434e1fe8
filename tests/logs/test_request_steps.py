"""Steps of traces in tables: agents, chains and tools that no call repeats."""

from pathlib import Path

import pytest
from request_logs import NOW, csv_text, write

from calculators.logs.usage_files import read_usage
from calculators.logs.usage_questions import UsageAnswers
from calculators.logs.usage_reading import UsageReading

HEADER = "trace_id,span_id,parent_id,type,start_time,input_tokens,output_tokens"


def row(trace: object, span: str, parent: str, kind: str, minute: int, tokens: tuple[int, int]) -> str:
    return f"{trace},{span},{parent},{kind},2026-10-05T09:{minute:02}:00.5Z,{tokens[0]},{tokens[1]}"


def read(folder: Path, lines: list[str], header: str = HEADER, answers: UsageAnswers | None = None) -> UsageReading:
    return read_usage([write(folder, csv_text(lines, header))], answers, now=NOW)


def sums(reading: UsageReading) -> tuple[float | None, int | None, int | None]:
    return reading.requests, reading.input_tok, reading.output_tok


def test_a_step_counts_where_its_trace_or_what_lies_below_it_holds_no_call(tmp_path: Path) -> None:
    """Two plain traces, one with an agent beside the call (50), an agent alone (200), a root over a step without calls (300),
    a call of which the span above is lost, a failed call without tokens (70)."""
    lines = [row(n, f"a{n}", "", "CHAIN", n, (100 + n, 10)) for n in range(2)]
    lines += [row(n, f"c{n}", f"a{n}", "LLM", n, (100 + n, 10)) for n in range(2)]
    lines += [row(2, "a2", "", "CHAIN", 2, (150, 15)), row(2, "s2", "a2", "AGENT", 2, (50, 5))]
    lines += [row(2, "c2", "a2", "LLM", 2, (100, 10)), row(3, "a3", "", "AGENT", 3, (200, 20))]
    lines += [row(4, "a4", "", "CHAIN", 4, (300, 30)), row(4, "s4", "a4", "AGENT", 4, (300, 30))]
    lines += [row(5, "a5", "", "CHAIN", 5, (100, 10)), row(5, "c5", "lost", "LLM", 5, (100, 10))]
    lines += [row(6, "a6", "", "AGENT", 6, (70, 7)), row(6, "c6", "a6", "LLM", 6, (0, 0))]
    reading = read(tmp_path, lines)
    assert sums(reading) == (9, 100 + 101 + 50 + 100 + 200 + 300 + 100 + 70 + 0, 10 + 10 + 5 + 10 + 20 + 30 + 10 + 7)
    assert reading.questions == ()
    bare = [line.split(",", 1)[1] for line in lines if line[0] not in "5"]  # trees tell as well as traces
    assert sums(read(tmp_path, bare, HEADER.split(",", 1)[1])) == (8, 921, 92)


def test_of_steps_without_a_tree_the_one_with_the_tokens_of_the_others_does_not_count(tmp_path: Path) -> None:
    lines = [row(0, "", "", "LLM", 0, (100, 10)), row(0, "", "", "CHAIN", 0, (100, 10))]
    lines += [row(1, "", "", kind, 1, (size, 5)) for kind, size in (("CHAIN", 70), ("TOOL", 40), ("AGENT", 30))]
    lines[2] = row(1, "", "", "CHAIN", 1, (70, 10))
    assert sums(read(tmp_path, lines)) == (3, 170, 20)


@pytest.mark.parametrize(("answer", "right"), [(None, (3, 303, 30)), ("each", (5, 320, 32)), ("once", (3, 303, 30))])
def test_steps_that_nothing_links_are_asked_about(tmp_path: Path, answer: str | None, right: tuple[int, ...]) -> None:
    lines = [row("", "", "", "LLM", n, (100 + n, 10)) for n in range(3)]
    lines += [row("", "", "", "AGENT", n, (n, 1)) for n in (8, 9)]
    reading = read(tmp_path, lines, answers=UsageAnswers(steps=answer))  # type: ignore[arg-type]
    assert sums(reading) == right
    assert [question.option for question in reading.questions] == ["--steps once|each"] * (answer is None)


def test_steps_with_the_tokens_of_all_calls_are_not_asked_about(tmp_path: Path) -> None:
    lines = [row("", "", "", kind, n, (100 + n, 10)) for n in range(3) for kind in ("LLM", "CHAIN")]
    reading = read(tmp_path, lines)
    assert (sums(reading), reading.questions) == ((3, 303, 30), ())
