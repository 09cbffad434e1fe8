"""Hybrid options: a fleet for the base load, with the overflow sent to an API."""

from dataclasses import replace

import numpy as np

from calculators.api.bill import ApiBill
from calculators.fleet.base_load import BaseLoadFleet, base_load_fleets
from calculators.fleet.operating_costs import CostLine
from calculators.fleet.plan import FleetPlan
from calculators.fleet.staircase import Staircase
from calculators.options.build import rent_note
from calculators.options.commitment import with_unused
from calculators.options.option import Option
from calculators.scenario.inputs import Inputs
from calculators.units import percent

OVERFLOW_RANGE_RATIO = 2.0
"""How far off the overflow may be, either way, since the load of each hour is not known."""


def hybrid_option(build: Option, staircase: Staircase, buy: Option, inputs: Inputs) -> Option | None:
    """The cheapest base-load fleet on the self-hosted option's machines, with its overflow sent to the API option; None
    where a fleet that carries the peak is allowed and no smaller one is cheaper."""
    assert build.plan is not None
    assert buy.bill is not None
    workload, peak_rent_usd = inputs.scenario.workload, _peak_rent_usd(staircase, inputs)
    fleets = base_load_fleets(staircase, workload)
    bills = [overflow_usd_per_month(base, buy.bill) for base in fleets]
    costs = [
        (base.plan.rent_usd_per_month + bill + float(buy.committed.unused_usd(bill)), bill, base)
        for base, bill in zip(fleets, bills, strict=True)
    ]
    if not costs:
        return None
    usd, overflow_usd, base = min(costs, key=lambda cost: cost[0])
    if usd >= peak_rent_usd + float(buy.committed.unused_usd(0.0)):
        return None
    rent, *other_lines = build.lines
    return with_unused(
        Option(
            kind="hybrid",
            label=f"{build.model} self-hosted on {base.plan.label} for the base load, {buy.label} for overflow",
            lines=(_smaller(rent, base.plan), _overflow(buy, base, overflow_usd), *other_lines, *buy.lines[1:]),
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
    )


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
    """What the API bills for the overflow: in batch only those of its requests that can wait."""
    return (
        base.overflow_frac * bill.unbatched_usd_per_month - base.waiting_frac * bill.batch_saving_of_all_usd_per_month
    )


def _overflow(buy: Option, base: BaseLoadFleet, usd: float) -> CostLine:
    """The overflow's part of the API bill, `usd` per month."""
    return CostLine(
        kind="overflow_api",
        usd_per_month=usd,
        low_usd_per_month=usd / OVERFLOW_RANGE_RATIO,
        high_usd_per_month=usd * OVERFLOW_RANGE_RATIO,
        basis="modeled: hourly load assumed to be log-normal",
        source=buy.lines[0].source,
        note=f"{percent(base.overflow_frac)} of requests exceed the fleet's capacity",
    )
