"""Speculative decoding: a draft proposes tokens, and one pass of the model verifies all of them.

It trades idle arithmetic for fewer weight reads. In large batches no arithmetic is idle, and verifying tokens that are
then rejected makes it slower. It never changes TTFT. Leviathan et al., "Fast Inference from Transformers via Speculative
Decoding", arXiv:2211.17192.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from calculators.catalog.catalog import Catalog
from calculators.catalog.models import Model
from calculators.catalog.techniques import Acceptance
from calculators.performance.replica import ReplicaArrays, ReplicaConfig
from calculators.performance.step_time import MAX_BATCH, dense_s, kv_read_s, step_s
from calculators.scenario.demand import Array
from calculators.scenario.schema import Techniques
from calculators.units import percent


@dataclass(frozen=True, slots=True)
class Drafts:
    """Draft length, tokens per pass, and memory of speculative decoding."""

    draft_tok: int
    """Draft tokens per pass."""
    tokens_per_pass: Array
    """(n, 1) tokens that a pass yields, including the model's own."""
    memory_frac: Array
    """(n, 1) memory of a draft model's weights, as a share of the model's; layers of the model's own are in its memory."""


def drafts(
    configs: Sequence[ReplicaConfig], techniques: Techniques, catalog: Catalog, speed_error_sign: Array
) -> Drafts:
    """Speculation of each replica. `speed_error_sign` (n,): 1 takes the high end of the published or assumed acceptance, -1 the
    low end, 0 the central value."""
    rules = catalog.technique_rules
    yields = {s.model.id: expected_tokens(s.model, techniques, catalog) for s in configs}
    chosen = [
        yields[s.model.id][1 + int(np.sign(side))] for s, side in zip(configs, speed_error_sign.tolist(), strict=True)
    ]
    return Drafts(
        techniques.draft_tok,
        np.array(chosen)[:, None],
        np.array([[0.0 if s.memory.draft_layers else rules.draft_memory_frac.central] for s in configs]),
    )


def expected_tokens(model: Model, techniques: Techniques, catalog: Catalog) -> tuple[float, float, float]:
    """Low, central and high tokens per pass: from the entered acceptance rate, else from runs published for this model, else
    from an assumed rate. Published runs are of coding prompts, so their low end is at most that of the assumed rate."""
    count = techniques.draft_tok
    if techniques.acceptance_frac is not None:
        typed = tokens_per_pass(techniques.acceptance_frac, count)
        return typed, typed, typed
    rule = catalog.technique_rules.acceptance_frac
    low, central, high = (tokens_per_pass(a, count) for a in (rule.low, rule.central, rule.high))
    measured = [run.pass_tok[count - 1] for run in published(model, catalog)]
    if measured:
        return min(low, *measured), sum(measured) / len(measured), max(measured)
    return low, central, high


def basis_words(model: Model, techniques: Techniques, catalog: Catalog) -> str:
    """Acceptance rate and its origin, as a phrase."""
    if techniques.acceptance_frac is not None:
        return f"acceptance rate {percent(techniques.acceptance_frac)} (entered)"
    runs = published(model, catalog)
    if runs:
        method = runs[0].method.upper()
        return f"acceptance rate published for this model on coding prompts ({method}); other text may accept less"
    rule = catalog.technique_rules.acceptance_frac
    return f"assumed acceptance rate {percent(rule.central)} ({percent(rule.low)} to {percent(rule.high)})"


def published(model: Model, catalog: Catalog) -> tuple[Acceptance, ...]:
    """Published runs that measured the acceptance rate of this model."""
    return tuple(run for run in catalog.technique_rules.acceptance if run.model == model.id)


def tokens_per_pass(acceptance_frac: float, draft_tok: int) -> float:
    """Expected tokens per pass, (1 - a^(g+1)) / (1 - a), when each of g draft tokens is accepted with probability a (Leviathan
    et al., equation 1)."""
    if acceptance_frac >= 1:
        return draft_tok + 1.0
    return float((1 - acceptance_frac ** (draft_tok + 1)) / (1 - acceptance_frac))


def pass_s(m: ReplicaArrays, batch: Array, context_tok: Array, draft_tok: int | Array) -> Array:
    """Time of drafting and verifying, (n, b). Verification is a step in which each request brings 1 + g tokens that read its
    KV cache together, and multiply by it each; some kernels leave a long cache to one part of the GPU. Linear attention also writes
    a state after each, since any may be the last one accepted."""
    verify = step_s(m, batch, context_tok, batch * draft_tok, context_tok)
    states = m.kernel_factor * batch * m.state_bytes / (m.bandwidth_bytes_s * m.kv_bandwidth_frac)
    longer = m.verify_walk_us * 1e-6 * context_tok - m.kernel_factor * kv_read_s(m, batch, context_tok)
    verify = verify + np.maximum(longer, 0.0) * np.minimum(draft_tok, 1)
    return np.asarray(verify + draft_tok * (states + draft_s(m, batch, context_tok)))


def draft_s(m: ReplicaArrays, batch: Array, context_tok: Array) -> Array:
    """Time (n, b) of drafting one token: a step of one layer that also reads the whole head, and part of the engine's own time.
    The head makes it dear for small models, and one layer of hundreds cheap for large ones."""
    none, fixed = np.zeros(1), (m.step_overhead_us + batch * m.request_overhead_us) * 1e-6
    dense = m.kernel_factor * dense_s(m, batch)
    others = step_s(m, batch, context_tok, none, none) - dense - fixed
    head_frac = np.minimum(m.head_bytes / m.always_read_bytes, 1.0)
    one_layer = (dense * (1 - head_frac) + others) / m.layers_count
    return np.asarray(dense * head_frac + one_layer + m.draft_step_frac * fixed)


def speedup_ratio(m: ReplicaArrays, batch: Array, context_tok: Array, drafted: Drafts) -> Array:
    """Speedup (n, b): plain over speculative time per token; below 1 speculation is slower."""
    none = np.zeros(1)
    plain = step_s(m, batch, context_tok, none, none)
    return drafted.tokens_per_pass * plain / pass_s(m, batch, context_tok, drafted.draft_tok)


def loss_from_batch(m: ReplicaArrays, context_tok: float, drafted: Drafts) -> Array:
    """Smallest batch (n,) from which speculation slows decoding; infinite: none up to the batch cap."""
    batch = np.arange(1.0, MAX_BATCH + 1)
    gain = speedup_ratio(m, batch, np.array([context_tok]), drafted)
    return np.where((gain < 1).any(axis=1), batch[np.argmax(gain < 1, axis=1)], np.inf)
