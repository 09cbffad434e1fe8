"""Latency of one replica under load, in closed form: distributions of TTFT and TPOT at an arrival rate.

The engine decodes one token for every running request in each step, and fills the rest of the step's token budget with
waiting prompts (chunked prefill: vLLM V1; Agrawal et al., "Sarathi-Serve", arXiv:2403.02310). Three things spread latency:

    in flight   the more requests run, the longer a step, so requests share the replica like a processor whose speed
                depends on the number of jobs. That number has the stationary distribution
                pi(k) ~ prod_j rate x d x T(j) / j, whatever the distribution of the d decode steps of a request (Cohen,
                "The multiple phase service network with generalized processor sharing", Acta Informatica 12, 1979).
                Beyond the slots that memory allows, requests wait.
    prompts     queue for the steps: M/G/1 with vacations (Takagi, "Queueing Analysis" vol. 1, 1991), exponential tail.
    lengths     a long prompt waits for its own steps, and a request that writes ten times as much is in flight ten times
                as long, so it weighs ten times as much in the memory held and in the contexts read.

Axes of arrays: replicas n, loads b, states k (requests decoding), groups of prompts p, groups of outputs o. `m` holds the
replicas as arrays, `queue` their queue model. `make simulate` compares the closed form with a replay of real traces.
"""

from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import NDArray

from calculators.performance.replica import ReplicaArrays
from calculators.performance.request_mix import PROMPT_NODES_TOK, TINY, RequestMix
from calculators.performance.speculation import Drafts, pass_s
from calculators.performance.step_time import (
    CHUNK_TOK,
    MAX_BATCH,
    beside_rows_s,
    cache_bytes,
    prompt_attention_s,
    rows_s,
)
from calculators.scenario.demand import Array

STATES: Array = np.append(np.arange(8.0), np.round(np.linspace(8**0.5, MAX_BATCH**0.5, 25) ** 2))
"""Numbers of decoding requests at which steps are timed, spaced like the spread of a Poisson number, its square root. The
mean of a Poisson number comes out right to 1.3%."""
ITERATIONS = 2
FULL = 1 - 1e-9
HALVINGS = 30
MOST_SLOTS = 1e6


@dataclass(frozen=True, slots=True)
class QueueModel:
    """Queue model of replicas under a request mix: everything that does not depend on the load."""

    mix: RequestMix
    ranks_count: Array
    """(n, 1) attention ranks times pipeline stages: each serves its own share of the requests."""
    passes_count: Array
    """(n, 1) decode steps of a request: one per token, fewer with speculative decoding."""
    slots: Array
    """(n, 1) most requests in flight."""
    slot_size_ratio: Array
    """(n, 1) peakedness of the demand for slots: E[size^2] / E[size]^2 of the memory held, times the dispersion of arrivals."""
    states: Array
    """(n, k) requests decoding: 0 to `slots`."""
    weights: Array
    """(n, k) number of integers that each state stands for."""
    nodes_s: Array
    """(n, k, nodes) time of a step with k decoding requests and each node's prompt tokens."""
    attention_s: Array
    """(n, p) attention time of a prompt of each group."""
    first_prompt_s: Array
    """(n, k) time added (or hidden, if negative) by the first prompt in a step beyond `each_prompt_s`: a prompt makes the step
    read more experts, or hides the weight read behind arithmetic."""
    each_prompt_s: Array
    """(n, k) time that each prompt adds to a step."""

    def rows(self, keep: NDArray[np.intp]) -> "QueueModel":
        """The queue model of these row numbers only."""
        return replace(self, **{f.name: getattr(self, f.name)[keep] for f in fields(self) if f.name != "mix"})


