"""Recipes to start from, and the formats of each class."""

import pytest
from technique_cases import fleet

from calculators.catalog.load import load_catalog
from calculators.catalog.quantization import sensitivity
from calculators.performance.quantization_recipe import PRESETS, Recipe
from calculators.quantization.recipe_choices import (
    AS_SERVED,
    LOWEST,
    RECIPE_FIELDS,
    SAME,
    format_of,
    format_options,
    map_rows,
    recipe_fields,
    recipe_of,
    start_recipes,
)

KNOWN = sensitivity()
LIVE = load_catalog()


def test_a_dense_model_is_offered_no_recipe_for_experts() -> None:
    dense = start_recipes(fleet("steady-extraction")[0], KNOWN)
    assert list(dense) == [AS_SERVED, *(name for name in PRESETS if "experts" not in name), LOWEST]
    experts = start_recipes(fleet("air-gapped")[0], KNOWN)
    assert set(PRESETS) < set(experts)


def test_only_classes_that_the_model_has_are_asked_for() -> None:
    dense, experts = (recipe_fields(LIVE.model(name).shape) for name in ("llama-3.3-70b", "gpt-oss-120b"))
    assert "down" in dense
    assert "router" not in dense
    assert {"router", "experts"} <= set(experts)
    assert "down" not in experts
    assert {"edge_blocks", "activations", "keys", "values"} <= set(dense) & set(experts)


@pytest.mark.parametrize("recipe", [*PRESETS.values(), Recipe(edge_blocks="fp8")])
def test_a_recipe_taken_apart_and_put_together_is_the_same(recipe: Recipe) -> None:
    formats = {field: format_of(recipe, field) for field in RECIPE_FIELDS}
    assert all(stored in format_options(field) for field, stored in formats.items())
    assert recipe_of(formats) == recipe


def test_the_edges_may_be_as_all_others() -> None:
    assert format_of(Recipe(), "edge_blocks") == SAME
    assert recipe_of({"edge_blocks": SAME}).edge_blocks is None
    assert "int2" in format_options("keys")
    assert "int2" not in format_options("down")


def test_the_map_shows_the_classes_of_the_model_or_all_without_one() -> None:
    rows = [row.name for row in map_rows(LIVE.model("llama-3.3-70b").shape, KNOWN)]
    assert "router" not in rows
    assert {"down", "norms and biases", "softmax and scores"} <= set(rows)
    assert map_rows(None, KNOWN) == list(KNOWN.weights)
