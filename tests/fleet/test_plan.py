"""One fleet: its replicas, machines, GPUs and rent."""

from dataclasses import replace

import pytest
from support import staircase, two_pools

from calculators.catalog.catalog import Catalog
from calculators.fleet.plan import FleetPlan, fleet_plan


def test_a_plan_counts_busy_and_spare_replicas(catalog: Catalog) -> None:
    stairs = staircase(catalog, 1_000, 500, replicas_per_machine=4, spare_replicas=1, max_machines=3)
    plan = fleet_plan(stairs, 5_000.0)
    assert plan is not None
    assert (plan.replicas, plan.spare_replicas, plan.machines, plan.gpus) == (5, 1, 2, 8)
    assert plan.rent_usd_per_month == 1_000
    assert fleet_plan(stairs, 11_000.1) is None


def test_two_pools_are_both_counted_in_whole_replicas(catalog: Catalog) -> None:
    stairs = two_pools(catalog, 1_000, 400, spare_replicas=2, max_machines=100)
    # 1,600 requests: two decode and four prefill replicas, and both spares
    plan = fleet_plan(stairs, 1_600.0)
    assert plan is not None
    assert (plan.replicas, plan.prefill_replicas, plan.spare_replicas, plan.gpus) == (2, 4, 2, 8)
    assert plan.replicas_words == "4 prefill replicas and 2 decode replicas plus 2 spares"
    assert stairs.usd_per_request_fully_loaded == pytest.approx(500 / 1_000 + 500 / 400)


def test_a_plan_for_given_machines_is_the_plan_for_the_volume_that_they_carry(catalog: Catalog) -> None:
    stairs = staircase(catalog, 1_000, 500, replicas_per_machine=4, spare_replicas=1, max_machines=3)
    assert FleetPlan.for_machines(stairs, 2, 7_000.0) == fleet_plan(stairs, 7_000.0)


def test_a_volume_a_rounding_error_above_full_replicas_takes_no_further_one(catalog: Catalog) -> None:
    plan = FleetPlan.for_machines(staircase(catalog, 0.1, 500), 3, 0.1 * 3)
    assert 0.1 * 3 / 0.1 > 3
    assert plan.replicas == 3


def test_a_plan_in_words(catalog: Catalog) -> None:
    plan = fleet_plan(staircase(catalog, 1_000, 500, spare_replicas=1), 900.0)
    assert plan is not None
    assert plan.label == "2× NVIDIA H100 80 GB SXM rented from Test"
    assert plan.replicas_words == "1 replica plus 1 spare"


def test_needed_and_paid_for_are_two_numbers(catalog: Catalog) -> None:
    """Four busy replicas and a spare need 5 GPUs; a server has 8."""
    plan = fleet_plan(staircase(catalog, 1_000, 500, replicas_per_machine=8, spare_replicas=1), 4_000.0)
    assert plan is not None
    assert (plan.needed_gpus, plan.gpus) == (5, 8)


def test_each_region_needs_the_whole_fleet(catalog: Catalog) -> None:
    plan = fleet_plan(replace(staircase(catalog, 1_000, 500, spare_replicas=1), regions=2), 2_000.0)
    assert plan is not None
    assert (plan.needed_gpus, plan.gpus) == (6, 6)
    assert plan.label == "6× NVIDIA H100 80 GB SXM rented from Test in 2 regions"


@pytest.mark.parametrize(("spares", "words"), [(0, "2 replicas, no spare"), (1, "2 replicas plus 1 spare")])
def test_no_spare_is_said_in_words(spares: int, words: str, catalog: Catalog) -> None:
    plan = fleet_plan(staircase(catalog, 1_000, 500, spare_replicas=spares), 2_000.0)
    assert plan is not None
    assert plan.replicas_words == words
