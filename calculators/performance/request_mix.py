"""Request mix: moments and groups of a workload's joint distribution of lengths, as the queues of a replica need them.

Means alone mislead. A request that writes ten times as much is in flight ten times as long, so it weighs ten times as
much in the memory held and the contexts read; and a late first token mostly belongs to a long prompt.
"""

from dataclasses import dataclass

import numpy as np

from calculators.performance.step_time import CHUNK_TOK
from calculators.scenario.demand import Array, Lengths

PROMPT_NODES_TOK: Array = CHUNK_TOK * np.array([0.0, 1 / 256, 1 / 64, 1 / 16, 1 / 4, 1.0])
"""Prompt tokens per step at which the step time is computed; it is interpolated between them. Dense below 512, where matrix
multiplication turns from memory- to compute-bound and most experts come to be read; nearly linear above."""
GROUP_EDGES_FRAC = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99)
TINY = 1e-12
CACHE_BLOCK_TOK = 16.0
"""Tokens of one cache block, the unit of sharing: vLLM's default."""


@dataclass(frozen=True, slots=True)
class RequestMix:
    """Moments over all cells of the length distribution, and groups of similar prompt or output length.

    Arrays: groups of prompts (p,), groups of outputs (o,), cells (c,). Lengths in tokens.
    """

    hit_frac: float
    arrival_cv2_ratio: float
    """Squared coefficient of variation of the times between arrivals: 1 is Poisson, more is bursty. It drives the queue of
    prompts, whose times are short."""
    dispersion_ratio: float
    """Variance / mean of the arrivals in a window about as long as a request is in flight; it drives the number in flight.
    Equal to `arrival_cv2_ratio` for independent times between arrivals, larger for a drifting load."""
    fresh_tok: float
    """Mean uncached prompt tokens."""
    decode_tok: float
    """Mean tokens from decode steps; the first token comes from the prompt's own step."""
    context_tok: float
    """Mean context of a request in flight: E[d(i + o/2)] / E[d]."""
    held_cv2_ratio: float
    """Squared coefficient of variation of (memory held x time)."""
    prompt_share_frac: Array
    prompt_tok: Array
    """Uncached tokens."""
    prompt_nodes: Array
    """(p, nodes) steps of each node's size that a prompt takes."""
    prompt_tok2: Array
    """Uncached tokens x tokens attended to."""
    output_share_frac: Array
    output_decode_tok: Array
    share_frac: Array
    inflight_share_frac: Array
    """Share of each cell among the requests in flight."""
    held_tok: Array
    shared_tok: Array
    """Of `held_tok`: tokens of prefixes that other requests use too, in whole blocks of the cache."""
    prefixes_count: float
    """Different shared prefixes that come to one replica."""


@dataclass(frozen=True, slots=True)
class SharedPrefixes:
    """How much of what a replica finds in its prefix cache many requests have in common."""

    hits_frac: float
    """Share of the hits; the others are a conversation's own earlier turns."""
    count: float
    """Different shared prefixes that come to one replica."""


NOT_SHARED = SharedPrefixes(0.0, 1.0)


def request_mix(
    lengths: Lengths,
    hit_frac: float = 0.0,
    arrival_cv2_ratio: float = 1.0,
    dispersion_ratio: float | None = None,
    shared: SharedPrefixes = NOT_SHARED,
) -> RequestMix:
    """Request mix of a length distribution, of whose input a share `hit_frac` is cached. Arrivals are Poisson by default;
    `dispersion_ratio` None: as of independent times between arrivals."""
    share, inputs, outputs = lengths.share_frac / lengths.share_frac.sum(), lengths.input_tok, lengths.output_tok
    fresh = np.maximum(inputs * (1 - hit_frac), 1.0)
    decode = np.maximum(outputs - 1, 0.0)
    mean_decode = max(float(share @ decode), 1e-6)
    held = decode * (inputs + outputs)
    inflight = share * np.maximum(decode, 1e-6) / mean_decode
    prompts, outputs_of = groups(fresh, share), groups(decode, share)
    weight, output_weight = prompts @ share, outputs_of @ share
    return RequestMix(
        hit_frac=hit_frac,
        arrival_cv2_ratio=arrival_cv2_ratio,
        dispersion_ratio=arrival_cv2_ratio if dispersion_ratio is None else dispersion_ratio,
        fresh_tok=float(share @ fresh),
        decode_tok=mean_decode,
        context_tok=float(inflight @ (inputs + outputs / 2) / inflight.sum()),
        held_cv2_ratio=float(share @ held**2 / max(share @ held, TINY) ** 2 - 1),
        prompt_share_frac=weight,
        prompt_tok=prompts @ (share * fresh) / weight,
        prompt_nodes=prompts @ (share[:, None] * node_weights(fresh)) / weight[:, None],
        prompt_tok2=prompts @ (share * fresh * (inputs - fresh / 2)) / weight,
        output_share_frac=output_weight,
        output_decode_tok=outputs_of @ (share * decode) / output_weight,
        share_frac=share,
        inflight_share_frac=inflight / inflight.sum(),
        held_tok=inputs + outputs,
        shared_tok=CACHE_BLOCK_TOK * np.floor(inputs * hit_frac * shared.hits_frac / CACHE_BLOCK_TOK),
        prefixes_count=shared.count,
    )


def groups(size: Array, share: Array) -> Array:
    """Membership (g, c), 1 or 0, of cells in quantile groups by size; the groups are finer in the upper tail."""
    order = np.argsort(size, kind="stable")
    middle = np.cumsum(share[order]) - share[order] / 2
    group = np.empty(len(size))
    group[order] = np.searchsorted(GROUP_EDGES_FRAC, middle)
    return np.asarray(group == np.unique(group[share > 0])[:, None], dtype=float)


def node_weights(fresh_tok: Array) -> Array:
    """Interpolation weights (c, nodes) of prompts. One below the token budget takes one step between two nodes; one above it
    takes length / budget full steps."""
    inside = np.minimum(fresh_tok, CHUNK_TOK)
    hats: Array = np.stack([np.interp(inside, PROMPT_NODES_TOK, row) for row in np.eye(len(PROMPT_NODES_TOK))], axis=1)
    return hats * np.maximum(fresh_tok / CHUNK_TOK, 1)[:, None]
