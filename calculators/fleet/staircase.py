"""From replicas to a fleet: how many the peak needs, and which machines to rent for them. Reserved machines bill every hour
of the month, loaded or idle."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from calculators.catalog.load import Catalog
from calculators.fleet.machine_offers import MachineOffer, machine_offers
from calculators.fleet.replica_capacity import Capacity, Infeasible
from calculators.performance.replica import ReplicaConfig
from calculators.scenario.demand import Array
from calculators.scenario.schema import Scenario


@dataclass(frozen=True, slots=True)
class FleetPlan:
    """A fleet: replicas of one setup on one kind of machine."""

    capacity: Capacity
    offer: MachineOffer
    replicas: int
    spare_replicas: int
    machines: int
    """In each region."""
    rent_usd_per_month: float
    regions: int = 1
    """Each holds the whole fleet, so that one may fail."""
    prefill_replicas: int = 0
    """Beside `replicas`, where prompts are computed on a pool of their own."""

    @property
    def config(self) -> ReplicaConfig:
        return self.capacity.config

    @property
    def gpus(self) -> int:
        return self.regions * self.machines * (self.offer.gpus_per_machine or self.config.tensor_parallel)

    @property
    def label(self) -> str:
        return f"{self.gpus}× {self.config.gpu.name} at {self.offer.provider}"

    @property
    def replicas_words(self) -> str:
        if self.prefill_replicas:
            return (
                f"{self.prefill_replicas} prefill and {self.replicas} decode replicas, and {self.spare_replicas} spare"
            )
        return f"{self.replicas} {'replica' if self.replicas == 1 else 'replicas'} and {self.spare_replicas} spare"


@dataclass(frozen=True, slots=True)
class Staircase:
    """Rent against volume for one (setup, lease): the cheapest way to hold a number of replicas.

    machines(v) = ceil((ceil(v / replica_req_per_month) + ceil(v / prefill_req_per_month) + spare) / replicas_per_machine)
    """

    capacity: Capacity
    offer: MachineOffer
    replica_req_per_month: float
    """Monthly requests whose peak one replica carries."""
    replicas_per_machine: int
    spare_replicas: int
    """Of all pools together."""
    machine_usd_per_month: float
    """One machine in each region."""
    max_machines: int
    """In each region."""
    regions: int = 1
    prefill_req_per_month: float = np.inf
    """The same of a prefill replica; infinite: there is no pool of them."""

    def machines(self, requests_per_month: Array) -> Array:
        """Whole machines for each volume; inf beyond the user's limit. Same shape as the argument."""
        replicas = self._replicas(requests_per_month) + self.spare_replicas
        count = np.ceil(np.maximum(replicas, 1) / self.replicas_per_machine)
        return np.where(count > self.max_machines, np.inf, count)

    def _replicas(self, requests_per_month: Array) -> Array:
        prefill = np.ceil(requests_per_month / self.prefill_req_per_month)
        return np.asarray(np.ceil(requests_per_month / self.replica_req_per_month) + prefill)

    def rent_usd_per_month(self, requests_per_month: Array) -> Array:
        return self.machines(requests_per_month) * self.machine_usd_per_month

    def steps_req_per_month(self, up_to: float) -> Array:
        """Volumes just above which one more machine is needed, ascending, at most `up_to`."""
        last = int(up_to / self.requests_per_replica + self.spare_replicas) // self.replicas_per_machine + 1
        machines = np.arange(1.0, min(self.max_machines, last) + 1)
        volumes = self.carried_req_per_month(machines)
        return np.asarray(np.unique(volumes[(volumes > 0) & (volumes <= up_to)]), dtype=float)

    def carried_req_per_month(self, machines: Array) -> Array:
        """The most that so many machines carry, without the spares; 0 where the spares alone fill them."""
        replicas = np.asarray(machines) * self.replicas_per_machine - self.spare_replicas
        if self.capacity.pools_count == 1:
            return np.maximum(replicas, 0) * self.replica_req_per_month
        most = int(max(replicas.max(initial=0), 0))
        full = np.arange(1, most + 1)[:, None] * [self.replica_req_per_month, self.prefill_req_per_month]
        jumps = np.unique(full)  # up to and at each of them so many replicas are enough
        needed = self._replicas(jumps * (1 - 1e-12))
        found: Array = np.concatenate([[0.0], jumps])[np.searchsorted(needed, replicas, side="right")]
        return found

    @property
    def requests_per_replica(self) -> float:
        """Of all pools together, when each is as full as may be."""
        return 1 / (1 / self.replica_req_per_month + 1 / self.prefill_req_per_month)

    @property
    def limit_req_per_month(self) -> float:
        """What the allowed machines can serve at most."""
        if self.capacity.pools_count == 1:  # of thousands of staircases: spared the arrays
            return (
                max(self.max_machines * self.replicas_per_machine - self.spare_replicas, 0) * self.replica_req_per_month
            )
        return float(self.carried_req_per_month(np.array([float(self.max_machines)]))[0])

    @property
    def usd_per_request_fully_loaded(self) -> float:
        """Rent of a request when every replica carries its peak share: no volume can do better with these machines."""
        return self.machine_usd_per_month / (self.replicas_per_machine * self.requests_per_replica)


