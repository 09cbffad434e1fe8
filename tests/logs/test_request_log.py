"""Reading request logs: figures of a real trace, every known format, and bad files, each with its own clear message."""

import gzip
import json
import os
import random
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from request_logs import CANARY, HEADER, NOW, ROWS, csv_text, json_lines, read_text, write

from calculators.errors import DataError
from calculators.logs import log_engine as usage_parse
from calculators.logs import request_log as usage_log
from calculators.logs.request_file import LogError
from calculators.logs.request_log import UsageSummary, read_log
from calculators.logs.request_mapping import guess_columns
from calculators.logs.to_workload import to_workload_yaml
from calculators.logs.usage_files import read_usage

SAMPLE = Path(__file__).parents[2] / "sample_logs" / "azure_conversation_2023.csv"


def _numbers(summary: UsageSummary) -> UsageSummary:
    return replace(summary, sha256="", name="", notes=())


@pytest.fixture(scope="module")
def sample() -> UsageSummary:
    return read_log(SAMPLE, now=NOW)


def test_sample_facts(sample: UsageSummary) -> None:
    assert sample.start == datetime(2023, 11, 16, 18, 15, 46, 680590, tzinfo=UTC)
    assert sample.cached_frac is None
    assert sample.dropped == ()
    assert any("UTC assumed" in words for words in sample.assumed)
    assert any("daily and weekly" in note for note in sample.notes)
    assert len(sample.cells) <= 64


def test_gzip_json_lines_and_shuffle_give_the_same(tmp_path: Path, sample: UsageSummary) -> None:
    header, *rows = SAMPLE.read_text().splitlines()
    packed = read_text(tmp_path, gzip.compress(SAMPLE.read_bytes()), "log.csv.gz")
    fields = [row.split(",") for row in rows]
    objects = [{"TIMESTAMP": a, "usage": {"prompt_tokens": int(b), "completion_tokens": c}} for a, b, c in fields]
    lines = read_text(tmp_path, json_lines(objects), "log.jsonl")
    array = read_text(tmp_path, json.dumps(objects, indent=1), "log.json")
    random.Random(1).shuffle(rows)
    shuffled = read_text(tmp_path, csv_text(rows, header))
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


REQUEST = st.tuples(st.integers(0, 20_000_000_000), st.integers(0, 200_000), st.integers(0, 5_000))


@settings(
    max_examples=6, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture]
)
@given(st.lists(REQUEST, min_size=2, max_size=60), st.randoms(use_true_random=False))
def test_properties(tmp_path: Path, requests: list[tuple[int, int, int]], chance: random.Random) -> None:
    requests = [*requests, (1, 10, 1), (50_000_000, 20, 2)]
    rows = [f"{1_790_000_000_000_000 + time_us},{a},{b}" for time_us, a, b in requests]
    found = read_text(tmp_path, csv_text(rows))
    chance.shuffle(rows)
    assert _numbers(read_text(tmp_path, csv_text(rows))) == _numbers(found)
    assert all(peak.ratio >= 1 and peak.tokens_ratio >= 1 for peak in found.peaks)
    assert sum(found.per_minute_requests) == found.used_row_count == len(requests)
    assert found.input_tok.p99_tok == pytest.approx(np.percentile([a for _, a, _ in requests], 99))
    for name, lengths in (("input_tok", found.input_tok), ("output_tok", found.output_tok)):
        mean_tok = sum(cell.share_frac * getattr(cell, name) for cell in found.cells)
        assert mean_tok == pytest.approx(lengths.mean_tok, rel=1e-9)


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
    found = read_text(tmp_path, json_lines(objects), "log.jsonl")
    assert guess_columns(tmp_path / "log.jsonl").sure
    assert found.used_row_count == 2
    assert found.input_tok.mean_tok == 160
    assert found.output_tok.mean_tok == 7
    assert found.cached_frac == pytest.approx(50 / 160)
    assert found.row_count - sum(count for _, count in found.dropped) == 2
    assert CANARY not in repr(found) + to_workload_yaml(found) + repr(guess_columns(tmp_path / "log.jsonl"))


