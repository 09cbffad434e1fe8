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

from dataclasses import dataclass

import numpy as np

from calculators.throughput import BATCH_GRID, CHUNK_TOK, MAX_BATCH, Machine, cache_bytes, step_s
from calculators.workload import Array, Lengths

PROMPT_NODES_TOK: Array = CHUNK_TOK * np.array([0.0, 1 / 16, 1 / 4, 1 / 2, 1.0])
"""Prompt tokens in a step at which its time is computed; between them it is interpolated."""
GROUP_EDGES_FRAC = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99)
BISECTIONS = 40
ITERATIONS = 4
FULL = 1 - 1e-9
TINY = 1e-12


@dataclass(frozen=True, slots=True)
class Mix:
    """Requests as a replica sees them: moments over all cells, and groups of equal prompt or output length.

    Arrays: prompts (p,), outputs (o,), cells (c,).
    """

    hit_frac: float
    arrival_cv2_ratio: float
    """Squared coefficient of variation of the times between arrivals: 1 is Poisson, more is bursty."""
    fresh_tok: float
    decode_tok: float
    """Mean tokens made by decode steps: the first token comes from the prompt's own step."""
    context_tok: float
    """Mean context of a request in flight: E[d(i + o/2)] / E[d]."""
    held_cv2_ratio: float
    """Squared coefficient of variation of memory held x time."""
    prompt_share_frac: Array
    prompt_tok: Array
    """To be computed, so without cached ones."""
    prompt_nodes: Array
    """(p, nodes): steps of each node's size that a prompt takes."""
    prompt_tok2: Array
    """Tokens x tokens attended to."""
    output_share_frac: Array
    output_decode_tok: Array
    share_frac: Array
    inflight_share_frac: Array
    """Of the requests in flight, the share of each cell."""
    held_tok: Array


def mix(lengths: Lengths, hit_frac: float = 0.0, arrival_cv2_ratio: float = 1.0) -> Mix:
    """Everything about the workload that does not depend on the setup."""
    share, inputs, outputs = lengths.share_frac / lengths.share_frac.sum(), lengths.input_tok, lengths.output_tok
    fresh = np.maximum(inputs * (1 - hit_frac), 1.0)
    decode = np.maximum(outputs - 1, 0.0)
    mean_decode = max(float(share @ decode), 1e-6)
    held = decode * (inputs + outputs)
    inflight = share * np.maximum(decode, 1e-6) / mean_decode
    by_prompt, by_output = groups(fresh, share), groups(decode, share)
    weight = _merge(by_prompt, share, share)
    return Mix(
        hit_frac=hit_frac,
        arrival_cv2_ratio=arrival_cv2_ratio,
        fresh_tok=float(share @ fresh),
        decode_tok=mean_decode,
        context_tok=float(inflight @ (inputs + outputs / 2) / inflight.sum()),
        held_cv2_ratio=float(share @ held**2 / max(share @ held, TINY) ** 2 - 1),
        prompt_share_frac=weight,
        prompt_tok=_merge(by_prompt, share, share * fresh) / weight,
        prompt_nodes=_merge(by_prompt, share, share[:, None] * node_weights(fresh)) / weight[:, None],
        prompt_tok2=_merge(by_prompt, share, share * fresh * (inputs - fresh / 2)) / weight,
        output_share_frac=_merge(by_output, share, share),
        output_decode_tok=_merge(by_output, share, share * decode) / _merge(by_output, share, share),
        share_frac=share,
        inflight_share_frac=inflight / inflight.sum(),
        held_tok=inputs + outputs,
    )


def groups(size: Array, share: Array) -> Array:
    """Which quantile group each cell belongs to, by its size; the groups are finer in the upper tail."""
    order = np.argsort(size, kind="stable")
    middle = np.cumsum(share[order]) - share[order] / 2
    found = np.empty(len(size), dtype=float)
    found[order] = np.searchsorted(GROUP_EDGES_FRAC, middle)
    return found


def _merge(group: Array, share: Array, values: Array) -> Array:
    """Sums of `values` (c, ...) over the groups that have members."""
    used = np.unique(group[share > 0])
    return (group == used[:, None]).astype(float) @ values