def staircases(
    found: Iterable[Capacity], scenario: Scenario, catalog: Catalog, peak_s_per_month: float
) -> tuple[list[Staircase], list[Infeasible]]:
    """Every (setup, lease) that can be rented. `peak_s_per_month`: requests a month per request a second of peak."""
    by_gpu: dict[str, list[MachineOffer]] = {}
    result, infeasible = [], []
    regions = regions_count(scenario, catalog)
    for capacity in found:
        config = capacity.config
        if config.gpu.id not in by_gpu:
            by_gpu[config.gpu.id] = machine_offers(config.gpu, scenario, catalog)
        stairs = [_stairs(capacity, offer, scenario, regions, peak_s_per_month) for offer in by_gpu[config.gpu.id]]
        usable = [s for s in stairs if s.limit_req_per_month > 0]
        result += usable
        if not usable:
            infeasible.append(Infeasible(config, 4, _unrentable(config, by_gpu[config.gpu.id])))
    return result, infeasible


def staircases_on(
    found: Iterable[Capacity],
    offers: Iterable[MachineOffer],
    scenario: Scenario,
    catalog: Catalog,
    peak_s_per_month: float,
) -> list[Staircase]:
    """Every setup on these machines, as far as they hold it."""
    by_gpu: dict[str, list[MachineOffer]] = {}
    for offer in offers:
        by_gpu.setdefault(offer.gpu_id, []).append(offer)
    regions = regions_count(scenario, catalog)
    every = (
        _stairs(capacity, offer, scenario, regions, peak_s_per_month)
        for capacity in found
        for offer in by_gpu.get(capacity.config.gpu.id, ())
    )
    return [s for s in every if s.limit_req_per_month > 0]


def _unrentable(config: ReplicaConfig, offers: list[MachineOffer]) -> str:
    if not offers:
        return "no rent for this GPU passes the chosen providers, commitments and confidence"
    return f"no listed machines hold {config.tensor_parallel} of these GPUs, and as many for each spare, within the GPU limit"


def regions_count(scenario: Scenario, catalog: Catalog) -> int:
    """What the user says, or two where the availability needed is beyond what one region keeps."""
    needed = scenario.evidence.needed_uptime_frac
    if scenario.operations.regions is not None:
        return scenario.operations.regions
    return 2 if needed is not None and needed > catalog.signal_rules.one_region_uptime_frac.central else 1


def _stairs(
    capacity: Capacity, offer: MachineOffer, scenario: Scenario, regions: int, peak_s_per_month: float
) -> Staircase:
    tp = capacity.config.tensor_parallel
    return Staircase(
        capacity=capacity,
        offer=offer,
        replica_req_per_month=capacity.req_s * peak_s_per_month,
        replicas_per_machine=offer.replicas_per_machine(tp),
        spare_replicas=scenario.operations.spare_replicas * capacity.pools_count,
        machine_usd_per_month=offer.machine_usd_per_month(tp) * regions,
        max_machines=scenario.hardware.max_gpus // ((offer.gpus_per_machine or tp) * regions),
        regions=regions,
        prefill_req_per_month=capacity.prefill_req_s * peak_s_per_month,
    )


def fleet_plan(stairs: Staircase, requests_per_month: float) -> FleetPlan | None:
    """The fleet for one volume; None beyond the GPU limit."""
    machines = float(stairs.machines(np.asarray(requests_per_month)))
    if not np.isfinite(machines):
        return None
    return FleetPlan(
        stairs.capacity,
        stairs.offer,
        int(np.ceil(requests_per_month / stairs.replica_req_per_month)),
        stairs.spare_replicas,
        int(machines),
        machines * stairs.machine_usd_per_month,
        stairs.regions,
        int(np.ceil(requests_per_month / stairs.prefill_req_per_month)),
    )


def rents_matrix(stairs: Sequence[Staircase], requests_per_month: Array) -> Array:
    """Rent of each staircase (s,) at each volume (v,): the vectorised form of `rent_usd_per_month`. Returns (s, v)."""
    columns = np.array(
        [
            (
                *(s.replica_req_per_month, s.prefill_req_per_month, s.replicas_per_machine, s.spare_replicas),
                *(s.machine_usd_per_month, s.max_machines),
            )
            for s in stairs
        ]
    )
    per_replica, per_prefill, per_machine, spare, usd, most = (columns[:, i, None] for i in range(6))
    replicas = np.ceil(requests_per_month / per_replica) + spare
    if np.isfinite(per_prefill).any():
        replicas += np.ceil(requests_per_month / per_prefill)
    machines = np.ceil(np.maximum(replicas, 1) / per_machine)
    return np.where(machines > most, np.inf, machines * usd)
