"""Records of technique_data/quantization.yaml: how each class of tensors tolerates each format, with the evidence."""

from collections.abc import Iterable
from typing import Annotated, Literal

from pydantic import Field, model_validator

from calculators.catalog.base import Confidence, Record, SourcedFile
from calculators.catalog.load import ROOT, load_sourced

Tolerance = Literal["tolerates", "caution", "poison", "none"]
SensitivityCell = Annotated[tuple[Tolerance, ...], Field(min_length=1, max_length=2)]
TOLERANCE_RANK: dict[Tolerance, int] = {"none": -1, "tolerates": 0, "caution": 1, "poison": 2}


class SensitivityFinding(Record):
    """A sentence with its sources."""

    text: str
    confidence: Confidence
    evidence: Annotated[tuple[str, ...], Field(min_length=1)]
    """Keys of the file's sources."""


class SensitivityRow(Record):
    """One class of tensors. Two verdicts in a cell: studies disagree, the milder one first."""

    name: Annotated[str, Field(alias="class", max_length=60)]
    own: tuple[str, ...]
    """Formats in which somebody looked at this very class; the other cells are carried over from the nearest."""
    confidence: Confidence
    evidence: Annotated[tuple[str, ...], Field(min_length=1)]
    note: str

    @model_validator(mode="after")
    def _cells_in_order(self) -> "SensitivityRow":
        formats = set(type(self).model_fields) - set(SensitivityRow.model_fields)
        if lost := sorted(set(self.own) - formats):
            raise ValueError(f"own names no format of this table: {', '.join(lost)}")
        if any(
            list(cell) != sorted(set(cell), key=TOLERANCE_RANK.__getitem__)
            for cell in map(self.__getattribute__, formats)
        ):
            raise ValueError("two verdicts in a cell differ, and the milder one comes first")
        return self


class WeightRow(SensitivityRow):
    fp8: SensitivityCell
    int8: SensitivityCell
    int4: SensitivityCell
    nvfp4: SensitivityCell
    mxfp4: SensitivityCell


class CacheRow(SensitivityRow):
    fp8: SensitivityCell
    fp4: SensitivityCell
    int4: SensitivityCell
    int2: SensitivityCell


class Sensitivity(SourcedFile):
    weights: tuple[WeightRow, ...] = Field(min_length=1)
    caches: tuple[CacheRow, ...] = Field(min_length=1)
    conflicts: tuple[SensitivityFinding, ...]
    """Studies that seem to contradict each other, and how."""
    whole_model: tuple[SensitivityFinding, ...]
    """What was measured of whole models in one format."""

    @model_validator(mode="after")
    def _sourced(self) -> "Sensitivity":
        cited: Iterable[SensitivityRow | SensitivityFinding] = (
            *self.weights,
            *self.caches,
            *self.conflicts,
            *self.whole_model,
        )
        lost = sorted({key for entry in cited for key in entry.evidence} - set(self.sources))
        if lost:
            raise ValueError(f"evidence names no source of this file: {', '.join(lost)}")
        return self


def sensitivity() -> Sensitivity:
    """The map. Raises DataError naming file, line and field."""
    return load_sourced(ROOT / "technique_data/quantization.yaml", Sensitivity)
