"""What every step of the evaluation reads: the question, the demand it means, and the data it is answered with."""

from dataclasses import dataclass

from calculators.catalog.catalog import Catalog
from calculators.scenario.demand import Demand, demand_of
from calculators.scenario.schema import Scenario


@dataclass(frozen=True, slots=True)
class Inputs:
    """A scenario, the demand of its workload, and the catalog: made once for an evaluation."""

    scenario: Scenario
    demand: Demand
    catalog: Catalog

    @classmethod
    def of(cls, scenario: Scenario, catalog: Catalog) -> "Inputs":
        """Inputs of a scenario, with the demand that its workload means."""
        return cls(scenario, demand_of(scenario.workload), catalog)
