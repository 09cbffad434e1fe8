"""Latency under load: the distribution of TTFT and TPOT of one replica at a given arrival rate, in closed form.

The engine decodes one token for every running request in each step and lets waiting prompts ride along, up to a budget
of tokens (chunked prefill: vLLM V1; Agrawal et al., "Sarathi-Serve", arXiv:2403.02310). Three things make a distribution:

    in flight   the more requests run, the longer a step, so they share the replica like a processor whose speed depends
                on the number of jobs. That number has the stationary distribution pi(k) ~ prod_j rate x d x T(j) / j,
                whatever the distribution of the d tokens (Cohen, "The multiple phase service network with generalized
                processor sharing", Acta Informatica 12, 1979). Beyond the slots that memory allows, requests wait.
    prompts     queue for the steps: M/G/1 with vacations (Takagi, "Queueing Analysis" vol. 1, 1991), exponential tail.
    lengths     a long prompt waits for itself, and a request that writes ten times as much is in flight ten times as
                long, so it weighs ten times as much in the memory held and in the contexts read.

Arrays: setups n, loads b, states k (requests decoding), groups of prompts p, groups of outputs o. How far to trust it:
`make simulate` compares it with a replay of real traces.
"""

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from calculators.performance.replica import ReplicaArrays
from calculators.performance.request_mix import PROMPT_NODES_TOK, TINY, RequestMix
from calculators.performance.speculation import Drafts, pass_s
from calculators.performance.step_time import CHUNK_TOK, MAX_BATCH, cache_bytes, prompt_attention_s, rows_s, step_s
from calculators.scenario.demand import Array

STATES: Array = np.append(np.arange(8.0), np.round(np.linspace(8**0.5, MAX_BATCH**0.5, 25) ** 2))
"""Numbers of decoding requests at which steps are timed: spaced like their square root, as wide as Poisson's spread
(of a Poisson number the mean comes out right to 1.3%)."""
ITERATIONS = 2
FULL = 1 - 1e-9


@dataclass(frozen=True, slots=True)
class QueueModel:
    """What of a setup and a mix does not depend on the load."""

    mix: RequestMix
    ranks_count: Array
    passes_count: Array
    """(n, 1) decode steps of a request: one for each token, or with speculation for several."""
    slots: Array
    """(n, 1) requests in flight at most."""
    slot_size_ratio: Array
    """(n, 1) how unequal the slots that requests take are: E[size^2] / E[size]^2, times the dispersion of arrivals."""
    states: Array
    """(n, k) requests decoding: 0 to `slots`."""
    weights: Array
    """(n, k) how many whole numbers each state stands for."""
    nodes_s: Array
    """(n, k, nodes) a step with so many decoding and so many prompt tokens."""
    attention_s: Array
    """(n, p) attention over a prompt of each size."""
    first_prompt_s: Array
    """(n, k) what a step gains by having prompts at all, beside `each_prompt_s`: reads experts, or hides reading."""
    each_prompt_s: Array
    """(n, k) what each prompt adds to a step that has some."""

    def rows(self, keep: NDArray[np.intp]) -> "QueueModel":
        """Only the setups of these row numbers."""
        return QueueModel(self.mix, *(getattr(self, f.name)[keep] for f in fields(self)[1:]))


def queue_model(m: ReplicaArrays, mix: RequestMix, cap: float = MAX_BATCH, drafts: Drafts | None = None) -> QueueModel:
    """Step times of each setup over the states it can be in. With `drafts` a decode step is a pass that verifies them."""
    fit = slots(m, mix, cap)
    states = np.minimum(STATES * max(cap / MAX_BATCH, 1.0), np.maximum(fit, 1.0))
    zero, context, tokens = np.zeros(1), np.asarray(mix.context_tok), states
    if drafts is None:
        decode = step_s(m, states, context, zero, zero)
    else:
        tokens = states * (1 + drafts.draft_tok)
        decode = pass_s(m, states, context, drafts.draft_tok, drafts.cost_frac)
    rows = np.stack([rows_s(m, tokens + p) for p in PROMPT_NODES_TOK], axis=-1)
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
        ranks_count=m.attention_ranks_count,
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
    """Requests that fit at once (n, 1), at most the engine's cap. Each holds memory for its whole answer, and those in
    flight are the longer ones: room / (E[d x cache] / E[d]). What is free but too little for the next in line, about
    E[cache^2] / 2 E[cache], is lost. Below 1: not even one fits."""
    cache = cache_bytes(m, mix.held_tok)
    held, mean = cache @ mix.inflight_share_frac, cache @ mix.share_frac
    lost = (cache**2 @ mix.share_frac) / np.maximum(2 * mean, TINY)
    room = m.kv_room_bytes[:, 0]
    with_loss = np.maximum(room - lost, np.minimum(room, held))
    count = np.divide(with_loss, held, out=np.full(held.shape, np.inf), where=held > 0)
    return np.minimum(np.where(room > 0, count, 0.0), cap)[:, None]


