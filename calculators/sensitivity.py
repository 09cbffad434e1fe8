"""Which parts of a model bear which format: the published evidence as data, conflicts kept apart."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from calculators.catalog import ROOT
from calculators.records import Record, SourcedFile
from calculators.yaml_files import load_record

PATH = ROOT / "technique_data/quantization.yaml"
Bears = Literal["tolerates", "caution", "poison", "none"]
Cell = Annotated[tuple[Bears, ...], Field(min_length=1, max_length=2)]
RANK: dict[Bears, int] = {"none": -1, "tolerates": 0, "caution": 1, "poison": 2}
WEIGHT_FORMATS = ("fp8", "int8", "int4", "nvfp4", "mxfp4")
CACHE_FORMATS = ("fp8", "fp4", "int4", "int2")


class Row(Record):
    """One class of tensors. Two verdicts in a cell: studies disagree, the milder one first."""

    name: Annotated[str, Field(alias="class", max_length=60)]
    evidence: Annotated[tuple[str, ...], Field(min_length=1)]
    """Keys of the file's sources."""
    note: str


class WeightRow(Row):
    fp8: Cell
    int8: Cell
    int4: Cell
    nvfp4: Cell
    mxfp4: Cell


class CacheRow(Row):
    fp8: Cell
    fp4: Cell
    int4: Cell
    int2: Cell


class Sensitivity(SourcedFile):
    weights: tuple[WeightRow, ...] = Field(min_length=1)
    caches: tuple[CacheRow, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _sourced(self) -> "Sensitivity":
        lost = sorted({key for row in (*self.weights, *self.caches) for key in row.evidence} - set(self.sources))
        if lost:
            raise ValueError(f"evidence names no source of this file: {', '.join(lost)}")
        return self


def sensitivity() -> Sensitivity:
    """The map. Raises DataError naming file, line and field."""
    return load_record(PATH, Sensitivity)


def verdict(row: Row, weight_format: str) -> Cell:
    found: Cell = getattr(row, weight_format)
    return found


def worst(cell: Cell) -> Bears:
    """What to reckon with where studies disagree."""
    return max(cell, key=lambda bears: RANK[bears])


def row_of(kind: str, known: Sensitivity) -> WeightRow | None:
    """The row that a scanned tensor belongs to, from its class (calculators/quantize_scan.py)."""
    return next((row for row in known.weights if row.name == kind), None)
