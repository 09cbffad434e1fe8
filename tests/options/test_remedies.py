"""Why there is no fleet, and remedies that work: each is applied here and found to make one."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from fleetless_scenarios import fleetless_candidates
from support import merged, scenario

from calculators.catalog.load import load_catalog
from calculators.evaluate import Evaluation, evaluate
from calculators.options.feasibility import Feasibility
from calculators.options.remedies import NOTHING_HELPS, nearest_row
from calculators.scenario.change import Change
from calculators.scenario.schema import Scenario, parse_scenario

LIVE = load_catalog()
MOST_HOSTED = ("llama-3.1-8b", "llama-4-scout")
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
    return evaluate(scenario(**asked), LIVE)


KINDS: dict[str, tuple[dict[str, Any], str, str, dict[str, Any]]] = {
    "gpu limit: one replica of one GPU and its spare": (
        {"hardware": {"max_gpus": 1}},
        "gpu_limit",
        "Raise Maximum GPUs to 2 on the Candidates page.",
        {"hardware": {"max_gpus": 2}},
    ),
    "provider": (
        {"hardware": {"rent_providers": ["coreweave"], "gpus": ["mi300x"]}},
        "no_offer",
        "Add RunPod to GPU cloud providers on the Candidates page.",
        {"hardware": {"rent_providers": ["coreweave", "runpod"]}},
    ),
    "term": (
        {"hardware": {"commitments": ["5y"], "gpus": ["mi300x"]}},
        "no_offer",
        "Add On-demand to Commitment terms on the Candidates page.",
        {"hardware": {"commitments": ["5y", "on_demand"]}},
    ),
    "confidence": (
        {"hardware": {"min_confidence": "high", "gpus": ["b300-sxm"]}},
        "no_offer",
        "Lower Minimum GPU price confidence to medium on the Candidates page.",
        {"hardware": {"min_confidence": "medium"}},
    ),
    "age": (
        {"hardware": {"max_rent_age_days": 1, "gpus": ["mi300x"]}},
        "no_offer",
        "Raise Maximum age of GPU prices (days) to 98 on the Candidates page.",
        {"hardware": {"max_rent_age_days": 98}},
    ),
    "weights: another layout": (
        {"candidates": [{"model": "deepseek-v3", "gate": "accepted"}], "techniques": {"parallelism": False}},
        "weights",
        "Switch on Tensor and pipeline parallelism on the Six techniques page.",
        {"techniques": {"parallelism": True}},
    ),
    "weights: another GPU": (
        {"candidates": [{"model": "deepseek-v3", "gate": "accepted"}], "hardware": {"gpus": ["l4"]}},
        "weights",
        "Add AMD Instinct MI300X 192 GB to GPUs on the Candidates page.",
        {"hardware": {"gpus": ["l4", "mi300x"]}},
    ),
    "spares in many regions": (
        {"hardware": {"max_gpus": 12}, "operations": {"spare_replicas": 20, "regions": 4}},
        "gpu_limit",
        "Lower Spare replicas (N+1) to 2 on the Candidates page.",
        {"operations": {"spare_replicas": 2}},
    ),
    "batch size and limit: one of them alone asks for thousands of GPUs": (
        {
            "techniques": {"batch_cap": 1},
            "hardware": {"max_gpus": 8},
            "candidates": [{"model": "llama-3.3-70b", "gate": "accepted"}],
            "workload": {"requests_per_month": 50_000_000},
            "operations": {"spare_replicas": 2},
        },
        "gpu_limit",
        "Raise Maximum GPUs to 12 on the Candidates page, and raise Maximum batch size to 256 on the Six techniques page.",
        {"hardware": {"max_gpus": 12}, "techniques": {"batch_cap": 256}},
    ),
    "requirement and limit": (
        {"compliance": {"requirements": ["pci"]}, "hardware": {"max_gpus": 1}},
        "gpu_limit",
        "Raise Maximum GPUs to 8 and switch on Include purchased servers (capex) on the Candidates page.",
        {"hardware": {"max_gpus": 8, "include_owned": True}},
    ),
    "no candidate": (
        {"candidates": [{"model": "gpt-oss-120b", "gate": "not_acceptable"}]},
        "",
        "Add Llama 3.3 70B Instruct, still to be evaluated, to Candidate open models on the Candidates page.",
        {"candidates": [{"model": "gpt-oss-120b", "gate": "not_acceptable"}, {"model": "llama-3.3-70b"}]},
    ),
    "context window": (
        {
            "candidates": [{"model": "llama-2-70b", "gate": "accepted"}],
            "workload": {"input_tok": 20_000, "input_p95_tok": 30_000},
        },
        "context",
        "Add gpt-oss 120B, still to be evaluated, to Candidate open models on the Candidates page.",
        {"candidates": [{"model": "llama-2-70b", "gate": "accepted"}, {"model": "gpt-oss-120b"}]},
    ),
}


@pytest.mark.parametrize(("changes", "constraint", "remedy", "applied"), KINDS.values(), ids=KINDS)
def test_a_remedy_names_the_input_and_works(
    changes: dict[str, Any], constraint: str, remedy: str, applied: dict[str, Any]
) -> None:
    before = _run(changes)
    assert before.build is None
    assert before.no_fleet is not None
    assert before.no_fleet.constraint == (constraint or None)
    assert before.no_fleet.remedy.endswith(remedy)
    assert before.verdict.reason.endswith(remedy)
    assert _run(changes, applied).build is not None


def test_whatever_is_told_works_and_is_needed() -> None:
    """Scenarios of every kind: the changes told make a fleet together, and none of several does without the others."""
    told = Counter[int]()
    for kind, tried in fleetless_candidates(21):
        before = evaluate(tried, LIVE)
        assert (before.no_fleet is None) is (before.build is not None), kind
        if before.no_fleet is None:
            continue
        changes = before.no_fleet.changes
        told[len(changes)] += 1
        assert (NOTHING_HELPS in before.no_fleet.remedy) is not bool(changes), kind
        assert all(change.words[1:] in before.no_fleet.remedy for change in changes), kind
        if not changes:
            continue
        assert evaluate(_after(tried, changes), LIVE).build is not None, kind
        for left_out in changes if len(changes) > 1 else ():
            fewer = _after(tried, [change for change in changes if change is not left_out])
            assert evaluate(fewer, LIVE).build is None, (kind, left_out.words)
    assert told[1] > 5
    assert told[2] > 1


def _after(scenario: Scenario, changes: Sequence[Change]) -> Scenario:
    for change in changes:
        scenario = change.applied(scenario)
    return parse_scenario(scenario.model_dump(mode="json"))


@pytest.mark.parametrize(
    ("hopeless", "allowed"),
    [
        ({"requests_per_month": 1e12}, "a tenth of the volume"),
        ({"input_tok": 9e6, "input_p95_tok": 1e7}, "shorter requests"),
    ],
)
def test_that_nothing_helps_is_told_only_where_everything_together_does_not(
    hopeless: dict[str, Any], allowed: str
) -> None:
    before = _run({"workload": hopeless})
    assert before.no_fleet is not None
    assert before.no_fleet.remedy == NOTHING_HELPS, allowed
    everything = merged(EVERYTHING, {"workload": hopeless, "candidates": [{"model": id} for id in MOST_HOSTED]})
    assert _run(everything).build is None


EVERYTHING: dict[str, Any] = {
    "targets": {"ttft_p95_ms": None, "tpot_ms": None},
    "hardware": {
        "max_gpus": 10_000,
        "commitments": ["on_demand", "1y", "3y", "5y", "spot"],
        "min_confidence": "low",
        "include_marketplaces": True,
        "include_owned": True,
        "max_rent_age_days": 10_000,
        "precisions": ["fp8", "int8", "nvfp4", "int4"],
        "launch": "tuned",
    },
    "techniques": {"kv_cache": "fp8", "speculation": True},
    "operations": {"spare_replicas": 0, "regions": 1},
}


def test_an_absurd_limit_is_not_told_where_a_target_a_little_higher_does() -> None:
    """At 12 ms a replica serves few requests at once; at 13 ms the fleet is a fraction of the size."""
    found = _run({"targets": {"tpot_ms": 2.0}, "hardware": {"gpus": ["h100-sxm"], "max_gpus": 8}}).no_fleet
    assert found is not None
    assert found.constraint == "tpot"
    assert [name for change in found.changes for name in change.values] == ["targets.tpot_ms"]


def test_gpus_that_one_has_are_named_where_no_more_can_be_had() -> None:
    held = {"gpu": "h100-sxm", "gpus_count": 8, "usd_per_gpu_h": 1.5}
    changes = {
        "hardware": {"gpus": ["l4"], "existing_gpus": [held]},
        "workload": {"requests_per_month": 1e9},
        "candidates": [{"model": "llama-3.3-70b", "gate": "accepted"}],
    }
    row = next(row for row in _run(changes).feasibility if row.gpu.startswith("NVIDIA H100"))
    assert row.constraint == "no_offer"
    assert row.why.endswith("; you have 8, and no offer for more of them passes your filters")


def test_a_latency_target_is_relaxed_to_the_least_value_that_works() -> None:
    found = _run({"targets": {"tpot_ms": 1.0}}).no_fleet
    assert found is not None
    [change] = found.changes
    value = change.values["targets.tpot_ms"]
    assert found.remedy == f"Raise TPOT target, mean (ms) to {value:g} on the Workload page."
    assert _run({"targets": {"tpot_ms": value}}).build is not None
    assert _run({"targets": {"tpot_ms": value - 0.1}}).build is None


def test_two_targets_are_relaxed_together_where_one_is_not_enough() -> None:
    found = _run({"targets": {"tpot_ms": 1.0, "ttft_p95_ms": 5.0}}).no_fleet
    assert found is not None
    values = [name for change in found.changes for name in change.values]
    assert sorted(values) == ["targets.tpot_ms", "targets.ttft_p95_ms"]
    assert found.remedy.count("Workload page") == 1


def test_under_a_requirement_the_remedy_is_about_the_requirement() -> None:
    """No GPU cloud is known to hold the attestation; fleets of purchased servers would be allowed."""
    pci = {"compliance": {"requirements": ["pci"]}}
    found = _run(pci)
    assert (
        " whether your requirements are met, or switch on Include purchased servers (capex) on the Candidates page."
        in found.verdict.reason
    )
    assert "commitment terms" not in found.verdict.reason
    [cost, *_] = found.signals.exit_signals
    assert "requires a PCI DSS attestation" in cost.why
    assert _run(pci, {"hardware": {"include_owned": True}}).build is not None


def test_the_nearest_meets_most_constraints_and_misses_the_next_by_least() -> None:
    near = replace(ROW, gpu="near", miss_ratio=1.1)
    assert nearest_row([ROW, near, replace(ROW, constraint="weights", miss_ratio=1.01)]) is near
    offered = replace(ROW, constraint="no_offer")
    assert nearest_row([near, offered]) is offered
    barred = replace(ROW, constraint="not_allowed")
    assert nearest_row([replace(ROW, constraint="gpu_limit", miss_ratio=1.5), barred]) is barred
