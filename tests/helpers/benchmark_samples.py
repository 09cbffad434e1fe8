"""Small benchmark results with the structure of the real ones."""

import json
from typing import Any

import pytest

from calculators.errors import DataError
from calculators.logs.benchmark_fields import BenchmarkRun
from calculators.logs.benchmark_run import read_benchmark

CANARY = "canary-7f3a the patient's name"

VLLM: dict[str, Any] = {
    "date": "20260901-101500",
    "endpoint_type": "vllm",
    "label": None,
    "model_id": "meta-llama/Llama-3.1-8B-Instruct",
    "tokenizer_id": "meta-llama/Llama-3.1-8B-Instruct",
    "num_prompts": 200,
    "request_rate": "inf",
    "burstiness": 1.0,
    "max_concurrency": 32,
    "duration": 50.0,
    "completed": 198,
    "total_input_tokens": 198_000,
    "total_output_tokens": 39_600,
    "request_throughput": 3.96,
    "request_goodput:": None,
    "output_throughput": 792.0,
    "total_token_throughput": 4752.0,
    "mean_ttft_ms": 120.0,
    "median_ttft_ms": 100.0,
    "std_ttft_ms": 30.0,
    "p99_ttft_ms": 300.0,
    "mean_tpot_ms": 12.0,
    "median_tpot_ms": 11.5,
    "std_tpot_ms": 1.0,
    "p99_tpot_ms": 15.0,
}
DETAILS = {
    "input_lens": [1000, 1000],
    "output_lens": [200, 0],
    "ttfts": [0.12, 0.0],
    "itls": [[0.012, 0.012], []],
    "generated_texts": [CANARY, ""],
    "errors": ["", CANARY],
}
OLD_VLLM = {k: v for k, v in VLLM.items() if k not in ("max_concurrency", "endpoint_type", "request_goodput:")} | {
    "backend": "vllm",
    "best_of": 1,
    "request_rate": 4.0,
}
SGLANG: dict[str, Any] = {
    "tag": None,
    "backend": "sglang",
    "dataset_name": "random",
    "request_rate": "trace",
    "max_concurrency": None,
    "server_info": {"model_path": "Qwen/Qwen3-32B-FP8", "tp_size": 2, "version": "0.5.9"},
    "duration": 100.0,
    "completed": 100,
    "total_input_tokens": 50_000,
    "total_output_tokens": 20_000,
    "total_output_tokens_retokenized": 19_990,
    "output_throughput": 200.0,
    "mean_ttft_ms": 80.0,
    "p95_ttft_ms": 200.0,
    "mean_tpot_ms": 20.0,
    "p95_tpot_ms": 25.0,
    "concurrency": 4.1,
    "accept_length": 2.5,
    "cache_report": {"cache_hit_rate_pct": 40.0},
    "generated_texts": [CANARY],
    "errors": ["", "HTTP 429"],
}


def distribution(mean: float, count: int = 10) -> dict[str, Any]:
    tails = {"p50": mean, "p95": mean * 2, "p99": mean * 3}
    return {
        "successful": {"mean": mean, "median": mean, "count": count, "percentiles": tails},
        "errored": {"mean": 0.0},
    }


def guidellm(strategy: dict[str, Any], **metadata: Any) -> dict[str, Any]:
    return {
        "metadata": {"version": 2, "guidellm_version": "0.8.0"} | metadata,
        "config": {"spec": {"backend": {"kind": "openai_http", "model": "openai/gpt-oss-120b", "api_key": CANARY}}},
        "benchmarks": [
            {
                "config": {"strategy": strategy},
                "metrics": {
                    "request_totals": {"successful": 10, "errored": 1, "incomplete": 2, "total": 13},
                    "request_concurrency": {"total": {"mean": 3.5}},
                    "prompt_token_count": distribution(512.0),
                    "output_token_count": distribution(128.0),
                    "time_to_first_token_ms": distribution(60.0),
                    "inter_token_latency_ms": distribution(9.0),
                    "time_per_output_token_ms": distribution(10.0),
                },
                "requests": {"successful": [{"output": CANARY}], "errored": [], "incomplete": []},
                "start_time": 1_786_678_148.2,
                "duration": 20.0,
            }
        ],
    }


def aiperf_row(number: int, phase: str = "profiling", failed: bool = False, **metrics: Any) -> dict[str, Any]:
    start_ns = 1_791_190_922_000_000_000 + number * 1_000_000_000
    values = {
        "input_sequence_length": {"value": 400, "unit": "tokens"},
        "output_sequence_length": {"value": 101, "unit": "tokens"},
        "time_to_first_token": {"value": 0.2, "unit": "s"},
        "request_latency": {"value": 2_200.0, "unit": "ms"},
    }
    return {
        "metadata": {
            "benchmark_phase": phase,
            "request_start_ns": start_ns,
            "request_end_ns": start_ns + 2_200_000_000,
        },
        "metrics": {"error_isl": {"value": 400, "unit": "tokens"}} if failed else values | metrics,
        "error": {"code": 499, "message": CANARY} if failed else None,
    }


def aiperf() -> bytes:
    rows = [aiperf_row(0, "warmup"), *(aiperf_row(i) for i in range(1, 11)), aiperf_row(11, failed=True)]
    return "\n".join(json.dumps(row) for row in rows).encode()


def as_bytes(*objects: Any) -> bytes:
    return "\n".join(json.dumps(o) for o in objects).encode()


def only(*objects: Any) -> BenchmarkRun:
    """The one run of a result."""
    (run,) = read_benchmark(as_bytes(*objects), "result.json")
    return run


def refusal(content: bytes | Any) -> str:
    """What a result that cannot be read is refused with: short, with its name, and with nothing of its content."""
    data = content if isinstance(content, bytes) else as_bytes(content)
    with pytest.raises(DataError) as caught:
        read_benchmark(data, "result.json")
    message = str(caught.value)
    assert message.startswith("result.json")
    assert CANARY not in message
    assert len(message) < 400
    return message
