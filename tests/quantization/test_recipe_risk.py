"""What the evidence says of a recipe, exactly."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calculators.catalog.base import Precision
from calculators.catalog.load import load_catalog
from calculators.catalog.models import Model
from calculators.catalog.quantization import TOLERANCE_RANK, sensitivity
from calculators.performance.quantization_recipe import (
    BLOCKS,
    KV_FORMATS,
    PRESETS,
    WEIGHT_FORMATS,
    Recipe,
    by_class,
    field_of,
)
from calculators.quantization.evidence import cell_tolerance
from calculators.quantization.recipe_risk import (
    EDGES,
    lowest_tolerated,
    recipe_cells,
    recipe_risks,
    released_risks,
)

KNOWN = sensitivity()
LIVE = load_catalog()
LLAMA, GPT_OSS, DEEPSEEK, QWEN = (
    LIVE.model(name) for name in ("llama-3.3-70b", "gpt-oss-120b", "deepseek-v3", "qwen3-30b-a3b")
)


def _named(recipe: Recipe, model: Model = LLAMA) -> list[tuple[str, str, str]]:
    return [(risk.row.name, risk.stored, risk.worst) for risk in recipe_risks(recipe, model, KNOWN)]


def test_the_list_to_avoid_of_a_planted_recipe_is_exact() -> None:
    planted = Recipe(
        lm_head="nvfp4", up="mxfp4", down="int8", query="fp8", keys="int2", values="fp8", edge_blocks="bf16"
    )
    assert _named(planted) == [
        ("lm_head", "nvfp4", "avoid"),
        ("up", "mxfp4", "avoid"),
        ("keys", "int2", "avoid"),
        ("down", "int8", "caution"),
    ]
    risks = recipe_risks(planted, LLAMA, KNOWN)
    assert [risk.is_conflict for risk in risks] == [False, True, False, False]
    assert [risk.is_carried_over for risk in risks] == [True, False, False, True]


def test_the_first_and_last_block_count_as_their_worst_format_unless_kept_finer() -> None:
    coarse = Recipe(query="int4", down="mxfp4")
    assert (EDGES, "mxfp4", "avoid") in _named(coarse)
    assert [name for name, _, _ in _named(coarse)].count(EDGES) == 1
    kept = Recipe(query="int4", down="mxfp4", edge_blocks="int8")
    assert (EDGES, "int8", "caution") in _named(kept)
    assert EDGES not in [name for name, _, _ in _named(Recipe(query="int4", down="mxfp4", edge_blocks="fp8"))]


def test_classes_that_a_model_has_not_are_no_risk() -> None:
    assert _named(Recipe(router="int4")) == []
    assert _named(Recipe(router="int4", edge_blocks="bf16"), QWEN) == [("router", "int4", "avoid")]


def test_the_latent_of_deepseek_is_judged_as_it_is_kept() -> None:
    assert _named(Recipe(keys="int2", values="fp8"), DEEPSEEK) == []
    assert ("keys", "int2", "avoid") in _named(Recipe(keys="int2", values="int2"), DEEPSEEK)


def test_what_the_maker_released_is_no_risk_and_the_same_of_another_is() -> None:
    recipe = PRESETS["MXFP4 experts only"]
    assert _named(recipe, GPT_OSS) == []
    excused = released_risks(recipe, GPT_OSS, KNOWN)
    assert [risk.row.name for risk in excused] == [EDGES, "experts"]
    assert released_risks(recipe, QWEN, KNOWN) == []
    assert ("experts", "mxfp4", "caution") in _named(PRESETS["MXFP4 experts only"], QWEN)
    assert ("activations", "mxfp4", "avoid") in _named(
        Recipe(experts="mxfp4", query="mxfp4", activations="mxfp4"), GPT_OSS
    )


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.sampled_from([LLAMA, GPT_OSS, DEEPSEEK, QWEN]), st.data())
def test_every_risk_is_a_cell_of_the_map_and_the_worst_come_first(model: Model, data: st.DataObject) -> None:
    formats: dict[str, Precision] = {field_of(k): data.draw(st.sampled_from(WEIGHT_FORMATS)) for k in BLOCKS}
    recipe = Recipe(keys=data.draw(st.sampled_from(KV_FORMATS)), **formats)  # type: ignore[arg-type]
    risks = recipe_risks(recipe, model, KNOWN)
    ranks = [TOLERANCE_RANK[risk.worst] for risk in risks]
    assert ranks == sorted(ranks, reverse=True)
    assert all(
        rank > 0 and risk.cell == cell_tolerance(risk.row, risk.stored) for rank, risk in zip(ranks, risks, strict=True)
    )
    present = {kind for kind, count in by_class(model.shape).items() if count}
    assert {risk.row.name for risk in risks} <= present | {EDGES, "keys", "values"}
    assert len(risks) <= len(recipe_cells(recipe, model.shape, KNOWN))


@pytest.mark.parametrize("model", LIVE.models.values(), ids=lambda model: model.id)
def test_the_lowest_tolerated_recipe_risks_nothing_on_any_model(model: Model) -> None:
    recipe = lowest_tolerated(KNOWN)
    assert recipe_risks(recipe, model, KNOWN) == []
    assert recipe.query == recipe.down == recipe.keys == "fp8"  # NVFP4 is disputed
    assert recipe.experts == "nvfp4"
    assert recipe.router == recipe.lm_head == "bf16"
