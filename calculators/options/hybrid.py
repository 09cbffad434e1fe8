"""Hybrid options: a fleet for the base load, with the overflow sent to an API."""

from dataclasses import replace

from calculators.fleet.base_load import BaseLoadFleet, base_load_fleets
from calculators.fleet.operating_costs import CostLine
from calculators.fleet.plan import FleetPlan
from calculators.fleet.staircase import Staircase
from calculators.options.build import rent_note
from calculators.options.option import Option, with_range
from calculators.scenario.inputs import Inputs
from calculators.units import percent

OVERFLOW_RANGE_RATIO = 2.0
"""How far off the overflow may be, either way, since the load of each hour is not known."""


def hybrid_option(build: Option, staircase: Staircase, buy: Option, inputs: Inputs) -> Option | None:
    """The cheapest base-load fleet on the self-hosted option's machines, with its overflow sent to the API option; None
    where no such fleet is cheaper than one that carries the peak."""
    assert build.plan is not None
    assert buy.bill is not None
    api_usd, peak_rent_usd = buy.bill.usd_per_month, build.plan.rent_usd_per_month
    fleets = base_load_fleets(staircase, inputs.demand.requests_per_month, inputs.scenario.workload.peak_ratio)
    costs = [(base.plan.rent_usd_per_month + base.overflow_frac * api_usd, base) for base in fleets]
    if not costs:
        return None
    usd, base = min(costs, key=lambda pair: pair[0])
    if usd >= peak_rent_usd:
        return None
    rent, *other_lines = build.lines
    gpus = f"{base.plan.gpus}× {base.plan.config.gpu.name}"
    return with_range(
        Option(
            kind="hybrid",
            label=f"{build.model} self-hosted on {gpus} for the base load, {buy.label} for overflow",
            lines=(_smaller(rent, base.plan), _overflow(buy, base, api_usd), *other_lines, *buy.lines[1:]),
            model=build.model,
            operator=build.operator,
            gate=build.gate,
            plan=base.plan,
            also_operator=buy.operator,
            also_model=buy.model,
            also_gate=buy.gate,
        )
    )


def _smaller(rent: CostLine, plan: FleetPlan) -> CostLine:
    """The rent of the smaller fleet, its range in proportion."""
    share = plan.rent_usd_per_month / rent.usd_per_month
    return replace(
        rent,
        usd_per_month=plan.rent_usd_per_month,
        low_usd_per_month=rent.low_usd_per_month * share,
        high_usd_per_month=rent.high_usd_per_month * share,
        note=rent_note(plan),
    )


def _overflow(buy: Option, base: BaseLoadFleet, api_usd: float) -> CostLine:
    """The overflow's share of the whole API bill."""
    return CostLine(
        kind="overflow_api",
        usd_per_month=base.overflow_frac * api_usd,
        low_usd_per_month=base.overflow_frac * api_usd / OVERFLOW_RANGE_RATIO,
        high_usd_per_month=base.overflow_frac * api_usd * OVERFLOW_RANGE_RATIO,
        basis="modeled: hourly load assumed to be log-normal",
        source=buy.lines[0].source,
        note=f"{percent(base.overflow_frac)} of requests exceed the fleet's capacity",
    )
