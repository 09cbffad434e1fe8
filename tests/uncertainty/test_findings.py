"""What finding out is worth, in closed form."""

import numpy as np
import pytest
from scipy.special import ndtri

from calculators.uncertainty.findings import _indices, worth_of_knowing_everything_usd, worth_of_knowing_usd

UNIFORM = (np.arange(20_000) + 0.5) / 20_000
NORMAL = ndtri(UNIFORM)


def test_a_coin_is_worth_what_it_saves_half_of_the_time() -> None:
    """One option costs 100, the other 50 or 150: knowing which saves 50 half of the time."""
    coin = np.tile([0.0, 1.0], 500)
    total = np.array([np.full(1_000, 100.0), 50 + 100 * coin])
    assert worth_of_knowing_everything_usd(total) == pytest.approx(25)
    assert worth_of_knowing_usd(total, coin) == pytest.approx(25)


def test_a_normal_gap_is_worth_its_deviation_over_the_root_of_two_pi() -> None:
    """E[max(0, sN)] = s / sqrt(2 pi), the unit normal loss at 0."""
    total = np.array([np.zeros(NORMAL.size), 1_000 * NORMAL])
    assert worth_of_knowing_everything_usd(total) == pytest.approx(1_000 / np.sqrt(2 * np.pi), rel=1e-3)
    assert worth_of_knowing_usd(total, NORMAL) == pytest.approx(1_000 / np.sqrt(2 * np.pi), rel=5e-3)


def test_what_moves_no_option_is_worth_nothing_and_no_input_more_than_all() -> None:
    other = NORMAL[np.random.default_rng(1).permutation(NORMAL.size)]
    total = np.array([np.zeros(NORMAL.size), 1_000 * NORMAL])
    everything = worth_of_knowing_everything_usd(total)
    assert worth_of_knowing_usd(total, other) < everything / 10
    assert worth_of_knowing_usd(total, np.ones(NORMAL.size)) == 0
    assert worth_of_knowing_usd(total, NORMAL) <= everything * (1 + 1e-9)


def test_an_input_explains_the_share_of_the_variance_that_it_makes() -> None:
    """A gap of 3 a + b: 9 and 1 of 10 parts."""
    rng = np.random.default_rng(1)
    ratios = np.exp(rng.normal(size=(2, 4_000)) * 0.1)
    gap = 3 * np.log(ratios[0]) + np.log(ratios[1])
    assert _indices(gap, ratios) == pytest.approx([0.9, 0.1], abs=0.05)
    assert _indices(np.full(4_000, 5.0), ratios).tolist() == [0, 0]
    assert _indices(np.full(4_000, np.nan), ratios).tolist() == [0, 0]
