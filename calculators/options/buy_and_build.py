"""The ways to serve the workload, with every line of their cost: today's API, the same API with its discounts used, the
cheapest host of each open model, and the cheapest fleet for each."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from calculators.api import bill as api_cost
from calculators.api.bill import ApiBill, ApiOffer
from calculators.api.cache_terms import cache_terms
from calculators.catalog.compliance_rules import FactName, Resale
from calculators.compliance import operator_check as compliance
from calculators.compliance import residency as places
from calculators.fleet import base_load as hybrid
from calculators.fleet import operating_costs as ownership
from calculators.fleet import replica_capacity as sizing
from calculators.fleet import staircase as fleet
from calculators.fleet.operating_costs import CostLine, fixed_line
from calculators.fleet.replica_capacity import Capacity, Infeasible
from calculators.fleet.staircase import FleetPlan, Staircase
from calculators.options.option import LinearCost, Option, OptionKind
from calculators.scenario.demand import Array, Demand
from calculators.scenario.inputs import Inputs
from calculators.scenario.schema import Candidate, Gate, Scenario
from calculators.units import HOURS_PER_MONTH, SECONDS_PER_HOUR

RANGE_SETUPS = 60  # how many of the cheapest setups are sized again for the pessimistic and optimistic case


# --- buying ------------------------------------------------------------------------------------------------------


def direct_options(inputs: Inputs) -> list[Option]:
    """Today's API, and the same with its discounts used where that saves."""
    offer = api_cost.api_offer(inputs.scenario.api.provider, inputs.scenario.api.model, inputs.catalog)
    w = inputs.scenario.workload
    today = api_cost.monthly_bill(
        offer,
        inputs.demand,
        inputs.scenario.as_of,
        w.cached_frac,
        w.cache_write_frac,
        discount_frac=inputs.scenario.api.discount_frac,
    )
    found = [_api_option("api_today", offer.label, today)]
    best = optimized_bill(offer, inputs, inputs.scenario.api.discount_frac)
    if best.usd_per_month < today.usd_per_month * 0.995:
        found.append(_api_option("api_optimised", f"{offer.label} {_discounts(today, best)}", best))
    return found


def hosted_options(inputs: Inputs) -> list[Option]:
    """Every allowed seller of every acceptable open model."""
    acceptable = [c for c in inputs.scenario.candidates if c.gate != "not_acceptable"]
    return [option for candidate in acceptable for option in hosted_options_of(candidate, inputs)]


def cheapest_buys(options: Sequence[Option]) -> list[Option]:
    """Today's API in each of its forms, and the first of the cheapest sellers of each open model."""
    best: dict[str, Option] = {}
    for option in options:
        name = option.model if option.kind == "hosted_open" else option.label
        if name not in best or option.usd_per_month < best[name].usd_per_month:
            best[name] = option
    return list(best.values())


def resold_options(inputs: Inputs, regional: bool) -> list[Option]:
    """Today's model under another contract: a cloud that resells it, or its maker's regional endpoints."""
    offer = api_cost.api_offer(inputs.scenario.api.provider, inputs.scenario.api.model, inputs.catalog)
    return [
        _resold(offer, resale, ratio, inputs)
        for resale in inputs.catalog.operators_file.resales
        if resale.provider == inputs.scenario.api.provider
        for ratio in (resale.regional_price_ratio if regional else resale.price_ratio,)
        if ratio is not None and (regional or resale.operator != resale.provider)
    ]


def _resold(offer: ApiOffer, resale: Resale, ratio: float, inputs: Inputs) -> Option:
    """Its list price is the maker's times a ratio; an own discount at the maker does not carry over."""
    bill = optimized_bill(offer, inputs, 1 - ratio)
    name = compliance.api_seller(resale.operator, resale.operator, inputs.catalog).name
    extra = (
        ()
        if resale.operator == resale.provider
        else ownership.resale_lines(inputs.scenario.operations, inputs.catalog.ownership)
    )
    where = "in a region" if resale.operator == resale.provider else f"through {name}"
    basis = f"{ratio:g} times the maker's list price, {resale.confidence} confidence"
    line = fixed_line(
        "API bill", bill.usd_per_month, basis, inputs.catalog.operators_file.sources[resale.source], bill.working
    )
    return _option("resold_api", f"{offer.label} {where}", (line, *extra), offer.model, resale.operator, bill=bill)


