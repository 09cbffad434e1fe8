"""The inputs of every step of the evaluation: scenario, demand and catalog."""

from collections.abc import Mapping
from dataclasses import dataclass

from calculators.catalog.catalog import Catalog
from calculators.catalog.models import Model
from calculators.scenario.demand import Demand, demand_of
from calculators.scenario.own_prices import with_own_prices
from calculators.scenario.own_purchase import with_own_purchase
from calculators.scenario.schema import Gate, Scenario


@dataclass(frozen=True, slots=True)
class Inputs:
    """A scenario, the demand of its workload, and the catalog with the scenario's own prices; made once per evaluation."""

    scenario: Scenario
    demand: Demand
    catalog: Catalog
    paid_ratios: Mapping[str, float] | None = None
    """What is paid over list price at each provider, where the scenario is a part of a whole whose bill tells it."""

    def __post_init__(self) -> None:
        known = with_own_purchase(self.scenario, with_own_prices(self.scenario, self.catalog))
        object.__setattr__(self, "catalog", known)

    @classmethod
    def of(cls, scenario: Scenario, catalog: Catalog) -> "Inputs":
        """Inputs of a scenario, with the demand of its workload."""
        return cls(scenario, demand_of(scenario.workload), catalog)

    def gate_of(self, model: Model) -> Gate | None:
        """Whether the user's evaluation accepts a candidate; None for the only model in use today, which needs none."""
        api = self.scenario.api
        in_use = {id(self.catalog.open_model(one.provider, one.model)) for one in api.mix or (api,)}
        if in_use == {id(model)}:
            return None
        return next(c.gate for c in self.scenario.candidates if self.catalog.model(c.model) is model)
