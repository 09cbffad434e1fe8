"""Replicas as arrays: each row is what its setup alone would give, and what plain arithmetic gives."""

from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calculators.catalog.load import load_catalog
from calculators.performance.model_size import REST_FRAC, USABLE_FRAC, WORKSPACE_BYTES, parameters, visible_bytes
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
    """Any replica: every field of a setup, recipes and other engines included."""
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
def test_each_row_is_bit_for_bit_that_of_its_setup_alone(every: list[ReplicaConfig]) -> None:
    together = replica_arrays(every, LIVE)
    assert all(getattr(together, f.name).shape == (len(every), 1) for f in fields(together))
    assert [row(together, i) for i in range(len(every))] == [row(replica_arrays([s], LIVE), 0) for s in every]


def test_a_setup_given_twice_has_two_rows() -> None:
    config = ReplicaConfig(MODELS[0], GPUS[0], "fp8", 2)
    twice = replica_arrays([config, config], LIVE)
    assert row(twice, 0) == row(twice, 1)


@settings(max_examples=100, deadline=None)
@given(configs())
def test_bytes_and_operations_are_divided_among_the_gpus_as_stated(config: ReplicaConfig) -> None:
    found, held, shape = row(replica_arrays([config], LIVE), 0), config_weights(config), config.model.shape
    tp, p = config.tensor_parallel, parameters(shape)
    assert found["always_read_bytes"] == held.always_read_bytes / tp
    assert found["expert_bytes"] == held.experts_bytes / (tp * config.attention_ranks)
    assert found["dense_flop_per_tok"] == 2 * (p.active - p.active_experts) / tp
    assert found["experts_count"] == (shape.mlp.experts or 1)
    shards = 1 if shape.attention.kind == "mla" else min(tp, shape.attention.kv_heads)
    whole = replace(config, tensor_parallel=1)
    assert found["kv_full_bytes_per_tok"] == row(replica_arrays([whole], LIVE), 0)["kv_full_bytes_per_tok"] / shards


@settings(max_examples=100, deadline=None)
@given(configs())
def test_room_for_caches_is_what_the_weights_and_their_copies_leave(config: ReplicaConfig) -> None:
    held, visible = config_weights(config), visible_bytes(config.gpu)
    gpus = config.tensor_parallel * config.attention_ranks * config.pipeline_stages
    copied = held.always_read_bytes * (config.attention_ranks - 1)
    used = WORKSPACE_BYTES + (held.stored_bytes + copied) / gpus
    expected = (visible - used) * REST_FRAC if config.engine == "tensorrt-llm" else visible * USABLE_FRAC - used
    assert row(replica_arrays([config], LIVE), 0)["kv_room_bytes"] == pytest.approx(expected, rel=1e-9, abs=1)


def test_latent_attention_decodes_on_the_compressed_cache_and_computes_prompts_in_full() -> None:
    model = LIVE.model("deepseek-v3.1")
    found, a = row(replica_arrays([ReplicaConfig(model, GPUS[0], "fp8", 8)], LIVE), 0), model.shape.attention
    latent = 2 * (a.kv_lora_rank or 0) + (a.qk_rope_head_dim or 0)
    assert found["decode_flop_per_tok2"] == 2 * a.query_heads * latent * a.full_layers / 8
    assert found["prompt_flop_per_tok2"] == pytest.approx(
        2 * a.query_heads * (a.head_dim + (a.v_head_dim or a.head_dim)) * a.full_layers / 8, rel=1e-12
    )


def test_a_format_the_gpu_multiplies_in_adds_kernels_and_its_own_share_of_the_peak() -> None:
    on_hopper, on_ampere = (
        row(replica_arrays([ReplicaConfig(MODELS[0], LIVE.gpu(gpu), "fp8", 1)], LIVE), 0)
        for gpu in ("h100-sxm", "a100-80gb-sxm")
    )
    assert on_hopper["kernels_count"] - on_ampere["kernels_count"] == 2 * MODELS[0].shape.layers
    assert on_ampere["format_compute_frac"] == 1.0
    assert on_hopper["format_compute_frac"] == LIVE.efficiency(LIVE.gpu("h100-sxm")).fp8_compute_frac


def test_every_coefficient_is_that_of_the_generation_or_of_the_engine() -> None:
    config = ReplicaConfig(MODELS[0], GPUS[0], "bf16", 1, engine="sglang")
    found, fit, engine = row(replica_arrays([config], LIVE), 0), LIVE.efficiency(config.gpu), LIVE.engine("sglang")
    assert COEFFICIENTS
    for name in COEFFICIENTS:
        assert found[name] == (getattr(engine, name) if hasattr(engine, name) else getattr(fit, name)), name


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
