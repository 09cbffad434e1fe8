"""Whole replicas on whole machines, sized for the peak."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support import BASE, demand_by_hand, merged, scenario, staircase, two_pools

from calculators.catalog.catalog import Catalog
from calculators.catalog.load import load_catalog
from calculators.fleet.base_load import base_load_fleets
from calculators.fleet.plan import fleet_plan
from calculators.fleet.replica_capacity import SizingCase, capacities, request_mix_of
from calculators.fleet.staircase import (
    machines_needed,
    rents_at,
    rents_matrix,
    replicas_held,
    staircases,
    staircases_on,
    steps_of_each,
)
from calculators.performance.replica import ReplicaConfig
from calculators.scenario.inputs import Inputs
from calculators.scenario.schema import Targets, parse_scenario

WORKLOAD = scenario().workload


@pytest.mark.parametrize(
    ("volume", "machines"),
    [
        # 1,000 requests a replica, 4 replicas a machine, 1 spare: machine n carries 4n - 1 busy replicas
        (0.0, 1),
        (1.0, 1),
        (3_000.0, 1),
        (3_000.1, 2),
        (7_000.0, 2),
        (7_000.1, 3),
        (11_000.0, 3),
        (11_000.1, np.inf),
    ],
)
def test_machines_on_either_side_of_each_step(catalog: Catalog, volume: float, machines: float) -> None:
    stairs = staircase(catalog, 1_000, 500, replicas_per_machine=4, spare_replicas=1, max_machines=3)
    assert float(stairs.machines(np.asarray(volume))) == machines
    assert float(stairs.rent_usd_per_month(np.asarray(volume))) == machines * 500


def test_steps_are_the_last_volumes_before_one_more_machine(catalog: Catalog) -> None:
    stairs = staircase(catalog, 1_000, 500, replicas_per_machine=4, spare_replicas=1, max_machines=3)
    assert stairs.steps_req_per_month(1e9).tolist() == [3_000, 7_000, 11_000]
    assert stairs.steps_req_per_month(7_000).tolist() == [3_000, 7_000]
    assert stairs.steps_req_per_month(6_999).tolist() == [3_000]
    assert stairs.limit_req_per_month == 11_000
    assert stairs.usd_per_request_fully_loaded == 500 / 4_000


def test_spares_that_fill_the_first_machines_carry_no_traffic(catalog: Catalog) -> None:
    stairs = staircase(catalog, 1_000, 500, replicas_per_machine=2, spare_replicas=4, max_machines=4)
    assert stairs.steps_req_per_month(1e9).tolist() == [2_000, 4_000]
    assert float(stairs.machines(np.asarray(1.0))) == 3


@settings(max_examples=40, deadline=None, derandomize=True)
@given(
    st.lists(
        st.tuples(st.floats(1, 1e6), st.floats(1, 1e5), st.integers(1, 8), st.integers(0, 3), st.integers(1, 50)),
        min_size=1,
        max_size=4,
    ),
    st.lists(st.floats(0, 1e7), min_size=1, max_size=8),
)
def test_the_matrix_of_rents_equals_the_staircases_one_by_one(
    rows: list[tuple[float, float, int, int, int]], volumes: list[float]
) -> None:
    stairs = [staircase(load_catalog(), *row) for row in rows]
    grid = np.array(volumes)
    assert rents_matrix(stairs, grid).tolist() == [s.rent_usd_per_month(grid).tolist() for s in stairs]


def test_machines_too_small_for_a_replica_and_its_spare_are_not_rented(catalog: Catalog) -> None:
    config = ReplicaConfig(catalog.model("llama-3.3-70b"), catalog.gpu("h100-sxm"), "fp8", 1)
    found, _ = capacities([config], SizingCase(request_mix_of(demand_by_hand(), 0.0), Targets()), catalog)
    for max_gpus, rentable in ((1, False), (2, True)):
        asked = parse_scenario(merged(BASE, {"hardware": {"max_gpus": max_gpus}}))
        stairs, infeasible = staircases(found, Inputs.of(asked, catalog))
        assert bool(stairs) is rentable
        assert bool(infeasible) is not rentable


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    *(st.floats(10, 5_000), st.floats(10, 5_000), st.integers(1, 4), st.integers(1, 8), st.integers(0, 4)),
    st.integers(1, 40),
    st.data(),
)
def test_steps_and_limit_of_two_pools_are_where_the_count_of_machines_changes(
    catalog: Catalog, decode: float, prefill: float, size: int, each: int, spare: int, most: int, data: st.DataObject
) -> None:
    stairs = two_pools(
        catalog, decode, prefill, size, replicas_per_machine=each, spare_replicas=spare, max_machines=most
    )
    limit = stairs.limit_req_per_month
    assert np.isinf(float(stairs.machines(np.asarray(limit * (1 + 1e-9) + 1e-6))))
    if limit == 0:
        return
    assert float(stairs.machines(np.asarray(limit * (1 - 1e-9)))) <= most
    steps = stairs.steps_req_per_month(limit)
    assert steps[-1] == pytest.approx(limit)
    for step in steps[:-1]:
        before, after = stairs.machines(np.array([step * (1 - 1e-9), step * (1 + 1e-9)]))
        assert after > before
    volume = data.draw(st.floats(0.001, 1)) * limit
    apart = np.searchsorted(steps, volume * (1 + 1e-9)) - np.searchsorted(steps, volume * (1 - 1e-9))
    if apart == 0:  # not on a step: the machines of the stretch carry it, one fewer would not
        machines = float(stairs.machines(np.asarray(volume)))
        assert stairs.carried_req_per_month(np.array([machines]))[0] >= volume * (1 - 1e-9)
        assert stairs.carried_req_per_month(np.array([machines - 1]))[0] <= volume * (1 + 1e-9)


def test_rents_of_two_pools_are_the_same_one_by_one_and_all_together(catalog: Catalog) -> None:
    pools = [two_pools(catalog, 700, 300, size, spare_replicas=2) for size in (1, 4)]
    both = [*pools, staircase(catalog, 900, 400)]
    volumes = np.linspace(1, 50_000, 97)
    each = np.array([s.rent_usd_per_month(volumes) for s in both])
    assert rents_matrix(both, volumes) == pytest.approx(each)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    st.lists(
        st.tuples(
            *(st.floats(1, 1e5), st.floats(1, 1e5), st.integers(1, 8), st.integers(0, 9), st.integers(1, 40)),
            st.sampled_from((np.inf, 300.0, 5_000.0)),
            st.floats(1, 1e7),
        ),
        min_size=1,
        max_size=5,
    )
)
def test_steps_and_rents_of_all_staircases_at_once_are_those_of_each(
    catalog: Catalog, rows: list[tuple[float, float, int, int, int, float, float]]
) -> None:
    stairs = [
        staircase(catalog, *row[:5]) if np.isinf(prefill) else two_pools(catalog, row[0], prefill)
        for *row, prefill, _ in rows
    ]
    up_to = [row[-1] for row in rows]
    found = steps_of_each(stairs, np.array(up_to))
    rents = rents_at(stairs, found)
    for i, (one, most) in enumerate(zip(stairs, up_to, strict=True)):
        steps = one.steps_req_per_month(most)
        assert found.where(found.stairs == i).requests_per_month.tolist() == steps.tolist()
        assert rents[found.stairs == i].tolist() == one.rent_usd_per_month(steps).tolist()


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.integers(1, 8), st.integers(0, 9), st.integers(1, 60), st.floats(0.5, 5e5))
def test_every_count_of_machines_follows_the_one_formula(each: int, spares: int, most: int, volume: float) -> None:
    """A staircase, all of them at once, the plan, the limit and the base-load fleets."""
    stairs = staircase(load_catalog(), 1_000, 500, each, spares, most)
    needed = float(machines_needed(np.ceil(np.array([volume / 1_000])), spares, each, most)[0])
    assert float(stairs.machines(np.array([volume]))[0]) == needed
    assert float(rents_matrix([stairs], np.array([volume]))[0, 0]) == needed * 500
    plan = fleet_plan(stairs, volume)
    assert (plan.machines if plan else np.inf) == needed
    assert (volume <= stairs.limit_req_per_month) is bool(np.isfinite(needed))
    smaller = [
        base.plan.machines
        for base in base_load_fleets(stairs, WORKLOAD.model_copy(update={"requests_per_month": volume}))
    ]
    assert all(n < needed and replicas_held(n, spares, each) > 0 for n in smaller)
    if np.isfinite(needed) and needed > 1 and replicas_held(int(needed) - 1, spares, each) > 0:
        assert smaller[-1] == needed - 1


def test_machines_of_one_replica_are_rented_together() -> None:
    """Two machines a replica: one machine alone carries nothing, and the GPU limit counts both."""
    live = load_catalog()
    asked = parse_scenario(merged(BASE, {"hardware": {"max_gpus": 40}, "operations": {"spare_replicas": 0}}))
    inputs = Inputs(asked, demand_by_hand(), live)
    config = ReplicaConfig(live.model("deepseek-v3"), live.gpu("h100-sxm"), "fp8", 8, pipeline_stages=2)
    [capacity], _ = capacities([config], SizingCase(request_mix_of(demand_by_hand(), 0.0), Targets(tpot_ms=100)), live)
    offer = staircase(live, 1, 1, replicas_per_machine=8).offer
    [stairs] = staircases_on([capacity], [offer], inputs)
    assert (stairs.replicas_per_machine, stairs.machines_per_replica, stairs.max_machines) == (1, 2, 2)
    assert stairs.machine_usd_per_month == pytest.approx(2 * 8 * 730 * offer.usd_per_gpu_h)
    plan = fleet_plan(stairs, 1.5 * stairs.replica_req_per_month)
    assert plan is not None
    assert (plan.machines, plan.gpus, plan.replicas) == (4, 32, 2)
    assert fleet_plan(stairs, 2.5 * stairs.replica_req_per_month) is None


def test_a_prefill_worker_larger_than_a_decode_replica_takes_all_its_gpus(catalog: Catalog) -> None:
    """1,000 requests: two decode replicas, and four prefill workers that take as many GPUs as four decode replicas each."""
    stairs = two_pools(catalog, 500, 250, 4, replicas_per_machine=8, max_machines=10)
    assert float(stairs.machines(np.asarray(1_000.0))) == np.ceil((2 + 4 * 4 + stairs.spare_replicas) / 8)
    plan = fleet_plan(stairs, 1_000.0)
    assert plan is not None
    assert (plan.replicas, plan.prefill_workers, plan.busy_replicas) == (2, 4, 18)
