"""GPUs that the user already has: what a fleet pays for using them, as sunk or as full cost, and until when."""

from collections.abc import Sequence
from dataclasses import dataclass

from calculators.catalog.base import Source
from calculators.catalog.catalog import Catalog
from calculators.fleet.machine_offers import MachineOffer
from calculators.scenario.schema import Scenario
from calculators.scenario.typed_prices import ExistingGpus
from calculators.units import DAYS_PER_MONTH, HOURS_PER_MONTH

HELD = "your-gpus"


@dataclass(frozen=True, slots=True)
class HeldMachines:
    """Machines of an offer's kind that the user already has."""

    count: int
    """In each region."""
    usd_per_month: float
    """Of one machine in each region, in use: 0 while it is paid for anyway and counted as sunk."""
    later_usd_per_month: float
    """The same once it is no longer paid for."""
    until_months: float
    """From now; infinite for machines that are owned."""

    def usd_in(self, month: float) -> float:
        """Of one machine in a month from now."""
        return self.usd_per_month if month < self.until_months else self.later_usd_per_month


def held_machines(
    gpu_id: str, gpus_per_machine: int, regions: int, scenario: Scenario, catalog: Catalog
) -> HeldMachines | None:
    """What the user has of a GPU, in machines of this many GPUs; None where that is not one machine in each region."""
    mine = held_of_gpu(gpu_id, scenario, catalog)
    count = sum(one.gpus_count // max(gpus_per_machine, 1) for one in mine) // regions
    if not count:
        return None
    first = mine[0]
    full = first.usd_per_gpu_h * HOURS_PER_MONTH * gpus_per_machine * regions
    is_sunk = scenario.hardware.existing_lens == "sunk" and first.paid_until is not None
    days = (first.paid_until - scenario.as_of).days if first.paid_until is not None else None
    return HeldMachines(
        count=count,
        usd_per_month=0.0 if is_sunk and days is not None and days > 0 else full,
        later_usd_per_month=full,
        until_months=float("inf") if days is None else max(days, 0) / DAYS_PER_MONTH,
    )


def held_of_gpu(gpu_id: str, scenario: Scenario, catalog: Catalog) -> Sequence[ExistingGpus]:
    """What the user has of a GPU, in any spelling of its name; a scenario with two entries of one GPU is refused."""
    return [one for one in scenario.hardware.existing_gpus if catalog.gpu(one.gpu).id == gpu_id]


def held_offers(gpu_id: str, scenario: Scenario, catalog: Catalog) -> list[MachineOffer]:
    """The user's GPUs of this kind as machines of their own, no more than there are."""
    source = Source(title="GPUs you already have", accessed=scenario.as_of, kind="quote")
    return [
        MachineOffer(
            provider_id=HELD,
            provider="GPUs you already have",
            gpu_id=gpu_id,
            machine=f"{one.gpus_per_machine}-GPU server",
            gpus_per_machine=one.gpus_per_machine,
            region=None,
            commitment="held" if one.paid_until else "owned",
            usd_per_gpu_h=one.usd_per_gpu_h,
            seen=None,
            source=source,
            confidence="high",
            basis="held",
        )
        for one in held_of_gpu(gpu_id, scenario, catalog)
    ]
