"""Reading request logs: figures of a real trace, every known format, and bad files, each with its own clear message."""

import gzip
import json
import os
import random
import time
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from calculators.__main__ import main
from calculators.errors import DataError
from calculators.logs import request_file as usage_file
from calculators.logs import request_log as usage_log
from calculators.logs import request_rows as usage_parse
from calculators.logs.request_file import LogError
from calculators.logs.request_log import UsageSummary, read_log
from calculators.logs.request_mapping import guess_columns
from calculators.logs.to_workload import to_workload_yaml
from calculators.scenario.files import read_scenario

SAMPLE = Path(__file__).parents[2] / "sample_logs" / "azure_conversation_2023.csv"
NOW = datetime(2026, 11, 23, tzinfo=UTC)
CANARY = "CANARY-my-secret-prompt"
HEADER = "timestamp,input_tokens,output_tokens"
ROWS = ["2026-10-05T09:00:00Z,100,10", "2026-10-05T09:00:30Z,300,30", "2026-10-05T09:10:00Z,200,0"]


def _write(folder: Path, content: str | bytes, name: str = "log.csv") -> Path:
    path = folder / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def _csv(rows: list[str], header: str = HEADER) -> str:
    return "\n".join([header, *rows]) + "\n"


def _lines(objects: list[dict[str, object]]) -> str:
    return "".join(json.dumps(item) + "\n" for item in objects)


def _read(folder: Path, content: str | bytes, name: str = "log.csv", **options: object) -> UsageSummary:
    return read_log(_write(folder, content, name), now=NOW, **options)  # type: ignore[arg-type]


def _numbers(summary: UsageSummary) -> UsageSummary:
    return replace(summary, sha256="", name="", notes=())


def _input_sum_tok(summary: UsageSummary) -> float:
    return summary.input_tok.mean_tok * summary.used_row_count


# --- figures of a real trace, against an independent reading ------------------------------------------------------


@pytest.fixture(scope="module")
def sample() -> UsageSummary:
    return read_log(SAMPLE, now=NOW)


@pytest.fixture(scope="module")
def table() -> dict[str, np.ndarray]:
    rows = [line.split(",") for line in SAMPLE.read_text().splitlines()[1:]]
    columns: dict[str, np.ndarray] = {
        "time_us": np.array([np.datetime64(row[0][:26], "us") for row in rows]).astype("int64"),
        "input_tok": np.array([int(row[1]) for row in rows]),
        "output_tok": np.array([int(row[2]) for row in rows]),
    }
    return columns


def test_sample_lengths_equal_numpy(sample: UsageSummary, table: dict[str, np.ndarray]) -> None:
    for lengths, values in ((sample.input_tok, table["input_tok"]), (sample.output_tok, table["output_tok"])):
        assert lengths.mean_tok == pytest.approx(values.mean(), rel=1e-12)
        expected = np.percentile(values, [50, 95, 99, 100])
        assert (lengths.p50_tok, lengths.p95_tok, lengths.p99_tok, lengths.max_tok) == pytest.approx(tuple(expected))


