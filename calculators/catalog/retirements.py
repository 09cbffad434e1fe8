"""Records of pricing_data/retirements.yaml: days on which sellers stop serving a closed model, where they published them."""

from collections.abc import Mapping
from datetime import date
from functools import cache

from pydantic import Field, model_validator

from calculators.catalog.base import Id, Source, Sourced, SourcedFile
from calculators.catalog.load import ROOT, load_sourced


class Retirement(Sourced):
    """The end of one model at one seller."""

    provider: Id
    model: str
    retired_on: date
    successor: str | None = None
    """What the seller names in its place."""


class Retirements(SourcedFile):
    """Published retirements."""

    retirements: tuple[Retirement, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _once(self) -> "Retirements":
        sold = [(one.provider, one.model) for one in self.retirements]
        twice = next((one for one in sold if sold.count(one) > 1), None)
        if twice is not None:
            raise ValueError(f"retirements: {' '.join(twice)} is listed twice; keep one")
        return self


@cache
def retirements() -> Retirements:
    """Contents of pricing_data/retirements.yaml. Raises DataError naming file and line."""
    return load_sourced(ROOT / "pricing_data/retirements.yaml", Retirements)


@cache
def _by_model() -> Mapping[tuple[str, str], Retirement]:
    return {(one.provider, one.model): one for one in retirements().retirements}


def retirement(provider: str, model: str) -> Retirement | None:
    """When a seller stops serving a model; None where no day is published."""
    return _by_model().get((provider, model))


def retirement_source(one: Retirement) -> Source:
    """Where a retirement was published."""
    return retirements().sources[one.source]


def is_retired(provider: str, model: str, day: date) -> bool:
    """Whether a seller has stopped serving a model by this day."""
    end = retirement(provider, model)
    return end is not None and end.retired_on <= day
