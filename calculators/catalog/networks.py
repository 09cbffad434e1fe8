"""Records of hardware_profiles/links.yaml: the networks that join machines, and how fast collectives run over them."""

from typing import Annotated

from pydantic import Field

from calculators.catalog.base import Id, Positive, Range, Sourced, SourcedFile
from calculators.units import BYTES_PER_GB


class Network(Sourced):
    """The usual network between machines with these GPUs."""

    gpus: Annotated[tuple[Id, ...], Field(min_length=1)]
    kind: str
    per_gpu_gb_s: Positive
    """Of one GPU's port, one direction."""


class Links(SourcedFile):
    """Networks by GPU, and the coefficients of messages between machines. The terms are those of performance/links."""

    networks: Annotated[tuple[Network, ...], Field(min_length=1)]
    network_frac: Range
    direct_latency_us: Range
    collective_latency_us: Range
    gather_latency_us: Range
    hop_latency_us: Range
    exchange_latency_us: Range
    exposed_frac: Range
    fused_kernels_frac: Range
    grouped_gain_ratio: Range
    grouped_half_tok: Range
    range_exponent: Range

    def network(self, gpu_id: str) -> Network | None:
        """The network of a GPU; None where its machines are usually not joined by a fast one."""
        return next((one for one in self.networks if gpu_id in one.gpus), None)

    def bytes_s(self, gpu_id: str) -> float:
        """What messages of one GPU reach between machines; zero without a fast network."""
        network = self.network(gpu_id)
        return network.per_gpu_gb_s * BYTES_PER_GB * self.network_frac.central if network else 0.0
