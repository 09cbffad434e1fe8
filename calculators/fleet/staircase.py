"""Rent over volume: whole machines are added as the peak needs more replicas. A rented machine bills every hour of the
month, busy or idle."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from calculators.catalog.catalog import Catalog
from calculators.catalog.hardware import Gpu
from calculators.fleet.held_gpus import HeldMachines, held_machines, held_offers
from calculators.fleet.known_speed import lead_ratio
from calculators.fleet.machine_offers import MachineOffer, machine_offers
from calculators.fleet.rent_search import no_offer_words
from calculators.fleet.replica_capacity import Capacity, Infeasible, speed_correction
from calculators.performance.links import SERVER_GPUS
from calculators.performance.replica import ReplicaConfig
from calculators.scenario.demand import Array
from calculators.scenario.inputs import Inputs
from calculators.scenario.schema import Scenario
from calculators.units import article, count, plural

_Count = TypeVar("_Count", int, Array)
FleetGroup = tuple[str, bool]
"""A model and whether its servers are purchased: each makes an option of its own."""
COMPARED_AT_ONCE = 256


def machines_needed(replicas: Array, spares: Array | int, per_machine: Array | int, most: Array | float) -> Array:
    """Machines that hold so many replicas and spares: ceil((replicas + spares) / per machine), at least one; inf where
    that is more than `most`. The arguments broadcast."""
    machines = np.ceil(np.maximum(replicas + spares, 1) / per_machine)
    return np.where(machines > most, np.inf, machines)


def machines_usd(machines: Array, usd: Array | float, held: Array | int, held_usd: Array | float) -> Array:
    """Cost of so many machines, of which the first `held` cost `held_usd` each; inf where there are too few. Broadcasts."""
    known = np.where(np.isinf(machines), 0.0, machines)
    cost = np.maximum(known - held, 0) * usd + np.minimum(known, held) * held_usd
    return np.where(np.isinf(machines), np.inf, cost)


def replicas_held(machines: _Count, spares: _Count | int, per_machine: _Count | int) -> _Count:
    """Replicas that so many machines hold besides the spares, the inverse of `machines_needed`; negative where the spares
    alone do not fit."""
    return machines * per_machine - spares


def carried_by(replicas: Array, decode_req: Array | float, prefill_req: Array | float, size: Array | int) -> Array:
    """The highest volume that so many replicas carry: d x decode, or where p prefill workers take `size` replicas each the best
    split of them, max over p of min((replicas - size p) x decode, p x prefill). That is one of the whole numbers beside the even
    split. The arguments broadcast; `prefill_req` is infinite without a prefill pool."""
    even = replicas * np.divide(decode_req, size * decode_req + np.asarray(prefill_req))
    workers = (np.floor(even + 1e-9), np.ceil(even - 1e-9))
    with np.errstate(invalid="ignore"):  # no worker of an infinite load
        carried = [np.fmin(np.maximum(replicas - size * p, 0) * decode_req, p * prefill_req) for p in workers]
    best: Array = np.fmax(*carried)
    return best


@dataclass(frozen=True, slots=True)
class Staircase:
    """Rent over volume of one replica configuration on one machine offer.

    machines(v) = ceil((ceil(v / replica_req_per_month) + prefill_size * ceil(v / prefill_req_per_month) + spares) / replicas_per_machine)
    """

    capacity: Capacity
    offer: MachineOffer
    replica_req_per_month: float
    """Requests per month whose peak one replica carries."""
    replicas_per_machine: int
    spare_replicas: int
    """Over all pools."""
    machine_usd_per_month: float
    """One machine in each region; all machines of a replica where it takes several."""
    max_machines: int
    """In each region; groups of machines where a replica takes several."""
    regions: int = 1
    machines_per_replica: int = 1
    """Machines that count as one here, because one replica takes them all."""
    prefill_req_per_month: float = np.inf
    """Requests per month whose peak one prefill replica carries; infinite without a separate prefill pool."""
    lead_ratio: float = 1.0
    """As of `known_speed.lead_ratio`."""
    held: HeldMachines | None = None
    """Machines of this kind that the user already has: used first, at their own cost."""

    @property
    def group(self) -> FleetGroup:
        """Fleets of one group are alternatives; within it one leads."""
        return self.capacity.config.model.id, self.offer.is_owned

    @property
    def gpus_per_step(self) -> int:
        """GPUs that one more machine adds, in all regions."""
        each = self.offer.gpus_per_machine or self.capacity.config.gpus_count
        return each * self.machines_per_replica * self.regions

    @property
    def prefill_size(self) -> int:
        """Replicas of the decode pool that take as many GPUs as one of the prefill pool."""
        return self.capacity.prefill_size

    def machines(self, requests_per_month: Array) -> Array:
        """Machines in each region for each volume; inf beyond the user's GPU limit. Same shape as the argument."""
        replicas = self._replicas(requests_per_month)
        return machines_needed(replicas, self.spare_replicas, self.replicas_per_machine, self.max_machines)

    def _replicas(self, requests_per_month: Array) -> Array:
        prefill = self.prefill_size * np.ceil(requests_per_month / self.prefill_req_per_month)
        return np.asarray(np.ceil(requests_per_month / self.replica_req_per_month) + prefill)

    def rent_usd_per_month(self, requests_per_month: Array) -> Array:
        """Rent for each volume; inf beyond the user's GPU limit. Same shape as the argument."""
        return self.cost_of(self.machines(requests_per_month))

    def cost_of(self, machines: Array) -> Array:
        """Rent of so many machines. Same shape as the argument."""
        return machines_usd(machines, self.machine_usd_per_month, *_held(self))

    def steps_req_per_month(self, up_to: float) -> Array:
        """Volumes just above which one more machine is needed, ascending, up to `up_to`. Shape (steps,)."""
        last = (
            int(up_to / self.requests_per_replica + self.spare_replicas + self.prefill_size)
            // self.replicas_per_machine
            + 1
        )
        machines = np.arange(1.0, min(self.max_machines, last) + 1)
        volumes = self.carried_req_per_month(machines)
        return np.unique(volumes[(volumes > 0) & (volumes <= up_to)])

    def carried_req_per_month(self, machines: Array) -> Array:
        """The highest volume that so many machines carry, spares left idle. Same shape as the argument."""
        replicas = np.maximum(replicas_held(np.asarray(machines), self.spare_replicas, self.replicas_per_machine), 0)
        return carried_by(replicas, self.replica_req_per_month, self.prefill_req_per_month, self.prefill_size)

    @property
    def requests_per_replica(self) -> float:
        """Requests per month for each decode replica and as many GPUs of the prefill pool, when every pool is fully loaded."""
        return 1 / (1 / self.replica_req_per_month + self.prefill_size / self.prefill_req_per_month)

    @property
    def limit_req_per_month(self) -> float:
        """The highest volume within the user's GPU limit."""
        held = max(replicas_held(self.max_machines, self.spare_replicas, self.replicas_per_machine), 0)
        if self.capacity.least_replicas == 1:  # without arrays: asked of thousands of staircases
            return held * self.replica_req_per_month
        return float(
            carried_by(np.array(held), self.replica_req_per_month, self.prefill_req_per_month, self.prefill_size)
        )

    @property
    def carries_any(self) -> bool:
        """Whether the user's GPU limit allows a fleet that carries any volume: a replica of each pool beside the spares."""
        held = replicas_held(self.max_machines, self.spare_replicas, self.replicas_per_machine)
        return held >= self.capacity.least_replicas

    @property
    def usd_per_request_fully_loaded(self) -> float:
        """Rent per request when every replica is fully loaded: the lowest that these machines reach at any volume."""
        return self.machine_usd_per_month / (self.replicas_per_machine * self.requests_per_replica)