def queue_model(m: ReplicaArrays, mix: RequestMix, cap: float = MAX_BATCH, drafts: Drafts | None = None) -> QueueModel:
    """Queue model of each replica (row of `m`) at no more than `cap` requests in flight. With `drafts`, a decode step drafts
    tokens and verifies them."""
    fit = slots(m, mix, cap)
    states = np.minimum(STATES * max(cap / MAX_BATCH, 1.0), np.maximum(fit, 1.0))
    context, tokens = np.asarray(mix.context_tok), states * (1 + drafts.draft_tok) if drafts else states
    rows = np.stack([rows_s(m, tokens + p) for p in PROMPT_NODES_TOK], axis=-1)
    if drafts is None:
        nodes = rows + beside_rows_s(m, states, context)[..., None]
    else:
        decode = pass_s(m, states, context, drafts.draft_tok)
        nodes = decode[..., None] + rows - rows[..., :1]
    attention_s = m.kernel_factor * prompt_attention_s(m, mix.prompt_tok, mix.prompt_tok2 / mix.prompt_tok)
    attention = (attention_s @ mix.prompt_share_frac)[:, None]
    alone = nodes @ (mix.prompt_share_frac @ mix.prompt_nodes) + attention
    steps = np.maximum(mix.prompt_tok / CHUNK_TOK, 1.0) @ mix.prompt_share_frac
    slope = (nodes[..., -1] - nodes[..., -2]) / (PROMPT_NODES_TOK[-1] - PROMPT_NODES_TOK[-2])
    long = mix.prompt_tok >= CHUNK_TOK
    within, budgets = mix.prompt_share_frac @ np.where([~long, long], mix.prompt_tok, 0.0).T / np.array([1, CHUNK_TOK])
    each = slope * within + budgets * (nodes[..., -1] - nodes[..., 0]) + attention
    ends = np.concatenate([states, states[:, -1:] + 1], axis=1)
    return QueueModel(
        mix=mix,
        ranks_count=m.attention_ranks_count * m.pipeline_stages_count,
        passes_count=mix.decode_tok / (drafts.tokens_per_pass if drafts else np.ones_like(fit)),
        slots=fit,
        slot_size_ratio=slot_size_ratio(m, mix, fit, cap),
        states=states,
        weights=(np.diff(ends, axis=1) + np.diff(np.concatenate([-np.ones_like(fit), states], axis=1), axis=1)) / 2,
        nodes_s=nodes,
        attention_s=attention_s,
        first_prompt_s=alone - steps * nodes[..., 0] - each,
        each_prompt_s=each,
    )


def slots(m: ReplicaArrays, mix: RequestMix, cap: float = MAX_BATCH) -> Array:
    """Requests that fit at once (n, 1), at most `cap`; below 1 not even one fits.

    Each holds memory for its whole answer, and requests in flight are longer than average, so the count is
    room / (E[d x cache] / E[d]). About E[cache^2] / 2 E[cache] of the room stays free, too little for the next in line.
    A prefix that several of them share is held once.
    """
    alone = _fitting(m, cache_bytes(m, mix.held_tok), mix, np.zeros(m.kv_room_bytes.shape[0]))
    if not mix.shared_tok.any():
        return np.minimum(alone, cap)[:, None]
    own = cache_bytes(m, mix.held_tok) - shared_bytes(m, mix.shared_tok)
    prefix = shared_bytes(m, mix.shared_tok) @ mix.share_frac
    low, high = alone, np.minimum(_fitting(m, own, mix, np.zeros_like(prefix)), MOST_SLOTS)
    for _ in range(HALVINGS):
        middle = (low + high) / 2
        fits = _fitting(m, own, mix, prefix * prefixes_in_use(middle, mix.prefixes_count)) >= middle
        low, high = np.where(fits, middle, low), np.where(fits, high, middle)
    return np.minimum(low, cap)[:, None]


def _fitting(m: ReplicaArrays, cache: Array, mix: RequestMix, taken_bytes: Array) -> Array:
    """Requests (n,) that fit at once beside `taken_bytes` (n,), where each cell's requests hold `cache` bytes (n, c)."""
    held, mean = cache @ mix.inflight_share_frac, cache @ mix.share_frac
    lost = (cache**2 @ mix.share_frac) / np.maximum(2 * mean, TINY)
    room = m.kv_room_bytes[:, 0] - taken_bytes
    with_loss = np.maximum(room - lost, np.minimum(room, held))
    count = np.divide(with_loss, held, out=np.full(held.shape, np.inf), where=held > 0)
    return np.where(room > 0, count, 0.0)


def prefixes_in_use(requests: Array, prefixes_count: float) -> Array:
    """Expected number of different shared prefixes among `requests` in flight, each of which has one of `prefixes_count` at
    random: K (1 - (1 - 1/K)^n), the number of occupied boxes after n balls."""
    miss = np.log1p(-1 / prefixes_count) if prefixes_count > 1 else -np.inf
    return np.asarray(prefixes_count * -np.expm1(np.maximum(requests, TINY) * miss))