def node_weights(fresh_tok: Array) -> Array:
    """Interpolation weights (c, nodes): a prompt below the budget takes one step between two nodes, one above it as
    many full steps as its length is of the budget."""
    inside = np.minimum(fresh_tok, CHUNK_TOK)
    hats = np.stack([np.interp(inside, PROMPT_NODES_TOK, row) for row in np.eye(len(PROMPT_NODES_TOK))], axis=1)
    return hats * np.maximum(fresh_tok / CHUNK_TOK, 1)[:, None]


@dataclass(frozen=True, slots=True)
class Replica:
    """What of a setup and a mix does not depend on the load."""

    mix: Mix
    ranks_count: Array
    slots: Array
    """(n, 1) requests in flight at most."""
    slot_size_ratio: Array
    """(n, 1) how unequal the slots that requests take are: E[size^2] / E[size]^2, times the burstiness of arrivals."""
    states: Array
    """(n, k) requests decoding: 0 to `slots`."""
    weights: Array
    """(n, k) how many whole numbers each state stands for."""
    nodes_s: Array
    """(n, k, nodes) a step with so many decoding and so many prompt tokens."""
    per_tok2_s: Array
    """(n, 1) prompt attention."""
    first_prompt_s: Array
    """(n, k) what a step gains by having prompts at all, beside `each_prompt_s`: reads experts, or hides reading."""
    each_prompt_s: Array
    """(n, k) what each prompt adds to a step that has some."""


def replica(m: Machine, mix: Mix, cap: float = MAX_BATCH) -> Replica:
    """Step times of each setup over the states it can be in."""
    fit = slots(m, mix, cap)
    states = np.minimum(np.append(0.0, BATCH_GRID), np.maximum(fit, 1.0))
    zero, context = np.zeros(1), np.asarray(mix.context_tok)
    nodes = np.stack([step_s(m, states, context, p, zero) for p in PROMPT_NODES_TOK], axis=-1)
    per_tok2 = attention_s_per_tok2(m)
    attention = per_tok2 * (mix.prompt_tok2 @ mix.prompt_share_frac)
    alone = nodes @ (mix.prompt_share_frac @ mix.prompt_nodes) + attention
    steps = np.maximum(mix.prompt_tok / CHUNK_TOK, 1.0) @ mix.prompt_share_frac
    slope = (nodes[..., -1] - nodes[..., -2]) / (PROMPT_NODES_TOK[-1] - PROMPT_NODES_TOK[-2])
    each = slope * mix.fresh_tok + attention
    ends = np.concatenate([states, states[:, -1:] + 1], axis=1)
    return Replica(
        mix=mix,
        ranks_count=m.attention_ranks_count,
        slots=fit,
        slot_size_ratio=slot_size_ratio(m, mix, fit, cap),
        states=states,
        weights=(np.diff(ends, axis=1) + np.diff(np.concatenate([-np.ones_like(fit), states], axis=1), axis=1)) / 2,
        nodes_s=nodes,
        per_tok2_s=per_tok2,
        first_prompt_s=alone - steps * nodes[..., 0] - each,
        each_prompt_s=each,
    )


def slots(m: Machine, mix: Mix, cap: float = MAX_BATCH) -> Array:
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


def slot_size_ratio(m: Machine, mix: Mix, fit: Array, cap: float) -> Array:
    """Peakedness (n, 1): of the memory that requests in flight hold where memory limits, of their number where the cap
    does. A renewal process with cv2 has (1 + cv2) / 2."""
    cache = cache_bytes(m, mix.held_tok)
    second = (cache**2 @ mix.inflight_share_frac) / np.maximum(cache @ mix.inflight_share_frac, TINY) ** 2
    return np.where(fit < cap, np.maximum(second[:, None], 1.0), 1.0) * max((1 + mix.arrival_cv2_ratio) / 2, 0.1)


def attention_s_per_tok2(m: Machine) -> Array:
    """Prompt attention (n, 1): proportional to the tokens times the tokens they attend to."""
    zero, one, many = np.zeros(1), np.ones(1), np.full(1, 1e6)
    return (step_s(m, zero, zero, one, many) - step_s(m, zero, zero, one, zero)) / many


