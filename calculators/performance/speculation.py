"""Speculative decoding: a draft proposes some tokens, one pass of the model verifies them all.

It trades idle arithmetic for fewer readings of the weights. With many requests at once there is no idle arithmetic left,
and verifying tokens that are then refused makes it a loss. It never changes the time to the first token. Leviathan et
al., "Fast Inference from Transformers via Speculative Decoding", arXiv:2211.17192.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from calculators.catalog.catalog import Catalog
from calculators.catalog.models import Model
from calculators.catalog.techniques import Acceptance
from calculators.performance.replica import ReplicaArrays, ReplicaConfig
from calculators.performance.step_time import MAX_BATCH, step_s
from calculators.scenario.demand import Array
from calculators.scenario.schema import Techniques
from calculators.units import percent


@dataclass(frozen=True, slots=True)
class Drafts:
    """How a fleet speculates."""

    draft_tok: int
    """Drafted for each pass."""
    tokens_per_pass: Array
    """(n, 1) tokens that a pass yields, the one it makes itself included."""
    cost_frac: float
    """Of a plain step, for each drafted token: a small model, or extra heads of the same one."""
    memory_frac: float
    """Of the weights, for the draft's own."""


def drafts(
    configs: Sequence[ReplicaConfig], techniques: Techniques, catalog: Catalog, speed_error_sign: Array
) -> Drafts:
    """Tokens a pass of each setup; `speed_error_sign` (n,): 1 takes the high end of what is published or assumed, -1 the low end."""
    rules = catalog.technique_rules
    yields = {s.model.id: expected_tokens(s.model, techniques, catalog) for s in configs}
    chosen = [
        yields[s.model.id][1 + int(np.sign(side))] for s, side in zip(configs, speed_error_sign.tolist(), strict=True)
    ]
    return Drafts(
        techniques.draft_tok,
        np.array(chosen)[:, None],
        rules.draft_cost_frac.central,
        rules.draft_memory_frac.central,
    )


def expected_tokens(model: Model, techniques: Techniques, catalog: Catalog) -> tuple[float, float, float]:
    """Tokens a pass, low, central and high: from the acceptance that was typed, from runs published for this model, or
    from a rule of thumb."""
    count = techniques.draft_tok
    if techniques.acceptance_frac is not None:
        typed = tokens_per_pass(techniques.acceptance_frac, count)
        return typed, typed, typed
    found = [run.pass_tok[count - 1] for run in published(model, catalog)]
    if found:
        return min(found), sum(found) / len(found), max(found)
    rule = catalog.technique_rules.acceptance_frac
    low, central, high = (tokens_per_pass(a, count) for a in (rule.low, rule.central, rule.high))
    return low, central, high


def basis_words(model: Model, techniques: Techniques, catalog: Catalog) -> str:
    """Where the accepted share comes from."""
    if techniques.acceptance_frac is not None:
        return f"at the {percent(techniques.acceptance_frac)} you typed"
    runs = published(model, catalog)
    if runs:
        return f"as published for this model on coding prompts ({runs[0].method.upper()})"
    rule = catalog.technique_rules.acceptance_frac
    return f"at {percent(rule.central)} accepted, assumed ({percent(rule.low)} to {percent(rule.high)})"


def published(model: Model, catalog: Catalog) -> tuple[Acceptance, ...]:
    """Runs that measured how many drafted tokens this model accepts."""
    return tuple(run for run in catalog.technique_rules.acceptance if run.model == model.id)


def tokens_per_pass(acceptance_frac: float, draft_tok: int) -> float:
    """E = (1 - a^(g+1)) / (1 - a): tokens a pass yields when each of g drafted ones is accepted with probability a."""
    if acceptance_frac >= 1:
        return draft_tok + 1.0
    return float((1 - acceptance_frac ** (draft_tok + 1)) / (1 - acceptance_frac))


def pass_s(m: ReplicaArrays, batch: Array, context_tok: Array, draft_tok: int, cost_frac: float) -> Array:
    """Drafting and verifying, (n, b). To verify is a step in which every request brings 1 + g tokens that read its cache
    together."""
    none = np.zeros(1)
    verify = step_s(m, batch, context_tok, batch * draft_tok, context_tok)
    return verify + draft_tok * cost_frac * step_s(m, batch, context_tok, none, none)


def speedup_ratio(m: ReplicaArrays, batch: Array, context_tok: Array, drafted: Drafts) -> Array:
    """Plain over speculative time per token (n, b): E x step / pass; below 1 it is a loss."""
    none = np.zeros(1)
    plain = step_s(m, batch, context_tok, none, none)
    return drafted.tokens_per_pass * plain / pass_s(m, batch, context_tok, drafted.draft_tok, drafted.cost_frac)


def loss_from_batch(m: ReplicaArrays, context_tok: float, drafted: Drafts) -> Array:
    """The smallest number of requests at once (n,) from which speculation slows decoding; inf: none up to the cap."""
    batch = np.arange(1.0, MAX_BATCH + 1)
    gain = speedup_ratio(m, batch, np.array([context_tok]), drafted)
    return np.where((gain < 1).any(axis=1), batch[np.argmax(gain < 1, axis=1)], np.inf)