def staircases(capacities: Sequence[Capacity], inputs: Inputs) -> tuple[list[Staircase], list[Infeasible]]:
    """Staircases of every capacity on every machine offer that can hold it, and the configurations that no offer holds."""
    gpus = {c.config.gpu.id: c.config.gpu for c in capacities}
    by_gpu = {id: gpu_offers(gpu, inputs.scenario, inputs.catalog) for id, gpu in gpus.items()}
    offered, infeasible = [], []
    for capacity, of_capacity in _by_capacity(capacities, by_gpu, inputs):
        offered += of_capacity
        if not of_capacity:
            infeasible.append(_not_offered(capacity, by_gpu[capacity.config.gpu.id], inputs))
    return offered, infeasible


def gpu_offers(gpu: Gpu, scenario: Scenario, catalog: Catalog) -> list[MachineOffer]:
    """Machine offers for a GPU, where the user allows it, and the machines that they already have of it."""
    allowed = {catalog.gpu(name).id for name in scenario.hardware.gpus} or {gpu.id}
    offers = machine_offers(gpu, scenario, catalog) if gpu.id in allowed else []
    return [*held_offers(gpu.id, scenario, catalog), *offers]


def staircases_on(capacities: Sequence[Capacity], offers: Iterable[MachineOffer], inputs: Inputs) -> list[Staircase]:
    """Staircases of every capacity on each of `offers` that can hold it."""
    by_gpu: dict[str, list[MachineOffer]] = {}
    for offer in offers:
        by_gpu.setdefault(offer.gpu_id, []).append(offer)
    every = _by_capacity(capacities, by_gpu, inputs)
    return [s for _, stairs in every for s in stairs]


