"""Accuracy on runs with separate pools: the numbers that the page and the docs tell, and how they are reckoned."""

import numpy as np
import pytest

from calculators.calibration.accuracy import METRICS, errors, read_table
from calculators.calibration.pool_accuracy import POOL_RUNS, JudgedPools, draft_speedups, judged_drafts, judged_pools
from calculators.catalog.load import load_catalog

CATALOG = load_catalog()


@pytest.fixture(scope="module")
def judged() -> JudgedPools:
    return judged_pools(CATALOG)


def test_every_run_names_its_source_and_its_configuration() -> None:
    table = read_table(POOL_RUNS)
    assert len({row["row"] for row in table}) == len(table)
    assert all(row["source_key"] and len(row["seen"]) == 10 for row in table)
    assert all(row["config_key"] for row in table if row["kind"] == "disaggregated")


def test_every_run_is_predicted(judged: JudgedPools) -> None:
    assert judged.group.size >= 200
    assert all(np.isfinite(judged.predicted[metric]).all() for metric in METRICS)
    assert sum(judged.errors("tpot_ms", group).count for group in judged.groups) == judged.group.size


def test_pools_are_predicted_as_well_as_told(judged: JudgedPools) -> None:
    medians = {metric: judged.errors(metric).median_frac for metric in METRICS}
    assert medians["tpot_ms"] < 0.1
    assert medians["tok_s"] < 0.12
    assert medians["ttft_ms"] < 0.36


def test_about_four_of_five_runs_are_within_the_range_of_the_verdict(judged: JudgedPools) -> None:
    assert all(0.7 < judged.in_range_frac(metric) < 0.95 for metric in METRICS)


def test_the_range_is_wider_over_machines(judged: JudgedPools) -> None:
    plain = ~np.char.endswith(judged.group, "with drafts")
    near, far = (judged.range_ratio["tpot_ms"][plain & of] for of in (~judged.over_machines, judged.over_machines))
    assert far.min() > near.max()
    assert judged.over_machines[np.char.startswith(judged.group, "H100")].all()


def test_throughput_is_little_s_law_over_the_gpus_of_both_pools(judged: JudgedPools) -> None:
    row = next(r for r in read_table(POOL_RUNS) if r["kind"] == "disaggregated")
    output = 0.9 * float(row["osl"])
    seconds = (float(row["ttft_ms_mean"]) + (output - 1) * float(row["tpot_ms_mean"])) / 1e3
    gpus = sum(float(row[f"{pool}_workers"]) * float(row[f"{pool}_gpus"]) for pool in ("prefill", "decode"))
    assert judged.measured["tok_s"][0] == pytest.approx(float(row["concurrency_or_batch"]) * output / seconds / gpus)


def test_the_speedup_of_drafts_is_off_by_little() -> None:
    predicted, measured = draft_speedups(CATALOG)
    told = errors(predicted, measured)
    assert told.count == 27
    assert told.median_frac < 0.1
    assert told.p90_frac < 0.25
    assert abs(told.bias_frac) < 0.05
    assert measured.max() > 1.5


def test_runs_with_drafts_are_told_as_well_as_those_without() -> None:
    judged = judged_drafts(CATALOG)
    for engine, runs in (("SGLang", 31), ("TensorRT-LLM", 51)):
        mine = judged.engine == engine
        told = errors(judged.predicted[mine], judged.measured[mine])
        assert told.count == runs
        assert told.median_frac < 0.13
        assert abs(told.bias_frac) < 0.06
