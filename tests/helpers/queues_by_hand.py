"""Replicas, request lengths and loads for tests of the queue model: some by hand, some of shipped models."""

from dataclasses import replace

import numpy as np
from hypothesis import strategies as st

from calculators.catalog.load import load_catalog
from calculators.performance.percentiles import tpot_percentile_s, ttft_percentile_s
from calculators.performance.queueing import at_rate, queue_model
from calculators.performance.replica import ReplicaArrays, ReplicaConfig, replica_arrays
from calculators.performance.request_mix import RequestMix
from calculators.scenario.demand import Lengths, lognormal_groups

CATALOG = load_catalog()
CONFIGS = [
    ReplicaConfig(CATALOG.model(model), CATALOG.gpu(gpu), precision, tp)
    for model, gpu, precision, tp in (
        ("llama-3.1-8b", "l40s", "bf16", 1),
        ("llama-3.3-70b", "h200-sxm", "fp8", 1),
        ("llama-3.3-70b", "h100-sxm", "fp8", 4),
        ("gpt-oss-120b", "a100-80gb-sxm", "mxfp4", 1),
        ("deepseek-r1", "b200-sxm", "fp8", 8),
    )
]
ALL = replica_arrays(CONFIGS, CATALOG)
FINE = (0.5, 0.95, 0.99)
ROUNDING = 1 - 2e-3
lengths_tok = st.floats(16, 20_000)
outputs_tok = st.floats(2, 3_000)
shares = st.lists(st.tuples(st.floats(0.05, 1), lengths_tok, outputs_tok), min_size=1, max_size=6)


def equal(input_tok: float, output_tok: float) -> Lengths:
    return Lengths(np.ones(1), np.array([input_tok]), np.array([output_tok]))


def heavy(input_tok: float = 1500.0, output_tok: float = 300.0, ratio: float = 3.5) -> Lengths:
    """Log-normal lengths whose 95th percentile is `ratio` times the mean, inputs and outputs independent."""
    inputs, outputs = (lognormal_groups(mean, ratio * mean, 16) for mean in (input_tok, output_tok))
    grid = np.array([(i, o) for i in inputs for o in outputs])
    return Lengths(np.full(len(grid), 1 / len(grid)), grid[:, 0], grid[:, 1])


def bare(**changes: float) -> ReplicaArrays:
    """A real machine, made free of all that costs time, with fields replaced: fields that are new stay real ones."""
    real = replica_arrays(CONFIGS[:1], CATALOG)
    nothing = (
        "always_read_bytes",
        "dense_flop_per_tok",
        "gemm_pad_tok",
        "prompt_flop_per_tok2",
        "decode_flop_per_tok2",
    )
    caches = ("kv_full_bytes_per_tok", "kv_sliding_bytes_per_tok", "state_bytes")
    overheads = ("kernel_us", "step_overhead_us", "request_overhead_us")
    ideal = ("compute_frac", "format_compute_frac", "multiply_factor", "kernel_factor")
    fields = dict.fromkeys((*nothing, *caches, *overheads), 0.0) | dict.fromkeys(ideal, 1.0) | {"kv_room_bytes": 1e15}
    return replace(real, **{name: np.full((1, 1), value) for name, value in (fields | changes).items()})


def server(**changes: float) -> ReplicaArrays:
    """Prompts cost 1 ms a token, decoding nothing, memory has no end."""
    return bare(dense_flop_per_tok=1e9, peak_flops=1e12, **changes)


def latencies(m: ReplicaArrays, workload: RequestMix, rate_req_s: np.ndarray) -> np.ndarray:
    """Every percentile and mean (figures, n, b)."""
    load = at_rate(queue_model(m, workload), rate_req_s)
    ttft, tpot = ([f(load, at) for at in FINE] for f in (ttft_percentile_s, tpot_percentile_s))
    return np.array([load.ttft_mean_s, *ttft, load.tpot_s, *tpot])


def lengths_of(rows: list[tuple[float, float, float]]) -> Lengths:
    cells = np.array(rows)
    return Lengths(cells[:, 0] / cells[:, 0].sum(), cells[:, 1], cells[:, 2])


def grown(before: np.ndarray, after: np.ndarray) -> bool:
    return bool(np.all((after >= before * ROUNDING) | np.isinf(after)))
