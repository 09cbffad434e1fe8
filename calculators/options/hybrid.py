"""Hybrid options: a fleet for the base load, with the overflow sent to an API, its easy requests to a small model."""

from collections.abc import Sequence
from dataclasses import replace
from math import inf

import numpy as np

from calculators.api.bill import ApiBill
from calculators.fleet.base_load import BaseLoadFleet, base_load_fleets
from calculators.fleet.operating_costs import CostKind, CostLine
from calculators.fleet.plan import FleetPlan
from calculators.fleet.staircase import Staircase
from calculators.options.build import partial_builds, rent_note
from calculators.options.commitment import with_unused
from calculators.options.option import Option, best_buy
from calculators.options.routing import NOT_COUNTED, cheapest_of_each_kind, easy_frac, easy_model_name
from calculators.options.shortlist import AllowedOptions
from calculators.scenario.committed_spend import used_by_both
from calculators.scenario.inputs import Inputs
from calculators.units import percent

OVERFLOW_RANGE_RATIO = 2.0
"""How far off the overflow may be, either way, since the load of each hour is not known."""


def cheapest_hybrid(builds: Sequence[Option], allowed: AllowedOptions, inputs: Inputs) -> Option | None:
    """The cheapest fleet for the base load, with overflow to the cheapest API option, its easy requests to a small model where
    that costs less; None where there is none."""
    if not allowed.stairs or not allowed.buys:
        return None
    by_plan = {(id(one.capacity), id(one.offer)): one for one in allowed.stairs}
    on = [(build, by_plan[id(build.plan.capacity), id(build.plan.offer)]) for build in builds if build.plan is not None]
    on += partial_builds(allowed.stairs, allowed.rents_usd, allowed.lines, inputs)
    buy = best_buy(allowed.buys)
    small = (None, *(cheapest_of_each_kind(allowed.easy) if easy_frac(inputs) else ()))
    hybrids = (hybrid_option(build, staircase, buy, inputs, easy) for build, staircase in on for easy in small)
    return min((o for o in hybrids if o is not None), key=lambda o: o.usd_per_month, default=None)


def hybrid_option(
    build: Option, staircase: Staircase, buy: Option, inputs: Inputs, easy: Option | None = None
) -> Option | None:
    """The cheapest base-load fleet on the self-hosted option's machines, with its overflow sent to the API option, its easy
    requests to the small model `easy`; None where a fleet that carries the peak is allowed and no smaller one is cheaper."""
    assert build.plan is not None
    frac = easy_frac(inputs) if easy is not None else 0.0
    fleets = base_load_fleets(staircase, inputs.scenario.workload, frac)
    costs = [(_usd_per_month(base, buy, easy), base) for base in fleets]
    usd, base = min(costs, key=lambda cost: cost[0], default=(inf, None))
    if base is None or usd >= _peak_rent_usd(staircase, inputs) + float(buy.committed.unused_usd(0.0)):
        return None
    rent, *other_lines = build.lines
    overflow = _overflow("overflow_api", buy, overflow_usd_per_month(base, _bill(buy)), base.overflow_frac)
    hybrid = Option(
        kind="hybrid",
        label=f"{build.model} self-hosted on {base.plan.label} for the base load, {buy.label} for overflow",
        lines=(_smaller(rent, base.plan), overflow, *other_lines, *buy.lines[1:]),
        model=build.model,
        operator=build.operator,
        gate=build.gate,
        plan=base.plan,
        also_operator=buy.operator,
        products=buy.products,
        also_model=buy.model,
        also_gate=buy.gate,
        committed=buy.committed,
    )
    return with_unused(hybrid if easy is None else _with_easy(hybrid, easy, base, frac))


def _with_easy(hybrid: Option, easy: Option, base: BaseLoadFleet, frac: float) -> Option:
    """The hybrid with the easy requests of its overflow at a small model."""
    rent, overflow, *others = hybrid.lines
    usd = easy_overflow_usd_per_month(base, _bill(easy))
    small = _overflow("easy_api", easy, usd, base.easy_overflow_frac)
    small = replace(small, note=f"{small.note} and are easy, {NOT_COUNTED}")
    return replace(
        hybrid,
        label=f"{hybrid.label}, {easy.label} for its easy {percent(frac)}",
        lines=(rent, overflow, small, *others, *easy.lines[1:]),
        products=(*hybrid.products, *easy.bought),
        easy_model=easy_model_name(easy),
        easy_frac=frac,
        committed=used_by_both(hybrid.committed, easy.committed, overflow.usd_per_month, usd),
    )


def _usd_per_month(base: BaseLoadFleet, buy: Option, easy: Option | None) -> float:
    """Rent and bills of a base-load fleet, and what these leave unused of a commitment."""
    bill, easy_usd, committed = overflow_usd_per_month(base, _bill(buy)), 0.0, buy.committed
    if easy is not None:
        easy_usd = easy_overflow_usd_per_month(base, _bill(easy))
        committed = used_by_both(committed, easy.committed, bill, easy_usd)
    return base.plan.rent_usd_per_month + bill + easy_usd + float(committed.unused_usd(bill + easy_usd))


def _peak_rent_usd(staircase: Staircase, inputs: Inputs) -> float:
    """Rent of the fleet that carries the peak; infinite beyond the GPU limit."""
    return float(staircase.rent_usd_per_month(np.asarray(inputs.demand.requests_per_month)))


def _smaller(rent: CostLine, plan: FleetPlan) -> CostLine:
    """The rent of the smaller fleet, its range in proportion."""
    share = plan.rent_usd_per_month / rent.usd_per_month if rent.usd_per_month else 0.0
    return replace(
        rent,
        usd_per_month=plan.rent_usd_per_month,
        low_usd_per_month=rent.low_usd_per_month * share,
        high_usd_per_month=rent.high_usd_per_month * share,
        note=rent_note(plan),
    )


def overflow_usd_per_month(base: BaseLoadFleet, bill: ApiBill) -> float:
    """What the API bills for the overflow that no small model takes: in batch only those of its requests that can wait."""
    return _billed_usd(bill, base.overflow_frac, base.waiting_frac)


def easy_overflow_usd_per_month(base: BaseLoadFleet, bill: ApiBill) -> float:
    """As `overflow_usd_per_month`, of the small model."""
    return _billed_usd(bill, base.easy_overflow_frac, base.easy_waiting_frac)


def _billed_usd(bill: ApiBill, overflow_frac: float, waiting_frac: float) -> float:
    return overflow_frac * bill.unbatched_usd_per_month - waiting_frac * bill.batch_saving_of_all_usd_per_month


def _bill(option: Option) -> ApiBill:
    assert option.bill is not None
    return option.bill


def _overflow(kind: CostKind, option: Option, usd: float, overflow_frac: float) -> CostLine:
    """The part of an API bill that overflow costs, `usd` per month."""
    return CostLine(
        kind=kind,
        usd_per_month=usd,
        low_usd_per_month=usd / OVERFLOW_RANGE_RATIO,
        high_usd_per_month=usd * OVERFLOW_RANGE_RATIO,
        basis="modeled: hourly load assumed to be log-normal",
        source=option.lines[0].source,
        note=f"{percent(overflow_frac)} of requests exceed the fleet's capacity",
    )
