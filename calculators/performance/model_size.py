"""How big a model is: parameters from its shape, bytes of its weights, and bytes its KV cache grows by."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from calculators.catalog.base import Precision
from calculators.catalog.hardware import Gpu
from calculators.catalog.models import Shape
from calculators.scenario.demand import Array

BILLION = 1e9
INDEX_ELEMENT_BYTES = 1 + 4 / 128  # FP8 with a 32-bit scale for every 128 values, in DeepSeek's and both engines' code
KV_ELEMENT_BYTES = 2.0  # both engines keep the cache in 16 bit unless told otherwise

USABLE_FRAC = 0.92
"""Share of GPU memory an engine takes: vLLM 0.90-0.92, SGLang 0.83-0.90 by size, TensorRT-LLM to 0.95 of the rest."""
REST_FRAC = 0.92
"""TensorRT-LLM's kv_cache_free_gpu_mem_fraction: 0.90 by default, 0.95 in its published benchmarks."""
VISIBLE_RATIO = 1.07
"""Vendors' GB of GPU memory are 2^30 bytes, less some tenths of a percent: an "80 GB" H100 shows 81,559 MiB."""
CHECK_BITS_FRAC = 1 / 16
"""What GDDR6 cards for servers give up for error correction: a "48 GB" L40S shows 46,068 MiB."""
GDDR_LIMIT_GB_S = 1_000.0  # no HBM card is slower, no GDDR6 server card faster
WORKSPACE_BYTES = 2e9
"""Activations, CUDA graphs and communication buffers of one GPU; assumed, typical of vLLM start-up logs."""

# Bits a weight takes with its scales: INT4 group 128 with 16-bit scale and zero; NVFP4 16-block FP8 scale; MXFP4
# 32-block 8-bit scale. Derived from the formats' definitions.
LINEAR_BITS: dict[Precision, float] = {"bf16": 16, "fp8": 8, "int8": 8, "int4": 4.15, "nvfp4": 4.5, "mxfp4": 4.25}


@dataclass(frozen=True, slots=True)
class Parameters:
    """Parameter counts by tensor class, whole model."""

    embeddings: float
    """Input table, and the output head when it is not the same table."""
    head: float
    """The part of `embeddings` that a step multiplies by: one table."""
    attention: float
    dense_mlp: float
    """Dense feed-forward layers, shared experts and routers: read by every token."""
    experts: float
    """All routed experts."""
    active_experts: float
    """The routed experts one token uses."""

    @property
    def total(self) -> float:
        return self.embeddings + self.attention + self.dense_mlp + self.experts

    @property
    def active(self) -> float:
        return self.head + self.attention + self.dense_mlp + self.active_experts


def parameters(shape: Shape) -> Parameters:
    """Counts from the shape; agree with the makers' figures within 3% (tests/test_data_files.py)."""
    mlp, hidden = shape.mlp, shape.hidden_size
    expert = mlp.matrices * hidden * (mlp.expert_intermediate_size or 0)
    always = mlp.matrices * hidden * mlp.shared_intermediate_size + hidden * (mlp.experts or 0)
    table = shape.vocab_size * hidden
    return Parameters(
        embeddings=table * (1 if shape.tied_embeddings else 2),
        head=table,
        attention=attention_parameters(shape),
        dense_mlp=mlp.dense_layers * mlp.matrices * hidden * (mlp.intermediate_size or 0) + mlp.moe_layers * always,
        experts=mlp.moe_layers * (mlp.experts or 0) * expert,
        active_experts=mlp.moe_layers * (mlp.experts_per_token or 0) * expert,
    )


def attention_parameters(shape: Shape) -> float:
    """All attention (and linear-attention) layers together."""
    a = shape.attention
    return (a.full_layers + a.sliding_layers) * sum(projections(shape)) + other_attention_parameters(shape)


def other_attention_parameters(shape: Shape) -> float:
    """Linear attention, indexers and whatever else the four projections cannot say, all layers together."""
    return (shape.attention.linear_params_b + shape.attention.extra_params_b) * BILLION


def projections(shape: Shape) -> tuple[float, float, float, float]:
    """Query, key, value and output projections of one attention layer."""
    return _mla_projections(shape) if shape.attention.kind == "mla" else _gqa_projections(shape)


def _gqa_projections(shape: Shape) -> tuple[float, float, float, float]:
    """A gated output is another query-sized matrix, in one with the query's."""
    a = shape.attention
    query, cached = (shape.hidden_size * a.head_dim * heads for heads in (a.query_heads, a.kv_heads))
    return query * (2 if a.gated_output else 1), cached, cached, query


