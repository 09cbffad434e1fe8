"""All options before compliance, their compliance assessment, and the options that compliance allows."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Literal, TypeVar

import numpy as np
from numpy.typing import NDArray

from calculators.catalog.catalog import Catalog
from calculators.catalog.compliance_rules import FactName, Operator, PathKind
from calculators.compliance.assessment import ComplianceAssessment, PathPrice, assess
from calculators.compliance.operator_check import api_seller, gpu_cloud, own_hardware
from calculators.compliance.residency import is_regional, machine_meets_residency, product_meets_residency
from calculators.fleet.hiring import hiring_lines
from calculators.fleet.machine_offers import MachineOffer, owned_offer
from calculators.fleet.operating_costs import CostLine, self_host_lines, unused_commitment_lines
from calculators.fleet.plan import fleet_plan
from calculators.fleet.replica_capacity import Infeasible
from calculators.fleet.sizing import Sized
from calculators.fleet.staircase import Staircase, rents_matrix, staircases, staircases_on
from calculators.options.build import size_candidates
from calculators.options.buy import cheapest_buys, direct_options, hosted_options, needed_facts, resold_options
from calculators.options.commitment import committed_spend, with_commitment
from calculators.options.context_window import is_too_short
from calculators.options.option import IN_USE, Option
from calculators.options.routing import easy_options
from calculators.options.seller_targets import target_check
from calculators.options.step_down import step_down_options
from calculators.scenario.demand import Array, needed_context_tok
from calculators.scenario.inputs import Inputs

_T = TypeVar("_T")
PurchasedServers = Literal["included", "fallback", "left_out"]
"""Why purchased servers are compared: the user includes them, or nothing else with a price is allowed; or that they are
not."""


@dataclass(frozen=True, slots=True)
class PricedProduct:
    """An API option, whether the product that its price is for meets the residency requirements, and whether its context
    window holds the workload's requests."""

    option: Option
    serves: bool
    holds: bool = True


@dataclass(frozen=True, slots=True)
class AllOptions:
    """All options before compliance; arrays are aligned with `stairs`."""

    buys: tuple[PricedProduct, ...]
    """API options, today's first."""
    stairs: tuple[Staircase, ...]
    serves: NDArray[np.bool_]
    """(s,) whether the machine's region meets the residency requirements."""
    rents_usd: Array
    """(s,) at today's volume; inf beyond the GPU limit."""
    infeasible: tuple[Infeasible, ...]
    lines: tuple[CostLine, ...]
    """What self-hosting costs besides the GPUs."""
    easy: tuple[PricedProduct, ...] = ()
    """API options of models that are good enough for easy requests only."""


@dataclass(frozen=True, slots=True)
class BarredFleet:
    """A rented fleet that carries today's volume, but whose operator or region the requirements do not allow."""

    staircase: Staircase
    operator: str
    """The operator's name."""
    is_to_ask: bool
    """Whether it may be allowed, once the operator is asked."""
    why: str


@dataclass(frozen=True, slots=True)
class AllowedOptions:
    """Options left after compliance; `rents_usd` is aligned with `stairs`."""

    buys: tuple[Option, ...]
    today: Option
    """Today's API, allowed or not."""
    stairs: tuple[Staircase, ...]
    rents_usd: Array
    infeasible: tuple[Infeasible, ...]
    lines: tuple[CostLine, ...]
    servers: PurchasedServers = "included"
    servers_usd_per_month: float | None = None
    """Cost of the cheapest fleet on purchased servers that compliance allows; None where there is none."""
    set_aside: tuple[Option, ...] = ()
    """API options that miss a latency target, where another option is not known to: ranked behind all others."""
    barred: tuple[BarredFleet, ...] = ()
    """The cheapest of each model, GPU and operator; those to ask first."""
    standby: tuple[Staircase, ...] = ()
    """Purchased servers that count where no rented fleet serves any more; none where an API option is allowed."""
    easy: tuple[Option, ...] = ()
    """API options of models that are good enough for easy requests only."""

    @property
    def servers_step_in(self) -> bool:
        """Whether purchased servers count only where no rented fleet serves."""
        return self.servers == "fallback" or bool(self.standby)

    @property
    def has_fleet(self) -> bool:
        """Whether any fleet carries today's volume within the GPU limit."""
        return bool(np.isfinite(self.rents_usd).any())


