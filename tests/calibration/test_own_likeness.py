"""How much of a gap is taken over: all of it at the benchmark, less elsewhere, and never the wrong way."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from calculators.calibration.own_likeness import (
    FIRST_TOKEN_LIKENESS,
    MEASURED_ERROR_FRAC,
    OTHER_MODEL_FRAC,
    STEP_LIKENESS,
    Differences,
    gaps_applied,
    likeness,
)
from calculators.scenario.demand import Array

OWN_ERROR = math.log(1.25)
NO = np.zeros((1, 1, 1))
logs = st.floats(-2.5, 2.5)
shares = st.floats(0.0, 1.0)


def at(
    load: tuple[float, float, float] = (0, 0, 0), split: int = 0, precision: int = 0, model: int = 0, gpu: int = 0
) -> Differences:
    return Differences(np.array(load, dtype=float)[None, None, None], NO + split, NO + precision, NO + model, NO + gpu)


def taken(
    gaps: list[float], like: list[float], models: list[int] | None = None, error: float = OWN_ERROR
) -> tuple[float, float]:
    is_model: Array = np.array(models or [0] * len(gaps))[None, None]
    a = gaps_applied(np.array(gaps), np.array(like)[None, None], is_model, OWN_ERROR, np.full((1, 1), error))
    return float(a.log_ratio[0, 0]), float(a.log_range[0, 0])


def test_likeness_is_one_at_the_benchmark_and_falls_with_every_difference() -> None:
    for figure in (STEP_LIKENESS, FIRST_TOKEN_LIKENESS):
        here = float(likeness(at(), figure)[0, 0, 0])
        assert here == 1
        split, precision, model = (
            float(likeness(at(**{k: 1}), figure)[0, 0, 0]) for k in ("split", "precision", "model")
        )
        assert here > split > precision > model > 0
        assert float(likeness(at(gpu=1), figure)[0, 0, 0]) == 0
        far = float(likeness(at((50.0, 50.0, 50.0)), figure)[0, 0, 0])
        assert far == pytest.approx(figure.lasting_frac)


@given(logs)
def test_a_benchmark_is_met_at_its_own_point_whatever_its_gap_and_its_neighbors(gap: float) -> None:
    assert taken([gap], [1.0])[0] == pytest.approx(gap, abs=1e-9)
    assert taken([gap, -gap, 1.0], [1.0, 0.9, 0.4])[0] == pytest.approx(gap, abs=1e-3)


@given(logs, logs, shares, shares, st.floats(0, 1))
def test_a_slower_benchmark_never_speeds_anything_up(gap: float, other: float, k: float, j: float, more: float) -> None:
    assert taken([gap + more, other], [k, j], [0, 1])[0] >= taken([gap, other], [k, j], [0, 1])[0] - 1e-9


def test_of_a_gap_beyond_the_models_error_siblings_take_all_and_other_models_a_part() -> None:
    sixfold = math.log(6)
    beyond = sixfold - OWN_ERROR
    assert taken([sixfold], [0.4])[0] == pytest.approx(0.4 * OWN_ERROR + beyond)
    assert taken([sixfold], [0.05], [1])[0] == pytest.approx(0.05 * OWN_ERROR + OTHER_MODEL_FRAC * beyond)
    assert taken([sixfold], [0.0]) == (0.0, pytest.approx(OWN_ERROR))  # another GPU
    assert taken([math.nan], [1.0]) == (0.0, pytest.approx(OWN_ERROR))  # not measured


def test_the_range_is_narrow_at_the_benchmark_and_widens_away_from_it_and_where_benchmarks_disagree() -> None:
    ranges = [taken([0.1], [k])[1] for k in (1.0, 0.9, 0.6, 0.3)]
    assert ranges == sorted(ranges)
    assert ranges[0] == pytest.approx(OWN_ERROR * MEASURED_ERROR_FRAC)
    assert taken([1.5], [0.5])[1] > taken([0.1], [0.5])[1]
    assert taken([0.0, 1.0], [1.0, 1.0])[1] > OWN_ERROR


def test_where_few_runs_were_fitted_a_benchmark_takes_the_doubt_about_the_gpu_away() -> None:
    unfitted = math.log(3)
    assert taken([0.1], [1.0], error=unfitted)[1] == pytest.approx(OWN_ERROR * MEASURED_ERROR_FRAC)
    assert OWN_ERROR < taken([0.1], [0.05], [1], error=unfitted)[1] < unfitted
    assert taken([0.1], [0.0], error=unfitted)[1] == pytest.approx(unfitted)
