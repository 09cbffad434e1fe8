"""The ways to hold the capacity of one open model: on demand, reserved, spot, dedicated, bought, leased, and GPUs already there; each with its
own cheapest fleet, its total over the horizon, and what it commits to."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from calculators.catalog.base import COMMITMENT_MONTHS, Commitment
from calculators.catalog.catalog import Catalog
from calculators.catalog.dedicated import dedicated_endpoints
from calculators.evaluate import Evaluation, evaluate
from calculators.horizon.finance import lease_usd_per_month
from calculators.horizon.months import OptionMonths
from calculators.horizon.purchase import PurchaseCash, purchase_cash
from calculators.options.option import Option
from calculators.report.outlook_view import YOURS, OutlookRow, rule_row, yearly
from calculators.scenario.inputs import Inputs
from calculators.scenario.schema import Scenario
from calculators.units import SECONDS_PER_HOUR, count, percent, plural, significant, usd

ON_DEMAND, SPOT, DEDICATED = "On demand", "Spot", "Dedicated endpoint"
LIST_PRICE = "list price"
TERMS: tuple[tuple[Commitment, str], ...] = (
    ("on_demand", ON_DEMAND),
    ("1y", "Reserved for 1 year"),
    ("3y", "Reserved for 3 years"),
    ("spot", SPOT),
)


@dataclass(frozen=True, slots=True)
class CapacityWay:
    """One way to hold the capacity, with its cheapest fleet; None where no fleet can be had that way."""

    name: str
    fleet: str
    """Its label, or why there is none."""
    usd_per_month: float | None
    """Today, everything counted."""
    tco_usd: float | None
    """Over the horizon, everything counted."""
    committed_months: int
    """For how long it is paid, needed or not; the horizon where it is bought or leased."""
    note: str = ""
    rests_on: tuple[OutlookRow, ...] = ()
    """Prices and rules of thumb of its own, with source, day and confidence."""


def capacity_ways(evaluation: Evaluation, catalog: Catalog) -> tuple[CapacityWay, ...]:
    """Every way for the model of the cheapest fleet, the lowest total first; none where nothing can be self-hosted."""
    build = evaluation.build
    if build is None or build.plan is None:
        return ()
    base = _of_model(evaluation.scenario, build.plan.config.model.id)
    ways = [_rented(name, term, base, catalog) for term, name in TERMS]
    ways += [_dedicated(base, catalog), *_purchased(base, catalog)]
    if evaluation.scenario.hardware.existing_gpus:
        ways.append(_rented("GPUs you already have, the rest on demand", "on_demand", base, catalog, keeps_own=True))
    return tuple(sorted(ways, key=lambda way: np.inf if way.tco_usd is None else way.tco_usd))


def _of_model(scenario: Scenario, model: str) -> Scenario:
    """The scenario with this candidate only, and without the months until a fleet serves: those are the same for every way but a
    purchase, which can be bridged."""
    kept = tuple(c for c in scenario.candidates if c.model == model) or scenario.candidates
    at_once = scenario.outlook.model_copy(update={"server_lead_weeks": 0.0, "hiring_weeks": 0.0, "ramp_up_weeks": 0.0})
    return scenario.model_copy(update={"candidates": kept, "outlook": at_once})


def _with(scenario: Scenario, **hardware: object) -> Scenario:
    return scenario.model_copy(update={"hardware": scenario.hardware.model_copy(update=hardware)})


def _cheapest(found: Evaluation, kind: str) -> OptionMonths | None:
    return next((one for one in found.horizon.options if one.option.kind == kind), None)


def _rented(name: str, term: Commitment, scenario: Scenario, catalog: Catalog, keeps_own: bool = False) -> CapacityWay:
    own = scenario.hardware.existing_gpus if keeps_own else ()
    asked = _with(scenario, commitments=(term,), include_owned=False, existing_gpus=own)
    one = _cheapest(evaluate(asked, catalog), "self_host")
    if one is None:
        return CapacityWay(name, "no listed price of this term serves it", None, None, COMMITMENT_MONTHS.get(term, 0))
    way = _way(name, one, COMMITMENT_MONTHS.get(term, 0), (_rent_row(one.option),))
    return _interrupted(way, one, catalog) if term == "spot" else _beyond_horizon(way, scenario)


def _way(name: str, one: OptionMonths, committed_months: int, rests_on: tuple[OutlookRow, ...]) -> CapacityWay:
    option = one.option
    return CapacityWay(name, option.label, option.usd_per_month, one.tco_usd, committed_months, rests_on=rests_on)


def _rent_row(option: Option) -> OutlookRow:
    """The price of the machines of a fleet; the user's own as theirs."""
    assert option.plan is not None
    offer = option.plan.offer
    is_yours = offer.source.kind == "quote"
    return OutlookRow(
        what="price of the other GPUs" if option.plan.held_machines else "GPU price",
        used=f"{usd(offer.usd_per_gpu_h)}/GPU-hour",
        basis=YOURS if is_yours else LIST_PRICE,
        span="",
        confidence=None if is_yours else offer.confidence,
        source=offer.source.model_copy(update={"accessed": offer.seen or offer.source.accessed}),
        why=", ".join(
            [
                offer.machine,
                *([offer.region] if offer.region else []),
                *(["one listing"] if offer.is_single_listing else []),
            ]
        ),
    )