def enumerate_options(
    inputs: Inputs, sized: Sized | None = None, buys: tuple[PricedProduct, ...] | None = None
) -> AllOptions:
    """All options of a scenario before compliance. Purchased servers are always included, as the fallback under the
    strictest requirements. `sized`: capacities of the same requests, targets and hardware, where they are known; `buys`: the same for the
    API options, as of `priced_buys`."""
    needed = needed_facts(inputs)
    stairs, infeasible = _all_staircases(inputs, sized or size_candidates(inputs))
    meets = _of_offers(stairs, lambda offer: machine_meets_residency(offer.is_owned, offer.region, needed))
    return AllOptions(
        buys=priced_buys(inputs) if buys is None else buys,
        stairs=tuple(stairs),
        serves=np.array([meets[id(s.offer)] for s in stairs], dtype=bool),
        rents_usd=rents_matrix(stairs, np.array([inputs.demand.requests_per_month]))[:, 0] if stairs else np.zeros(0),
        infeasible=tuple(infeasible),
        lines=(
            *self_host_lines(inputs.scenario.operations, inputs.demand, inputs.catalog.ownership),
            *hiring_lines(inputs),
            *unused_commitment_lines(committed_spend(inputs), 0.0),
        ),
        easy=priced_easy(inputs),
    )


def priced_buys(inputs: Inputs) -> tuple[PricedProduct, ...]:
    """Every API option at the prices of the scenario's day, today's API first."""
    is_in_region = is_regional(needed_facts(inputs))
    resold = resold_options(inputs, is_in_region) if inputs.scenario.compliance.requirements else []
    buys = (*direct_options(inputs), *resold, *step_down_options(inputs), *hosted_options(inputs))
    return _priced(buys, inputs)


def priced_easy(inputs: Inputs) -> tuple[PricedProduct, ...]:
    """As `priced_buys`, of the models that are good enough for easy requests only."""
    return _priced(easy_options(inputs), inputs)


def _priced(buys: Sequence[Option], inputs: Inputs) -> tuple[PricedProduct, ...]:
    needed, options = needed_facts(inputs), [compared_buy(option, inputs) for option in buys]
    needed_tok = needed_context_tok(inputs.scenario.workload)
    return tuple(
        PricedProduct(option, _serves(option, needed, inputs.catalog), not is_too_short(option, needed_tok))
        for option in options
    )


def compared_buy(option: Option, inputs: Inputs) -> Option:
    """An API option as it is compared: with what it leaves unused of committed spend, and its seller's speed."""
    return with_commitment(with_target_check(option, inputs), inputs)


def with_target_check(option: Option, inputs: Inputs) -> Option:
    """An API option with what public monitors say of its seller against the latency targets."""
    assert option.bill is not None
    products = option.products or ((option.operator, option.bill.offer.model),)
    return replace(option, target_check=target_check(products, inputs, option.kind in IN_USE))


def _all_staircases(inputs: Inputs, candidates: Sized) -> tuple[list[Staircase], list[Infeasible]]:
    """Staircases of every candidate configuration on every machine offer and on purchased servers, and the infeasible
    configurations."""
    scenario, catalog = inputs.scenario, inputs.catalog
    sized, infeasible = candidates
    offered, not_offered = staircases(sized, inputs)
    if not scenario.hardware.include_owned:
        gpus = {c.config.gpu.id: c.config.gpu for c in sized}
        priced = [gpu for id, gpu in gpus.items() if id in catalog.ownership.server_usd_per_gpu]
        offered += staircases_on(sized, [owned_offer(gpu, scenario, catalog) for gpu in priced], inputs)
    return offered, [*infeasible, *not_offered]


def _of_offers(stairs: Sequence[Staircase], of: Callable[[MachineOffer], _T]) -> dict[int, _T]:
    """`of` each offer, by the offer's identity: hundreds of staircases share a few dozen offers."""
    return {key: of(offer) for key, offer in {id(s.offer): s.offer for s in stairs}.items()}


def _serves(option: Option, needed: frozenset[FactName], catalog: Catalog) -> bool:
    return all(
        product_meets_residency(
            option.kind, model, seller, api_seller(seller, seller, catalog), needed, catalog.operators_file.resales
        )
        for seller, model in option.bought
    )


def sellers(option: Option, catalog: Catalog) -> list[Operator]:
    """The operators of an API option."""
    return [api_seller(operator, operator, catalog) for operator in option.operators]


def machine_operator(offer: MachineOffer, catalog: Catalog) -> Operator:
    """The operator who would see the prompts on these machines."""
    if offer.is_owned or offer.commitment == "owned":
        return own_hardware()
    return gpu_cloud(offer.provider_id, offer.provider, catalog)


