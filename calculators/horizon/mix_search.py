"""The cheapest mix of terms over the months of the horizon, among all machine sizes on which a replica configuration is offered: rents,
API prices, purchases and GPUs that one has cost in each month what they do in every other total of the plan."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from calculators.fleet.capacity_mix import ApiPrices, CapacityMix, MixQuestion, capacity_mix, kept_usd, without_usd
from calculators.fleet.capacity_terms import MachineTerm, TermPrices, machine_sizes, term_prices
from calculators.fleet.load_by_hour import LoadMonths, rank_hours
from calculators.fleet.owned_servers import gpu_cash_of
from calculators.fleet.staircase import Staircase
from calculators.options.month_path import own_generation_ratio, rent_ratios
from calculators.scenario.demand import Array, horizon_growth
from calculators.scenario.inputs import Inputs
from calculators.units import MONTHS_PER_YEAR, SECONDS_PER_HOUR


def cold_start_h(inputs: Inputs) -> float:
    """Hours from switching a machine on to its first answer."""
    return inputs.catalog.outlook.cold_start_s.central / SECONDS_PER_HOUR


@dataclass(frozen=True)
class MixCase:
    """What the mixes of all configurations of a scenario have in common."""

    inputs: Inputs
    api: ApiPrices | None = None
    """None: no API may take the overflow."""
    beside_usd_per_month: float = 0.0
    """What self-hosting costs besides machines."""

    @property
    def horizon(self) -> int:
        """Months of the horizon."""
        return self.inputs.scenario.operations.horizon_months

    @cached_property
    def months(self) -> LoadMonths:
        """Volume, newer models, rents and API prices in each month."""
        api, months = self.api, self.horizon
        path = LoadMonths(
            volume_ratio=horizon_growth(self.inputs.scenario, months),
            need_ratio=own_generation_ratio(self.inputs, months),
            rent_ratio=rent_ratios(None, self.inputs, months),
            bill_ratio=np.ones(months) if api is None or api.month_ratio is None else api.month_ratio,
        )
        return LoadMonths.flat() if path.is_flat else path

    def terms(self, stairs: Sequence[Staircase], size: int) -> TermPrices | None:
        """The cheapest offer of each term at today's prices, as of `term_prices`."""
        return term_prices(stairs, size, self._life_months)

    @property
    def _life_months(self) -> int:
        return round(self.inputs.catalog.ownership.depreciation_years.central * MONTHS_PER_YEAR)

    def span_months(self, term: MachineTerm) -> int:
        """For how long a machine is paid once it is taken: its commitment, a server to the end of the horizon, GPUs that one has by the
        month."""
        if term.held is not None:
            return 1
        return self.horizon if term.offer.is_owned else term.term_months

    def taken_usd(self, term: MachineTerm, terms: TermPrices) -> Array:
        """All that is paid for one machine taken in each month (h,): a commitment to its end, also beyond the horizon, where it has
        today's price; a server less what it sells for at the end."""
        if term.held is not None:
            return np.array([term.held.usd_in(month) for month in range(self.horizon)])
        if term.offer.is_owned:
            scenario, catalog = self.inputs.scenario, self.inputs.catalog
            each_usd = gpu_cash_of(term.offer.gpu_id, self.horizon, scenario, catalog).total_usd
            return each_usd * terms.gpus_of(term.offer)
        ratios = rent_ratios(term.offer.commitment_months, self.inputs, self.horizon)
        total = np.append(0.0, np.cumsum(np.append(ratios, np.ones(term.term_months))))
        starts = np.arange(self.horizon)
        return np.asarray(term.usd_per_month * (total[starts + term.term_months] - total[starts]))


def best_mix(stairs: Sequence[Staircase], case: MixCase) -> CapacityMix | None:
    """The cheapest mix among the staircases of one capacity, over the sizes of machine by the hour, as means over the months of
    the horizon; the first size where several cost the same. None where nothing carries the load."""
    questions = [mix_question(stairs, size, case) for size in machine_sizes(stairs)]
    mixes = [mix for asked in questions if asked is not None for mix in (capacity_mix(asked),) if mix is not None]
    if not mixes:
        return None
    return replace(min(mixes, key=lambda mix: mix.usd_per_month), single_usd=least_singles_usd(mixes))


def least_singles_usd(mixes: Sequence[CapacityMix]) -> dict[str, float]:
    """The least that each single term costs in any of several mixes."""
    singles: dict[str, float] = {}
    for name, usd in (item for mix in mixes for item in mix.single_usd.items()):
        singles[name] = min(usd, singles.get(name, np.inf))
    return singles


def mix_question(stairs: Sequence[Staircase], size: int, case: MixCase) -> MixQuestion | None:
    """What a mix on machines of `size` replicas is chosen from; None where none is offered."""
    terms = case.terms(stairs, size)
    if terms is None:
        return None
    start_h, outlook = cold_start_h(case.inputs), case.inputs.catalog.outlook
    hours = rank_hours(terms.smallest, case.inputs.scenario.workload, start_h, case.months)
    spans, sizes = ([of(term) for term in terms.committed] for of in (case.span_months, lambda term: term.ranks_count))
    paid_usd = np.array([case.taken_usd(term, terms) for term in terms.committed]).reshape(-1, case.horizon)
    hourly_usd = terms.on_demand.usd_per_h if terms.on_demand else np.inf
    instead = without_usd(hours.month_billed_h * case.months.rent_ratio[:, None], hourly_usd, sizes)
    nothing = without_usd(hours.month_used.astype(float), np.inf, sizes)
    if hours.waiting_frac:  # a machine that may be missing has no room for requests that wait
        instead = nothing
    always = np.full((*nothing.shape[:2], 1), np.inf)
    without = np.concatenate([always, instead, nothing], axis=2)
    kept = kept_usd(paid_usd, spans, np.broadcast_to(without, (len(spans), case.horizon, without.shape[2])))
    always_usd, mixed_usd, alone_usd = np.split(kept, [1, 1 + instead.shape[2]], axis=1)
    committed = (
        replace(term, usd_per_month=float(usd)) for term, usd in zip(terms.committed, always_usd[:, 0], strict=True)
    )
    return MixQuestion(
        hours=hours,
        terms=replace(terms, committed=tuple(committed)),
        api=case.api,
        beside_usd_per_month=case.beside_usd_per_month,
        spot_overhead_ratio=1 + outlook.spot_interruptions_per_h.central * start_h,
        spot_covered_count=terms.smallest.spare_replicas // size,
        mixed_usd=mixed_usd,
        alone_usd=alone_usd,
    )
