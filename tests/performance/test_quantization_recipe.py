"""A format for each class of tensors: every parameter counted once, every byte as the format says, no rate from nowhere."""

from dataclasses import fields, replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from model_by_hand import kv_room_bytes, uniform, weight_bytes
from support import FIXED_ROOT

from calculators.catalog.base import Precision
from calculators.catalog.catalog import Catalog
from calculators.catalog.load import load_catalog
from calculators.catalog.models import Model
from calculators.performance.model_size import KV_ELEMENT_BYTES, LINEAR_BITS, parameters
from calculators.performance.quantization_recipe import (
    ACTIVATION_FORMATS,
    BLOCKS,
    KV_BITS,
    KV_FORMATS,
    PRESETS,
    RELEASED,
    WEIGHT_FORMATS,
    Recipe,
    arithmetic_precision,
    arithmetic_rates,
    by_class,
    edges_by_class,
    field_of,
    kv_element_bytes,
    recipe_weights,
    served_recipe,
    unpacked_precisions,
    weight_parts,
)
from calculators.performance.replica import ReplicaArrays, ReplicaConfig, config_weights, replica_arrays, with_recipe
from calculators.performance.step_time import step_s

LIVE = load_catalog()
MODELS = list(LIVE.models.values())
SHAPES = [load_catalog(FIXED_ROOT).model(name) for name in ("llama-3.3-70b", "gpt-oss-120b", "llama-3.1-8b")] + [
    LIVE.model(name) for name in ("deepseek-v3.2", "qwen3-next-80b-a3b", "gemma-3-27b", "llama-4-maverick")
]
quickly = settings(max_examples=60, deadline=None, derandomize=True)
every_model = pytest.mark.parametrize("model", MODELS, ids=lambda model: model.id)


@st.composite
def recipes(draw: st.DrawFn) -> Recipe:
    formats = {field_of(kind): draw(st.sampled_from(WEIGHT_FORMATS)) for kind in ("embeddings", "lm_head", *BLOCKS)}
    return Recipe(
        edge_blocks=draw(st.sampled_from([None, *WEIGHT_FORMATS])),
        activations=draw(st.sampled_from(ACTIVATION_FORMATS)),
        keys=draw(st.sampled_from(KV_FORMATS)),
        values=draw(st.sampled_from(KV_FORMATS)),
        **formats,
    )


# --- parameters --------------------------------------------------------------------------------------------------


@every_model
def test_classes_sum_to_the_parameters_of_the_model(model: Model) -> None:
    found, known = by_class(model.shape), parameters(model.shape)
    assert all(count >= 0 for count in found.values())
    attention = ("query", "key", "value", "attention output", "other attention")
    for kinds, total in (
        (("embeddings", "lm_head"), known.embeddings),
        (attention, known.attention),
        (("gate", "up", "down", "router"), known.dense_mlp),
        (("experts",), known.experts),
        (tuple(found), known.total),
    ):
        assert sum(found[kind] for kind in kinds) == pytest.approx(total, rel=1e-12)


def test_classes_of_llama_70b_by_hand(catalog: Catalog) -> None:
    """80 layers, hidden 8192, 64 query and 8 KV heads of 128, MLP 28672."""
    found = by_class(catalog.model("llama-3.3-70b").shape)
    assert found["query"] == found["attention output"] == 80 * 8192 * 64 * 128
    assert found["key"] == found["value"] == 80 * 8192 * 8 * 128
    assert found["gate"] == found["up"] == found["down"] == 80 * 8192 * 28672
    assert found["router"] == found["experts"] == found["other attention"] == 0


def test_classes_of_deepseek_v3_by_hand() -> None:
    """arXiv:2412.19437, section 4.2: 61 layers, hidden 7168, 128 heads of 128 + 64, latents of 1536 and 512; one shared
    and 256 routed experts of 2048 in all but the first 3 layers."""
    found = by_class(LIVE.model("deepseek-v3").shape)
    assert found["query"] == 61 * (7168 * 1536 + 1536 * 128 * 192)
    assert found["key"] == 61 * 7168 * (512 + 64)
    assert found["value"] == 61 * 512 * 128 * 256
    assert found["attention output"] == 61 * 128 * 128 * 7168
    assert found["up"] == 7168 * (3 * 18432 + 58 * 2048)
    assert found["router"] == 58 * 7168 * 256
    edges = edges_by_class(LIVE.model("deepseek-v3").shape)
    assert edges["up"] == 7168 * (18432 + 2048)  # the first block is dense, the last has experts
    assert edges["experts"] == pytest.approx(found["experts"] / 58)


