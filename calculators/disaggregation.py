"""Prefill and decode on pools of their own: neither delays the other, both are charged, and caches cross a network.

Zhong et al., "DistServe", OSDI 2024, arXiv:2401.09670; Patel et al., "Splitwise", ISCA 2024, arXiv:2311.18677.
"""

from dataclasses import dataclass
from math import ceil

import numpy as np

from calculators.throughput import Machine, cache_bytes, largest_batch, prefill_s, step_s

PREFILL_BUSY_FRAC = 0.7
"""How busy prefill servers may be before their queue dominates the first token; a rule of thumb for an M/G/1 queue."""


@dataclass(frozen=True, slots=True)
class Pools:
    """Replicas of one setup each, for one arrival rate."""

    prefill_replicas: int
    decode_replicas: int
    gpus: int
    """Of both pools: prefill servers are not free."""
    ttft_mean_s: float
    """Waiting, prefill and the first transfer of the cache."""
    tpot_s: float
    """Without prompts in the steps."""
    transfer_s: float
    batch: float
    """Requests decoding at once on a decode replica."""


def pools(
    m: Machine,
    gpus_per_replica: int,
    rate_req_s: float,
    input_tok: float,
    output_tok: float,
    tpot_target_s: float,
    link_bytes_s: float,
) -> Pools | None:
    """The fewest replicas of each kind that carry the rate; None: no batch meets the target. `m`: one setup."""
    none = np.zeros(1)
    one, prompt = np.ones(1), np.array([input_tok])
    prefill = _one(prefill_s(m, none, prompt, prompt, prompt))
    batch = np.arange(1.0, max(_one(largest_batch(m, prompt, np.array([output_tok]))), 0.0) + 1)
    steps = step_s(m, batch, prompt + output_tok / 2, none, none)[0] if batch.size else np.array([])
    fitting = batch[steps <= tpot_target_s]
    if not fitting.size:
        return None
    tpot = float(steps[fitting.size - 1])
    decode_replicas = ceil(rate_req_s * output_tok * tpot / fitting[-1])
    prefill_replicas = ceil(rate_req_s * prefill / PREFILL_BUSY_FRAC)
    busy = rate_req_s * prefill / prefill_replicas
    transfer = _one(cache_bytes(m, prompt) * m.tensor_parallel_count * one) / link_bytes_s
    return Pools(
        prefill_replicas=prefill_replicas,
        decode_replicas=decode_replicas,
        gpus=(prefill_replicas + decode_replicas) * gpus_per_replica,
        ttft_mean_s=prefill * (1 + busy / 2 / (1 - busy)) + transfer,
        tpot_s=tpot,
        transfer_s=transfer,
        batch=float(fitting[-1]),
    )


def _one(value: np.ndarray) -> float:
    return float(np.asarray(value).reshape(-1)[0])
