"""Records of hardware_profiles/launch.yaml: what an engine loses that nobody tuned."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from calculators.catalog.base import Positive, Sourced, SourcedFile
from calculators.catalog.efficiency import EngineId
from calculators.catalog.hardware import Gpu

Launch = Literal["as_shipped", "tuned"]
LAUNCH_LABELS: Mapping[Launch, str] = {"as_shipped": "As the engine ships", "tuned": "Tuned for the model and GPU"}
"""With the engine's own settings, or tuned for the model and GPU as vendors do for a benchmark."""


@dataclass(frozen=True, slots=True)
class LaunchRamp:
    """Central speeds of launches over tuned ones, by the requests at once. Arrays (n, 1)."""

    central: NDArray[np.float64]
    whole_from_batch: NDArray[np.float64]

    def at(self, batch: NDArray[np.float64]) -> NDArray[np.float64]:
        """Speeds (n, b) with so many requests at once (b,) or (n, b): central ^ (ln batch / ln `whole_from_batch`), at most the
        whole loss."""
        whole = np.log(np.maximum(self.whole_from_batch, 1 + 1e-9))
        share = np.where(self.whole_from_batch > 1, np.log(np.maximum(batch, 1.0)) / whole, 1.0)
        return np.asarray(self.central ** np.minimum(share, 1.0))

    def rows(self, keep: NDArray[np.intp]) -> "LaunchRamp":
        """Those of these row numbers only."""
        return LaunchRamp(self.central[keep], self.whole_from_batch[keep])


class LaunchSpeed(Sourced):
    """Speed of an engine on a vendor's GPUs as it ships, over the tuned one: low, central and high."""

    vendor: str
    engines: Annotated[tuple[EngineId, ...], Field(min_length=1)]
    low: Positive
    central: Positive
    high: Positive
    whole_from_batch: Annotated[float, Field(ge=1)]
    """Requests at once from which the whole loss shows; one alone loses nothing where this is more than 1."""
    what: str

    @model_validator(mode="after")
    def _ordered(self) -> "LaunchSpeed":
        if not self.low <= self.central <= self.high:
            raise ValueError(f"{self.vendor}: low, central and high must ascend")
        return self


class Launches(SourcedFile):
    """Speeds of launches as engines ship, by vendor and engine."""

    as_shipped: Annotated[tuple[LaunchSpeed, ...], Field(min_length=1)]
    tuned_sources: Annotated[tuple[str, ...], Field(min_length=1)]
    """Words in the names and addresses of publishers that tune a run before they measure it."""

    def of(self, engine: EngineId, gpu: Gpu) -> LaunchSpeed | None:
        """The speed of a launch as the engine ships; None where nothing is known, and it is taken to run as modeled."""
        return next((one for one in self.as_shipped if one.vendor == gpu.vendor and engine in one.engines), None)

    def ramp(self, engines: Sequence[EngineId], gpus: Sequence[Gpu]) -> LaunchRamp:
        """Speeds of launches as engines ship; 1 where nothing is known."""
        known = [self.of(engine, gpu) for engine, gpu in zip(engines, gpus, strict=True)]
        return LaunchRamp(
            np.array([[one.central if one else 1.0] for one in known]),
            np.array([[one.whole_from_batch if one else 1.0] for one in known]),
        )

    def launch_at(self, publisher: str) -> Launch:
        """How a publisher, by name or address, launches engines."""
        return "tuned" if any(word.lower() in publisher.lower() for word in self.tuned_sources) else "as_shipped"
