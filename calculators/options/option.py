"""One way to serve the workload, with every line of its monthly cost."""

from dataclasses import dataclass
from typing import Literal

from calculators.api.bill import ApiBill
from calculators.fleet.operating_costs import CostLine
from calculators.fleet.staircase import FleetPlan
from calculators.scenario.demand import Array
from calculators.scenario.schema import Gate

OptionKind = Literal["api_today", "api_optimised", "resold_api", "hosted_open", "self_host", "own_hardware", "hybrid"]


@dataclass(frozen=True, slots=True)
class Option:
    """One way to serve the workload, with every line of its monthly cost."""

    kind: OptionKind
    label: str
    lines: tuple[CostLine, ...]
    model: str
    operator: str = ""
    """Who would see the prompts: id of the seller or landlord, or `OWN`."""
    gate: Gate | None = None
    """Whose word it is that this model is good enough; None for the model in use today."""
    bill: ApiBill | None = None
    plan: FleetPlan | None = None
    low_usd_per_month: float = 0.0
    high_usd_per_month: float = 0.0
    also_operator: str = ""
    """Who sells the rest of a hybrid."""

    @property
    def usd_per_month(self) -> float:
        return sum(line.usd_per_month for line in self.lines)

    @property
    def is_build(self) -> bool:
        """A fleet that carries everything."""
        return self.kind in ("self_host", "own_hardware")

    @property
    def is_buy(self) -> bool:
        return not self.is_build and self.kind != "hybrid"


@dataclass(frozen=True, slots=True)
class LinearCost:
    """A cost that is linear in volume."""

    usd_per_request: float
    fixed_usd_per_month: float

    def usd_per_month(self, requests_per_month: Array) -> Array:
        return self.fixed_usd_per_month + self.usd_per_request * requests_per_month
