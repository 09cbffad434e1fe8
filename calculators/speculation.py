"""Speculative decoding: a draft proposes some tokens, one pass of the model verifies them all.

It trades idle arithmetic for fewer readings of the weights. With many requests at once there is no idle arithmetic left,
and verifying tokens that are then refused makes it a loss. It never changes the time to the first token. Leviathan et
al., "Fast Inference from Transformers via Speculative Decoding", arXiv:2211.17192.
"""

import numpy as np

from calculators.throughput import MAX_BATCH, Machine, step_s
from calculators.workload import Array


def tokens_per_pass(acceptance_frac: float, draft_count: int) -> float:
    """E = (1 - a^(g+1)) / (1 - a): tokens a pass yields when each of g drafted ones is accepted with probability a."""
    if acceptance_frac >= 1:
        return draft_count + 1.0
    return float((1 - acceptance_frac ** (draft_count + 1)) / (1 - acceptance_frac))


def speculative_tpot_s(
    m: Machine, batch: Array, context_tok: Array, draft_count: int, acceptance_frac: float, draft_cost_frac: float
) -> Array:
    """Time per token (n, b): (verify + drafts) / E.

    Verifying is a step in which every request brings 1 + g tokens that read its cache together; each draft costs
    `draft_cost_frac` of a plain step (a small model, or extra heads of the same one).
    """
    none = np.zeros(1)
    verify = step_s(m, batch, context_tok, batch * draft_count, context_tok)
    drafts = draft_count * draft_cost_frac * step_s(m, batch, context_tok, none, none)
    return (verify + drafts) / tokens_per_pass(acceptance_frac, draft_count)


def speedup_ratio(
    m: Machine, batch: Array, context_tok: Array, draft_count: int, acceptance_frac: float, draft_cost_frac: float
) -> Array:
    """Plain over speculative time per token (n, b): below 1 it is a loss."""
    none = np.zeros(1)
    plain = step_s(m, batch, context_tok, none, none)
    return plain / speculative_tpot_s(m, batch, context_tok, draft_count, acceptance_frac, draft_cost_frac)


def loss_from_batch(
    m: Machine, context_tok: float, draft_count: int, acceptance_frac: float, draft_cost_frac: float
) -> Array:
    """The smallest number of requests at once (n,) from which speculation slows decoding; inf: none up to the cap."""
    batch = np.arange(1.0, MAX_BATCH + 1)
    gain = speedup_ratio(m, batch, np.array([context_tok]), draft_count, acceptance_frac, draft_cost_frac)
    return np.where((gain < 1).any(axis=1), batch[np.argmax(gain < 1, axis=1)], np.inf)
