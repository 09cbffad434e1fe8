"""Percentiles of TTFT and TPOT at a load, from the waits and the mixture of lengths in `LoadedLatency`."""

from collections.abc import Callable

import numpy as np

from calculators.performance.queueing import LoadedLatency, second_moment
from calculators.performance.request_mix import TINY
from calculators.performance.step_time import CHUNK_TOK
from calculators.scenario.demand import Array

_CUTS_FRAC: Array = np.arange(0.0, 5.0) / 4
_CUTS = 6  # a percentile is bracketed in quarters of its range, six times
_LONGEST_BUSY = 0.4  # lower bound of 1 - x: long busy periods do not all fall into one request


def ttft_above_frac(load: LoadedLatency, limit_s: Array | float) -> Array:
    """Share of requests (n, b) whose TTFT exceeds `limit_s`; 1 where a queue is unstable. The mixture over prompts of
    P(queue + admission > limit - start - own prompt)."""
    left = (np.asarray(limit_s) - load.start_s)[..., None] - load.own_s
    chances = (x[..., None] for x in (load.busy_frac, load.full_frac, load.admission_s))
    late = _wait_above(left, load.prompts_s, *chances) @ load.mix.prompt_share_frac
    return np.where(load.stable > 0, late, 1.0)


def _wait_above(left_s: Array, prompts_s: Array, busy: Array, full: Array, admission_s: Array) -> Array:
    """P(sum of two waits > `left_s`). Each wait is zero or exponential: for other prompts with probability `busy`, for a
    slot with probability `full`. The two are taken as independent."""
    mean1 = np.maximum(prompts_s, TINY)
    mean2 = np.maximum(admission_s, TINY)
    mean2 = np.where(np.abs(mean2 / mean1 - 1) < 1e-3, mean1 * 1.001, mean2)
    left = np.maximum(left_s, 0.0)
    both = busy * full / (mean1 - mean2)
    first, second = busy * (1 - full) + both * mean1, full * (1 - busy) - both * mean2
    return np.where(left_s < 0, 1.0, first * np.exp(-left / mean1) + second * np.exp(-left / mean2))


def ttft_percentile_s(load: LoadedLatency, at_frac: float) -> Array:
    """Percentile `at_frac` of TTFT in s (n, b); infinite where a queue is unstable."""
    waits = load.prompts_s.max(axis=-1) + load.admission_s
    low = load.start_s + load.own_s.min(axis=-1)
    high = load.start_s + load.own_s.max(axis=-1) + waits * np.log(4 / (1 - at_frac))

    def below(times_s: Array) -> Array:
        left = (times_s - load.start_s[..., None])[..., None] - load.own_s[..., None, :]
        chances = (x[..., None, None] for x in (load.busy_frac, load.full_frac, load.admission_s))
        return 1 - _wait_above(left, load.prompts_s[..., None, :], *chances) @ load.mix.prompt_share_frac

    return _percentile(load, low, high, at_frac, below)


def _percentile(load: LoadedLatency, low: Array, high: Array, at_frac: float, below: Callable[[Array], Array]) -> Array:
    """Time (n, b) at which the distribution function `below`, which takes times (n, b, cuts), reaches `at_frac`. It is
    bracketed between `low` and `high` on a logarithmic scale; infinite where a queue is unstable."""
    low, high = (np.log(np.where(load.stable > 0, x, 1.0))[..., None] for x in (low * (1 - 1e-6), high * (1 + 1e-6)))
    for _ in range(_CUTS):
        edges = low + (high - low) * _CUTS_FRAC
        place = np.sum(below(np.exp(edges[..., 1:-1])) < at_frac, axis=-1)[..., None]
        low, high = np.take_along_axis(edges, place, -1), np.take_along_axis(edges, place + 1, -1)
    return np.where(load.stable > 0, np.exp(high[..., 0]), np.inf)


