"""The sensitivity map: complete, sourced, and with its conflicts kept."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calculators.catalog.base import Precision
from calculators.catalog.load import load_catalog
from calculators.catalog.models import Model
from calculators.catalog.quantization import TOLERANCE_RANK, Sensitivity, sensitivity
from calculators.catalog.yaml_reader import parse_record
from calculators.errors import DataError
from calculators.performance.quantization_recipe import (
    BLOCKS,
    CLASSES,
    KV_FORMATS,
    PRESETS,
    WEIGHT_FORMATS,
    Recipe,
    by_class,
    field_of,
)
from calculators.quantization.checkpoint_scan import CLASSES as SCANNED
from calculators.quantization.evidence import (
    CACHE_FORMATS,
    EDGES,
    carried_over,
    cautious,
    cell_tolerance,
    chosen,
    released_doubts,
    risk_sentence,
    risks,
    rows_of,
    worst_tolerance,
)
from calculators.quantization.evidence import WEIGHT_FORMATS as MAP_FORMATS

KNOWN = sensitivity()
LIVE = load_catalog()
LLAMA, GPT_OSS, DEEPSEEK, QWEN = (
    LIVE.model(name) for name in ("llama-3.3-70b", "gpt-oss-120b", "deepseek-v3", "qwen3-30b-a3b")
)


def test_every_cell_is_filled_and_coarser_than_eight_bits_is_never_safer() -> None:
    for row in KNOWN.weights:
        assert (
            TOLERANCE_RANK[worst_tolerance(row.fp8)]
            <= TOLERANCE_RANK[worst_tolerance(row.nvfp4)]
            <= TOLERANCE_RANK[worst_tolerance(row.mxfp4)]
        ), row.name
        assert all(cell_tolerance(row, name) for name in MAP_FORMATS)
    for cache in KNOWN.caches:
        assert TOLERANCE_RANK[worst_tolerance(cache.fp8)] <= min(
            TOLERANCE_RANK[worst_tolerance(cell_tolerance(cache, name))] for name in CACHE_FORMATS[1:]
        )


def test_the_published_order_holds() -> None:
    """Weights of attention bear more than down projections, those more than routers; keys less than values."""
    by_name = {row.name: row for row in KNOWN.weights}
    assert worst_tolerance(by_name["query"].nvfp4) == "tolerates"
    assert worst_tolerance(by_name["down"].mxfp4) == "poison"
    assert worst_tolerance(by_name["router"].int8) == "poison"
    assert worst_tolerance(by_name["softmax and scores"].nvfp4) == "poison"
    keys, values = KNOWN.caches
    assert TOLERANCE_RANK[worst_tolerance(keys.fp4)] > TOLERANCE_RANK[worst_tolerance(values.fp4)]


def test_studies_that_disagree_are_shown_and_not_averaged() -> None:
    up = next(row for row in KNOWN.weights if row.name == "up")
    assert up.mxfp4 == ("caution", "poison")
    assert worst_tolerance(up.mxfp4) == "poison"
    assert "conflict" in up.note


def test_every_scanned_class_of_weights_and_every_class_of_a_recipe_has_its_rows() -> None:
    for kind in {kind for kind, _ in SCANNED} | set(CLASSES):
        assert len(rows_of(kind, KNOWN)) == len(kind.split(",")), kind
    assert rows_of("other", KNOWN) == []
    assert [row.name for row in rows_of("gate, up", KNOWN)] == ["gate", "up"]


def test_cells_without_evidence_of_their_own_say_so() -> None:
    """FP4 was put on single kinds of layers; of the attention's weights in INT8 nobody said anything apart."""
    by_name = {row.name: row for row in KNOWN.weights}
    assert not carried_over(by_name["query"], "nvfp4")
    assert carried_over(by_name["query"], "int8")
    assert carried_over(by_name["lm_head"], "int4")
    assert all(0 < len(row.own) < len(MAP_FORMATS) for row in KNOWN.weights)


def test_no_source_is_only_in_our_notes_and_most_can_be_opened() -> None:
    assert all(source.url and source.url.startswith("https://") for source in KNOWN.sources.values())
    cited = {
        key for row in (*KNOWN.weights, *KNOWN.caches, *KNOWN.conflicts, *KNOWN.whole_model) for key in row.evidence
    }
    assert cited == set(KNOWN.sources)


# --- what a recipe risks -----------------------------------------------------------------------------------------


def _named(recipe: Recipe, model: Model = LLAMA) -> list[tuple[str, str, str]]:
    return [(risk.row.name, risk.stored, risk.worst) for risk in risks(recipe, model, KNOWN)]


def test_the_poison_list_of_a_planted_recipe_is_exact() -> None:
    planted = Recipe(
        lm_head="nvfp4", up="mxfp4", down="int8", query="fp8", keys="int2", values="fp8", edge_blocks="bf16"
    )
    assert _named(planted) == [
        ("lm_head", "nvfp4", "poison"),
        ("up", "mxfp4", "poison"),
        ("keys", "int2", "poison"),
        ("down", "int8", "caution"),
    ]
    found = risks(planted, LLAMA, KNOWN)
    assert [risk.is_conflict for risk in found] == [False, True, False, False]
    assert [risk.is_carried_over for risk in found] == [True, False, False, True]
    assert risk_sentence(found) == (
        "3 poison cells: lm_head in NVFP4; up in MXFP4; keys in INT2; 1 cell to evaluate: down in INT8."
    )


