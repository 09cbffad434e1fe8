"""The cheapest mix of terms among all machine sizes on which a replica configuration is offered."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from calculators.fleet.base_load import prompt_overflow_frac
from calculators.fleet.capacity_mix import ApiPrices, CapacityMix, MixQuestion, capacity_mix, lapsing_usd
from calculators.fleet.capacity_terms import machine_sizes, term_prices
from calculators.fleet.load_by_hour import billed_h_per_month, hours_above, rank_hours
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
    """The cheapest mix among the staircases of one capacity, over the sizes of machine by the hour, as means over the months of
    the horizon; the first size where several cost the same. None where nothing carries the load."""
    scenario = inputs.scenario
    growth = tuple(horizon_growth(scenario, scenario.operations.horizon_months).tolist())
    ratios = growth if set(growth) != {1.0} else (1.0,)
    questions = [
        mix_question(stairs, size, inputs, api, beside_usd_per_month, ratios) for size in machine_sizes(stairs)
    ]
    mixes = [mix for asked in questions if asked is not None for mix in (capacity_mix(asked),) if mix is not None]
    if not mixes:
        return None
    singles: dict[str, float] = {}
    for name, usd in (item for mix in mixes for item in mix.single_usd.items()):
        singles[name] = min(usd, singles.get(name, np.inf))
    return replace(min(mixes, key=lambda mix: mix.usd_per_month), single_usd=singles)


def mix_question(
    stairs: Sequence[Staircase],
    size: int,
    inputs: Inputs,
    api: ApiPrices | None,
    beside_usd_per_month: float = 0.0,
    volume_ratios: Sequence[float] = (1.0,),
) -> MixQuestion | None:
    """What a mix on machines of `size` replicas is chosen from; None where none is offered. `volume_ratios`: volume of each month
    over today's."""
    life_months = round(inputs.catalog.ownership.depreciation_years.central * MONTHS_PER_YEAR)
    terms = term_prices(stairs, size, life_months)
    if terms is None:
        return None
    start_h, outlook, workload = cold_start_h(inputs), inputs.catalog.outlook, inputs.scenario.workload
    asked = MixQuestion(
        hours=rank_hours(terms.smallest, workload, start_h, volume_ratios),
        terms=terms,
        api=api,
        beside_usd_per_month=beside_usd_per_month,
        spot_overhead_ratio=1 + outlook.spot_interruptions_per_h.central * start_h,
        spot_covered_count=terms.smallest.spare_replicas // size,
    )
    if len(volume_ratios) == 1 or (terms.on_demand is None and api is None):
        return asked
    hourly = [_hourly_usd(asked, workload, ratio, start_h) for ratio in volume_ratios]
    return replace(asked, lapsed_usd=lapsing_usd(np.array(hourly), terms.committed))


def _hourly_usd(asked: MixQuestion, workload: Workload, ratio: float, start_h: float) -> Array:
    """What each rank costs without a commitment at `ratio` times the volume (k,): on demand, or at the API where that is less."""
    carried = asked.hours.carried_ratio / ratio
    on_demand = np.full(len(asked.hours.on_h), np.inf)
    if asked.terms.on_demand is not None:
        on_demand[:] = billed_h_per_month(hours_above(carried[:-1], workload), start_h) * asked.on_demand_usd_per_h
    if asked.api is None:
        return np.asarray(on_demand)
    over = prompt_overflow_frac(carried, np.asarray(workload.peak_ratio), workload)
    return np.asarray(np.minimum(on_demand, -np.diff(over) * ratio * asked.api.unbatched_usd_per_month))
