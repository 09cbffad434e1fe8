"""GuideLLM reports and AIPerf exports."""

from dataclasses import asdict
from typing import Any

import pytest
from benchmark_samples import CANARY, aiperf, aiperf_row, guidellm, only, refusal

from calculators.logs.benchmark_fields import LatencyStatistics
from calculators.logs.benchmark_run import read_benchmark

CONCURRENT = {"type_": "concurrent", "streams": 16, "max_concurrency": 16}


@pytest.mark.parametrize(
    ("strategy", "expected"),
    [
        (CONCURRENT, (16, None, "closed")),
        ({"type_": "synchronous"}, (1, None, "closed")),
        ({"type_": "constant", "rate": 2.0, "max_concurrency": 10_240}, (None, 2.0, "open")),
        ({"type_": "poisson", "rate": 4.0}, (None, 4.0, "open")),
        ({"type_": "throughput", "max_concurrency": 512}, (None, None, "all_at_once")),
        ({"type_": "sweeping"}, (None, None, "unknown")),
    ],
)
def test_guidellm_strategies(strategy: dict[str, Any], expected: tuple[Any, ...]) -> None:
    run = only(guidellm(strategy))
    assert (run.concurrency_count, run.request_rate_req_s, run.arrival) == expected
    assert (run.input_tok, run.output_tok, run.output_tok_s) == (512, 128, 64)
    assert run.ttft == LatencyStatistics(60.0, 60.0, 120.0, 180.0)
    assert run.tpot.mean_ms == 9.0  # without the first token, as the others count
    assert (run.completed_count, run.failed_count, run.engine) == (10, 3, None)
    assert CANARY not in str(asdict(run))


def test_guidellm_zeros_of_nothing_are_unknown() -> None:
    report = guidellm(CONCURRENT)
    report["benchmarks"][0]["metrics"]["inter_token_latency_ms"]["successful"] |= {"count": 0, "mean": 0.0}
    assert only(report).tpot == LatencyStatistics()


def test_aiperf_rows_become_one_run() -> None:
    (run,) = read_benchmark(aiperf(), "profile_export.jsonl")
    assert (run.completed_count, run.failed_count) == (10, 1)
    assert (run.input_tok, run.output_tok) == (400, 101)
    assert run.ttft.mean_ms == pytest.approx(200)
    assert run.tpot.mean_ms == pytest.approx(20)
    assert run.duration_s == pytest.approx(11.2, rel=1e-6)
    assert run.in_flight_count == pytest.approx(22 / 11.2, rel=1e-6)
    assert run.concurrency_count is None


def test_aiperf_uses_its_own_inter_token_latency() -> None:
    assert only(aiperf_row(1, inter_token_latency={"value": 15.0, "unit": "ms"})).tpot.mean_ms == 15.0


def test_guidellm_refusals() -> None:
    assert "metadata.version is 1" in refusal(guidellm(CONCURRENT, version=1))
    assert "benchmarks is empty" in refusal(guidellm(CONCURRENT) | {"benchmarks": []})
    assert "rate is missing" in refusal(guidellm({"type_": "constant"}))


def test_aiperf_refusals() -> None:
    assert "none of its 1 requests" in refusal(aiperf_row(1, failed=True))
    assert "none of its 1 requests" in refusal(aiperf_row(1, phase="warmup"))
    assert "unit" in refusal(aiperf_row(1, time_to_first_token={"value": 1, "unit": "fortnight"}))
    backwards = aiperf_row(1)
    backwards["metadata"]["request_end_ns"] = 1
    assert "before" in refusal(backwards)
