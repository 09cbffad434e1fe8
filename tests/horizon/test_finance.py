"""Present value, payback, internal rate of return and leases, by hand and for any flows."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from calculators.horizon.finance import (
    discounted,
    first_payback_month,
    lease_usd_per_month,
    monthly_rate_frac,
    net_present_value_usd,
    payback_month,
    peak_cash_usd,
    return_per_year_frac,
)

USD = st.floats(-1e7, 1e7).map(lambda usd: round(usd, 2))
FLOWS = st.lists(USD, min_size=1, max_size=61).map(np.array)
OUTLAYS, SAVINGS, MONTHS = st.floats(1, 1e8), st.floats(0.01, 1e7), st.integers(1, 120)


def even(outlay_usd: float, saving_usd: float, months: int) -> np.ndarray:
    """An outlay now and the same saving at the end of every month."""
    return np.append(-outlay_usd, np.full(months, saving_usd))


def yearly(*usd: float) -> np.ndarray:
    """Flows at the end of whole years, from now on."""
    flows = np.zeros(12 * (len(usd) - 1) + 1)
    flows[::12] = usd
    return flows


# --- present value -----------------------------------------------------------------------------------------------------


def test_a_rate_of_a_month_compounds_to_that_of_the_year() -> None:
    assert monthly_rate_frac(0.12682503) == pytest.approx(0.01)  # 1.01 ^ 12
    assert monthly_rate_frac(0.0) == 0


def test_an_amount_in_a_year_is_worth_less_by_the_rate_of_a_year() -> None:
    assert discounted(yearly(100, 110, 121), 0.1)[[0, 12, 24]] == pytest.approx([100, 100, 100])


def test_the_textbooks_three_years_at_ten_percent() -> None:
    """-1,000 + 500 / 1.1 + 400 / 1.21 + 300 / 1.331 = -1,000 + 454.55 + 330.58 + 225.39 = 10.52."""
    assert net_present_value_usd(yearly(-1_000, 500, 400, 300), 0.1) == pytest.approx(10.518, abs=0.001)


@given(FLOWS)
def test_discounting_at_nothing_changes_nothing(flows: np.ndarray) -> None:
    assert (discounted(flows, 0.0) == flows).all()
    assert net_present_value_usd(flows, 0.0) == pytest.approx(flows.sum())


@given(OUTLAYS, SAVINGS, MONTHS, st.floats(0, 0.99), st.floats(0.001, 0.5))
def test_even_savings_are_worth_less_at_a_higher_rate(
    outlay: float, saving: float, months: int, rate: float, more: float
) -> None:
    savings = even(0.0, saving, months)
    assert 0 < net_present_value_usd(savings, rate + more) < net_present_value_usd(savings, rate)
    flows = even(outlay, saving, months)
    assert net_present_value_usd(flows, rate + more) < net_present_value_usd(flows, rate)


# --- payback -----------------------------------------------------------------------------------------------------------


def test_an_outlay_is_back_in_the_month_in_which_the_savings_reach_it() -> None:
    assert payback_month(even(100, 40, 5)) == 3  # 40, 80, 120
    assert payback_month(even(120, 40, 5)) == 3  # exactly


def test_what_never_costs_more_pays_back_at_once() -> None:
    assert payback_month(np.array([0.0, 5.0, 5.0])) == 0
    assert payback_month(np.zeros(4)) == 0


def test_a_payback_that_later_months_undo_is_none() -> None:
    """-100, -40, 20, 80, 30, -20: back in month 2, lost again in month 5."""
    flows = np.array([-100.0, 60, 60, 60, -50, -50])
    assert payback_month(flows) is None
    assert first_payback_month(flows) == 2


def test_a_second_outlay_counts_until_it_too_is_back() -> None:
    """-100, -40, 20, -180 + 60 ..., so the sum is -120, -60, 0 after a second outlay of 260 with the saving of month 3."""
    flows = np.array([-100.0, 60, 60, -140, 60, 60])
    assert np.cumsum(flows).tolist() == [-100, -40, 20, -120, -60, 0]
    assert payback_month(flows) == 5
    assert first_payback_month(flows) == 2


def test_what_is_not_back_by_the_end_never_pays_back() -> None:
    assert payback_month(even(100, 10, 9)) is None
    assert first_payback_month(even(100, 10, 9)) is None


def test_a_delivery_in_a_later_month_is_an_outlay_of_that_month() -> None:
    assert payback_month(np.array([0.0, 0, -100, 50, 50])) == 4


@pytest.mark.parametrize("outlay", [1e3, 1e6, 3e10, 1e12])
def test_rounding_of_large_sums_does_not_lose_a_payback(outlay: float) -> None:
    for months in (3, 7, 36, 60):
        assert payback_month(even(outlay, outlay / months, months)) == months
        assert first_payback_month(even(outlay, outlay / months, months)) == months


@given(OUTLAYS, SAVINGS, MONTHS, st.floats(1, 10))
def test_more_saving_never_pays_back_later(outlay: float, saving: float, months: int, times: float) -> None:
    less, more = (payback_month(even(outlay, usd, months)) for usd in (saving, saving * times))
    assert less is None or (more is not None and more <= less)


@given(FLOWS)
def test_a_payback_lasts_and_is_not_before_the_first(flows: np.ndarray) -> None:
    month, first = payback_month(flows), first_payback_month(flows)
    if month is None:
        assert np.cumsum(flows)[-1] < 0
        return
    assert (np.cumsum(flows)[month:] >= -0.01).all()
    assert month == 0 or np.cumsum(flows)[month - 1] < 0
    assert first is not None
    assert first <= month


@given(FLOWS)
def test_payback_and_peak_cash_do_not_depend_on_the_unit_of_money(flows: np.ndarray) -> None:
    assert payback_month(flows * 1024) == payback_month(flows)
    assert peak_cash_usd(flows * 1024) == peak_cash_usd(flows) * 1024


def test_the_most_cash_out_is_the_lowest_point_of_the_sum() -> None:
    assert peak_cash_usd(np.array([-100.0, 60, -200, 500])) == 240
    assert peak_cash_usd(np.array([0.0, 10, 10])) == 0


# --- return ------------------------------------------------------------------------------------------------------------


def test_a_hundred_that_becomes_a_hundred_and_ten_in_a_year_returns_ten_percent() -> None:
    assert return_per_year_frac(yearly(-100, 110)) == pytest.approx(0.1)


def test_one_percent_a_month_is_12_68_percent_a_year() -> None:
    assert return_per_year_frac(np.array([-100.0, 1, 1, 101])) == pytest.approx(1.01**12 - 1)


def test_what_loses_money_returns_less_than_nothing() -> None:
    """100 that become 81 in two years: 0.9 each year."""
    assert return_per_year_frac(yearly(-100, 0, 81)) == pytest.approx(-0.1)


@pytest.mark.parametrize(
    "flows",
    [[0.0, 10, 10], [-10.0, -10, -5], [-100.0, 230, -132], [0.0, 0.0], [-100.0, 200, -50, 10]],
    ids=["only savings", "only outlays", "two rates, 10% and 20%", "nothing", "three changes of sign"],
)
def test_without_one_rate_there_is_none(flows: list[float]) -> None:
    assert return_per_year_frac(np.array(flows)) is None


@given(OUTLAYS, st.lists(SAVINGS, min_size=1, max_size=60))
def test_at_the_internal_rate_of_return_the_present_value_is_nothing(outlay: float, savings: list[float]) -> None:
    flows = np.array([-outlay, *savings])
    assume(0.2 < sum(savings) / outlay < 5)
    rate = return_per_year_frac(flows)
    assert rate is not None
    assert (rate > 0) == (sum(savings) > outlay) or abs(sum(savings) / outlay - 1) < 1e-9
    assert net_present_value_usd(flows, rate) == pytest.approx(0, abs=1e-6 * outlay)


# --- leases ------------------------------------------------------------------------------------------------------------


def test_a_lease_without_interest_is_an_even_share_of_what_is_used_up() -> None:
    assert lease_usd_per_month(120_000, 0.0, 12) == pytest.approx(10_000)
    assert lease_usd_per_month(120_000, 0.0, 12, residual_usd=60_000) == pytest.approx(5_000)


def test_one_percent_a_month_on_a_hundred_thousand_over_a_year_is_8885() -> None:
    """100,000 x 0.01 / (1 - 1.01 ^ -12) = 1,000 / 0.112551 = 8,884.88."""
    assert lease_usd_per_month(100_000, 1.01**12 - 1, 12) == pytest.approx(8_884.88, abs=0.01)


@given(OUTLAYS, st.floats(0, 0.5), MONTHS, st.floats(0, 1))
def test_the_payments_of_a_lease_are_worth_its_price_less_what_is_left(
    price: float, rate: float, months: int, left_frac: float
) -> None:
    payment = lease_usd_per_month(price, rate, months, price * left_frac)
    flows = even(-price, -payment, months)
    flows[-1] -= price * left_frac
    assert net_present_value_usd(flows, rate) == pytest.approx(0, abs=1e-6 * price)