def shared_bytes(m: ReplicaArrays, prefix_tok: Array) -> Array:
    """Bytes on one GPU that are held once for a shared prefix: full attention's. A sliding window moves past the prefix, and
    the state of linear attention is each request's own."""
    return (m.kv_full_bytes_per_tok + m.index_bytes_per_tok) * prefix_tok


def slot_size_ratio(m: ReplicaArrays, mix: RequestMix, fit: Array, cap: float) -> Array:
    """Peakedness (n, 1) of the demand for slots: of the memory held where memory is the limit, of the number of requests
    where the cap is. Bursty arrivals multiply it by (1 + dispersion) / 2, as in a renewal process."""
    cache = cache_bytes(m, mix.held_tok) - shared_bytes(m, mix.shared_tok)
    second = (cache**2 @ mix.inflight_share_frac) / np.maximum(cache @ mix.inflight_share_frac, TINY) ** 2
    return np.where(fit < cap, np.maximum(second[:, None], 1.0), 1.0) * max((1 + mix.dispersion_ratio) / 2, 0.1)


def largest_req_s(queue: QueueModel) -> Array:
    """Arrival rate (n, 1), requests/s, from which a queue grows without end."""
    return np.minimum(*limits_req_s(queue))


def limits_req_s(queue: QueueModel) -> tuple[Array, Array]:
    """Arrival rates (n, 1), requests/s, at which all slots are taken, and at which every step is full of prompt tokens."""
    last, prompts_per_step = slice(-1, None), queue.states[:, -1:] / queue.passes_count
    full = (
        queue.first_prompt_s[:, last] * -np.expm1(-prompts_per_step) + queue.each_prompt_s[:, last] * prompts_per_step
    )
    slots = prompts_per_step / (queue.nodes_s[:, last, 0] + full)
    per_budget = queue.nodes_s[:, last, -1] * queue.mix.fresh_tok / CHUNK_TOK
    prompts = 1 / (per_budget + (queue.attention_s @ queue.mix.prompt_share_frac)[:, None])
    some = queue.ranks_count * (queue.slots > 0)
    return some * slots, some * prompts


@dataclass(frozen=True, slots=True)
class InFlight:
    """Stationary distribution of the number of requests decoding, at loads (n, b)."""

    step_s: Array
    """(n, b, k) mean step time in each state."""
    share_frac: Array
    """(n, b, k) share of time in each state; the last one includes the time when requests wait for a slot."""
    full_frac: Array
    """(n, b) share of time in which all slots are taken."""
    falloff_ratio: Array
    """(n, b) ratio of the probabilities of one more request waiting for a slot; at 1 the queue grows without end."""


def in_flight(queue: QueueModel, rate_req_s: Array) -> InFlight:
    """Stationary distribution of the number decoding, at arrival rates (n, b) of one attention rank.

    pi(k) / pi(k-1) = rate x d x T(k) / k, with d steps of T(k) per request. Between the states of the grid log pi is
    summed by the trapezoid rule. For the slots, requests of unequal size count as fewer, larger ones, pi^(1/size)
    (Hayward's approximation; Fredericks, BSTJ 59, 1980).
    """
    step = slowed_s(queue, rate_req_s)
    log_ratio = np.log(step * (rate_req_s * queue.passes_count)[..., None] / np.maximum(queue.states, 1.0)[:, None, :])
    gap = np.diff(queue.states, axis=1)[:, None, :]
    above, below = (gap + np.sign(gap)) / 2, (gap - np.sign(gap)) / 2
    rise = above * log_ratio[..., 1:] + below * log_ratio[..., :-1]
    log_pi = np.zeros_like(log_ratio)
    np.cumsum(rise, axis=-1, out=log_pi[..., 1:])
    log_pi -= log_pi.max(axis=-1, keepdims=True)
    size, last = queue.slot_size_ratio, np.minimum(log_ratio[..., -1], 0.0)
    full = _full_frac(np.exp(log_pi / size[..., None]), queue.weights, np.exp(last / size))
    ratio = np.exp(last)
    pi = np.exp(log_pi)
    beyond = pi[..., -1] * ratio / np.maximum(1 - ratio, 1 - FULL)
    pi = pi * queue.weights[:, None, :]
    pi[..., -1] += beyond
    return InFlight(step, pi / pi.sum(axis=-1, keepdims=True), full, ratio)


