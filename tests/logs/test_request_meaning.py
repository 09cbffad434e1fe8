"""What the token columns mean: told by totals, by rows, by names, or asked."""

from pathlib import Path

import pytest
from request_logs import NOW, csv_text, write

from calculators.logs.usage_files import read_usage
from calculators.logs.usage_questions import UsageAnswers
from calculators.logs.usage_reading import UsageReading


def read(folder: Path, cells: str, header: str, **answers: object) -> UsageReading:
    lines = [f"2026-10-05T09:0{minute}:00Z,{cells}" for minute in range(4)]
    return read_usage([write(folder, csv_text(lines, f"timestamp,{header}"))], UsageAnswers(**answers), now=NOW)  # type: ignore[arg-type]


def options(reading: UsageReading) -> list[str]:
    return [question.option for question in reading.questions]


@pytest.mark.parametrize(("total", "input_tok"), [(110, 400), (140, 520)])
def test_the_total_tells_whether_the_input_has_the_cached_tokens(tmp_path: Path, total: int, input_tok: int) -> None:
    reading = read(tmp_path, f"100,10,30,{total}", "input_tokens,output_tokens,cache_read_tokens,total_tokens")
    assert (reading.input_tok, reading.cache_read_tok, options(reading)) == (input_tok, 120, [])


def test_more_cached_tokens_than_input_prove_that_it_excludes_them(tmp_path: Path) -> None:
    reading = read(tmp_path, "100,10,300", "input_tokens,output_tokens,cache_read_tokens")
    assert (reading.input_tok, options(reading)) == (1_600, [])


def test_plain_names_without_proof_are_asked_about(tmp_path: Path) -> None:
    header = "input_tokens,output_tokens,cache_read_tokens,cache_write_tokens"
    reading = read(tmp_path, "100,10,30,5", header)
    assert options(reading) == ["--input-excludes-cache yes|no"]
    assert reading.questions[0].answers[0].startswith("yes: a request has 135 input tokens")
    assert reading.questions[0].answers[1].startswith("no: a request has 100 input tokens")
    assert read(tmp_path, "100,10,30,5", header, input_excludes_cache=True).input_tok == 540
    assert options(read(tmp_path, "100,10,30,5", header, input_excludes_cache=False)) == []


def test_nothing_is_asked_where_nothing_was_cached(tmp_path: Path) -> None:
    assert options(read(tmp_path, "100,10,0", "input_tokens,output_tokens,cache_read_tokens")) == []


@pytest.mark.parametrize(("total", "output_tok"), [(110, 40), (117, 68)])
def test_the_total_tells_whether_the_output_has_the_reasoning(tmp_path: Path, total: int, output_tok: int) -> None:
    reading = read(tmp_path, f"100,10,7,{total}", "prompt_tokens,completion_tokens,reasoning_tokens,total_tokens")
    assert (reading.output_tok, options(reading)) == (output_tok, [])


def test_more_reasoning_than_output_proves_that_it_is_separate(tmp_path: Path) -> None:
    assert read(tmp_path, "100,10,70", "prompt_tokens,completion_tokens,reasoning_tokens").output_tok == 320


def test_reasoning_without_proof_is_asked_about(tmp_path: Path) -> None:
    header = "prompt_tokens,completion_tokens,reasoning_tokens"
    reading = read(tmp_path, "100,10,7", header)
    assert options(reading) == ["--output-includes-reasoning yes|no"]
    assert read(tmp_path, "100,10,7", header, output_includes_reasoning=False).output_tok == 68


def test_reasoning_within_the_details_of_the_output_is_a_part_of_it(tmp_path: Path) -> None:
    header = "usage.prompt_tokens,usage.completion_tokens,usage.completion_tokens_details.reasoning_tokens"
    reading = read(tmp_path, "100,10,7", header)
    assert (reading.output_tok, options(reading)) == (40, [])


def test_tokens_of_tool_results_are_input(tmp_path: Path) -> None:
    header = "promptTokenCount,candidatesTokenCount,toolUsePromptTokenCount,thoughtsTokenCount,totalTokenCount"
    reading = read(tmp_path, "100,10,20,5,135", header)
    assert (reading.input_tok, reading.output_tok, options(reading)) == (480, 60, [])


def test_columns_stay_in_use_after_a_manual_mapping(tmp_path: Path) -> None:
    lines = [f"2026-10-05T09:0{n}:00Z,100,10,{n % 2 * 50},{200 if n else 500},r{n // 2}" for n in range(6)]
    path = write(tmp_path, csv_text(lines, "timestamp,size_in,output_tokens,cached_tokens,status,request_id"))
    reading = read_usage([path], UsageAnswers(column_of={"input": "size_in"}), now=NOW)
    assert (reading.requests, reading.input_tok, reading.cache_read_tok) == (3, 300, 150)
    reading = read_usage([path], UsageAnswers(column_of={"input": "size_in", "team": "status"}), now=NOW)
    assert (reading.requests, reading.input_tok, reading.cache_read_tok) == (3, 300, 150)