def test_the_first_and_last_block_count_as_their_worst_format_unless_kept_finer() -> None:
    coarse = Recipe(query="int4", down="mxfp4")
    assert (EDGES, "mxfp4", "poison") in _named(coarse)
    assert [name for name, _, _ in _named(coarse)].count(EDGES) == 1
    kept = Recipe(query="int4", down="mxfp4", edge_blocks="int8")
    assert (EDGES, "int8", "caution") in _named(kept)
    assert EDGES not in [name for name, _, _ in _named(Recipe(query="int4", down="mxfp4", edge_blocks="fp8"))]


def test_classes_that_a_model_has_not_are_no_risk() -> None:
    assert _named(Recipe(router="int4")) == []
    assert _named(Recipe(router="int4", edge_blocks="bf16"), QWEN) == [("router", "int4", "poison")]


def test_the_latent_of_deepseek_is_judged_as_it_is_kept() -> None:
    assert _named(Recipe(keys="int2", values="fp8"), DEEPSEEK) == []
    assert ("keys", "int2", "poison") in _named(Recipe(keys="int2", values="int2"), DEEPSEEK)


def test_what_the_maker_released_is_no_risk_and_the_same_of_another_is() -> None:
    recipe = PRESETS["MXFP4 experts only"]
    assert _named(recipe, GPT_OSS) == []
    doubts = released_doubts(recipe, GPT_OSS, KNOWN)
    assert [risk.row.name for risk in doubts] == [EDGES, "experts"]
    assert risk_sentence([], doubts) == (
        "No poison cell, and none that calls for caution; cells with a star have no evidence of their own. "
        "Released so by its maker, whatever the map says: first and last blocks, experts in MXFP4."
    )
    assert released_doubts(recipe, QWEN, KNOWN) == []
    assert ("experts", "mxfp4", "caution") in _named(PRESETS["MXFP4 experts only"], QWEN)
    assert ("activations", "mxfp4", "poison") in _named(
        Recipe(experts="mxfp4", query="mxfp4", activations="mxfp4"), GPT_OSS
    )


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.sampled_from([LLAMA, GPT_OSS, DEEPSEEK, QWEN]), st.data())
def test_every_risk_is_a_cell_of_the_map_and_the_worst_come_first(model: Model, data: st.DataObject) -> None:
    formats: dict[str, Precision] = {field_of(k): data.draw(st.sampled_from(WEIGHT_FORMATS)) for k in BLOCKS}
    recipe = Recipe(keys=data.draw(st.sampled_from(KV_FORMATS)), **formats)  # type: ignore[arg-type]
    found = risks(recipe, model, KNOWN)
    ranks = [TOLERANCE_RANK[risk.worst] for risk in found]
    assert ranks == sorted(ranks, reverse=True)
    assert all(
        rank > 0 and risk.cell == cell_tolerance(risk.row, risk.stored) for rank, risk in zip(ranks, found, strict=True)
    )
    present = {kind for kind, count in by_class(model.shape).items() if count}
    assert {risk.row.name for risk in found} <= present | {EDGES, "keys", "values"}
    assert len(found) <= len(chosen(recipe, model.shape, KNOWN))


@pytest.mark.parametrize("model", LIVE.models.values(), ids=lambda model: model.id)
def test_the_cautious_recipe_risks_nothing_on_any_model(model: Model) -> None:
    recipe = cautious(KNOWN)
    assert risks(recipe, model, KNOWN) == []
    assert recipe.query == "nvfp4"
    assert recipe.down == recipe.keys == "fp8"
    assert recipe.router == recipe.lm_head == "bf16"


TEXT = """
weights:
- {class: a, fp8: [tolerates], int8: [caution], int4: [caution], nvfp4: [caution], mxfp4: [poison], own: [OWN], confidence: low, evidence: [x], note: n}
caches:
- {class: b, fp8: [tolerates], fp4: [caution], int4: CELL, int2: [poison], own: [], confidence: low, evidence: [s], note: n}
conflicts: []
whole_model: [{text: t, confidence: low, evidence: [s]}]
sources: {s: {title: t, accessed: 2026-01-01, kind: paper}}
"""


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("OWN", "fp8", "evidence names no source of this file: x"),
        ("OWN", "fp3", "own names no format of this table: fp3"),
        ("CELL", "[poison, caution]", "the milder one comes first"),
        ("CELL", "[caution, caution]", "two verdicts in a cell differ"),
    ],
)
def test_a_map_that_contradicts_itself_is_an_error(old: str, new: str, why: str) -> None:
    text = TEXT.replace(old, new).replace("OWN", "fp8").replace("CELL", "[caution]")
    with pytest.raises(DataError, match=why):
        parse_record(text.encode(), Sensitivity, "q.yaml")
