"""Own benchmarks: nothing changes when the model was right, a slow server never gets cheaper, and it all travels."""

import math
from functools import cache
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from own_measurements import measured, scaled
from support import FIXED_ROOT, scenario

from calculators.calibration.own_benchmarks import OwnFit, fit_own_benchmarks
from calculators.calibration.own_likeness import MEASURED_ERROR_FRAC, OTHER_MODEL_FRAC
from calculators.catalog.load import load_catalog
from calculators.errors import DataError
from calculators.evaluate import evaluate
from calculators.options.scenario_check import check_ids
from calculators.performance.replica import ReplicaConfig
from calculators.performance.stated_range import range_ratio
from calculators.report.evaluation_json import to_json
from calculators.scenario.link import from_token, to_token
from calculators.scenario.measurement import OwnMeasurement
from calculators.scenario.schema import Scenario

CATALOG = load_catalog(FIXED_ROOT)


def ratios(fitted: OwnFit, batch: float = 32.0, input_tok: float = 1000.0, **config: Any) -> tuple[float, float, float]:
    chosen = {"model": "llama-3.3-70b", "gpu": "h100-sxm", "precision": "fp8", "tensor_parallel": 2} | config
    one = ReplicaConfig(
        CATALOG.model(chosen["model"]), CATALOG.gpu(chosen["gpu"]), chosen["precision"], chosen["tensor_parallel"]
    )
    r = fitted.ratios([one], input_tok, 300.0, np.array([batch]))
    return float(r.decode[0, 0]), float(r.first_token[0, 0]), float(r.error_frac[0, 0])


def with_own(*measurements: OwnMeasurement) -> Scenario:
    return scenario(hardware={"own_measurements": [m.model_dump(mode="json") for m in measurements]})


def build_usd(case: Scenario) -> tuple[float, float, float]:
    build = evaluate(case, CATALOG).build
    return (build.usd_per_month, build.low_usd_per_month, build.high_usd_per_month) if build else (math.inf,) * 3


@cache
def plain_usd() -> tuple[float, float, float]:
    return build_usd(scenario())


loads = st.fixed_dictionaries(
    {
        "concurrency_count": st.floats(1, 500),
        "input_tok": st.floats(16, 8_000),
        "output_tok": st.floats(16, 2_000),
        "tensor_parallel": st.sampled_from([2, 4, 8]),
        "precision": st.sampled_from(["bf16", "fp8"]),
    }
)


@settings(max_examples=60, deadline=None)
@given(loads)
def test_a_measurement_equal_to_the_prediction_changes_nothing(load: dict[str, Any]) -> None:
    fitted = fit_own_benchmarks([scaled(1.0, **load)], CATALOG)
    decode, first, _ = ratios(fitted, tensor_parallel=4)
    assert (decode, first) == (pytest.approx(1), pytest.approx(1))
    assert build_usd(with_own(scaled(1.0, **load)))[0] == pytest.approx(plain_usd()[0])


@settings(max_examples=60, deadline=None)
@given(loads, st.floats(1.0, 5.0))
def test_a_slow_server_gets_its_factor_and_no_cheaper_fleet(load: dict[str, Any], slower: float) -> None:
    slow = scaled(slower, **load)
    after = fit_own_benchmarks([slow], CATALOG).comparisons[0]
    assert after.tpot_ms is not None
    assert after.tpot_ms.after == pytest.approx(slow.tpot_ms)
    assert (after.ttft_ms is None) == (slow.ttft_ms is None)
    assert after.ttft_ms is None or after.ttft_ms.after == pytest.approx(slow.ttft_ms)
    assert build_usd(with_own(slow))[0] >= plain_usd()[0] * (1 - 1e-9)


def test_twice_as_slow_is_a_factor_of_two_there_and_less_further_away() -> None:
    fitted = fit_own_benchmarks([scaled(2.0)], CATALOG)
    assert ratios(fitted)[:2] == (pytest.approx(2), pytest.approx(2))
    near, far = ratios(fitted, batch=48.0)[0], ratios(fitted, batch=256.0)[0]
    assert 1 < far < near < 2
    other_model = ratios(fitted, model="llama-3.1-8b")[0]
    assert 1 < other_model < ratios(fitted, precision="bf16")[0] < ratios(fitted, tensor_parallel=4)[0] < 2
    assert ratios(fitted, input_tok=8_000.0)[0] < 2


def test_decode_and_first_token_are_corrected_apart() -> None:
    assert ratios(fit_own_benchmarks([scaled(2.0, 0.5)], CATALOG))[:2] == (pytest.approx(2), pytest.approx(0.5))
    no_first = scaled(2.0).model_copy(update={"ttft_ms": None})
    assert ratios(fit_own_benchmarks([no_first], CATALOG))[:2] == (pytest.approx(2), 1.0)


def _modeled_error(gpu: str) -> float:
    return range_ratio("tok_s", ReplicaConfig(CATALOG.model("llama-3.3-70b"), CATALOG.gpu(gpu), "fp8", 4), CATALOG) - 1


