"""Options whose cost is typed in, so that no modelled speed comes into it."""

from dataclasses import replace
from typing import Any

from support import scenario, staircase

from calculators.catalog.catalog import Catalog
from calculators.decision.crossover import Crossing, Crossover
from calculators.fleet.operating_costs import USER_BASIS, CostLine, fixed_line
from calculators.fleet.plan import fleet_plan
from calculators.fleet.staircase import Staircase
from calculators.options.option import Option

NEVER = Crossover(
    kind="never",
    crossings=(),
    first_req_per_month=None,
    durable_req_per_month=None,
    until_req_per_month=None,
    break_even_utilization_ratio=1.2,
    break_even_busy_frac=None,
    busy_frac=1.0,
    limit_req_per_month=1e9,
    reason="a request costs more",
)
DURABLE = Crossover(
    kind="crosses",
    crossings=(Crossing(5e6, "build"),),
    first_req_per_month=5e6,
    durable_req_per_month=5e6,
    until_req_per_month=None,
    break_even_utilization_ratio=0.4,
    break_even_busy_frac=0.3,
    busy_frac=1.0,
    limit_req_per_month=1e9,
    reason="the cost curves cross",
)


WORKLOAD = scenario(workload={"requests_per_month": 1_000_000, "peak_ratio": 4}).workload


def _with_ends(line: CostLine, low: float, high: float) -> CostLine:
    return replace(line, low_usd_per_month=low, high_usd_per_month=high)


def hand_made_buy(
    kind: Any, usd: float, low: float | None = None, high: float | None = None, gate: Any = None
) -> Option:
    return Option(
        kind=kind,
        label=f"{kind} option",
        lines=(_with_ends(fixed_line("api", usd, "list price"), low or usd, high or usd),),
        model="Some model",
        operator="someone",
        gate=gate,
        low_usd_per_month=low or usd,
        high_usd_per_month=high or usd,
    )


def hand_made_build(
    catalog: Catalog, rent: float, people: float, kind: Any = "self_host", gate: Any = "accepted", spread: float = 0.0
) -> tuple[Option, Staircase]:
    """A fleet of ten machines and two spares for a million requests, at `rent` altogether."""
    stairs = staircase(catalog, 100_000, rent / 12, spare_replicas=2, max_machines=50)
    plan = fleet_plan(stairs, 1_000_000)
    assert plan is not None
    assert plan.machines == 12
    rental = _with_ends(fixed_line("gpu_rental", plan.rent_usd_per_month, USER_BASIS), rent - spread, rent + spread)
    option = Option(
        kind=kind,
        label="own fleet",
        lines=(rental, fixed_line("staffing", people, USER_BASIS)),
        model="Llama",
        operator="gpu-cloud",
        gate=gate,
        plan=plan,
        low_usd_per_month=rent + people - spread,
        high_usd_per_month=rent + people + spread,
    )
    return option, stairs
