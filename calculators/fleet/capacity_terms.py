"""Terms on which the machines of one configuration can be had: already there, purchased, reserved, on demand, spot."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import inf

from calculators.fleet.held_gpus import HeldMachines
from calculators.fleet.machine_offers import MachineOffer
from calculators.fleet.staircase import Staircase
from calculators.units import HOURS_PER_MONTH, MONTHS_PER_YEAR


@dataclass(frozen=True, slots=True)
class MachineTerm:
    """The cheapest machines of a configuration on one term."""

    offer: MachineOffer
    ranks_count: int
    """How many of the smallest machines of the mix one of these replaces."""
    usd_per_month: float
    """One of them in each region, always on."""
    term_months: int = 0
    """For how long it is paid whether needed or not; 0: by the hour, or already there."""
    held: HeldMachines | None = None
    """Machines that the user already has."""

    @property
    def most_count(self) -> float:
        """How many there are."""
        return inf if self.held is None else self.held.count

    @property
    def is_held(self) -> bool:
        """Whether the user already has these machines."""
        return self.offer.basis == "held"

    @property
    def name(self) -> str:
        """The term in words."""
        if self.is_held:
            return "already yours"
        if self.offer.is_owned:
            return "purchased"
        if self.term_months:
            return f"{self.term_months // MONTHS_PER_YEAR}-year reserved"
        return "spot" if self.offer.is_spot else "on demand"

    @property
    def usd_per_h(self) -> float:
        """Price of an hour."""
        return self.usd_per_month / HOURS_PER_MONTH


@dataclass(frozen=True, slots=True)
class TermPrices:
    """The terms that a mix may combine, of machines of one size and of whole multiples of it."""

    smallest: Staircase
    """Of machines of the smallest size, whose load decides how long each is needed."""
    committed: tuple[MachineTerm, ...]
    on_demand: MachineTerm | None
    spot: MachineTerm | None

    def gpus_of(self, offer: MachineOffer) -> int:
        """GPUs of one machine of an offer in each region, in all; of all machines of a replica where it takes several."""
        config, regions = self.smallest.capacity.config, self.smallest.regions
        each = offer.gpus_per_machine or config.gpus_count
        return each * max(offer.machines_per_replica(config), 1) * regions


def machine_sizes(stairs: Sequence[Staircase]) -> list[int]:
    """Replicas on one machine, each size that is offered once, ascending."""
    return sorted({one.replicas_per_machine for one in stairs})


def term_prices(stairs: Sequence[Staircase], size: int, purchase_months: int) -> TermPrices | None:
    """The cheapest offer of each term among staircases of one capacity. Machines by the hour have `size` replicas; committed
    ones may be larger, in whole multiples. `purchase_months`: life of a purchased server."""
    fitting = [one for one in stairs if one.replicas_per_machine % size == 0]
    same = [one for one in fitting if one.replicas_per_machine == size]
    if not same:
        return None
    committed = [one for one in fitting if one.offer.is_committed]
    groups: dict[tuple[str, int], Staircase] = {}
    for one in sorted(committed, key=lambda one: one.machine_usd_per_month):
        groups.setdefault((one.offer.commitment, one.replicas_per_machine), one)
    hourly = [s for s in same if not s.offer.is_committed and s.offer.basis != "held"]
    hourly.sort(key=lambda one: one.machine_usd_per_month)
    steady, spot = ([one for one in hourly if one.offer.is_spot is is_spot] for is_spot in (False, True))
    return TermPrices(
        smallest=max(same, key=lambda one: one.max_machines),
        committed=(*_held(same), *(_term(one, size, purchase_months) for one in groups.values())),
        on_demand=_term(steady[0], size, 0) if steady else None,
        spot=_term(spot[0], size, 0) if spot else None,
    )


def _term(stair: Staircase, size: int, purchase_months: int) -> MachineTerm:
    months = purchase_months if stair.offer.is_owned else stair.offer.commitment_months or 0
    return MachineTerm(stair.offer, stair.replicas_per_machine // size, stair.machine_usd_per_month, months)


def _held(same: Sequence[Staircase]) -> tuple[MachineTerm, ...]:
    """The machines of this size that the user already has, as they are counted; none where there are none."""
    stair = next((one for one in same if one.held is not None), None)
    if stair is None or stair.held is None:
        return ()
    offer = replace(stair.offer, provider="GPUs you already have", commitment="held", basis="held")
    return (MachineTerm(offer, 1, stair.held.usd_per_month, 0, stair.held),)
