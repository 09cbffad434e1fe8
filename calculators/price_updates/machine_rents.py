"""Machines as price lists have them, with a price an hour for the whole machine, as rents of the data files."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from calculators.catalog.base import Confidence
from calculators.catalog.catalog import Catalog
from calculators.catalog.prices import Rent
from calculators.price_updates.gpu_names import gpu_meant, gpu_of_machine, is_known_family
from calculators.price_updates.published import HeldBack, PublishedRent, rent_problem

SYNTHETIC = frozenset({"any", "average", "avg", "median", "mean", "lowest", "from", "min", "estimate", "synthetic"})
"""Machine or region names of rows that are no offer: made up, or the middle of several."""
MAX_GPUS_PER_MACHINE = 144


@dataclass(frozen=True, slots=True)
class SoldMachine:
    """One line of a price list."""

    provider: str
    instance: str
    gpu_name: str
    memory_gb: float | None
    """Of one GPU."""
    gpus_count: float | None
    """None: the list does not say how many GPUs the machine has."""
    region: str
    commitment: str
    usd_per_h: float
    """Of the whole machine."""


def rents_of_machines(
    machines: Iterable[SoldMachine], key: str, day: date, catalog: Catalog, confidence: Confidence = "medium"
) -> tuple[tuple[PublishedRent, ...], tuple[HeldBack, ...]]:
    """Rents of the machines whose GPU the app knows, and what of those is held back. `key` names their source."""
    rents, held = [], []
    for machine in machines:
        count = int(machine.gpus_count or 0)
        gpu = gpu_of_machine(machine.provider, machine.instance, catalog) or gpu_meant(
            machine.gpu_name, machine.memory_gb, count, catalog
        )
        if gpu is None and not is_known_family(machine.gpu_name, catalog):
            continue  # a GPU that the app has no profile of
        name = f"{machine.provider}/{machine.instance or machine.gpu_name}/{machine.region or 'any region'}/{machine.commitment}"
        problem = _problem(machine)
        if gpu is None and not problem:
            problem = f"'{machine.gpu_name}' fits several GPUs; name its form and memory, as H100 SXM 80GB"
        if problem or gpu is None:
            held.append(HeldBack(name, f"${machine.usd_per_h:,.6g} an hour", problem))
            continue
        rent = Rent.model_validate(
            {
                "source": key,
                "confidence": confidence,
                "gpu": gpu.id,
                "instance": machine.instance or None,
                "gpus_per_instance": count,
                "region": machine.region or None,
                "commitment": machine.commitment,
                "usd_per_gpu_h": _rounded(machine.usd_per_h / count),
                "seen": day,
            }
        )
        known = catalog.rent_providers.get(machine.provider)
        rents.append(PublishedRent(machine.provider, known.name if known else machine.provider, rent))
    return tuple(rents), tuple(held)


def _problem(machine: SoldMachine) -> str:
    count = machine.gpus_count
    words = {machine.instance.strip().lower(), machine.region.strip().lower()}
    if words & SYNTHETIC:
        return "no offer of one machine: made up, or the middle of several"
    if not count or count != int(count) or not 1 <= count <= MAX_GPUS_PER_MACHINE:
        return "without a machine size: how many GPUs the machine has is not said"
    return rent_problem(machine.usd_per_h / count)


def _rounded(usd: float) -> float:
    return float(f"{usd:.6g}")
