"""The highest load at which one replica meets the latency targets, for many replicas at once."""

from dataclasses import dataclass, replace
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from calculators.catalog.launches import LaunchRamp
from calculators.performance.percentiles import ttft_above_frac, ttft_percentile_s
from calculators.performance.queueing import (
    LoadedLatency,
    QueueModel,
    at_rate,
    largest_req_s,
    limits_req_s,
    queue_model,
)
from calculators.performance.replica import ReplicaArrays
from calculators.performance.request_mix import RequestMix
from calculators.performance.speculation import Drafts
from calculators.performance.step_time import MAX_BATCH
from calculators.scenario.demand import Array
from calculators.scenario.schema import Targets

TAIL_FRAC = 0.05
"""Share of requests that may exceed the target of a 95th percentile."""
FIRST_LOADS_FRAC: Array = np.array([0.005, 0.25, 0.5, 0.75, 0.98])
"""Loads tried first, as shares of the load at which a queue becomes unstable: from nearly idle to almost unstable."""
_SECTIONS_FRAC: Array = np.array([0.5])
_ROUNDS = 5
BATCH_COLUMN = 3
"""Column of the batch in the result of `highest_loads`."""


class Stop(IntEnum):
    """What makes a load too high, as numbers for arrays."""

    NOTHING = 0
    TPOT = 1
    TTFT = 2
    SLOTS = 3
    """KV-cache memory or the batch cap."""
    PREFILL = 4
    """Every step is full of prompt tokens."""
    UNDRAFTED = 5
    """The load that a replica carries without drafts."""


@dataclass(frozen=True, slots=True)
class LoadSearch:
    """Targets, corrections and limits under which the highest load of each replica is searched."""

    targets: Targets
    speed_ratio: Array
    """(n, 1) measured over modeled throughput."""
    tpot_speed_ratio: Array
    """(n, 1) the same of the tokens after the first."""
    first_token_speed_ratio: Array
    """(n, 1) the same of the first token."""
    launch: LaunchRamp | None = None
    """What engines lose as they ship, beside these ratios; None: they are tuned."""
    batch_cap: float = MAX_BATCH
    drafts: Drafts | None = None
    """Speculative decoding; None: off."""
    before_s: Array | float = 0.0
    """(n, 1) time of a first token beside steps and queues: the engine's front end, the launch of a prefill's kernels, and with
    prefill/decode disaggregation the transfer of the KV cache."""
    allow_slot_queue: bool = True
    """False: at most `TAIL_FRAC` of requests may wait for a slot, where no target would show the wait."""

    def rows(self, keep: NDArray[np.intp]) -> "LoadSearch":
        """The search for these row numbers only."""
        return replace(
            self,
            speed_ratio=self.speed_ratio[keep],
            tpot_speed_ratio=self.tpot_speed_ratio[keep],
            first_token_speed_ratio=self.first_token_speed_ratio[keep],
            launch=self.launch.rows(keep) if self.launch else None,
            before_s=np.broadcast_to(self.before_s, self.speed_ratio.shape)[keep],
        )

    def launched(self, batch: Array) -> Array | float:
        """Speed as launched over tuned, of throughput and of the tokens after the first. It is lost on the tokens of a step, of
        which a request brings one, and its drafts."""
        step_tok = batch * (1 + self.drafts.draft_tok) if self.drafts else batch
        return self.launch.at(step_tok) if self.launch else 1.0

    def stops(self, plain: QueueModel, drafted: QueueModel, req_s: Array) -> Array:
        """The `Stop` (n, b) of each load `req_s` (n, b)."""
        points = at_rate(plain, req_s)
        decoding = points if drafted is plain else at_rate(drafted, req_s)
        limit_s = ((self.targets.ttft_p95_ms or np.inf) / 1e3 - self.before_s) * self.first_token_speed_ratio
        limit_ms = (self.targets.tpot_ms or np.inf) * self.tpot_speed_ratio * self.launched(decoding.batch)
        tpot_missed = decoding.tpot_s > limit_ms / 1e3
        stop = _stops(points, decoding, tpot_missed, limit_s)
        crowded = ~np.bool_(self.allow_slot_queue) & (decoding.full_frac > TAIL_FRAC)
        return np.where((stop == Stop.NOTHING) & crowded, float(Stop.SLOTS), stop)


