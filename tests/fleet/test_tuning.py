"""An engine as it ships needs more GPUs, and the words say what tuning would be worth."""

from dataclasses import replace

import numpy as np
import pytest
from support import scenario

from calculators.calibration.own_benchmarks import fit_own_benchmarks
from calculators.catalog.catalog import Catalog
from calculators.evaluate import evaluate
from calculators.fleet.candidate_configs import candidate_configs
from calculators.fleet.plan import FleetPlan
from calculators.fleet.replica_capacity import launch_speed, launches_of, replica_capacities, scenario_case
from calculators.fleet.tuning import launch_words, tuned_rent_usd
from calculators.scenario.inputs import Inputs
from calculators.scenario.measurement import parse_measurement

OWN = {
    "source": "bench.json",
    "model": "llama-3.3-70b",
    "gpu": "h100-sxm",
    "precision": "fp8",
    "tensor_parallel": 4,
    "input_tok": 1_000,
    "output_tok": 300,
    "concurrency_count": 16,
    "tpot_ms": 20.0,
}


def _inputs(catalog: Catalog, launch: str, **hardware: object) -> Inputs:
    return Inputs.of(scenario(hardware={"launch": launch, **hardware}), catalog)


def _plan(inputs: Inputs) -> FleetPlan:
    build = evaluate(inputs.scenario, inputs.catalog).build
    assert build is not None
    assert build.plan is not None
    return build.plan


def test_each_replica_carries_less_as_it_ships_and_the_range_is_wider(catalog: Catalog) -> None:
    shipped, tuned = _inputs(catalog, "as_shipped"), _inputs(catalog, "tuned")
    configs = candidate_configs(tuned.scenario, catalog)
    by_launch = {}
    for name, inputs in (("shipped", shipped), ("tuned", tuned)):
        for sign in (-1.0, 0.0, 1.0):
            able, _ = replica_capacities(configs, inputs, sign)
            by_launch[name, sign] = {id(one.config): one.req_s for one in able}
    common = set.intersection(*(set(each) for each in by_launch.values()))
    assert common
    for key in common:
        slow, mid, fast = (by_launch["shipped", sign][key] for sign in (-1.0, 0.0, 1.0))
        assert slow < mid < by_launch["tuned", 0.0][key]
        assert fast / slow > by_launch["tuned", 1.0][key] / by_launch["tuned", -1.0][key]


def test_what_tuning_is_worth_is_the_rent_of_the_tuned_fleet(catalog: Catalog) -> None:
    workload = {"requests_per_month": 60_000_000}
    shipped = Inputs.of(scenario(workload=workload, hardware={"launch": "as_shipped"}), catalog)
    plan = _plan(shipped)
    less = tuned_rent_usd(plan, shipped)
    assert less < plan.rent_usd_per_month
    assert "80% of the speed of a tuned one under load (50% to 90%; low confidence)" in launch_words(plan, shipped)
    assert "/month less" in launch_words(plan, shipped)
    still = replace(plan, rent_usd_per_month=less)
    assert "need as many machines" in launch_words(still, shipped)


@pytest.mark.parametrize("hardware", [{"launch": "tuned"}, {"own_measurements": [OWN]}])
def test_nothing_is_taken_off_a_tuned_launch_a_typed_speed_or_an_own_measurement(
    catalog: Catalog, hardware: dict[str, object]
) -> None:
    inputs = _inputs(catalog, **{"launch": "as_shipped", **hardware})  # type: ignore[arg-type]
    plan = _plan(inputs)
    assert launch_speed(plan.config, scenario_case(inputs)) is None
    assert launch_words(plan, inputs) == ""


def test_a_typed_ratio_multiplies_the_speed_as_launched(catalog: Catalog) -> None:
    inputs = _inputs(catalog, "as_shipped", throughput_factor=0.999999)
    configs = candidate_configs(inputs.scenario, catalog)
    typed, plain = (replica_capacities(configs, i)[0] for i in (inputs, _inputs(catalog, "as_shipped")))
    for one, other in zip(typed, plain, strict=True):
        assert one.req_s == pytest.approx(other.req_s, rel=0.05)
    assert launches_of(inputs.scenario, catalog) is catalog.launches
    assert launches_of(_inputs(catalog, "tuned").scenario, catalog) is None


def test_a_benchmark_is_compared_with_the_speed_of_the_launch_that_is_modeled(catalog: Catalog) -> None:
    own = parse_measurement(OWN)
    tuned, shipped = (
        fit_own_benchmarks([own], catalog, launch).comparisons[0].tpot_ms for launch in ("tuned", "as_shipped")
    )
    assert tuned is not None
    assert shipped is not None
    sixteen_at_once = 0.8 ** (np.log(16) / np.log(64))
    assert shipped.predicted == pytest.approx(tuned.predicted / sixteen_at_once)
    assert shipped.after == pytest.approx(tuned.after) == pytest.approx(20.0)
