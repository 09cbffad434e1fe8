"""Why there is no fleet, and remedies that work: each is applied here and found to make one."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support import merged, scenario

from calculators.catalog.load import load_catalog
from calculators.evaluate import Evaluation, evaluate
from calculators.options.feasibility import Feasibility
from calculators.options.remedies import NOTHING_HELPS, nearest_row, rounded_up

ROW = Feasibility(
    model="a model", gpu="a GPU", plan=None, usd_per_month=None, why="some reason", constraint="tpot", miss_ratio=2.0
)
RENTED: dict[str, Any] = {
    "api": {"provider": "openai", "model": "gpt-5.4"},
    "candidates": [{"model": "gpt-oss-120b", "gate": "accepted"}],
    "hardware": {"gpus": [], "rent_usd_per_gpu_h": {}},
    "targets": {"ttft_p95_ms": 2_000.0, "tpot_ms": 50.0},
}


def _run(*changes: dict[str, Any]) -> Evaluation:
    asked = RENTED
    for change in changes:
        asked = merged(asked, change)
    return evaluate(scenario(**asked), load_catalog())


@pytest.mark.parametrize(
    ("changes", "remedy", "applied"),
    [
        # one replica of one GPU and its spare
        ({"hardware": {"max_gpus": 1}}, "Raise the maximum GPUs to 2.", {"hardware": {"max_gpus": 2}}),
        (
            {"hardware": {"rent_providers": ["coreweave"], "gpus": ["mi300x"]}},
            "Allow the GPU cloud provider RunPod.",
            {"hardware": {"rent_providers": ["coreweave", "runpod"]}},
        ),
        (
            {"candidates": [{"model": "deepseek-v3", "gate": "accepted"}], "techniques": {"parallelism": False}},
            "Switch tensor parallelism on.",
            {"techniques": {"parallelism": True}},
        ),
        (
            {"compliance": {"requirements": ["pci"]}, "hardware": {"max_gpus": 1}},
            "Raise the maximum GPUs to 8 and include purchased servers (capex).",
            {"hardware": {"max_gpus": 8, "include_owned": True}},
        ),
    ],
)
def test_a_remedy_works(changes: dict[str, Any], remedy: str, applied: dict[str, Any]) -> None:
    before = _run(changes)
    assert before.build is None
    assert before.verdict.reason.endswith(f" {remedy}")
    assert _run(changes, applied).build is not None


@settings(max_examples=40, deadline=None, derandomize=True)
@given(
    targets=st.fixed_dictionaries(
        {"tpot_ms": st.sampled_from([None, 1, 5, 50]), "ttft_p95_ms": st.sampled_from([None, 5, 500])}
    ),
    hardware=st.fixed_dictionaries(
        {
            "max_gpus": st.sampled_from([1, 2, 8]),
            "gpus": st.sampled_from([(), ("l4",), ("h100-sxm", "mi300x")]),
            "rent_providers": st.sampled_from([(), ("coreweave",)]),
            "commitments": st.sampled_from([("on_demand",), ("3y",)]),
            "min_confidence": st.sampled_from(["high", "medium"]),
        }
    ),
    model=st.sampled_from(["gpt-oss-120b", "deepseek-v3", "llama-3.1-8b"]),
    requirements=st.sampled_from([(), ("pci",), ("hipaa", "residency-eu"), ("fedramp-high",)]),
    volume=st.sampled_from([1e5, 1e7, 1e9]),
)
def test_whatever_is_told_works(
    targets: dict[str, Any], hardware: dict[str, Any], model: str, requirements: tuple[str, ...], volume: float
) -> None:
    changes = {"targets": targets, "hardware": hardware, "compliance": {"requirements": requirements}}
    volume_and_model = {
        "workload": {"requests_per_month": volume},
        "candidates": [{"model": model, "gate": "accepted"}],
    }
    before = _run(changes, volume_and_model)
    assert (before.no_fleet is None) is (before.build is not None)
    if before.no_fleet is None or not before.no_fleet.changes:
        return
    scenario = before.scenario
    for change in before.no_fleet.changes:
        assert change.words.lower() in before.verdict.reason.lower()
        scenario = change.applied(scenario)
    assert evaluate(scenario, load_catalog()).build is not None


def test_a_latency_target_is_relaxed_to_a_value_that_works() -> None:
    """Told from the best of all configurations, with the value in milliseconds."""
    words = _run({"targets": {"tpot_ms": 1.0}}).verdict.reason
    value = float(words.split("Relax the TPOT target to ")[1].removesuffix(" ms."))
    assert _run({"targets": {"tpot_ms": value}}).build is not None
    assert _run({"targets": {"tpot_ms": value / 1.1}}).build is None


def test_two_targets_are_relaxed_together_where_one_is_not_enough() -> None:
    words = _run({"targets": {"tpot_ms": 1.0, "ttft_p95_ms": 5.0}}).verdict.reason.split("Relax the TPOT target to ")[1]
    tpot, ttft = (float(part.split(" ms")[0]) for part in words.split(" and relax the TTFT target to "))
    assert _run({"targets": {"tpot_ms": tpot, "ttft_p95_ms": ttft}}).build is not None
    assert _run({"targets": {"tpot_ms": tpot, "ttft_p95_ms": 5.0}}).build is None


def test_under_a_requirement_the_remedy_is_about_the_requirement() -> None:
    """No GPU cloud is known to hold the attestation; fleets of purchased servers would be allowed."""
    pci = {"compliance": {"requirements": ["pci"]}}
    found = _run(pci)
    assert " whether your requirements are met, or include purchased servers (capex)." in found.verdict.reason
    assert "commitment terms" not in found.verdict.reason
    [cost, *_] = found.signals.exit_signals
    assert "requires a PCI DSS attestation" in cost.why
    assert _run(pci, {"hardware": {"include_owned": True}}).build is not None


def test_what_no_change_helps_is_said() -> None:
    hopeless = {"targets": {"tpot_ms": 0.5, "ttft_p95_ms": 2.0}, "hardware": {"max_gpus": 1, "gpus": ["l4"]}}
    assert NOTHING_HELPS in _run(hopeless).verdict.reason


def test_without_a_candidate_the_remedy_is_to_select_one() -> None:
    refused = {"candidates": [{"model": "gpt-oss-120b", "gate": "not_acceptable"}]}
    assert _run(refused).verdict.reason.endswith("Select one on the Candidates page.")


def test_the_nearest_meets_most_constraints_and_misses_the_next_by_least() -> None:
    near = replace(ROW, gpu="near", miss_ratio=1.1)
    assert nearest_row([ROW, near, replace(ROW, constraint="weights", miss_ratio=1.01)]) is near
    offered = replace(ROW, constraint="no_offer")
    assert nearest_row([near, offered]) is offered
    barred = replace(ROW, constraint="not_allowed")
    assert nearest_row([replace(ROW, constraint="gpu_limit", miss_ratio=1.5), barred]) is barred


@pytest.mark.parametrize(("value", "told"), [(2.32, 2.4), (2.4, 2.4), (16.2, 17), (1_234, 1_300), (0.101, 0.11)])
def test_a_told_value_has_two_figures_and_is_not_below(value: float, told: float) -> None:
    assert rounded_up(value) == told
