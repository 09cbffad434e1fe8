"""Published large deployments over many machines: tokens/s of one GPU within 25%, and a fleet for each of their GPUs."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from support import demand_by_hand, scenario

from calculators.calibration.accuracy import read_table
from calculators.calibration.pool_accuracy import POOL_RUNS, judged_pools
from calculators.catalog.load import load_catalog
from calculators.fleet.candidate_configs import candidate_configs
from calculators.fleet.replica_capacity import replica_capacities
from calculators.performance.replica import ReplicaArrays, ReplicaConfig, replica_arrays
from calculators.performance.step_time import step_s
from calculators.scenario.inputs import Inputs

LIVE = load_catalog()
CASES = yaml.safe_load((Path(__file__).parents[1] / "data/deployments.yaml").read_text(encoding="utf-8"))
NONE = np.zeros(1)


def pool(case: dict[str, Any]) -> ReplicaArrays:
    config = ReplicaConfig(
        LIVE.model(case["model"]),
        LIVE.gpu(case["gpu"]),
        case["precision"],
        1,
        attention_ranks=case["gpus"],
        expert_ranks=case["gpus"],
        kv_element_bytes=case.get("kv_bytes", 2.0),
        engine="sglang",
        one_phase=True,
    )
    return replica_arrays([config], LIVE)


@pytest.mark.parametrize("case", CASES["decode"], ids=lambda case: case["name"])
def test_a_decode_pool_generates_what_was_published(case: dict[str, Any]) -> None:
    batch, context = np.array([float(case["batch"])]), np.array([float(case["context_tok"])])
    tok_s = case["batch"] / float(step_s(pool(case), batch, context, NONE, NONE)[0, 0])
    assert tok_s == pytest.approx(case["tok_s"], rel=0.25)


@pytest.mark.parametrize("case", CASES["prefill"], ids=lambda case: case["name"])
def test_a_prefill_pool_reads_what_was_published(case: dict[str, Any]) -> None:
    tokens, attended = np.array([float(case["batch"])]), np.array([case["context_tok"] / 2])
    tok_s = case["batch"] / float(step_s(pool(case), NONE, NONE, tokens, attended)[0, 0])
    assert tok_s == pytest.approx(case["tok_s"], rel=0.25)


def test_every_case_names_a_source_that_is_listed() -> None:
    assert {case["source"] for kind in ("decode", "prefill") for case in CASES[kind]} == set(CASES["sources"])


def shares_within(row_fits: Callable[[dict[str, str]], bool]) -> float:
    """Share of the published runs with separate pools that fit, whose tokens/s of one GPU are within 25%."""
    judged, table = judged_pools(LIVE), [row for row in read_table(POOL_RUNS) if row["kind"] == "disaggregated"]
    ratio = (judged.predicted["tok_s"] / judged.measured["tok_s"])[[row_fits(row) for row in table]]
    assert ratio.size >= 2
    return float(np.mean(np.abs(ratio - 1) < 0.25))


def test_r1_in_a_rack_of_gb200_serves_what_was_published_in_four_of_five_runs() -> None:
    assert shares_within(lambda row: row["gpu"] == "GB200" and float(row["decode_gpus"]) >= 16) > 0.8


def test_one_decode_worker_on_two_machines_of_h100_with_tensorrt_llm_serves_what_was_published() -> None:
    def fits(row: dict[str, str]) -> bool:
        spread = row["decode_dp_attention"] == "True" and row["decode_workers"] == "1" and row["spec"] == "none"
        return row["gpu"].startswith("H100") and row["engine"] == "TensorRT-LLM" and spread

    assert shares_within(fits) == 1


@pytest.mark.parametrize("gpu", ["h100-sxm", "h200-sxm", "h800-sxm", "gb200"])
@pytest.mark.parametrize("apart", [False, True])
def test_deepseek_v3_has_a_fleet_on_the_gpus_of_its_published_deployments(gpu: str, apart: bool) -> None:
    asked = scenario(
        candidates=[{"model": "deepseek-v3"}],
        hardware={"gpus": [gpu], "max_gpus": 512},
        techniques={"disaggregation": apart, "parallelism": True},
        targets={"ttft_p95_ms": 3_000.0, "tpot_ms": 60.0},
    )
    able, _ = replica_capacities(candidate_configs(asked, LIVE), Inputs(asked, demand_by_hand(), LIVE))
    assert able
    assert all((one.prefill_config is not None) is apart for one in able)