def assess_options(every: AllOptions, inputs: Inputs, left_out: PathKind | None = None) -> ComplianceAssessment:
    """Compliance assessment of every operator, each with the cheapest option through it; for an API provider the hosted
    open models are separate from the closed model. `left_out`: as of `assess`."""
    offers: dict[tuple[str, str, bool], PathPrice] = {}
    for buy in (buy for buy in every.buys if buy.holds):
        option = buy.option
        price = option.usd_per_month if buy.serves else None
        for offer in _path_prices(option, price, inputs.catalog):
            _keep(offers, offer, option.kind == "hosted_open")
    rest = sum(line.usd_per_month for line in every.lines)
    operators = _of_offers(every.stairs, lambda offer: machine_operator(offer, inputs.catalog))
    is_priced = every.serves & np.isfinite(every.rents_usd)
    for i in np.argsort(every.rents_usd, kind="stable").tolist():
        s = every.stairs[i]
        operator, model = operators[id(s.offer)], s.capacity.config.model.name
        before = offers.get((operator.path, operator.id, False))
        if before is None or (before.usd_per_month is None and is_priced[i]):
            plan = fleet_plan(s, inputs.scenario.workload.requests_per_month)
            label = f"{model} self-hosted on {plan.label}" if plan else f"{model} self-hosted, above the maximum GPUs"
            _keep(offers, PathPrice(operator, label, float(every.rents_usd[i]) + rest if is_priced[i] else None), False)
    _keep(offers, PathPrice(own_hardware(), "Purchased servers", None), False)
    for operator in inputs.catalog.operators.values():
        if operator.path == "government_cloud":
            _keep(offers, PathPrice(operator, operator.name, None), False)
    scenario, elsewhere = inputs.scenario, _elsewhere(every, inputs)
    return assess(
        scenario.compliance.requirements, offers.values(), inputs.catalog, scenario.as_of, elsewhere, left_out
    )


def _path_prices(option: Option, usd_per_month: float | None, catalog: Catalog) -> list[PathPrice]:
    """The price of an API option through each of its sellers."""
    every = sellers(option, catalog)
    return [
        PathPrice(one, option.label, usd_per_month, tuple(other for other in every if other is not one))
        for one in every
    ]


def _elsewhere(every: AllOptions, inputs: Inputs) -> list[PathPrice]:
    """API products that only the residency requirements rule out."""
    buys = (buy.option for buy in every.buys if buy.holds and not buy.serves)
    return [offer for option in buys for offer in _path_prices(option, option.usd_per_month, inputs.catalog)]


def assessed_as_compared(
    assessment: ComplianceAssessment,
    every: AllOptions,
    allowed: AllowedOptions,
    ranked: Sequence[Option],
    inputs: Inputs,
) -> ComplianceAssessment:
    """The assessment with prices of what is compared only: no purchased servers that are left out, and hybrids."""
    if not assessment.requirements:
        return assessment
    if allowed.servers == "left_out":
        assessment = assess_options(every, inputs, left_out="own_hardware")
    return replace(assessment, compared_usd_per_month=min((o.usd_per_month for o in ranked), default=None))


def _keep(offers: dict[tuple[str, str, bool], PathPrice], offer: PathPrice, is_open: bool) -> None:
    """Keeps the cheaper of an operator's prices; one with a price before one without."""
    key = offer.operator.path, offer.operator.id, is_open
    before, now = offers.get(key), offer.usd_per_month
    if before is None or (now is not None and (before.usd_per_month is None or now < before.usd_per_month)):
        offers[key] = offer


def allowed_options(every: AllOptions, assessment: ComplianceAssessment, inputs: Inputs) -> AllowedOptions:
    """Options that compliance allows. Keeps the cheapest provider of each open model. Purchased servers count only if the
    user includes them or nothing else with a price is allowed."""
    allowed = {(p.path.kind, p.path.operator) for p in assessment.with_status("allowed")}
    may_serve = [b.option for b in every.buys if b.serves and b.holds]
    buys = [o for o in may_serve if all((s.path, s.id) in allowed for s in sellers(o, inputs.catalog))]
    operators = _of_offers(every.stairs, lambda offer: machine_operator(offer, inputs.catalog))
    may_run = {key: (operator.path, operator.id) in allowed for key, operator in operators.items()}
    kept = every.serves & np.array([may_run[id(s.offer)] for s in every.stairs], dtype=bool)
    owned = np.array([s.offer.is_owned for s in every.stairs], dtype=bool)
    may_step_in = kept & owned if not buys else np.zeros(owned.shape, dtype=bool)
    finite = np.isfinite(every.rents_usd)
    servers_usd = every.rents_usd[kept & owned & finite].min(initial=np.inf) + sum(o.usd_per_month for o in every.lines)
    servers: PurchasedServers = "left_out"
    if inputs.scenario.hardware.include_owned:
        servers = "included"
    elif not buys and not (kept & ~owned & finite).any():
        servers = "fallback"
    else:
        kept = kept & ~owned
    kept_buys, set_aside = hold_to_targets(buys, bool((kept & finite).any()))
    compared = kept & newest_of(every.stairs, kept)
    return AllowedOptions(
        buys=kept_buys,
        today=every.buys[0].option,
        stairs=_where(every.stairs, compared),
        rents_usd=every.rents_usd[compared],
        infeasible=every.infeasible,
        lines=every.lines,
        servers=servers,
        standby=_where(every.stairs, may_step_in) if servers == "left_out" else (),
        servers_usd_per_month=float(servers_usd) if np.isfinite(servers_usd) else None,
        set_aside=set_aside,
        barred=_barred(every, np.flatnonzero(finite & ~kept & ~owned), assessment, inputs.catalog),
        easy=_allowed_easy(every, inputs) if kept_buys else (),
    )