def test_sample_rate_and_peak_equal_numpy(sample: UsageSummary, table: dict[str, np.ndarray]) -> None:
    elapsed_us = table["time_us"] - table["time_us"].min()
    span_s = elapsed_us.max() / 1e6
    assert sample.used_row_count == sample.row_count == len(elapsed_us) == 5_985
    assert sample.request_rate_req_s == pytest.approx(len(elapsed_us) / span_s, rel=1e-12)
    full_count = int(span_s // 60)
    counts = np.bincount(elapsed_us // 60_000_000)
    tokens = np.bincount(elapsed_us // 60_000_000, table["input_tok"] + table["output_tok"])
    for found, series in ((sample.peaks[0].ratio, counts), (sample.peaks[0].tokens_ratio, tokens)):
        assert found == pytest.approx(series[:full_count].max() / series[:full_count].mean(), rel=1e-12)
    assert sample.per_minute_requests == tuple(counts)
    assert [peak.basis for peak in sample.peaks] == ["measured", "bounded", "assumed"]
    assert sample.peaks[2].ratio == 1.0


def test_sample_facts(sample: UsageSummary) -> None:
    assert sample.start == datetime(2023, 11, 16, 18, 15, 46, 680590, tzinfo=UTC)
    assert sample.cached_frac is None
    assert sample.dropped == ()
    assert any("UTC assumed" in note for note in sample.notes)
    assert any("daily and weekly" in note for note in sample.notes)
    assert len(sample.cells) <= 64


def test_cells_hold_the_means(sample: UsageSummary) -> None:
    assert sum(cell.share_frac for cell in sample.cells) == pytest.approx(1, rel=1e-12)
    for name, lengths in (("input_tok", sample.input_tok), ("output_tok", sample.output_tok)):
        mean_tok = sum(cell.share_frac * getattr(cell, name) for cell in sample.cells)
        assert mean_tok == pytest.approx(lengths.mean_tok, rel=1e-12)


def test_gzip_json_lines_and_shuffle_give_the_same(tmp_path: Path, sample: UsageSummary) -> None:
    header, *rows = SAMPLE.read_text().splitlines()
    packed = _read(tmp_path, gzip.compress(SAMPLE.read_bytes()), "log.csv.gz")
    fields = [row.split(",") for row in rows]
    objects = [{"TIMESTAMP": a, "usage": {"prompt_tokens": int(b), "completion_tokens": c}} for a, b, c in fields]
    lines = _read(tmp_path, _lines(objects), "log.jsonl")
    array = _read(tmp_path, json.dumps(objects, indent=1), "log.json")
    random.Random(1).shuffle(rows)
    shuffled = _read(tmp_path, _csv(rows, header))
    for other in (packed, lines, array, shuffled):
        assert _numbers(other) == _numbers(sample)
    assert any("not sorted by time" in note for note in shuffled.notes)


def test_eight_threads_at_once(sample: UsageSummary) -> None:
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: read_log(SAMPLE, now=NOW), range(8)))
    assert all(other == sample for other in found)


@pytest.fixture
def new_york(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("TZ", "America/New_York")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.usefixtures("new_york")
def test_time_zone_of_the_machine_does_not_matter(sample: UsageSummary) -> None:
    assert read_log(SAMPLE, now=NOW) == sample


def test_progress_runs_to_one() -> None:
    seen: list[float] = []
    read_log(SAMPLE, now=NOW, progress=lambda fraction, _text: seen.append(fraction))
    assert seen == sorted(seen)
    assert seen[-1] == 1.0


# --- the YAML of a scenario ---------------------------------------------------------------------------------------

REST = "candidates: [{model: gpt-oss-120b}]\n"


def test_yaml_loads_back_into_a_scenario(tmp_path: Path, sample: UsageSummary) -> None:
    text = to_workload_yaml(sample)
    workload = read_scenario(_write(tmp_path, text + REST, "scenario.yaml"), NOW.date()).workload
    assert workload.source == "log:azure_conversation_2023.csv"
    assert workload.requests_per_month == sample.request_rate_req_s * 730 * 3_600
    assert (workload.input_tok, workload.output_tok) == (sample.input_tok.mean_tok, sample.output_tok.mean_tok)
    assert (workload.input_p95_tok, workload.output_p95_tok) == (sample.input_tok.p95_tok, sample.output_tok.p95_tok)
    assert (workload.peak_ratio, workload.peak_basis) == (sample.peaks[0].ratio, "bounded")
    assert workload.cached_basis == "assumed"
    assert len(workload.cells) == len(sample.cells)
    comments = "".join(line for line in text.splitlines(keepends=True) if line.startswith("#"))
    assert text.removeprefix(comments).startswith("workload:\n")
    for fact in (sample.sha256, "5,985 used", "99th 4,107.0", "3,600 s", "(bounded)", *sample.notes):
        assert fact in comments


def test_yaml_of_a_hostile_log_stays_comments(tmp_path: Path, sample: UsageSummary) -> None:
    evil = "12:30 # a\nname: evil\u2028name: x\r\x85\x00: [*y"
    found = _read(tmp_path, _csv([f"{row},7" for row in ROWS], f"{HEADER},cached_tokens"), name="log.csv")
    summary = replace(found, name=evil, notes=(evil,), peaks=tuple(replace(peak, why=evil) for peak in found.peaks))
    scenario = read_scenario(_write(tmp_path, to_workload_yaml(summary) + REST, "scenario.yaml"), NOW.date())
    assert scenario.name == "Our workload"
    assert (scenario.workload.cached_frac, scenario.workload.cached_basis) == (21 / 600, "measured")


def test_yaml_refuses_what_no_scenario_may_hold(tmp_path: Path) -> None:
    found = _read(tmp_path, _csv(["2026-10-05T09:00:00Z,100,0", "2026-10-05T09:00:30Z,300,1"]))
    with pytest.raises(DataError, match=r"log\.csv: Output tokens, mean must be at least 1 \(you entered 0\.5\)"):
        to_workload_yaml(found)


def test_command_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    out = tmp_path / "workload.yaml"
    assert main(["workload", str(SAMPLE), "--out", str(out)]) == 0
    assert yaml.safe_load(out.read_text())["workload"]["lengths_basis"] == "measured"
    assert main(["workload", str(_write(tmp_path, ""))]) == 2
    assert capsys.readouterr().err == "crossover: log.csv is empty (0 bytes); export the log again.\n"


# --- properties ---------------------------------------------------------------------------------------------------

REQUEST = st.tuples(st.integers(0, 20_000_000_000), st.integers(0, 200_000), st.integers(0, 5_000))


@settings(
    max_examples=6, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
@given(st.lists(REQUEST, min_size=2, max_size=60), st.randoms(use_true_random=False))
def test_properties(tmp_path: Path, requests: list[tuple[int, int, int]], chance: random.Random) -> None:
    requests = [*requests, (1, 10, 1), (50_000_000, 20, 2)]
    rows = [f"{1_790_000_000_000_000 + time_us},{a},{b}" for time_us, a, b in requests]
    found = _read(tmp_path, _csv(rows))
    chance.shuffle(rows)
    assert _numbers(_read(tmp_path, _csv(rows))) == _numbers(found)
    assert all(peak.ratio >= 1 and peak.tokens_ratio >= 1 for peak in found.peaks)
    assert sum(found.per_minute_requests) == found.used_row_count == len(requests)
    assert found.input_tok.p99_tok == pytest.approx(np.percentile([a for _, a, _ in requests], 99))
    for name, lengths in (("input_tok", found.input_tok), ("output_tok", found.output_tok)):
        mean_tok = sum(cell.share_frac * getattr(cell, name) for cell in found.cells)
        assert mean_tok == pytest.approx(lengths.mean_tok, rel=1e-9)


# --- formats ------------------------------------------------------------------------------------------------------

BEDROCK = [
    {"timestamp": "2026-10-05T09:02:02Z", "requestId": "a", "input": {"inputTokenCount": 10}, "errorCode": "Throttled"},
    *(
        {
            "timestamp": f"2026-10-05T09:0{minute}:00Z",
            "requestId": f"r{minute}",
            "input": {"inputTokenCount": 100, "cacheReadInputTokenCount": 50, "cacheWriteInputTokenCount": 10},
            "output": {"outputTokenCount": 7, "outputBodyJson": {"text": CANARY}},
        }
        for minute in (3, 4)
    ),
]
VERTEX = [
    {
        "logging_time": f"2026-10-05T09:0{minute}:00.123Z",
        "full_response": {"usageMetadata": {"promptTokenCount": 160, "cachedContentTokenCount": 50, **output}},
    }
    for minute, output in ((3, {"candidatesTokenCount": 5, "thoughtsTokenCount": 2}), (4, {"thoughtsTokenCount": 7}))
]
LANGFUSE = [
    {
        "id": f"o{minute}",
        "type": kind,
        "startTime": f"2026-10-05T09:0{minute}:00Z",
        "level": "DEFAULT",
        "input": CANARY,
        "usageDetails": {
            **{"input": 100, "input_cached_tokens": 50, "input_cache_creation": 10},
            **{"output": 5, "output_reasoning_tokens": 2, "total": 167},
        },
    }
    for minute, kind in ((2, "SPAN"), (3, "GENERATION"), (4, "GENERATION"))
]
HELICONE = [
    {
        **{"request_id": f"h{minute}", "request_created_at": f"2026-10-05T09:0{minute}:00Z", "response_status": status},
        **{"prompt_tokens": 100, "prompt_cache_read_tokens": 50, "prompt_cache_write_tokens": 10},
        **{"completion_tokens": 7, "total_tokens": 167},
    }
    for minute, status in ((2, 429), (3, 200), (4, 200))
]
OPENAI = [
    {"created": 1_791_191_000 + second, "usage": {"prompt_tokens": 160, "completion_tokens": 7,
     "prompt_tokens_details": {"cached_tokens": 50}, "completion_tokens_details": {"reasoning_tokens": 3}}}
    for second in (0, 60)
]  # fmt: skip
ANTHROPIC = [
    {"ts": 1_791_191_000_000 + ms, "usage": {"input_tokens": 100, "output_tokens": 7,
     "cache_read_input_tokens": 50, "cache_creation_input_tokens": 10}}
    for ms in (0, 60_000)
]  # fmt: skip
OTEL = [
    {"time": f"2026-10-05T09:0{minute}:00Z", "gen_ai.usage.input_tokens": 160, "gen_ai.usage.output_tokens": 7,
     "gen_ai.usage.cache_read.input_tokens": 50}
    for minute in (3, 4)
]  # fmt: skip


@pytest.mark.parametrize("objects", [BEDROCK, VERTEX, LANGFUSE, HELICONE, OPENAI, ANTHROPIC, OTEL])
def test_json_formats(tmp_path: Path, objects: list[dict[str, object]]) -> None:
    found = _read(tmp_path, _lines(objects), "log.jsonl")
    assert guess_columns(tmp_path / "log.jsonl").sure
    assert found.used_row_count == 2
    assert found.input_tok.mean_tok == 160
    assert found.output_tok.mean_tok == 7
    assert found.cached_frac == pytest.approx(50 / 160)
    assert found.row_count - sum(count for _, count in found.dropped) == 2
    assert CANARY not in repr(found) + to_workload_yaml(found) + repr(guess_columns(tmp_path / "log.jsonl"))


def test_openrouter(tmp_path: Path) -> None:
    header = "generation_id,created_at,tokens_prompt,tokens_completion,tokens_reasoning,tokens_cached,cancelled"
    rows = [f"g{minute},2026-10-05 09:0{minute}:00.851,160,7,3,50,false" for minute in (3, 4)]
    found = _read(tmp_path, _csv([*rows, "g9,2026-10-05 09:09:00.000,1,0,0,0,true"], header))
    assert (found.used_row_count, found.input_tok.mean_tok, found.output_tok.mean_tok) == (2, 160, 7)
    assert found.cached_frac == pytest.approx(50 / 160)
    assert found.dropped == (("failed requests", 1),)


def test_litellm_reads_metadata_and_leaves_out_its_own_cache(tmp_path: Path) -> None:
    header = "request_id,total_tokens,prompt_tokens,completion_tokens,startTime,endTime,metadata,cache_hit,status"
    cell = '"{""usage_object"": {""prompt_tokens"": 160, ""prompt_tokens_details"": {""cached_tokens"": 50}}}"'
    rows = [
        f"l{minute},167,160,7,2026-10-05 09:0{minute}:00.851,2026-10-05 09:09:00,{cell},{hit},{status}"
        for minute, hit, status in (
            (2, "True", "success"),
            (3, "False", "success"),
            (4, "", "success"),
            (5, "", "failure"),
        )
    ]
    found = _read(tmp_path, _csv(rows, header))
    assert (found.used_row_count, found.input_tok.mean_tok, found.cached_frac) == (2, 160, 50 / 160)
    assert dict(found.dropped) == {"failed requests": 1, "served from the gateway cache": 1}


def test_relative_clock_in_milliseconds(tmp_path: Path) -> None:
    objects = [{"timestamp": ms, "input_length": 10, "output_length": 1, "hash_ids": [1, 2]} for ms in (0, 500, 2_000)]
    found = _read(tmp_path, _lines(objects), "log.jsonl")
    assert found.span_s == 2.0
    assert any("relative, in ms" in note for note in found.notes)
    rows = ["0.0,10,1", "0.5,10,1", "2.0,10,1"]
    assert _read(tmp_path, _csv(rows, "arrival_time,input,output")).span_s == 2.0
    guess = guess_columns(_write(tmp_path, _csv(["0,10,1", "9,10,1"])))
    assert not guess.sure
    assert "counts from 0" in guess.reason


def test_relative_clock_must_be_bounded(tmp_path: Path) -> None:
    with pytest.raises(LogError, match="does not fit a clock that counts from 0"):
        _read(tmp_path, _csv(["0,10,1", "1000000000000,10,1"], "time_s,input,output"))


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
    found = _read(tmp_path, _csv([f"{first},100,10", f"{second},300,30"]))
    assert (found.start, found.span_s) == (datetime(2026, 10, 5, 9, tzinfo=UTC), 1.5)


def test_last_half_second_stays_in_its_minute(tmp_path: Path) -> None:
    rows = [f"2026-10-05T09:{second // 60:02}:{second % 60:02}.700Z,1,1" for second in range(600)]
    assert _read(tmp_path, _csv(rows)).per_minute_requests == (60,) * 10


def test_whole_numbers_as_people_write_them(tmp_path: Path) -> None:
    texts = ["1234", "1234.0", '"1,234"', " 1234 ", '"1234,0"', "1.234e3"]
    found = _read(tmp_path, _csv([f"2026-10-05T09:00:0{second}Z,{text},1" for second, text in enumerate(texts)]))
    assert (found.used_row_count, found.input_tok.mean_tok, found.input_tok.max_tok) == (len(texts), 1234, 1234)


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
    assert _input_sum_tok(_read(tmp_path, text)) == 600


def test_quoted_newlines_and_text_columns(tmp_path: Path) -> None:
    prompt = f'"{CANARY}, with ""quotes""\nand lines\n"'
    rows = [f"{prompt},{row}" for row in ROWS]
    found = _read(tmp_path, _csv(rows, f"prompt,{HEADER}"))
    guess = guess_columns(tmp_path / "log.csv")
    assert (found.row_count, _input_sum_tok(found)) == (3, 600)
    assert CANARY not in repr(found) + repr(guess)
    assert guess.sample[0] == ("", "2026-10-05T09:00:00Z", "100", "10")


def test_canary_is_in_no_error(tmp_path: Path) -> None:
    for rows in ([f"{CANARY},x,1,1"] * 3, [f'"{CANARY},x,1,1'] * 3, [f"{CANARY}," + "1," * 9] * 3, [CANARY] * 3):
        with pytest.raises(LogError) as caught:
            _read(tmp_path, _csv(rows, f"prompt,{HEADER}"))
        assert CANARY not in str(caught.value)
        assert caught.value.__cause__ is None or CANARY not in str(caught.value.__cause__)


def test_hostile_names(tmp_path: Path) -> None:
    header = '"in""put; DROP TABLE requests --",time,"out\'put"'
    text = _csv(["1,2026-10-05T09:00:00Z,2", "3,2026-10-05T09:00:01Z,4"], header)
    roles = {"time": "time", "input": 'in"put; DROP TABLE requests --', "output": "out'put"}
    assert _input_sum_tok(_read(tmp_path, text, "we'ird [1]*.csv", role_of=roles)) == 4
    objects = [{"a/b~'c": {'"x': 5}, "time": 1_791_190_800 + second, "output": 1} for second in (0, 1)]
    roles = {"time": "time", "input": "a/b~'c.\"x", "output": "output"}
    assert _input_sum_tok(_read(tmp_path, _lines(objects), "log.jsonl", role_of=roles)) == 10


def test_given_roles_replace_the_guess(tmp_path: Path) -> None:
    path = _write(tmp_path, _lines(VERTEX), "log.jsonl")
    usage = "full_response.usageMetadata"
    roles = {"time": "logging_time", "input": f"{usage}.promptTokenCount", "output": f"{usage}.thoughtsTokenCount"}
    found = read_log(path, name="mine", role_of=roles, now=NOW)
    assert (found.name, found.output_tok.mean_tok, found.cached_frac) == ("mine", 4.5, None)
    with pytest.raises(LogError, match="no column"):
        read_log(path, role_of={**roles, "input": "nothing"}, now=NOW)


def test_input_excludes_cache_can_be_given(tmp_path: Path) -> None:
    text = _csv([f"{row},50" for row in ROWS], f"{HEADER},cached_tokens")
    assert _read(tmp_path, text).input_tok.mean_tok == 200
    assert _read(tmp_path, text, input_excludes_cache=True).input_tok.mean_tok == 250
    with pytest.raises(LogError, match="less than the cached tokens"):
        _read(tmp_path, text.replace(",50", ",500"))


def test_competing_columns_are_not_sure(tmp_path: Path) -> None:
    guess = guess_columns(_write(tmp_path, _csv([f"{row},7" for row in ROWS], f"{HEADER},prompt_tokens")))
    assert not guess.sure
    assert "could be the input" in guess.reason
    guess = guess_columns(_write(tmp_path, _csv(ROWS, "timestamp,foo,output_tokens")))
    assert not guess.sure
    assert "No column looks like the input" in guess.reason


# --- rows that are left out ---------------------------------------------------------------------------------------


def test_duplicate_ids_are_dropped_and_counted(tmp_path: Path) -> None:
    rows = [f"{name},{row}" for name, row in zip(["a", "b", "", "b"], [*ROWS, ROWS[1]], strict=True)]
    found = _read(tmp_path, _csv(rows, f"request_id,{HEADER}"))
    assert (found.used_row_count, found.dropped) == (3, (("duplicate ids", 1),))
    with pytest.raises(LogError, match="no request id"):
        _read(tmp_path, _csv([f"same,{row}" for row in ROWS], f"id,{HEADER}"))


def test_repeated_rows_without_id_are_kept_and_noted(tmp_path: Path) -> None:
    found = _read(tmp_path, _csv([*ROWS, ROWS[0]]))
    assert found.used_row_count == 4
    assert any("duplicate row" in note for note in found.notes)


def test_failed_requests_are_left_out(tmp_path: Path) -> None:
    good = [f"{row},{word}" for row, word in zip(ROWS, ["200", "success", ""], strict=True)]
    words = ["429", "500", "error", "Failed", "cancelled", "ThrottlingException", "timeout"]
    found = _read(tmp_path, _csv([*good, *(f"{ROWS[0]},{word}" for word in words)], f"{HEADER},status"))
    assert (_input_sum_tok(found), found.used_row_count, found.dropped) == (600, 3, (("failed requests", 7),))


def test_few_bad_rows_are_dropped_with_a_note(tmp_path: Path) -> None:
    good = [f"2026-10-05T09:{minute:02}:{second:02}Z,100,10" for minute in range(10) for second in range(60)]
    found = _read(tmp_path, _csv([*good, "2026-10-05T09:00:00Z,oops,1", "1,2,3,4,5", "2026-10-05T09:00,1"]))
    assert (found.row_count, found.used_row_count) == (603, 600)
    assert found.dropped == (("unreadable rows", 3),)
    assert any("unreadable" in note for note in found.notes)


def test_gaps_count_as_zero_load(tmp_path: Path) -> None:
    found = _read(tmp_path, _csv(ROWS))
    assert found.per_minute_requests == (2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1)
    assert found.peaks[0].ratio == 10
    assert any("9 minutes without requests" in note for note in found.notes)


def test_long_logs_are_thinned_for_the_sparkline(tmp_path: Path) -> None:
    start = datetime(2026, 8, 1, tzinfo=UTC)
    rows = [f"{(start + timedelta(hours=hour)).isoformat()},100,10" for hour in range(24 * 40)]
    found = _read(tmp_path, _csv(rows))
    assert len(found.per_minute_requests) <= 1_500
    assert sum(found.per_minute_requests) == len(rows)
    assert found.step_s == 60 * 39


# --- bad input ----------------------------------------------------------------------------------------------------

DEEP = '{"a":' * 5_000 + "1" + "}" * 5_000
AGGREGATE = _csv(
    ["1791190800,1791194400,3.0,10,10"], "start_time,end_time,num_model_requests,input_tokens,output_tokens"
)
BUCKETS = json.dumps({"data": [{"starting_at": "x", "ending_at": "y", "results": []}], "has_more": False}, indent=1)
METRICS = json.dumps({"timespan": "x", "value": [{"timeseries": [{"data": []}]}]}, indent=1)
BENCHMARK = '{"total_input_tokens": 5, "total_output_tokens": 6, "input_lens": [1]}\n'


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "is empty"),
        (" \n\t\n ", "white space"),
        (random.Random(3).randbytes(5_000), "binary|UTF-8"),
        (_csv([*ROWS, "\0\0,1,2"]), r"NUL bytes \(line 5\)"),
        (HEADER + "\n", "no data rows"),
        (_csv(ROWS).encode("utf-16"), "UTF-16"),
        (_csv([f"{row},Zürich" for row in ROWS], HEADER + ",city").encode("latin-1"), r"not UTF-8 text \(line 2\)"),
        (",".join(f"c{index}" for index in range(10_000)) + "\n1\n", "10,000 columns"),
        ("<!DOCTYPE html><html><body>Sign in</body></html>", "sign-in page"),
        (gzip.compress(random.Random(3).randbytes(9_000), mtime=0)[:5_000], "truncated gzip"),
        (_csv(ROWS) + "x" * 2_500_000 + ",1,1\n", r"line longer than 2 MB"),
        (_csv(["2026-10-05T09:00:00Z,-5,1", *ROWS]), 'data row 1, column "input_tokens": "-5"'),
        (_csv([*ROWS, "2026-10-05T09:00:00Z,1,nan"]), 'data row 4, column "output_tokens": "nan"'),
        (_csv([*ROWS, "2026-10-05T09:00:00Z,inf,1"]), 'data row 4, column "input_tokens": "inf"'),
        (_csv([*ROWS, f"2026-10-05T09:00:00Z,{10**18},1"]), 'column "input_tokens": "1000000000000000000"'),
        (_csv([*ROWS, "2026-10-05T09:00:00Z,1.5,1"]), "whole number of tokens"),
        (_csv([*ROWS, "2026-10-05T09:00:00Z,,1"]), 'data row 4, column "input_tokens": ""'),
        (_csv([*ROWS, "05/10/2026 09:00,1,1"]), 'data row 4, column "timestamp": "05/10/2026 09:00" is no time'),
        (_csv([*ROWS, "infinity,1,1"]), '"infinity" is no time'),
        (_csv([*ROWS, "1e300,1,1"]), '"1e300" is no time'),
        (_csv([*ROWS, "2026-10-05T09:00:00Z,1e300,1"]), "whole number of tokens"),
        (_csv(ROWS) + "2026-10-05T09:00:00Z,1,1\r\n", "line ends"),
        (_csv([*ROWS, "2030-01-01T00:00:00Z,1,1"]), "data row 4.*lies in the future"),
        (_csv([*ROWS, "1999-01-01T00:00:00Z,1,1"]), "data row 4.*before 2015"),
        (_csv(["2026-10-05,1,1", "2026-10-06,1,1"]), "without a time of day"),
        (_csv([f"{row},500" for row in ROWS], HEADER + ",status"), "no usable request left .failed requests: 3"),
        (_csv(["2026-10-05T09:00:00Z,0,0", "2026-10-05T09:00:01Z,0,0"]), "all token counts are 0"),
        (_csv(ROWS[:1]), "single request, so no rate"),
        (_csv([ROWS[0], ROWS[0]]), "single moment"),
        ("\n".join(ROWS), "no header row"),
        ("just some words\nand more\n", "single column"),
        (_csv(["a,b,c", "d,e,f"]), "no column recognised as the time"),
        (_csv(ROWS, "timestamp,ctx_tokens,output_tokens"), "recognised as the input.*Its columns are.*ctx_tokens"),
        (_csv([*ROWS, '2026-10-05T09:00:00Z,"open,1', *ROWS]), "odd number of quotes"),
        (_csv([*ROWS, "2026-10-05T09:00:00Z,1,1,1,1"]), r"line 5, does not have the 3 columns"),
        (AGGREGATE, "aggregate.*OpenAI.*export a per-request log"),
        (BUCKETS, "aggregate.*usage report"),
        (METRICS, "aggregate.*Azure Monitor"),
        (BENCHMARK, "aggregate.*benchmark"),
        (DEEP, "nested too deeply"),
        ("[1, 2, 3]", "no line that is a JSON object"),
        ("{broken\n{more", "no line that is a JSON object"),
        (_lines(OTEL) + "[1]\n", "data row 3, is no JSON object"),
        (_lines(OTEL) + "not json\n", "data row 3, is no JSON object"),
        (b"PAR1" + b"x" * 50, "binary"),
    ],
)
def test_bad_input_gets_a_remedy(tmp_path: Path, content: str | bytes, message: str) -> None:
    with pytest.raises(LogError, match=message) as caught:
        _read(tmp_path, content)
    text = str(caught.value)
    assert "log.csv" in text
    assert text.endswith((".", ")."))
    assert len(text) < 700