def tpot_percentile_s(load: LoadedLatency, at_frac: float) -> Array:
    """Percentile `at_frac` of the TPOT of requests in s (n, b); infinite where a queue is unstable.

    A request of d tokens meets Poisson(rate x TPOT x d) prompts: none, or some. In either case its TPOT is log-normal. The
    variance comes from the prompts met and from the number in flight, which long requests average:
    2(a - 1 + exp(-a)) / a^2 with a = d / E[d]. The result is mixed over groups of output length.

    The mean never falls with load; percentiles can, by up to a third, where almost all answers have a few tokens.
    """
    mean, spread, weight = _tpot_parts(load)
    low, high = (mean * np.exp(-5 * spread)).min(axis=-1), (mean * np.exp(5 * spread)).max(axis=-1)
    middle, width = (np.log(mean) - spread**2 / 2)[..., None, :], spread[..., None, :]

    def below(times_s: Array) -> Array:
        chance = normal_cdf((np.log(times_s)[..., None] - middle) / width)
        return np.asarray((chance * weight[..., None, :]).sum(axis=-1))

    return _percentile(load, low, high, at_frac, below)


def _tpot_parts(load: LoadedLatency) -> tuple[Array, Array, Array]:
    """Mean TPOT, logarithmic spread and share of requests, (n, b, 2 groups): those that meet no prompt, then those that do."""
    mix, tokens = load.mix, np.maximum(load.mix.output_decode_tok, 1.0)
    decode_s, drift_s2 = steps_by_token(load)
    tpot_s = np.where(load.stable > 0, load.tpot_s, decode_s)
    added = np.maximum(tpot_s - decode_s, 0.0)[..., None]
    age = tokens / mix.decode_tok
    drift = drift_s2[..., None] * 2 * (age + np.expm1(-age)) / age**2
    met = load.req_s / load.queue.ranks_count * tpot_s
    some = np.maximum(-np.expm1(-met[..., None] * tokens), TINY)
    mean = np.concatenate([decode_s[..., None] + 0 * some, decode_s[..., None] + added / some], axis=-1)
    prompts = (met[..., None] * prompt_moment_s2(load)[..., None] / tokens + added**2) / some - (added / some) ** 2
    variance = np.concatenate([drift, drift + np.maximum(prompts, 0.0)], axis=-1)
    spread = np.maximum(np.sqrt(np.log1p(variance / mean**2)), 1e-3)
    return mean, spread, np.concatenate([1 - some, some], axis=-1) * np.tile(mix.output_share_frac, 2)


def prompt_moment_s2(load: LoadedLatency) -> Array:
    """Second moment (n, b) of the time that a prompt adds to the steps of others, over (1 - x)^2 for busy periods."""
    queue, mix = load.queue, load.mix
    nodes = load.inside.share_frac @ queue.nodes_s
    extra = (mix.prompt_nodes @ nodes[..., None])[..., 0] + queue.attention_s[:, None]
    extra = extra - np.maximum(mix.prompt_tok / CHUNK_TOK, 1.0) * nodes[..., :1]
    return np.asarray(second_moment(mix, extra) / np.maximum(1 - load.busy_frac, _LONGEST_BUSY) ** 2)


def steps_by_token(load: LoadedLatency) -> tuple[Array, Array]:
    """Mean step time without prompts and variance of the step time with them, (n, b), over the tokens generated: a state
    generates its share of time x batch / step."""
    queue, step = load.queue, load.inside.step_s
    tokens = load.inside.share_frac * queue.states[:, None, :] / step
    tokens = tokens / np.maximum(tokens.sum(axis=-1, keepdims=True), TINY)
    mean, square = (tokens * step).sum(axis=-1), (tokens * step**2).sum(axis=-1)
    decode = (tokens * queue.nodes_s[:, None, :, 0]).sum(axis=-1)
    return decode, np.maximum(square - mean**2, 0.0) * (1 + load.mix.dispersion_ratio) / 2


def normal_cdf(z: Array) -> Array:
    """Standard normal distribution function, accurate to 1e-7 (Abramowitz and Stegun 26.2.17); numpy has none."""
    t = 1 / (1 + 0.2316419 * np.abs(z))
    series: Array = t * (0.319381530 + t * (-0.356563782 + t * (1.781477937 + t * (-1.821255978 + t * 1.330274429))))
    upper = np.exp(-(z**2) / 2) / np.sqrt(2 * np.pi) * series
    return np.asarray(np.where(z > 0, 1 - upper, upper))
