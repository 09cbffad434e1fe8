"""Options whose cost is typed in, so that no modelled speed comes into it."""

from typing import Any

from support import scenario, staircase

from calculators.catalog.catalog import Catalog
from calculators.decision.crossover import Crossing, Crossover
from calculators.fleet import staircase as fleet
from calculators.fleet.operating_costs import PEOPLE, fixed_line
from calculators.fleet.staircase import Staircase
from calculators.options.option import Option

NEVER = Crossover("never", (), None, None, None, 1.2, 1.0, 1e9, "a request costs more")
DURABLE = Crossover("crosses", (Crossing(5e6, "build"),), 5e6, 5e6, None, 0.4, 1.0, 1e9, "the cost curves cross")


WORKLOAD = scenario(workload={"requests_per_month": 1_000_000, "peak_ratio": 4}).workload


def hand_made_buy(
    kind: Any, usd: float, low: float | None = None, high: float | None = None, gate: Any = None
) -> Option:
    lines = (fixed_line("API bill", usd, "list price"),)
    return Option(kind, f"{kind} option", lines, "Some model", "someone", gate, None, None, low or usd, high or usd)


def hand_made_build(
    catalog: Catalog, rent: float, people: float, kind: Any = "self_host", gate: Any = "accepted", spread: float = 0.0
) -> tuple[Option, Staircase]:
    """A fleet of ten machines and two spares for a million requests, at `rent` altogether."""
    stairs = staircase(catalog, 100_000, rent / 12, spare_replicas=2, max_machines=50)
    plan = fleet.fleet_plan(stairs, 1_000_000)
    assert plan is not None
    assert plan.machines == 12
    lines = (fixed_line("GPU rent", plan.rent_usd_per_month, "yours"), fixed_line(PEOPLE, people, "yours"))
    total = rent + people
    option = Option(kind, "own fleet", lines, "Llama", "landlord", gate, None, plan, total - spread, total + spread)
    return option, stairs
