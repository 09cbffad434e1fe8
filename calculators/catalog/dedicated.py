"""Record of pricing_data/dedicated.yaml: what providers charge for GPUs that run an open model for one customer alone."""

from datetime import date
from functools import cache

from pydantic import Field

from calculators.catalog.base import Id, Positive, Sourced, SourcedFile
from calculators.catalog.load import ROOT, load_sourced


class DedicatedEndpoint(Sourced):
    """Price of one GPU of a dedicated endpoint."""

    provider: Id
    name: str
    gpu: Id
    usd_per_gpu_h: Positive
    seen: date


class DedicatedEndpoints(SourcedFile):
    """Prices of dedicated endpoints."""

    endpoints: tuple[DedicatedEndpoint, ...] = Field(min_length=1)

    def cheapest(self) -> dict[str, DedicatedEndpoint]:
        """The cheapest endpoint of each GPU, by the GPU's id."""
        ranked = sorted(self.endpoints, key=lambda one: -one.usd_per_gpu_h)
        return {one.gpu: one for one in ranked}


@cache
def dedicated_endpoints() -> DedicatedEndpoints:
    """The shipped file. Raises DataError where it is not valid."""
    return load_sourced(ROOT / "pricing_data/dedicated.yaml", DedicatedEndpoints)