def _not_offered(capacity: Capacity, offers: Sequence[MachineOffer], inputs: Inputs) -> Infeasible:
    """Why no offer holds a replica of each pool and all spares."""
    config, limit = capacity.config, inputs.scenario.hardware.max_gpus
    if not offers:
        return Infeasible(config, "no_offer", no_offer_words(config.gpu, inputs.scenario, inputs.catalog))
    least = min((_least_gpus(capacity, offer, inputs) for offer in offers), default=np.inf)
    if np.isinf(least):
        gpus = config.gpus_count
        if gpus > SERVER_GPUS:
            why = f"no offer is of whole servers that a fast network joins, for a replica of {count(gpus)} GPUs"
            return Infeasible(config, "no_offer", why)
        return Infeasible(config, "no_offer", f"no offered server holds {article(gpus)} {gpus}-GPU replica")
    spares = _and_spares(inputs)
    why = (
        f"one replica{spares} need{'' if spares else 's'} {_over_regions(least, inputs)}; the maximum is {count(limit)}"
    )
    return Infeasible(config, "gpu_limit", why, least / limit)


def _and_spares(inputs: Inputs) -> str:
    spares = inputs.scenario.operations.spare_replicas
    return "" if not spares else " and its spare" if spares == 1 else f" and its {count(spares)} spares"


def _over_regions(gpus: float, inputs: Inputs) -> str:
    regions = regions_count(inputs.scenario, inputs.catalog)
    if regions == 1:
        return plural(gpus, "GPU")
    return f"{plural(gpus / regions, 'GPU')} in each of {count(regions)} regions, {count(gpus)} in all"


def _least_gpus(capacity: Capacity, offer: MachineOffer, inputs: Inputs) -> float:
    """GPUs of the machines that hold a replica of each pool and all spares; infinite where a machine holds no replica."""
    config, least = capacity.config, capacity.least_replicas
    per_machine = offer.replicas_per_machine(config)
    if not per_machine:
        return np.inf
    machines = ceil(least * (1 + inputs.scenario.operations.spare_replicas) / per_machine)
    regions = regions_count(inputs.scenario, inputs.catalog)
    return machines * offer.machines_per_replica(config) * (offer.gpus_per_machine or config.gpus_count) * regions


def regions_count(scenario: Scenario, catalog: Catalog) -> int:
    """Regions to serve from: the user's number, or else two where the required uptime is beyond what one region reaches."""
    needed = scenario.evidence.needed_uptime_frac
    if scenario.operations.regions is not None:
        return scenario.operations.regions
    return 2 if needed is not None and needed > catalog.signal_rules.one_region_uptime_frac.central else 1