@every_model
def test_the_first_and_last_block_are_part_of_the_model(model: Model) -> None:
    found, edges = by_class(model.shape), edges_by_class(model.shape)
    assert all(0 <= edges[kind] <= found[kind] for kind in BLOCKS)
    assert sum(edges.values()) > 0


def without_checkpoints(model: Model) -> Model:
    """The model as if no released checkpoint of it were known."""
    return model.model_copy(update={"checkpoints": ()})


# --- bytes -------------------------------------------------------------------------------------------------------


@every_model
@pytest.mark.parametrize("precision", WEIGHT_FORMATS)
def test_a_uniform_recipe_weighs_what_the_format_weighs(model: Model, precision: Precision) -> None:
    gpu, model = LIVE.gpu("h100-sxm"), without_checkpoints(model)
    plain, same = (
        ReplicaConfig(model, gpu, precision, 8),
        ReplicaConfig(model, gpu, precision, 8, recipe=uniform(precision)),
    )
    assert config_weights(same).stored_bytes == pytest.approx(weight_bytes(model.shape, precision), rel=1e-12)
    for field in ("always_read_bytes", "experts_bytes"):
        assert getattr(config_weights(same), field) == pytest.approx(getattr(config_weights(plain), field), rel=1e-12)


def test_what_checkpoints_weigh() -> None:
    """gpt-oss-120b is released as 60.8 GiB = 65.3 GB: MXFP4 in the experts only."""
    found = recipe_weights(LIVE.model("gpt-oss-120b").shape, PRESETS["MXFP4 experts only"])
    assert found.stored_bytes / 1e9 == pytest.approx(65.3, rel=0.03)
    assert found.four_bit_frac == 0  # experts are read apart


@quickly
@given(recipes(), st.sampled_from(SHAPES), st.data())
def test_a_finer_format_of_one_class_never_takes_fewer_bytes(recipe: Recipe, model: Model, data: st.DataObject) -> None:
    field = data.draw(st.sampled_from([field_of(kind) for kind in ("embeddings", "lm_head", *BLOCKS)]))
    now: Precision = getattr(recipe, field)
    finer = data.draw(st.sampled_from([name for name in WEIGHT_FORMATS if LINEAR_BITS[name] >= LINEAR_BITS[now]]))
    before, after = (recipe_weights(model.shape, r) for r in (recipe, replace(recipe, **{field: finer})))
    for name in ("stored_bytes", "always_read_bytes", "experts_bytes"):
        assert getattr(after, name) >= getattr(before, name)


@quickly
@given(recipes(), st.sampled_from(SHAPES))
def test_every_parameter_is_stored_once_and_edge_blocks_are_never_coarser(recipe: Recipe, model: Model) -> None:
    assert sum(p.count for p in weight_parts(model.shape, recipe)) == pytest.approx(
        parameters(model.shape).total, rel=1e-12
    )
    plain, kept = (recipe_weights(model.shape, replace(recipe, edge_blocks=name)) for name in (None, "fp8"))
    assert kept.stored_bytes >= plain.stored_bytes
    assert 0 <= kept.four_bit_frac <= 1


def test_a_tied_table_is_stored_once_in_the_finer_format() -> None:
    shape = next(m.shape for m in MODELS if m.shape.tied_embeddings)
    [table] = [
        p for p in weight_parts(shape, Recipe(embeddings="int4", lm_head="fp8")) if p.kind in ("embeddings", "lm_head")
    ]
    assert table.bytes == shape.vocab_size * shape.hidden_size