def highest_loads(m: ReplicaArrays, mix: RequestMix, search: LoadSearch) -> Array:
    """Highest load of each replica within the targets, (n, 7): slots; 1 if any load is within them, else 0; requests/s,
    batch, TPOT and TTFT p95 in ms at that load (or when nearly idle, if none is); and the `Stop` of the next higher load.

    Latency only grows with load, so the interval in which a target is first missed is halved five times.

    Speculative decoding never changes the first token: TTFT, and the load that prompts allow, are those without drafts, in
    the memory that a model's own draft layers leave. A shorter queue for slots is not counted as its gain.
    """
    drafts, cap = search.drafts, search.batch_cap
    plain = queue_model(m, mix, cap)
    drafted = queue_model(_beside_drafts(m, drafts), mix, cap, drafts) if drafts else plain
    top = np.minimum(largest_req_s(plain), largest_req_s(drafted))
    stop = search.stops(plain, drafted, FIRST_LOADS_FRAC * top)
    possible = (stop[:, :1] == Stop.NOTHING) & (plain.slots >= 1) & (drafted.slots >= 1)
    low, high, beyond = _bracket(np.broadcast_to(FIRST_LOADS_FRAC, stop.shape), stop)
    rows = np.flatnonzero(possible & (low < high))
    for _ in range(_ROUNDS if rows.size else 0):
        start, end = low[rows], high[rows]
        some = plain.rows(rows)
        loads = (start + (end - start) * _SECTIONS_FRAC) * top[rows]
        inner = search.rows(rows).stops(some, some if drafted is plain else drafted.rows(rows), loads)
        edges = start + (end - start) * np.concatenate([[0.0], _SECTIONS_FRAC, [1.0]])
        low[rows], high[rows], beyond[rows] = _bracket(edges, np.concatenate([0 * start, inner, beyond[rows]], axis=1))
    beyond = np.where(beyond == Stop.NOTHING, _first_unstable(plain, drafted), beyond)
    first = at_rate(plain, low * top)
    best = first if drafted is plain else at_rate(drafted, low * top)
    launched = search.launched(best.batch)
    tpot_ms = best.tpot_s / (search.tpot_speed_ratio * launched) * 1e3
    ttft_ms = (ttft_percentile_s(first, 1 - TAIL_FRAC) / search.first_token_speed_ratio + search.before_s) * 1e3
    columns = (
        drafted.slots,
        possible,
        best.req_s * search.speed_ratio * launched,
        best.batch,
        tpot_ms,
        ttft_ms,
        beyond,
    )
    return np.concatenate(columns, axis=1, dtype=float)


def _first_unstable(plain: QueueModel, drafted: QueueModel) -> Array:
    """The `Stop` (n, 1) of the queue that becomes unstable first."""
    slots, prompts = limits_req_s(drafted)
    drafted_stop = np.where(slots <= prompts, Stop.SLOTS, Stop.PREFILL)
    undrafted = largest_req_s(plain) < np.minimum(slots, prompts)
    return np.where(undrafted, Stop.UNDRAFTED, drafted_stop).astype(float)


def latencies_ms(
    m: ReplicaArrays, mix: RequestMix, req_s: Array, cap: float = MAX_BATCH, drafts: Drafts | None = None
) -> tuple[Array, Array, Array]:
    """TTFT p95 and mean TPOT in ms, and requests that decode at once (n, b), at loads `req_s` (n, b), as modeled; infinite where a
    queue is unstable."""
    first = at_rate(queue_model(m, mix, cap), req_s)
    then = at_rate(queue_model(_beside_drafts(m, drafts), mix, cap, drafts), req_s) if drafts else first
    return ttft_percentile_s(first, 1 - TAIL_FRAC) * 1e3, then.tpot_s * 1e3, then.batch


def _beside_drafts(m: ReplicaArrays, drafts: Drafts) -> ReplicaArrays:
    """The replicas with less room for KV caches, by the memory of the draft's weights."""
    weights = m.always_read_bytes + m.expert_bytes
    return replace(m, kv_room_bytes=m.kv_room_bytes - drafts.memory_frac * weights)


def _bracket(loads: Array, stop: Array) -> tuple[Array, Array, Array]:
    """The last allowed of ascending loads, the next one, and the `Stop` of that, each (n, 1). If all are allowed, the last
    one twice; if none is, the first two."""
    allowed = np.sum(np.cumprod(stop == Stop.NOTHING, axis=1), axis=1, keepdims=True)
    last, following = np.maximum(allowed - 1, 0), np.minimum(allowed, stop.shape[1] - 1)
    low, high = np.take_along_axis(loads, last, axis=1), np.take_along_axis(loads, following, axis=1)
    return low, high, np.take_along_axis(stop, following, axis=1)


def _stops(points: LoadedLatency, decoding: LoadedLatency, tpot_missed: NDArray[np.bool_], limit_s: Array) -> Array:
    """The `Stop` (n, b) of each load. A late first token is attributed to the slots if at least half as many requests wait
    for a slot as may be late."""
    late = ttft_above_frac(points, limit_s) > TAIL_FRAC
    waiting = (points.full_frac > TAIL_FRAC / 2) | (decoding.full_frac > TAIL_FRAC / 2)
    unstable = (points.stable == 0) | (decoding.stable == 0)
    conditions = [tpot_missed, (late | unstable) & waiting, unstable, late]
    return np.select(conditions, [Stop.TPOT, Stop.SLOTS, Stop.PREFILL, Stop.TTFT], Stop.NOTHING).astype(float)
