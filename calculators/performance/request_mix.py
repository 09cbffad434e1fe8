"""A workload as a replica's queues see it: moments of its joint distribution of lengths, and groups of it.

Means alone mislead. A request that writes ten times as much is in flight ten times as long, so it weighs ten times as
much in the memory held and the contexts read; and a late first token mostly belongs to a long prompt.
"""

from dataclasses import dataclass

import numpy as np

from calculators.performance.step_time import CHUNK_TOK
from calculators.scenario.demand import Array, Lengths

PROMPT_NODES_TOK: Array = CHUNK_TOK * np.array([0.0, 1 / 256, 1 / 64, 1 / 16, 1 / 4, 1.0])
"""Prompt tokens in a step at which its time is computed; between them it is interpolated. Dense below 512, where GEMMs
pass from reading weights to multiplying and most experts come to be read; nearly straight above."""
GROUP_EDGES_FRAC = (0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99)
TINY = 1e-12


@dataclass(frozen=True, slots=True)
class RequestMix:
    """Requests as a replica sees them: moments over all cells, and groups of equal prompt or output length.

    Arrays: prompts (p,), outputs (o,), cells (c,).
    """

    hit_frac: float
    arrival_cv2_ratio: float
    """Squared coefficient of variation of the times between arrivals: 1 is Poisson, more is bursty. Felt by the prompts
    queue, whose times are short."""
    dispersion_ratio: float
    """Variance / mean of the arrivals in a window about as long as a request is in flight: what the number in flight
    feels. Of independent times between arrivals, the same as `arrival_cv2_ratio`; of a load that drifts, more."""
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


def request_mix(
    lengths: Lengths, hit_frac: float = 0.0, arrival_cv2_ratio: float = 1.0, dispersion_ratio: float | None = None
) -> RequestMix:
    """Everything about the workload that does not depend on the setup."""
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
    )


def groups(size: Array, share: Array) -> Array:
    """Which cells (g, c) make up each quantile group by size, as 0 and 1; the groups are finer in the upper tail."""
    order = np.argsort(size, kind="stable")
    middle = np.cumsum(share[order]) - share[order] / 2
    found = np.empty(len(size))
    found[order] = np.searchsorted(GROUP_EDGES_FRAC, middle)
    return np.asarray(found == np.unique(found[share > 0])[:, None], dtype=float)


def node_weights(fresh_tok: Array) -> Array:
    """Interpolation weights (c, nodes): a prompt below the budget takes one step between two nodes, one above it as
    many full steps as its length is of the budget."""
    inside = np.minimum(fresh_tok, CHUNK_TOK)
    hats: Array = np.stack([np.interp(inside, PROMPT_NODES_TOK, row) for row in np.eye(len(PROMPT_NODES_TOK))], axis=1)
    return hats * np.maximum(fresh_tok / CHUNK_TOK, 1)[:, None]
