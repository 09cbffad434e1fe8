"""Fleets that are fixed, scheduled, autoscaled and scaled to zero: each pays for fewer hours, and all carry the load."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support import scenario, staircase

from calculators.catalog.catalog import Catalog
from calculators.fleet.fleet_schedule import FleetSchedule, fleet_schedules, machines_by_hour
from calculators.fleet.load_by_hour import load_week, rank_hours
from calculators.scenario.schema import Workload


def _schedules(
    catalog: Catalog, workload: Workload, spares: int = 0, cold_start_h: float = 0.0, most: int = 1_000
) -> dict[str, FleetSchedule]:
    stairs = staircase(catalog, 25_000, 1_460, spare_replicas=spares, max_machines=most)
    rows = fleet_schedules(rank_hours(stairs, workload, cold_start_h), workload, 2.0, cold_start_h)
    return {row.kind: row for row in rows}


def _workload(**changes: object) -> Workload:
    return scenario(workload={"peak_ratio": 4, "requests_per_month": 50_000, **changes}).workload


def test_golden_an_office_service_around_the_clock_and_in_its_hours(catalog: Catalog) -> None:
    """An even load in 365 of 730 hours, twice the mean: 50,000 requests need 2 machines of 25,000, and $2 an hour.

    1. Fixed: 2 x 730 h x $2 = $2,920.
    2. Autoscaled, one machine stays on: (730 + 365 h) x $2 = $2,190; the second starts 30.4 times, each half an hour: + 15.2 h
       x $2 = $30.42.
    3. To zero: both are on for 365 h and start once a day: 2 x (365 + 15.2) x $2 = $1,520.83.
    """
    rows = _schedules(catalog, _workload(peak_ratio=1, active_h_per_month=365), cold_start_h=0.5)
    assert rows["fixed"].usd_per_month == pytest.approx(2_920)
    assert rows["autoscaled"].usd_per_month == pytest.approx(2_190 + 730 / 24)
    assert rows["autoscaled"].starts_per_month == pytest.approx(730 / 24)
    assert rows["scale_to_zero"].usd_per_month == pytest.approx(2 * (365 + 730 / 48) * 2)
    assert rows["scale_to_zero"].least_machines == 0


@settings(max_examples=80, deadline=None)
@given(
    peak=st.floats(1, 30),
    active_h=st.floats(60, 730),
    spares=st.integers(0, 2),
    volume=st.floats(1_000, 200_000),
    waiting=st.sampled_from([0.0, 0.3, 0.9]),
)
def test_none_costs_more_than_the_fixed_fleet_of_the_same_machines(
    catalog: Catalog, peak: float, active_h: float, spares: int, volume: float, waiting: float
) -> None:
    asked = _workload(peak_ratio=peak, active_h_per_month=active_h, requests_per_month=volume, deferrable_frac=waiting)
    rows = _schedules(catalog, asked, spares)
    assert max(row.usd_per_month for row in rows.values()) <= rows["fixed"].usd_per_month * (1 + 1e-9)
    assert rows["scale_to_zero"].machine_h_per_month <= rows["autoscaled"].machine_h_per_month + 1e-6
    assert {row.most_machines for row in rows.values()} == {rows["fixed"].most_machines}
    assert rows["by_hour_of_day"].least_machines >= spares + 1


def test_each_hour_of_the_day_has_the_machines_of_its_busiest_day(catalog: Catalog) -> None:
    asked = _workload(requests_per_month=500_000)
    hours, week = rank_hours(staircase(catalog, 25_000, 1_460, spare_replicas=1), asked, 0.0), load_week(asked)
    counts = machines_by_hour(hours, week)
    assert (hours.carried_ratio[counts] >= week.hour_of_day_ratio - 1e-9).all()
    assert counts[int(np.argmax(week.hour_of_day_ratio))] == 21  # the peak and its spare
    assert counts.min() < 8


def test_a_service_of_a_few_requests_a_day_has_empty_hours(catalog: Catalog) -> None:
    quiet = _schedules(catalog, _workload(requests_per_month=100), cold_start_h=0.2)
    assert quiet["scale_to_zero"].usd_per_month < 0.3 * quiet["autoscaled"].usd_per_month
    assert 0 < quiet["scale_to_zero"].starts_per_month < 100
    busy = _schedules(catalog, _workload())
    assert busy["scale_to_zero"].usd_per_month == pytest.approx(busy["autoscaled"].usd_per_month)


def test_requests_that_wait_are_paid_for_where_no_hour_is_free(catalog: Catalog) -> None:
    """Everything waits: 50,000 requests of an even month are two machines, all month."""
    rows = _schedules(catalog, _workload(deferrable_frac=1.0, requests_per_month=50_000))
    assert rows["fixed"].machine_h_per_month == pytest.approx(1_460)
    assert rows["scale_to_zero"].machine_h_per_month == pytest.approx(1_460, rel=0.01)


def test_no_schedule_is_shown_where_the_machines_do_not_carry_the_peak(catalog: Catalog) -> None:
    assert _schedules(catalog, _workload(), most=1) == {}
