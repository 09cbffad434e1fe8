"""Published large deployments over many machines: tokens/s of one GPU within 25%."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from calculators.catalog.load import load_catalog
from calculators.performance.replica import ReplicaArrays, ReplicaConfig, replica_arrays
from calculators.performance.step_time import step_s

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
