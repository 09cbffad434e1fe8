"""A measurement from a load generator's file: what it says, what follows by Little's law, and what it cannot say."""

from typing import Any

import pytest
from benchmark_samples import OLD_VLLM, SGLANG, VLLM, as_bytes
from support import FIXED_ROOT

from calculators.calibration.own_benchmarks import fit_own_benchmarks
from calculators.calibration.own_measurement import guess_model, guess_precision, own_measurement
from calculators.catalog.catalog import Catalog
from calculators.catalog.load import load_catalog
from calculators.errors import DataError
from calculators.logs.benchmark_run import read_benchmark

CATALOG = load_catalog(FIXED_ROOT)


def run_of(*objects: Any) -> Any:
    return read_benchmark(as_bytes(*objects), "bench.json")[0]


def test_from_a_closed_loop_file() -> None:
    m = own_measurement(run_of(VLLM), "llama-3.1-8b", "h100-sxm", "bf16", 1)
    assert (m.arrival, m.concurrency_count, m.ttft_ms, m.tpot_ms) == ("closed", 32, 120, 12)
    assert fit_own_benchmarks([m], CATALOG).comparisons[0].output_tok_s is not None


def test_from_an_open_loop_file_the_batch_follows_by_littles_law() -> None:
    m = own_measurement(run_of(OLD_VLLM), "llama-3.1-8b", "h100-sxm", "bf16", 1)
    assert (m.arrival, m.concurrency_count) == ("open", pytest.approx(792 * 0.012))
    assert m.request_rate_req_s == pytest.approx(3.96)
    assert m.ttft_ms == 120


def test_a_queue_is_no_time_to_first_token() -> None:
    overloaded = run_of(OLD_VLLM | {"request_rate": 16.0})
    at_once = run_of(OLD_VLLM | {"request_rate": "inf"})
    for run in (overloaded, at_once):
        m = own_measurement(run, "llama-3.1-8b", "h100-sxm", "bf16", 1)
        assert (m.ttft_ms, m.request_rate_req_s, m.tpot_ms) == (None, None, 12)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"total_input_tokens": None}, "no input tokens"),
        ({"total_output_tokens": None}, "no output tokens"),
        ({"total_output_tokens": 1}, "Output tokens, mean must be at least 1"),
    ],
)
def test_runs_that_cannot_be_compared_say_why(changes: dict[str, Any], says: str) -> None:
    with pytest.raises(DataError, match=says):
        own_measurement(run_of(VLLM | changes), "llama-3.1-8b", "h100-sxm", "bf16", 1)


def test_throughput_of_a_file_without_clients_and_tpot_is_what_the_server_carries() -> None:
    bare = {"max_concurrency": None, "request_rate": "inf", "mean_tpot_ms": None, "median_tpot_ms": None}
    m = own_measurement(run_of(VLLM | bare), "llama-3.1-8b", "h100-sxm", "bf16", 1)
    assert (m.load, m.concurrency_count, m.ttft_ms, m.tpot_ms) == ("full", None, None, None)
    carried = fit_own_benchmarks([m], CATALOG).comparisons[0].output_tok_s
    assert carried is not None
    assert carried.after == pytest.approx(m.output_tok_s)


def test_a_rate_that_was_kept_up_with_shows_no_limit() -> None:
    slow = {"mean_tpot_ms": None, "median_tpot_ms": None, "request_rate": 4.0}
    m = own_measurement(run_of(OLD_VLLM | slow), "llama-3.1-8b", "h100-sxm", "bf16", 1)
    assert (m.load, m.concurrency_count, m.ttft_ms) == ("rate", None, 120)
    c = fit_own_benchmarks([m], CATALOG).comparisons[0]
    assert c.output_tok_s is None
    assert "shows no limit" in c.unused[0]
    assert c.ttft_ms is not None
    assert c.ttft_ms.after == pytest.approx(120, rel=0.01)


def test_guesses_from_the_files_names(live_catalog: Catalog) -> None:
    sglang, vllm = run_of(SGLANG), run_of(VLLM)
    assert guess_model(sglang, live_catalog) == "qwen3-32b"
    assert guess_precision(sglang, "bf16") == "fp8"
    assert guess_model(vllm, live_catalog) == "llama-3.1-8b"
    assert guess_precision(vllm, "bf16") == "bf16"
    assert guess_model(run_of(VLLM | {"model_id": "in-house/secret"}), live_catalog) is None