def slot_size_ratio(m: ReplicaArrays, mix: RequestMix, fit: Array, cap: float) -> Array:
    """Peakedness (n, 1): of the memory that requests in flight hold where memory limits, of their number where the cap
    does. A renewal process with cv2 has (1 + cv2) / 2."""
    cache = cache_bytes(m, mix.held_tok)
    second = (cache**2 @ mix.inflight_share_frac) / np.maximum(cache @ mix.inflight_share_frac, TINY) ** 2
    return np.where(fit < cap, np.maximum(second[:, None], 1.0), 1.0) * max((1 + mix.dispersion_ratio) / 2, 0.1)


def largest_req_s(r: QueueModel) -> Array:
    """Rate (n, 1) at which one of the queues stops ending."""
    return np.minimum(*limits_req_s(r))


def limits_req_s(r: QueueModel) -> tuple[Array, Array]:
    """Rates (n, 1) at which all slots are taken, and at which every step is full of prompts."""
    last, prompts_per_step = slice(-1, None), r.states[:, -1:] / r.passes_count
    full = r.first_prompt_s[:, last] * -np.expm1(-prompts_per_step) + r.each_prompt_s[:, last] * prompts_per_step
    slots = prompts_per_step / (r.nodes_s[:, last, 0] + full)
    per_budget = r.nodes_s[:, last, -1] * r.mix.fresh_tok / CHUNK_TOK
    prompts = 1 / (per_budget + (r.attention_s @ r.mix.prompt_share_frac)[:, None])
    some = r.ranks_count * (r.slots > 0)
    return some * slots, some * prompts


@dataclass(frozen=True, slots=True)
class InFlight:
    """How many requests decode, at loads (n, b)."""

    step_s: Array
    """(n, b, k) mean step in each state."""
    share_frac: Array
    """(n, b, k) share of time in each state; the last includes all times when others wait."""
    full_frac: Array
    """Share of time in which all slots are taken."""
    falloff_ratio: Array
    """Of the probabilities of ever more requests waiting for a slot; at 1 they pile up."""


def in_flight(r: QueueModel, rate_req_s: Array) -> InFlight:
    """Stationary distribution of the number decoding, at the arrival rates of one rank (n, b).

    pi(k) / pi(k-1) = rate x d x T(k) / k, d steps of T(k) a request; between states of the grid log pi is summed by the trapezoid rule. For the
    slots, requests of unequal size count as fewer, larger ones (Hayward; Fredericks, BSTJ 59, 1980): pi^(1/size).
    """
    step = slowed_s(r, rate_req_s)
    log_ratio = np.log(step * (rate_req_s * r.passes_count)[..., None] / np.maximum(r.states, 1.0)[:, None, :])
    gap = np.diff(r.states, axis=1)[:, None, :]
    above, below = (gap + np.sign(gap)) / 2, (gap - np.sign(gap)) / 2
    rise = above * log_ratio[..., 1:] + below * log_ratio[..., :-1]
    log_pi = np.zeros_like(log_ratio)
    np.cumsum(rise, axis=-1, out=log_pi[..., 1:])
    log_pi -= log_pi.max(axis=-1, keepdims=True)
    size, last = r.slot_size_ratio, np.minimum(log_ratio[..., -1], 0.0)
    full = _full_frac(np.exp(log_pi / size[..., None]), r.weights, np.exp(last / size))
    ratio = np.exp(last)
    pi = np.exp(log_pi)
    beyond = pi[..., -1] * ratio / np.maximum(1 - ratio, 1 - FULL)
    pi = pi * r.weights[:, None, :]
    pi[..., -1] += beyond
    return InFlight(step, pi / pi.sum(axis=-1, keepdims=True), full, ratio)


