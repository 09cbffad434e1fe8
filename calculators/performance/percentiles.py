"""Percentiles of TTFT and TPOT at a load, from the queues and the mixture of lengths that `latency.py` finds."""

from collections.abc import Callable

import numpy as np

from calculators.performance.queueing import LoadedLatency, second_moment
from calculators.performance.request_mix import TINY
from calculators.performance.step_time import CHUNK_TOK
from calculators.scenario.demand import Array

CUTS_FRAC: Array = np.arange(0.0, 5.0) / 4
CUTS = 6  # a percentile is sought by cutting its range into four, six times
LONGEST_BUSY = 0.4  # busy periods much longer than a request cannot all fall into it


def ttft_above_frac(found: LoadedLatency, limit_s: Array | float) -> Array:
    """Share of requests whose first token comes later than `limit_s` (n, b): the mixture over prompts of
    P(queue + admission > limit - start - own prompt)."""
    left = (np.asarray(limit_s) - found.start_s)[..., None] - found.own_s
    chances = (x[..., None] for x in (found.busy_frac, found.full_frac, found.admission_s))
    late = _wait_above(left, found.prompts_s, *chances) @ found.mix.prompt_share_frac
    return np.where(found.stable > 0, late, 1.0)


def _wait_above(left_s: Array, prompts_s: Array, busy: Array, full: Array, admission_s: Array) -> Array:
    """P(both waits together > left). Each is nil or exponential: for other prompts with probability `busy`, for a slot
    with probability `full`; the two are taken as independent."""
    mean1 = np.maximum(prompts_s, TINY)
    mean2 = np.maximum(admission_s, TINY)
    mean2 = np.where(np.abs(mean2 / mean1 - 1) < 1e-3, mean1 * 1.001, mean2)
    left = np.maximum(left_s, 0.0)
    both = busy * full / (mean1 - mean2)
    first, second = busy * (1 - full) + both * mean1, full * (1 - busy) - both * mean2
    return np.where(left_s < 0, 1.0, first * np.exp(-left / mean1) + second * np.exp(-left / mean2))


def ttft_percentile_s(found: LoadedLatency, at_frac: float) -> Array:
    """TTFT that a share `at_frac` of requests does not exceed (n, b); infinite where a queue never ends."""
    waits = found.prompts_s.max(axis=-1) + found.admission_s
    low = found.start_s + found.own_s.min(axis=-1)
    high = found.start_s + found.own_s.max(axis=-1) + waits * np.log(4 / (1 - at_frac))

    def below(times_s: Array) -> Array:
        left = (times_s - found.start_s[..., None])[..., None] - found.own_s[..., None, :]
        chances = (x[..., None, None] for x in (found.busy_frac, found.full_frac, found.admission_s))
        return 1 - _wait_above(left, found.prompts_s[..., None, :], *chances) @ found.mix.prompt_share_frac

    return _percentile(found, low, high, at_frac, below)


def _percentile(
    found: LoadedLatency, low: Array, high: Array, at_frac: float, below: Callable[[Array], Array]
) -> Array:
    """Where the distribution `below`, which takes times (n, b, cuts), reaches `at_frac`, between `low` and `high`; both
    are narrowed on a logarithmic scale. Infinite where a queue never ends."""
    low, high = (np.log(np.where(found.stable > 0, x, 1.0))[..., None] for x in (low * (1 - 1e-6), high * (1 + 1e-6)))
    for _ in range(CUTS):
        edges = low + (high - low) * CUTS_FRAC
        place = np.sum(below(np.exp(edges[..., 1:-1])) < at_frac, axis=-1)[..., None]
        low, high = np.take_along_axis(edges, place, -1), np.take_along_axis(edges, place + 1, -1)
    return np.where(found.stable > 0, np.exp(high[..., 0]), np.inf)