def _by_capacity(
    capacities: Iterable[Capacity], by_gpu: Mapping[str, Sequence[MachineOffer]], inputs: Inputs
) -> Iterator[tuple[Capacity, list[Staircase]]]:
    """Each capacity with its staircases, one for each offer of its GPU that holds a replica of each pool and all spares."""
    regions, spare_replicas = regions_count(inputs.scenario, inputs.catalog), inputs.scenario.operations.spare_replicas
    seconds = inputs.demand.peak_s_per_month
    machines: dict[tuple[str, int], list[_Machines]] = {}
    _, own = speed_correction(inputs.scenario, inputs.catalog)
    for capacity in capacities:
        config, spare = capacity.config, spare_replicas * capacity.least_replicas
        gpu, gpus = config.gpu.id, config.gpus_count
        leads = lead_ratio(config, own, inputs.catalog)
        if (gpu, gpus) not in machines:
            machines[gpu, gpus] = [_machines(offer, config, regions, inputs) for offer in by_gpu.get(gpu, ())]
        of_capacity = [
            Staircase(
                capacity=capacity,
                offer=offer,
                replica_req_per_month=capacity.req_s * seconds,
                replicas_per_machine=replicas,
                spare_replicas=spare,
                machine_usd_per_month=usd,
                max_machines=most,
                regions=regions,
                machines_per_replica=together,
                prefill_req_per_month=capacity.prefill_req_s * seconds,
                lead_ratio=leads,
                held=held,
            )
            for offer, replicas, usd, most, together, held in machines[gpu, gpus]
            if replicas_held(most, spare, replicas) >= capacity.least_replicas
        ]
        yield capacity, of_capacity


_Machines = tuple[MachineOffer, int, float, int, int, HeldMachines | None]
"""An offer, the replicas on one of its machines, the rent of one machine in each region, the most machines in each, the machines
that one replica takes, and those that the user already has. Where it takes several, they count as one."""


def _machines(offer: MachineOffer, config: ReplicaConfig, regions: int, inputs: Inputs) -> _Machines:
    together = offer.machines_per_replica(config)
    gpus = (offer.gpus_per_machine or config.gpus_count) * max(together, 1)
    held = None if offer.is_owned else held_machines(offer.gpu_id, gpus, regions, inputs.scenario, inputs.catalog)
    most = inputs.scenario.hardware.max_gpus // (gpus * regions)
    return (
        offer,
        offer.replicas_per_machine(config),
        offer.machine_usd_per_month(config) * regions,
        min(most, held.count if held else 0) if offer.basis == "held" else most,
        together,
        held,
    )


def gpus_needed(staircases: Sequence[Staircase], requests_per_month: float) -> Array:
    """GPUs in all regions of each staircase's fleet (s,) that carries a volume, whatever the user's GPU limit."""
    per_replica, per_prefill, per_machine, spare, _, _, size, *_ = staircase_columns(staircases)
    replicas = np.ceil(requests_per_month / per_replica) + size * np.ceil(requests_per_month / per_prefill)
    return np.asarray(machines_needed(replicas, spare, per_machine, np.inf) * [s.gpus_per_step for s in staircases])


def rents_matrix(staircases: Sequence[Staircase], requests_per_month: Array) -> Array:
    """Rent (s, v) of each staircase at each volume (v,); inf beyond the user's GPU limit."""
    return column_rents_usd(staircase_columns(staircases)[..., None], requests_per_month)


@dataclass(frozen=True, slots=True)
class OwnVolumes:
    """Volumes of several staircases, each its own, in one row. Arrays (e,)."""

    stairs: NDArray[np.intp]
    """Index of the staircase that each volume belongs to."""
    requests_per_month: Array

    def where(self, keep: NDArray[np.bool_]) -> "OwnVolumes":
        """The volumes that `keep` (e,) marks."""
        return OwnVolumes(self.stairs[keep], self.requests_per_month[keep])


