"""Two scenarios at the prices of one catalog: both answers, what differs, and the gaps between them."""

from dataclasses import dataclass

from calculators.catalog.catalog import Catalog
from calculators.comparison.differing_inputs import DifferingInput, bill_goes_with_volume, differing_inputs
from calculators.comparison.gap import CostGap, total_gaps
from calculators.evaluate import Evaluation, evaluate
from calculators.scenario.schema import Scenario


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two evaluations side by side."""

    a: Evaluation
    b: Evaluation
    differing: tuple[DifferingInput, ...]
    gap: CostGap
    """Of the recommended options."""
    today_gap: CostGap
    self_hosted_gap: CostGap
    """Of the cheapest self-hosted options."""

    @property
    def gaps(self) -> tuple[CostGap, ...]:
        """All three."""
        return self.gap, self.today_gap, self.self_hosted_gap

    @property
    def is_bill_scaled(self) -> bool:
        """Whether an API bill was scaled with the volume to attribute the gaps."""
        return bill_goes_with_volume(self.a.scenario, self.b.scenario, self.differing)


def compare_scenarios(a: Scenario, b: Scenario, catalog: Catalog) -> Comparison:
    """The comparison of two scenarios, by at most `MAX_EVALUATIONS` evaluations, or two for each input where that is more. Raises
    UnknownId or DataError when either names something the catalog does not hold."""
    return compare_evaluations(evaluate(a, catalog), evaluate(b, catalog), catalog)


def compare_evaluations(a: Evaluation, b: Evaluation, catalog: Catalog) -> Comparison:
    """The comparison of two evaluations of one catalog."""
    differing = differing_inputs(a.scenario, b.scenario)
    gap, today_gap, self_hosted_gap = total_gaps(a, b, differing, catalog)
    return Comparison(a=a, b=b, differing=differing, gap=gap, today_gap=today_gap, self_hosted_gap=self_hosted_gap)
