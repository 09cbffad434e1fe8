"""The search knows what it knows: a fleet of known speed leads where an extrapolated one costs the same."""

import numpy as np
import pytest
from own_measurements import CATALOG, measured
from support import scenario

from calculators.calibration.own_benchmarks import fit_own_benchmarks
from calculators.evaluate import evaluate, scaled_scenario
from calculators.fleet.known_speed import has_known_speed, lead_ratio
from calculators.performance.replica import ReplicaConfig
from calculators.scenario.schema import Scenario
from calculators.units import usd


def replica(gpu: str) -> ReplicaConfig:
    return ReplicaConfig(CATALOG.model("llama-3.1-8b"), CATALOG.gpu(gpu), "bf16", 1)


ERROR_RATIO = lead_ratio(replica("h100-sxm"), None, CATALOG)


def test_speed_is_known_where_published_runs_or_the_user_measured_it() -> None:
    assert has_known_speed(replica("h100-sxm"), None, CATALOG)
    assert not has_known_speed(replica("l40s"), None, CATALOG)
    small = measured(model="llama-3.1-8b", gpu="l40s", precision="bf16", tensor_parallel=1)
    assert has_known_speed(replica("l40s"), fit_own_benchmarks([small], CATALOG), CATALOG)


def priced(l40s_usd_per_h: float, **changes: object) -> Scenario:
    """The 8B model on two GPUs, of which the extrapolated one costs so much, under an even load: no hybrid is worth it."""
    prices = {"h100-sxm": 2.5, "l40s": l40s_usd_per_h}
    workload, operations = {"requests_per_month": 400_000_000, "peak_ratio": 1.0}, {"self_host_fte": 0}
    hardware = {"gpus": ["h100-sxm", "l40s"], "rent_usd_per_gpu_h": prices} | changes
    return scenario(
        candidates=[{"model": "llama-3.1-8b", "gate": "accepted"}],
        hardware=hardware,
        workload=workload,
        operations=operations,
    )


def leads(case: Scenario) -> str:
    """The GPU of the fleet that leads: of known speed, or else the cheapest."""
    evaluation = evaluate(case, CATALOG)
    shown = evaluation.build
    assert shown is not None
    assert shown.plan is not None
    return shown.plan.config.gpu.id


def l40s_price_at(ratio: float) -> float:
    """The price per hour of an L40S at which its fleet costs so much of what the H100 fleet does."""
    alone = [evaluate(priced(1.0, gpus=[gpu]), CATALOG).build for gpu in ("h100-sxm", "l40s")]
    rents = [build.plan.rent_usd_per_month for build in alone if build is not None and build.plan is not None]
    return ratio * rents[0] / rents[1]


def test_a_fleet_of_known_speed_leads_over_an_extrapolated_one_that_costs_the_same_within_the_models_error() -> None:
    for ratio, gpu in (
        (1.1, "h100-sxm"),
        (0.95, "h100-sxm"),
        (1.05 / ERROR_RATIO, "h100-sxm"),
        (0.9 / ERROR_RATIO, "l40s"),
    ):
        assert leads(priced(l40s_price_at(ratio))) == gpu


def test_what_the_cheaper_extrapolated_one_would_save_is_said_beside_it() -> None:
    evaluation = evaluate(priced(l40s_price_at(0.95)), CATALOG)
    rows = {row.gpu: row for row in evaluation.feasibility}
    known, behind = rows[CATALOG.gpu("h100-sxm").name], rows[CATALOG.gpu("l40s").name]
    assert known.usd_per_month is not None
    assert behind.usd_per_month is not None
    saved = usd(known.usd_per_month - behind.usd_per_month)
    less = usd(evaluation.verdict.winner.usd_per_month - behind.usd_per_month)
    assert f"would cost {less}/month less if its speed holds, but the speed on NVIDIA L40S 48 GB is extrapolated" in (
        evaluation.verdict.sentence
    )
    assert behind.why == f"-{saved}/month; its speed is extrapolated, so one of known speed leads"
    assert known.why == "cheapest"
    plain = evaluate(priced(l40s_price_at(1.1)), CATALOG).verdict
    assert "extrapolated" not in plain.sentence


@pytest.mark.parametrize("multiple", [1.0, 0.01, 0.3, 40.0])
def test_the_curve_costs_at_every_volume_what_the_fleet_that_leads_there_does(multiple: float) -> None:
    evaluation = evaluate(priced(l40s_price_at(0.95)), CATALOG)
    volume = np.array([evaluation.demand.requests_per_month * multiple])
    there = evaluate(scaled_scenario(evaluation.scenario, multiple), CATALOG)
    assert there.build is not None
    drawn = next(curve for curve in evaluation.curves(volume) if curve.option.is_build)
    assert drawn.usd_per_month[0] == pytest.approx(there.build.usd_per_month)


def test_an_own_measurement_makes_an_extrapolated_gpu_known() -> None:
    own = measured(model="llama-3.1-8b", gpu="l40s", precision="bf16", tensor_parallel=1, concurrency_count=4.0)
    modeled = fit_own_benchmarks([own], CATALOG).comparisons[0]
    assert modeled.tpot_ms is not None
    assert modeled.ttft_ms is not None
    as_modeled = own.model_copy(update={"tpot_ms": modeled.tpot_ms.predicted, "ttft_ms": modeled.ttft_ms.predicted})
    case = priced(l40s_price_at(0.95), own_measurements=[as_modeled.model_dump(mode="json")])
    assert leads(case) == "l40s"
