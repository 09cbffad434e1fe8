"""Quasi-random points: spread as stated, correlated as stated, the same for the same seed."""

import numpy as np
import pytest
from support import FIXED_ROOT, scenario

from calculators.catalog.load import load_catalog
from calculators.options.ranking import curves_of
from calculators.options.what_if import allowed_again
from calculators.scenario.inputs import Inputs
from calculators.uncertainty.samples import points_at, sampled_ratios
from calculators.uncertainty.spreads import Spread

SPREADS = (
    Spread("tokens", 0.5, 2.0, 0.95),
    Spread("hosted_price_drift", 0.6, 1.25, 0.8),
    Spread("rent_drift", 0.6, 1.15, 0.8),
)


def test_as_many_samples_as_stated_lie_within_each_range() -> None:
    ratios = sampled_ratios(SPREADS, 4_000)
    for one, row in zip(SPREADS, ratios, strict=True):
        assert ((row >= one.low_ratio) & (row <= one.high_ratio)).mean() == pytest.approx(one.within_frac, abs=0.01)
        assert np.median(row) == pytest.approx(1.0, abs=0.01)


def test_prices_of_hosts_and_rents_move_together_and_volume_alone() -> None:
    signs = np.sign(sampled_ratios(SPREADS, 4_000) - 1)
    matrix = np.corrcoef(signs)
    assert matrix[1, 2] == pytest.approx(2 / np.pi * np.arcsin(0.5), abs=0.03)  # of signs, Sheppard (1899)
    assert matrix[0, 1:] == pytest.approx([0, 0], abs=0.03)


def test_the_same_seed_gives_the_same_samples_and_another_one_others() -> None:
    assert (sampled_ratios(SPREADS, 50) == sampled_ratios(SPREADS, 50)).all()
    assert (sampled_ratios(SPREADS, 50, seed=1) != sampled_ratios(SPREADS, 50)).any()


def test_where_nothing_is_uncertain_every_point_is_todays() -> None:
    inputs = Inputs.of(scenario(), load_catalog(FIXED_ROOT))
    curves = curves_of(allowed_again(inputs), inputs)
    at, today = points_at(sampled_ratios((), 3), (), curves), curves.points(3)
    for name in type(at).__slots__:
        assert getattr(at, name) == pytest.approx(getattr(today, name)), name


def test_each_factor_moves_its_own_figure() -> None:
    inputs = Inputs.of(scenario(), load_catalog(FIXED_ROOT))
    curves = curves_of(allowed_again(inputs), inputs)
    spreads = (Spread("tokens", 0.5, 2, 0.8), Spread("speed", 0.5, 2, 0.8), Spread("growth", 0.9, 1.1, 0.8))
    at = points_at(np.array([[2.0], [0.5], [1.1]]), spreads, curves)
    assert at.requests_per_month == pytest.approx(2 * inputs.demand.requests_per_month)
    assert at.capacity_ratio == pytest.approx(0.5)
    assert at.volume_ratio_per_month == pytest.approx(1.1)
