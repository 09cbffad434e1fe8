"""Whole replicas on whole machines, sized for the peak; and which machines may be rented."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support import BASE, merged, need, scenario, staircase

from calculators import fleet, leases
from calculators.catalog import Catalog
from calculators.scenario import Targets, parse_scenario
from calculators.throughput import Setup


def _leases(catalog: Catalog, gpu: str = "h100-sxm", **hardware: Any) -> list[tuple[str, float]]:
    """Without the base case's own quote."""
    base = {**BASE, "hardware": hardware}
    return [
        (lease.provider, lease.usd_per_gpu_h)
        for lease in leases.leases(catalog.gpu(gpu), parse_scenario(base), catalog)
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
    plan = fleet.plan(stairs, 5_000.0)
    assert plan is not None
    assert (plan.replicas, plan.spare_replicas, plan.machines, plan.gpus) == (5, 1, 2, 8)
    assert plan.rent_usd_per_month == 1_000
    assert fleet.plan(stairs, 11_000.1) is None


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
    from calculators.catalog import load_catalog

    stairs = [staircase(load_catalog(), *row) for row in rows]
    grid = np.array(volumes)
    assert fleet.rents_matrix(stairs, grid).tolist() == [s.rent_usd_per_month(grid).tolist() for s in stairs]


def test_reserved_machines_bill_every_hour_of_the_month(catalog: Catalog) -> None:
    [lease] = leases.leases(catalog.gpu("h100-sxm"), scenario(), catalog)
    assert lease.machine_usd_per_month(2) == pytest.approx(2.5 * 2 * 730)
    eight = replace(lease, gpus_per_machine=8)
    assert eight.machine_usd_per_month(2) == pytest.approx(2.5 * 8 * 730)  # the whole machine, however little is used


@pytest.mark.parametrize(("tensor_parallel", "replicas"), [(1, 8), (2, 4), (4, 2), (8, 1), (16, 0)])
def test_replicas_on_a_machine_of_eight(catalog: Catalog, tensor_parallel: int, replicas: int) -> None:
    [lease] = leases.leases(catalog.gpu("h100-sxm"), scenario(), catalog)
    assert replace(lease, gpus_per_machine=8).replicas_per_machine(tensor_parallel) == replicas
    assert lease.replicas_per_machine(tensor_parallel) == 1  # by the GPU: a machine is a replica


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
    assert _leases(catalog, rent_usd_per_gpu_h={name: 2.5}) == [("your quote", 2.5)]
    assert _leases(catalog, gpu="l40s", rent_usd_per_gpu_h={name: 2.5}) == [("Singles", 1.0)]


def test_bought_servers_come_in_eights_and_only_when_asked_for(catalog: Catalog) -> None:
    offers = _leases(catalog, include_owned=True)
    assert offers[0][0] == "own hardware"
    lease = leases.owned_lease(catalog.gpu("h100-sxm"), catalog)
    assert (lease.gpus_per_machine, lease.basis) == (8, "owned")


def test_precisions_never_sell_a_checkpoint_as_something_finer(catalog: Catalog) -> None:
    every = scenario(hardware={"precisions": ["bf16", "fp8", "nvfp4", "mxfp4", "int4"]}).hardware
    assert fleet.precisions(catalog.model("llama-3.3-70b"), every) == ["bf16", "fp8", "nvfp4", "int4"]
    assert fleet.precisions(catalog.model("gpt-oss-120b"), every) == ["mxfp4"]


def test_models_that_are_not_acceptable_are_not_tried(catalog: Catalog) -> None:
    assert fleet.setups(scenario(candidates=[{"model": "llama-3.3-70b", "gate": "not_acceptable"}]), catalog) == []


def test_gaming_cards_are_tried_only_by_name(live_catalog: Catalog) -> None:
    hardware = scenario().hardware
    everything = fleet.searched_gpus(hardware.model_copy(update={"gpus": ()}), live_catalog)
    assert "rtx-4090" not in {gpu.id for gpu in everything}
    named = fleet.searched_gpus(hardware.model_copy(update={"gpus": ("rtx-4090",)}), live_catalog)
    assert [gpu.id for gpu in named] == ["rtx-4090"]


def _capacity(catalog: Catalog, targets: Targets, setup: Setup | None = None) -> fleet.Capacity | fleet.Misfit:
    setup = setup or Setup(catalog.model("llama-3.3-70b"), catalog.gpu("h100-sxm"), "fp8", 2)
    found, misfits = fleet.capacities([setup], fleet.traffic(need(), 0.0), targets, catalog)
    return [*found, *misfits][0]


def test_a_setup_that_drops_out_says_how_far_it_got(catalog: Catalog) -> None:
    big = Setup(catalog.model("llama-3.3-70b"), catalog.gpu("l40s"), "bf16", 1)
    reasons = [
        _capacity(catalog, Targets(), big),
        _capacity(catalog, Targets(ttft_p95_ms=None, tpot_ms=0.1)),
        _capacity(catalog, Targets(ttft_p95_ms=1, tpot_ms=None)),
    ]
    assert [r.stage for r in reasons if isinstance(r, fleet.Misfit)] == [0, 2, 3]
    words = [r.why for r in reasons if isinstance(r, fleet.Misfit)]
    assert words[0].startswith("does not fit: 141 GB of weights in 48 GB of GPU memory")
    assert "the target is 0.1 ms" in words[1]
    assert "TTFT p95" in words[2]


def test_a_looser_target_never_lowers_capacity_and_is_always_met(catalog: Catalog) -> None:
    rates = []
    for tpot_ms in (15.0, 20.0, 30.0, 50.0, 100.0, None):
        found = _capacity(catalog, Targets(ttft_p95_ms=2_000, tpot_ms=tpot_ms))
        if isinstance(found, fleet.Capacity):
            assert found.tpot_ms <= (tpot_ms or np.inf)
            assert found.ttft_p95_ms <= 2_000
        rates.append(found.req_s if isinstance(found, fleet.Capacity) else 0.0)
    assert rates == sorted(rates)
    assert rates[-1] > 0


def test_an_own_measurement_above_the_model_makes_everything_faster(catalog: Catalog) -> None:
    setup = Setup(catalog.model("llama-3.3-70b"), catalog.gpu("h100-sxm"), "fp8", 2)
    rates = [
        fleet.capacities([setup], fleet.traffic(need(), 0.0), Targets(), catalog, factor)[0][0].req_s
        for factor in (0.8, 1.0, 1.25)
    ]
    assert rates[0] <= 0.8 * rates[1] * 1.001
    assert rates[2] >= 1.25 * rates[1] * 0.999


def test_machines_too_small_for_a_replica_and_its_spare_are_not_rented(catalog: Catalog) -> None:
    setup = Setup(catalog.model("llama-3.3-70b"), catalog.gpu("h100-sxm"), "fp8", 1)
    found, _ = fleet.capacities([setup], fleet.traffic(need(), 0.0), Targets(), catalog)
    for max_gpus, rentable in ((1, False), (2, True)):
        asked = parse_scenario(merged(BASE, {"hardware": {"max_gpus": max_gpus}}))
        stairs, misfits = fleet.staircases(found, asked, catalog, 657_000)
        assert bool(stairs) is rentable
        assert bool(misfits) is not rentable
