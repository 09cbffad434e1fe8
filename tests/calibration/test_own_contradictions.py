"""Benchmarks that cannot both be right, and those that may be."""

import pytest
from own_measurements import CATALOG, measured, scaled

from calculators.calibration.own_benchmarks import fit_own_benchmarks
from calculators.calibration.own_contradictions import OwnContradiction, contradictions
from calculators.scenario.measurement import OwnMeasurement


def found_in(*measurements: OwnMeasurement) -> tuple[OwnContradiction, ...]:
    return contradictions(fit_own_benchmarks(measurements, CATALOG))


def test_two_runs_of_one_load_contradict_each_other_where_no_repetition_explains_it() -> None:
    assert found_in(scaled(1.0), scaled(1.1)) == ()
    (one,) = found_in(scaled(1.0), scaled(1.4))
    assert (one.first, one.second, one.figure, one.ratio) == (0, 1, "tpot", pytest.approx(1.4))


def test_at_another_load_they_may_lie_further_apart_but_not_at_will() -> None:
    assert found_in(scaled(1.0), scaled(1.4, concurrency_count=256.0)) == ()
    assert found_in(scaled(1.0), scaled(3.0, concurrency_count=256.0)) != ()


def test_other_configurations_and_unusable_runs_contradict_nothing() -> None:
    assert found_in(scaled(1.0), scaled(3.0, tensor_parallel=4)) == ()
    assert found_in(scaled(1.0), measured(precision="bf16", tensor_parallel=1)) == ()
    assert found_in() == ()


def test_first_tokens_and_throughput_are_held_against_each_other_too() -> None:
    assert [one.figure for one in found_in(scaled(1.0, 1.0), scaled(1.0, 4.0))] == ["ttft"]
    slow, fast = ({"tpot_ms": None, "ttft_ms": None, "output_tok_s": tok_s} for tok_s in (300.0, 900.0))
    assert [one.figure for one in found_in(measured(**slow), measured(**fast))] == ["throughput"]
