"""How sure an evaluation's decision is, from spreads to what finding out would be worth."""

from dataclasses import dataclass

import numpy as np

from calculators.catalog.catalog import Catalog
from calculators.evaluate import Evaluation
from calculators.options.option import Option
from calculators.options.ranking import curves_of, without_undercut
from calculators.options.speed_range import size_at_speed_bounds
from calculators.options.what_if import allowed_again
from calculators.scenario.demand import Array
from calculators.scenario.inputs import Inputs
from calculators.uncertainty.findings import Finding, findings, worth_of_knowing_everything_usd
from calculators.uncertainty.outcomes import Outcomes, outcomes_of
from calculators.uncertainty.samples import SAMPLES, SEED, points_at, sampled_ratios
from calculators.uncertainty.spreads import Spread, spreads_of

VOLUME_MULTIPLES = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
VOLUME_SAMPLES = 1_000
"""Samples at each volume."""


@dataclass(frozen=True, slots=True)
class DecisionConfidence:
    """How sure the decision is."""

    spreads: tuple[Spread, ...]
    outcomes: Outcomes
    findings: tuple[Finding, ...]
    worth_of_everything_usd: float
    volumes: tuple[float, ...]
    """Requests per month."""
    probability_by_volume: Array
    """(o, v) that an option has the lowest total if volume were these."""

    def probability_of(self, option: Option) -> float:
        """That an option has the lowest total over the horizon."""
        return float(self.outcomes.probability[self.outcomes.options.index(option)])


def confidence_of(
    evaluation: Evaluation, catalog: Catalog, samples: int = SAMPLES, seed: int = SEED
) -> DecisionConfidence | None:
    """How sure the decision of an evaluation is; None where no option is allowed."""
    options = evaluation.allowed
    if not options:
        return None
    inputs = Inputs(evaluation.scenario, evaluation.demand, catalog)
    allowed = without_undercut(allowed_again(inputs))
    curves = curves_of(allowed, inputs)
    bounds = size_at_speed_bounds(allowed.stairs, allowed.rents_usd, evaluation.envelope_staircases, inputs)
    spreads = spreads_of(curves, bounds)
    ratios = sampled_ratios(spreads, samples, seed)
    outcomes = outcomes_of(options, curves, points_at(ratios, spreads, curves))
    few = sampled_ratios(spreads, min(VOLUME_SAMPLES, samples), seed)
    at = points_at(few, spreads, curves)
    by_volume = [outcomes_of(options, curves, at.at_volume(multiple)).probability for multiple in VOLUME_MULTIPLES]
    return DecisionConfidence(
        spreads=spreads,
        outcomes=outcomes,
        findings=findings(outcomes, ratios, spreads, curves),
        worth_of_everything_usd=worth_of_knowing_everything_usd(outcomes.total_usd),
        volumes=tuple(inputs.demand.requests_per_month * multiple for multiple in VOLUME_MULTIPLES),
        probability_by_volume=np.array(by_volume).T,
    )
