"""The highest load at which one replica still meets the latency targets, for many setups at once."""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from calculators.performance import percentiles as tails
from calculators.performance import queueing as latency
from calculators.performance.replica import ReplicaArrays
from calculators.performance.request_mix import RequestMix
from calculators.performance.speculation import Drafts
from calculators.performance.step_time import MAX_BATCH
from calculators.scenario.demand import Array
from calculators.scenario.schema import Targets

TAIL_FRAC = 0.05  # of requests may come later than the target for p95
FIRST_LOADS_FRAC: Array = np.array([0.005, 0.25, 0.5, 0.75, 0.98])
"""Of the load at which queues no longer end: from nearly idle to where only the model's error decides."""
CUTS_FRAC: Array = np.arange(1.0, 6.0) / 6
CUTS = 2
BATCH_COLUMN = 3


def highest_loads(
    m: ReplicaArrays,
    mix: RequestMix,
    targets: Targets,
    factor: Array,
    first_factor: Array,
    cap: float = MAX_BATCH,
    drafts: Drafts | None = None,
    transfer_s: Array | float = 0.0,
    allow_slot_queue: bool = True,
) -> Array:
    """The highest load within the targets (n, columns): slots, whether any load is, requests a second, batch, TPOT and
    TTFT p95 in ms there (or when nearly idle, if none is), and what stops it (as `_stops`).

    `factor`, `first_factor` (n, 1): own over modelled speed of everything, and of the first token. `transfer_s` (n, 1)
    passes before the first token besides. Latencies only grow with load, so the interval in which targets are first
    missed is cut into six, twice.

    `allow_slot_queue` False: no more than `TAIL_FRAC` of requests may wait for a slot, whatever the targets: a wait that no target
    would show.

    Speculation never changes the first token: that is judged as without drafts, and so is the load that prompts allow.
    What a shorter queue for slots would gain is not counted.
    """
    plain = latency.queue_model(m, mix, cap)
    drafted = latency.queue_model(_beside_drafts(m, drafts), mix, cap, drafts) if drafts else plain
    top = np.minimum(latency.largest_req_s(plain), latency.largest_req_s(drafted))
    search = _Search(targets, factor, first_factor, np.broadcast_to(transfer_s, factor.shape), allow_slot_queue)
    stop = search.stops(plain, drafted, FIRST_LOADS_FRAC * top)
    possible = (stop[:, :1] == 0) & (plain.slots >= 1) & (drafted.slots >= 1)
    low, high, beyond = _bracket(np.broadcast_to(FIRST_LOADS_FRAC, stop.shape), stop)
    rows = np.flatnonzero(possible & (low < high))
    for _ in range(CUTS if rows.size else 0):
        start, end = low[rows], high[rows]
        some = plain.rows(rows)
        loads = (start + (end - start) * CUTS_FRAC) * top[rows]
        inner = search.rows(rows).stops(some, some if drafted is plain else drafted.rows(rows), loads)
        edges = start + (end - start) * np.concatenate([[0.0], CUTS_FRAC, [1.0]])
        low[rows], high[rows], beyond[rows] = _bracket(edges, np.concatenate([0 * start, inner, beyond[rows]], axis=1))
    beyond = np.where(beyond == 0, _ends_first(plain, drafted), beyond)
    first = latency.at_rate(plain, low * top)
    best = first if drafted is plain else latency.at_rate(drafted, low * top)
    ttft_ms = (tails.ttft_percentile_s(first, 1 - TAIL_FRAC) / first_factor + transfer_s) * 1e3
    columns = (drafted.slots, possible, best.req_s * factor, best.batch, best.tpot_s / factor * 1e3, ttft_ms, beyond)
    return np.concatenate(columns, axis=1, dtype=float)


