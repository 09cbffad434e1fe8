"""Load by hour as a page shows it: the week, the cheapest mix of terms for one replica configuration with the reason of each, and
fleets that follow the load."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from calculators.catalog.catalog import Catalog
from calculators.evaluate import Evaluation
from calculators.fleet.capacity_mix import ApiPrices, CapacityMix
from calculators.fleet.capacity_terms import machine_sizes
from calculators.fleet.fleet_schedule import FleetSchedule, fleet_schedules
from calculators.fleet.load_by_hour import LoadWeek, load_week, rank_hours
from calculators.fleet.staircase import Staircase
from calculators.horizon.mix_configs import ConfigMix, Machines, cheapest_mix, config_mix
from calculators.horizon.mix_search import MixCase, cold_start_h
from calculators.options.month_path import month_path
from calculators.options.option import Option
from calculators.performance.replica import ReplicaConfig
from calculators.report.mix_text import (
    MixRow,
    ScheduleRow,
    mix_headline,
    mix_notes,
    mix_rows,
    schedule_rows,
    week_sentence,
)
from calculators.scenario.inputs import Inputs
from calculators.units import count, plural


@dataclass(frozen=True, slots=True)
class MixView:
    """What the section *Load by hour* shows."""

    week: LoadWeek
    week_sentence: str
    configuration: str
    """Of each replica, in words."""
    compared: str
    """Among how many configurations it was best; empty where it was chosen."""
    headline: str
    rows: tuple[MixRow, ...]
    notes: tuple[str, ...]
    schedules: tuple[ScheduleRow, ...]
    fleets: tuple[FleetSchedule, ...]
    """Of `schedules`."""
    start_up_s: float
    """Of a machine, from switching it on to its first answer."""
    best: ConfigMix
    """The configuration, and the mix of `rows`."""
    with_api: CapacityMix | None
    """The cheapest mix where an API may take part; None where no API is allowed. `mix` is of machines alone where this is the API
    only."""

    @property
    def mix(self) -> CapacityMix:
        """Of `rows`."""
        return self.best.mix

    @property
    def sentence(self) -> str:
        """The mix with its configuration, for a text without a heading."""
        return f"Load by hour ({self.configuration}): {self.headline}"


def mix_view(evaluation: Evaluation, catalog: Catalog, option: Option | None = None) -> MixView | None:
    """The view of the configuration whose mix costs least, or of that of a self-hosted option; None where nothing can be self-hosted
    within the GPU limit."""
    inputs = Inputs(evaluation.scenario, evaluation.demand, catalog)
    build = evaluation.build or next((o for o in evaluation.options if o.plan is not None), None)
    cheapest = build.plan if build else None
    chosen = option.plan if option else cheapest
    if cheapest is None or chosen is None:
        return None
    api, beside_usd = mix_api_prices(evaluation, inputs), beside_machines_usd(evaluation)

    every, machines = MixCase(inputs, api, beside_usd), Machines(inputs)

    def found_with(api: ApiPrices | None) -> ConfigMix | None:
        case = replace(every, api=api)
        if option is None:
            return cheapest_mix(case, machines, cheapest.capacity)
        return config_mix(chosen.capacity, case, machines)

    shared = found_with(api) if api else None
    own = found_with(None) if shared is None or not shared.mix.shares else None
    best = own or shared
    if best is None:
        return None
    mix, week = best.mix, load_week(evaluation.scenario.workload)
    with_api = shared.mix if shared else None
    return MixView(
        week=week,
        week_sentence=week_sentence(week, evaluation.scenario.workload),
        configuration=configuration_words(best.capacity.config),
        compared=compared_sentence(best, cheapest.config) if option is None else "",
        headline=mix_headline(mix, with_api),
        rows=mix_rows(mix, inputs.catalog.outlook),
        notes=mix_notes(mix, inputs),
        schedules=schedule_rows(fleets := schedules_of(best.stairs, inputs), inputs),
        fleets=fleets,
        start_up_s=inputs.catalog.outlook.cold_start_s.central,
        best=best,
        with_api=with_api,
    )


def mix_api_prices(evaluation: Evaluation, inputs: Inputs) -> ApiPrices | None:
    """What the cheapest allowed API bills for all requests, and costs besides; None where none is allowed."""
    if not any(option.is_buy for option in evaluation.allowed):
        return None
    buy, months = evaluation.buy, inputs.scenario.operations.horizon_months
    assert buy.bill is not None
    unbatched = buy.bill.unbatched_usd_per_month
    batched = unbatched - buy.bill.batch_saving_of_all_usd_per_month
    ratio = np.broadcast_to(month_path([buy], buy, (), inputs).bill_ratio[0], months)
    return ApiPrices(buy.label, unbatched, batched, buy.fixed_usd_per_month, ratio)


def beside_machines_usd(evaluation: Evaluation) -> float:
    """What self-hosting costs besides machines, mean USD/month over the horizon: network egress grows with volume."""
    line, horizon = evaluation.build_line, evaluation.horizon
    return line.fixed_usd_per_month + line.usd_per_request * float(horizon.requests.mean())


def schedules_of(stairs: Sequence[Staircase], inputs: Inputs) -> tuple[FleetSchedule, ...]:
    """Fleets that follow the load, on the cheapest machines on demand; none where the GPU is not offered on demand."""
    hourly = [s for s in stairs if not (s.offer.is_committed or s.offer.is_spot or s.offer.basis == "held")]
    start_h, workload = cold_start_h(inputs), inputs.scenario.workload
    costs = [
        rows
        for size in machine_sizes(hourly)
        for terms in (MixCase(inputs).terms(stairs, size),)
        if terms is not None and terms.on_demand is not None
        for hours in (rank_hours(terms.smallest, workload, start_h),)
        for rows in (fleet_schedules(hours, workload, terms.on_demand.usd_per_h, start_h),)
        if rows
    ]
    return min(costs, key=lambda rows: min(row.usd_per_month for row in rows), default=())


def configuration_words(config: ReplicaConfig) -> str:
    """Model, precision and GPUs of a replica in words."""
    gpus = f"{config.gpus_count}× " if config.gpus_count > 1 else ""
    return f"{config.model.name} in {config.precision.upper()} on {gpus}{config.gpu.name} for each replica"


def compared_sentence(best: ConfigMix, cheapest: ReplicaConfig) -> str:
    """Among how many configurations the mix was best, and that it is another one than that of the cheapest fleet on its own."""
    total, tried = plural(best.config_count, "configuration"), count(best.tried_count)
    rest = "none of the others can cost less" if best.is_exact else "those with the lowest possible cost"
    told = f"The cheapest of {total} that meet your targets: {tried} compared in full, {rest}."
    if best.capacity.config == cheapest:
        return told
    return f"{told} The cheapest fleet on the terms that you search is {configuration_words(cheapest)}."
