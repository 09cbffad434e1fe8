"""Benchmark results: four formats, and everything that is not one."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from benchmark_samples import CANARY, DETAILS, OLD_VLLM, SGLANG, VLLM, aiperf_row, as_bytes, guidellm, only, refusal
from hypothesis import given, settings
from hypothesis import strategies as st

from calculators.errors import DataError
from calculators.logs import benchmark_run as benchmark_file
from calculators.logs.benchmark_fields import LatencyStatistics
from calculators.logs.benchmark_run import read_benchmark

CONCURRENT = {"type_": "concurrent", "streams": 16, "max_concurrency": 16}


def test_vllm_with_clients_in_a_closed_loop() -> None:
    run = only(VLLM)
    assert (run.tool, run.arrival, run.engine, run.model) == ("vLLM bench serve", "closed", "vllm", VLLM["model_id"])
    assert (run.concurrency_count, run.request_rate_req_s) == (32, None)
    assert (run.completed_count, run.failed_count, run.duration_s) == (198, 2, 50)
    assert (run.input_tok, run.output_tok, run.output_tok_s) == (1000, 200, 792)
    assert run.ttft == LatencyStatistics(120.0, 100.0, None, 300.0)
    assert run.tpot == LatencyStatistics(12.0, 11.5, None, 15.0)
    assert run.engine_version is None
    assert run.goodput_req_s is None
    assert str(run.measured_on) == "2026-09-01"


def test_vllm_old_files_and_details_read_alike() -> None:
    run = only(OLD_VLLM | DETAILS)
    assert (run.arrival, run.request_rate_req_s, run.concurrency_count) == ("open", 4.0, None)
    assert CANARY not in str(asdict(run))


def test_vllm_goodput_has_a_colon_in_its_key() -> None:
    assert only(VLLM | {"request_goodput:": 3.5}).goodput_req_s == 3.5
    assert only(VLLM | {"request_goodput": 2.5}).goodput_req_s == 2.5


@pytest.mark.parametrize("rate", ["inf", float("inf"), "Infinity"])
def test_vllm_without_any_limit_sends_all_at_once(rate: Any) -> None:
    assert only(VLLM | {"request_rate": rate, "max_concurrency": None}).arrival == "all_at_once"


@pytest.mark.parametrize("between", [b"", b"\n", b"\n\n  ", b",\n"])
def test_several_appended_runs_are_read_in_order(between: bytes) -> None:
    runs = read_benchmark(between.join(as_bytes(VLLM | {"duration": d}) for d in (10.0, 20.0)), "result.json")
    assert [run.duration_s for run in runs] == [10, 20]
    assert [run.name for run in runs] == ["result.json, run 1", "result.json, run 2"]


def test_a_list_of_runs_is_read_too(tmp_path: Path) -> None:
    path = tmp_path / "list.json"
    path.write_text(json.dumps([VLLM, SGLANG]))
    assert [run.tool for run in read_benchmark(path, path.name)] == ["vLLM bench serve", "SGLang bench_serving"]


def test_sglang_states_the_server() -> None:
    run = only(SGLANG)
    assert (run.arrival, run.engine, run.engine_version) == ("unknown", "sglang", "0.5.9")
    assert (run.model, run.tensor_parallel, run.in_flight_count) == ("Qwen/Qwen3-32B-FP8", 2, 4.1)
    assert (run.ttft.p95_ms, run.ttft.median_ms, run.failed_count) == (200.0, None, 1)
    assert len(run.notes) == 2


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "empty"),
        (b"  \n", "empty"),
        (b"\xff\xfe\x00binary", "UTF-8"),
        (b'{"a": "\x00"}', "NUL"),
        (b"<html>", "not valid JSON"),
        (b"[]", "no result"),
        (b"[1, 2]", "plain value"),
        (b'{"completed": 3', "cut off"),
        (as_bytes(VLLM)[:-40], "cut off"),
        (b"[" * 50_000, "deep"),
        (b'{"completed": ' + b"9" * 5_000 + b"}", "too long"),
        (b'{"hello": 1}', "not a benchmark result"),
        (b'{"time_to_first_token": {"avg": 3}}', "profile_export.jsonl"),
    ],
)
def test_files_that_are_no_result_say_why(content: bytes, says: str) -> None:
    assert says in refusal(content)


def test_huge_files_are_refused_before_they_are_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(benchmark_file, "MAX_BENCHMARK_BYTES", 1_000)
    assert "1,000 allowed" in refusal(b" " * 1_001)
    monkeypatch.setattr(benchmark_file, "MAX_CONTAINERS", 10)
    assert "too many values" in refusal(b"[]" * 20)


def test_more_runs_than_allowed_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(benchmark_file, "MAX_RUNS", 3)
    assert "3 runs" in refusal(as_bytes(*[VLLM] * 4))


plain = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=6), inner, max_size=4),
    max_leaves=8,
)


SAMPLES = [VLLM | DETAILS, SGLANG, guidellm(CONCURRENT), aiperf_row(1)]


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(SAMPLES), st.data())
def test_any_value_anywhere_is_read_or_refused(sample: dict[str, Any], data: st.DataObject) -> None:
    """Replace a value somewhere by anything: the answer is a run or a DataError, and holds no prompt."""
    copy = json.loads(json.dumps(sample))
    node: Any = copy
    for _ in range(data.draw(st.integers(1, 5))):
        key = data.draw(st.sampled_from(sorted(node) if isinstance(node, dict) else range(len(node))))
        parent, node = node, node[key]
        if not isinstance(node, dict | list) or not node:
            break
    parent[key] = data.draw(plain)
    try:
        answer = str(read_benchmark(json.dumps(copy).encode(), "result.json"))
    except DataError as error:
        answer = str(error)
    assert answer not in ("", "()")
    assert CANARY not in answer


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=60) | st.text(max_size=60).map(lambda text: text.encode("utf-8", "replace")))
def test_any_bytes_are_refused_with_a_message(content: bytes) -> None:
    with pytest.raises(DataError):
        read_benchmark(content, "result.json")


def test_the_line_of_an_object_is_counted_only_for_a_message(monkeypatch: pytest.MonkeyPatch) -> None:
    """Counted for each object it took quadratic time: 52 s for 20,000 requests of AIPerf."""
    lines: list[int] = []
    monkeypatch.setattr(benchmark_file, "_line", lambda _text, at: lines.append(at) or 1)
    assert len(list(benchmark_file._objects('{"a": 1}\n' * 1_000, "run.jsonl"))) == 1_000
    assert lines == []