def test_relative_clock_in_milliseconds(tmp_path: Path) -> None:
    objects = [{"timestamp": ms, "input_length": 10, "output_length": 1, "hash_ids": [1, 2]} for ms in (0, 500, 2_000)]
    found = read_text(tmp_path, json_lines(objects), "log.jsonl")
    assert found.span_s == 2.0
    assert any("relative, in ms" in note for note in found.notes)
    rows = ["0.0,10,1", "0.5,10,1", "2.0,10,1"]
    assert read_text(tmp_path, csv_text(rows, "arrival_time,input,output")).span_s == 2.0
    guess = guess_columns(write(tmp_path, csv_text(["0,10,1", "9,10,1"])))
    assert not guess.sure
    assert "counts from 0" in guess.reason


def test_relative_clock_must_be_bounded(tmp_path: Path) -> None:
    with pytest.raises(LogError, match="does not fit a clock that counts from 0"):
        read_text(tmp_path, csv_text(["0,10,1", "1000000000000,10,1"], "time_s,input,output"))


def test_canary_is_in_no_error(tmp_path: Path) -> None:
    for rows in ([f"{CANARY},x,1,1"] * 3, [f'"{CANARY},x,1,1'] * 3, [f"{CANARY}," + "1," * 9] * 3, [CANARY] * 3):
        with pytest.raises(LogError) as caught:
            read_text(tmp_path, csv_text(rows, f"prompt,{HEADER}"))
        assert CANARY not in str(caught.value)
        assert caught.value.__cause__ is None or CANARY not in str(caught.value.__cause__)


DEEP = '{"a":' * 5_000 + "1" + "}" * 5_000


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "is empty"),
        (" \n\t\n ", "white space"),
        (random.Random(3).randbytes(5_000), "binary|UTF-8"),
        (csv_text([*ROWS, "\0\0,1,2"]), r"NUL bytes \(line 5\)"),
        (HEADER + "\n", "no data rows"),
        (",".join(f"c{index}" for index in range(10_000)) + "\n1\n", "10,000 columns"),
        ("<!DOCTYPE html><html><body>Sign in</body></html>", "sign-in page"),
        (gzip.compress(random.Random(3).randbytes(9_000), mtime=0)[:5_000], "truncated gzip"),
        (csv_text(ROWS) + "x" * 2_500_000 + ",1,1\n", r"line longer than 2 MB"),
        (csv_text(["2026-10-05T09:00:00Z,-5,1", *ROWS]), 'data row 1, column "input_tokens": "-5"'),
        (csv_text([*ROWS, "2026-10-05T09:00:00Z,1,nan"]), 'data row 4, column "output_tokens": ""'),
        (csv_text([*ROWS, "2026-10-05T09:00:00Z,inf,1"]), 'data row 4, column "input_tokens": "inf"'),
        (csv_text([*ROWS, f"2026-10-05T09:00:00Z,{10**18},1"]), 'column "input_tokens": "1000000000000000000"'),
        (csv_text([*ROWS, "2026-10-05T09:00:00Z,1.5,1"]), "whole number of tokens"),
        (csv_text([*ROWS, "2026-10-05T09:00:00Z,,1"]), 'data row 4, column "input_tokens": ""'),
        (csv_text([*ROWS, "05:10:2026 09:00,1,1"]), 'data row 4, column "timestamp": "05:10:2026 09:00" is no time'),
        (csv_text([*ROWS, "infinity,1,1"]), '"infinity" is no time'),
        (csv_text([*ROWS, "1e300,1,1"]), '"1e300" is no time'),
        (csv_text([*ROWS, "2026-10-05T09:00:00Z,1e300,1"]), "whole number of tokens"),
        (csv_text(ROWS) + "2026-10-05T09:00:00Z,1,1\r\n", "line ends"),
        (csv_text([*ROWS, "2030-01-01T00:00:00Z,1,1"]), "data row 4.*lies in the future"),
        (csv_text([*ROWS, "1999-01-01T00:00:00Z,1,1"]), "data row 4.*before 2015"),
        (csv_text(["2026-10-05,1,1", "2026-10-06,1,1"]), "without a time of day"),
        (csv_text([f"{row},500" for row in ROWS], HEADER + ",status"), "no usable request left .failed requests: 3"),
        (csv_text(["2026-10-05T09:00:00Z,0,0", "2026-10-05T09:00:01Z,0,0"]), "all token counts are 0"),
        (csv_text(ROWS[:1]), "single request, so no rate"),
        (csv_text([ROWS[0], ROWS[0]]), "single moment"),
        ("\n".join(ROWS), "no header row"),
        ("just some words\nand more\n", "single column"),
        (csv_text(["a,b,c", "d,e,f"]), "no column recognized as the time"),
        (csv_text(ROWS, "timestamp,ctx_tokens,output_tokens"), "recognized as the input.*Its columns are.*ctx_tokens"),
        (csv_text([*ROWS, '2026-10-05T09:00:00Z,"open,1', *ROWS]), "odd number of quotes"),
        (csv_text([*ROWS, "2026-10-05T09:00:00Z,1,1,1,1"]), r"line 5, does not have the 3 columns"),
        (DEEP, "nested too deeply"),
        ("[1, 2, 3]", "no line that is a JSON object"),
        ("{broken\n{more", "no line that is a JSON object"),
        (json_lines(OTEL) + "[1]\n", "data row 3, is no JSON object"),
        (json_lines(OTEL) + "not json\n", "data row 3, is no JSON object"),
        (b"PAR1" + b"x" * 50, "broken Parquet"),
    ],
)
def test_bad_input_gets_a_remedy(tmp_path: Path, content: str | bytes, message: str) -> None:
    with pytest.raises(LogError, match=message) as caught:
        read_text(tmp_path, content)
    text = str(caught.value)
    assert "log.csv" in text
    assert text.endswith((".", ")."))
    assert len(text) < 700


