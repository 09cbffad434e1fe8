"""Machines that a fleet can run on, with provider and price: list prices, the user's negotiated price, purchased servers."""

from dataclasses import dataclass
from datetime import date
from math import ceil
from typing import Literal

from calculators.catalog.base import COMMITMENT_MONTHS, Confidence, Source
from calculators.catalog.catalog import Catalog
from calculators.catalog.compliance_rules import OWN
from calculators.catalog.hardware import Gpu
from calculators.fleet.owned_servers import owned_usd_per_gpu_h
from calculators.fleet.rent_search import RentRow, rent_rows
from calculators.performance.links import SERVER_GPUS, island_gpus
from calculators.performance.replica import ReplicaConfig
from calculators.scenario.schema import Scenario
from calculators.units import HOURS_PER_MONTH, MONTHS_PER_YEAR

QUOTED = "your-quote"
TRAY_GPUS = 4
"""GPUs of one tray of an NVL72 rack."""
OfferBasis = Literal["list", "yours", "owned", "held"]
"""Whose price it is: a list price, the user's negotiated price, the cost of a purchased server, or of GPUs one already has."""


@dataclass(frozen=True, slots=True)
class MachineOffer:
    """A machine type that can be rented or bought, and its price."""

    provider_id: str
    """Id in the rental price tables; `OWN` for purchased servers, `QUOTED` for the user's negotiated price."""
    provider: str
    gpu_id: str
    machine: str
    gpus_per_machine: int | None
    """None: rented by the GPU, in any number."""
    region: str | None
    commitment: str
    usd_per_gpu_h: float
    seen: date | None
    source: Source
    confidence: Confidence
    basis: OfferBasis
    is_stale: bool = False
    """Whether its price is older than half a year: as of `RentRow`."""
    is_single_listing: bool = False
    """Whether only one listing shows this provider's price."""

    @property
    def trust_words(self) -> str:
        """How far to trust the price: its confidence, and whether only one listing has it."""
        return f"{self.confidence} confidence{', one listing' if self.is_single_listing else ''}"

    @property
    def where(self) -> str:
        """The offer as the end of a label, with its term: "rented from Nebius (3-year commitment)"."""
        words: dict[OfferBasis, str] = {
            "owned": "on purchased servers",
            "yours": "at your negotiated price",
            "held": "that you already have",
        }
        price = " at your price" if self.is_yours else ""
        return words.get(self.basis, f"rented from {self.provider}{self.term_in_brackets}{price}")

    @property
    def is_yours(self) -> bool:
        """Whether the price is the user's own, of a provider that they named."""
        return self.basis == "list" and self.source.kind == "quote"

    @property
    def is_spot(self) -> bool:
        """Whether the provider may take the machine back at any time."""
        return self.commitment == "spot"

    @property
    def commitment_months(self) -> int | None:
        """Months for which the machine must be rented; None without a commitment."""
        return COMMITMENT_MONTHS.get(self.commitment)

    @property
    def term(self) -> str:
        """The term that the price is for, in words; empty for on-demand, negotiated and purchased machines."""
        months = self.commitment_months
        if months is not None:
            return f"{months // MONTHS_PER_YEAR}-year commitment"
        return "spot" if self.is_spot else ""

    @property
    def term_in_brackets(self) -> str:
        """The term, to follow a price or a provider; empty where there is none."""
        return f" ({self.term})" if self.term else ""

    @property
    def is_committed(self) -> bool:
        """Whether the machine is paid for when it is no longer needed: purchased, or rented for a year or more."""
        return self.is_owned or self.commitment_months is not None

    @property
    def is_owned(self) -> bool:
        """Whether the machine is purchased rather than rented."""
        return self.basis == "owned"

    def machines_per_replica(self, config: ReplicaConfig) -> int:
        """Machines that one replica takes: one where a machine holds it, zero where they cannot be joined. Whole servers
        and the trays of a rack are taken to be joined by their usual network; smaller machines are not."""
        gpus, each = config.gpus_count, self.gpus_per_machine
        if each is None or gpus <= each:
            return 1
        is_rack = island_gpus(config.gpu) > SERVER_GPUS
        joins = each >= TRAY_GPUS if is_rack else each >= SERVER_GPUS and gpus > SERVER_GPUS
        return ceil(gpus / each) if joins else 0

    def replicas_per_machine(self, config: ReplicaConfig) -> int:
        """Whole replicas that one machine holds, or that the machines of one replica hold together; zero where they
        cannot be joined."""
        if self.gpus_per_machine is None:
            return 1
        return self.gpus_per_machine // config.gpus_count or min(self.machines_per_replica(config), 1)

    def machine_usd_per_month(self, config: ReplicaConfig) -> float:
        """Price in USD/month of one machine, of all machines of one replica where it takes several, or of its GPUs where
        they are rented by the GPU."""
        gpus = (self.gpus_per_machine or config.gpus_count) * self.machines_per_replica(config)
        return self.usd_per_gpu_h * HOURS_PER_MONTH * gpus


