"""From throughput to a fleet: what one replica serves within the latency targets, how many replicas the peak needs,
and which machines to rent for them. Reserved machines bill every hour of the month, loaded or idle."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from calculators.catalog import Catalog
from calculators.leases import Lease, leases
from calculators.load_search import BATCH_COLUMN, highest_loads
from calculators.memory import kv_room_bytes, weight_bytes
from calculators.own_calibration import OwnFit
from calculators.records import Gpu, Model, Precision
from calculators.request_mix import Mix, mix
from calculators.scenario import Hardware, Scenario, Targets
from calculators.throughput import MAX_BATCH, Setup, machine
from calculators.units import BYTES_PER_GB, milliseconds
from calculators.workload import Array, Demand

TENSOR_PARALLEL = (1, 2, 4, 8)
# From most to least precise; a released checkpoint is never "upcast" to sell it as something better.
_FINENESS: dict[Precision, int] = {"bf16": 16, "fp8": 8, "int8": 8, "nvfp4": 4, "mxfp4": 4, "int4": 4}


@dataclass(frozen=True, slots=True)
class Capacity:
    """The busiest point at which one replica still meets the targets."""

    setup: Setup
    req_s: float
    batch: float
    tpot_ms: float
    ttft_p95_ms: float
    limit: str
    """What stops it from serving more."""
    off: float = 0.0
    """By how many of its 80th-percentile errors it was taken to be faster: 1, 0 or -1 (slower)."""


@dataclass(frozen=True, slots=True)
class Misfit:
    """A setup that cannot serve this workload, and why. `stage` counts how far it got."""

    setup: Setup
    stage: int
    why: str


@dataclass(frozen=True, slots=True)
class Plan:
    """A fleet: replicas of one setup on one kind of machine."""

    capacity: Capacity
    lease: Lease
    replicas: int
    spare_replicas: int
    machines: int
    """In each region."""
    rent_usd_per_month: float
    regions: int = 1
    """Each holds the whole fleet, so that one may fail."""

    @property
    def setup(self) -> Setup:
        return self.capacity.setup

    @property
    def gpus(self) -> int:
        return self.regions * self.machines * (self.lease.gpus_per_machine or self.setup.tensor_parallel)

    @property
    def label(self) -> str:
        return f"{self.gpus}× {self.setup.gpu.name} at {self.lease.provider}"


@dataclass(frozen=True, slots=True)
class Staircase:
    """Rent against volume for one (setup, lease): the cheapest way to hold a number of replicas.

    machines(v) = ceil((ceil(v / replica_req_per_month) + spare) / replicas_per_machine)
    """

    capacity: Capacity
    lease: Lease
    replica_req_per_month: float
    """Monthly requests whose peak one replica carries."""
    replicas_per_machine: int
    spare_replicas: int
    machine_usd_per_month: float
    """One machine in each region."""
    max_machines: int
    """In each region."""
    regions: int = 1

    def machines(self, requests_per_month: Array) -> Array:
        """Whole machines for each volume; inf beyond the user's limit. Same shape as the argument."""
        replicas = np.ceil(requests_per_month / self.replica_req_per_month) + self.spare_replicas
        count = np.ceil(np.maximum(replicas, 1) / self.replicas_per_machine)
        return np.where(count > self.max_machines, np.inf, count)

    def rent_usd_per_month(self, requests_per_month: Array) -> Array:
        return self.machines(requests_per_month) * self.machine_usd_per_month

    def steps_req_per_month(self, up_to: float) -> Array:
        """Volumes just above which one more machine is needed, ascending, at most `up_to`."""
        last = min(
            self.max_machines,
            int(up_to / self.replica_req_per_month + self.spare_replicas) // self.replicas_per_machine + 1,
        )
        replicas = np.arange(1, last + 1) * self.replicas_per_machine - self.spare_replicas
        volumes = replicas[replicas > 0] * self.replica_req_per_month
        return np.asarray(volumes[volumes <= up_to], dtype=float)

    @property
    def limit_req_per_month(self) -> float:
        """What the allowed machines can serve at most."""
        return self.replica_req_per_month * (self.max_machines * self.replicas_per_machine - self.spare_replicas)

    @property
    def usd_per_request_fully_loaded(self) -> float:
        """Rent of a request when every replica carries its peak share: no volume can do better with these machines."""
        return self.machine_usd_per_month / (self.replicas_per_machine * self.replica_req_per_month)


def setups(scenario: Scenario, catalog: Catalog) -> list[Setup]:
    """Every model x GPU x format x parallelism worth trying. In an order of its own: numpy rounds a row's last digit by
    the rows beside it, and the order in which candidates are listed must change nothing."""
    accepted = [catalog.model(c.model) for c in scenario.candidates if c.gate != "not_acceptable"]
    models = sorted(accepted, key=lambda model: model.id)
    return [
        Setup(model, gpu, precision, tp)
        for model in models
        for gpu in searched_gpus(scenario.hardware, catalog)
        for precision in precisions(model, scenario.hardware)
        for tp in TENSOR_PARALLEL
        if tp <= max(gpu.links.domain_gpus, 8)
    ]


