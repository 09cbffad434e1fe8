"""Every way there is to serve the workload, before compliance, and what compliance leaves of them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from calculators.catalog.catalog import Catalog
from calculators.catalog.compliance_rules import FactName, Operator
from calculators.compliance import operator_check as compliance
from calculators.compliance import residency as places
from calculators.compliance.assessment import ComplianceAssessment, PathPrice, assess
from calculators.fleet import operating_costs as ownership
from calculators.fleet import staircase as fleet
from calculators.fleet.machine_offers import MachineOffer, owned_offer
from calculators.fleet.operating_costs import CostLine
from calculators.fleet.replica_capacity import Infeasible
from calculators.fleet.staircase import Staircase
from calculators.options import buy_and_build as options
from calculators.options.option import Option
from calculators.scenario.demand import Array
from calculators.scenario.inputs import Inputs

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class PricedProduct:
    """A way to buy, and whether the product that its price is for is one that the requirements allow."""

    option: Option
    serves: bool


@dataclass(frozen=True, slots=True)
class AllOptions:
    """All ways to serve, before compliance: today's API first."""

    buys: tuple[PricedProduct, ...]
    stairs: tuple[Staircase, ...]
    serves: NDArray[np.bool_]
    """(s,) whether the machine stands where the requirements allow."""
    rents_usd: Array
    """(s,) at today's volume."""
    infeasible: tuple[Infeasible, ...]
    lines: tuple[CostLine, ...]
    """What a fleet costs besides rent."""


@dataclass(frozen=True, slots=True)
class AllowedOptions:
    """What of them may be chosen."""

    buys: tuple[Option, ...]
    stairs: tuple[Staircase, ...]
    rents_usd: Array
    infeasible: tuple[Infeasible, ...]
    lines: tuple[CostLine, ...]

    @property
    def has_fleet(self) -> bool:
        """Whether some fleet carries today's volume within the GPU limit."""
        return bool(np.isfinite(self.rents_usd).any())


def enumerate_options(inputs: Inputs) -> AllOptions:
    """Bought servers are always among them: they are what the strictest rules leave."""
    needed = options.needed_facts(inputs)
    direct = options.direct_options(inputs)
    resold = (
        options.resold_options(inputs, places.is_regional(needed)) if inputs.scenario.compliance.requirements else []
    )
    hosted = options.hosted_options(inputs)
    sized, too_slow = options.size_candidates(inputs)
    seconds = options.peak_s_per_month(inputs.scenario)
    stairs, unrentable = fleet.staircases(sized, inputs.scenario, inputs.catalog, seconds)
    if not inputs.scenario.hardware.include_owned:
        gpus = {
            c.config.gpu.id: c.config.gpu
            for c in sized
            if c.config.gpu.id in inputs.catalog.ownership.server_usd_per_gpu
        }
        owned = [owned_offer(gpu, inputs.catalog) for gpu in gpus.values()]
        stairs += fleet.staircases_on(sized, owned, inputs.scenario, inputs.catalog, seconds)
    rents = fleet.rents_matrix(stairs, np.array([inputs.demand.requests_per_month]))[:, 0] if stairs else np.zeros(0)
    lines = ownership.self_host_lines(inputs.scenario.operations, inputs.demand, inputs.catalog.ownership)
    buys = tuple(PricedProduct(o, _serves(o, needed, inputs.catalog)) for o in (*direct, *resold, *hosted))
    meets = _of_offers(stairs, lambda offer: places.machine_meets_residency(offer.basis, offer.region, needed))
    served = np.array([meets[id(s.offer)] for s in stairs], dtype=bool)
    return AllOptions(buys, tuple(stairs), served, rents, (*too_slow, *unrentable), lines)


def _of_offers(stairs: Sequence[Staircase], of: Callable[[MachineOffer], T]) -> dict[int, T]:
    """By the identity of an offer: hundreds of staircases stand on a few dozen."""
    return {key: of(offer) for key, offer in {id(s.offer): s.offer for s in stairs}.items()}