def _mla_projections(shape: Shape) -> tuple[float, float, float, float]:
    """Multi-head latent attention: queries and keys/values through low-rank bottlenecks. The way down into the latent is
    counted as key, the way up as value, as the names of checkpoints have it (kv_a, kv_b).

    DeepSeek-V2, arXiv:2405.04434, section 2.1.
    """
    a, hidden = shape.attention, shape.hidden_size
    nope, rope, value, rank = a.qk_nope_head_dim or 0, a.qk_rope_head_dim or 0, a.v_head_dim or 0, a.kv_lora_rank or 0
    query_width = a.query_heads * (nope + rope)
    query = hidden * a.q_lora_rank + a.q_lora_rank * query_width if a.q_lora_rank else hidden * query_width
    up = rank * a.query_heads * (nope + value)
    return query, hidden * (rank + rope), up, a.query_heads * value * hidden


def weight_bytes(shape: Shape, precision: Precision) -> float:
    """Bytes of all weights. Embeddings and head stay in 16 bit; MXFP4 checkpoints keep attention in 16 bit too."""
    return stored_bytes(parameters(shape), precision)


def stored_bytes(p: Parameters, precision: Precision) -> float:
    """The same from the counts."""
    linear = LINEAR_BITS[precision] / 8
    return 2 * p.embeddings + attention_bits(precision) / 8 * p.attention + linear * (p.dense_mlp + p.experts)


def attention_bits(precision: Precision) -> float:
    return 16 if precision == "mxfp4" else LINEAR_BITS[precision]


def kv_bytes_per_layer_tok(shape: Shape, element_bytes: float = KV_ELEMENT_BYTES) -> float:
    """Cache bytes of one token in one attention layer: 2 x kv_heads x head_dim, or the MLA latent and rope key."""
    a = shape.attention
    if a.kind == "mla":
        return ((a.kv_lora_rank or 0) + (a.qk_rope_head_dim or 0)) * element_bytes
    value_dim = a.v_head_dim or a.head_dim
    return a.kv_heads * (a.head_dim + value_dim) * element_bytes


def kv_bytes(shape: Shape, context_tok: float | Array, element_bytes: float = KV_ELEMENT_BYTES) -> Array:
    """Cache bytes of one sequence: full layers grow with the context, sliding ones stop at their window, linear ones
    keep a fixed state that is small beside either. Shape of the result: that of `context_tok`."""
    a = shape.attention
    context = np.asarray(context_tok, dtype=float)
    sliding = a.sliding_layers * np.minimum(context, a.sliding_window_tok or 0)
    cached: Array = kv_bytes_per_layer_tok(shape, element_bytes) * (a.full_layers * context + sliding)
    return cached + index_bytes_per_tok(shape) * context


def index_bytes_per_tok(shape: Shape) -> float:
    """Cached keys of the indexers of sparse attention: one of `index_dim` values a token and layer that has one."""
    a = shape.attention
    return a.index_layers * a.index_dim * INDEX_ELEMENT_BYTES


def linear_state_bytes(shape: Shape) -> float:
    """States of all linear-attention layers of one request, in 32 bit as vLLM and SGLang keep them."""
    return 4.0 * shape.attention.linear_layers * shape.attention.linear_state_values


def kv_shards(shape: Shape, tensor_parallel: int) -> int:
    """Into how many parts tensor parallelism splits the cache: one per KV head at most; MLA's latent is replicated."""
    return 1 if shape.attention.kind == "mla" else min(tensor_parallel, shape.attention.kv_heads)


def kv_room_bytes(
    gpu: Gpu,
    shape: Shape,
    precision: Precision,
    tensor_parallel: int,
    takes_rest: bool = False,
    copies_bytes: float = 0.0,
) -> float:
    """Memory left for the cache on each GPU; negative: the model does not fit.

    vLLM and SGLang take a share of all memory; TensorRT-LLM (`takes_rest`) a share of what the weights leave.
    """
    each_bytes = weight_bytes(shape, precision) / tensor_parallel + copies_bytes
    return float(room_beside_bytes(visible_bytes(gpu), each_bytes, takes_rest))


def room_beside_bytes(visible: float | Array, weights: float | Array, takes_rest: bool | NDArray[np.bool_]) -> Array:
    """The same of GPUs with so many visible bytes, beside so many of weights on each. Broadcasts."""
    used = WORKSPACE_BYTES + weights
    return np.where(takes_rest, (visible - used) * REST_FRAC, visible * USABLE_FRAC - used)


def visible_bytes(gpu: Gpu) -> float:
    """Memory that a program can see."""
    has_check_bits = gpu.memory.bandwidth_gb_s < GDDR_LIMIT_GB_S and not gpu.consumer
    return gpu.memory_bytes * VISIBLE_RATIO * (1 - CHECK_BITS_FRAC * has_check_bits)