def _full_frac(pi: Array, weights: Array, ratio: Array) -> Array:
    """Share of time in which all slots are taken, the states beyond them falling off by `ratio`."""
    at_least = pi[..., -1] / np.maximum(1 - ratio, 1 - FULL)
    return np.asarray(at_least / ((pi * weights[:, None, :]).sum(axis=-1) - pi[..., -1] + at_least))


def slowed_s(r: QueueModel, rate_req_s: Array) -> Array:
    """Mean step (n, b, k) with prompts coming at a rate: T = D + g (1 - exp(-rate T)) + rate T h, of which exp(-rate T)
    is the share of steps without prompts, h what each adds and g what the first of a step adds or hides beside."""
    rate = rate_req_s[..., None]
    decode, first, each = r.nodes_s[:, None, :, 0], r.first_prompt_s[:, None, :], r.each_prompt_s[:, None, :]
    left = np.maximum(1 - rate * each, TINY)
    found = decode / np.maximum(left - rate * first, TINY)
    for _ in range(ITERATIONS):
        found = (decode - first * np.expm1(-rate * found)) / left
    return np.asarray(np.maximum(found, TINY))


@dataclass(frozen=True, slots=True)
class LoadedLatency:
    """Replicas at loads. Arrays (n, b), with a last axis of groups where it says so."""

    replica: QueueModel
    inside: InFlight
    req_s: Array
    """Requests a second, of all attention ranks together."""
    batch: Array
    """Mean number of requests decoding."""
    tpot_s: Array
    """Mean over requests."""
    own_s: Array
    """(n, b, p): a prompt's own steps; of more than one, with the later prompts that get into the last."""
    start_s: Array
    """Wait for the step in progress."""
    busy_frac: Array
    """Share of time that goes to prompts: at 1 their queue never ends."""
    queue_s: Array
    """Mean wait behind earlier prompts."""
    later_s: Array
    """(n, b, p): how much later prompts make its only step longer, on average; 0 where it takes more than one."""
    full_frac: Array
    """Share of requests that wait for a slot."""
    admission_s: Array
    """Mean of that wait, of those who wait."""
    stable: Array
    """1 where both queues end, else 0."""

    @property
    def mix(self) -> RequestMix:
        return self.replica.mix

    @property
    def ttft_mean_s(self) -> Array:
        mean = self.start_s + self.queue_s + self.full_frac * self.admission_s
        return np.where(self.stable > 0, mean + (self.own_s + self.later_s) @ self.mix.prompt_share_frac, np.inf)

    @property
    def prompts_s(self) -> Array:
        """(n, b, p): mean wait for other prompts, of those who wait for any: before its own step and in it. The two go
        together: after a long step much has come that shares the next one."""
        return (self.queue_s[..., None] + self.later_s) / np.maximum(self.busy_frac, TINY)[..., None]


def at_rate(r: QueueModel, req_s: Array) -> LoadedLatency:
    """Replicas (n) at arrival rates (n, b)."""
    mix = r.mix
    rate = np.maximum(np.broadcast_to(req_s, np.broadcast_shapes(np.shape(req_s), r.slots.shape)) / r.ranks_count, TINY)
    inside = in_flight(r, rate)
    pi, ratio = inside.share_frac, inside.falloff_ratio
    batch = (pi @ r.states[..., None])[..., 0]
    tpot = batch / (rate * mix.decode_tok)
    nodes = pi @ r.nodes_s
    busy, queue, start, own, later = prompt_queue(r, rate, inside, nodes, batch)
    stable = (busy < FULL) & (ratio < FULL) & (r.slots >= 1) & (rate * r.ranks_count <= largest_req_s(r))
    variation = (mix.dispersion_ratio + mix.held_cv2_ratio) / 2
    return LoadedLatency(
        replica=r,
        inside=inside,
        req_s=rate * r.ranks_count,
        batch=batch,
        tpot_s=np.where(stable, tpot, np.inf),
        own_s=own,
        start_s=start,
        busy_frac=np.minimum(busy, FULL),
        queue_s=queue,
        later_s=later,
        full_frac=np.minimum(inside.full_frac, 1.0),
        admission_s=tpot * mix.decode_tok / np.maximum(r.slots, 1.0) / np.maximum(1 - ratio, 1 - FULL) * variation,
        stable=stable.astype(float),
    )