def test_one_deep_line_among_good_ones(tmp_path: Path) -> None:
    found = _read(tmp_path, _lines(OTEL) + DEEP + "\n", "log.jsonl")
    assert (found.used_row_count, found.dropped) == (2, (("no token counts", 1),))


def test_workbook_renamed(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "book.csv", "w") as book:
        book.writestr("xl/workbook.xml", "<x/>")
    with pytest.raises(LogError, match="Excel workbook"):
        read_log(tmp_path / "book.csv")


def test_gzip_bomb(tmp_path: Path) -> None:
    bomb = gzip.compress(b"a,b\n" * 10_000_000, 9)
    with pytest.raises(LogError, match="unpacks to more than"):
        _read(tmp_path, bomb, "log.csv.gz")


def test_limits(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(usage_file, "MAX_LOG_ROWS", 2)
    with pytest.raises(LogError, match="more than 2 lines"):
        _read(tmp_path, _csv(ROWS))
    monkeypatch.setattr(usage_file, "MAX_LOG_BYTES", 10)
    with pytest.raises(LogError, match="limit is 0 MB"):
        _read(tmp_path, _csv(ROWS))


@pytest.mark.parametrize("limit_s", [0.0, 0.5])
def test_time_limit(monkeypatch: pytest.MonkeyPatch, limit_s: float) -> None:
    """Before the engine starts, and in the middle of a query: without the limit this would run for hours."""

    def endless(source: usage_parse.LogSource, _table: object) -> None:
        source.engine.connection.execute("SELECT max(hash(range)) FROM range(1000000000000)")

    monkeypatch.setattr(usage_log, "MAX_SECONDS", limit_s)
    monkeypatch.setattr(usage_log, "_totals", endless)
    with pytest.raises(LogError, match=rf"takes longer than {limit_s:.0f} s to read; take"):
        read_log(SAMPLE, now=NOW)


def test_errors_are_data_errors() -> None:
    assert issubclass(LogError, DataError)


def test_missing_file_and_folder(tmp_path: Path) -> None:
    for path in (tmp_path / "nothing.csv", tmp_path):
        with pytest.raises(LogError, match=r"cannot be opened|is not a file"):
            read_log(path)


def test_nothing_is_left_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(scratch))
    read_log(SAMPLE, now=NOW)
    assert os.listdir(scratch) == []


def test_engine_is_locked(tmp_path: Path) -> None:
    log = _write(tmp_path, _csv(ROWS), "allowed.csv")
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
