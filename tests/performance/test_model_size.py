"""Weights, caches and whether they fit, against arithmetic by hand."""

import pytest

from calculators.catalog.catalog import Catalog
from calculators.catalog.hardware import Gpu
from calculators.performance.model_size import (
    USABLE_FRAC,
    WORKSPACE_BYTES,
    kv_bytes,
    kv_bytes_per_layer_tok,
    kv_room_bytes,
    kv_shards,
    parameters,
    visible_bytes,
    weight_bytes,
)


def test_parameters_of_llama_70b_by_hand(catalog: Catalog) -> None:
    """80 layers, hidden 8192, 64 query and 8 KV heads of 128, MLP 28672, vocabulary 128256, two tables."""
    found = parameters(catalog.model("llama-3.3-70b").shape)
    assert found.attention == 80 * 8192 * 128 * (2 * 64 + 2 * 8)
    assert found.dense_mlp == 80 * 3 * 8192 * 28672
    assert found.embeddings == 2 * 128256 * 8192
    assert found.total == found.attention + found.dense_mlp + found.embeddings
    assert found.active == found.total - 128256 * 8192  # the input table is looked up, not multiplied by
    assert found.experts == found.active_experts == 0


def test_experts_of_gpt_oss_by_hand(catalog: Catalog) -> None:
    """36 layers of 128 experts, 4 of them for each token, each 3 matrices of 2880 x 2880."""
    found = parameters(catalog.model("gpt-oss-120b").shape)
    assert found.experts == 36 * 128 * 3 * 2880 * 2880
    assert found.active_experts == found.experts * 4 / 128
    assert found.dense_mlp == 36 * 2880 * 128  # the routers


def test_weights_of_llama_70b_in_gigabytes(catalog: Catalog) -> None:
    shape = catalog.model("llama-3.3-70b").shape
    assert weight_bytes(shape, "bf16") / 1e9 == pytest.approx(141.1, abs=0.1)
    assert weight_bytes(shape, "fp8") / 1e9 == pytest.approx(72.7, abs=0.1)  # tables stay in 16 bit
    assert weight_bytes(shape, "int4") < weight_bytes(shape, "nvfp4") < weight_bytes(shape, "fp8")


def test_mxfp4_keeps_attention_in_sixteen_bit(catalog: Catalog) -> None:
    """The released gpt-oss-120b checkpoint is 60.8 GiB = 65.3 GB."""
    assert weight_bytes(catalog.model("gpt-oss-120b").shape, "mxfp4") / 1e9 == pytest.approx(65.3, rel=0.03)


def test_the_latent_of_deepseek_v3_by_hand(live_catalog: Catalog) -> None:
    """(512 latent + 64 rope) x 2 bytes x 61 layers = 70,272 bytes a token; heads do not come into it."""
    shape = live_catalog.model("deepseek-v3").shape
    assert kv_bytes_per_layer_tok(shape) == 1_152
    assert float(kv_bytes(shape, 1)) == 70_272
    assert kv_shards(shape, 8) == 1


@pytest.mark.parametrize(("context", "counted"), [(127, 127), (128, 128), (129, 128), (10_000, 128)])
def test_sliding_layers_stop_at_their_window(catalog: Catalog, context: float, counted: float) -> None:
    """gpt-oss-120b: 18 full and 18 sliding layers, window 128, 8 KV heads of 64: 2,048 bytes a layer and token."""
    assert float(kv_bytes(catalog.model("gpt-oss-120b").shape, context)) == 2_048 * 18 * (context + counted)


def test_the_cache_splits_over_kv_heads_and_no_further(catalog: Catalog) -> None:
    shape = catalog.model("llama-3.3-70b").shape
    assert [kv_shards(shape, n) for n in (1, 2, 8, 16)] == [1, 2, 8, 8]


def _with_memory(gpu: Gpu, capacity_gb: float) -> Gpu:
    return gpu.model_copy(update={"memory": gpu.memory.model_copy(update={"capacity_gb": capacity_gb})})


@pytest.mark.parametrize("tensor_parallel", [1, 2, 8])
def test_a_model_fits_from_exactly_the_memory_it_needs(catalog: Catalog, tensor_parallel: int) -> None:
    gpu, shape = catalog.gpu("h100-sxm"), catalog.model("llama-3.3-70b").shape
    needed = (weight_bytes(shape, "bf16") / tensor_parallel + WORKSPACE_BYTES) / USABLE_FRAC
    enough_gb = needed / visible_bytes(_with_memory(gpu, 1.0))
    assert kv_room_bytes(_with_memory(gpu, enough_gb * 1.0001), shape, "bf16", tensor_parallel) > 0
    assert kv_room_bytes(_with_memory(gpu, enough_gb * 0.9999), shape, "bf16", tensor_parallel) < 0


@pytest.mark.parametrize(
    ("precision", "tensor_parallel", "fits"),
    [("bf16", 1, False), ("bf16", 2, True), ("fp8", 1, True), ("nvfp4", 1, True)],
)
def test_where_llama_70b_fits_on_80_gb(catalog: Catalog, precision: str, tensor_parallel: int, fits: bool) -> None:
    gpu, shape = catalog.gpu("h100-sxm"), catalog.model("llama-3.3-70b").shape
    assert (kv_room_bytes(gpu, shape, precision, tensor_parallel) > 0) is fits  # type: ignore[arg-type]


def test_visible_memory_is_what_nvidia_smi_shows(catalog: Catalog) -> None:
    """H100 80 GB: 81,559 MiB. L40S 48 GB with error correction on: 46,068 MiB."""
    assert visible_bytes(catalog.gpu("h100-sxm")) / 2**20 == pytest.approx(81_559, rel=0.005)
    assert visible_bytes(catalog.gpu("l40s")) / 2**20 == pytest.approx(46_068, rel=0.005)
