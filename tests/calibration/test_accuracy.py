"""The judge of the speed model: its arithmetic on cases by hand, and what the project claims of the shipped data."""

import math

import numpy as np
import pytest

from calculators.calibration import accuracy
from calculators.catalog.load import load_catalog

CATALOG = load_catalog()


@pytest.fixture(scope="module")
def rows() -> accuracy.Rows:
    return accuracy.accuracy_rows(CATALOG)


def test_errors_by_hand() -> None:
    predicted, measured = np.array([90.0, 110.0, 400.0, np.nan, 5.0]), np.array([100.0, 100.0, 100.0, 1.0, np.nan])
    e = accuracy.errors(predicted, measured)
    assert (e.count, e.beyond_3x_count) == (3, 1)
    assert e.median_frac == pytest.approx(0.1)
    assert e.bias_frac == pytest.approx(0.1)


def test_nothing_known_is_said_as_unknown() -> None:
    e = accuracy.errors(np.array([np.nan]), np.array([1.0]))
    assert e.count == 0
    assert math.isnan(e.median_frac)
    assert math.isnan(accuracy.covered_frac(np.array([np.nan]), np.array([1.0]), 2.0))


def test_coverage_counts_what_lies_within_each_range() -> None:
    predicted, measured = np.full(5, 100.0), np.array([100.0, 79.0, 126.0, 190.0, np.nan])
    assert accuracy.covered_frac(predicted, measured, 1.25) == pytest.approx(1 / 4)
    assert accuracy.covered_frac(predicted, measured, np.array([1.0, 1.3, 1.3, 1.3, 9.0])) == pytest.approx(3 / 4)


def test_every_published_row_has_an_answer_or_a_reason(rows: accuracy.Rows) -> None:
    assert len(rows.row) == len(accuracy.read_table(accuracy.MEASURED))
    silent = (rows.status != "ok") & (rows.reason == "")
    assert not silent.any()


def test_every_row_kept_out_exists_and_says_why(rows: accuracy.Rows) -> None:
    for reasons in accuracy.excluded_rows().values():
        assert set(reasons) <= set(rows.row.tolist())
        assert all(len(reason) > 30 for reason in reasons.values())


@pytest.mark.parametrize(
    ("metric", "median", "p90", "bias"),
    [("tpot_ms", 0.11, 0.40, 0.05), ("tok_s", 0.13, 0.40, 0.05), ("ttft_ms", 0.36, 0.95, 0.15)],
)
def test_left_out_errors_stay_what_the_page_says(
    rows: accuracy.Rows, metric: str, median: float, p90: float, bias: float
) -> None:
    """A refit that makes predictions for unseen models worse than today's is noticed."""
    counted = accuracy.counted_runs(rows, metric)
    e = accuracy.errors(rows.unseen_model[metric][counted], rows.measured[metric][counted])
    assert e.count > 1_200
    assert e.median_frac < median
    assert e.p90_frac < p90
    assert abs(e.bias_frac) < bias


@pytest.mark.parametrize("metric", accuracy.METRICS)
def test_the_stated_80_percent_range_held_75_to_85_percent_of_unseen_runs(rows: accuracy.Rows, metric: str) -> None:
    """Of both ways of holding out together; of each engine too, where enough runs say so."""
    for part in accuracy.range_coverage(rows, metric):
        if part.status == "ok" and part.count >= 200:
            assert 0.75 <= (part.unseen_model_frac + part.unseen_gpu_frac) / 2 <= 0.85, part


def test_groups_cover_every_counted_run_once(rows: accuracy.Rows) -> None:
    counted = accuracy.counted_runs(rows, "tpot_ms")
    overall = accuracy.protocol_errors(rows, "tpot_ms", "unseen_model", counted)
    for breakdown in ("source", "engine", "gpu", "model"):
        groups = accuracy.errors_by(rows, "tpot_ms", "unseen_model", breakdown)
        counts = [errors.count for errors in groups.values()]
        assert sum(counts) == overall.count
        assert counts == sorted(counts, reverse=True)


def test_coverage_is_told_by_engine_and_for_extrapolated_runs(rows: accuracy.Rows) -> None:
    coverage = accuracy.range_coverage(rows, "tpot_ms")
    every, *engines, outside = coverage
    assert (every.status, every.engine, outside.status) == ("ok", "", "extrapolated")
    assert sum(part.count for part in engines) == every.count
    assert len({part.engine for part in engines}) == len(engines) > 2


def test_runs_on_rarely_measured_gpus_are_marked_by_a_code(rows: accuracy.Rows) -> None:
    assert rows.few_runs.any()
    assert set(rows.status[rows.few_runs]) == {"extrapolated"}
