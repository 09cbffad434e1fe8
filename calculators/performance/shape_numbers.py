"""Numbers of a model's shape and of a GPU that the speed of a replica depends on, before the model is split over GPUs."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from calculators.catalog.hardware import Gpu
from calculators.catalog.models import Shape
from calculators.catalog.networks import Links
from calculators.performance.links import island_gpus
from calculators.performance.model_size import (
    index_bytes_per_tok,
    kept_entries,
    kv_bytes_per_full_layer_tok,
    kv_bytes_per_layer_tok,
    linear_state_bytes,
    parameters,
    read_entries,
    visible_bytes,
)
from calculators.scenario.demand import Array
from calculators.units import BYTES_PER_GB

PCIE_GB_S = 16.0
"""PCIe 3.0 x16, where a profile names no link."""
SCAN_KERNELS = 24.0
"""Kernels by which the prefill of a layer of linear attention exceeds its decode step, in kernels of the usual kind: about twelve
more, for normalization, sums and products by chunk, the scan over chunks and the states it reads and writes, in Triton, whose
launcher takes about twice as long."""


def shape_numbers(shape: Shape) -> dict[str, float]:
    """Numbers of a model's shape, before it is split over GPUs."""
    p, a, mlp = parameters(shape), shape.attention, shape.mlp
    picks, expert_width = mlp.experts_per_token or 0, mlp.expert_intermediate_size or 0
    is_mla = a.kind == "mla"
    latent_dim = 2 * (a.kv_lora_rank or 0) + (a.qk_rope_head_dim or 0)
    full_layers, expert_hidden = read_entries(shape), mlp.expert_hidden_size or shape.hidden_size
    return {
        "head_bytes": 2.0 * p.head,
        "dense_flop_per_tok": 2 * (p.active - p.active_experts),
        "expert_flop_per_tok": 2 * p.active_experts,
        "expert_activation_bytes": 2.0 * mlp.moe_layers * picks * (2 * expert_hidden + 3 * expert_width),
        "experts": mlp.experts or 1,
        "experts_per_token": mlp.experts_per_token or 1,
        "expert_width": max(expert_width, 1),
        "kv_values_per_layer_tok": kv_bytes_per_layer_tok(shape, 1.0),
        "kv_values_per_full_layer_tok": kv_bytes_per_full_layer_tok(shape, 1.0),
        "kv_shards": 1 if is_mla else a.kv_heads,
        "kv_full_shards": 1 if is_mla else a.full_kv_heads or a.kv_heads,
        "full_layers": full_layers,
        "kept_frac": kept_entries(shape) / max(full_layers, 1e-9),
        "sliding_layers": a.sliding_layers,
        "window_tok": a.sliding_window_tok or 0,
        "sparse_frac": a.sparse_layers / a.sparse_pool_tok / max(full_layers, 1e-9),
        "sparse_tok": a.sparse_tok or 0,
        "index_bytes_per_tok": index_bytes_per_tok(shape),
        "index_flop_per_tok2": 2.0 * a.index_layers * a.index_heads * a.index_dim / a.index_pool_tok,
        "state_bytes": linear_state_bytes(shape),
        "heads_per_cache": a.query_heads / a.kv_heads,
        "flop_per_layer_tok2": 2 * a.query_heads * (a.head_dim + (a.v_head_dim or a.head_dim)),
        "latent_flop_per_tok2": 2 * a.query_heads * latent_dim * full_layers if is_mla else 0.0,
        "layers": paired_layers(shape),
        "kernels": kernels_count(shape, quantizes=False),
        "kernels_quantized": kernels_count(shape, quantizes=True),
        "scan_kernels": SCAN_KERNELS * shape.attention.linear_layers,
        "hidden_bytes": 2.0 * shape.hidden_size,
    }


def gpu_numbers(gpu: Gpu, links: Links) -> dict[str, float]:
    """Rates, visible memory, links and network of a GPU."""
    return {
        "bandwidth_bytes_s": gpu.bandwidth_bytes_s,
        "peak_flops": gpu.dense_flops("bf16"),
        "has_nvfp4": gpu.dense_flops("nvfp4") > gpu.dense_flops("bf16"),
        "visible_bytes": visible_bytes(gpu),
        "domain_gpus": gpu.links.domain_gpus,
        "island_gpus": island_gpus(gpu),
        "network_bytes_s": links.bytes_s(gpu.id),
        "link_bytes_s": link_bytes_s(gpu, 1),
        "link_beyond_bytes_s": link_bytes_s(gpu, gpu.links.domain_gpus + 1),
    }


def kernels_count(shape: Shape, quantizes: bool) -> float:
    """Kernels of one decode step, counted from the engines' layers: projections, norms, rotation and cache, attention and its
    reduction; MLA's low-rank and absorbed projections; gates and convolution of linear attention; router, sort, gather
    and scatter of experts; scaling of activations to 8 or 4 bit, two per layer (the others are fused into a norm)."""
    a, mlp = shape.attention, shape.mlp
    attention = (a.full_layers + a.sliding_layers) * (13 if a.kind == "mla" else 8) + a.linear_layers * 9
    experts = 7 + 3 * (mlp.shared_intermediate_size > 0) + 2 * (mlp.expert_hidden_size is not None)
    return attention + mlp.dense_layers * 3 + mlp.moe_layers * experts + 2 * paired_layers(shape) * quantizes


def step_kernels(
    shapes: Mapping[str, Array], quantizes: NDArray[np.bool_], is_fused: NDArray[np.bool_], links: Links
) -> Array:
    """Kernels (n, 1) of one step; fewer in a pool that serves one phase in a 4-bit format on GPUs made for one."""
    count = np.where(quantizes, shapes["kernels_quantized"], shapes["kernels"])
    return np.asarray(count * np.where(is_fused, links.fused_kernels_frac.central, 1.0))


def paired_layers(shape: Shape) -> float:
    """Layers, counted as pairs of one part that attends and one feed-forward part: each part ends in an all-reduce. Hybrids
    with layers of one part have fewer pairs than layers."""
    return (shape.attention.layers + shape.mlp.layers) / 2


def link_bytes_s(gpu: Gpu, gpus: int) -> float:
    """Bytes/s of one GPU's link when `gpus` communicate; PCIe beyond the scale-up domain."""
    if gpus <= gpu.links.domain_gpus:
        return gpu.link_bytes_s
    return (gpu.links.pcie_per_direction_gb_s or PCIE_GB_S) * BYTES_PER_GB
