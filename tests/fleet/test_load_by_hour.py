"""Load by hour: one load-duration curve with the hybrids, and the hours in which each machine is needed."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import scenario, staircase, two_pools

from calculators.catalog.catalog import Catalog
from calculators.fleet.base_load import exceeded_frac, overflow_frac
from calculators.fleet.load_by_hour import (
    HOURS_PER_WEEK,
    billed_h_per_month,
    hours_above,
    load_week,
    lognormal_parts,
    placed_by_share,
    rank_hours,
    starts_per_month,
)
from calculators.scenario.schema import Workload


def _workload(**changes: object) -> Workload:
    return scenario(workload={"peak_ratio": 4, **changes}).workload


@given(st.floats(1, 60), st.floats(30, 730))
def test_a_week_has_the_mean_and_the_active_hours(peak_ratio: float, active_h: float) -> None:
    week = load_week(_workload(peak_ratio=peak_ratio, active_h_per_month=active_h))
    assert week.load_ratio.shape == (HOURS_PER_WEEK,)
    assert week.load_ratio.mean() == pytest.approx(1)
    assert (week.load_ratio > 0).sum() == max(1, round(168 * active_h / 730))


def test_a_week_has_the_overflow_of_the_hybrids() -> None:
    ratios = load_week(_workload()).load_ratio
    for capacity in (0.5, 1.0, 1.5, 2.0):
        assert np.maximum(ratios - capacity, 0).mean() == pytest.approx(overflow_frac(capacity, 4.0), abs=0.01)


def test_the_hours_above_a_capacity_are_the_slope_of_the_overflow() -> None:
    for capacity in (0.3, 1.0, 2.0, 3.9):
        slope = (overflow_frac(capacity - 1e-5, 4.0) - overflow_frac(capacity + 1e-5, 4.0)) / 2e-5
        assert exceeded_frac(capacity, 4.0) == pytest.approx(slope, rel=1e-4)
    assert exceeded_frac(3.999, 4.0) * 730 == pytest.approx(1, abs=0.05)  # the busiest of a month's hours
    assert exceeded_frac(4.0, 4.0) == 0
    assert exceeded_frac(0.0, 4.0) == 1
    assert exceeded_frac(np.array([0.9, 1.0]), 1.0).tolist() == [1, 0]  # a flat load


def test_the_hours_of_the_day_have_the_shares_of_the_log() -> None:
    shares = np.array([0.02] * 12 + [0.06] * 10 + [0.08] * 2)
    measured = load_week(_workload(hourly_frac=tuple(shares.tolist())))
    assert measured.is_day_known
    by_hour = measured.load_ratio.reshape(7, 24).sum(axis=0) / 168
    assert np.abs(by_hour - shares).max() < 0.012
    assert np.sort(measured.load_ratio) == pytest.approx(np.sort(load_week(_workload()).load_ratio))  # of any log


def test_without_a_log_the_week_is_that_of_a_typical_service() -> None:
    assumed = load_week(_workload())
    assert not assumed.is_day_known
    days = assumed.load_ratio.reshape(7, 24)
    assert days[:5].sum(axis=1).min() > days[5:].sum(axis=1).max()
    assert days[:, 12:18].mean() > 2 * days[:, 0:6].mean()


def test_values_fill_the_hours_that_lack_most() -> None:
    """5, 3, 2 and 1 into two hours of shares 7 and 4: 5 leaves 2 against 4; 3 goes there and leaves 1; 2 fills the first."""
    assert placed_by_share(np.array([5.0, 3, 2, 1]), np.array([2, 2]), np.array([7.0, 4])) == [[5, 2], [3, 1]]


def test_an_office_week_rests_at_night_and_on_weekends() -> None:
    days = load_week(_workload(active_h_per_month=180)).load_ratio.reshape(7, 24)
    assert days[5:].sum() == 0
    assert days[:, :8].sum() == 0


def test_parts_of_a_flat_load_are_all_its_mean() -> None:
    assert lognormal_parts(0.0, 3) == (1.0, 1.0, 1.0)
    parts = lognormal_parts(0.5, 10)
    assert sum(parts) == pytest.approx(10)
    assert list(parts) == sorted(parts)


def test_a_machine_that_is_not_always_on_starts_once_a_day() -> None:
    """300 hours: 30.4 starts of a quarter of an hour. Always on: none. Three hours a month: no more than three."""
    assert starts_per_month(np.array([730.0, 300.0, 3.0, 0.0])) == pytest.approx([0, 730 / 24, 3, 0])
    assert billed_h_per_month(300.0, 0.25) == pytest.approx(300 + 730 / 24 / 4)


@given(st.floats(0, 730), st.floats(0, 730), st.floats(0, 1))
def test_more_hours_are_never_billed_less(one: float, other: float, cold_start_h: float) -> None:
    few, many = sorted((one, other))
    assert billed_h_per_month(few, cold_start_h) <= billed_h_per_month(many, cold_start_h) + 1e-9


def test_spares_run_with_the_first_replica(catalog: Catalog) -> None:
    """A replica carries the peak of 25,000 requests a month: 50,000 need 2 replicas and a spare."""
    hours = rank_hours(
        staircase(catalog, 25_000, 1_000, spare_replicas=1), _workload(requests_per_month=50_000, peak_ratio=4), 0.0
    )
    assert hours.carried_ratio == pytest.approx([0, 0, 2, 4])
    assert hours.least_count == 2
    assert hours.on_h[:2] == pytest.approx([730, 730])
    assert hours.on_h[2] == pytest.approx(730 * exceeded_frac(2.0, 4.0))
    assert hours.overflow_frac == pytest.approx(np.array([1, 1, float(overflow_frac(2.0, 4.0)), 0]))
    assert hours.slice_ratio == pytest.approx([0, 2, 2])
    assert hours.carries_peak


def test_beyond_the_gpu_limit_the_peak_is_not_carried(catalog: Catalog) -> None:
    few = rank_hours(staircase(catalog, 25_000, 1_000, max_machines=1), _workload(requests_per_month=50_000), 0.0)
    assert not few.carries_peak
    assert few.overflow_frac[-1] > 0


def test_requests_that_wait_need_no_machine_at_an_hour() -> None:
    assert hours_above(np.array([0.0, 1.0]), _workload(deferrable_frac=1.0)).tolist() == [0, 0]


def test_two_pools_switch_on_what_carries_together(catalog: Catalog) -> None:
    hours = rank_hours(two_pools(catalog, 25_000, 25_000), _workload(requests_per_month=50_000), 0.0)
    assert hours.least_count == 2
    assert len(hours.on_h) == 4
