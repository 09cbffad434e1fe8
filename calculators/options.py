"""The ways to serve the workload, with every line of their cost: today's API, the same API with its discounts used, the
cheapest host of each open model, and the cheapest fleet for each."""

from collections.abc import Sequence

import numpy as np

from calculators import api_cost, fleet, own_calibration, ownership
from calculators.api_cost import ApiBill, Offer
from calculators.catalog import Catalog
from calculators.crossover import Line
from calculators.decision import Option, OptionKind
from calculators.fleet import Misfit, Plan, Staircase
from calculators.own_calibration import OwnFit
from calculators.ownership import CostLine, fixed_line
from calculators.scenario import Candidate, Scenario
from calculators.units import HOURS_PER_MONTH, SECONDS_PER_HOUR
from calculators.workload import Demand

RANGE_SETUPS = 60  # how many of the cheapest setups are sized again for the pessimistic and optimistic case


# --- buying ------------------------------------------------------------------------------------------------------


def buy_options(scenario: Scenario, need: Demand, catalog: Catalog) -> list[Option]:
    """Today's API, the same API with its discounts used, and the cheapest host of each accepted open model."""
    offer = api_cost.offer(scenario.api.provider, scenario.api.model, catalog)
    w = scenario.workload
    today = api_cost.monthly_bill(
        offer, need, scenario.as_of, w.cached_frac, w.cache_write_frac, discount_frac=scenario.api.discount_frac
    )
    found = [_api_option("api_today", offer.label, today)]
    best = optimised_bill(offer, scenario, need, catalog, scenario.api.discount_frac)
    if best.usd_per_month < today.usd_per_month * 0.995:
        found.append(_api_option("api_optimised", f"{offer.label} {_discounts(today, best)}", best))
    for candidate in scenario.candidates:
        if candidate.gate != "not_acceptable":
            found += hosts(candidate, scenario, need, catalog)[:1]
    return found


def _discounts(today: ApiBill, best: ApiBill) -> str:
    """What the cheaper bill uses that today's does not."""
    cached = best.cache_read_usd_per_month > today.cache_read_usd_per_month
    used = [word for word, on in (("caching", cached), ("batch", best.batch_saving_usd_per_month > 0)) if on]
    return f"with {' and '.join(used) or 'its discounts'}"


def optimised_bill(
    offer: Offer, scenario: Scenario, need: Demand, catalog: Catalog, discount_frac: float = 0.0
) -> ApiBill:
    """The cheapest way to buy here: prompts ordered for caching or not, deferrable requests in the batch tier.

    Where cache writes cost extra, every cacheable token that misses is taken as written once.
    """
    w, rule = scenario.workload, catalog.rules.get(offer.provider)
    day = scenario.as_of
    batch_off = rule.batch_discount_frac if rule else None
    minimum_tok = float(rule.cache_min_tok or 0) if rule else 0.0
    price = api_cost.rates(offer, day)[0]
    writes = (1 - w.cacheable_frac) if price.cache_write_usd_per_mtok > price.input_usd_per_mtok else 0.0
    ways = (
        api_cost.monthly_bill(
            offer, need, day, w.cached_frac, w.cache_write_frac, w.deferrable_frac, discount_frac, 0.0, batch_off
        ),
        api_cost.monthly_bill(
            offer,
            need,
            day,
            max(w.cacheable_frac, w.cached_frac),
            writes if w.cacheable_frac else 0.0,
            w.deferrable_frac,
            discount_frac,
            minimum_tok,
            batch_off,
        ),
    )
    return min(ways, key=lambda bill: bill.usd_per_month)


