"""Rows that say again what other rows say. The log of most tests: 12 requests, one a minute."""

import json
from pathlib import Path

import pytest
from request_logs import NOW, csv_text, write

from calculators.logs.usage_files import read_usage
from calculators.logs.usage_questions import UsageAnswers
from calculators.logs.usage_reading import UsageReading

COUNT = 12
INPUTS = [100 * (number % 5) + 200 for number in range(COUNT)]  # 12 requests: 2 x 2,000 + 200 + 300 = 4,500 tokens
OUTPUTS = [10 * (number % 3) + 10 for number in range(COUNT)]  # 4 x 60 = 240 tokens
TIMES = [f"2026-10-05T09:{number:02}:00.250Z" for number in range(COUNT)]
RIGHT = (12, 4_500, 240)
HEADER = "timestamp,input_tokens,output_tokens"


def rows(*more: list[object]) -> list[str]:
    """The twelve requests, with more columns behind."""
    return [",".join(map(str, cells)) for cells in zip(TIMES, INPUTS, OUTPUTS, *more, strict=True)]


def read(folder: Path, lines: list[str], header: str, **answers: object) -> UsageReading:
    path = write(folder, csv_text(lines, header))
    return read_usage([path], UsageAnswers(**answers), now=NOW)  # type: ignore[arg-type]


def sums(reading: UsageReading) -> tuple[float | None, int | None, int | None]:
    return reading.requests, reading.input_tok, reading.output_tok


@pytest.mark.parametrize("blank", ["", "-", "null", "N/A"])
def test_rows_without_an_id_are_all_kept(tmp_path: Path, blank: str) -> None:
    ids: list[object] = [blank if number % 3 else f"r{number}" for number in range(COUNT)]
    assert sums(read(tmp_path, rows(ids), f"{HEADER},request_id")) == RIGHT


def test_of_a_request_logged_at_its_start_and_end_the_end_counts(tmp_path: Path) -> None:
    ids: list[object] = [f"r{number}" for number in range(COUNT)]
    begun = [f"{at},{size},1,{name}" for at, size, name in zip(TIMES, INPUTS, ids, strict=True)]
    ends = [row.replace(":00.250Z", ":20.250Z") for row in rows(ids)]
    reading = read(tmp_path, [*ends, *begun], f"{HEADER},request_id")
    assert sums(reading) == RIGHT
    assert reading.start is not None
    assert (reading.start.second, reading.questions) == (0, ())


def test_a_row_without_output_gives_way_to_the_full_one_of_its_id(tmp_path: Path) -> None:
    ids: list[object] = [f"r{number}" for number in range(COUNT)]
    begun = [f"{at},{size},,{name}" for at, size, name in zip(TIMES, INPUTS, ids, strict=True)]
    assert sums(read(tmp_path, [*begun, *rows(ids)], f"{HEADER},request_id")) == RIGHT


def test_three_growing_rows_of_each_id_are_one_request(tmp_path: Path) -> None:
    parts = [
        f"{at[:17]}{10 * part:02}Z,{size},{output * part // 3},r{number}"
        for number, (at, size, output) in enumerate(zip(TIMES, INPUTS, OUTPUTS, strict=True))
        for part in (1, 2, 3)
    ]
    reading = read(tmp_path, parts, f"{HEADER},id")
    assert sums(reading) == RIGHT
    assert reading.questions == ()


def test_ids_that_stand_for_many_unlike_rows_are_asked_about(tmp_path: Path) -> None:
    sessions: list[object] = [f"s{number // 4}" for number in range(COUNT)]
    reading = read(tmp_path, rows(sessions), f"{HEADER},id")
    assert sums(reading) == RIGHT
    assert [question.option for question in reading.questions] == ["--repeated-ids each|once"]
    assert reading.questions[0].answers[0].startswith("each: 12 requests")
    assert reading.questions[0].answers[1].startswith("once: 3 requests")
    assert read(tmp_path, rows(sessions), f"{HEADER},id", repeated_ids="each").questions == ()
    assert read(tmp_path, rows(sessions), f"{HEADER},id", repeated_ids="once").requests == 3


def test_every_row_twice_to_the_fraction_of_a_second_counts_once(tmp_path: Path) -> None:
    reading = read(tmp_path, rows() * 2, HEADER)
    assert sums(reading) == RIGHT
    assert any("counted once" in note for note in reading.read)


def test_many_equal_rows_by_whole_seconds_are_asked_about(tmp_path: Path) -> None:
    whole = [row.replace(".250Z", "Z") for row in rows()]
    reading = read(tmp_path, whole + whole[:6], HEADER)
    assert reading.questions[0].option == "--repeated-rows once|each"
    assert sums(read(tmp_path, whole + whole[:6], HEADER, repeated_rows="once")) == RIGHT
    assert read(tmp_path, whole + whole[:6], HEADER, repeated_rows="each").requests == 18


def test_a_row_with_the_totals_of_all_others_is_left_out(tmp_path: Path) -> None:
    reading = read(tmp_path, [*rows(), "2026-10-05T09:30:00Z,4500,240"], HEADER)
    assert sums(reading) == RIGHT
    assert any("totals" in note for note in reading.read)