def test_cached_values_take_the_mean_of_both_formats_with_their_scales() -> None:
    llama, deepseek = (LIVE.model(name).shape for name in ("llama-3.3-70b", "deepseek-v3"))
    narrow = llama.model_copy(update={"attention": llama.attention.model_copy(update={"v_head_dim": 64})})
    assert kv_element_bytes(llama, Recipe()) == KV_ELEMENT_BYTES
    assert kv_element_bytes(llama, Recipe(keys="fp8", values="int4")) == (8 + 4.25) / 2 / 8
    assert kv_element_bytes(llama, Recipe(keys="nvfp4", values="mxfp4")) == 4.5 / 8
    assert kv_element_bytes(deepseek, Recipe(keys="int2", values="fp8")) == 1  # one latent is both: the finer
    assert kv_element_bytes(narrow, Recipe(keys="fp8")) == pytest.approx((128 * 1 + 64 * 2) / 192)
    assert sorted(KV_BITS, key=lambda name: -KV_BITS[name]) == list(KV_FORMATS)


def test_what_a_fleet_serves_is_a_preset() -> None:
    assert served_recipe("fp8", 2.0) == PRESETS["FP8"]
    assert served_recipe("nvfp4", 1.0) == replace(PRESETS["NVFP4"], keys="fp8", values="fp8")
    assert list(RELEASED) == list(WEIGHT_FORMATS)
    for precision, name in RELEASED.items():
        assert precision.upper() in name


# --- rates -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("gpu", "stored", "activations", "computes"),
    [
        ("h100-sxm", "fp8", "fp8", "fp8"),
        ("h100-sxm", "fp8", "bf16", "bf16"),  # weight-only
        ("h100-sxm", "int4", "int8", "bf16"),
        ("h100-sxm", "int4", "fp8", "fp8"),  # W4A8
        ("a100-80gb-sxm", "int4", "fp8", "bf16"),
        ("h100-sxm", "nvfp4", "nvfp4", "bf16"),  # Hopper has no FP4
        ("h100-sxm", "nvfp4", "fp8", "bf16"),
        ("b200-sxm", "nvfp4", "nvfp4", "nvfp4"),
        ("b200-sxm", "nvfp4", "fp8", "fp8"),
        ("b200-sxm", "fp8", "nvfp4", "fp8"),
        ("b200-sxm", "int8", "fp8", "bf16"),
        ("mi355x", "nvfp4", "nvfp4", "bf16"),  # AMD has MXFP4 only
        ("mi355x", "mxfp4", "mxfp4", "mxfp4"),
        ("a100-80gb-sxm", "fp8", "fp8", "bf16"),
        ("a100-80gb-sxm", "int8", "int8", "int8"),
    ],
)
def test_the_format_of_the_arithmetic(gpu: str, stored: Precision, activations: str, computes: str) -> None:
    assert arithmetic_precision(LIVE.gpu(gpu), stored, activations) == computes  # type: ignore[arg-type]


def test_the_mean_rate_by_hand() -> None:
    """Half of Llama 70B's operations at twice the rate take 3/4 of the time; the head is left out."""
    gpu, shape = LIVE.gpu("h100-sxm"), LIVE.model("llama-3.3-70b").shape
    fit = LIVE.efficiency(gpu)
    recipe = Recipe(gate="fp8", up="fp8", activations="fp8")
    counts = by_class(shape)
    fast = (counts["gate"] + counts["up"]) / sum(counts[kind] for kind in BLOCKS)
    slow_flops, fast_flops = gpu.dense_flops("bf16"), gpu.dense_flops("fp8")
    peak, frac = arithmetic_rates(gpu, shape, recipe, fit, LIVE.speed_rules)
    assert peak == pytest.approx(1 / (fast / fast_flops + (1 - fast) / slow_flops))
    real = 1 / (fast / (fast_flops * fit.fp8_compute_frac) + (1 - fast) / slow_flops)
    assert peak * frac == pytest.approx(real)
    assert unpacked_precisions(gpu, shape, recipe) == ()
    assert unpacked_precisions(gpu, shape, replace(recipe, down="int4", query="nvfp4")) == ("nvfp4",)


@quickly
@given(recipes(), st.sampled_from(SHAPES), st.sampled_from(["h100-sxm", "b200-sxm", "mi355x", "l40s"]))
def test_the_rate_lies_between_the_slowest_and_the_fastest_format(recipe: Recipe, model: Model, name: str) -> None:
    gpu = LIVE.gpu(name)
    peak, frac = arithmetic_rates(gpu, model.shape, recipe, LIVE.efficiency(gpu), LIVE.speed_rules)
    possible = [gpu.dense_flops(precision) for precision in WEIGHT_FORMATS]
    assert min(possible) * (1 - 1e-9) <= peak <= max(possible) * (1 + 1e-9)
    assert 0 < frac <= 1 + 1e-9


