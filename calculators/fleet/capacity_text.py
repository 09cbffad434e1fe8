"""Sentences about the capacity of a replica: what limits it, and why a configuration is infeasible."""

from collections.abc import Mapping
from typing import Literal

from calculators.units import milliseconds, significant

CapacityLimit = Literal["tpot_target", "ttft_target", "prefill_time", "undrafted_load", "batch_cap", "kv_cache"]
LIMIT_WORDS: Mapping[CapacityLimit, str] = {
    "tpot_target": "TPOT target",
    "ttft_target": "TTFT target",
    "prefill_time": "prefill time",
    "undrafted_load": "load limit without speculative decoding",
    "batch_cap": "engine's batch size limit",
    "kv_cache": "memory for the key-value cache (KV cache)",
}
"""The binding constraint of a replica, to follow "the"."""


def weights_do_not_fit(weights_gb: float, memory_gb: float, left_gb: float, is_joined: bool = True) -> str:
    """Why the weights do not fit in the memory of a replica's GPUs: all in GB, the last what the engine leaves to weights and
    KV cache. `is_joined`: whether a fast network usually joins machines with these GPUs, so that a replica could take several."""
    alone = "" if is_joined else "; machines with this GPU are usually not joined by a fast network"
    return (
        f"does not fit in memory: {significant(weights_gb)} GB of weights in {significant(memory_gb)} GB of GPU memory, of which "
        f"{significant(left_gb)} GB are left for weights and KV cache{alone}"
    )


NO_KV_CACHE = "the weights fit, but leave no memory for the KV cache of one request"


def tpot_missed(tpot_ms: float, target_ms: float) -> str:
    """Why the TPOT target is missed even by a single request."""
    return f"TPOT is {milliseconds(tpot_ms)} even at batch 1; the target is {milliseconds(target_ms)}"


def ttft_missed(ttft_ms: float, target_ms: float) -> str:
    """Why the TTFT target is missed even without load."""
    return f"TTFT p95 is {milliseconds(ttft_ms)} even when nearly idle; the target is {milliseconds(target_ms)}"
