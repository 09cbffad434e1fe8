"""Published tolerance of each class of tensors to each format, read from technique_data/quantization.yaml."""

from collections.abc import Sequence

from calculators.catalog.base import Precision
from calculators.catalog.quantization import (
    TOLERANCE_RANK,
    Sensitivity,
    SensitivityCell,
    SensitivityRow,
    Tolerance,
    WeightRow,
)
from calculators.performance.quantization_recipe import KvFormat

MAP_FORMATS: tuple[Precision, ...] = ("fp8", "int8", "int4", "nvfp4", "mxfp4")
"""Columns of the weight map."""
CACHE_FORMATS: tuple[KvFormat, ...] = ("fp8", "int8", "nvfp4", "mxfp4", "int4", "turboquant", "int2")
"""Columns of the KV-cache map."""
FUSED = {"query, key, value": ("query", "key", "value"), "gate, up": ("gate", "up")}
"""Several matrices stored as one tensor, as scanned checkpoints name them."""
TOLERANCE_WORDS: dict[Tolerance, str] = {"tolerates": "ok", "caution": "caution", "avoid": "avoid", "none": "–"}


CACHE_TAKEAWAY = (
    "In the key-value cache (KV cache), keys are more sensitive than values; below 8 bit, long reasoning suffers first."
)


def cell_tolerance(row: SensitivityRow, stored: str) -> SensitivityCell:
    """The cell of a row for one format: one tolerance, or two if studies disagree."""
    cell: SensitivityCell = getattr(row, stored)
    return cell


def worst_tolerance(cell: SensitivityCell) -> Tolerance:
    """The stricter tolerance of a cell if studies disagree."""
    return max(cell, key=lambda tolerance: TOLERANCE_RANK[tolerance])


def carried_over(row: SensitivityRow, stored: str) -> bool:
    """Whether no study measured this class in this format: the tolerance is inferred from the nearest row or format."""
    return stored not in row.own


def rows_of(kind: str, known: Sensitivity) -> list[WeightRow]:
    """The rows of the map for the class of a scanned tensor: several for a fused tensor, none for an unknown class."""
    return [row for row in known.weights if row.name in FUSED.get(kind, (kind,))]


def class_tolerance(kind: str, stored: str, known: Sensitivity) -> str:
    """The strictest tolerance of a scanned tensor's class in one format, as a word; 'not in the map' for an unknown one."""
    cells = [tolerance for row in rows_of(kind, known) for tolerance in cell_tolerance(row, stored)]
    return TOLERANCE_WORDS[worst_tolerance(tuple(cells))] if cells else "not in the map"


def sensitivity_takeaway(rows: Sequence[WeightRow]) -> str:
    """The classes of `rows` for which the evidence says to avoid some 4-bit floating-point format."""
    named = [row.name for row in rows if "avoid" in (*row.nvfp4, *row.mxfp4)]
    return f"Avoid at least one 4-bit floating-point format for: {', '.join(named)}."
