"""Load by hour as a page shows it: the week, the cheapest mix of terms for one replica configuration with the reason of each, and
fleets that follow the load."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from calculators.catalog.base import COMMITMENT_MONTHS, Commitment
from calculators.catalog.catalog import Catalog
from calculators.compliance.operator_check import expand, judge
from calculators.compliance.residency import machine_meets_residency, required_facts
from calculators.evaluate import Evaluation
from calculators.fleet.capacity_mix import ApiPrices, CapacityMix
from calculators.fleet.fleet_schedule import FleetSchedule, fleet_schedules
from calculators.fleet.held_gpus import held_offers
from calculators.fleet.load_by_hour import LoadWeek, load_week
from calculators.fleet.machine_offers import MachineOffer, machine_offers
from calculators.fleet.mix_search import best_mix, cold_start_h, mix_question
from calculators.fleet.plan import FleetPlan
from calculators.fleet.staircase import Staircase, staircases_on
from calculators.options.option import Option
from calculators.options.shortlist import machine_operator, newest_of
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
from calculators.scenario.schema import Scenario

EVERY_TERM: tuple[Commitment, ...] = ("on_demand", "spot", *(c for c in ("1y", "3y", "5y") if c in COMMITMENT_MONTHS))


@dataclass(frozen=True, slots=True)
class MixView:
    """What the section *Load by hour* shows."""

    week: LoadWeek
    week_sentence: str
    configuration: str
    """Of each replica, in words."""
    headline: str
    rows: tuple[MixRow, ...]
    notes: tuple[str, ...]
    schedules: tuple[ScheduleRow, ...]
    mix: CapacityMix
    """Of `rows`."""
    with_api: CapacityMix | None
    """The cheapest mix where an API may take part; None where no API is allowed. `mix` is of machines alone where this is the API
    only."""


def mix_view(evaluation: Evaluation, catalog: Catalog, option: Option | None = None) -> MixView | None:
    """The view of a self-hosted option's configuration, the cheapest one's unless given; None where nothing can be self-hosted
    within the GPU limit."""
    option = option or evaluation.build or next((o for o in evaluation.options if o.plan is not None), None)
    if option is None or option.plan is None:
        return None
    inputs = Inputs(evaluation.scenario, evaluation.demand, catalog)
    stairs = term_staircases(option.plan, inputs)
    api, beside_usd = mix_api_prices(evaluation), beside_machines_usd(evaluation)
    own, shared = best_mix(stairs, inputs, None, beside_usd), best_mix(stairs, inputs, api, beside_usd) if api else None
    mix = shared if shared is not None and (shared.shares or own is None) else own
    if mix is None:
        return None
    week = load_week(evaluation.scenario.workload)
    return MixView(
        week=week,
        week_sentence=week_sentence(week, evaluation.scenario.workload),
        configuration=configuration_words(option.plan),
        headline=mix_headline(mix, shared),
        rows=mix_rows(mix, inputs.catalog.outlook),
        notes=mix_notes(mix, inputs),
        schedules=schedule_rows(schedules_of(stairs, inputs), inputs),
        mix=mix,
        with_api=shared,
    )


def term_staircases(plan: FleetPlan, inputs: Inputs) -> list[Staircase]:
    """Staircases of a fleet's configuration on every term on which a provider that the requirements allow offers its GPU."""
    scenario, gpu = inputs.scenario, plan.config.gpu
    every = [
        *held_offers(gpu.id, scenario, inputs.catalog),
        *machine_offers(gpu, _on_every_term(scenario), inputs.catalog),
    ]
    offers = [offer for offer in every if _is_allowed(offer, inputs)]
    stairs = staircases_on([plan.capacity], offers, inputs)
    newest = newest_of(stairs, np.ones(len(stairs), dtype=bool))
    return [one for one, is_kept in zip(stairs, newest.tolist(), strict=True) if is_kept]


def _on_every_term(scenario: Scenario) -> Scenario:
    hardware = scenario.hardware.model_copy(update={"commitments": EVERY_TERM, "include_owned": True})
    return scenario.model_copy(update={"hardware": hardware})


def _is_allowed(offer: MachineOffer, inputs: Inputs) -> bool:
    """Whether the requirements allow the operator of a machine, and its region."""
    requirements = expand(inputs.scenario.compliance.requirements, inputs.catalog)
    if not machine_meets_residency(offer.is_owned, offer.region, required_facts(requirements)):
        return False
    operator = machine_operator(offer, inputs.catalog)
    return judge(operator, requirements, inputs.catalog, inputs.scenario.as_of).status == "allowed"


def mix_api_prices(evaluation: Evaluation) -> ApiPrices | None:
    """What the cheapest allowed API bills for all requests, and costs besides; None where none is allowed."""
    if not any(option.is_buy for option in evaluation.allowed):
        return None
    buy = evaluation.buy
    assert buy.bill is not None
    unbatched = buy.bill.unbatched_usd_per_month
    batched = unbatched - buy.bill.batch_saving_of_all_usd_per_month
    return ApiPrices(buy.label, unbatched, batched, buy.fixed_usd_per_month)


def beside_machines_usd(evaluation: Evaluation) -> float:
    """What self-hosting costs besides machines, USD/month."""
    line = evaluation.build_line
    return line.fixed_usd_per_month + line.usd_per_request * evaluation.demand.requests_per_month


def schedules_of(stairs: Sequence[Staircase], inputs: Inputs) -> tuple[FleetSchedule, ...]:
    """Fleets that follow the load, on the cheapest machines on demand; none where the GPU is not offered on demand."""
    hourly = [s for s in stairs if not (s.offer.is_committed or s.offer.is_spot or s.offer.basis == "held")]
    costs = [
        rows
        for size in sorted({one.replicas_per_machine for one in hourly})
        for asked in (mix_question(stairs, size, inputs, None),)
        if asked is not None and asked.terms.on_demand is not None
        for rows in (
            fleet_schedules(asked.hours, inputs.scenario.workload, asked.on_demand_usd_per_h, cold_start_h(inputs)),
        )
        if rows
    ]
    return min(costs, key=lambda rows: min(row.usd_per_month for row in rows), default=())


def configuration_words(plan: FleetPlan) -> str:
    """Model, precision and GPUs of a replica in words."""
    config = plan.config
    gpus = f"{config.gpus_count}× " if config.gpus_count > 1 else ""
    return f"{config.model.name} in {config.precision.upper()} on {gpus}{config.gpu.name} for each replica"
