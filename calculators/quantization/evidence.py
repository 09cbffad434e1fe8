"""Which parts of a model bear which format: the published evidence as data, conflicts kept apart; and what a recipe risks."""

from collections.abc import Sequence
from dataclasses import dataclass, fields

from calculators.catalog.base import Precision
from calculators.catalog.models import Model, Shape
from calculators.catalog.quantization import (
    TOLERANCE_RANK,
    Sensitivity,
    SensitivityCell,
    SensitivityRow,
    Tolerance,
    WeightRow,
)
from calculators.performance.model_size import LINEAR_BITS
from calculators.performance.quantization_recipe import (
    BLOCKS,
    CLASSES,
    KV_BITS,
    PRESETS,
    RELEASED,
    KvFormat,
    Recipe,
    field_of,
    kv_formats,
    weight_parts,
    with_formats,
)

WEIGHT_FORMATS: tuple[Precision, ...] = ("fp8", "int8", "int4", "nvfp4", "mxfp4")
CACHE_FORMATS: tuple[KvFormat, ...] = ("fp8", "fp4", "int4", "int2")
FUSED = {"query, key, value": ("query", "key", "value"), "gate, up": ("gate", "up")}
"""Several matrices stored as one tensor, as scanned checkpoints name them."""
EDGES = "first and last blocks"


def cell_tolerance(row: SensitivityRow, weight_format: str) -> SensitivityCell:
    found: SensitivityCell = getattr(row, weight_format)
    return found


def worst_tolerance(cell: SensitivityCell) -> Tolerance:
    """What to reckon with where studies disagree."""
    return max(cell, key=lambda bears: TOLERANCE_RANK[bears])


def carried_over(row: SensitivityRow, weight_format: str) -> bool:
    """No evidence of its own: the verdict is that of the nearest row or format."""
    return weight_format not in row.own


def rows_of(kind: str, known: Sensitivity) -> list[WeightRow]:
    """The rows that a scanned tensor belongs to, from its class (calculators/quantize_scan.py); several if it is fused."""
    return [row for row in known.weights if row.name in FUSED.get(kind, (kind,))]


# --- what a recipe risks -----------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Risk:
    """A cell of the map that a recipe chose and that is not plainly tolerated."""

    row: SensitivityRow
    stored: str
    """The format."""
    cell: SensitivityCell

    @property
    def worst(self) -> Tolerance:
        return worst_tolerance(self.cell)

    @property
    def is_conflict(self) -> bool:
        return len(self.cell) > 1

    @property
    def is_carried_over(self) -> bool:
        return carried_over(self.row, self.stored)


def as_released(native: Precision) -> Recipe:
    """What the maker trained or calibrated for. Models released in four bits (gpt-oss, Kimi) are so in their experts."""
    return with_formats(("experts",), native) if LINEAR_BITS[native] < 8 else PRESETS[RELEASED[native]]


def chosen(recipe: Recipe, shape: Shape, known: Sensitivity) -> list[tuple[SensitivityRow, str]]:
    """The cells of the map that a recipe stands on, in the map's order; what stays in 16 bit has none."""
    held: dict[str, set[str]] = {}
    for part in weight_parts(shape, recipe):
        held.setdefault(part.kind, set()).add(part.weights)
    inner = {kind: recipe.of(kind) for kind in BLOCKS if kind in held}
    if recipe.edge_blocks is not None:  # the few blocks that are finer do not make a class finer
        held |= {kind: {stored} for kind, stored in inner.items()}
    edge = recipe.edge_blocks
    in_edges = {s if edge is None or LINEAR_BITS[s] >= LINEAR_BITS[edge] else edge for s in inner.values()}
    held |= {EDGES: set(in_edges), "activations": {recipe.activations}}
    weights = [(row, name) for row in known.weights for name in WEIGHT_FORMATS if name in held.get(row.name, ())]
    cached = dict(zip(("keys", "values"), kv_formats(shape, recipe), strict=True))
    caches = [(row, cached[row.name]) for row in known.caches if cached.get(row.name, "bf16") != "bf16"]
    return [*weights, *caches]


