"""Replicas as arrays: each row is what its configuration alone would give, and what plain arithmetic gives."""

from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from model_by_hand import DRIVER_BYTES, SHARE, beside_bytes, kv_room_bytes, weight_bytes

from calculators.catalog.base import Precision
from calculators.catalog.catalog import Catalog
from calculators.catalog.hardware import Gpu
from calculators.catalog.load import load_catalog
from calculators.catalog.models import Model
from calculators.performance.model_size import parameters, visible_bytes
from calculators.performance.quantization_recipe import PRESETS
from calculators.performance.replica import (
    COEFFICIENTS,
    ReplicaArrays,
    ReplicaConfig,
    config_weights,
    replica_arrays,
    with_recipe,
)

LIVE = load_catalog()
MODELS = [LIVE.model(m) for m in ("llama-3.3-70b", "gpt-oss-120b", "deepseek-v3.1", "qwen3-235b-a22b")]
GPUS = [LIVE.gpu(g) for g in ("h100-sxm", "l40s", "b200-sxm", "mi300x")]


@st.composite
def configs(draw: st.DrawFn) -> ReplicaConfig:
    """Any replica: every field of a configuration, recipes and other engines included."""
    plain = ReplicaConfig(
        draw(st.sampled_from(MODELS)),
        draw(st.sampled_from(GPUS)),
        draw(st.sampled_from(("bf16", "fp8", "int4", "mxfp4"))),
        draw(st.sampled_from((1, 2, 8, 16))),
        attention_ranks=draw(st.sampled_from((1, 4))),
        pipeline_stages=draw(st.sampled_from((1, 2))),
        kv_element_bytes=draw(st.sampled_from((1.0, 2.0))),
        expert_ranks=draw(st.sampled_from((1, 4))),
        engine=draw(st.sampled_from(("vllm", "sglang", "tensorrt-llm"))),
    )
    recipe = draw(st.sampled_from((None, *PRESETS.values())))
    return plain if recipe is None else with_recipe(plain, recipe)


def row(m: ReplicaArrays, i: int) -> dict[str, float]:
    return {f.name: float(getattr(m, f.name)[i, 0]) for f in fields(m)}


@settings(max_examples=60, deadline=None)
@given(st.lists(configs(), min_size=1, max_size=12))
def test_each_row_is_bit_for_bit_that_of_its_configuration_alone(every: list[ReplicaConfig]) -> None:
    together = replica_arrays(every, LIVE)
    assert all(getattr(together, f.name).shape == (len(every), 1) for f in fields(together))
    assert [row(together, i) for i in range(len(every))] == [row(replica_arrays([s], LIVE), 0) for s in every]


def test_a_configuration_given_twice_has_two_rows() -> None:
    config = ReplicaConfig(MODELS[0], GPUS[0], "fp8", 2)
    twice = replica_arrays([config, config], LIVE)
    assert row(twice, 0) == row(twice, 1)


@settings(max_examples=100, deadline=None)
@given(configs())
def test_bytes_and_operations_are_divided_among_the_gpus_as_stated(config: ReplicaConfig) -> None:
    numbers, held, shape = row(replica_arrays([config], LIVE), 0), config_weights(config), config.model.shape
    tp, p = config.tensor_parallel, parameters(shape)
    assert numbers["always_read_bytes"] == held.always_read_bytes / tp
    assert numbers["expert_bytes"] == held.experts_bytes / (tp * config.attention_ranks)
    assert numbers["dense_flop_per_tok"] == 2 * (p.active - p.active_experts) / tp
    assert numbers["experts_count"] == (shape.mlp.experts or 1)
    shards = 1 if shape.attention.kind == "mla" else min(tp, shape.attention.kv_heads)
    whole = replace(config, tensor_parallel=1)
    assert numbers["kv_full_bytes_per_tok"] == row(replica_arrays([whole], LIVE), 0)["kv_full_bytes_per_tok"] / shards


def test_latent_attention_decodes_on_the_compressed_cache_and_computes_prompts_in_full() -> None:
    model = LIVE.model("deepseek-v3.1")
    numbers, a = row(replica_arrays([ReplicaConfig(model, GPUS[0], "fp8", 8)], LIVE), 0), model.shape.attention
    latent = 2 * (a.kv_lora_rank or 0) + (a.qk_rope_head_dim or 0)
    assert numbers["decode_flop_per_tok2"] == 2 * a.query_heads * latent * a.full_layers / 8
    assert numbers["prompt_flop_per_tok2"] == pytest.approx(
        2 * a.query_heads * (a.head_dim + (a.v_head_dim or a.head_dim)) * a.full_layers / 8, rel=1e-12
    )


def test_a_format_the_gpu_multiplies_in_adds_kernels_and_its_own_share_of_the_peak() -> None:
    on_hopper, on_ampere = (
        row(replica_arrays([ReplicaConfig(MODELS[0], LIVE.gpu(gpu), "fp8", 1)], LIVE), 0)
        for gpu in ("h100-sxm", "a100-80gb-sxm")
    )
    assert on_hopper["kernels_count"] - on_ampere["kernels_count"] == 2 * MODELS[0].shape.layers
    assert on_ampere["format_compute_frac"] == LIVE.speed_rules.expanded_compute_frac.central
    assert on_hopper["format_compute_frac"] == LIVE.efficiency(LIVE.gpu("h100-sxm")).fp8_compute_frac


def test_every_coefficient_is_that_of_the_generation_or_of_the_engine() -> None:
    config = ReplicaConfig(MODELS[0], GPUS[0], "bf16", 1, engine="sglang")
    numbers, fit, engine = row(replica_arrays([config], LIVE), 0), LIVE.efficiency(config.gpu), LIVE.engine("sglang")
    assert COEFFICIENTS
    for name in COEFFICIENTS:
        assert numbers[name] == (getattr(engine, name) if hasattr(engine, name) else getattr(fit, name)), name