def largest_req_s(r: Replica) -> Array:
    """Rate (n, 1) at which one of the queues stops ending: all slots taken, or every step full of prompts."""
    last, prompts_per_step = slice(-1, None), r.states[:, -1:] / r.mix.decode_tok
    full = r.first_prompt_s[:, last] * -np.expm1(-prompts_per_step) + r.each_prompt_s[:, last] * prompts_per_step
    slots = prompts_per_step / (r.nodes_s[:, last, 0] + full)
    per_budget = r.nodes_s[:, last, -1] * r.mix.fresh_tok / CHUNK_TOK
    prompts = 1 / (per_budget + r.per_tok2_s * (r.mix.prompt_tok2 @ r.mix.prompt_share_frac))
    return r.ranks_count * np.where(r.slots > 0, np.minimum(slots, prompts), 0.0)


def in_flight(r: Replica, rate_req_s: Array) -> tuple[Array, Array, Array]:
    """Stationary distribution of the number decoding at each arrival rate of a rank (n, b): probabilities of the states
    (n, b, k), of the slots being full, and the ratio by which the queue beyond them falls off.

    pi(k) / pi(k-1) = rate x d x T(k) / k; between states of the grid log pi is summed by the trapezoid rule. For the slots
    requests of unequal size count as fewer, larger ones (Hayward: Fredericks, BSTJ 59, 1980): pi^(1/size).
    """
    log_ratio = np.log(rate_req_s[..., None] * r.mix.decode_tok * slowed_s(r, rate_req_s) / np.maximum(r.states, 1.0)[:, None, :])
    gap = np.diff(r.states, axis=1)[:, None, :]
    rise = gap * (log_ratio[..., 1:] + log_ratio[..., :-1]) / 2 + (log_ratio[..., 1:] - log_ratio[..., :-1]) / 2 * (gap > 0)
    rise[..., 0] = gap[..., 0] * log_ratio[..., 1]
    log_pi = np.concatenate([np.zeros_like(rise[..., :1]), np.cumsum(rise, axis=-1)], axis=-1)
    pi = np.exp(log_pi - log_pi.max(axis=-1, keepdims=True))
    ratio = np.exp(np.minimum(log_ratio[..., -1], 0.0))
    full = _full_frac(pi ** (1 / r.slot_size_ratio[..., None]), r.weights, ratio ** (1 / r.slot_size_ratio))
    beyond = pi[..., -1] * ratio / np.maximum(1 - ratio, 1 - FULL)
    pi = pi * r.weights[:, None, :]
    pi[..., -1] += beyond
    return pi / pi.sum(axis=-1, keepdims=True), full, ratio


def _full_frac(pi: Array, weights: Array, ratio: Array) -> Array:
    """Share of time in which all slots are taken, the states beyond them falling off by `ratio`."""
    at_least = pi[..., -1] / np.maximum(1 - ratio, 1 - FULL)
    return np.asarray(at_least / ((pi * weights[:, None, :]).sum(axis=-1) - pi[..., -1] + at_least))


def slowed_s(r: Replica, rate_req_s: Array) -> Array:
    """Mean step (n, b, k) with prompts coming at a rate: T = D + g (1 - exp(-rate T)) + rate T h, of which exp(-rate T)
    is the share of steps without prompts, h what each adds and g what the first of a step adds or hides beside."""
    rate = rate_req_s[..., None]
    decode, first = r.nodes_s[:, None, :, 0], r.first_prompt_s[:, None, :]
    left = np.maximum(1 - rate * r.each_prompt_s[:, None, :], TINY)
    found = decode / np.maximum(1 - rate * (r.each_prompt_s + r.first_prompt_s)[:, None, :], TINY)
    for _ in range(ITERATIONS):
        found = np.maximum(decode - first * np.expm1(-rate * found), TINY) / left
    return np.asarray(found)


@dataclass(frozen=True, slots=True)
class Load:
    """Replicas at loads. Arrays (n, b), with a last axis of groups where it says so."""

    mix: Mix
    req_s: Array
    """Requests a second, of all attention ranks together."""
    batch: Array
    """Mean number of requests decoding."""
    tpot_s: Array
    """Mean over requests."""
    tpot_drift_s2: Array
    """Variance of the mean step, as the number in flight comes and goes."""
    tpot_jitter_s2: Array
    """Variance that prompts add to one step."""
    own_s: Array
    """(n, b, p): a prompt's own steps, with the later prompts that get into its last one."""
    start_s: Array
    """Wait for the step in progress."""
    busy_frac: Array
    """Share of time that goes to prompts: at 1 their queue never ends."""
    queue_s: Array
    """Mean wait behind earlier prompts."""
    full_frac: Array
    """Share of requests that wait for a slot."""
    admission_s: Array
    """Mean of that wait, of those who wait."""
    stable: Array
    """1 where both queues end, else 0."""

    @property
    def ttft_mean_s(self) -> Array:
        mean = self.start_s + self.queue_s + self.full_frac * self.admission_s
        return np.where(self.stable > 0, mean + self.own_s @ self.mix.prompt_share_frac, np.inf)


