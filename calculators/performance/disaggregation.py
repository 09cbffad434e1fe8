"""Prefill/decode disaggregation: the request mix of each pool, and the transfer of KV caches between them.

A prefill replica serves requests that end with their first token; a decode replica serves requests whose prompts are
fully cached. Both are sized by the same queue model as a replica that does both (queueing.py), each for its own target.

Zhong et al., "DistServe", OSDI 2024, arXiv:2401.09670; Patel et al., "Splitwise", ISCA 2024, arXiv:2311.18677.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from calculators.catalog.catalog import Catalog
from calculators.performance.model_size import kv_bytes
from calculators.performance.replica import ReplicaConfig
from calculators.performance.request_mix import NOT_SHARED, RequestMix, SharedPrefixes, request_mix
from calculators.scenario.demand import Array, Lengths
from calculators.units import BYTES_PER_GB


def prompts_only(lengths: Lengths, hit_frac: float, shared: SharedPrefixes = NOT_SHARED) -> RequestMix:
    """Request mix of a prefill replica: every request ends with its first token."""
    return request_mix(replace(lengths, output_tok=np.ones_like(lengths.output_tok)), hit_frac, shared=shared)


def tokens_only(lengths: Lengths) -> RequestMix:
    """Request mix of a decode replica: the KV cache of the whole prompt arrives from the prefill pool."""
    return request_mix(lengths, 1.0)


def transfer_s(configs: Sequence[ReplicaConfig], tokens: float, catalog: Catalog) -> Array:
    """Time (n, 1) to transfer the KV cache of `tokens` tokens between pools: bytes / link rate."""
    moved = [float(kv_bytes(s.model.shape, tokens, s.kv_element_bytes)) for s in configs]
    return np.array(moved)[:, None] / (catalog.technique_rules.transfer_gb_s.central * BYTES_PER_GB)
