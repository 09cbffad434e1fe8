"""Whole replicas on whole machines, sized for the peak; and which machines may be rented."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support import BASE, demand_by_hand, merged, scenario, staircase

from calculators.catalog.catalog import Catalog
from calculators.fleet.machine_offers import machine_offers, owned_offer
from calculators.fleet.plan import fleet_plan
from calculators.fleet.replica_capacity import SizingCase, capacities, request_mix_of
from calculators.fleet.staircase import Staircase, rents_at, rents_matrix, staircases, steps_of_each
from calculators.performance.replica import ReplicaConfig
from calculators.scenario.inputs import Inputs
from calculators.scenario.schema import Targets, parse_scenario


def _leases(catalog: Catalog, gpu: str = "h100-sxm", **hardware: Any) -> list[tuple[str, float]]:
    """Without the base case's own quote."""
    base = {**BASE, "hardware": hardware}
    return [
        (offer.provider, offer.usd_per_gpu_h)
        for offer in machine_offers(catalog.gpu(gpu), parse_scenario(base), catalog)
    ]


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


def test_a_plan_counts_busy_and_spare_replicas(catalog: Catalog) -> None:
    stairs = staircase(catalog, 1_000, 500, replicas_per_machine=4, spare_replicas=1, max_machines=3)
    plan = fleet_plan(stairs, 5_000.0)
    assert plan is not None
    assert (plan.replicas, plan.spare_replicas, plan.machines, plan.gpus) == (5, 1, 2, 8)
    assert plan.rent_usd_per_month == 1_000
    assert fleet_plan(stairs, 11_000.1) is None


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
    from calculators.catalog.load import load_catalog

    stairs = [staircase(load_catalog(), *row) for row in rows]
    grid = np.array(volumes)
    assert rents_matrix(stairs, grid).tolist() == [s.rent_usd_per_month(grid).tolist() for s in stairs]


def test_reserved_machines_bill_every_hour_of_the_month(catalog: Catalog) -> None:
    [offer] = machine_offers(catalog.gpu("h100-sxm"), scenario(), catalog)
    assert offer.machine_usd_per_month(2) == pytest.approx(2.5 * 2 * 730)
    eight = replace(offer, gpus_per_machine=8)
    assert eight.machine_usd_per_month(2) == pytest.approx(2.5 * 8 * 730)  # the whole machine, however little is used


@pytest.mark.parametrize(("tensor_parallel", "replicas"), [(1, 8), (2, 4), (4, 2), (8, 1), (16, 0)])
def test_replicas_on_a_machine_of_eight(catalog: Catalog, tensor_parallel: int, replicas: int) -> None:
    [offer] = machine_offers(catalog.gpu("h100-sxm"), scenario(), catalog)
    assert replace(offer, gpus_per_machine=8).replicas_per_machine(tensor_parallel) == replicas
    assert offer.replicas_per_machine(tensor_parallel) == 1  # by the GPU: a machine is a replica


def test_leases_are_filtered_as_the_scenario_says(catalog: Catalog) -> None:
    assert _leases(catalog) == [("Eights", 2.0), ("Singles", 3.0)]
    assert _leases(catalog, rent_providers=["singles"]) == [("Singles", 3.0)]
    assert _leases(catalog, commitments=["1y"]) == [("Singles", 2.0)]
    assert _leases(catalog, min_confidence="low") == [("Singles", 1.5), ("Eights", 2.0), ("Singles", 3.0)]
    assert _leases(catalog, max_rent_age_days=700) == [("Singles", 1.6), ("Eights", 2.0), ("Singles", 3.0)]
    assert _leases(catalog, include_marketplaces=True)[0] == ("Market place", 1.0)
    assert _leases(catalog, commitments=["spot"]) == []


def test_a_rent_is_dropped_the_day_it_gets_too_old(catalog: Catalog) -> None:
    """Seen 2026-11-01, 22 days before the scenario's day."""
    assert _leases(catalog, max_rent_age_days=22) == [("Eights", 2.0), ("Singles", 3.0)]
    assert _leases(catalog, max_rent_age_days=21) == []