def tpot_percentile_s(found: LoadedLatency, at_frac: float) -> Array:
    """TPOT (of a request: mean time between its tokens) that a share `at_frac` of requests does not exceed (n, b).

    A request of d tokens meets Poisson(rate x TPOT x d) prompts: none, or some. In either case log-normal, with the
    variance of the prompts met, and of the number in flight, whose drift long requests average: 2(a - 1 + exp(-a)) / a^2,
    a = d / E[d]. Mixed over groups of output length.

    Its mean never falls with load. Its percentiles may, by up to a third, where almost all answers have a few tokens.
    """
    mean, spread, weight = _tpot_parts(found)
    low, high = (mean * np.exp(-5 * spread)).min(axis=-1), (mean * np.exp(5 * spread)).max(axis=-1)
    middle, width = (np.log(mean) - spread**2 / 2)[..., None, :], spread[..., None, :]

    def below(times_s: Array) -> Array:
        chance = normal_cdf((np.log(times_s)[..., None] - middle) / width)
        return np.asarray((chance * weight[..., None, :]).sum(axis=-1))

    return _percentile(found, low, high, at_frac, below)


def _tpot_parts(found: LoadedLatency) -> tuple[Array, Array, Array]:
    """Mean TPOT, logarithmic spread and share of requests: (n, b, groups that meet no prompt, then groups that do)."""
    mix, tokens = found.mix, np.maximum(found.mix.output_decode_tok, 1.0)
    decode_s, drift_s2 = steps_by_token(found)
    tpot_s = np.where(found.stable > 0, found.tpot_s, decode_s)
    added = np.maximum(tpot_s - decode_s, 0.0)[..., None]
    age = tokens / mix.decode_tok
    drift = drift_s2[..., None] * 2 * (age + np.expm1(-age)) / age**2
    met = found.req_s / found.replica.ranks_count * tpot_s
    some = np.maximum(-np.expm1(-met[..., None] * tokens), TINY)
    mean = np.concatenate([decode_s[..., None] + 0 * some, decode_s[..., None] + added / some], axis=-1)
    prompts = (met[..., None] * prompt_moment_s2(found)[..., None] / tokens + added**2) / some - (added / some) ** 2
    variance = np.concatenate([drift, drift + np.maximum(prompts, 0.0)], axis=-1)
    spread = np.maximum(np.sqrt(np.log1p(variance / mean**2)), 1e-3)
    return mean, spread, np.concatenate([1 - some, some], axis=-1) * np.tile(mix.output_share_frac, 2)


def prompt_moment_s2(found: LoadedLatency) -> Array:
    """E[what a prompt adds to the steps of others ^ 2] (n, b), longer in a busy period: / (1 - x)^2."""
    r, mix = found.replica, found.mix
    nodes = found.inside.share_frac @ r.nodes_s
    extra = (mix.prompt_nodes @ nodes[..., None])[..., 0] + r.attention_s[:, None]
    extra = extra - np.maximum(mix.prompt_tok / CHUNK_TOK, 1.0) * nodes[..., :1]
    return np.asarray(second_moment(mix, extra) / np.maximum(1 - found.busy_frac, LONGEST_BUSY) ** 2)


def steps_by_token(found: LoadedLatency) -> tuple[Array, Array]:
    """Mean step without prompts, and the variance of the mean step with them, over the tokens made (n, b): those of a
    state are its share of time x batch / step."""
    r, step = found.replica, found.inside.step_s
    tokens = found.inside.share_frac * r.states[:, None, :] / step
    tokens = tokens / np.maximum(tokens.sum(axis=-1, keepdims=True), TINY)
    mean, square = (tokens * step).sum(axis=-1), (tokens * step**2).sum(axis=-1)
    decode = (tokens * r.nodes_s[:, None, :, 0]).sum(axis=-1)
    return decode, np.maximum(square - mean**2, 0.0) * (1 + found.mix.dispersion_ratio) / 2


def normal_cdf(z: Array) -> Array:
    """Standard normal distribution to 1e-7 (Abramowitz and Stegun 26.2.17); numpy has none."""
    t = 1 / (1 + 0.2316419 * np.abs(z))
    series: Array = t * (0.319381530 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))))
    upper = np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi) * series
    return np.asarray(np.where(z > 0, 1 - upper, upper))