def risks(recipe: Recipe, model: Model, known: Sensitivity) -> list[Risk]:
    """Every chosen cell that is poison, caution or in conflict, but for those the model was released in; the worst first,
    then as in the map. Of the first and last blocks only the worst format counts."""
    return _doubts(recipe, model, known, are_released=False)


def released_doubts(recipe: Recipe, model: Model, known: Sensitivity) -> list[Risk]:
    """Chosen cells that the map would doubt, had the maker not trained or calibrated the model for them."""
    return _doubts(recipe, model, known, are_released=True)


def _doubts(recipe: Recipe, model: Model, known: Sensitivity, are_released: bool) -> list[Risk]:
    released = set(_keys(chosen(as_released(model.published.native_precision), model.shape, known)))
    cells = [c for c in chosen(recipe, model.shape, known) if bool(released & set(_keys([c]))) is are_released]
    found = [Risk(row, stored, cell_tolerance(row, stored)) for row, stored in cells]
    edges = [risk for risk in found if risk.row.name == EDGES]
    kept = max(edges, key=lambda risk: TOLERANCE_RANK[risk.worst], default=None)
    shown = [r for r in found if TOLERANCE_RANK[r.worst] > 0 and (r.row.name != EDGES or r is kept)]
    return sorted(shown, key=lambda risk: -TOLERANCE_RANK[risk.worst])


def _keys(cells: Sequence[tuple[SensitivityRow, str]]) -> list[tuple[str, str]]:
    return [(row.name, stored) for row, stored in cells]


def risk_sentence(found: Sequence[Risk], released: Sequence[Risk] = ()) -> str:
    """What a recipe risks, in plain words; and what it would, had the maker not released it so."""
    return _risk_words(found) + (
        f" Released so by its maker, whatever the map says: {_names(released)}." if released else ""
    )


def _risk_words(found: Sequence[Risk]) -> str:
    poison, caution = ([risk for risk in found if risk.worst == word] for word in ("poison", "caution"))
    if not found:
        return "No poison cell, and none that calls for caution; cells with a star have no evidence of their own."
    first = _cells(poison, "poison cell") if poison else "No poison cell"
    return f"{first}; {_cells(caution, 'cell to evaluate')}." if caution else f"{first}."


def _cells(found: Sequence[Risk], word: str) -> str:
    """2 poison cells: lm_head, down in NVFP4."""
    many = word.replace("cell", "cells", 1) if len(found) > 1 else word
    return f"{len(found)} {many}: {_names(found)}"


def _names(found: Sequence[Risk]) -> str:
    formats = dict.fromkeys(risk.stored for risk in found)
    groups = [(name, [risk.row.name for risk in found if risk.stored == name]) for name in formats]
    return "; ".join(f"{', '.join(names)} in {name.upper()}" for name, names in groups)


def cautious(known: Sensitivity) -> Recipe:
    """The fewest bits that the map plainly tolerates, class by class. Only floating-point formats: integers do not mix
    with FP8 activations in one multiplication. The cache has one format for keys and values, as engines keep it."""
    rows = {row.name: row for row in (*known.weights, *known.caches)}
    weights: dict[str, Precision] = {kind: _fewest(rows[kind]) for kind in CLASSES}
    caches = [
        name
        for name in CACHE_FORMATS
        if all(worst_tolerance(cell_tolerance(rows[kind], name)) == "tolerates" for kind in ("keys", "values"))
    ]
    cache: KvFormat = min(caches, key=lambda name: KV_BITS[name], default="bf16")
    formats = {f.name: weights[kind] for f in fields(Recipe) for kind in CLASSES if f.name == field_of(kind)}
    activations = "fp8" if worst_tolerance(rows["activations"].fp8) == "tolerates" else "bf16"  # type: ignore[attr-defined]
    return Recipe(edge_blocks=_fewest(rows[EDGES]), activations=activations, keys=cache, values=cache, **formats)  # type: ignore[arg-type]


def _fewest(row: SensitivityRow) -> Precision:
    borne: list[Precision] = [
        name for name in ("fp8", "nvfp4", "mxfp4") if worst_tolerance(cell_tolerance(row, name)) == "tolerates"
    ]
    return min(borne, key=lambda name: LINEAR_BITS[name], default="bf16")
