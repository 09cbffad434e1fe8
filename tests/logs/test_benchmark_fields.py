"""Fields of a benchmark run: unknown stays unknown, and a bad value is named."""

from typing import Any

import pytest
from benchmark_samples import CANARY, VLLM, only, refusal

from calculators.logs.benchmark_fields import LatencyStatistics


def test_missing_figures_stay_unknown() -> None:
    bare = {"completed": 5, "duration": 10.0, "model_id": "m"}
    run = only(bare)
    assert (run.input_tok, run.output_tok, run.output_tok_s, run.engine, run.failed_count) == (None,) * 5
    assert run.ttft == run.tpot == LatencyStatistics()


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"completed": 0}, "completed is 0"),
        ({"completed": None}, "completed is missing"),
        ({"completed": -3}, "completed: -3"),
        ({"completed": True}, "completed: True"),
        ({"duration": None}, "duration is missing"),
        ({"duration": 0}, "duration: 0"),
        ({"duration": float("nan")}, "duration: nan"),
        ({"mean_tpot_ms": float("nan")}, "mean_tpot_ms: nan"),
        ({"mean_ttft_ms": float("inf")}, "mean_ttft_ms: inf"),
        ({"p99_ttft_ms": -1.0}, "p99_ttft_ms: -1.0"),
        ({"mean_tpot_ms": "12"}, "mean_tpot_ms: '12'"),
        ({"mean_tpot_ms": [CANARY]}, "a list or object"),
        ({"total_output_tokens": 10**400}, "total_output_tokens"),
        ({"max_concurrency": 0}, "max_concurrency"),
        ({"request_rate": -1.0}, "request_rate"),
    ],
)
def test_a_bad_figure_is_named(changes: dict[str, Any], field: str) -> None:
    assert field in refusal(VLLM | changes)
