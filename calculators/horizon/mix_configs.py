"""The cheapest mix of terms over every configuration of every candidate: one that is dear on demand may be the cheapest on a long term.

Configurations are tried in the order of a bound that none of their mixes can undercut, until no bound is below the cheapest mix found
(branch and bound), so that the answer is that of trying all. Where that would take too long, those with the lowest bounds are tried.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from math import ceil

import numpy as np
from numpy.typing import NDArray

from calculators.catalog.base import COMMITMENT_MONTHS, Commitment
from calculators.catalog.hardware import Gpu
from calculators.compliance.operator_check import expand, judge
from calculators.compliance.residency import machine_meets_residency, required_facts
from calculators.fleet.capacity_mix import CapacityMix
from calculators.fleet.capacity_terms import machine_sizes
from calculators.fleet.load_by_hour import hours_above
from calculators.fleet.machine_offers import MachineOffer
from calculators.fleet.replica_capacity import Capacity
from calculators.fleet.staircase import Staircase, gpu_offers, staircases_on
from calculators.horizon.mix_search import MixCase, best_mix, least_singles_usd
from calculators.options.build import size_candidates
from calculators.options.shortlist import machine_operator, newest_of
from calculators.scenario.demand import Array, effective_peak_ratio
from calculators.scenario.inputs import Inputs
from calculators.units import HOURS_PER_MONTH

EVERY_TERM: tuple[Commitment, ...] = ("on_demand", "spot", *(c for c in ("1y", "3y", "5y") if c in COMMITMENT_MONTHS))
MOST_TRIED = 24
"""Configurations whose mix is found at most."""
MOST_CELLS = 500_000
"""Machines x months of all configurations that are tried; the first one is, whatever its size."""
LOAD_LEVELS = 256
"""Loads at which the hours above are told for a bound."""
Offers = Callable[[Gpu], Sequence[MachineOffer]]


@dataclass(frozen=True, slots=True)
class ConfigMix:
    """The cheapest mix, and of how many configurations."""

    mix: CapacityMix
    capacity: Capacity
    stairs: tuple[Staircase, ...] = field(repr=False)
    """Of `capacity`, on every term."""
    tried_count: int = 1
    """Configurations whose own mix was found."""
    config_count: int = 1
    """All configurations that meet the targets."""
    is_exact: bool = True
    """Whether the bound of every configuration that was not tried is above the cost of the mix."""


def allowed_offers(gpu: Gpu, inputs: Inputs) -> list[MachineOffer]:
    """Offers of a GPU on every term, also such that the scenario does not search, whose operator and region the requirements allow."""
    hardware = inputs.scenario.hardware.model_copy(update={"commitments": EVERY_TERM, "include_owned": True})
    every = gpu_offers(gpu, inputs.scenario.model_copy(update={"hardware": hardware}), inputs.catalog)
    return [offer for offer in every if _is_allowed(offer, inputs)]


def _is_allowed(offer: MachineOffer, inputs: Inputs) -> bool:
    """Whether the requirements allow the operator of a machine, and its region."""
    requirements = expand(inputs.scenario.compliance.requirements, inputs.catalog)
    if not machine_meets_residency(offer.is_owned, offer.region, required_facts(requirements)):
        return False
    operator = machine_operator(offer, inputs.catalog)
    return judge(operator, requirements, inputs.catalog, inputs.scenario.as_of).status == "allowed"


def term_staircases(capacity: Capacity, offers: Sequence[MachineOffer], inputs: Inputs) -> tuple[Staircase, ...]:
    """Staircases of a capacity on each offer; a stale price only where no newer one is there."""
    stairs = staircases_on([capacity], offers, inputs)
    newest = newest_of(stairs, np.ones(len(stairs), dtype=bool))
    return tuple(one for one, is_kept in zip(stairs, newest.tolist(), strict=True) if is_kept)


@dataclass(frozen=True)
class Machines:
    """The machines of each configuration of a scenario, looked up once."""

    inputs: Inputs
    _offers: dict[str, list[MachineOffer]] = field(default_factory=dict)
    _stairs: dict[int, tuple[Staircase, ...]] = field(default_factory=dict)
    """By the identity of a capacity, which `size_candidates` remembers."""
    _prices: dict[int, "_LeastPrices"] = field(default_factory=dict)

    def stairs(self, capacity: Capacity) -> tuple[Staircase, ...]:
        """Staircases of a capacity on every allowed offer."""
        if id(capacity) not in self._stairs:
            gpu = capacity.config.gpu
            if gpu.id not in self._offers:
                self._offers[gpu.id] = allowed_offers(gpu, self.inputs)
            self._stairs[id(capacity)] = term_staircases(capacity, self._offers[gpu.id], self.inputs)
        return self._stairs[id(capacity)]

    def most_replicas(self, capacity: Capacity) -> int:
        """Replicas within the user's GPU limit; none where no machine is offered."""
        return max((one.max_machines * one.replicas_per_machine for one in self.stairs(capacity)), default=0)

    def least_prices(self, capacity: Capacity, case: MixCase) -> "_LeastPrices":
        """The least that a replica costs on any machine; the same with and without an API."""
        if id(capacity) not in self._prices:
            self._prices[id(capacity)] = _LeastPrices.of(self.stairs(capacity), case)
        return self._prices[id(capacity)]