def _discounts(today: ApiBill, best: ApiBill) -> str:
    """What the cheaper bill uses that today's does not."""
    cached = best.cache_read_usd_per_month > today.cache_read_usd_per_month
    used = [word for word, on in (("caching", cached), ("batch", best.batch_saving_usd_per_month > 0)) if on]
    return f"with {' and '.join(used) or 'its discounts'}"


def optimized_bill(offer: ApiOffer, inputs: Inputs, discount_frac: float = 0.0) -> ApiBill:
    """The cheapest way to buy here: prompts ordered for caching or not, deferrable requests in the batch tier.

    Where cache writes cost extra, every cacheable token that misses is taken as written once. A shortest prefix that is
    not published is the assumed one of pricing_data/provider_rules.yaml.
    """
    w, rule = inputs.scenario.workload, inputs.catalog.rules.get(offer.provider)
    day = inputs.scenario.as_of
    batch_off = rule.batch_discount_frac if rule else None
    minimum_tok = cache_terms(offer.provider, offer.model, inputs.catalog).cache.minimum_tok
    price = api_cost.api_rates(offer, day)[0]
    writes = (1 - w.cacheable_frac) if price.cache_write_usd_per_mtok > price.input_usd_per_mtok else 0.0
    ways = (
        api_cost.monthly_bill(
            offer,
            inputs.demand,
            day,
            w.cached_frac,
            w.cache_write_frac,
            w.deferrable_frac,
            discount_frac,
            0.0,
            batch_off,
        ),
        api_cost.monthly_bill(
            offer,
            inputs.demand,
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


def hosted_options_of(candidate: Candidate, inputs: Inputs) -> list[Option]:
    """Every allowed seller of this open model, cheapest first."""
    model, allowed = inputs.catalog.model(candidate.model), inputs.scenario.api.hosted_sellers
    extra = ownership.hosted_open_lines(inputs.scenario.operations, inputs.catalog.ownership)
    found = [
        _api_option("hosted_open", f"{model.name} at {offer.provider_name}", bill, extra, model.name, candidate)
        for offer in api_cost.hosted_offers(model, inputs.scenario.as_of, inputs.catalog)
        if not allowed or offer.provider in allowed
        for bill in (optimized_bill(offer, inputs, 1 - regional_ratio(offer.provider, inputs)),)
    ]
    return sorted(found, key=lambda option: option.usd_per_month)


def needed_facts(inputs: Inputs) -> frozenset[FactName]:
    """What every operator must offer under the scenario's requirements."""
    return places.required_facts(compliance.expand(inputs.scenario.compliance.requirements, inputs.catalog))


def regional_ratio(provider: str, inputs: Inputs) -> float:
    """What a seller's own regional endpoints cost over its list price, where they are needed and it says so."""
    if not places.is_regional(needed_facts(inputs)):
        return 1.0
    own = (
        r.regional_price_ratio for r in inputs.catalog.operators_file.resales if r.provider == r.operator == provider
    )
    return next((ratio for ratio in own if ratio is not None), 1.0)


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
    gate = candidate.gate if candidate else None
    return _option(kind, label, lines, model or bill.offer.model, bill.offer.provider, gate, bill)


def _option(
    kind: OptionKind,
    label: str,
    lines: tuple[CostLine, ...],
    model: str,
    operator: str,
    gate: Gate | None = None,
    bill: ApiBill | None = None,
    plan: FleetPlan | None = None,
) -> Option:
    low, high = (sum(getattr(line, f"{end}_usd_per_month") for line in lines) for end in ("low", "high"))
    return Option(kind, label, lines, model, operator, gate, bill, plan, low, high)


def buy_line(option: Option, demand: Demand) -> LinearCost:
    bill = option.bill
    assert bill is not None
    return LinearCost(bill.usd_per_request, option.usd_per_month - bill.usd_per_month)


# --- building ----------------------------------------------------------------------------------------------------


def peak_s_per_month(scenario: Scenario) -> float:
    """Requests a month for each request a second of peak: active seconds / peak ratio."""
    return scenario.workload.active_h_per_month * SECONDS_PER_HOUR / scenario.workload.peak_ratio


def max_utilization_frac(scenario: Scenario) -> float:
    """How busy a fleet sized for the peak can be over the month: active share of the hours / peak ratio."""
    return scenario.workload.active_h_per_month / HOURS_PER_MONTH / scenario.workload.peak_ratio


def all_staircases(inputs: Inputs) -> tuple[list[Staircase], list[Infeasible]]:
    """Every fleet worth considering, and every setup that drops out, with the reason."""
    found, infeasible = size_candidates(inputs)
    stairs, unrentable = fleet.staircases(found, inputs.scenario, inputs.catalog, peak_s_per_month(inputs.scenario))
    return stairs, infeasible + unrentable


def size_candidates(inputs: Inputs) -> tuple[list[Capacity], list[Infeasible]]:
    """What each setup serves within the targets."""
    return sizing.replica_capacities(sizing.candidate_configs(inputs.scenario, inputs.catalog), inputs)


def build_options(
    stairs: Sequence[Staircase], rents: Array, cases: "SpeedBounds", lines: tuple[CostLine, ...], inputs: Inputs
) -> list[Option]:
    """The cheapest rented fleet, and the cheapest bought one, for each model. `rents` (s,): of each at today's volume."""
    if not stairs:
        return []
    best: dict[tuple[str, bool], int] = {}
    order = np.argsort(rents, kind="stable")
    for i in order[np.isfinite(rents[order])].tolist():
        best.setdefault((stairs[i].capacity.config.model.id, stairs[i].offer.basis == "owned"), i)
    chosen = [stairs[i] for i in best.values()]
    ranges = _rent_ranges(chosen, cases, inputs.demand.requests_per_month)
    return [_build_option(s, rents_range, lines, inputs) for s, rents_range in zip(chosen, ranges, strict=True)]


def _build_option(
    stairs: Staircase, rents_usd: tuple[float, float], lines: tuple[CostLine, ...], inputs: Inputs
) -> Option:
    plan = fleet.fleet_plan(stairs, inputs.demand.requests_per_month)
    assert plan is not None
    owned = stairs.offer.basis == "owned"
    model = stairs.capacity.config.model
    gate = next(c.gate for c in inputs.scenario.candidates if inputs.catalog.model(c.model) is model)
    low, high = min(rents_usd[0], plan.rent_usd_per_month), max(rents_usd[1], plan.rent_usd_per_month)
    where = (
        "on your own servers"
        if owned
        else "at your quote"
        if stairs.offer.basis == "yours"
        else f"rented from {stairs.offer.provider}"
    )
    rent = CostLine(
        "Servers you own" if owned else "GPU rent",
        plan.rent_usd_per_month,
        low,
        high,
        _rent_basis(stairs),
        stairs.offer.source,
        _rent_note(plan),
    )
    kind: OptionKind = "own_hardware" if owned else "self_host"
    label = f"{model.name} on {plan.gpus}× {plan.config.gpu.name} {where}{_in_regions(plan.regions)}"
    return _option(kind, label, (rent, *lines), model.name, stairs.offer.provider_id, gate, plan=plan)


def _in_regions(count: int) -> str:
    return f" in {count} regions" if count > 1 else ""


def _rent_basis(stairs: Staircase) -> str:
    return {"yours": "yours", "owned": "rule of thumb"}.get(
        stairs.offer.basis, f"list price, {stairs.offer.confidence} confidence"
    )


def _rent_note(plan: FleetPlan) -> str:
    each = f" in each of {plan.regions} regions" if plan.regions > 1 else ""
    rate = f"${plan.offer.usd_per_gpu_h:.2f} per GPU-hour, every hour of the month"
    return f"{plan.machines} × {plan.offer.machine}{each} at {rate}"


def hybrid_option(build: Option, stairs: Staircase, buy: Option, inputs: Inputs) -> Option | None:
    """The cheapest fleet smaller than the peak needs, with the best way to buy for the rest; None where none is cheaper
    than the whole fleet."""
    assert build.plan is not None
    assert buy.bill is not None
    price, volume = buy.bill.usd_per_month, inputs.demand.requests_per_month
    found = [
        (base.plan.rent_usd_per_month + base.overflow_frac * price, base)
        for base in hybrid.base_load_fleets(stairs, volume, inputs.scenario.workload.peak_ratio)
    ]
    if not found:
        return None
    usd, base = min(found, key=lambda pair: pair[0])
    if usd >= build.plan.rent_usd_per_month:
        return None
    rent, *rest = build.lines
    share = base.plan.rent_usd_per_month / build.plan.rent_usd_per_month
    lines = (
        CostLine(
            rent.name,
            base.plan.rent_usd_per_month,
            rent.low_usd_per_month * share,
            rent.high_usd_per_month * share,
            rent.basis,
            rent.source,
            _rent_note(base.plan),
        ),
        CostLine(
            "API bill of the rest",
            base.overflow_frac * price,
            base.overflow_frac * price / 2,
            base.overflow_frac * price * 2,
            "modelled: hours taken as lognormal",
            buy.lines[0].source,
            f"{base.overflow_frac:.1%} of the requests, above what the fleet carries",
        ),
        *rest,
        *(line for line in buy.lines[1:]),
    )
    label = f"{build.model} on {base.plan.gpus}× {base.plan.config.gpu.name} for the base, {buy.label} above it"
    option = _option("hybrid", label, lines, build.model, build.operator, build.gate, plan=base.plan)
    return replace(option, also_operator=buy.operator)


@dataclass(frozen=True, slots=True)
class SpeedBounds:
    """Staircases if every speed were off by its 80th-percentile error, to the good and to the bad."""

    optimistic: tuple[Staircase, ...]
    pessimistic: tuple[Staircase, ...]


def size_at_speed_bounds(
    stairs: Sequence[Staircase], rents: Array, useful: Sequence[Staircase], inputs: Inputs
) -> SpeedBounds:
    """Sized again in one go: the setups of the cheapest fleets at today's volume, and of those that win at another."""
    if not stairs:
        return SpeedBounds((), ())
    order = np.argsort(rents, kind="stable")
    best = {(s.capacity.config.model.id, s.offer.basis == "owned"): s for s in (stairs[i] for i in order[::-1])}
    near = [stairs[i] for i in order[:RANGE_SETUPS]]
    configs = list({id(s.capacity.config): s.capacity.config for s in (*best.values(), *near, *useful)}.values())
    speed_error_sign = np.repeat((1.0, -1.0), len(configs))
    found, _ = sizing.replica_capacities(2 * configs, inputs, speed_error_sign)
    offers = {id(s.offer): s.offer for s in stairs}.values()
    again = fleet.staircases_on(found, offers, inputs.scenario, inputs.catalog, peak_s_per_month(inputs.scenario))
    good, bad = (tuple(s for s in again if s.capacity.speed_error_sign == side) for side in (1.0, -1.0))
    return SpeedBounds(good, bad)


def _rent_ranges(chosen: Sequence[Staircase], cases: SpeedBounds, volume: float) -> list[tuple[float, float]]:
    """Rent for each chosen fleet's model in either case, with the fleet chosen anew."""
    return [tuple(_least_rent(s, side, volume) for side in (cases.optimistic, cases.pessimistic)) for s in chosen]  # type: ignore[misc]


def _least_rent(chosen: Staircase, stairs: Sequence[Staircase], volume: float) -> float:
    model, owned = chosen.capacity.config.model, chosen.offer.basis == "owned"
    same = [s for s in stairs if s.capacity.config.model is model and (s.offer.basis == "owned") is owned]
    return float(fleet.rents_matrix(same, np.array([volume])).min()) if same else np.inf


def self_host_line(lines: tuple[CostLine, ...], demand: Demand) -> LinearCost:
    """People and platform do not grow with volume; egress does."""
    egress = sum(line.usd_per_month for line in lines if line.name == ownership.EGRESS)
    return LinearCost(egress / demand.requests_per_month, sum(line.usd_per_month for line in lines) - egress)