def test_parents_that_repeat_their_children_are_left_out_without_a_kind(tmp_path: Path) -> None:
    """Three agents of four calls each, and a root over the three."""
    calls = [f"c{number},a{number // 4},{row}" for number, row in enumerate(rows())]
    agents = [
        f"a{group},root,{TIMES[4 * group]},{sum(INPUTS[4 * group : 4 * group + 4])},{sum(OUTPUTS[4 * group : 4 * group + 4])}"
        for group in range(3)
    ]
    root = f"root,,{TIMES[0]},4500,240"
    reading = read(tmp_path, [*calls, *agents, root], f"span_id,parent_id,{HEADER}")
    assert sums(reading) == RIGHT


def test_files_that_overlap_count_a_request_with_an_id_once(tmp_path: Path) -> None:
    ids: list[object] = [f"r{number}" for number in range(COUNT)]
    lines = rows(ids)
    first = write(tmp_path, csv_text(lines[:8], f"{HEADER},request_id"), "a.csv")
    second = write(tmp_path, csv_text(lines[5:], f"{HEADER},request_id"), "b.csv")
    reading = read_usage([first, second], now=NOW)
    assert (sums(reading), reading.questions, reading.name) == (RIGHT, (), "a.csv and 1 more file")


def test_files_that_overlap_without_ids_are_asked_about(tmp_path: Path) -> None:
    lines = rows()
    paths = [
        write(tmp_path, csv_text(part, HEADER), name) for part, name in ((lines[:8], "a.csv"), (lines[5:], "b.csv"))
    ]
    reading = read_usage(paths, now=NOW)
    assert sums(reading) == RIGHT
    assert reading.questions[0].answers[1].startswith("each: 15 requests")
    assert read_usage(paths, UsageAnswers(repeated_rows="each"), now=NOW).requests == 15


def test_a_request_logged_in_parts_has_the_input_of_one_and_the_output_of_the_other(tmp_path: Path) -> None:
    parts = [
        row
        for number, (at, size, output) in enumerate(zip(TIMES, INPUTS, OUTPUTS, strict=True))
        for row in (f"{at},{size},,r{number}", f"{at},,{output},r{number}")
    ]
    assert sums(read(tmp_path, parts, f"{HEADER},request_id")) == RIGHT
    zeros = [row.replace(",,", ",0,") for row in parts]
    assert sums(read(tmp_path, zeros, f"{HEADER},request_id")) == RIGHT
    failed = [f"{TIMES[1]},7,,f,", f"{TIMES[2]},,,f,500"]
    assert sums(read(tmp_path, [*(f"{row},200" for row in parts), *failed], f"{HEADER},request_id,status")) == RIGHT


def test_a_totals_row_may_count_the_failures(tmp_path: Path) -> None:
    lines = [f"{row},200" for row in rows()]
    lines += ["2026-10-05T09:20:00Z,700,5,500", "2026-10-05T09:30:00Z,5200,245,"]
    assert sums(read(tmp_path, lines, f"{HEADER},status")) == RIGHT


def test_roots_that_hold_the_sum_of_their_trace_are_left_out(tmp_path: Path) -> None:
    lines = [f"t{number // 4},{row}" for number, row in enumerate(rows())]
    for group in range(3):
        part = slice(4 * group, 4 * group + 4)
        lines.append(f"t{group},{TIMES[4 * group]},{sum(INPUTS[part])},{sum(OUTPUTS[part])}")
    assert sums(read(tmp_path, lines, f"trace_id,{HEADER}")) == RIGHT


def test_ids_put_in_order_part_by_part_give_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ids: list[object] = [f"r{number}" if number % 4 else "" for number in range(COUNT)]
    named = [row for row in rows(ids) if not row.endswith(",")]
    monkeypatch.setattr("calculators.logs.request_repeats.ROWS_AT_ONCE", 2)
    reading = read(tmp_path, [*rows(ids), *named], f"{HEADER},request_id")
    assert sums(reading) == RIGHT
    assert "Excluded rows: 9 (duplicate ids)." in reading.read


def test_equal_rows_sorted_out_part_by_part_give_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("calculators.logs.request_repeats.ROWS_AT_ONCE", 2)
    assert sums(read(tmp_path, rows() + rows()[:5], HEADER, repeated_rows="once")) == RIGHT
    paths = [
        write(tmp_path, csv_text(part, HEADER), name) for part, name in ((rows()[:8], "a.csv"), (rows()[5:], "b.csv"))
    ]
    assert sums(read_usage(paths, UsageAnswers(repeated_rows="once"), now=NOW)) == RIGHT


@pytest.mark.parametrize("kind", ["csv", "jsonl"])
def test_of_an_id_the_last_complete_row_counts(tmp_path: Path, kind: str) -> None:
    """A first try that wrote more, the call itself, and a closing row without output; the rows of the file in any order."""
    parts = [
        (f"{at[:17]}{second:02}Z", size, output, f"r{number}")
        for number, (at, size, *_) in enumerate(zip(TIMES, INPUTS, strict=True))
        for second, output in ((20, OUTPUTS[number]), (0, 999), (40, 0))
    ]
    names = f"{HEADER},request_id".split(",")
    text = csv_text([",".join(map(str, part)) for part in parts], ",".join(names))
    if kind == "jsonl":
        text = "".join(json.dumps(dict(zip(names, part, strict=True))) + "\n" for part in parts)
    reading = read_usage([write(tmp_path, text, f"log.{kind}")], now=NOW)
    assert (sums(reading), reading.questions) == (RIGHT, ())
