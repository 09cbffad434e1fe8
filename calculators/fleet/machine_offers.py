"""Which machines can be had for a fleet, from whom and at what price: listed rents, the user's own quote, bought servers."""

from dataclasses import dataclass
from datetime import date

from calculators.catalog.base import Confidence, Source
from calculators.catalog.catalog import Catalog
from calculators.catalog.compliance_rules import OWN
from calculators.catalog.hardware import Gpu
from calculators.catalog.prices import Rent, RentProvider
from calculators.fleet.operating_costs import owned_usd_per_gpu_h
from calculators.scenario.schema import Scenario
from calculators.units import HOURS_PER_MONTH

OWNED_SERVER_GPUS = 8
QUOTED = "your-quote"
_TRUST: dict[Confidence, int] = {"low": 0, "medium": 1, "high": 2}


@dataclass(frozen=True, slots=True)
class MachineOffer:
    """A machine one can have, and its price. `gpus_per_machine` None: as many or few GPUs as wanted."""

    provider_id: str
    """As in the rent tables; `OWN` for a bought machine, `QUOTED` for the user's own quote."""
    provider: str
    gpu_id: str
    machine: str
    gpus_per_machine: int | None
    region: str | None
    commitment: str
    usd_per_gpu_h: float
    seen: date | None
    source: Source
    confidence: Confidence
    basis: str
    """'list', 'yours' or 'owned'."""

    def replicas_per_machine(self, tensor_parallel: int) -> int:
        """Zero when the replica is larger than the machine: tensor parallelism does not cross machines here."""
        return 1 if self.gpus_per_machine is None else self.gpus_per_machine // tensor_parallel

    def machine_usd_per_month(self, tensor_parallel: int) -> float:
        return self.usd_per_gpu_h * HOURS_PER_MONTH * (self.gpus_per_machine or tensor_parallel)


def machine_offers(gpu: Gpu, scenario: Scenario, catalog: Catalog) -> list[MachineOffer]:
    """Every machine with this GPU that the scenario allows, cheapest first. The user's own quote replaces the list."""
    hardware, found = scenario.hardware, []
    quotes = {catalog.gpu(name).id: usd_per_gpu_h for name, usd_per_gpu_h in hardware.rent_usd_per_gpu_h.items()}
    own_quote = quotes.get(gpu.id)
    if own_quote is not None:
        source = Source(title="Your own quote", accessed=scenario.as_of, kind="quote")
        found.append(
            MachineOffer(
                QUOTED,
                "your quote",
                gpu.id,
                "by the GPU",
                None,
                None,
                "as quoted",
                own_quote,
                None,
                source,
                "high",
                "yours",
            )
        )
    else:
        for provider, rent in catalog.rents(gpu.id):
            if _allowed(provider, rent, scenario):
                found.append(_listed(provider, rent, provider.sources[rent.source]))
    if hardware.include_owned and gpu.id in catalog.ownership.server_usd_per_gpu:
        found.append(owned_offer(gpu, catalog))
    return sorted(found, key=lambda offer: offer.usd_per_gpu_h)


def _allowed(provider: RentProvider, rent: Rent, scenario: Scenario) -> bool:
    hardware = scenario.hardware
    chosen = not hardware.rent_providers or provider.provider in hardware.rent_providers
    trusted = _TRUST[rent.confidence] >= _TRUST[hardware.min_confidence]
    recent = (scenario.as_of - rent.seen).days <= hardware.max_rent_age_days
    of_this_kind = rent.commitment in hardware.commitments and (
        hardware.include_marketplaces or not provider.marketplace
    )
    return chosen and trusted and recent and of_this_kind


def _listed(provider: RentProvider, rent: Rent, source: Source) -> MachineOffer:
    name = rent.instance or f"{rent.gpus_per_instance}-GPU machine"
    return MachineOffer(
        provider.provider,
        provider.name,
        rent.gpu,
        name,
        rent.gpus_per_instance,
        rent.region,
        rent.commitment,
        rent.usd_per_gpu_h,
        rent.seen,
        source,
        rent.confidence,
        "list",
    )


def owned_offer(gpu: Gpu, catalog: Catalog) -> MachineOffer:
    """Bought servers as if rented: depreciation, space, power and spares by the hour."""
    price = catalog.ownership.server_usd_per_gpu[gpu.id]
    source = catalog.ownership.sources[price.source]
    rate = owned_usd_per_gpu_h(gpu.id, catalog.ownership)
    return MachineOffer(
        OWN,
        "own hardware",
        gpu.id,
        f"{OWNED_SERVER_GPUS}-GPU server",
        OWNED_SERVER_GPUS,
        None,
        "owned",
        rate,
        source.accessed,
        source,
        price.confidence,
        "owned",
    )