def _dedicated(scenario: Scenario, catalog: Catalog) -> CapacityWay:
    """The cheapest fleet on a provider's dedicated endpoints, which the provider operates: staffing and move are those of a hosted
    open model."""
    cheapest, book, operations = dedicated_endpoints().cheapest(), catalog.ownership, scenario.operations
    prices = {gpu: one.usd_per_gpu_h for gpu, one in cheapest.items() if gpu in catalog.gpus}
    fte, weeks = operations.hosted_fte, operations.hosted_migration_weeks
    hosted = {
        "roles": (),
        "self_host_fte": book.hosted_open_fte.central if fte is None else fte,
        "migration_weeks": book.hosted_open_migration_weeks.central if weeks is None else weeks,
        "platform_usd_per_month": 0.0,
    }
    asked = _with(scenario, gpus=tuple(prices), rent_usd_per_gpu_h=prices, include_owned=False, existing_gpus=())
    asked = asked.model_copy(update={"operations": operations.model_copy(update=hosted)})
    one = _cheapest(evaluate(asked, catalog), "self_host")
    if one is None or one.option.plan is None:
        return CapacityWay(DEDICATED, "no provider with a price serves it, or is known to be allowed", None, None, 0)
    endpoint = cheapest[one.option.plan.config.gpu.id]
    label = one.option.label.replace("self-hosted on", "on dedicated")
    rent = replace(
        _rent_row(one.option),
        basis=LIST_PRICE,
        confidence=endpoint.confidence,
        source=dedicated_endpoints().sources[endpoint.source].model_copy(update={"accessed": endpoint.seen}),
        why=endpoint.name,
    )
    return replace(
        _way(DEDICATED, one, 0, (rent,)),
        fleet=label.replace("at your negotiated price", f"at {endpoint.name}"),
        note="operated by the provider; ask whether it takes the model",
    )


def _interrupted(way: CapacityWay, one: OptionMonths, catalog: Catalog) -> CapacityWay:
    """Spot machines are taken back: the hours until the next one serves are rented for nothing."""
    rules = catalog.outlook
    lost_frac = min(rules.spot_interruptions_per_h.central * rules.cold_start_s.central / SECONDS_PER_HOUR, 0.5)
    more = 1 / (1 - lost_frac) - 1
    rent = one.option.lines[0].usd_per_month
    assert way.usd_per_month is not None
    assert way.tco_usd is not None
    every_h = plural(round(1 / rules.spot_interruptions_per_h.central), "hour")
    interrupted = rule_row("interruptions per hour", rules.spot_interruptions_per_h, rules.sources, significant)
    start = rule_row("cold start", rules.cold_start_s, rules.sources, lambda s: f"{count(s)} s")
    return replace(
        way,
        usd_per_month=way.usd_per_month + rent * more,
        tco_usd=way.tco_usd + rent * more * len(one.cost_usd),
        note=f"taken back about every {every_h}: {percent(more)} more rent",
        rests_on=(*way.rests_on, interrupted, start),
    )