def test_only_the_four_bit_part_of_a_recipe_is_unpacked() -> None:
    plain = ReplicaConfig(MODELS[1], GPUS[0], "bf16", 1)
    four, eight = (with_recipe(plain, PRESETS[name]) for name in ("INT4 weight-only", "FP8"))
    m = replica_arrays([plain, four, eight, replace(plain, precision="int4")], LIVE)
    fitted = LIVE.efficiency(GPUS[0]).four_bit_read_frac
    part = config_weights(four).four_bit_frac
    assert 0 < part < 1
    expected = [fitted, 1 / (part / fitted + 1 - part), fitted, fitted]
    assert m.four_bit_read_frac[:, 0].tolist() == expected
    assert np.array_equal(m.four_bit[:, 0], [0, 1, 0, 1])


@pytest.mark.parametrize(("precision", "fits"), [("fp8", True), ("bf16", False)])
def test_llama_70b_fits_one_h100_in_fp8_only(precision: Precision, fits: bool) -> None:
    """TensorRT-LLM publishes it."""
    config = ReplicaConfig(MODELS[0], LIVE.gpu("h100-sxm"), precision, 1, engine="tensorrt-llm")
    assert (float(replica_arrays([config], LIVE).kv_room_bytes[0, 0]) > 0) is fits


def test_the_rows_picked_are_the_rows_asked_for() -> None:
    every = replica_arrays([ReplicaConfig(MODELS[0], gpu, "fp8", 1) for gpu in GPUS], LIVE)
    keep = np.arange(len(GPUS)) % 2 == 0
    assert np.array_equal(every.rows(keep).bandwidth_bytes_s, every.bandwidth_bytes_s[keep])


def with_memory(gpu: Gpu, capacity_gb: float) -> Gpu:
    return gpu.model_copy(update={"memory": gpu.memory.model_copy(update={"capacity_gb": capacity_gb})})


def room_bytes(catalog: Catalog, model: Model, gpu: Gpu, precision: Precision, tensor_parallel: int = 1) -> float:
    config = ReplicaConfig(model, gpu, precision, tensor_parallel)
    return float(replica_arrays([config], catalog).kv_room_bytes[0, 0])


@pytest.mark.parametrize("tensor_parallel", [1, 2, 8])
def test_a_model_fits_from_exactly_the_memory_it_needs(catalog: Catalog, tensor_parallel: int) -> None:
    gpu, model = catalog.gpu("h100-sxm"), catalog.model("llama-3.3-70b")
    used = weight_bytes(model.shape, "bf16") / tensor_parallel + beside_bytes(model.shape, tensor_parallel)
    enough_gb = (used / SHARE + DRIVER_BYTES) / visible_bytes(with_memory(gpu, 1.0))
    for share, fits in ((1.0001, True), (0.9999, False)):
        room = room_bytes(catalog, model, with_memory(gpu, enough_gb * share), "bf16", tensor_parallel)
        assert (room > 0) is fits


@pytest.mark.parametrize(
    ("precision", "tensor_parallel", "fits"),
    [("bf16", 1, False), ("bf16", 2, True), ("fp8", 1, True), ("nvfp4", 1, True)],
)
def test_where_llama_70b_fits_on_80_gb(
    catalog: Catalog, precision: Precision, tensor_parallel: int, fits: bool
) -> None:
    gpu, model = catalog.gpu("h100-sxm"), catalog.model("llama-3.3-70b")
    room = room_bytes(catalog, model, gpu, precision, tensor_parallel)
    assert (room > 0) is fits
    assert room == pytest.approx(kv_room_bytes(gpu, model.shape, precision, tensor_parallel), rel=1e-9)


def test_the_cache_splits_over_kv_heads_and_no_further(catalog: Catalog) -> None:
    """Llama 3.3 70B has 8 KV heads; MLA's latent is on every GPU."""
    gpu, splits = catalog.gpu("h100-sxm"), (1, 2, 8, 16)
    for model, shards in ((catalog.model("llama-3.3-70b"), (1, 2, 8, 8)), (LIVE.model("deepseek-v3"), (1, 1, 1, 1))):
        m = replica_arrays([ReplicaConfig(model, gpu, "fp8", n) for n in splits], LIVE)
        assert m.kv_full_bytes_per_tok[0, 0] / m.kv_full_bytes_per_tok[:, 0] == pytest.approx(shards)


def test_labels_name_model_precision_and_gpus() -> None:
    config = ReplicaConfig(MODELS[0], GPUS[0], "fp8", 2)
    assert config.label == f"{MODELS[0].name} FP8 on 2× {GPUS[0].name}"
    assert "with a custom recipe" in with_recipe(config, PRESETS["FP8"]).label


def test_four_bit_pools_fuse_kernels_where_the_gpu_computes_in_nvfp4() -> None:
    def kernels(gpu: str, precision: Precision, one_phase: bool) -> float:
        config = ReplicaConfig(LIVE.model("gpt-oss-120b"), LIVE.gpu(gpu), precision, 1, one_phase=one_phase)
        return float(replica_arrays([config], LIVE).kernels_count[0, 0])

    assert kernels("b200-sxm", "mxfp4", True) < kernels("b200-sxm", "mxfp4", False)
    assert kernels("h200-sxm", "mxfp4", True) == kernels("h200-sxm", "mxfp4", False)
    assert kernels("b200-sxm", "fp8", True) == kernels("b200-sxm", "fp8", False)
