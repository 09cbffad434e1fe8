"""Prefill and decode on pools of their own: neither delays the other, both are charged, and caches cross a network.

Zhong et al., "DistServe", OSDI 2024, arXiv:2401.09670; Patel et al., "Splitwise", ISCA 2024, arXiv:2311.18677.

A prefill replica sees requests that end with their first token; a decode replica sees requests whose prompts are all but
cached. So both are sized by the queues that size a replica which does both (latency.py), each by the target that is its
own.
"""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from calculators.catalog.catalog import Catalog
from calculators.performance.model_size import kv_bytes
from calculators.performance.replica import ReplicaConfig
from calculators.performance.request_mix import RequestMix, request_mix
from calculators.scenario.demand import Array, Lengths
from calculators.units import BYTES_PER_GB


def prompts_only(lengths: Lengths, hit_frac: float) -> RequestMix:
    """What a prefill replica sees."""
    return request_mix(replace(lengths, output_tok=np.ones_like(lengths.output_tok)), hit_frac)


def tokens_only(lengths: Lengths) -> RequestMix:
    """What a decode replica sees: the cache of the whole prompt arrives."""
    return request_mix(lengths, 1.0)


def transfer_s(configs: Sequence[ReplicaConfig], tokens: float, catalog: Catalog) -> Array:
    """Time (n, 1) for the cache of so many tokens to cross from one pool to another: bytes / link."""
    moved = [float(kv_bytes(s.model.shape, tokens, s.kv_element_bytes)) for s in configs]
    return np.array(moved)[:, None] / (catalog.technique_rules.transfer_gb_s.central * BYTES_PER_GB)
