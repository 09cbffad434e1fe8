"""Throughput, TTFT and TPOT of one benchmark run, by the way its requests arrive: a closed loop of clients, a full queue
(saturated), one static batch, or open arrivals at a rate."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from calculators.performance.replica import ReplicaArrays, ReplicaConfig
from calculators.performance.step_time import closed_loop_s, largest_batch, prefill_s, static_batch_s, tpot_s
from calculators.scenario.demand import Array

ArrivalKind = Literal["closed", "saturated", "static", "open"]

DoubtCode = Literal[
    "precision_assumed",
    "engine_not_fitted",
    "development_build",
    "speculation",
    "prefix_caching",
    "few_runs",
    "long_context",
    "large_batch",
    "kv_cache_short",
    "kv_cache_nearly_full",
    "over_machines",
    "separate_pools",
]
DRAIN_FRAC = 0.35
"""Cost of draining a saturated run: the last batch shrinks, and its steps shrink less than it does."""
GROWING_FRAC = 0.55
"""Share of the output's KV cache that a request of average age holds, where the engine does not reserve it at the start."""
_BISECTIONS = 40


class Doubt(NamedTuple):
    """Why a prediction is an extrapolation: a code, and the reason in words."""

    code: DoubtCode
    text: str


@dataclass(frozen=True, slots=True)
class Pools:
    """Separate pools of a run: so many prefill replicas of one shape, and decode replicas of the run's own."""

    prefill: ReplicaConfig
    prefill_workers: float
    decode_workers: float
    slots_count: float = math.nan
    """Requests that an attention rank of a decode worker runs at most; NaN where not stated."""


@dataclass(frozen=True, slots=True)
class BenchmarkConfig:
    """One benchmark run that can be predicted: replica, arrival mode, lengths in tokens and load."""

    config: ReplicaConfig
    kind: ArrivalKind
    input_tok: float
    output_tok: float
    batch: float
    """Concurrent requests on one attention rank; infinite: as many as fit."""
    request_rate: float
    """Requests per second on one attention rank; infinite: all at once."""
    batch_cap: float
    requests: float
    """Requests of the whole run, on one attention rank."""
    doubts: tuple[Doubt, ...]
    """Why the prediction is an extrapolation; empty: it is not one."""
    draft_tok: int = 0
    """Draft tokens per pass of speculative decoding; 0: off."""
    tokens_per_pass: float = 1.0
    pools: Pools | None = None
    """Pools of a closed loop; `batch` then counts the clients of the whole deployment, and `config` decodes."""


@dataclass(frozen=True, slots=True)
class PredictedRates:
    """Predicted throughput and latency. Arrays (n,), one entry per benchmark; NaN where not defined for its arrival mode."""

    output_tok_s_per_gpu: Array
    ttft_s: Array
    tpot_s: Array
    room: Array
    """Requests whose KV caches fit on one attention rank and stage."""


def predict_rates(m: ReplicaArrays, points: Sequence[BenchmarkConfig]) -> PredictedRates:
    """Throughput per GPU, TTFT and TPOT of each benchmark, by the rule of its arrival mode. `m` has one row per benchmark."""
    numbers = [
        (p.input_tok, p.output_tok, p.batch, p.batch_cap, p.request_rate, p.requests, _held_frac(p)) for p in points
    ]
    given = np.array(numbers, dtype=float).T[:, :, None]  # (7, n, 1), to broadcast with `m`
    result = np.full((4, len(points)), np.nan)
    kinds = np.array([p.kind for p in points])
    for kind, rule in _RULES.items():
        chosen = kinds == kind
        if chosen.any():
            part = m.rows(chosen)
            input_tok, output_tok, batch, cap, rate, requests, held = given[:, chosen]
            room = largest_batch(part, input_tok, held * output_tok, np.inf)
            fitting = np.maximum(np.minimum(room, cap), 1.0)
            tok_s, ttft, tpot = rule(
                part, input_tok, output_tok, batch, fitting, requests if kind == "saturated" else rate
            )
            shape = (int(chosen.sum()), 1)
            per_gpu = tok_s / part.tensor_parallel_count
            result[:, chosen] = np.stack([np.broadcast_to(x, shape)[:, 0] for x in (per_gpu, ttft, tpot, room)])
    output_tok_s_per_gpu, ttft_s, tpot_s, room = result
    return PredictedRates(output_tok_s_per_gpu, ttft_s, tpot_s, room)


