"""Records of technique_data/quantization.yaml: how each class of tensors tolerates each format, with the evidence."""

from collections.abc import Iterable
from typing import Annotated, Literal

from pydantic import Field, model_validator

from calculators.catalog.base import Confidence, Record, SourcedFile
from calculators.catalog.load import ROOT, load_sourced

Tolerance = Literal["tolerates", "caution", "avoid", "none"]
SensitivityCell = Annotated[tuple[Tolerance, ...], Field(min_length=1, max_length=2)]
TOLERANCE_RANK: dict[Tolerance, int] = {"none": -1, "tolerates": 0, "caution": 1, "avoid": 2}
"""The higher, the riskier; none: not applicable."""


class SensitivityFinding(Record):
    """A statement of the literature, with its sources."""

    text: str
    confidence: Confidence
    evidence: Annotated[tuple[str, ...], Field(min_length=1)]
    """Keys of the file's sources."""


class SensitivityRow(Record):
    """Tolerance of one class of tensors to each format. Two entries in a cell: studies disagree, the milder one first."""

    name: Annotated[str, Field(alias="class", max_length=60)]
    own: tuple[str, ...]
    """Formats in which a study measured this class; the other cells are inferred from the nearest row or format."""
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
            raise ValueError("two entries in a cell differ, and the milder one comes first")
        return self


class WeightRow(SensitivityRow):
    """Tolerance of one class of weights, or of activations, to each format."""

    fp8: SensitivityCell
    int8: SensitivityCell
    int4: SensitivityCell
    nvfp4: SensitivityCell
    mxfp4: SensitivityCell


class CacheRow(SensitivityRow):
    """Tolerance of cached keys or values to each format."""

    fp8: SensitivityCell
    int8: SensitivityCell
    nvfp4: SensitivityCell
    mxfp4: SensitivityCell
    int4: SensitivityCell
    turboquant: SensitivityCell
    int2: SensitivityCell


class Sensitivity(SourcedFile):
    """The sensitivity map: weights, KV cache, conflicts between studies and results for whole models."""

    weights: tuple[WeightRow, ...] = Field(min_length=1)
    caches: tuple[CacheRow, ...] = Field(min_length=1)
    conflicts: tuple[SensitivityFinding, ...]
    """Where studies disagree, or seem to."""
    whole_model: tuple[SensitivityFinding, ...]
    """Results for whole models in one format."""

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
    """The sensitivity map. Raises DataError naming file, line and field."""
    return load_sourced(ROOT / "technique_data/quantization.yaml", Sensitivity)
