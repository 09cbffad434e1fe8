"""Where the memory of one GPU of a replica goes, line by line, and the KV capacity as vLLM prints it."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf, nan
from typing import Literal

import numpy as np

from calculators.catalog.catalog import Catalog
from calculators.performance.cache_layout import pooled_state_bytes
from calculators.performance.draft_layers import draft_cache_ratio
from calculators.performance.gpu_memory import largest_batch_tok
from calculators.performance.replica import ReplicaArrays, ReplicaConfig, replica_arrays, replica_memory
from calculators.scenario.demand import Array
from calculators.units import BYTES_PER_GIB, count

StartVerdict = Literal["yes", "no", "open"]
"""Whether an engine starts. open: the room misses or exceeds one request by less than the model is usually off."""


@dataclass(frozen=True, slots=True)
class MemoryLine:
    """One use of a GPU's memory."""

    name: str
    gib: float


@dataclass(frozen=True, slots=True)
class MemorySum:
    """The memory of one GPU of a replica, in GiB, and what the whole replica can cache."""

    lines: tuple[MemoryLine, ...]
    """Their sum is the visible memory; the KV cache is zero where the model does not fit."""
    visible_gib: float
    share_frac: float
    """Share of it that the engine's setting stands for."""
    weights_gib: float
    kv_room_gib: float
    """Negative where the model does not fit."""
    context_tok: float
    kv_request_gib: float
    """KV cache of one request of that length, on one GPU."""
    kv_capacity_tok: float
    """Tokens that all attention ranks of the replica cache together, in requests of that length."""
    concurrency: float
    """Such requests at once."""
    margin_gib: float
    """How far the room was off on nine of ten logged starts, for a GPU of this size."""

    @property
    def fits(self) -> bool:
        """Whether one request of the context fits beside the weights: without it vLLM does not start."""
        return self.kv_room_gib > 0 and self.kv_room_gib >= self.kv_request_gib

    @property
    def verdict(self) -> StartVerdict:
        """Whether it fits, where that is beyond the margin."""
        if abs(self.kv_room_gib - self.kv_request_gib) < self.margin_gib:
            return "open"
        return "yes" if self.fits else "no"

    @property
    def reason(self) -> str:
        """Why it does not fit; empty where it does."""
        if self.fits:
            return ""
        if self.kv_room_gib <= 0:
            beside = sum(line.gib for line in self.lines if line.name in BESIDE)
            return (
                f"weights of {self.weights_gib:.1f} GiB and {beside:.1f} GiB of activations, graphs and buffers leave nothing of "
                f"{self.visible_gib * self.share_frac:.1f} GiB for the KV cache; use more GPUs or a smaller format"
            )
        return (
            f"a request of {count(self.context_tok)} tokens needs {self.kv_request_gib:.2f} GiB of KV cache a GPU and "
            f"{self.kv_room_gib:.2f} GiB are left; use more GPUs or requests of at most {count(self.longest_tok)} tokens"
        )

    @property
    def longest_tok(self) -> float:
        """Tokens of the longest request that the room holds, to the nearest below in proportion."""
        return max(self.context_tok * self.kv_room_gib / self.kv_request_gib, 0.0) if self.kv_request_gib else inf


POOL_WINDOW_TOK = 128.0
"""Latest tokens that DeepSeek V4 keeps as they are."""
BESIDE = ("activations", "CUDA graphs", "buffers")


def kv_requests(configs: Sequence[ReplicaConfig], context_tok: Array, catalog: Catalog) -> tuple[Array, Array, Array]:
    """Weights, room for the KV cache, and cache of one request of `context_tok` tokens (n, 1), in bytes of one GPU each."""
    terms, m = replica_memory(configs, catalog), replica_arrays(configs, catalog)
    drafted = np.array([[draft_cache_ratio(s.model) if s.memory.draft_layers else 1.0] for s in configs])
    chunk = _chunk_tok(configs, context_tok, catalog)
    request = _request_bytes(m, context_tok, chunk, drafted)
    stages = np.array([[s.pipeline_stages] for s in configs], dtype=float)
    pooled = np.array([[pooled_state_bytes(s.model.shape)] for s in configs])
    reading = pooled * np.minimum(np.where(chunk > 0, POOL_WINDOW_TOK + chunk, 0.0), context_tok)
    return terms["weights_bytes"], terms["room_bytes"], (request + reading) / stages