def _held_frac(point: BenchmarkConfig) -> float:
    """Share of the output's KV cache that a running request holds on average, or reserves."""
    return 1.0 if point.config.engine.startswith("tensorrt") or point.kind == "static" else GROWING_FRAC


ArrivalRates = tuple[Array, Array, Array]
"""Output tok/s of one attention rank, TTFT in s, TPOT in s: arrays (n, 1)."""


def _closed(
    m: ReplicaArrays, input_tok: Array, output_tok: Array, batch: Array, fitting: Array, rate: Array
) -> ArrivalRates:
    """Rates of `batch` clients in a closed loop, by Little's law. Clients whose KV caches do not fit wait for a slot."""
    running = np.minimum(batch, fitting)
    ttft, tpot = closed_loop_s(m, running, input_tok, output_tok)
    req_s = running / (ttft + (output_tok - 1) * tpot)
    return req_s * output_tok, ttft + (batch - running) / req_s, tpot


def _saturated(
    m: ReplicaArrays, input_tok: Array, output_tok: Array, batch: Array, fitting: Array, requests: Array
) -> ArrivalRates:
    """Rates when all requests are queued at the start and as many run as fit. TTFT is NaN: it is the length of the queue."""
    running = np.fmin(np.fmin(batch, fitting), requests)
    tpot = tpot_s(m, running, input_tok, output_tok, input_tok)
    share = running / requests
    return running / tpot / (1 + DRAIN_FRAC * share * (1 - share)), np.full_like(tpot, np.nan), tpot


def _static(
    m: ReplicaArrays, input_tok: Array, output_tok: Array, batch: Array, fitting: Array, rate: Array
) -> ArrivalRates:
    """Rates of one batch that starts and ends together; requests that do not fit run in a second batch."""
    running = np.minimum(batch, fitting)
    ttft, tpot = static_batch_s(m, running, input_tok, output_tok)
    return running * output_tok / (ttft + (output_tok - 1) * tpot), ttft, tpot


def _open(
    m: ReplicaArrays, input_tok: Array, output_tok: Array, batch: Array, fitting: Array, rate: Array
) -> ArrivalRates:
    """Rates when requests arrive at random at `rate`: the batch at which as many finish as arrive, by bisection. TTFT adds
    the M/D/1 wait for earlier prefills; NaN where more arrive than can finish."""

    def finished(running: Array) -> Array:
        return running / (output_tok * tpot_s(m, running, input_tok, output_tok, input_tok))

    low, high = np.zeros_like(fitting), np.array(fitting)
    for _ in range(_BISECTIONS):
        middle = (low + high) / 2
        enough = finished(middle) >= rate
        low, high = np.where(enough, low, middle), np.where(enough, middle, high)
    req_s = np.minimum(rate, finished(fitting))
    tpot = tpot_s(m, np.maximum(high, 1.0), input_tok, output_tok, input_tok)
    own = prefill_s(m, high, input_tok + output_tok / 2, input_tok, input_tok)
    busy = np.minimum(req_s * own, 1 - 1e-9)
    ttft = own * (1 + busy / 2 / (1 - busy)) + m.first_token_overhead_ms * 1e-3  # M/D/1
    return req_s * output_tok, np.where(finished(fitting) >= rate, ttft, np.nan), tpot


_RULES = {"closed": _closed, "saturated": _saturated, "static": _static, "open": _open}