def hosts(candidate: Candidate, scenario: Scenario, need: Demand, catalog: Catalog) -> list[Option]:
    """Every allowed seller of this open model, cheapest first."""
    model, allowed = catalog.model(candidate.model), scenario.api.hosted_sellers
    extra = ownership.hosted_open_lines(scenario.operations, catalog.ownership)
    found = [
        _api_option("hosted_open", f"{model.name} at {offer.provider_name}", bill, extra, model.name, candidate)
        for offer in api_cost.hosted_offers(model, scenario.as_of, catalog)
        if not allowed or offer.provider in allowed
        for bill in (optimised_bill(offer, scenario, need, catalog),)
    ]
    return sorted(found, key=lambda option: option.usd_per_month)


def _api_option(
    kind: OptionKind,
    label: str,
    bill: ApiBill,
    extra: tuple[CostLine, ...] = (),
    model: str | None = None,
    candidate: Candidate | None = None,
) -> Option:
    basis = f"list price, {bill.offer.confidence} confidence"
    lines = (fixed_line("API bill", bill.usd_per_month, basis, bill.offer.source, bill.working), *extra)
    return Option(
        kind=kind,
        label=label,
        lines=lines,
        model=model or bill.offer.model,
        gate=candidate.gate if candidate else None,
        bill=bill,
        low_usd_per_month=sum(line.low_usd_per_month for line in lines),
        high_usd_per_month=sum(line.high_usd_per_month for line in lines),
    )


def buy_line(option: Option, need: Demand) -> Line:
    bill = option.bill
    assert bill is not None
    return Line(bill.usd_per_request, option.usd_per_month - bill.usd_per_month)


# --- building ----------------------------------------------------------------------------------------------------


def peak_s_per_month(scenario: Scenario) -> float:
    """Requests a month for each request a second of peak: active seconds / peak ratio."""
    return scenario.workload.active_h_per_month * SECONDS_PER_HOUR / scenario.workload.peak_ratio


def busy_frac(scenario: Scenario) -> float:
    """How busy a fleet sized for the peak can be over the month: active share of the hours / peak ratio."""
    return scenario.workload.active_h_per_month / HOURS_PER_MONTH / scenario.workload.peak_ratio


def all_staircases(scenario: Scenario, need: Demand, catalog: Catalog) -> tuple[list[Staircase], list[Misfit]]:
    """Every fleet worth considering, and every setup that drops out, with the reason."""
    traffic = fleet.traffic(need, scenario.workload.self_hit_frac)
    factor, own = speed(scenario, catalog)
    found, misfits = fleet.capacities(fleet.setups(scenario, catalog), traffic, scenario.targets, catalog, factor, own)
    stairs, unrentable = fleet.staircases(found, scenario, catalog, peak_s_per_month(scenario))
    return stairs, misfits + unrentable


def speed(scenario: Scenario, catalog: Catalog) -> tuple[float, OwnFit | None]:
    """What corrects the modelled speed: a factor set by hand, or else own benchmarks (none: the model's error only)."""
    factor = scenario.hardware.throughput_factor
    own = None if factor != 1.0 else own_calibration.fit(scenario.hardware.own_measurements, catalog)
    return factor, own


def build_options(
    stairs: Sequence[Staircase], lines: tuple[CostLine, ...], scenario: Scenario, need: Demand, catalog: Catalog
) -> list[Option]:
    """The cheapest rented fleet, and the cheapest bought one, for each model that can be served."""
    if not stairs:
        return []
    volume = need.requests_per_month
    rents = fleet.rents_matrix(stairs, np.array([volume]))[:, 0]
    best: dict[tuple[str, bool], int] = {}
    for i in np.argsort(rents, kind="stable"):
        if np.isfinite(rents[i]):
            best.setdefault((stairs[i].capacity.setup.model.id, stairs[i].lease.basis == "owned"), int(i))
    near = [stairs[i] for i in np.argsort(rents, kind="stable")[:RANGE_SETUPS]]
    ranges = _rent_ranges([stairs[i] for i in best.values()], near, scenario, need, catalog)
    return [
        _build_option(stairs[i], rents_range, lines, scenario, need, catalog)
        for i, rents_range in zip(best.values(), ranges, strict=True)
    ]