def machine_offers(gpu: Gpu, scenario: Scenario, catalog: Catalog) -> list[MachineOffer]:
    """Machine offers for a GPU that the scenario allows, cheapest first. A negotiated price replaces the list prices."""
    hardware = scenario.hardware
    negotiated = {catalog.gpu(name).id: usd_per_gpu_h for name, usd_per_gpu_h in hardware.rent_usd_per_gpu_h.items()}
    if gpu.id in negotiated:
        offers = [_negotiated(gpu, negotiated[gpu.id], scenario.as_of)]
    else:
        offers = [_listed(row) for row in rent_rows(gpu, scenario, catalog) if row.is_searched]
    if hardware.include_owned and gpu.id in catalog.ownership.server_usd_per_gpu:
        offers.append(owned_offer(gpu, scenario, catalog))
    return sorted(offers, key=lambda offer: offer.usd_per_gpu_h)


def _negotiated(gpu: Gpu, usd_per_gpu_h: float, day: date) -> MachineOffer:
    return MachineOffer(
        provider_id=QUOTED,
        provider="your negotiated price",
        gpu_id=gpu.id,
        machine="single GPU",
        gpus_per_machine=None,
        region=None,
        commitment="as negotiated",
        usd_per_gpu_h=usd_per_gpu_h,
        seen=None,
        source=Source(title="Your negotiated price", accessed=day, kind="quote"),
        confidence="high",
        basis="yours",
    )


def _listed(row: RentRow) -> MachineOffer:
    provider, rent = row.provider, row.rent
    return MachineOffer(
        provider_id=provider.provider,
        provider=provider.name,
        gpu_id=rent.gpu,
        machine=rent.instance or f"{rent.gpus_per_instance}-GPU server",
        gpus_per_machine=rent.gpus_per_instance,
        region=rent.region,
        commitment=rent.commitment,
        usd_per_gpu_h=rent.usd_per_gpu_h,
        seen=rent.seen,
        source=provider.sources[rent.source],
        confidence=row.confidence,
        basis="list",
        is_stale=row.is_stale,
        is_single_listing=row.is_single_listing,
    )


def owned_offer(gpu: Gpu, scenario: Scenario, catalog: Catalog) -> MachineOffer:
    """A purchased server or rack as an hourly price over the horizon: what it loses in value, space, power, maintenance and spares.
    Raises KeyError for a GPU without a purchase price."""
    price, server = catalog.ownership.server_usd_per_gpu[gpu.id], catalog.ownership.servers[gpu.id]
    source = catalog.ownership.sources[price.source]
    return MachineOffer(
        provider_id=OWN,
        provider="own servers",
        gpu_id=gpu.id,
        machine=server.name,
        gpus_per_machine=server.gpus_count,
        region=None,
        commitment="owned",
        usd_per_gpu_h=owned_usd_per_gpu_h(gpu.id, scenario, catalog),
        seen=source.accessed,
        source=source,
        confidence=price.confidence,
        basis="owned",
    )
