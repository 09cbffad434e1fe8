"""The highest load at which one replica still meets the latency targets, for many setups at once."""

import numpy as np

from calculators import latency, tails
from calculators.request_mix import Mix
from calculators.scenario import Targets
from calculators.throughput import Machine
from calculators.workload import Array

TAIL_FRAC = 0.05  # of requests may come later than the target for p95
FIRST_LOADS_FRAC: Array = np.array([0.005, 0.25, 0.5, 0.75, 0.98])
"""Of the load at which queues no longer end: from nearly idle to where only the model's error decides."""
CUTS_FRAC: Array = np.arange(1.0, 6.0) / 6
CUTS = 2
BATCH_COLUMN = 3


def highest_loads(m: Machine, mix: Mix, targets: Targets, factor: Array, first_factor: Array) -> Array:
    """The highest load within the targets (n, columns): slots, whether any load is, requests a second, batch, TPOT and
    TTFT p95 in ms there (or when nearly idle, if none is), and what stops it (as `_stops`).

    `factor`, `first_factor` (n, 1): own over modelled speed of everything, and of the first token. Latencies only grow
    with load, so the interval in which targets are first missed is cut into six, twice.
    """
    replica = latency.replica(m, mix)
    top = latency.largest_req_s(replica)
    stop = _stops(latency.at_rate(replica, FIRST_LOADS_FRAC * top), targets, factor, first_factor)
    possible = (stop[:, :1] == 0) & (replica.slots >= 1)
    low, high, beyond = _bracket(np.broadcast_to(FIRST_LOADS_FRAC, stop.shape), stop)
    rows = np.flatnonzero(possible & (low < high))
    for _ in range(CUTS if rows.size else 0):
        start, end = low[rows], high[rows]
        inner = _stops(
            latency.at_rate(replica.rows(rows), (start + (end - start) * CUTS_FRAC) * top[rows]),
            targets,
            factor[rows],
            first_factor[rows],
        )
        edges = start + (end - start) * np.concatenate([[0.0], CUTS_FRAC, [1.0]])
        low[rows], high[rows], beyond[rows] = _bracket(edges, np.concatenate([0 * start, inner, beyond[rows]], axis=1))
    best = latency.at_rate(replica, low * top)
    ttft_ms = tails.ttft_percentile_s(best, 1 - TAIL_FRAC) / first_factor * 1e3
    columns = (replica.slots, possible, best.req_s * factor, best.batch, best.tpot_s / factor * 1e3, ttft_ms, beyond)
    return np.concatenate(columns, axis=1, dtype=float)


def _bracket(loads: Array, stop: Array) -> tuple[Array, Array, Array]:
    """The last allowed of ascending loads (n, 1), the next one, and what stops that. When all are allowed, the last one
    twice; when none is, the first two."""
    allowed = np.sum(np.cumprod(stop == 0, axis=1), axis=1, keepdims=True)
    last, following = np.maximum(allowed - 1, 0), np.minimum(allowed, stop.shape[1] - 1)
    low, high = np.take_along_axis(loads, last, axis=1), np.take_along_axis(loads, following, axis=1)
    return low, high, np.take_along_axis(stop, following, axis=1)


def _stops(points: latency.Load, targets: Targets, factor: Array, first_factor: Array) -> Array:
    """What makes a load too much (n, b): 1 TPOT, 2 TTFT, 3 slots, 4 prompts, 0 nothing. Late first tokens are laid to the
    slots when at least half as many requests wait for one as may be late."""
    tpot_missed = points.tpot_s > (targets.tpot_ms or np.inf) * factor / 1e3
    limit_s = (targets.ttft_p95_ms or np.inf) * first_factor / 1e3
    late = tails.ttft_above_frac(points, limit_s) > TAIL_FRAC
    waiting = points.full_frac > TAIL_FRAC / 2
    unstable = points.stable == 0
    conditions = [tpot_missed, (late | unstable) & waiting, unstable, late]
    return np.select(conditions, [1, 3, 4, 2], default=0).astype(float)