def config_mix(capacity: Capacity, case: MixCase, machines: Machines) -> ConfigMix | None:
    """The cheapest mix of one configuration; None where nothing carries the load."""
    return _Search(case, machines).best(capacity, (capacity,))


def cheapest_mix(case: MixCase, machines: Machines, first: Capacity) -> ConfigMix | None:
    """The cheapest mix of all configurations that meet the targets, `first` tried before the others; None where nothing carries the
    load. What a single term costs is the least of the configurations that were tried."""
    return _Search(case, machines).best(first, size_candidates(case.inputs)[0])


@dataclass
class _Search:
    """Tries configurations one by one."""

    case: MixCase
    machines: "Machines"
    mixes: list[ConfigMix] = field(default_factory=list)
    tried: set[int] = field(default_factory=set)

    def best(self, first: Capacity, every: Sequence[Capacity]) -> ConfigMix | None:
        """The cheapest mix among `every` configuration."""
        self.attempt(first)
        is_exact = self.attempt_in_order(every)
        if not self.mixes:
            return None
        best = self.finer(min(self.mixes, key=lambda one: one.mix.usd_per_month), every)
        mix = replace(best.mix, single_usd=least_singles_usd([one.mix for one in self.mixes]))
        return replace(best, mix=mix, tried_count=len(self.tried), config_count=len(every), is_exact=is_exact)

    def attempt(self, capacity: Capacity) -> None:
        """Finds the mix of one configuration, unless it was found."""
        if id(capacity) not in self.tried:
            self.tried.add(id(capacity))
            stairs = self.machines.stairs(capacity)
            mix = best_mix(stairs, self.case)
            self.mixes += [ConfigMix(mix, capacity, stairs)] if mix else []

    def attempt_in_order(self, every: Sequence[Capacity]) -> bool:
        """Tries those whose bound is below the cheapest mix found, the lowest first; whether that came to its end."""
        bound = _Bound.of(self.case)
        offered = [capacity for capacity in _leading(every) if self.machines.stairs(capacity)]
        rows = [(bound.usd(one, self.machines), one) for one in offered]
        cells = self.cells(self.mixes[0].capacity) if self.mixes else 0.0
        for least_usd, capacity in sorted(rows, key=lambda row: row[0]):
            if least_usd > min((one.mix.usd_per_month for one in self.mixes), default=np.inf):
                return True
            cells += self.cells(capacity)
            if len(self.tried) >= MOST_TRIED or cells > MOST_CELLS:
                return False
            self.attempt(capacity)
        return True

    def cells(self, capacity: Capacity) -> float:
        """Machines x months of a configuration, over the sizes of machine."""
        sizes = machine_sizes(self.machines.stairs(capacity))
        replicas = min(self.peak_req_s / capacity.req_s, self.machines.most_replicas(capacity))
        return replicas * sum(1 / size for size in sizes) * self.case.months.load_ratio.size

    @property
    def peak_req_s(self) -> float:
        """Of the month with most load."""
        return self.case.inputs.demand.peak_req_s * float(self.case.months.load_ratio.max())

    def finer(self, best: ConfigMix, every: Sequence[Capacity]) -> ConfigMix:
        """The same in the finest format that costs no more."""
        finer = _finer(best.capacity, every, self.peak_req_s)
        if finer is None or id(finer) in self.tried:
            return best
        self.attempt(finer)
        last = self.mixes[-1]
        return last if last.mix.usd_per_month <= best.mix.usd_per_month * (1 + 1e-9) else best


def _leading(every: Sequence[Capacity]) -> list[Capacity]:
    """Of configurations on as many GPUs of one kind, which the same machines hold, the one whose replica carries most; all with a
    separate prefill pool."""
    best: dict[tuple[str, int, int], Capacity] = {}
    for one in every:
        key = one.config.gpu.id, one.config.gpus_count, id(one) if one.least_replicas > 1 else 0
        if key not in best or one.req_s > best[key].req_s:
            best[key] = one
    return list(best.values())


def _finer(best: Capacity, every: Sequence[Capacity], peak_req_s: float) -> Capacity | None:
    """The first configuration, in the order of formats from the finest, of the same model and GPUs that needs as many replicas."""
    kind = best.config.model, best.config.gpu, best.config.gpus_count, best.least_replicas
    for one in every:
        if one is best or best.least_replicas > 1:
            return None
        same = (one.config.model, one.config.gpu, one.config.gpus_count, one.least_replicas) == kind
        if same and ceil(peak_req_s / one.req_s - 1e-9) == ceil(peak_req_s / best.req_s - 1e-9):
            return one
    return None