def second_moment(mix: RequestMix, values: Array) -> Array:
    """E[value^2] over prompts (..., p), wider when arrivals are bursty: Var + cv2 x mean^2."""
    mean = values @ mix.prompt_share_frac
    return values**2 @ mix.prompt_share_frac + (mix.arrival_cv2_ratio - 1) * mean**2


def saved_s(r: QueueModel, rate: Array, inside: InFlight, nodes: Array) -> Array:
    """What a prompt saves by sharing its step (n, b, p): g (1 - (1 - exp(-m)) / m), m prompts a step, g as in `slowed_s`
    but for each size. Of g > 0 (experts read) all: those who wait read them together."""
    mix = r.mix
    slope = (nodes[..., -1:] - nodes[..., -2:-1]) / (PROMPT_NODES_TOK[-1] - PROMPT_NODES_TOK[-2])
    first = (mix.prompt_nodes @ nodes[..., None])[..., 0] - nodes[..., :1] - slope * mix.prompt_tok
    prompts = np.maximum(rate * (inside.share_frac * inside.step_s).sum(axis=-1), 1e-9)[..., None]
    saved = np.where(first > 0, first, first * (1 + np.expm1(-prompts) / prompts))
    return np.asarray(saved * np.maximum(1 - mix.prompt_tok / CHUNK_TOK, 0.0))


def prompt_queue(
    r: QueueModel, rate: Array, inside: InFlight, nodes: Array, batch: Array
) -> tuple[Array, Array, Array, Array, Array]:
    """Share of time for prompts, mean wait behind earlier ones, rest of the step in progress; own steps and what later
    prompts add to a single one (n, b, p).

    e: what a prompt adds to the steps it shares; x = rate x E[e]; D: a step without prompts, there when somebody decodes.
        wait = rate E[e^2] / 2(1-x)  +  D/2 (1+sx)/(1-sx),   s: how much room prompts leave in a step
    A prompt longer than the budget takes ceil(length / (budget - batch)) steps. Into the last one come prompts that
    arrived in the meantime, as far as there is room: a (1 - exp(-room / a)) of the a tokens expected.
    """
    mix = r.mix
    decode, budget = nodes[..., :1], (CHUNK_TOK - batch)[..., None]
    share = mix.prompt_tok / CHUNK_TOK
    steps = np.ceil(mix.prompt_tok / budget - 1e-6)  # of rounding
    own = (mix.prompt_nodes @ nodes[..., None])[..., 0] + r.attention_s[:, None]
    own = own + decode * np.where(steps > 1, steps - share, 0.0)
    room_frac = np.maximum(1 - share, 0.0)
    work = own - decode * np.where(steps > 1, steps - share, room_frac)
    work = np.maximum(work - saved_s(r, rate, inside, nodes), 0.0)
    mean = work @ mix.prompt_share_frac
    busy = rate * mean
    queue = rate * second_moment(mix, work) / 2 / np.maximum(1 - busy, 1 - FULL)
    shared = np.minimum(busy * (room_frac @ mix.prompt_share_frac), FULL)
    start = (1 - inside.share_frac[..., 0]) * decode[..., 0] / 2 * (1 + shared) / (1 - shared)
    meantime = ((queue + start) / (1 + busy))[..., None] + (steps - 1) * nodes[..., -1:]
    later = np.maximum(rate[..., None] * mix.fresh_tok * meantime, TINY)
    room = np.maximum(steps * budget - mix.prompt_tok, 0.0)
    per_tok = (nodes[..., -1] - nodes[..., -2]) / (PROMPT_NODES_TOK[-1] - PROMPT_NODES_TOK[-2])
    per_tok = per_tok + (r.attention_s @ mix.prompt_share_frac)[:, None] / mix.fresh_tok
    later = later * -np.expm1(-room / later) * per_tok[..., None]
    return busy, queue, start, own + np.where(steps > 1, later, 0.0), np.where(steps > 1, 0.0, later)