def _full_frac(pi: Array, weights: Array, ratio: Array) -> Array:
    """Share of time (n, b) in which all slots are taken; probabilities beyond them fall off by `ratio`."""
    at_least = pi[..., -1] / np.maximum(1 - ratio, 1 - FULL)
    return np.asarray(at_least / ((pi * weights[:, None, :]).sum(axis=-1) - pi[..., -1] + at_least))


def slowed_s(queue: QueueModel, rate_req_s: Array) -> Array:
    """Mean step time (n, b, k) with prompts arriving at `rate_req_s`.

    Solves T = D + g (1 - exp(-rate T)) + rate T h by iteration: exp(-rate T) is the share of steps without prompts, h
    what each prompt adds, and g what the first prompt of a step adds or hides beyond that.
    """
    rate = rate_req_s[..., None]
    decode, first, each = (
        queue.nodes_s[:, None, :, 0],
        queue.first_prompt_s[:, None, :],
        queue.each_prompt_s[:, None, :],
    )
    left = np.maximum(1 - rate * each, TINY)
    step = decode / np.maximum(left - rate * first, TINY)
    for _ in range(ITERATIONS):
        step = (decode - first * np.expm1(-rate * step)) / left
    return np.asarray(np.maximum(step, TINY))


@dataclass(frozen=True, slots=True)
class LoadedLatency:
    """Latency of replicas at loads. Arrays (n, b), with a last axis of groups where stated. TPOT and TTFT are infinite where
    a queue is unstable."""

    queue: QueueModel
    inside: InFlight
    req_s: Array
    """Requests/s of all attention ranks together."""
    batch: Array
    """Mean number of requests decoding."""
    tpot_s: Array
    """Mean TPOT over requests."""
    own_s: Array
    """(n, b, p) time of a prompt's own steps; if more than one, with the later prompts that enter the last step."""
    start_s: Array
    """Mean wait for the step in progress."""
    busy_frac: Array
    """Share of time spent on prompts; at 1 their queue grows without end."""
    queue_s: Array
    """Mean wait behind earlier prompts."""
    later_s: Array
    """(n, b, p) time that later prompts add to a prompt's only step, on average; 0 where it takes more than one step."""
    full_frac: Array
    """Share of requests that wait for a slot."""
    admission_s: Array
    """Mean wait for a slot, of the requests that wait for one."""
    stable: Array
    """1 where both queues are stable, else 0."""

    @property
    def mix(self) -> RequestMix:
        return self.queue.mix

    @property
    def ttft_mean_s(self) -> Array:
        """Mean TTFT (n, b); infinite where a queue is unstable."""
        mean = self.start_s + self.queue_s + self.full_frac * self.admission_s
        return np.where(self.stable > 0, mean + (self.own_s + self.later_s) @ self.mix.prompt_share_frac, np.inf)

    @property
    def prompts_s(self) -> Array:
        """Mean wait (n, b, p) for other prompts before and during the own step, of the requests that wait for any. The two
        waits are counted together, because after a long step many prompts share the next one."""
        return (self.queue_s[..., None] + self.later_s) / np.maximum(self.busy_frac, TINY)[..., None]


def at_rate(queue: QueueModel, req_s: Array) -> LoadedLatency:
    """Latency of each replica at arrival rates `req_s` (n, b), requests/s."""
    mix = queue.mix
    rate = np.maximum(
        np.broadcast_to(req_s, np.broadcast_shapes(np.shape(req_s), queue.slots.shape)) / queue.ranks_count, TINY
    )
    inside = in_flight(queue, rate)
    pi, ratio = inside.share_frac, inside.falloff_ratio
    batch = (pi @ queue.states[..., None])[..., 0]
    tpot = batch / (rate * mix.decode_tok)
    nodes = pi @ queue.nodes_s
    busy, wait, start, own, later = prompt_queue(queue, rate, inside, nodes, batch)
    stable = (busy < FULL) & (ratio < FULL) & (queue.slots >= 1) & (rate * queue.ranks_count <= largest_req_s(queue))
    variation = (mix.dispersion_ratio + mix.held_cv2_ratio) / 2
    return LoadedLatency(
        queue=queue,
        inside=inside,
        req_s=rate * queue.ranks_count,
        batch=batch,
        tpot_s=np.where(stable, tpot, np.inf),
        own_s=own,
        start_s=start,
        busy_frac=np.minimum(busy, FULL),
        queue_s=wait,
        later_s=later,
        full_frac=np.minimum(inside.full_frac, 1.0),
        admission_s=tpot * mix.decode_tok / np.maximum(queue.slots, 1.0) / np.maximum(1 - ratio, 1 - FULL) * variation,
        stable=stable.astype(float),
    )


