"""Size of a model: parameters from its shape, bytes of its weights, bytes of its KV cache, and the memory of a GPU."""

from dataclasses import dataclass

import numpy as np

from calculators.catalog.base import Precision
from calculators.catalog.hardware import Gpu
from calculators.catalog.models import Shape
from calculators.scenario.demand import Array

BILLION = 1e9
INDEX_ELEMENT_BYTES = 1 + 4 / 128  # FP8 with a 32-bit scale per 128 values, as in DeepSeek's and both engines' code
KV_ELEMENT_BYTES = 2.0  # default of both engines: 16 bit

VISIBLE_RATIO = 1.07
"""Visible bytes per data-sheet GB / 1e9: vendors count in 2^30 bytes; an "80 GB" H100 shows 81,559 MiB."""
CHECK_BITS_FRAC = 1 / 16
"""Share of memory that GDDR6 server cards use for error correction: a "48 GB" L40S shows 46,068 MiB."""
GDDR_LIMIT_GB_S = 1_000.0  # every HBM card is faster, every GDDR6 server card slower

# Bits per weight with its scales: INT4 group 128 with 16-bit scale and zero; NVFP4 16-block FP8 scale; MXFP4 32-block
# 8-bit scale. Derived from the definitions of the formats.
LINEAR_BITS: dict[Precision, float] = {"bf16": 16, "fp8": 8, "int8": 8, "int4": 4.15, "nvfp4": 4.5, "mxfp4": 4.25}


@dataclass(frozen=True, slots=True)
class Parameters:
    """Parameter counts of a whole model by tensor class."""

    embeddings: float
    """Input table, and the output head unless it is the same table."""
    head: float
    """Part of `embeddings` that a step multiplies by: one table."""
    attention: float
    dense_mlp: float
    """Dense feed-forward layers, shared experts and routers: read by every token."""
    experts: float
    """All routed experts."""
    active_experts: float
    """The routed experts one token uses."""

    @property
    def total(self) -> float:
        """All parameters."""
        return self.embeddings + self.attention + self.dense_mlp + self.experts

    @property
    def active(self) -> float:
        """Parameters that one token is multiplied by."""
        return self.head + self.attention + self.dense_mlp + self.active_experts


def parameters(shape: Shape) -> Parameters:
    """Parameter counts of a model's shape; within 3% of the published counts (tests/catalog/test_data_files.py)."""
    mlp, hidden = shape.mlp, shape.hidden_size
    expert = mlp.matrices * (mlp.expert_hidden_size or hidden) * (mlp.expert_intermediate_size or 0)
    narrowing = 2 * (mlp.expert_hidden_size or 0)
    always = hidden * (mlp.matrices * mlp.shared_intermediate_size + (mlp.experts or 0) + narrowing)
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
    """Parameters of all attention and linear-attention layers."""
    a = shape.attention
    return (a.full_layers + a.sliding_layers) * sum(projections(shape)) + other_attention_parameters(shape)


def other_attention_parameters(shape: Shape) -> float:
    """Parameters of linear attention, indexers and everything else beside the four projections, all layers."""
    return (shape.attention.linear_params_b + shape.attention.extra_params_b) * BILLION


def projections(shape: Shape) -> tuple[float, float, float, float]:
    """Parameters of the query, key, value and output projections of one attention layer."""
    return _mla_projections(shape) if shape.attention.kind == "mla" else _gqa_projections(shape)


def _gqa_projections(shape: Shape) -> tuple[float, float, float, float]:
    """Projections of grouped-query attention. An output gate is another query-sized matrix, stored with the query's."""
    a = shape.attention
    query, cached = (shape.hidden_size * a.head_dim * heads for heads in (a.query_heads, a.kv_heads))
    return query * (2 if a.gated_output else 1), cached, cached, query


