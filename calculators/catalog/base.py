"""What every record of a data file has: strict fields, a source, how far to trust it, and ids.

Every group of values names a source of its own file and its confidence; a key that is not listed is an error. Files carry
the units that vendors publish, in the key; properties convert to base units, once.
"""

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

Id = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9.\-]*$", max_length=64)]
HubId = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.\-]*(/[A-Za-z0-9_.\-]+)?$", max_length=200)]
"""A model's name on Hugging Face; it goes into commands, so nothing that a shell or YAML would read."""
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
NotNegative = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Fraction = Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]
ShortText = Annotated[str, Field(max_length=400)]
Count = Annotated[int, Field(ge=0)]
PositiveCount = Annotated[int, Field(gt=0)]
Confidence = Literal["high", "medium", "low"]
SourceKind = Literal["vendor_list", "library", "quote", "measured", "paper", "secondary", "derived", "assumption"]
Precision = Literal["bf16", "fp8", "int8", "int4", "nvfp4", "mxfp4"]
Commitment = Literal["spot", "on_demand", "1y", "3y", "5y"]
COMMITMENT_MONTHS: Mapping[str, int] = {"1y": 12, "3y": 36, "5y": 60}
"""Months for which a machine must be rented at these commitment terms."""
COMMITMENT_LABELS: Mapping[Commitment, str] = {
    "on_demand": "On-demand",
    "1y": "Reserved, 1 year",
    "3y": "Reserved, 3 years",
    "5y": "Reserved, 5 years",
    "spot": "Spot (interruptible)",
}
"""The terms as on the screen, the most usual first."""


class Record(BaseModel):
    """Frozen, and an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Source(Record):
    """Where and when a value was read."""

    title: str
    url: str | None = None
    accessed: date
    """The day the value held at its source, as precisely as it is known."""
    kind: SourceKind
    note: str | None = None

    @property
    def listing(self) -> str:
        """Who publishes it: the title up to its first comma. Sources of one publisher are one listing, however many files or
        days they are of."""
        return self.title.partition(",")[0]


class Sourced(Record):
    """A group of values with its source, a key of the file's `sources`, and its confidence."""

    source: str
    confidence: Confidence


class SourcedFile(Record):
    """A data file with its sources, by the key that its values name."""

    sources: dict[str, Source] = Field(min_length=1)


class Reading(Record):
    """What one source says of a rule of thumb, in the rule's unit."""

    source: str
    low: float
    high: float
    what: str


class Range(Sourced):
    """A rule of thumb: low, central and high value."""

    low: float
    central: float
    high: float
    unit: str
    what: str
    readings: tuple[Reading, ...] = ()
    """What each of several sources says, where they differ; the range spans all of them."""

    @model_validator(mode="after")
    def _ordered(self) -> "Range":
        if not self.low <= self.central <= self.high:
            raise ValueError("needs low <= central <= high")
        if any(not self.low <= reading.low <= reading.high <= self.high for reading in self.readings):
            raise ValueError("readings: each needs low <= high, both within the range")
        return self
