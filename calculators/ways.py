"""Every way there is to serve the workload, before compliance, and what compliance leaves of them."""

from dataclasses import dataclass

import numpy as np

from calculators import compliance, fleet, options, ownership
from calculators.catalog import Catalog
from calculators.decision import Barred, Option
from calculators.fleet import Misfit, Staircase
from calculators.ownership import CostLine
from calculators.ruling import Offer, Ruling, rule
from calculators.scenario import Scenario
from calculators.workload import Array, Demand


@dataclass(frozen=True, slots=True)
class Ways:
    """All ways to serve, before compliance: today's API first."""

    buys: tuple[Option, ...]
    stairs: tuple[Staircase, ...]
    rents_usd: Array
    """(s,) at today's volume."""
    misfits: tuple[Misfit, ...]
    lines: tuple[CostLine, ...]
    """What a fleet costs besides rent."""


def ways(scenario: Scenario, need: Demand, catalog: Catalog) -> Ways:
    chosen = scenario.compliance.requirements
    regional = options.is_regional(scenario, catalog)
    direct = options.direct_options(scenario, need, catalog)
    resold = options.resold_options(scenario, need, catalog, regional) if chosen else []
    hosted = options.hosted_options(scenario, need, catalog)
    stairs, misfits = options.all_staircases(scenario, need, catalog)
    rents = fleet.rents_matrix(stairs, np.array([need.requests_per_month]))[:, 0] if stairs else np.zeros(0)
    lines = ownership.self_host_lines(scenario.operations, need, catalog.ownership)
    return Ways((*direct, *resold, *hosted), tuple(stairs), rents, tuple(misfits), lines)


def path_of(option: Option, catalog: Catalog) -> tuple[str, str]:
    operator = compliance.seller(option.operator, option.operator, catalog)
    return operator.path, operator.id


def lease_path(stairs: Staircase, catalog: Catalog) -> tuple[str, str]:
    lease = stairs.lease
    if lease.basis == "owned":
        return "own_hardware", compliance.OWN
    return compliance.landlord(lease.provider_id, lease.provider, catalog).path, lease.provider_id


def ruled(every: Ways, scenario: Scenario, catalog: Catalog) -> Ruling:
    """Each operator with the cheapest that can be had through it."""
    offers: dict[tuple[str, str], Offer] = {}
    for option in every.buys:
        operator = compliance.seller(option.operator, option.operator, catalog)
        _keep(offers, Offer(operator, option.label, option.usd_per_month))
    rest = sum(line.usd_per_month for line in every.lines)
    for i in np.argsort(every.rents_usd, kind="stable"):
        s, rent = every.stairs[i], float(every.rents_usd[i])
        if lease_path(s, catalog) not in offers:
            lease, model = s.lease, s.capacity.setup.model.name
            operator = compliance.landlord(lease.provider_id, lease.provider, catalog)
            operator = compliance.own_hardware() if lease.basis == "owned" else operator
            plan = fleet.plan(s, scenario.workload.requests_per_month)
            label = f"{model} on {plan.label}" if plan else f"{model}, beyond the GPUs you allow"
            offers[operator.path, operator.id] = Offer(operator, label, rent + rest if plan else None)
    own_path = compliance.own_hardware()
    offers.setdefault((own_path.path, own_path.id), Offer(own_path, "Servers of your own", None))
    for operator in catalog.operators.values():
        if operator.path == "government_cloud":
            offers[operator.path, operator.id] = Offer(operator, operator.name, None)
    return rule(scenario.compliance.requirements, offers.values(), catalog)


def _keep(offers: dict[tuple[str, str], Offer], offer: Offer) -> None:
    key = offer.operator.path, offer.operator.id
    if key not in offers or (offers[key].usd_per_month or 0.0) > (offer.usd_per_month or 0.0):
        offers[key] = offer


def barred(found: Ruling) -> Barred | None:
    """The cheapest way of all, where it is not allowed."""
    cheapest, premium = found.cheapest, found.premium_usd_per_month
    if not premium or cheapest is None or cheapest.usd_per_month is None or cheapest.path.status == "allowed":
        return None
    path = cheapest.path
    return Barred(cheapest.label, cheapest.usd_per_month, path.deciding[0].words, path.status == "ask")


def left(every: Ways, ruling: Ruling, catalog: Catalog) -> Ways:
    """What may be chosen: of each open model only the cheapest seller."""
    allowed = {(p.path.kind, p.path.operator) for p in ruling.of("allowed")}
    kept = np.array([lease_path(s, catalog) in allowed for s in every.stairs], dtype=bool)
    return Ways(
        buys=tuple(options.cheapest_buys([b for b in every.buys if path_of(b, catalog) in allowed])),
        stairs=tuple(s for s, keep in zip(every.stairs, kept, strict=True) if keep),
        rents_usd=every.rents_usd[kept],
        misfits=every.misfits,
        lines=every.lines,
    )
