"""Benchmark runs with separate prefill and decode pools in a closed loop of clients, and runs with speculative decoding.

Clients wait for their prompt, then decode; what the prefill pool gets through in time, and how many caches fit in the
decode pool, limit how many decode at once. The wait for the first token has three fitted parts: some of the prompts that
arrive with it (clients start together), its own, and decode steps before the first token is sent on.

Arrays have one row per run, (n, 1).
"""

from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np

from calculators.calibration.arrival_modes import BenchmarkConfig, Pools, PredictedRates
from calculators.catalog.catalog import Catalog
from calculators.performance.replica import ReplicaArrays, replica_arrays
from calculators.performance.speculation import pass_s
from calculators.performance.step_time import CHUNK_TOK, largest_batch, prefill_s, step_s
from calculators.scenario.demand import Array

OWN_RATIO, WAVE_RATIO, DECODE_STEPS = 2.0, 0.16, 20.0
"""Parts of the first token's wait: its own prefill, the prefills of all clients of its rank, and decode steps. Fitted on 210
InferenceX runs of DeepSeek R1 and V3 and gpt-oss with separate pools: median error 52%, and about the same on models left out."""
_BISECTIONS = 40
_NONE = np.zeros(1)


def pool_rates(points: Sequence[BenchmarkConfig], catalog: Catalog) -> PredictedRates:
    """Throughput per GPU of both pools, TTFT, TPOT and room of each run, arrays (n,)."""
    pools = [p.pools for p in points if p.pools is not None]
    first = replica_arrays([pool.prefill for pool in pools], catalog)
    then = replica_arrays([p.config for p in points], catalog)
    input_tok, output_tok = _column([p.input_tok for p in points]), _column([p.output_tok for p in points])
    own_s, busy_s = prompt_times_s(first, input_tok)
    prompt_ranks = _column([p.prefill_workers * p.prefill.attention_ranks for p in pools])
    ranks = _column([p.decode_workers for p in pools]) * then.attention_ranks_count
    room = np.where(first.kv_room_bytes > 0, largest_batch(then, input_tok + output_tok, _NONE, np.inf), 0.0)
    clients, per_token = _column([p.batch for p in points]), token_times(then, points)
    together_s = WAVE_RATIO * np.maximum(clients / prompt_ranks - 1, 0.0) * busy_s
    before_s = first.first_token_overhead_ms * 1e-3 + OWN_RATIO * own_s + together_s

    def finished(batch: Array) -> tuple[Array, Array]:
        tpot = per_token(batch)
        return tpot, batch * ranks / (output_tok * tpot)

    most = np.minimum(np.minimum(room, _column([p.batch_cap for p in points])), clients / ranks)
    low, high = np.zeros_like(most), np.maximum(most, 1e-6)
    for _ in range(_BISECTIONS):
        batch = (low + high) / 2
        tpot, req_s = finished(batch)
        waiting = req_s * (before_s + (DECODE_STEPS + output_tok) * tpot)
        fits = (waiting <= clients) & (req_s * busy_s <= prompt_ranks)
        low, high = np.where(fits, batch, low), np.where(fits, high, batch)
    tpot, req_s = finished(np.maximum(low, 1e-9))
    ttft = np.maximum(before_s + DECODE_STEPS * tpot, clients / req_s - output_tok * tpot)
    per_gpu = req_s * output_tok / _column([gpus_of(p, pool) for p, pool in zip(points, pools, strict=True)])
    return PredictedRates(per_gpu[:, 0], ttft[:, 0], tpot[:, 0], room[:, 0])


def gpus_of(point: BenchmarkConfig, pools: Pools) -> float:
    """GPUs of both pools."""
    return pools.prefill_workers * pools.prefill.gpus_count + pools.decode_workers * point.config.gpus_count


def prompt_times_s(m: ReplicaArrays, input_tok: Array) -> tuple[Array, Array]:
    """Prefill of one prompt alone, and the time of a rank per prompt where every step is full of prompts."""
    alone = prefill_s(m, _NONE, _NONE, input_tok, input_tok)
    full = step_s(m, _NONE, _NONE, np.array([float(CHUNK_TOK)]), input_tok / 2) * input_tok / CHUNK_TOK
    return alone, np.minimum(full, alone)


def token_times(m: ReplicaArrays, points: Sequence[BenchmarkConfig]) -> Callable[[Array], Array]:
    """Time per token at a batch per rank: of a plain step, or of a pass over the tokens that it yields."""
    context = _column([p.input_tok + p.output_tok / 2 for p in points])
    drafted, yielded = _column([p.draft_tok for p in points]), _column([p.tokens_per_pass for p in points])

    def at(batch: Array) -> Array:
        return pass_s(m, batch, context, drafted) / yielded

    return at


def with_drafts(rates: PredictedRates, m: ReplicaArrays, points: Sequence[BenchmarkConfig]) -> PredictedRates:
    """The rates with speculative decoding: its time per token over that of plain steps, at the same batch. TTFT stays.

    `m`: one row per run, as of `predict_rates`.
    """
    plain = token_times(m, [replace(p, draft_tok=0, tokens_per_pass=1.0) for p in points])
    output_s = np.array([p.output_tok for p in points]) * rates.tpot_s
    wait_s = np.where(np.isnan(rates.ttft_s), 0.0, rates.ttft_s)
    running = np.minimum([min(p.batch, p.batch_cap) for p in points], rates.room)
    batch = np.maximum(running * output_s / (wait_s + output_s), 1.0)[:, None]
    ratio = (token_times(m, points)(batch) / plain(batch))[:, 0]
    faster = (wait_s + output_s) / (wait_s + output_s * ratio)
    return replace(rates, output_tok_s_per_gpu=rates.output_tok_s_per_gpu * faster, tpot_s=rates.tpot_s * ratio)


def _column(values: Sequence[float]) -> Array:
    return np.array(values, dtype=float)[:, None]