def at_rate(r: Replica, req_s: Array) -> Load:
    """Replicas (n) at arrival rates (n, b)."""
    mix = r.mix
    rate = np.maximum(np.broadcast_to(req_s, np.broadcast_shapes(np.shape(req_s), r.slots.shape)) / r.ranks_count, TINY)
    pi, full, ratio = in_flight(r, rate)
    batch = (pi @ r.states[..., None])[..., 0]
    tpot = batch / (rate * mix.decode_tok)
    nodes = pi @ r.nodes_s
    busy, queue, start, own = prompt_queue(r, rate, nodes, batch, 1 - pi[..., 0])
    step = slowed_s(r, rate)
    tokens = pi * r.states[:, None, :] / step
    tokens = tokens / np.maximum(tokens.sum(axis=-1, keepdims=True), TINY)
    level = (tokens * step).sum(axis=-1)
    extra = (mix.prompt_nodes @ nodes[..., None])[..., 0] - np.maximum(mix.prompt_tok / CHUNK_TOK, 1.0) * nodes[..., :1]
    variation = (mix.arrival_cv2_ratio + mix.held_cv2_ratio) / 2
    return Load(
        mix=mix,
        req_s=rate * r.ranks_count,
        batch=batch,
        tpot_s=tpot,
        tpot_drift_s2=((tokens * step**2).sum(axis=-1) - level**2) * (1 + mix.arrival_cv2_ratio) / 2,
        tpot_jitter_s2=rate * tpot * second_moment(mix, extra) / np.maximum(1 - busy, 0.05) ** 2,
        own_s=own,
        start_s=start,
        busy_frac=np.minimum(busy, FULL),
        queue_s=queue,
        full_frac=np.minimum(full, 1.0),
        admission_s=tpot * mix.decode_tok / r.slots / np.maximum(1 - ratio, 1 - FULL) * variation,
        stable=((busy < FULL) & (ratio < FULL)).astype(float),
    )


def second_moment(mix: Mix, values: Array) -> Array:
    """E[value^2] over prompts (..., p), wider when arrivals are bursty: Var + cv2 x mean^2."""
    mean = values @ mix.prompt_share_frac
    return values**2 @ mix.prompt_share_frac + (mix.arrival_cv2_ratio - 1) * mean**2


def prompt_queue(r: Replica, rate: Array, nodes: Array, batch: Array, running: Array) -> tuple[Array, Array, Array, Array]:
    """Share of time for prompts, mean wait behind earlier ones, rest of the step in progress, and own steps (n, b, p).

    e: a prompt's share of full steps; x = rate x E[e]; D: a step without prompts, there whenever somebody decodes.
        wait = rate E[e^2] / 2(1-x)  +  D/2 (1+sx)/(1-sx),   s: how much room prompts leave in a step
    A prompt longer than the budget takes ceil(length / (budget - batch)) steps. Into the last one come prompts that
    arrived in the meantime, as far as there is room: a (1 - exp(-room / a)) of the a tokens expected.
    """
    mix = r.mix
    decode, budget = nodes[..., :1], (CHUNK_TOK - batch)[..., None]
    share = mix.prompt_tok / CHUNK_TOK
    steps = np.ceil(mix.prompt_tok / budget)
    own = (mix.prompt_nodes @ nodes[..., None])[..., 0] + r.per_tok2_s[..., None] * mix.prompt_tok2
    own = own + decode * np.where(steps > 1, steps - share, 0.0)
    work = own - decode * np.where(steps > 1, steps - share, np.maximum(1 - share, 0.0))
    mean = work @ mix.prompt_share_frac
    busy = rate * mean
    queue = rate * second_moment(mix, work) / 2 / np.maximum(1 - busy, 1 - FULL)
    shared = np.minimum(busy * (np.maximum(1 - share, 0.0) @ mix.prompt_share_frac), FULL)
    start = running * decode[..., 0] / 2 * (1 + shared) / (1 - shared)
    meantime = ((queue + start) / (1 + busy))[..., None] + (steps - 1) * nodes[..., -1:]
    later = np.maximum(rate[..., None] * mix.fresh_tok * meantime, TINY)
    room = np.maximum(steps * budget - mix.prompt_tok, 0.0)
    later = later * -np.expm1(-room / later) * (mean / mix.fresh_tok)[..., None]
    return busy, queue, start, own + later


