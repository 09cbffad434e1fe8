"""The highest load at which one replica still meets the latency targets, for many setups at once."""

import numpy as np

from calculators import latency
from calculators.request_mix import Mix
from calculators.scenario import Targets
from calculators.throughput import Machine
from calculators.workload import Array

TAIL_FRAC = 0.05  # of requests may come later than the target for p95
LEAST_LOAD_FRAC, MOST_LOAD_FRAC = 0.005, 0.98
"""Of the load at which queues no longer end: nearly idle, and where only the model's error decides what happens."""
SEARCH_FRAC: Array = np.array([0.25, 0.5, 0.75])
SEARCHES = 4


def highest_loads(m: Machine, mix: Mix, targets: Targets, factor: float) -> Array:
    """The highest load within the targets (n, columns): slots, whether any load is, requests a second, batch, TPOT and
    TTFT p95 in ms there (or when nearly idle, if none is), and what stops it (as `_stops`)."""
    replica = latency.replica(m, mix)
    top = latency.largest_req_s(replica)
    ends = latency.at_rate(replica, np.array([LEAST_LOAD_FRAC, MOST_LOAD_FRAC]) * top)
    stop = _stops(ends, targets, factor)
    possible = (stop[:, :1] == 0) & (replica.slots >= 1)
    at, beyond = np.full_like(top, LEAST_LOAD_FRAC), stop[:, 1:]
    at[possible & (beyond == 0)] = MOST_LOAD_FRAC
    open_rows = (possible & (beyond > 0))[:, 0]
    if open_rows.any():
        at[open_rows], beyond[open_rows] = _search(
            replica.rows(open_rows), top[open_rows], beyond[open_rows], targets, factor
        )
    best = latency.at_rate(replica, at * top)
    ttft_ms = latency.ttft_percentile_s(best, 1 - TAIL_FRAC) / factor * 1e3
    columns = (replica.slots, possible, best.req_s * factor, best.batch, best.tpot_s / factor * 1e3, ttft_ms, beyond)
    return np.concatenate(columns, axis=1, dtype=float)


def _search(
    replica: latency.Replica, top: Array, beyond: Array, targets: Targets, factor: float
) -> tuple[Array, Array]:
    """The largest share of the top load within the targets (n, 1), and what stops the next. Latencies only grow with
    load, so the interval it lies in is cut to a quarter, a few times."""
    low, high = np.full_like(top, LEAST_LOAD_FRAC), np.full_like(top, MOST_LOAD_FRAC)
    for _ in range(SEARCHES):
        loads = low + (high - low) * SEARCH_FRAC
        stop = _stops(latency.at_rate(replica, loads * top), targets, factor)
        last = np.sum(np.cumprod(stop == 0, axis=1), axis=1, keepdims=True)
        beyond = np.take_along_axis(np.concatenate([stop, beyond], axis=1), last, axis=1)
        edges = np.concatenate([low, loads, high], axis=1)
        low, high = np.take_along_axis(edges, last, axis=1), np.take_along_axis(edges, last + 1, axis=1)
    return low, beyond


def _stops(points: latency.Load, targets: Targets, factor: float) -> Array:
    """What makes a load too much (n, b): 1 TPOT, 2 TTFT, 3 slots, 4 prompts, 0 nothing. Late first tokens are laid to the
    slots when at least half as many requests wait for one as may be late."""
    tpot_missed = points.tpot_s > (targets.tpot_ms or np.inf) * factor / 1e3
    limit_s = (targets.ttft_p95_ms or np.inf) * factor / 1e3
    late = latency.ttft_above_frac(points, limit_s) > TAIL_FRAC
    waiting = points.full_frac > TAIL_FRAC / 2
    unstable = points.stable == 0
    conditions = [tpot_missed, (late | unstable) & waiting, unstable, late]
    return np.select(conditions, [1, 3, 4, 2], default=0).astype(float)