def second_moment(mix: RequestMix, values: Array) -> Array:
    """Second moment of `values` over prompts (..., p), wider when arrivals are bursty: Var + cv2 x mean^2."""
    mean = values @ mix.prompt_share_frac
    return values**2 @ mix.prompt_share_frac + (mix.arrival_cv2_ratio - 1) * mean**2


def saved_s(queue: QueueModel, rate: Array, inside: InFlight, nodes: Array) -> Array:
    """Time (n, b, p) that a prompt saves by sharing its step: g (1 - (1 - exp(-m)) / m) with m prompts per step, g as in
    `slowed_s` but by prompt size. Where g > 0 (experts read) all of it: prompts that wait read the experts together."""
    mix = queue.mix
    slope = (nodes[..., -1:] - nodes[..., -2:-1]) / (PROMPT_NODES_TOK[-1] - PROMPT_NODES_TOK[-2])
    first = (mix.prompt_nodes @ nodes[..., None])[..., 0] - nodes[..., :1] - slope * mix.prompt_tok
    prompts = np.maximum(rate * (inside.share_frac * inside.step_s).sum(axis=-1), 1e-9)[..., None]
    saved = np.where(first > 0, first, first * (1 + np.expm1(-prompts) / prompts))
    return np.asarray(saved * np.maximum(1 - mix.prompt_tok / CHUNK_TOK, 0.0))


def prompt_queue(
    queue: QueueModel, rate: Array, inside: InFlight, nodes: Array, batch: Array
) -> tuple[Array, Array, Array, Array, Array]:
    """Queue of the prompts: share of time spent on them, mean wait behind earlier ones and mean wait for the step in
    progress, each (n, b); then each prompt's own steps and the time that later prompts add to a single one, (n, b, p).

    With e the time that a prompt adds to the steps it shares, x = rate x E[e], D a step without prompts (run while
    requests decode) and s the mean room that prompts leave in a step:
        wait = rate E[e^2] / 2(1-x)  +  D/2 (1+sx)/(1-sx)
    A prompt longer than the token budget takes ceil(length / (budget - batch)) steps. Prompts that arrived in the meantime
    enter the last one as far as there is room: a (1 - exp(-room / a)) of the a tokens expected.
    """
    mix = queue.mix
    decode, budget = nodes[..., :1], (CHUNK_TOK - batch)[..., None]
    share = mix.prompt_tok / CHUNK_TOK
    steps = np.ceil(mix.prompt_tok / budget - 1e-6)  # of rounding
    own = (mix.prompt_nodes @ nodes[..., None])[..., 0] + queue.attention_s[:, None]
    own = own + decode * np.where(steps > 1, steps - share, 0.0)
    room_frac = np.maximum(1 - share, 0.0)
    work = own - decode * np.where(steps > 1, steps - share, room_frac)
    work = np.maximum(work - saved_s(queue, rate, inside, nodes), 0.0)
    mean = work @ mix.prompt_share_frac
    busy = rate * mean
    wait = rate * second_moment(mix, work) / 2 / np.maximum(1 - busy, 1 - FULL)
    shared = np.minimum(busy * (room_frac @ mix.prompt_share_frac), FULL)
    start = (1 - inside.share_frac[..., 0]) * decode[..., 0] / 2 * (1 + shared) / (1 - shared)
    meantime = ((wait + start) / (1 + busy))[..., None] + (steps - 1) * nodes[..., -1:]
    later = np.maximum(rate[..., None] * mix.fresh_tok * meantime, TINY)
    room = np.maximum(steps * budget - mix.prompt_tok, 0.0)
    per_tok = (nodes[..., -1] - nodes[..., -2]) / (PROMPT_NODES_TOK[-1] - PROMPT_NODES_TOK[-2])
    per_tok = per_tok + (queue.attention_s @ mix.prompt_share_frac)[:, None] / mix.fresh_tok
    later = later * -np.expm1(-room / later) * per_tok[..., None]
    return busy, wait, start, own + np.where(steps > 1, later, 0.0), np.where(steps > 1, 0.0, later)
