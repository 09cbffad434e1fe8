"""Throughput, TTFT and TPOT of one benchmark run, by the way its requests arrive: a closed loop of clients, a full queue
(saturated), one static batch, or open arrivals at a rate."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from calculators.catalog.launches import Launch
from calculators.performance.replica import ReplicaArrays, ReplicaConfig
from calculators.performance.step_time import (
    CHUNK_TOK,
    closed_loop_s,
    first_token_overhead_s,
    largest_batch,
    prefill_s,
    static_batch_s,
    step_s,
    tpot_s,
    wave_s,
)
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
    "workers_untold",
    "short_run",
    "int4_experts",
]
LengthKind = Literal["equal", "untold", "near", "drawn"]
"""Lengths of the requests: all the same, not told, within a few tenths of each other, or as varied as real ones."""
WAVE_FRAC: dict[LengthKind, float] = {"equal": 1.0, "untold": 0.5}
"""Share of the time of a closed loop that counts as waves: load generators send equal lengths unless told otherwise, but answers
may end early."""
EULER = 0.5772
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


class Admission(NamedTuple):
    """Steps of decoding for which an engine is set to hold new requests, so that it interrupts decoding less often; 0: not."""

    poll_steps: float = 0.0
    """It looks for new requests every so many steps (SGLang's --scheduler-recv-interval), or lets attention ranks wait for each
    other until a counter of all steps is full (timeout_iters of TensorRT-LLM's attention_dp_config)."""
    gather_steps: float = 0.0
    """From the first new request it waits so many steps for others (batch_wait_timeout_iters of TensorRT-LLM)."""


AT_ONCE = Admission()


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
    lengths: LengthKind
    doubts: tuple[Doubt, ...]
    """Why the prediction is an extrapolation; empty: it is not one."""
    draft_tok: int = 0
    """Draft tokens per pass of speculative decoding; 0: off."""
    tokens_per_pass: float = 1.0
    draft_host_us: tuple[float, float] = (0.0, 0.0)
    """The host's work of a drafting pass, and for each of its requests, where the GPU waits for it."""
    launch: Launch | None = None
    """None: not told. The model's own speed is a tuned engine's."""
    admission: Admission = AT_ONCE
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
    numbers = [(*_numbers(p), p.batch_cap, _held_frac(p)) for p in points]
    given = np.array(numbers, dtype=float).T[:, :, None]  # (12, n, 1), to broadcast with `m`
    result = np.full((4, len(points)), np.nan)
    kinds = np.array([p.kind for p in points])
    for kind, rule in _RULES.items():
        chosen = kinds == kind
        if chosen.any():
            part = m.rows(chosen)
            *run, cap, held = given[:, chosen]
            room = largest_batch(part, run[0], held * run[1], np.inf)
            fitting = np.maximum(np.minimum(room, cap), 1.0)
            tok_s, ttft, tpot = rule(part, Run._make((*run, fitting)))
            shape = (int(chosen.sum()), 1)
            per_gpu = tok_s / part.tensor_parallel_count
            result[:, chosen] = np.stack([np.broadcast_to(x, shape)[:, 0] for x in (per_gpu, ttft, tpot, room)])
    output_tok_s_per_gpu, ttft_s, tpot_s, room = result
    return PredictedRates(output_tok_s_per_gpu, ttft_s, tpot_s, room)


class Run(NamedTuple):
    """Numbers of runs of one arrival mode, arrays (n, 1), as of `BenchmarkConfig`."""

    input_tok: Array
    output_tok: Array
    batch: Array
    rate: Array
    requests: Array
    is_drawn: Array
    """1: the outputs are as varied as real ones."""
    wave_frac: Array
    poll_steps: Array
    gather_steps: Array
    budget_tok: Array
    """Prompt tokens of one step at most."""
    fitting: Array
    """Requests that run at once at most."""


def _numbers(point: BenchmarkConfig) -> tuple[float, ...]:
    """The fields of `Run` that a run states."""
    waves, is_drawn = WAVE_FRAC.get(point.lengths, 0.0), float(point.lengths == "drawn")
    run = point.input_tok, point.output_tok, point.batch, point.request_rate, point.requests, is_drawn, waves
    return *run, *point.admission, point.config.memory.batched_tok or CHUNK_TOK


def _held_frac(point: BenchmarkConfig) -> float:
    """Share of the output's KV cache that a running request holds on average, or reserves."""
    return 1.0 if point.config.engine.startswith("tensorrt") or point.kind == "static" else GROWING_FRAC


ArrivalRates = tuple[Array, Array, Array]
"""Output tok/s of one attention rank, TTFT in s, TPOT in s: arrays (n, 1)."""


def _closed(m: ReplicaArrays, run: Run) -> ArrivalRates:
    """Rates of `batch` clients in a closed loop, by Little's law. Clients whose KV caches do not fit wait for a slot."""
    running = np.minimum(run.batch, run.fitting)
    lengths, held = (run.input_tok, run.output_tok), held_steps(run, running)
    spread = closed_loop_s(m, running, *lengths, held, run.budget_tok)
    waves = wave_s(m, running, *lengths, held) if run.wave_frac.any() else spread
    ttft, tpot = (one + run.wave_frac * (other - one) for one, other in zip(spread, waves, strict=True))
    req_s = running / (ttft + (run.output_tok - 1) * tpot)
    return req_s * run.output_tok, ttft + (run.batch - running) / req_s, tpot


def held_steps(run: Run, running: Array) -> Array:
    """Mean steps (n, 1) for which the engine holds a new request. Of a fixed cycle it is half. A wait that starts with the first
    request is whole for that one, and on average half for the `joined` ones that come meanwhile."""
    joined = running * run.gather_steps / run.output_tok
    return run.poll_steps / 2 + run.gather_steps * (1 + joined / 2) / (1 + joined)


def _saturated(m: ReplicaArrays, run: Run) -> ArrivalRates:
    """Rates when all requests are queued at the start and as many run as fit. TTFT is NaN: it is the length of the queue."""
    running = np.fmin(np.fmin(run.batch, run.fitting), run.requests)
    tpot = tpot_s(m, running, run.input_tok, run.output_tok, run.input_tok)
    share = running / run.requests
    whole_s = run.output_tok * tpot * (1 + DRAIN_FRAC * share * (1 - share))
    return running * run.output_tok / (whole_s + share * tail_s(m, run, running)), np.full_like(tpot, np.nan), tpot


def tail_s(m: ReplicaArrays, run: Run, running: Array) -> Array:
    """Time (n, 1) for which the longest of `running` requests outlast the mean one, almost alone; zero where all are of one
    length. The longest of n exponential lengths is ln n + 0.577 times their mean (Renyi, 1953)."""
    none = np.zeros(1)
    longer = np.maximum(np.log(np.maximum(running, 1.0)) + EULER - 1, 0.0)
    alone = step_s(m, np.ones(1), run.input_tok + longer * run.output_tok, none, none)
    return run.is_drawn * longer * run.output_tok * alone


def _static(m: ReplicaArrays, run: Run) -> ArrivalRates:
    """Rates of one batch that starts and ends together; requests that do not fit run in a second batch."""
    running = np.minimum(run.batch, run.fitting)
    ttft, tpot = static_batch_s(m, running, run.input_tok, run.output_tok)
    return running * run.output_tok / (ttft + (run.output_tok - 1) * tpot), ttft, tpot


def _open(m: ReplicaArrays, run: Run) -> ArrivalRates:
    """Rates when requests arrive at random at `rate`: the batch at which as many finish as arrive, by bisection. TTFT adds
    the M/D/1 wait for earlier prefills; NaN where more arrive than can finish."""
    input_tok, output_tok, rate, fitting = run.input_tok, run.output_tok, run.rate, run.fitting

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
    ttft = own * (1 + busy / 2 / (1 - busy)) + first_token_overhead_s(m)  # M/D/1
    return req_s * output_tok, np.where(finished(fitting) >= rate, ttft, np.nan), tpot


_RULES = {"closed": _closed, "saturated": _saturated, "static": _static, "open": _open}
