"""Purchased servers month by month, by hand on the fixed catalog: an H100 costs 40,000 and a tenth for network and spares, 3% to
install, 1 kW x 182.50 a month; it is worth 40% after two years and 20% after four; 7% a year maintain it after the first."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import FIXED_ROOT, scenario

from calculators.catalog.load import load_catalog
from calculators.horizon.purchase import PurchaseCash, purchase_cash
from calculators.scenario.inputs import Inputs

CATALOG = load_catalog(FIXED_ROOT)
PRICE = 44_000.0


def bought(*gpus: float, **outlook: float) -> PurchaseCash:
    return purchase_cash("h100-sxm", np.array(gpus), Inputs.of(scenario(outlook=outlook), CATALOG))


def test_one_server_from_the_first_month_is_paid_now_and_sold_at_the_end() -> None:
    """8 x 44,000 x 1.03 = 362,560 now; 8 x 182.50 = 1,460 a month; after 24 months 0.4 x 352,000 = 140,800 comes back."""
    cash = bought(*[8] * 24)
    assert cash.capex_usd[0] == pytest.approx(362_560)
    assert not cash.capex_usd[1:].any()
    assert cash.running_usd[[0, 1, 12]] == pytest.approx([0, 1_460, 1_460])
    assert cash.residual_usd[-1] == pytest.approx(140_800)
    assert not cash.residual_usd[:-1].any()


def test_maintenance_begins_when_a_server_is_a_year_old() -> None:
    """0.07 x 352,000 / 12 = 2,053.33 a month from the thirteenth month of each server on."""
    running = bought(*[8] * 3, *[16] * 21).running_usd
    assert running[[12, 13, 15]] == pytest.approx([2 * 1_460, 2 * 1_460 + 2_053.33, 2 * 1_460 + 2_053.33])
    assert running[16] == pytest.approx(2 * (1_460 + 2_053.33))


def test_servers_bought_later_are_younger_at_the_end_and_sell_for_more() -> None:
    """8 GPUs from month 1 are 36 months old at the end: 0.4 - 0.2 / 2 = 0.3 of 352,000 = 105,600. 8 more from month 19 are 18
    months old: 1 - 0.6 x 18 / 24 = 0.55 of 352,000 = 193,600."""
    cash = bought(*[8] * 18, *[16] * 18)
    assert cash.capex_usd[[0, 18]] == pytest.approx([362_560, 362_560])
    assert cash.residual_usd[-1] == pytest.approx(105_600 + 193_600)


def test_servers_cost_the_price_of_the_month_in_which_they_are_delivered() -> None:
    """-36% a year is x 0.8 in half a year: 362,560 now, 290,048 in six months, which is sold after 18 for 0.55 x 281,600."""
    cash = bought(*[8] * 6, *[16] * 18, server_price_change_per_year_frac=-0.36)
    assert cash.capex_usd[[0, 6]] == pytest.approx([362_560, 290_048])
    assert cash.residual_usd[-1] == pytest.approx(0.4 * 352_000 + 0.55 * 281_600)


def test_machines_are_not_given_back_when_fewer_are_needed() -> None:
    assert bought(8, 16, 8, 8).running_usd == pytest.approx([0, 1_460, 2_920, 2_920, 2_920])


def test_without_servers_nothing_is_paid() -> None:
    cash = bought(0, 0, 0)
    assert not cash.cash_usd.any()
    assert not cash.cost_usd().any()


def test_the_loss_of_value_is_spread_over_the_months_of_use() -> None:
    """362,560 - 140,800 = 221,760 lost over the 24 months: 9,240 each beside 1,460; before delivery nothing."""
    assert bought(*[8] * 24).cost_usd()[:12] == pytest.approx([10_700] * 12)
    late = bought(0, 0, *[8] * 22).cost_usd()
    assert late[:2].tolist() == [0, 0]
    assert late[2:14] == pytest.approx([late[2]] * 12)


@given(st.lists(st.integers(0, 5).map(lambda servers: 8.0 * servers), min_size=1, max_size=60), st.floats(-0.5, 0.5))
def test_cost_and_cash_have_one_sum_and_nothing_sells_for_more_than_it_cost(gpus: list[float], change: float) -> None:
    cash = bought(*gpus, server_price_change_per_year_frac=change)
    assert cash.cost_usd().sum() == pytest.approx(cash.cash_usd.sum())
    assert cash.residual_usd[-1] <= cash.capex_usd.sum()
    assert (cash.cost_usd() >= 0).all()
    assert np.count_nonzero(cash.capex_usd) == np.count_nonzero(np.diff(np.maximum.accumulate([0, *gpus])))


@given(st.integers(0, 58), st.integers(1, 60))
def test_a_server_that_comes_a_month_later_loses_less_value(delivered: int, used: int) -> None:
    """Its residual value is that of its age, which the table lets fall the slower the older it is."""
    months = delivered + used
    sooner, later = ([0] * wait + [8] * (months - wait) for wait in (delivered, delivered + 1))
    assert bought(*later).cash_usd.sum() <= bought(*sooner).cash_usd.sum() - 1_460 + 1e-6