class Stopped(BaseException):
    """As Streamlit raises when the user leaves or stops."""


def test_a_stop_ends_the_running_query_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the interrupt the query would run for hours."""

    def endless(engine: usage_parse.LogEngine, _table: object) -> None:
        engine._done(lambda: engine.connection.execute("SELECT max(hash(range)) FROM range(1000000000000)"))

    called = list[str]()

    def stop(_fraction: float, text: str) -> None:
        called.append(text)
        if called.count("Looking for duplicates") > 1:  # once before the query, again while it runs
            raise Stopped

    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(scratch))
    monkeypatch.setattr(usage_log, "_totals", endless)
    with pytest.raises(Stopped):
        read_log(SAMPLE, now=NOW, progress=stop)
    assert os.listdir(scratch) == []


def test_errors_are_data_errors() -> None:
    assert issubclass(LogError, DataError)


def test_nothing_is_left_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(scratch))
    read_log(SAMPLE, now=NOW)
    assert os.listdir(scratch) == []


def test_embeddings_of_a_gateway_are_said_to_be_embeddings_not_steps_of_a_trace(tmp_path: Path) -> None:
    rows = [
        "r1,acompletion,2026-10-05T09:00:00Z,gpt-4.1,100,10",
        "r2,aembedding,2026-10-05T09:01:00Z,text-embedding-3-small,900,0",
        "r3,acompletion,2026-10-05T09:02:00Z,gpt-4.1,200,20",
    ]
    header = "request_id,call_type,startTime,model,prompt_tokens,completion_tokens"
    path = tmp_path / "spend.csv"
    path.write_text("\n".join([header, *rows, ""]))
    reading = read_usage([path])
    assert reading.requests == 2
    assert any("1 (no chat request: embeddings" in text for text in reading.read)
