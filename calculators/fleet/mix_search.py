"""The cheapest mix of terms among all machine sizes on which a replica configuration is offered."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from calculators.fleet.base_load import prompt_overflow_frac
from calculators.fleet.capacity_mix import ApiPrices, CapacityMix, MixQuestion, capacity_mix, later_regret_usd
from calculators.fleet.capacity_terms import TermPrices, machine_sizes, term_prices
from calculators.fleet.load_by_hour import RankHours, billed_h_per_month, hours_above, rank_hours
from calculators.fleet.staircase import Staircase
from calculators.scenario.demand import Array, horizon_growth
from calculators.scenario.inputs import Inputs
from calculators.scenario.schema import Workload
from calculators.units import MONTHS_PER_YEAR, SECONDS_PER_HOUR


def cold_start_h(inputs: Inputs) -> float:
    """Hours from switching a machine on to its first answer."""
    return inputs.catalog.outlook.cold_start_s.central / SECONDS_PER_HOUR


def best_mix(
    stairs: Sequence[Staircase], inputs: Inputs, api: ApiPrices | None, beside_usd_per_month: float = 0.0
) -> CapacityMix | None:
    """The cheapest mix for the scenario's load among the staircases of one capacity, over the sizes of machine by the hour; the
    first size where several cost the same. None where nothing carries the load."""
    questions = [mix_question(stairs, size, inputs, api, beside_usd_per_month) for size in machine_sizes(stairs)]
    mixes = [mix for asked in questions if asked is not None for mix in (capacity_mix(asked),) if mix is not None]
    if not mixes:
        return None
    singles: dict[str, float] = {}
    for name, usd in (item for mix in mixes for item in mix.single_usd.items()):
        singles[name] = min(usd, singles.get(name, np.inf))
    return replace(min(mixes, key=lambda mix: mix.usd_per_month), single_usd=singles)


def mix_question(
    stairs: Sequence[Staircase], size: int, inputs: Inputs, api: ApiPrices | None, beside_usd_per_month: float = 0.0
) -> MixQuestion | None:
    """What a mix on machines of `size` replicas is chosen from; None where none is offered."""
    life_months = round(inputs.catalog.ownership.depreciation_years.central * MONTHS_PER_YEAR)
    terms = term_prices(stairs, size, life_months)
    if terms is None:
        return None
    start_h, outlook = cold_start_h(inputs), inputs.catalog.outlook
    asked = MixQuestion(
        hours=rank_hours(terms.smallest, inputs.scenario.workload, start_h),
        terms=terms,
        api=api,
        beside_usd_per_month=beside_usd_per_month,
        spot_overhead_ratio=1 + outlook.spot_interruptions_per_h.central * start_h,
        spot_covered_count=terms.smallest.spare_replicas // size,
    )
    return replace(asked, regret_usd=_regret_usd(asked, terms, inputs))


def _regret_usd(asked: MixQuestion, terms: TermPrices, inputs: Inputs) -> Array | None:
    """What commitments cost for months in which a falling volume needs them less (t, k); None where volume stays."""
    growth = horizon_growth(inputs.scenario, inputs.scenario.operations.horizon_months)
    if (growth >= 1).all():
        return None
    workload, start_h = inputs.scenario.workload, cold_start_h(inputs)
    usd = [_hourly_usd(asked, asked.hours, workload, ratio, start_h) for ratio in (1.0, *growth.tolist())]
    if not np.isfinite(usd).all():
        return None
    return later_regret_usd(np.array(usd[1:]), usd[0], terms.committed)


def _hourly_usd(asked: MixQuestion, hours: RankHours, workload: Workload, ratio: float, start_h: float) -> Array:
    """What each rank costs without a commitment at `ratio` times the volume (k,): on demand, or at the API where that is less."""
    carried = hours.carried_ratio / ratio
    on_demand = billed_h_per_month(hours_above(carried[:-1], workload), start_h) * asked.on_demand_usd_per_h
    if asked.api is None:
        return np.asarray(on_demand)
    over = prompt_overflow_frac(carried, np.asarray(workload.peak_ratio), workload)
    return np.minimum(on_demand, -np.diff(over) * ratio * asked.api.unbatched_usd_per_month)