# --- percentiles -------------------------------------------------------------------------------------------------


def ttft_above_frac(found: Load, limit_s: Array | float) -> Array:
    """Share of requests whose first token comes later than `limit_s` (n, b): the mixture over prompts of
    P(queue + admission > limit - start - own prompt)."""
    left = np.asarray(limit_s) - found.start_s
    late = _wait_above(found, left[..., None] - found.own_s) @ found.mix.prompt_share_frac
    return np.where(found.stable > 0, late, 1.0)


def _wait_above(found: Load, left_s: Array) -> Array:
    """P(both waits together > left). Each is nil, or exponential: the queue with probability `busy_frac`, admission with
    `full_frac`; the two are taken as independent."""
    p1, p2 = found.busy_frac[..., None], found.full_frac[..., None]
    mean1 = np.maximum(found.queue_s[..., None] / np.maximum(p1, 1e-12), 1e-9)
    mean2 = np.maximum(found.admission_s[..., None], 1e-9)
    mean2 = np.where(np.abs(mean2 / mean1 - 1) < 1e-3, mean1 * 1.001, mean2)
    left = np.maximum(left_s, 0.0)
    first, second = np.exp(-left / mean1), np.exp(-left / mean2)
    both = (mean1 * first - mean2 * second) / (mean1 - mean2)
    above = p1 * (1 - p2) * first + p2 * (1 - p1) * second + p1 * p2 * both
    return np.where(left_s < 0, 1.0, above)


def ttft_percentile_s(found: Load, at_frac: float) -> Array:
    """TTFT that a share `at_frac` of requests does not exceed (n, b); infinite where a queue never ends."""
    waits = found.queue_s / np.maximum(found.busy_frac, 1e-12) + found.admission_s
    high = found.start_s + found.own_s.max(axis=-1) + waits * np.log(4 / (1 - at_frac)) + 1e-9
    high = np.where(found.stable > 0, high, 1.0)
    low = np.zeros_like(high)
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        over = ttft_above_frac(found, middle) > 1 - at_frac
        low, high = np.where(over, middle, low), np.where(over, high, middle)
    return np.where(found.stable > 0, high, np.inf)


def tpot_percentile_s(found: Load, at_frac: float) -> Array:
    """TPOT (of a request: mean time between its tokens) that a share `at_frac` of requests does not exceed (n, b).

    Of a request of d tokens it varies because of the prompts that came while it ran, rate x TPOT x E[e^2] / d(1-x)^2
    (a busy period), and because the number in flight drifts, which long requests average: 2(a - 1 + exp(-a)) / a^2,
    a = d / E[d]. Log-normal by group of output length.
    """
    spread = np.sqrt(np.log1p(tpot_variance_ratio(found)))
    high = found.tpot_s * np.exp(4 * spread.max(axis=-1))
    low = np.zeros_like(high)
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        z = (np.log(middle / found.tpot_s)[..., None] + spread**2 / 2) / np.maximum(spread, 1e-9)
        over = normal_cdf(z) @ found.mix.output_share_frac < at_frac
        low, high = np.where(over, middle, low), np.where(over, high, middle)
    return np.where(found.stable > 0, high, np.inf)


def tpot_variance_ratio(found: Load) -> Array:
    """Squared coefficient of variation of TPOT by output group (n, b, o)."""
    tokens = np.maximum(found.mix.output_decode_tok, 1.0)
    age = tokens / found.mix.decode_tok
    averaging = 2 * (age + np.expm1(-age)) / age**2
    variance = found.tpot_jitter_s2[..., None] / tokens + found.tpot_drift_s2[..., None] * averaging
    return variance / found.tpot_s[..., None] ** 2


def normal_cdf(z: Array) -> Array:
    """Standard normal distribution to 1e-7 (Abramowitz and Stegun 26.2.17); numpy has none."""
    t = 1 / (1 + 0.2316419 * np.abs(z))
    series = t * (0.319381530 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))))
    upper = np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi) * series
    return np.where(z > 0, 1 - upper, upper)
