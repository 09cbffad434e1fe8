"""Records of hardware_profiles/launch.yaml: what an engine loses that nobody tuned."""

from typing import Annotated

from pydantic import Field, model_validator

from calculators.catalog.base import Positive, Sourced, SourcedFile
from calculators.catalog.efficiency import EngineId
from calculators.catalog.hardware import Gpu


class LaunchSpeed(Sourced):
    """Speed of an engine on a vendor's GPUs as it ships, over the tuned one: low, central and high."""

    vendor: str
    engines: Annotated[tuple[EngineId, ...], Field(min_length=1)]
    low: Positive
    central: Positive
    high: Positive
    what: str

    @model_validator(mode="after")
    def _ordered(self) -> "LaunchSpeed":
        if not self.low <= self.central <= self.high:
            raise ValueError(f"{self.vendor}: low, central and high must ascend")
        return self


class Launches(SourcedFile):
    """Speeds of launches as engines ship, by vendor and engine."""

    as_shipped: Annotated[tuple[LaunchSpeed, ...], Field(min_length=1)]

    def of(self, engine: EngineId, gpu: Gpu) -> LaunchSpeed | None:
        """The speed of a launch as the engine ships; None where nothing is known, and it is taken to run as modeled."""
        return next((one for one in self.as_shipped if one.vendor == gpu.vendor and engine in one.engines), None)