def _ends_first(plain: latency.QueueModel, drafted: latency.QueueModel) -> Array:
    """Which queue is the first that no longer ends, as `_stops` counts; 5: that of the replica without drafts."""
    slots, prompts = latency.limits_req_s(drafted)
    own = np.where(slots <= prompts, 3, 4)
    without = latency.largest_req_s(plain)
    return np.where(without < np.minimum(slots, prompts), 5, own).astype(float)


def latencies_ms(
    m: ReplicaArrays, mix: RequestMix, req_s: Array, cap: float = MAX_BATCH, drafts: Drafts | None = None
) -> tuple[Array, Array]:
    """TTFT at the 95th percentile and mean TPOT (n, b) at a rate (n, b), as modelled; infinite where a queue never ends."""
    first = latency.at_rate(latency.queue_model(m, mix, cap), req_s)
    then = latency.at_rate(latency.queue_model(_beside_drafts(m, drafts), mix, cap, drafts), req_s) if drafts else first
    return tails.ttft_percentile_s(first, 1 - TAIL_FRAC) * 1e3, then.tpot_s * 1e3


def _beside_drafts(m: ReplicaArrays, drafts: Drafts) -> ReplicaArrays:
    """The draft's weights take memory from the caches."""
    weights = m.always_read_bytes + m.expert_bytes
    return replace(m, kv_room_bytes=m.kv_room_bytes - drafts.memory_frac * weights)


def _bracket(loads: Array, stop: Array) -> tuple[Array, Array, Array]:
    """The last allowed of ascending loads (n, 1), the next one, and what stops that. When all are allowed, the last one
    twice; when none is, the first two."""
    allowed = np.sum(np.cumprod(stop == 0, axis=1), axis=1, keepdims=True)
    last, following = np.maximum(allowed - 1, 0), np.minimum(allowed, stop.shape[1] - 1)
    low, high = np.take_along_axis(loads, last, axis=1), np.take_along_axis(loads, following, axis=1)
    return low, high, np.take_along_axis(stop, following, axis=1)


@dataclass(frozen=True, slots=True)
class _Search:
    """The targets as each setup has to meet them. Arrays (n, 1)."""

    targets: Targets
    factor: Array
    first_factor: Array
    transfer_s: Array
    allow_slot_queue: bool

    def rows(self, keep: NDArray[np.intp]) -> "_Search":
        return _Search(
            self.targets, self.factor[keep], self.first_factor[keep], self.transfer_s[keep], self.allow_slot_queue
        )

    def stops(self, plain: latency.QueueModel, drafted: latency.QueueModel, req_s: Array) -> Array:
        """What makes a load too much (n, b)."""
        points = latency.at_rate(plain, req_s)
        decoding = points if drafted is plain else latency.at_rate(drafted, req_s)
        limit_s = ((self.targets.ttft_p95_ms or np.inf) / 1e3 - self.transfer_s) * self.first_factor
        tpot_missed = decoding.tpot_s > (self.targets.tpot_ms or np.inf) * self.factor / 1e3
        stop = _stops(points, decoding, tpot_missed, limit_s)
        crowded = ~np.bool_(self.allow_slot_queue) & (decoding.full_frac > TAIL_FRAC)
        return np.where((stop == 0) & crowded, 3.0, stop)


def _stops(
    points: latency.LoadedLatency, decoding: latency.LoadedLatency, tpot_missed: NDArray[np.bool_], limit_s: Array
) -> Array:
    """1 TPOT, 2 TTFT, 3 slots, 4 prompts, 0 nothing. Late first tokens are laid to the slots when at least half as many
    requests wait for one as may be late."""
    late = tails.ttft_above_frac(points, limit_s) > TAIL_FRAC
    waiting = (points.full_frac > TAIL_FRAC / 2) | (decoding.full_frac > TAIL_FRAC / 2)
    unstable = (points.stable == 0) | (decoding.stable == 0)
    conditions = [tpot_missed, (late | unstable) & waiting, unstable, late]
    return np.select(conditions, [1, 3, 4, 2], default=0).astype(float)
