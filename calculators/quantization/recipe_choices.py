"""Recipes and formats that a reader can choose from on the verdict's model."""

from dataclasses import fields

from calculators.catalog.models import Shape
from calculators.catalog.quantization import Sensitivity, WeightRow
from calculators.fleet.plan import FleetPlan
from calculators.performance.quantization_recipe import (
    ACTIVATION_FORMATS,
    KV_FORMATS,
    PRESETS,
    TENSOR_CLASSES,
    WEIGHT_FORMATS,
    Recipe,
    by_class,
    field_of,
    served_recipe,
)
from calculators.quantization.recipe_risk import lowest_tolerated

AS_SERVED, LOWEST, CUSTOM = "As in the verdict", "Lowest tolerated precision", "Custom"
RECIPE_FIELDS = tuple(field.name for field in fields(Recipe))
SAME = "same as the others"
"""The format of the first and last block if none is chosen for them."""
_CACHE_AND_EDGES = {"edge_blocks", "activations", "keys", "values"}


def start_recipes(plan: FleetPlan, known: Sensitivity) -> dict[str, Recipe]:
    """Recipes to start from, by name: the verdict's, those of common checkpoints that the model can have, and the lowest
    precision that the map tolerates."""
    has_experts = plan.config.model.shape.mlp.experts is not None
    presets = {name: recipe for name, recipe in PRESETS.items() if has_experts or "experts" not in name}
    as_served = served_recipe(plan.config.precision, plan.config.kv_element_bytes)
    return {AS_SERVED: as_served, **presets, LOWEST: lowest_tolerated(known)}


def recipe_fields(shape: Shape) -> list[str]:
    """Fields of a recipe that a model of this shape has, in the order of the recipe."""
    counts = by_class(shape)
    kept = {field_of(kind) for kind in TENSOR_CLASSES if counts[kind]} | _CACHE_AND_EDGES
    return [field for field in RECIPE_FIELDS if field in kept]


def format_options(field: str) -> tuple[str, ...]:
    """The formats that one field of a recipe may have."""
    if field == "edge_blocks":
        return (SAME, *WEIGHT_FORMATS)
    other: dict[str, tuple[str, ...]] = {"activations": ACTIVATION_FORMATS, "keys": KV_FORMATS, "values": KV_FORMATS}
    return other.get(field, WEIGHT_FORMATS)


def format_of(recipe: Recipe, field: str) -> str:
    """The format of one field of a recipe, as one of `format_options`."""
    return getattr(recipe, field) or SAME


def recipe_of(formats: dict[str, str]) -> Recipe:
    """The recipe of a format for each field."""
    return Recipe(**{field: None if stored == SAME else stored for field, stored in formats.items()})  # type: ignore[arg-type]


def map_rows(shape: Shape | None, known: Sensitivity) -> list[WeightRow]:
    """Rows of the weight map for the classes that a model of this shape has; all rows without a shape."""
    counts = by_class(shape) if shape else {}
    return [row for row in known.weights if counts.get(row.name, 1.0)]  # type: ignore[call-overload]