def steps_of_each(staircases: Sequence[Staircase], up_to: Array) -> OwnVolumes:
    """The steps of each staircase, at most `up_to` (s,): `Staircase.steps_req_per_month` for all at once."""
    per_replica, per_prefill, per_machine, spare, _, most, size, *_ = staircase_columns(staircases)
    needed = up_to * (1 / per_replica + size / per_prefill) + spare + 1 + size
    counts = np.minimum(most, needed // per_machine + 1).astype(int)
    owner, before = np.repeat(np.arange(len(staircases)), counts), np.repeat(np.cumsum(counts) - counts, counts)
    machines = np.arange(1, owner.size + 1) - before
    held = np.maximum(replicas_held(machines, spare[owner], per_machine[owner]), 0)
    volumes = carried_by(held, per_replica[owner], per_prefill[owner], size[owner])
    is_step = np.diff(volumes, prepend=0.0) != 0  # one more machine for one pool may carry no more
    return OwnVolumes(owner, volumes).where((is_step | (machines == 1)) & (volumes > 0) & (volumes <= up_to[owner]))


def rents_at(staircases: Sequence[Staircase], volumes: OwnVolumes) -> Array:
    """Rent (e,) of each staircase at its own volumes."""
    return column_rents_usd(staircase_columns(staircases)[:, volumes.stairs], volumes.requests_per_month)


def staircase_columns(staircases: Sequence[Staircase]) -> Array:
    """The fields that determine the rent (9, s), in the order that `column_rents_usd` unpacks."""
    held = [_held(s) for s in staircases]
    return np.array(
        [
            [s.replica_req_per_month for s in staircases],
            [s.prefill_req_per_month for s in staircases],
            [s.replicas_per_machine for s in staircases],
            [s.spare_replicas for s in staircases],
            [s.machine_usd_per_month for s in staircases],
            [s.max_machines for s in staircases],
            [s.prefill_size for s in staircases],
            [count for count, _ in held],
            [usd for _, usd in held],
        ]
    )


def _held(staircase: Staircase) -> tuple[int, float]:
    """Machines that the user already has, and what one costs now."""
    return (staircase.held.count, staircase.held.usd_per_month) if staircase.held else (0, 0.0)


def undercut_positions(columns: Array) -> set[int]:
    """Positions of the staircases, given by their columns (9, s), that another one undercuts at every volume: its machines cost
    no more, no fewer of them are allowed or already there, and any number of them carries no less. Of equals the first stays.

    With one pool, m machines carry (m x per machine - spare) x per replica: no less for every m where slope and value at
    m = 1 are no less. With two pools every number has to be no worse.
    """
    per_replica, per_prefill, per_machine, spare, usd, most, size, held, held_usd = columns
    one_pool = ~np.isfinite(per_prefill)
    slope = np.where(one_pool, per_machine * per_replica, per_replica)
    first = np.where(one_pool, (per_machine - spare) * per_replica, per_machine)
    figures = np.stack([slope, first, per_prefill, most, np.where(one_pool, 0, -spare), -usd, -size, held, -held_usd])
    place, undercut = np.arange(usd.size), np.zeros(usd.size, dtype=bool)
    for start in range(0, usd.size, COMPARED_AT_ONCE):
        some = slice(start, start + COMPARED_AT_ONCE)
        no_worse = (figures[:, :, None] >= figures[:, None, some]).all(axis=0)
        better = (figures[:, :, None] > figures[:, None, some]).any(axis=0)
        undercut[some] = (no_worse & (better | (place[:, None] < place[some]))).any(axis=0)
    return set(np.flatnonzero(undercut).tolist())


def column_rents_usd(columns: Array | Sequence[Array], requests_per_month: Array) -> Array:
    """Rent of staircases given by their columns, at volumes that broadcast with them; inf beyond the user's GPU limit."""
    per_replica, per_prefill, per_machine, spare, usd, most, size, held, held_usd = columns
    replicas = np.ceil(requests_per_month / per_replica)
    if np.isfinite(per_prefill).any():
        replicas += size * np.ceil(requests_per_month / per_prefill)
    machines = machines_needed(replicas, spare, per_machine, most)
    if not np.any(held):  # the usual case, and called often
        return np.asarray(machines * usd)
    return machines_usd(machines, usd, held, held_usd)
