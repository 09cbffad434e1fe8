"""A fleet as it would be rented: replicas of one configuration on machines of one offer."""

from dataclasses import dataclass
from math import ceil

import numpy as np

from calculators.fleet.machine_offers import MachineOffer
from calculators.fleet.replica_capacity import Capacity
from calculators.fleet.staircase import Staircase
from calculators.performance.replica import ReplicaConfig
from calculators.units import listed, plural, plural_or_no

ROUNDING = 1e-9
"""A ratio this little above a whole number is that number."""


@dataclass(frozen=True, slots=True)
class FleetPlan:
    """Replicas of one configuration on machines of one offer, with their rent."""

    capacity: Capacity
    offer: MachineOffer
    replicas: int
    spare_replicas: int
    machines: int
    """In each region."""
    rent_usd_per_month: float
    regions: int = 1
    """Each region holds the whole fleet, so that one may fail."""
    held_machines: int = 0
    """Of `machines`, those that the user already has."""
    held_usd_per_month: float = 0.0
    """What they cost in all, as they are counted."""
    prefill_replicas: int = 0
    """Of a separate prefill pool: workers, or as many as the GPUs of a decode replica hold; `replicas` counts the decode pool."""

    @classmethod
    def for_machines(cls, staircase: Staircase, machines: int, requests_per_month: float) -> "FleetPlan":
        """A fleet of so many machines (groups of them where a replica takes several), with the replicas that a volume keeps busy; the rest of their room stays empty."""
        held = min(machines, staircase.held.count) if staircase.held else 0
        return cls(
            capacity=staircase.capacity,
            offer=staircase.offer,
            replicas=ceil(requests_per_month / staircase.replica_req_per_month - ROUNDING),
            spare_replicas=staircase.spare_replicas,
            machines=machines * staircase.machines_per_replica,
            rent_usd_per_month=float(staircase.cost_of(np.asarray(machines, dtype=float))),
            held_machines=held * staircase.machines_per_replica,
            held_usd_per_month=held * staircase.held.usd_per_month if staircase.held else 0.0,
            regions=staircase.regions,
            prefill_replicas=ceil(requests_per_month / staircase.prefill_req_per_month - ROUNDING),
        )

    @property
    def config(self) -> ReplicaConfig:
        """The replicas' configuration."""
        return self.capacity.config

    @property
    def gpus(self) -> int:
        """GPUs of all machines in all regions."""
        return self.regions * self.machines * (self.offer.gpus_per_machine or self.config.gpus_count)

    @property
    def prefill_workers(self) -> int:
        """Replicas of the prefill pool in their own layout, which may take fewer or more GPUs than a decode replica."""
        return self.prefill_replicas * self.capacity.prefill_workers

    @property
    def needed_gpus(self) -> int:
        """GPUs of the replicas and spares in all regions; the others of `gpus` fill up whole machines."""
        return self.regions * (self.busy_replicas + self.spare_replicas) * self.config.gpus_count

    @property
    def busy_replicas(self) -> int:
        """Replicas of both pools, those of the prefill pool in decode replicas of as many GPUs."""
        return self.replicas + self.capacity.prefill_size * self.prefill_replicas

    @property
    def label(self) -> str:
        """GPUs, offer and regions in words: "4× H100 rented from Nebius (spot) in 2 regions"."""
        regions = f" in {plural(self.regions, 'region')}" if self.regions > 1 else ""
        held = self.gpus // max(self.machines, 1) * self.held_machines
        if 0 < held < self.gpus:
            return f"{self.gpus}× {self.config.gpu.name}, {held} of them yours, the others {self.offer.where}{regions}"
        where = "that you already have" if held else self.offer.where
        return f"{self.gpus}× {self.config.gpu.name} {where}{regions}"

    @property
    def replicas_words(self) -> str:
        """The replicas of each pool in words, and the spares."""
        busy = [plural(self.replicas, "decode replica" if self.prefill_replicas else "replica")]
        if self.prefill_replicas:
            busy.insert(0, plural(self.prefill_workers, "prefill replica"))
        return f"{listed(busy)}{' plus' if self.spare_replicas else ','} {plural_or_no(self.spare_replicas, 'spare')}"


def fleet_plan(staircase: Staircase, requests_per_month: float) -> FleetPlan | None:
    """The fleet that carries a volume; None beyond the user's GPU limit."""
    machines = float(staircase.machines(np.asarray(requests_per_month)))
    return FleetPlan.for_machines(staircase, int(machines), requests_per_month) if np.isfinite(machines) else None
