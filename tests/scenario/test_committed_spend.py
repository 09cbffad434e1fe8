"""What a bill leaves unused of committed spend."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from calculators.scenario.committed_spend import NOTHING_COMMITTED, CommittedSpend

USD = st.floats(0, 1e9)


def test_half_the_horizon_pays_half_of_what_is_unused() -> None:
    """$50,000 a month for 6 of 12 months, $20,000 of it used: 30,000 x 6 / 12."""
    committed = CommittedSpend(50_000, months=6, horizon_months=12, bill_frac=1.0)
    assert committed.unused_usd(20_000) == pytest.approx(15_000)


def test_a_commitment_beyond_the_horizon_counts_for_all_of_it() -> None:
    committed = CommittedSpend(50_000, months=36, horizon_months=12, bill_frac=1.0)
    assert committed.unused_usd(20_000) == pytest.approx(30_000)


def test_only_the_part_of_a_bill_that_goes_to_this_seller_uses_it_up() -> None:
    committed = CommittedSpend(50_000, months=12, horizon_months=12, bill_frac=np.array([0.0, 0.25, 1.0]))
    assert committed.unused_usd(40_000).tolist() == [50_000, 40_000, 10_000]


def test_nothing_committed_leaves_nothing_unused() -> None:
    assert NOTHING_COMMITTED.unused_usd(np.array([0.0, 5.0])).tolist() == [0, 0]


@given(USD, USD, st.integers(0, 120), st.integers(1, 120), st.floats(0, 1))
def test_it_is_between_nothing_and_the_commitment_and_a_higher_bill_never_costs_less(
    committed_usd: float, bill_usd: float, months: int, horizon: int, bill_frac: float
) -> None:
    committed = CommittedSpend(committed_usd, months, horizon, bill_frac=bill_frac)
    bills = np.array([bill_usd, bill_usd * 1.5])
    unused = committed.unused_usd(bills)
    assert (unused >= 0).all()
    assert (unused <= committed_usd).all()
    total = bills + unused
    assert total[1] >= total[0] * (1 - 1e-12)