@dataclass(frozen=True, slots=True)
class _Bound:
    """What the mixes of a configuration with at least one machine cost at least: each replica and spare for itself, without the rest of
    its machine, start-up time and interruptions, on the cheapest term of each month, or at the API if that is less."""

    case: MixCase
    on_h: Array
    """(h, levels + 1) hours of each month above evenly spaced loads from 0 to `peak_ratio`, and none above the last."""
    peak_ratio: float

    @classmethod
    def of(cls, case: MixCase) -> "_Bound":
        """The bound for the load of a case."""
        loads, workload = case.months.load_ratio, case.inputs.scenario.workload
        peak = effective_peak_ratio(workload) * float(loads.max())
        on_h = hours_above(np.linspace(0.0, peak, LOAD_LEVELS + 1) / loads[:, None], workload)
        on_h[:, -1] = 0.0
        return cls(case, on_h, peak)

    def usd(self, capacity: Capacity, machines: Machines) -> float:
        """USD/month, a mean over the horizon."""
        stair, prices = machines.stairs(capacity)[0], machines.least_prices(capacity, self.case)
        demand, months = self.case.inputs.demand, self.case.months
        each = stair.requests_per_replica / demand.requests_per_month * demand.effective_peak_ratio
        loads = np.arange(float(min(ceil(self.peak_ratio / each), machines.most_replicas(capacity)))) * each
        levels = np.ceil(np.minimum(loads / self.peak_ratio, 1.0) * LOAD_LEVELS).astype(int)
        machine = self._priced(self.on_h, prices.hourly_usd, prices.kept_usd)
        usd, beyond = machine, 0.0
        if self.case.api is not None:
            request = months.bill_ratio * months.volume_ratio / months.load_ratio
            bill = self.case.api.unbatched_usd_per_month * request[:, None] / HOURS_PER_MONTH
            above = np.minimum(np.arange(LOAD_LEVELS + 1) + ceil(each / self.peak_ratio * LOAD_LEVELS), LOAD_LEVELS)
            usd = np.minimum(machine, bill * each * self.on_h[:, above])
            first = ceil(loads.size * each / self.peak_ratio * LOAD_LEVELS) + 1
            beyond = float((bill * self.on_h[:, first:]).sum(axis=1).mean()) * self.peak_ratio / LOAD_LEVELS
        spares = min(stair.spare_replicas, prices.held_count), max(stair.spare_replicas - prices.held_count, 0)
        rest = max(prices.held_count - stair.spare_replicas, 0)
        held, held_usd = np.minimum(usd, prices.held_usd), np.minimum(machine[:, 0], prices.held_usd)
        total = spares[0] * held_usd + spares[1] * machine[:, 0] + _sum(held, levels[:rest]) + _sum(usd, levels[rest:])
        whole = self._priced(self.on_h[:, :1], prices.machine_hourly_usd, prices.machine_kept_usd)
        return self.case.beside_usd_per_month + max(float(total.mean()) + beyond, float(whole.mean()))

    def _priced(self, hours: Array, hourly_usd: float, kept_usd: float) -> Array:
        """So many hours of each month (h, n) by the hour or on a term, whichever costs less."""
        paid = np.where(hours > 0, self.case.months.rent_ratio[:, None] * hours * min(hourly_usd, 1e30), 0.0)
        return np.minimum(paid, kept_usd)


def _sum(usd: Array, levels: NDArray[np.intp]) -> Array:
    """Of each month (h,), over replicas at these levels; `usd` (h, levels + 1)."""
    return np.asarray(usd @ np.bincount(levels, minlength=LOAD_LEVELS + 1))


@dataclass(frozen=True, slots=True)
class _LeastPrices:
    """The least that a replica of a configuration costs on any machine."""

    hourly_usd: float
    """By the hour, at today's rents; inf where none is."""
    kept_usd: float
    """Each month of a committed or purchased machine; inf where none is."""
    machine_hourly_usd: float
    machine_kept_usd: float
    """The same of one whole machine."""
    held_count: int
    """Replicas on machines that the user already has."""
    held_usd: float

    @classmethod
    def of(cls, stairs: Sequence[Staircase], case: MixCase) -> "_LeastPrices":
        """The least among the staircases of one configuration."""
        left = case.horizon - np.arange(case.horizon)
        hourly, kept, held = [(np.inf, np.inf)], [(np.inf, np.inf)], [(0, np.inf)]
        for size in machine_sizes(stairs):
            terms = case.terms(stairs, size)
            assert terms is not None
            hourly += [(term.usd_per_h / size, term.usd_per_h) for term in (terms.on_demand, terms.spot) if term]
            for term in terms.committed:
                paid, replicas = case.taken_usd(term, terms), size * term.ranks_count
                usd = float((paid / np.minimum(case.span_months(term), left)).min())
                if term.held is None:
                    kept.append((usd / replicas, usd))
                else:
                    held.append((term.held.count * size, usd / size))
        most = max(count for count, _ in held)
        return cls(
            hourly_usd=min(each for each, _ in hourly),
            kept_usd=min(each for each, _ in kept),
            machine_hourly_usd=min(whole for _, whole in hourly),
            machine_kept_usd=0.0 if most else min(whole for _, whole in kept),
            held_count=most,
            held_usd=min(each for _, each in held),
        )