def _build_option(
    stairs: Staircase,
    rents_usd: tuple[float, float],
    lines: tuple[CostLine, ...],
    scenario: Scenario,
    need: Demand,
    catalog: Catalog,
) -> Option:
    plan = fleet.plan(stairs, need.requests_per_month)
    assert plan is not None
    owned = stairs.lease.basis == "owned"
    model = stairs.capacity.setup.model
    gate = next(c.gate for c in scenario.candidates if catalog.model(c.model) is model)
    low, high = min(rents_usd[0], plan.rent_usd_per_month), max(rents_usd[1], plan.rent_usd_per_month)
    where = (
        "on your own servers"
        if owned
        else "at your quote"
        if stairs.lease.basis == "yours"
        else f"rented from {stairs.lease.provider}"
    )
    rent = CostLine(
        "Servers you own" if owned else "GPU rent",
        plan.rent_usd_per_month,
        low,
        high,
        _rent_basis(stairs),
        stairs.lease.source,
        _rent_note(plan),
    )
    all_lines = (rent, *lines)
    return Option(
        kind="own_hardware" if owned else "self_host",
        label=f"{model.name} on {plan.gpus}× {plan.setup.gpu.name} {where}",
        lines=all_lines,
        model=model.name,
        gate=gate,
        plan=plan,
        low_usd_per_month=sum(line.low_usd_per_month for line in all_lines),
        high_usd_per_month=sum(line.high_usd_per_month for line in all_lines),
    )


def _rent_basis(stairs: Staircase) -> str:
    return {"yours": "yours", "owned": "rule of thumb"}.get(
        stairs.lease.basis, f"list price, {stairs.lease.confidence} confidence"
    )


def _rent_note(plan: Plan) -> str:
    return f"{plan.machines} × {plan.lease.machine} at ${plan.lease.usd_per_gpu_h:.2f} per GPU-hour, every hour of the month"


def _rent_ranges(
    chosen: Sequence[Staircase], near: Sequence[Staircase], scenario: Scenario, need: Demand, catalog: Catalog
) -> list[tuple[float, float]]:
    """Rent for each chosen fleet's model if every speed were off by its 80th-percentile error, to the good and to the bad,
    with the fleet chosen anew among the setups of `near`: all sized in one go."""
    models = {id(s.capacity.setup.model) for s in chosen}
    candidates = [s.capacity.setup for s in (*chosen, *near) if id(s.capacity.setup.model) in models]
    setups = list({id(setup): setup for setup in candidates}.values())
    traffic = fleet.traffic(need, scenario.workload.self_hit_frac)
    factor, own = speed(scenario, catalog)
    off = np.repeat((1.0, -1.0), len(setups))
    found, _ = fleet.capacities(2 * setups, traffic, scenario.targets, catalog, factor, own, off)
    stairs, _ = fleet.staircases(found, scenario, catalog, peak_s_per_month(scenario))
    rents = fleet.rents_matrix(stairs, np.array([need.requests_per_month]))[:, 0] if stairs else np.array([])
    cheapest: dict[tuple[int, float], float] = {}
    for s, usd in zip(stairs, rents.tolist(), strict=True):
        key = id(s.capacity.setup.model), s.capacity.off
        cheapest[key] = min(usd, cheapest.get(key, np.inf))
    keys = [id(s.capacity.setup.model) for s in chosen]
    return [(cheapest.get((key, 1.0), np.inf), cheapest.get((key, -1.0), np.inf)) for key in keys]


def self_host_line(lines: tuple[CostLine, ...], need: Demand) -> Line:
    """People and platform do not grow with volume; egress does."""
    egress = sum(line.usd_per_month for line in lines if line.name == ownership.EGRESS)
    return Line(egress / need.requests_per_month, sum(line.usd_per_month for line in lines) - egress)