def _serves(option: Option, needed: frozenset[FactName], catalog: Catalog) -> bool:
    operator = compliance.api_seller(option.operator, option.operator, catalog)
    return places.product_meets_residency(
        option.kind, option.model, option.operator, operator, needed, catalog.operators_file.resales
    )


def operator_path(option: Option, catalog: Catalog) -> tuple[str, str]:
    operator = compliance.api_seller(option.operator, option.operator, catalog)
    return operator.path, operator.id


def machine_operator(offer: MachineOffer, catalog: Catalog) -> Operator:
    """Whoever would see the prompts on these machines."""
    if offer.basis == "owned":
        return compliance.own_hardware()
    return compliance.gpu_cloud(offer.provider_id, offer.provider, catalog)


def assess_options(every: AllOptions, inputs: Inputs) -> ComplianceAssessment:
    """Each operator with the cheapest that can be had through it: of the closed model and of open ones apart."""
    offers: dict[tuple[str, str, bool], PathPrice] = {}
    for buy in every.buys:
        option = buy.option
        operator = compliance.api_seller(option.operator, option.operator, inputs.catalog)
        price = option.usd_per_month if buy.serves else None
        _keep(offers, PathPrice(operator, option.label, price), option.kind == "hosted_open")
    rest = sum(line.usd_per_month for line in every.lines)
    operators = _of_offers(every.stairs, lambda offer: machine_operator(offer, inputs.catalog))
    is_priced = every.serves & np.isfinite(every.rents_usd)
    for i in np.argsort(every.rents_usd, kind="stable").tolist():
        s = every.stairs[i]
        operator, model = operators[id(s.offer)], s.capacity.config.model.name
        before = offers.get((operator.path, operator.id, False))
        if before is None or (before.usd_per_month is None and is_priced[i]):
            plan = fleet.fleet_plan(s, inputs.scenario.workload.requests_per_month)
            label = f"{model} on {plan.label}" if plan else f"{model}, beyond the GPUs you allow"
            _keep(offers, PathPrice(operator, label, float(every.rents_usd[i]) + rest if is_priced[i] else None), False)
    _keep(offers, PathPrice(compliance.own_hardware(), "Servers of your own", None), False)
    for operator in inputs.catalog.operators.values():
        if operator.path == "government_cloud":
            _keep(offers, PathPrice(operator, operator.name, None), False)
    return assess(inputs.scenario.compliance.requirements, offers.values(), inputs.catalog)


def _keep(offers: dict[tuple[str, str, bool], PathPrice], offer: PathPrice, is_open: bool) -> None:
    """The cheapest so far; one with a price before one without."""
    key = offer.operator.path, offer.operator.id, is_open
    before, now = offers.get(key), offer.usd_per_month
    if before is None or (now is not None and (before.usd_per_month is None or now < before.usd_per_month)):
        offers[key] = offer


def allowed_options(every: AllOptions, assessment: ComplianceAssessment, inputs: Inputs) -> AllowedOptions:
    """What may be chosen: of each open model only the cheapest seller. Servers are bought where the user would, or where
    nothing else with a price is allowed."""
    allowed = {(p.path.kind, p.path.operator) for p in assessment.of("allowed")}
    buys = [b.option for b in every.buys if b.serves and operator_path(b.option, inputs.catalog) in allowed]
    operators = _of_offers(every.stairs, lambda offer: machine_operator(offer, inputs.catalog))
    may_run = {key: (operator.path, operator.id) in allowed for key, operator in operators.items()}
    kept = every.serves & np.array([may_run[id(s.offer)] for s in every.stairs], dtype=bool)
    owned = np.array([s.offer.basis == "owned" for s in every.stairs], dtype=bool)
    finite = np.isfinite(every.rents_usd)
    ruled_out = bool(inputs.scenario.compliance.requirements) and not buys and not (kept & ~owned & finite).any()
    if not (inputs.scenario.hardware.include_owned or ruled_out):
        kept = kept & ~owned
    return AllowedOptions(
        buys=tuple(options.cheapest_buys(buys)),
        stairs=tuple(s for s, keep in zip(every.stairs, kept, strict=True) if keep),
        rents_usd=every.rents_usd[kept],
        infeasible=every.infeasible,
        lines=every.lines,
    )