def _mla_projections(shape: Shape) -> tuple[float, float, float, float]:
    """Projections of multi-head latent attention: queries and keys/values through low-rank bottlenecks. The down-projection
    into the latent counts as key, the up-projection as value, as in the names of checkpoints (kv_a, kv_b).

    DeepSeek-V2, arXiv:2405.04434, section 2.1.
    """
    a, hidden = shape.attention, shape.hidden_size
    nope, rope, value, rank = a.qk_nope_head_dim or 0, a.qk_rope_head_dim or 0, a.v_head_dim or 0, a.kv_lora_rank or 0
    query_width = a.query_heads * (nope + rope)
    query = hidden * a.q_lora_rank + a.q_lora_rank * query_width if a.q_lora_rank else hidden * query_width
    up = 0 if a.keys_are_values else rank * a.query_heads * (nope + value)
    heads = a.query_heads * value
    output = a.o_lora_rank * (heads + a.o_groups * hidden) if a.o_lora_rank else heads * hidden
    return query, hidden * (rank + rope), up, output


def stored_bytes(p: Parameters, precision: Precision) -> float:
    """Bytes of all weights where no released checkpoint is known: every linear layer in `precision`, tables in 16 bit."""
    return 2 * p.embeddings + LINEAR_BITS[precision] / 8 * (p.attention + p.dense_mlp + p.experts)


def kv_bytes_per_layer_tok(shape: Shape, element_bytes: float = KV_ELEMENT_BYTES) -> float:
    """KV-cache bytes per token and attention layer: 2 x kv_heads x head_dim values, or MLA's latent and rope key."""
    a = shape.attention
    if a.kind == "mla":
        return ((a.kv_lora_rank or 0) + (a.qk_rope_head_dim or 0)) * element_bytes
    value_dim = a.v_head_dim or a.head_dim
    return a.kv_heads * (a.head_dim + value_dim) * element_bytes


def kv_bytes_per_full_layer_tok(shape: Shape, element_bytes: float = KV_ELEMENT_BYTES) -> float:
    """As of `kv_bytes_per_layer_tok`, for the full layers: theirs may have other heads. Keys and values are both stored, also
    where a model takes the one from the other, as engines do."""
    a = shape.attention
    if a.full_kv_heads is None or a.full_head_dim is None:
        return kv_bytes_per_layer_tok(shape, element_bytes)
    return a.full_kv_heads * 2 * a.full_head_dim * element_bytes


def kv_bytes(shape: Shape, context_tok: float | Array, element_bytes: float = KV_ELEMENT_BYTES) -> Array:
    """KV-cache bytes of one sequence, in the shape of `context_tok`. Full-attention layers grow with the context, sliding
    ones stop at their window; the small fixed state of linear attention is not counted."""
    a = shape.attention
    context = np.asarray(context_tok, dtype=float)
    sliding = a.sliding_layers * np.minimum(context, a.sliding_window_tok or 0)
    full = kv_bytes_per_full_layer_tok(shape, element_bytes) * kept_entries(shape) * context
    cached: Array = full + kv_bytes_per_layer_tok(shape, element_bytes) * sliding
    return cached + index_bytes_per_tok(shape) * context


def read_entries(shape: Shape) -> float:
    """Entries per cached token that all full layers together attend to: one each, fewer where one stands for several tokens."""
    a = shape.attention
    return a.sparse_layers / a.sparse_pool_tok + (a.full_layers - a.sparse_layers) / a.dense_pool_tok


def kept_entries(shape: Shape) -> float:
    """Entries per token that all full layers together keep: those they read, fewer where layers share a cache."""
    return shape.attention.kept_entries_per_tok or read_entries(shape)


def index_bytes_per_tok(shape: Shape) -> float:
    """Bytes per token of the cached keys of sparse attention's indexers: `index_dim` values per layer that has one."""
    a = shape.attention
    return a.index_layers * a.index_dim * INDEX_ELEMENT_BYTES / a.index_pool_tok


def linear_state_bytes(shape: Shape) -> float:
    """Bytes of one request's linear-attention states, all layers, in 32 bit as in vLLM and SGLang."""
    return 4.0 * shape.attention.linear_layers * shape.attention.linear_state_values


def visible_bytes(gpu: Gpu) -> float:
    """Bytes of GPU memory that a program can use."""
    has_check_bits = gpu.memory.bandwidth_gb_s < GDDR_LIMIT_GB_S and not gpu.consumer
    return gpu.memory_bytes * VISIBLE_RATIO * (1 - CHECK_BITS_FRAC * has_check_bits)
