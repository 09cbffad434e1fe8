"""Benchmark runs with separate prefill and decode pools in a closed loop of clients, and runs with speculative decoding.

Clients wait for their prompt, then for a slot of a decode worker, then decode. What the prefill pool gets through in time,
how many caches fit in the decode pool, and how many requests its engines are set to run limit how many decode at once.
A request goes to a decode worker at random, so some workers have slots free while requests wait at others.

The wait for the first token has three fitted parts besides the slot: some of the prompts that arrive with it (clients start
together), its own, and decode steps before the first token is sent on.

Arrays have one row per run, (n, 1).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from calculators.calibration.arrival_modes import BenchmarkConfig, Pools, PredictedRates
from calculators.catalog.catalog import Catalog
from calculators.performance.disaggregation import transfer_s
from calculators.performance.replica import ReplicaArrays, replica_arrays
from calculators.performance.speculation import pass_s
from calculators.performance.step_time import CHUNK_TOK, first_token_overhead_s, largest_batch, prefill_s, step_s
from calculators.scenario.demand import Array

LOADED_RATIO = 1.42
"""Clients per slot up to which a run is taken to have been given slots, in powers of two, for fewer than all its clients. Of
382 published configurations of InferenceX, 208 had; this finds 160 of them and wrongly 13 others."""
_BISECTIONS = 40
_NONE = np.zeros(1)


@dataclass(frozen=True, slots=True)
class FirstTokenWait:
    """Fitted parts of the wait for the first token."""

    own_ratio: float
    """Of a prompt's own prefill."""
    wave_ratio: float
    """Of the prefills of all clients of its rank, which start together."""
    decode_steps: float
    """Decode steps before the first token is sent on."""


FITTED_WAIT = FirstTokenWait(own_ratio=0.9, wave_ratio=0.14, decode_steps=15.0)
"""Fitted by tools/fit_pools.py on 210 InferenceX runs of DeepSeek R1 and V3 and gpt-oss with separate pools: median error of
TTFT 31%, 36% on GPUs and 41% on models left out."""


@dataclass(frozen=True, slots=True)
class _ClosedLoop:
    """Clients of both pools. Arrays (n, 1)."""

    clients_count: Array
    prompt_ranks_count: Array
    busy_s: Array
    """Time of a prefill rank per prompt, where every step is full of prompts."""
    before_s: Array
    """Time until a prompt is read and its cache has moved."""
    ranks_count: Array
    workers_count: Array
    slots_count: Array
    """Requests that an attention rank of the decode pool runs at most."""
    decode_steps: float

    def decoding(self, req_s: Array, tpot_s: Array) -> Array:
        """Requests that decode on one rank on average: of those that are at a worker, as many as it has slots."""
        there = (self.clients_count - req_s * (self.before_s + self.decode_steps * tpot_s)) / self.workers_count
        limit = self.slots_count * self.ranks_count / self.workers_count
        variance = np.maximum(there, 0.0) * (1 - 1 / self.workers_count)
        return lower_mean(there, limit, variance) * self.workers_count / self.ranks_count


def lower_mean(mean: Array, limit: Array, variance: Array) -> Array:
    """Mean of min(n, `limit`) where n varies about `mean`: exact where it does not vary, and as of a normal n at the limit and
    far from it."""
    return np.asarray((mean + limit - np.sqrt((mean - limit) ** 2 + 2 / np.pi * variance)) / 2)


def usual_slots(clients_count: Array, ranks_count: Array) -> Array:
    """Slots of a rank where the run does not state them. Infinite: as many as fit. Runs are often given a power of two of them
    and some more clients; a number of clients that is a power of two itself is one of a series for every number of slots."""
    each = np.maximum(clients_count / ranks_count, 1.0)
    slots = 2.0 ** np.floor(np.log2(each))
    in_series = np.log2(clients_count) % 1 == 0
    return np.where((each > LOADED_RATIO * slots) | in_series | (clients_count < ranks_count), np.inf, slots)