def _allowed_easy(every: AllOptions, inputs: Inputs) -> tuple[Option, ...]:
    """Small models for easy requests that may be bought and are not known to miss a latency target."""
    options = [one.option for one in every.easy if one.serves and one.holds]
    options = [option for option in options if option.target_check.status != "misses"]
    if not options:
        return ()
    prices = [price for option in options for price in _path_prices(option, option.usd_per_month, inputs.catalog)]
    assessed = assess(inputs.scenario.compliance.requirements, prices, inputs.catalog, inputs.scenario.as_of)
    allowed = {(p.path.kind, p.path.operator) for p in assessed.with_status("allowed")}
    return tuple(o for o in options if all((s.path, s.id) in allowed for s in sellers(o, inputs.catalog)))


def newest_of(stairs: Sequence[Staircase], allowed: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """(s,) False for stale prices, wherever a newer one that is allowed is of a machine that holds the same configuration.
    Neither volume nor speed come into it, so that the same prices are compared at every one."""
    is_newer = np.array([not s.offer.is_stale and not s.offer.is_owned for s in stairs], dtype=bool)
    held = {id(stairs[i].capacity) for i in np.flatnonzero(allowed & is_newer).tolist()}
    return np.array([not s.offer.is_stale or id(s.capacity) not in held for s in stairs], dtype=bool)


def hold_to_targets(buys: Sequence[Option], has_fleet: bool) -> tuple[tuple[Option, ...], tuple[Option, ...]]:
    """The API options to compare, and those ranked behind them because they miss a latency target: each form of today's
    API and one provider of each open model. Where all miss it, and no fleet is there to keep it, all are compared."""
    missing = [o for o in buys if o.target_check.status == "misses"]
    others = [o for o in buys if o.target_check.status != "misses"]
    if not others and not has_fleet:
        return tuple(cheapest_buys(missing)), ()
    behind = sorted(cheapest_buys(missing), key=lambda option: option.usd_per_month)
    return tuple(cheapest_buys(others)), tuple(behind)


def _where(stairs: Sequence[Staircase], keep: NDArray[np.bool_]) -> tuple[Staircase, ...]:
    return tuple(one for one, is_kept in zip(stairs, keep.tolist(), strict=True) if is_kept)


def _barred(
    every: AllOptions, indices: NDArray[np.intp], assessment: ComplianceAssessment, catalog: Catalog
) -> tuple[BarredFleet, ...]:
    """The cheapest fleet of each model, GPU and operator among the staircases at `indices`."""
    paths = {(p.path.kind, p.path.operator): p.path for p in assessment.paths}
    operators = _of_offers(every.stairs, lambda offer: machine_operator(offer, catalog))
    cheapest: dict[tuple[str, str, str], BarredFleet] = {}
    for i in indices[np.argsort(every.rents_usd[indices], kind="stable")].tolist():
        stairs = every.stairs[i]
        operator, config = operators[id(stairs.offer)], stairs.capacity.config
        path = paths[operator.path, operator.id]
        serves = bool(every.serves[i])
        is_region, ask = not serves and path.status != "blocked", serves and path.status == "ask"
        region = "its listed price is for a region that does not meet your requirements"
        why = region if is_region else path.deciding[0].words.rstrip(".")
        cheapest.setdefault((config.model.id, config.gpu.id, operator.id), BarredFleet(stairs, path.name, ask, why))
    return tuple(sorted(cheapest.values(), key=lambda fleet: not fleet.is_to_ask))