def _beyond_horizon(way: CapacityWay, scenario: Scenario) -> CapacityWay:
    """A note on what of a commitment is still to be paid when the horizon ends; the total holds it."""
    months, term = scenario.operations.horizon_months, way.committed_months
    left = -months % term if term else 0
    if not left:
        return way
    return replace(way, note=f"{plural(left, 'month')} of the last term are left after the horizon, and are counted")


def _purchased(scenario: Scenario, catalog: Catalog) -> list[CapacityWay]:
    """The cheapest fleet on purchased servers, paid at once or leased over the horizon."""
    asked = _with(scenario, commitments=("on_demand",), include_owned=True, existing_gpus=())
    one, months = _cheapest(evaluate(asked, catalog), "own_hardware"), scenario.operations.horizon_months
    if one is None:
        none = "no purchase price of a GPU that serves it is known"
        return [CapacityWay(name, none, None, None, months) for name in ("Bought", "Leased")]
    inputs = Inputs.of(asked, catalog)
    cash, rate = _purchase(one.option, inputs), inputs.catalog.outlook.lease_frac_per_year
    paid = _leased_usd(cash, rate.central)
    tco = one.tco_usd - cash.capex_usd.sum() + cash.residual_usd.sum() + paid
    bought = _way("Bought", one, months, _purchase_rows(one.option, inputs))
    interest = rule_row("interest of a lease", rate, inputs.catalog.outlook.sources, yearly)
    leased = replace(
        bought,
        name="Leased",
        usd_per_month=None,
        tco_usd=float(tco),
        note=f"interest of {percent(rate.central)} a year, the residual value left to the lessor",
        rests_on=(*bought.rests_on, interest),
    )
    return [replace(bought, note="the wait for delivery is not counted; sold at the end of the horizon"), leased]


def _purchase_rows(option: Option, inputs: Inputs) -> tuple[OutlookRow, ...]:
    """The price of the servers."""
    assert option.plan is not None
    book = inputs.catalog.ownership
    price = book.server_usd_per_gpu[option.plan.config.gpu.id]
    return (rule_row("server price per GPU", price, book.sources, usd),)


def _purchase(option: Option, inputs: Inputs) -> PurchaseCash:
    """The purchase of today's fleet at once."""
    assert option.plan is not None
    gpus = np.full(inputs.scenario.operations.horizon_months, float(option.plan.gpus))
    return purchase_cash(option.plan.config.gpu.id, gpus, inputs)


def _leased_usd(cash: PurchaseCash, per_year_frac: float) -> float:
    """All payments of a lease over the horizon."""
    months = cash.capex_usd.size - 1
    return months * lease_usd_per_month(
        float(cash.capex_usd.sum()), per_year_frac, months, float(cash.residual_usd.sum())
    )


def ways_sentence(ways: Sequence[CapacityWay], months: int) -> str:
    """Which way has the lowest total, and by how much below on demand; spot machines are told apart, since they can be taken back."""
    priced = [way for way in ways if way.tco_usd is not None]
    lasting = [way for way in priced if way.name != SPOT]
    if not lasting:
        return "No way to hold the capacity has a price."
    best, on_demand = lasting[0], next((way for way in lasting if way.name == ON_DEMAND), None)
    total = f"{best.name} has the lowest total over {plural(months, 'month')}: {usd(best.tco_usd or 0.0)}"
    if on_demand is not None and on_demand is not best:
        total += f", {usd((on_demand.tco_usd or 0.0) - (best.tco_usd or 0.0))} less than on demand"
    if priced[0] is best:
        return f"{total}."
    less = (best.tco_usd or 0.0) - (priced[0].tco_usd or 0.0)
    return f"{total}. Spot machines would cost {usd(less)} less, but can be taken back at any time."