def pool_rates(
    points: Sequence[BenchmarkConfig], catalog: Catalog, wait: FirstTokenWait = FITTED_WAIT
) -> PredictedRates:
    """Throughput per GPU of both pools, TTFT, TPOT and room of each run, arrays (n,)."""
    pools = [p.pools for p in points if p.pools is not None]
    first = replica_arrays([pool.prefill for pool in pools], catalog)
    then = replica_arrays([p.config for p in points], catalog)
    input_tok, output_tok = _column([p.input_tok for p in points]), _column([p.output_tok for p in points])
    moved_s = _column([_transfer_s(p, catalog) for p in points])
    room = np.where(first.kv_room_bytes > 0, largest_batch(then, input_tok + output_tok, _NONE, np.inf), 0.0)
    loop = _closed_loop(points, (first, then), room, moved_s, wait)
    per_token = token_times(then, points)

    def finished(batch: Array) -> tuple[Array, Array]:
        tpot = per_token(batch)
        return tpot, batch * loop.ranks_count / (output_tok * tpot)

    most = np.minimum(loop.slots_count, loop.clients_count / loop.ranks_count)
    low, high = np.zeros_like(most), np.maximum(most, 1e-6)
    for _ in range(_BISECTIONS):
        batch = (low + high) / 2
        tpot, req_s = finished(batch)
        fits = (batch <= loop.decoding(req_s, tpot)) & (req_s * loop.busy_s <= loop.prompt_ranks_count)
        low, high = np.where(fits, batch, low), np.where(fits, high, batch)
    tpot, req_s = finished(np.maximum(low, 1e-9))
    ttft = np.maximum(loop.before_s + loop.decode_steps * tpot, loop.clients_count / req_s - output_tok * tpot)
    per_gpu = req_s * output_tok / _column([gpus_of(p, pool) for p, pool in zip(points, pools, strict=True)])
    return PredictedRates(per_gpu[:, 0], ttft[:, 0], tpot[:, 0], room[:, 0])


def _transfer_s(point: BenchmarkConfig, catalog: Catalog) -> float:
    return float(transfer_s([point.config], point.input_tok, catalog)[0, 0])


def _closed_loop(
    points: Sequence[BenchmarkConfig],
    machines: tuple[ReplicaArrays, ReplicaArrays],
    room: Array,
    moved_s: Array,
    wait: FirstTokenWait,
) -> _ClosedLoop:
    """The loop of each run. The first of `machines` reads prompts, the others have `room` for so many caches on each rank;
    moving a cache between them takes `moved_s`."""
    first, then = machines
    pools = [p.pools for p in points if p.pools is not None]
    own_s, busy_s = prompt_times_s(first, _column([p.input_tok for p in points]))
    clients, workers = _column([p.batch for p in points]), _column([p.decode_workers for p in pools])
    ranks = workers * then.attention_ranks_count
    prompt_ranks = _column([p.prefill_workers * p.prefill.attention_ranks for p in pools])
    together_s = wait.wave_ratio * np.maximum(clients / prompt_ranks - 1, 0.0) * busy_s
    stated = _column([p.slots_count for p in pools])
    slots = np.where(np.isnan(stated), usual_slots(clients, ranks), stated)
    return _ClosedLoop(
        clients_count=clients,
        prompt_ranks_count=prompt_ranks,
        busy_s=busy_s,
        before_s=moved_s + first_token_overhead_s(first) + wait.own_ratio * own_s + together_s,
        ranks_count=ranks,
        workers_count=workers,
        decode_steps=wait.decode_steps,
        slots_count=np.minimum(np.minimum(slots, room), _column([p.batch_cap for p in points])),
    )


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
    host_us, request_us = (_column([p.draft_host_us[part] for p in points]) for part in (0, 1))

    def at(batch: Array) -> Array:
        return (pass_s(m, batch, context, drafted) + (host_us + batch * request_us) * 1e-6) / yielded

    return at


def with_drafts(rates: PredictedRates, m: ReplicaArrays, points: Sequence[BenchmarkConfig]) -> PredictedRates:
    """The rates with speculative decoding, at the same batch: passes take the place of decode steps. Prompts take as long per
    output token as before, so drafts save the less the more of TPOT they are. TTFT stays.

    `m`: one row per run, as of `predict_rates`.
    """
    plain = token_times(m, [replace(p, draft_tok=0, tokens_per_pass=1.0, draft_host_us=(0.0, 0.0)) for p in points])
    output_s = np.array([p.output_tok for p in points]) * rates.tpot_s
    wait_s = np.where(np.isnan(rates.ttft_s), 0.0, rates.ttft_s)
    running = np.minimum([min(p.batch, p.batch_cap) for p in points], rates.room)
    batch = np.maximum(running * output_s / (wait_s + output_s), 1.0)[:, None]
    step_s = plain(batch)[:, 0]
    decoding_frac = np.minimum(step_s / rates.tpot_s, 1.0)
    ratio = 1 - decoding_frac + decoding_frac * token_times(m, points)(batch)[:, 0] / step_s
    faster = (wait_s + output_s) / (wait_s + output_s * ratio)
    return replace(rates, output_tok_s_per_gpu=rates.output_tok_s_per_gpu * faster, tpot_s=rates.tpot_s * ratio)


def _column(values: Sequence[float]) -> Array:
    return np.array(values, dtype=float)[:, None]
