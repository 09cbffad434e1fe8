"""Numbers of a shape and a GPU, against arithmetic by hand."""

import numpy as np
import pytest

from calculators.catalog.load import load_catalog
from calculators.performance.shape_numbers import (
    SCAN_KERNELS,
    gpu_numbers,
    kernels_count,
    link_bytes_s,
    paired_layers,
    shape_numbers,
    step_kernels,
)

LIVE = load_catalog()


def test_kernels_are_counted_by_layer() -> None:
    dense, mla = (LIVE.model(name).shape for name in ("llama-3.1-8b", "deepseek-r1"))
    assert kernels_count(dense, quantizes=False) == 32 * (8 + 3)
    assert kernels_count(dense, quantizes=True) == 32 * (8 + 3 + 2)
    assert kernels_count(mla, quantizes=False) == 61 * 13 + 3 * 3 + 58 * (7 + 3)


def test_a_prefill_starts_more_kernels_where_layers_scan() -> None:
    dense, hybrid = (LIVE.model(name).shape for name in ("llama-3.1-8b", "qwen3.5-397b-a17b"))
    assert shape_numbers(dense)["scan_kernels"] == 0
    assert shape_numbers(hybrid)["scan_kernels"] == 45 * SCAN_KERNELS


def test_a_four_bit_pool_starts_fewer_kernels() -> None:
    shape = {name: np.array([[count]]) for name, count in (("kernels", 100.0), ("kernels_quantized", 120.0))}
    yes, no = np.array([[True]]), np.array([[False]])
    kernels = [float(step_kernels(shape, q, fused, LIVE.links)[0, 0]) for q, fused in ((no, no), (yes, no), (yes, yes))]
    assert kernels == pytest.approx([100, 120, 120 * LIVE.links.fused_kernels_frac.central])


def test_beyond_the_scale_up_domain_gpus_talk_over_pcie() -> None:
    gpu = LIVE.gpu("h100-nvl")
    assert gpu.links.pcie_per_direction_gb_s
    assert link_bytes_s(gpu, 2) == gpu.link_bytes_s
    assert link_bytes_s(gpu, 4) == gpu.links.pcie_per_direction_gb_s * 1e9


def test_operations_of_llama_70b_by_hand() -> None:
    """Two operations for each parameter but those of the input table; no experts, 8 KV heads under 64 query heads."""
    numbers = shape_numbers(LIVE.model("llama-3.3-70b").shape)
    blocks = 80 * (8192 * 128 * (2 * 64 + 2 * 8) + 3 * 8192 * 28672)
    assert numbers["dense_flop_per_tok"] == 2 * (blocks + 128256 * 8192)
    assert numbers["expert_flop_per_tok"] == 0
    assert numbers["heads_per_cache"] == 8
    assert numbers["kv_values_per_layer_tok"] == 2 * 8 * 128


def test_a_gpu_is_told_with_the_memory_and_the_links_that_programs_see() -> None:
    gpu = LIVE.gpu("h100-sxm")
    numbers = gpu_numbers(gpu, LIVE.links)
    assert numbers["peak_flops"] == gpu.dense_flops("bf16")
    assert numbers["network_bytes_s"] < numbers["link_beyond_bytes_s"] < numbers["link_bytes_s"]
    assert numbers["island_gpus"] == 8


def test_a_hybrid_with_one_part_to_a_layer_has_half_as_many_pairs() -> None:
    """Nemotron 3 Nano: 23 Mamba, 6 attention and 23 expert layers end in 52 all-reduces, as 26 pairs do."""
    assert paired_layers(LIVE.model("nemotron-3-nano-30b-a3b").shape) == 26
    assert paired_layers(LIVE.model("llama-3.1-8b").shape) == 32


def test_sparse_layers_of_pooled_entries_are_a_share_of_what_is_read() -> None:
    numbers = shape_numbers(LIVE.model("deepseek-v4-flash").shape)
    assert numbers["full_layers"] == 21 / 4 + 20 / 128
    assert numbers["sparse_frac"] == 21 / 4 / (21 / 4 + 20 / 128)
    assert numbers["sparse_tok"] == 4 * 512
    assert shape_numbers(LIVE.model("deepseek-v4.1-flash").shape)["kept_frac"] == 2.5 / 38