def searched_gpus(hardware: Hardware, catalog: Catalog) -> list[Gpu]:
    """The GPUs the user named, or all that are not gaming cards."""
    if hardware.gpus:
        return [catalog.gpu(gpu) for gpu in hardware.gpus]
    return [gpu for gpu in catalog.gpus.values() if not gpu.consumer]


def precisions(model: Model, hardware: Hardware) -> list[Precision]:
    """The released format, and allowed ones that are coarser. MXFP4 only where the model was trained in it."""
    native = model.published.native_precision
    coarser = [p for p in hardware.precisions if _FINENESS[p] < _FINENESS[native] and p != "mxfp4"]
    return [native, *coarser]


def traffic(demand: Demand, hit_frac: float) -> Mix:
    """The workload as one replica sees it: its lengths, and arrivals at random within the peak it is sized for."""
    return mix(demand.lengths, hit_frac)


def capacities(
    setups: Sequence[Setup],
    traffic: Mix,
    targets: Targets,
    catalog: Catalog,
    factor: float = 1.0,
    own: OwnFit | None = None,
    off: float | Array = 0.0,
) -> tuple[list[Capacity], list[Misfit]]:
    """The highest load of each setup within the targets, and the setups that have none.

    `factor`: own over modelled speed, by hand; above 1 everything is faster. `own`: corrections by own benchmarks, and
    `off`, one for all or one for each setup: 1 if it were faster by its 80th-percentile error, -1 if slower.
    """
    room = np.array(
        [kv_room_bytes(s.gpu, s.model.shape, s.precision, s.tensor_parallel) > 0 for s in setups], dtype=bool
    )
    misfits = [Misfit(s, 0, _too_big(s)) for s, fits in zip(setups, room, strict=True) if not fits]
    fitting = [s for s, fits in zip(setups, room, strict=True) if fits]
    if not fitting:
        return [], misfits
    offs = np.broadcast_to(off, len(setups))[room]
    best = _highest_loads(fitting, traffic, targets, catalog, factor, own, offs[:, None])
    found: list[Capacity] = []
    for setup, row, speed_off in zip(fitting, best.tolist(), offs.tolist(), strict=True):
        slots, possible, req_s, batch, tpot_ms, ttft_ms, stop = row
        if possible:
            found.append(Capacity(setup, req_s, batch, tpot_ms, ttft_ms, _limit(slots, int(stop)), speed_off))
        else:
            misfits.append(_misses(setup, slots, tpot_ms, ttft_ms, targets))
    return found, misfits


def _highest_loads(
    setups: Sequence[Setup],
    traffic: Mix,
    targets: Targets,
    catalog: Catalog,
    factor: float,
    own: OwnFit | None,
    off: Array,
) -> Array:
    """Corrections by own benchmarks depend on the load, and the load on them: the second pass takes that of the first."""
    m = machine(setups, catalog)
    best = highest_loads(m, traffic, targets, *_speeds(setups, traffic, np.ones_like(off), factor, own, off))
    if own is None or not own.points:
        return best
    batch = np.maximum(best[:, BATCH_COLUMN : BATCH_COLUMN + 1], 1.0)
    return highest_loads(m, traffic, targets, *_speeds(setups, traffic, batch, factor, own, off))


def _speeds(
    setups: Sequence[Setup], traffic: Mix, batch: Array, factor: float, own: OwnFit | None, off: Array
) -> tuple[Array, Array]:
    """Own over modelled speed (n, 1) of everything, and of the first token."""
    if own is None:
        return np.full(off.shape, factor), np.full(off.shape, factor)
    output_tok = traffic.decode_tok + 1
    ratios = own.ratios(setups, float(traffic.held_tok @ traffic.share_frac) - output_tok, output_tok, batch)
    speed = factor * (1 + ratios.error_frac) ** off
    return speed / ratios.decode, speed / ratios.first_token


def _limit(slots: float, stop: int) -> str:
    full = "KV-cache memory" if slots < MAX_BATCH else "engine's batch cap"
    return {1: "TPOT target", 2: "TTFT target", 4: "time prompts take"}.get(stop, full)


def _too_big(setup: Setup) -> str:
    weights_gb = weight_bytes(setup.model.shape, setup.precision) / BYTES_PER_GB
    have_gb = setup.gpu.memory.capacity_gb * setup.tensor_parallel
    return f"does not fit: {weights_gb:,.0f} GB of weights in {have_gb:,.0f} GB of GPU memory, of which about 90 % is usable"


