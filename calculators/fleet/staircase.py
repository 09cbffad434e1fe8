"""From replicas to a fleet: how many the peak needs, and which machines to rent for them. Reserved machines bill every hour
of the month, loaded or idle."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from calculators.catalog.catalog import Catalog
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
        return np.unique(volumes[(volumes > 0) & (volumes <= up_to)])

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
    capacities: Sequence[Capacity], scenario: Scenario, catalog: Catalog, peak_s_per_month: float
) -> tuple[list[Staircase], list[Infeasible]]:
    """Every (config, offer) that can be rented. `peak_s_per_month`: requests a month per request a second of peak."""
    gpus = {c.config.gpu.id: c.config.gpu for c in capacities}
    by_gpu = {id: machine_offers(gpu, scenario, catalog) for id, gpu in gpus.items()}
    result, infeasible = [], []
    for capacity, stairs in _by_capacity(capacities, by_gpu, scenario, catalog, peak_s_per_month):
        result += stairs
        if not stairs:
            why = _unrentable(capacity.config, by_gpu[capacity.config.gpu.id])
            infeasible.append(Infeasible(capacity.config, 4, why))
    return result, infeasible


def staircases_on(
    capacities: Sequence[Capacity],
    offers: Iterable[MachineOffer],
    scenario: Scenario,
    catalog: Catalog,
    peak_s_per_month: float,
) -> list[Staircase]:
    """Every config on these machines, as far as they hold it."""
    by_gpu: dict[str, list[MachineOffer]] = {}
    for offer in offers:
        by_gpu.setdefault(offer.gpu_id, []).append(offer)
    every = _by_capacity(capacities, by_gpu, scenario, catalog, peak_s_per_month)
    return [s for _, stairs in every for s in stairs]


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


def _by_capacity(
    capacities: Iterable[Capacity],
    by_gpu: Mapping[str, Sequence[MachineOffer]],
    scenario: Scenario,
    catalog: Catalog,
    peak_s_per_month: float,
) -> Iterator[tuple[Capacity, list[Staircase]]]:
    """Each capacity with its staircases, on those offers of its GPU that hold a replica of each pool and all spares."""
    regions, spare_replicas = regions_count(scenario, catalog), scenario.operations.spare_replicas
    machines: dict[tuple[str, int], list[_Machines]] = {}
    for capacity in capacities:
        gpu, tp, spare = capacity.config.gpu.id, capacity.config.tensor_parallel, spare_replicas * capacity.pools_count
        if (gpu, tp) not in machines:
            machines[gpu, tp] = [_machines(offer, tp, regions, scenario) for offer in by_gpu.get(gpu, ())]
        stairs = [
            Staircase(
                capacity=capacity,
                offer=offer,
                replica_req_per_month=capacity.req_s * peak_s_per_month,
                replicas_per_machine=replicas,
                spare_replicas=spare,
                machine_usd_per_month=usd,
                max_machines=most,
                regions=regions,
                prefill_req_per_month=capacity.prefill_req_s * peak_s_per_month,
            )
            for offer, replicas, usd, most in machines[gpu, tp]
            if most * replicas >= spare + capacity.pools_count
        ]
        yield capacity, stairs


_Machines = tuple[MachineOffer, int, float, int]
"""An offer, the replicas on one of its machines, the rent of one in each region, and how many may be had in each."""


def _machines(offer: MachineOffer, tensor_parallel: int, regions: int, scenario: Scenario) -> _Machines:
    return (
        offer,
        offer.replicas_per_machine(tensor_parallel),
        offer.machine_usd_per_month(tensor_parallel) * regions,
        scenario.hardware.max_gpus // ((offer.gpus_per_machine or tensor_parallel) * regions),
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
    return _rents(_columns(stairs)[..., None], requests_per_month)


@dataclass(frozen=True, slots=True)
class OwnVolumes:
    """Some volumes for each of several staircases, all in a row. Arrays (e,)."""

    stairs: NDArray[np.intp]
    """Which staircase each is for."""
    requests_per_month: Array

    def where(self, keep: NDArray[np.bool_]) -> "OwnVolumes":
        return OwnVolumes(self.stairs[keep], self.requests_per_month[keep])


def steps_of_each(stairs: Sequence[Staircase], up_to: Array) -> OwnVolumes:
    """The vectorised form of `steps_req_per_month`: the steps of each staircase, at most `up_to` (s,)."""
    each = np.arange(len(stairs))
    if any(s.capacity.pools_count > 1 for s in stairs):
        steps = [s.steps_req_per_month(most) for s, most in zip(stairs, up_to.tolist(), strict=True)]
        return OwnVolumes(np.repeat(each, [len(s) for s in steps]), np.concatenate(steps))
    per_replica, _, per_machine, spare, _, most = _columns(stairs)
    counts = np.minimum(most, (up_to / per_replica + spare) // per_machine + 1).astype(int)
    owner, before = np.repeat(each, counts), np.repeat(np.cumsum(counts) - counts, counts)
    machines = np.arange(1, owner.size + 1) - before
    volumes = np.maximum(machines * per_machine[owner] - spare[owner], 0) * per_replica[owner]
    return OwnVolumes(owner, volumes).where((volumes > 0) & (volumes <= up_to[owner]))


def rents_at(stairs: Sequence[Staircase], volumes: OwnVolumes) -> Array:
    """Rent of each staircase at its own volumes (e,)."""
    return _rents(_columns(stairs)[:, volumes.stairs], volumes.requests_per_month)


def _columns(stairs: Sequence[Staircase]) -> Array:
    """What decides the rent (6, s)."""
    return np.array(
        [
            [s.replica_req_per_month for s in stairs],
            [s.prefill_req_per_month for s in stairs],
            [s.replicas_per_machine for s in stairs],
            [s.spare_replicas for s in stairs],
            [s.machine_usd_per_month for s in stairs],
            [s.max_machines for s in stairs],
        ]
    )


def _rents(columns: Array, requests_per_month: Array) -> Array:
    per_replica, per_prefill, per_machine, spare, usd, most = columns
    replicas = np.ceil(requests_per_month / per_replica) + spare
    if np.isfinite(per_prefill).any():
        replicas += np.ceil(requests_per_month / per_prefill)
    machines = np.ceil(np.maximum(replicas, 1) / per_machine)
    return np.where(machines > most, np.inf, machines * usd)
