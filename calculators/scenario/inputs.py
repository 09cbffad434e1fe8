"""The inputs of every step of the evaluation: scenario, demand and catalog."""

from dataclasses import dataclass

from calculators.catalog.catalog import Catalog
from calculators.scenario.demand import Demand, demand_of
from calculators.scenario.schema import Scenario


@dataclass(frozen=True, slots=True)
class Inputs:
    """A scenario, the demand of its workload, and the catalog; made once per evaluation."""

    scenario: Scenario
    demand: Demand
    catalog: Catalog

    @classmethod
    def of(cls, scenario: Scenario, catalog: Catalog) -> "Inputs":
        """Inputs of a scenario, with the demand of its workload."""
        return cls(scenario, demand_of(scenario.workload), catalog)