def _misses(setup: Setup, slots: float, tpot_ms: float, ttft_ms: float, targets: Targets) -> Misfit:
    if slots < 1:
        return Misfit(setup, 1, "the weights fit, but no memory is left for one request's KV cache")
    if targets.tpot_ms and tpot_ms > targets.tpot_ms:
        return Misfit(
            setup, 2, f"TPOT {milliseconds(tpot_ms)} even alone; the target is {milliseconds(targets.tpot_ms)}"
        )
    target = milliseconds(targets.ttft_p95_ms or np.inf)
    return Misfit(setup, 3, f"TTFT p95 {milliseconds(ttft_ms)} even when nearly idle; the target is {target}")


def staircases(
    found: Iterable[Capacity], scenario: Scenario, catalog: Catalog, peak_s_per_month: float
) -> tuple[list[Staircase], list[Misfit]]:
    """Every (setup, lease) that can be rented. `peak_s_per_month`: requests a month per request a second of peak."""
    by_gpu: dict[str, list[Lease]] = {}
    result, misfits = [], []
    regions = regions_count(scenario, catalog)
    for capacity in found:
        setup = capacity.setup
        if setup.gpu.id not in by_gpu:
            by_gpu[setup.gpu.id] = leases(setup.gpu, scenario, catalog)
        stairs = [_stairs(capacity, lease, scenario, regions, peak_s_per_month) for lease in by_gpu[setup.gpu.id]]
        usable = [s for s in stairs if s.limit_req_per_month > 0]
        result += usable
        if not usable:
            misfits.append(Misfit(setup, 4, _unrentable(setup, by_gpu[setup.gpu.id])))
    return result, misfits


def staircases_on(
    found: Iterable[Capacity],
    leases: Iterable[Lease],
    scenario: Scenario,
    catalog: Catalog,
    peak_s_per_month: float,
) -> list[Staircase]:
    """Every setup on these machines, as far as they hold it."""
    by_gpu: dict[str, list[Lease]] = {}
    for lease in leases:
        by_gpu.setdefault(lease.gpu_id, []).append(lease)
    regions = regions_count(scenario, catalog)
    every = (
        _stairs(capacity, lease, scenario, regions, peak_s_per_month)
        for capacity in found
        for lease in by_gpu.get(capacity.setup.gpu.id, ())
    )
    return [s for s in every if s.limit_req_per_month > 0]


def _unrentable(setup: Setup, leases: list[Lease]) -> str:
    if not leases:
        return "no rent for this GPU passes the chosen providers, commitments and confidence"
    return f"no listed machines hold {setup.tensor_parallel} of these GPUs, and as many for each spare, within the GPU limit"


def regions_count(scenario: Scenario, catalog: Catalog) -> int:
    """What the user says, or two where the availability needed is beyond what one region keeps."""
    needed = scenario.evidence.needed_uptime_frac
    if scenario.operations.regions is not None:
        return scenario.operations.regions
    return 2 if needed is not None and needed > catalog.signal_rules.one_region_uptime_frac.central else 1


def _stairs(capacity: Capacity, lease: Lease, scenario: Scenario, regions: int, peak_s_per_month: float) -> Staircase:
    tp = capacity.setup.tensor_parallel
    return Staircase(
        capacity=capacity,
        lease=lease,
        replica_req_per_month=capacity.req_s * peak_s_per_month,
        replicas_per_machine=lease.replicas_per_machine(tp),
        spare_replicas=scenario.operations.spare_replicas,
        machine_usd_per_month=lease.machine_usd_per_month(tp) * regions,
        max_machines=scenario.hardware.max_gpus // ((lease.gpus_per_machine or tp) * regions),
        regions=regions,
    )


def plan(stairs: Staircase, requests_per_month: float) -> Plan | None:
    """The fleet for one volume; None beyond the GPU limit."""
    machines = float(stairs.machines(np.asarray(requests_per_month)))
    if not np.isfinite(machines):
        return None
    replicas = int(np.ceil(requests_per_month / stairs.replica_req_per_month))
    return Plan(
        stairs.capacity,
        stairs.lease,
        replicas,
        stairs.spare_replicas,
        int(machines),
        machines * stairs.machine_usd_per_month,
        stairs.regions,
    )


def rents_matrix(stairs: Sequence[Staircase], requests_per_month: Array) -> Array:
    """Rent of each staircase (s,) at each volume (v,): the vectorised form of `rent_usd_per_month`. Returns (s, v)."""
    columns = np.array(
        [
            (s.replica_req_per_month, s.replicas_per_machine, s.spare_replicas, s.machine_usd_per_month, s.max_machines)
            for s in stairs
        ]
    )
    per_replica, per_machine, spare, usd, most = (columns[:, i, None] for i in range(5))
    machines = np.ceil(np.maximum(np.ceil(requests_per_month / per_replica) + spare, 1) / per_machine)
    return np.where(machines > most, np.inf, machines * usd)
