"""What the evidence says of a recipe: cells to avoid or evaluate, and the recipe of lowest precision that it tolerates."""

from collections.abc import Sequence
from dataclasses import dataclass, fields

from calculators.catalog.base import Precision
from calculators.catalog.models import Model, Shape
from calculators.catalog.quantization import TOLERANCE_RANK, Sensitivity, SensitivityCell, SensitivityRow, Tolerance
from calculators.performance.model_size import LINEAR_BITS
from calculators.performance.quantization_recipe import (
    BLOCKS,
    KV_BITS,
    PRESETS,
    RELEASED,
    TENSOR_CLASSES,
    KvFormat,
    Recipe,
    field_of,
    kv_formats,
    weight_parts,
    with_formats,
)
from calculators.quantization.evidence import (
    CACHE_FORMATS,
    MAP_FORMATS,
    carried_over,
    cell_tolerance,
    worst_tolerance,
)

EDGES = "first and last blocks"
RecipeCell = tuple[SensitivityRow, str]
"""A row of the map, and the format that the recipe stores it in."""


@dataclass(frozen=True, slots=True)
class RecipeRisk:
    """A cell of the map that a recipe uses and that is not plainly tolerated."""

    row: SensitivityRow
    stored: str
    """The format."""
    cell: SensitivityCell

    @property
    def worst(self) -> Tolerance:
        """The stricter tolerance of the cell."""
        return worst_tolerance(self.cell)

    @property
    def is_conflict(self) -> bool:
        """Whether studies disagree."""
        return len(self.cell) > 1

    @property
    def is_carried_over(self) -> bool:
        """Whether no study measured this very cell."""
        return carried_over(self.row, self.stored)


def recipe_cells(recipe: Recipe, shape: Shape, known: Sensitivity) -> list[RecipeCell]:
    """The cells of the map that a recipe uses, in the map's order; classes in 16 bit have none."""
    held: dict[str, set[str]] = {}
    for part in weight_parts(shape, recipe):
        held.setdefault(part.kind, set()).add(part.weights)
    inner = {kind: recipe.of(kind) for kind in BLOCKS if kind in held}
    edge = recipe.edge_blocks
    if edge is not None:  # a few finer blocks do not make a class finer
        held |= {kind: {stored} for kind, stored in inner.items()}
    in_edges = {s if edge is None or LINEAR_BITS[s] >= LINEAR_BITS[edge] else edge for s in inner.values()}
    held |= {EDGES: set(in_edges), "activations": {recipe.activations}}
    weights = [(row, name) for row in known.weights for name in MAP_FORMATS if name in held.get(row.name, ())]
    cached = dict(zip(("keys", "values"), kv_formats(shape, recipe), strict=True))
    caches = [(row, cached[row.name]) for row in known.caches if cached.get(row.name, "bf16") != "bf16"]
    return [*weights, *caches]


def recipe_risks(recipe: Recipe, model: Model, known: Sensitivity) -> list[RecipeRisk]:
    """Cells that the map says to avoid or evaluate, without those the model was released in; worst first, then in the
    map's order. The first and last blocks count once, in their worst format."""
    return _risks(recipe, model, known, are_released=False)


def released_risks(recipe: Recipe, model: Model, known: Sensitivity) -> list[RecipeRisk]:
    """Cells that the map would warn of, had the model not been trained or calibrated for them by its maker."""
    return _risks(recipe, model, known, are_released=True)


def _risks(recipe: Recipe, model: Model, known: Sensitivity, are_released: bool) -> list[RecipeRisk]:
    released = _keys(recipe_cells(_as_released(model.published.native_precision), model.shape, known))
    cells = recipe_cells(recipe, model.shape, known)
    risks = [
        RecipeRisk(row, stored, cell_tolerance(row, stored))
        for row, stored in cells
        if ((row.name, stored) in released) is are_released
    ]
    edges = [risk for risk in risks if risk.row.name == EDGES]
    worst_edge = max(edges, key=lambda risk: TOLERANCE_RANK[risk.worst], default=None)
    kept = [r for r in risks if TOLERANCE_RANK[r.worst] > 0 and (r.row.name != EDGES or r is worst_edge)]
    return sorted(kept, key=lambda risk: -TOLERANCE_RANK[risk.worst])


def _as_released(native: Precision) -> Recipe:
    """The recipe the maker trained or calibrated for. Models released in 4 bit (gpt-oss, Kimi) are so in their experts."""
    return with_formats(("experts",), native) if LINEAR_BITS[native] < 8 else PRESETS[RELEASED[native]]


def _keys(cells: Sequence[RecipeCell]) -> set[tuple[str, str]]:
    return {(row.name, stored) for row, stored in cells}


def lowest_tolerated(known: Sensitivity) -> Recipe:
    """The recipe of fewest bits that the map plainly tolerates, class by class. Floating-point formats only, since
    integers and FP8 activations do not mix in one multiplication; keys and values share one format, as in engines."""
    rows = {row.name: row for row in (*known.weights, *known.caches)}
    weights: dict[str, Precision] = {kind: _fewest_bits(rows[kind]) for kind in TENSOR_CLASSES}
    caches = [name for name in CACHE_FORMATS if all(_is_tolerated(rows[kind], name) for kind in ("keys", "values"))]
    cache: KvFormat = min(caches, key=lambda name: KV_BITS[name], default="bf16")
    formats = {f.name: weights[kind] for f in fields(Recipe) for kind in TENSOR_CLASSES if f.name == field_of(kind)}
    activations = "fp8" if _is_tolerated(rows["activations"], "fp8") else "bf16"
    edges = _fewest_bits(rows[EDGES])
    return Recipe(edge_blocks=edges, activations=activations, keys=cache, values=cache, **formats)  # type: ignore[arg-type]


def _fewest_bits(row: SensitivityRow) -> Precision:
    tolerated: list[Precision] = [name for name in ("fp8", "nvfp4", "mxfp4") if _is_tolerated(row, name)]
    return min(tolerated, key=lambda name: LINEAR_BITS[name], default="bf16")


def _is_tolerated(row: SensitivityRow, stored: str) -> bool:
    return worst_tolerance(cell_tolerance(row, stored)) == "tolerates"