# --- machines ----------------------------------------------------------------------------------------------------


def _columns(m: ReplicaArrays) -> np.ndarray:
    return np.hstack([getattr(m, f.name) for f in fields(m)])


@pytest.mark.parametrize("gpu", ["a100-80gb-sxm", "h100-sxm", "b200-sxm", "mi300x"])
@pytest.mark.parametrize("precision", [p for p in WEIGHT_FORMATS if p != "mxfp4"])
def test_a_uniform_recipe_is_the_same_machine(gpu: str, precision: Precision) -> None:
    """MXFP4 apart: a checkpoint's experts are padded, a recipe's are not."""
    plain = [ReplicaConfig(without_checkpoints(model), LIVE.gpu(gpu), precision, 8) for model in SHAPES]
    same = [with_recipe(config, uniform(precision)) for config in plain]
    np.testing.assert_allclose(_columns(replica_arrays(same, LIVE)), _columns(replica_arrays(plain, LIVE)), rtol=1e-9)


def test_a_machine_without_a_recipe_is_bit_for_bit_what_its_format_says(catalog: Catalog) -> None:
    """Beside one with a recipe, and with the memory that plain arithmetic gives."""
    model, gpu = catalog.model("llama-3.3-70b"), catalog.gpu("h100-sxm")
    for precision in WEIGHT_FORMATS:
        plain = ReplicaConfig(model, gpu, precision, 4)
        both = replica_arrays([plain, with_recipe(plain, PRESETS["INT4 weight-only"])], catalog)
        assert np.array_equal(_columns(both)[:1], _columns(replica_arrays([plain], catalog)))
        assert float(both.kv_room_bytes[0, 0]) == pytest.approx(
            kv_room_bytes(gpu, model.shape, precision, 4), rel=1e-12
        )
        assert float(both.peak_flops[0, 0]) == gpu.dense_flops(precision)
        bits, p = LINEAR_BITS[precision] / 8, parameters(model.shape)
        assert float(both.always_read_bytes[0, 0]) == (2 * p.head + bits * (p.attention + p.dense_mlp)) / 4


@quickly
@given(st.sampled_from(SHAPES), st.sampled_from(["h100-sxm", "b200-sxm", "mi300x"]), recipes(), st.integers(1, 16))
def test_halving_the_bytes_of_weights_never_slows_a_step_that_waits_for_memory(
    model: Model, gpu: str, recipe: Recipe, batch: int
) -> None:
    """Weight-only, so that no kernel is added; all classes to formats of at most half the bits, but experts not to INT4, whose
    kernels are slow. Expanding them costs arithmetic, which is left out."""
    half: dict[Precision, Precision] = {"bf16": "fp8", "fp8": "int4", "int8": "int4"}
    start = replace(recipe, activations="bf16", edge_blocks=None)
    coarser = replace(
        start, **{field_of(k): half.get(start.of(k), start.of(k)) for k in ("embeddings", "lm_head", *BLOCKS)}
    )
    if coarser.experts == "int4":
        coarser = replace(coarser, experts=start.experts)
    config, none = ReplicaConfig(model, LIVE.gpu(gpu), "bf16", 8), np.zeros(1)
    slow, fast = (
        step_s(replace(m, peak_flops=np.array([[1e30]])), np.array([float(batch)]), np.array([1_000.0]), none, none)
        for m in (replica_arrays([with_recipe(config, r)], LIVE) for r in (start, coarser))
    )
    assert float(fast[0, 0]) <= float(slow[0, 0]) * (1 + 1e-9)


def test_a_recipe_is_read_off_the_label_and_the_memory(catalog: Catalog) -> None:
    plain = ReplicaConfig(catalog.model("llama-3.3-70b"), catalog.gpu("h100-sxm"), "fp8", 2)
    own = with_recipe(plain, PRESETS["INT4 weight-only"])
    assert "FP8" in plain.label
    assert "custom recipe" in own.label
    own_room, plain_room = replica_arrays([own, plain], catalog).kv_room_bytes[:, 0].tolist()
    assert own_room - plain_room == pytest.approx(
        (config_weights(plain).stored_bytes - config_weights(own).stored_bytes) / 2
    )
