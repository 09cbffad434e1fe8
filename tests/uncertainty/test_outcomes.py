"""Probabilities, bands and regret, by hand; and the outcome where nothing is uncertain is that of the plan."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from options_by_hand import hand_made_build
from support import FIXED_ROOT, scenario

from calculators.catalog.load import load_catalog
from calculators.evaluate import evaluate
from calculators.options.ranking import curves_of
from calculators.options.what_if import allowed_again
from calculators.scenario.inputs import Inputs
from calculators.uncertainty.outcomes import Outcomes, outcomes_of
from calculators.uncertainty.samples import points_at, sampled_ratios

CATALOG = load_catalog(FIXED_ROOT)


def outcomes(*month_usd: Any) -> Outcomes:
    """Options with the cost of each sample, in one stretch of two months."""
    some, _ = hand_made_build(CATALOG, 1_000, 1_000)
    usd = np.array(month_usd, dtype=float)[..., None]
    return Outcomes((some,) * len(usd), usd, np.array([2.0]))


def test_how_often_each_is_the_cheapest_and_what_choosing_it_costs_too_much() -> None:
    """Totals of 20, 20, 20, 20 and 10, 30, 40, 24: the second is cheaper once in four. Regret of the first (20 - 10) / 4, of the second
    (10 + 20 + 4) / 4."""
    of = outcomes([10, 10, 10, 10], [5, 15, 20, 12])
    assert of.probability.tolist() == [0.75, 0.25]
    assert of.regret_usd == pytest.approx([2.5, 8.5])
    assert of.probability_by_month.tolist() == [[0.75], [0.25]]


def test_bands_are_quantiles_of_totals() -> None:
    low, middle, high = outcomes(range(101)).total_bands_usd[0]
    assert (low, middle, high) == (20, 100, 180)
    assert outcomes(range(101)).cumulative_bands_usd.tolist() == [[[20, 100, 180]]]


def test_what_does_not_serve_is_never_the_cheapest() -> None:
    assert outcomes([np.inf, 3], [4, 5]).probability.tolist() == [0.5, 0.5]
    assert outcomes([np.inf, np.inf], [np.inf, 1]).probability.tolist() == [0, 0.5]


@settings(max_examples=50, deadline=None)
@given(st.lists(st.lists(st.floats(0, 1e9), min_size=7, max_size=7), min_size=1, max_size=5))
def test_probabilities_sum_to_one_and_no_regret_is_negative(rows: list[list[float]]) -> None:
    of = outcomes(*rows)
    assert of.probability.sum() == pytest.approx(1)
    assert (of.regret_usd >= 0).all()
    bands = of.total_bands_usd
    assert (np.diff(bands, axis=1) >= 0).all()


@pytest.mark.parametrize(
    "changes",
    [{}, {"workload": {"growth_per_month_frac": 0.0}, "hardware": {"include_owned": True}}],
    ids=["rented", "bought"],
)
def test_where_nothing_is_uncertain_the_totals_are_those_of_the_plan(changes: dict[str, Any]) -> None:
    evaluation = evaluate(scenario(**changes, operations={"horizon_months": 36}), CATALOG)
    inputs = Inputs.of(evaluation.scenario, CATALOG)
    curves = curves_of(allowed_again(inputs), inputs)
    of = outcomes_of(evaluation.allowed, curves, points_at(sampled_ratios((), 2), (), curves))
    totals = {(one.option.kind, one.option.label): one.tco_usd for one in evaluation.horizon.options}
    for option, usd in zip(of.options, of.total_usd.tolist(), strict=True):
        assert usd == pytest.approx([totals[option.kind, option.label]] * 2, rel=1e-6), option.label
    assert sorted(of.probability.tolist())[-1] == 1.0
    assert (of.total_bands_usd[:, 0] == of.total_bands_usd[:, 2]).all()