def test_other_gpus_are_left_alone_and_other_models_share_what_the_models_error_does_not_explain() -> None:
    fitted = fit_own_benchmarks([scaled(2.0)], CATALOG)
    here, there = (_modeled_error(gpu) for gpu in ("h100-sxm", "l40s"))
    assert ratios(fitted, gpu="l40s") == (1.0, 1.0, pytest.approx(there))
    assert there > here  # few measured runs on that generation
    beyond = OTHER_MODEL_FRAC * (math.log(2) - math.log1p(here))
    assert math.log(ratios(fitted, model="llama-3.1-8b")[0]) == pytest.approx(beyond, rel=0.1)
    within = fit_own_benchmarks([scaled(1 + here / 2)], CATALOG)
    assert ratios(within, model="llama-3.1-8b")[0] == pytest.approx(1, abs=0.01)
    assert not fitted.applies_to(ReplicaConfig(CATALOG.model("llama-3.1-8b"), CATALOG.gpu("h100-sxm"), "fp8", 1))


def test_the_range_narrows_where_it_was_measured_and_widens_where_benchmarks_disagree() -> None:
    error = _modeled_error("h100-sxm")
    at, away = (
        ratios(fit_own_benchmarks([scaled(1.3)], CATALOG))[2],
        ratios(fit_own_benchmarks([scaled(1.3)], CATALOG), batch=2.0)[2],
    )
    assert math.log1p(at) == pytest.approx(math.log1p(error) * MEASURED_ERROR_FRAC)
    assert at < away
    assert ratios(fit_own_benchmarks([scaled(1.0), scaled(3.0)], CATALOG))[2] > error
    usd, low, high = build_usd(with_own(scaled(1.0, concurrency_count=64.0, tensor_parallel=4)))
    without, plain_low, plain_high = plain_usd()
    assert usd == pytest.approx(without)
    assert plain_low <= low <= usd <= high <= plain_high


def test_one_broken_run_does_not_carry_the_others_away() -> None:
    fitted = fit_own_benchmarks([scaled(1.2), scaled(1.2), scaled(1.2), scaled(200.0)], CATALOG)
    assert ratios(fitted)[0] < 1.2 * 3 ** (1 / 3)


def test_more_clients_than_caches_fit_leave_the_first_token_alone() -> None:
    crowded = measured(precision="bf16", concurrency_count=500.0, input_tok=8_000.0, ttft_ms=90_000.0)
    fitted = fit_own_benchmarks([crowded], CATALOG)
    assert fitted.comparisons[0].ttft_ms is None
    assert ratios(fitted, precision="bf16")[1] == 1.0


def test_tokens_a_second_of_a_single_client_stand_in_where_no_tpot_was_measured() -> None:
    alone = measured(concurrency_count=1.0, output_tok_s=1.0)
    model = fit_own_benchmarks([alone], CATALOG).comparisons[0].output_tok_s
    assert model is not None
    half = measured(concurrency_count=1.0, tpot_ms=None, ttft_ms=None, output_tok_s=model.predicted / 2)
    assert ratios(fit_own_benchmarks([half], CATALOG), batch=1.0)[0] == pytest.approx(2)


def test_removing_restores_every_figure() -> None:
    before, during, after = (
        to_json(evaluate(case, CATALOG))["options"] for case in (scenario(), with_own(scaled(3.0)), with_own())
    )
    assert during != before
    assert after == before


def test_a_speed_set_by_hand_stands_in_place_of_benchmarks() -> None:
    own = [scaled(3.0).model_dump(mode="json")]
    by_hand = scenario(hardware={"throughput_factor": 0.9})
    both = scenario(hardware={"throughput_factor": 0.9, "own_measurements": own})
    assert build_usd(both) == build_usd(by_hand)
    assert any("your own figure" in note for note in evaluate(both, CATALOG).caveats)


def test_the_verdict_says_that_the_speed_is_yours() -> None:
    slow = evaluate(with_own(scaled(1.1)), CATALOG)
    assert any("is calibrated with 1 of your benchmarks" in note for note in slow.caveats)
    assert not any("of your benchmarks" in note for note in evaluate(scenario(), CATALOG).caveats)


def test_measurements_travel_in_the_link() -> None:
    case = with_own(scaled(1.1), scaled(1.2, concurrency_count=64.0))
    assert from_token(to_token(case, "digest"))[0] == case
    many = [scaled(1.0 + i / 100, concurrency_count=1.0 + i) for i in range(32)]
    assert from_token(to_token(with_own(*many), "digest"))[0].hardware.own_measurements == tuple(many)


@pytest.mark.parametrize(("field", "value"), [("model", "no-such-model"), ("gpu", "no-such-gpu")])
def test_an_unknown_model_or_gpu_is_named(field: str, value: str) -> None:
    with pytest.raises(DataError, match=f"Your benchmarks: bench.json: unknown .*{value}"):
        check_ids(with_own(measured(**{field: value})), CATALOG)


@pytest.mark.parametrize(
    "changes",
    [
        {"tpot_ms": -1.0},
        {"tpot_ms": float("nan")},
        {"concurrency_count": 0},
        {"concurrency_count": float("inf")},
        {"tensor_parallel": 0},
        {"precision": "fp6"},
        {"tpot_ms": None, "ttft_ms": None},
        {"unheard": 1},
    ],
)
def test_impossible_measurements_are_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(DataError):
        measured(**changes)


def test_a_setup_that_does_not_fit_is_reported_and_not_used() -> None:
    fitted = fit_own_benchmarks([measured(precision="bf16", tensor_parallel=1)], CATALOG)
    assert "do not fit" in fitted.comparisons[0].problem
    assert ratios(fitted)[:2] == (1.0, 1.0)