def default_context_tok(configs: Sequence[ReplicaConfig]) -> Array:
    """Tokens (n, 1) of the longest request: as set, else the model's window."""
    return np.array([[s.memory.context_tok or float(s.model.published.context_tok)] for s in configs])


def held_requests(room: Array, request: Array, configs: Sequence[ReplicaConfig]) -> Array:
    """Requests (n, 1) that all attention ranks of each replica hold together; none where the model does not fit."""
    ranks = np.array([[s.attention_ranks] for s in configs], dtype=float)
    unlimited = np.full(np.broadcast(room, request).shape, inf)
    held: Array = np.maximum(np.divide(room, request, out=unlimited, where=request > 0), 0.0) * ranks
    return held


def memory_sum(config: ReplicaConfig, catalog: Catalog) -> MemorySum:
    """The sum for one replica. Raises UnknownId for an engine without a fit."""
    terms = {name: float(value.ravel()[0]) for name, value in replica_memory([config], catalog).items()}
    contexts = default_context_tok([config])
    _, room, request = kv_requests([config], contexts, catalog)
    held, context = float(held_requests(room, request, [config])[0, 0]), float(contexts[0, 0])
    return MemorySum(
        lines=_lines(terms),
        visible_gib=terms["seen_bytes"] / BYTES_PER_GIB,
        share_frac=terms["share_frac"],
        weights_gib=terms["weights_bytes"] / BYTES_PER_GIB,
        kv_room_gib=terms["room_bytes"] / BYTES_PER_GIB,
        context_tok=context,
        kv_request_gib=float(request[0, 0]) / BYTES_PER_GIB,
        kv_capacity_tok=held * context,
        concurrency=held,
        margin_gib=catalog.engine_memory.errors.room_error_visible_frac * terms["seen_bytes"] / BYTES_PER_GIB,
    )


def _chunk_tok(configs: Sequence[ReplicaConfig], context_tok: Array, catalog: Catalog) -> Array:
    """Tokens (n, 1) of a prefill chunk, which sliding layers hold beside their window in vLLM; 0 for other engines."""
    entries = [catalog.engine_memory.of(s.engine, s.memory.version) for s in configs]
    tokens = np.array(
        [[s.memory.batched_tok or e.batched_large_tok or nan] for s, e in zip(configs, entries, strict=True)]
    )
    longest = np.array([[e.longest_trial_tok or nan] for e in entries])
    chunks = np.array([[float(e.rule == "share")] for e in entries])
    return chunks * largest_batch_tok(tokens, context_tok, longest)


def _request_bytes(m: ReplicaArrays, context_tok: Array, chunk_tok: Array, drafted: Array) -> Array:
    """KV cache (n, 1) of one request on one GPU, all stages together; `drafted`: that of drafting layers over none."""
    windowed = np.minimum(m.window_tok + chunk_tok, context_tok)
    growing = (m.kv_full_bytes_per_tok + m.index_bytes_per_tok) * context_tok * drafted
    cached: Array = growing + m.kv_sliding_bytes_per_tok * windowed + m.state_bytes
    return cached


def _lines(terms: dict[str, float]) -> tuple[MemoryLine, ...]:
    """Uses in the order of the bar; what is left of the visible memory is unused."""
    uses = {
        "weights": terms["weights_bytes"],
        "draft model": terms["draft_bytes"],
        "KV cache": max(terms["room_bytes"], 0.0),
        "activations": terms["activations_bytes"],
        "CUDA graphs": terms["graphs_bytes"],
        "buffers": terms["buffers_bytes"],
    }
    uses["unused"] = terms["seen_bytes"] - sum(uses.values())
    return tuple(MemoryLine(name, value / BYTES_PER_GIB) for name, value in uses.items())


def vllm_line(sum_: MemorySum, attention_ranks: int) -> str:
    """The capacity as vLLM's log prints it, of one attention rank: compare it with a log of one's own."""
    ranks = max(attention_ranks, 1)
    return (
        f"GPU KV cache size: {int(sum_.kv_capacity_tok / ranks):,} tokens; Maximum concurrency for {int(sum_.context_tok):,} "
        f"tokens per request: {sum_.concurrency / ranks:.2f}x"
    )
