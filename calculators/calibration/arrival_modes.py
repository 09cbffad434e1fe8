"""The times of one run of an engine, by the way its requests arrive: one rule each for a closed loop, a full queue, one
static batch and open arrivals."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from calculators.performance.replica import ReplicaArrays, ReplicaConfig
from calculators.performance.step_time import closed_loop_s, largest_batch, prefill_s, static_batch_s, tpot_s
from calculators.scenario.demand import Array

ArrivalKind = Literal["closed", "saturated", "static", "open"]

DRAIN_FRAC = 0.35
"""What emptying costs: the last batch runs ever smaller, in steps that shrink less than it does."""
GROWING_FRAC = 0.55
"""Of the output's cache, what a request of mixed age holds, where the engine does not reserve it all at the start."""
BISECTIONS = 40


@dataclass(frozen=True, slots=True)
class BenchmarkConfig:
    """A row that can be predicted."""

    config: ReplicaConfig
    kind: ArrivalKind
    input_tok: float
    output_tok: float
    batch: float
    """Requests at once on one attention rank; infinite: as many as fit."""
    request_rate: float
    """Requests a second on one attention rank; infinite: all at once."""
    batch_cap: float
    requests: float
    """How many the whole run consists of, on one attention rank."""
    doubts: tuple[str, ...]
    """Why the prediction is an extrapolation; empty: it is not."""


@dataclass(frozen=True, slots=True)
class PredictedRates:
    """Arrays (n,), one entry a point; NaN: not defined for that kind of run."""

    output_tok_s_per_gpu: Array
    ttft_s: Array
    tpot_s: Array
    room: Array
    """Requests whose caches fit on one attention rank and stage."""


def predict_rates(m: ReplicaArrays, points: Sequence[BenchmarkConfig]) -> PredictedRates:
    """Every point by the rule of its kind; output tokens a second and GPU, TTFT and TPOT."""
    numbers = [
        (p.input_tok, p.output_tok, p.batch, p.batch_cap, p.request_rate, p.requests, _held_frac(p)) for p in points
    ]
    given = np.array(numbers, dtype=float).T[:, :, None]  # (7, n, 1): one column a point, as Machine has
    result = np.full((4, len(points)), np.nan)
    kinds = np.array([p.kind for p in points])
    for kind, rule in RULES.items():
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
    return PredictedRates(*result)


def _held_frac(point: BenchmarkConfig) -> float:
    """Share of the output's cache that a running request holds on average, or reserves."""
    return 1.0 if point.config.engine.startswith("tensorrt") or point.kind == "static" else GROWING_FRAC


ArrivalRates = tuple[Array, Array, Array]
"""Output tokens a second of one attention rank, TTFT, TPOT."""


def _closed(
    m: ReplicaArrays, input_tok: Array, output_tok: Array, batch: Array, fitting: Array, rate: Array
) -> ArrivalRates:
    """`batch` clients in a closed loop; those whose caches do not fit wait for their turn. Rates by Little's law."""
    running = np.minimum(batch, fitting)
    ttft, tpot = closed_loop_s(m, running, input_tok, output_tok)
    req_s = running / (ttft + (output_tok - 1) * tpot)
    return req_s * output_tok, ttft + (batch - running) / req_s, tpot


def _saturated(
    m: ReplicaArrays, input_tok: Array, output_tok: Array, batch: Array, fitting: Array, requests: Array
) -> ArrivalRates:
    """All requests queued at once: as many run as fit. TTFT is then the length of the queue: not defined."""
    running = np.fmin(np.fmin(batch, fitting), requests)
    tpot = tpot_s(m, running, input_tok, output_tok, input_tok)
    share = running / requests
    return running / tpot / (1 + DRAIN_FRAC * share * (1 - share)), np.full_like(tpot, np.nan), tpot


def _static(
    m: ReplicaArrays, input_tok: Array, output_tok: Array, batch: Array, fitting: Array, rate: Array
) -> ArrivalRates:
    """One batch from start to end; what does not fit runs as another one after it."""
    running = np.minimum(batch, fitting)
    ttft, tpot = static_batch_s(m, running, input_tok, output_tok)
    return running * output_tok / (ttft + (output_tok - 1) * tpot), ttft, tpot


def _open(
    m: ReplicaArrays, input_tok: Array, output_tok: Array, batch: Array, fitting: Array, rate: Array
) -> ArrivalRates:
    """Requests arrive at `rate` at random: the batch at which as many finish, by bisection (more finish of more)."""

    def finished(running: Array) -> Array:
        return running / (output_tok * tpot_s(m, running, input_tok, output_tok, input_tok))

    low, high = np.zeros_like(fitting), np.array(fitting)
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        enough = finished(middle) >= rate
        low, high = np.where(enough, low, middle), np.where(enough, middle, high)
    req_s = np.minimum(rate, finished(fitting))
    tpot = tpot_s(m, np.maximum(high, 1.0), input_tok, output_tok, input_tok)
    own = prefill_s(m, high, input_tok + output_tok / 2, input_tok, input_tok)
    busy = np.minimum(req_s * own, 1 - 1e-9)
    ttft = own * (1 + busy / 2 / (1 - busy)) + m.first_token_overhead_ms * 1e-3  # M/D/1: one prefill after another
    return req_s * output_tok, np.where(finished(fitting) >= rate, ttft, np.nan), tpot


RULES = {"closed": _closed, "saturated": _saturated, "static": _static, "open": _open}