@pytest.mark.parametrize("name", ["h100-sxm", "h100"])
def test_an_own_quote_replaces_the_list_under_every_name_of_the_gpu(catalog: Catalog, name: str) -> None:
    assert _leases(catalog, rent_usd_per_gpu_h={name: 2.5}) == [("your negotiated price", 2.5)]
    assert _leases(catalog, gpu="l40s", rent_usd_per_gpu_h={name: 2.5}) == [("Singles", 1.0)]


def test_bought_servers_come_in_eights_and_only_when_asked_for(catalog: Catalog) -> None:
    offers = _leases(catalog, include_owned=True)
    assert offers[0][0] == "own servers"
    offer = owned_offer(catalog.gpu("h100-sxm"), catalog)
    assert (offer.gpus_per_machine, offer.basis) == (8, "owned")


def test_machines_too_small_for_a_replica_and_its_spare_are_not_rented(catalog: Catalog) -> None:
    config = ReplicaConfig(catalog.model("llama-3.3-70b"), catalog.gpu("h100-sxm"), "fp8", 1)
    found, _ = capacities([config], SizingCase(request_mix_of(demand_by_hand(), 0.0), Targets()), catalog)
    for max_gpus, rentable in ((1, False), (2, True)):
        asked = parse_scenario(merged(BASE, {"hardware": {"max_gpus": max_gpus}}))
        stairs, infeasible = staircases(found, Inputs.of(asked, catalog))
        assert bool(stairs) is rentable
        assert bool(infeasible) is not rentable


def _pools(catalog: Catalog, decode_req: float, prefill_req: float, **changes: Any) -> Staircase:
    """Two pools of so many requests a replica, one machine a replica."""
    plain = staircase(catalog, decode_req, 500, **changes)
    return replace(
        plain, prefill_req_per_month=prefill_req, capacity=replace(plain.capacity, prefill_req_s=prefill_req / 657_000)
    )


def test_two_pools_are_both_counted_in_whole_replicas(catalog: Catalog) -> None:
    stairs = _pools(catalog, 1_000, 400, spare_replicas=2, max_machines=100)
    # 1,600 requests: two decode and four prefill replicas, and both spares
    plan = fleet_plan(stairs, 1_600.0)
    assert plan is not None
    assert (plan.replicas, plan.prefill_replicas, plan.spare_replicas, plan.gpus) == (2, 4, 2, 8)
    assert plan.replicas_words == "4 prefill replicas and 2 decode replicas plus 2 spare"
    assert stairs.usd_per_request_fully_loaded == pytest.approx(500 / 1_000 + 500 / 400)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(st.floats(10, 5_000), st.floats(10, 5_000), st.integers(1, 8), st.integers(0, 4), st.integers(1, 40), st.data())
def test_steps_and_limit_of_two_pools_are_where_the_count_of_machines_changes(
    catalog: Catalog, decode: float, prefill: float, each: int, spare: int, most: int, data: st.DataObject
) -> None:
    stairs = _pools(catalog, decode, prefill, replicas_per_machine=each, spare_replicas=spare, max_machines=most)
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
    both = [_pools(catalog, 700, 300, spare_replicas=2), staircase(catalog, 900, 400)]
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
        staircase(catalog, *row[:5]) if np.isinf(prefill) else _pools(catalog, row[0], prefill)
        for *row, prefill, _ in rows
    ]
    up_to = [row[-1] for row in rows]
    found = steps_of_each(stairs, np.array(up_to))
    rents = rents_at(stairs, found)
    for i, (one, most) in enumerate(zip(stairs, up_to, strict=True)):
        steps = one.steps_req_per_month(most)
        assert found.where(found.stairs == i).requests_per_month.tolist() == steps.tolist()
        assert rents[found.stairs == i].tolist() == one.rent_usd_per_month(steps).tolist()
