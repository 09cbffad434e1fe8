"""Models larger than one machine, and why they get no fleet: one case for each kind of reason."""

from collections.abc import Sequence
from datetime import date
from typing import Any

import pytest

from calculators.catalog.load import load_catalog
from calculators.evaluate import Evaluation, evaluate
from calculators.scenario.defaults import default_scenario
from calculators.scenario.schema import Candidate, Hardware, Scenario

LIVE = load_catalog()
START = default_scenario(date(2026, 11, 30))


def case(model: str, gpu: str, requests_per_month: float = 3e6, **hardware: Any) -> Scenario:
    changed = Hardware(gpus=(gpu,), max_rent_age_days=5_000, **hardware)
    workload = START.workload.model_copy(update={"requests_per_month": requests_per_month})
    return START.model_copy(update={"candidates": (Candidate(model=model),), "hardware": changed, "workload": workload})


def found(scenario: Scenario, targets: dict[str, Any] | None = None) -> Evaluation:
    asked = scenario.targets.model_copy(update=targets or {})
    return evaluate(scenario.model_copy(update={"targets": asked}), LIVE)


PATIENT = {"ttft_p95_ms": 3_000.0, "tpot_ms": 100.0}


@pytest.mark.parametrize(
    ("model", "gpu"),
    [
        ("deepseek-v3", "h100-sxm"),
        ("kimi-k2", "a100-80gb-sxm"),
        ("kimi-k2", "h100-sxm"),
        ("deepseek-r1", "a100-40gb-sxm"),
    ],
)
def test_a_model_larger_than_a_server_gets_a_fleet_of_several(model: str, gpu: str) -> None:
    build = found(case(model, gpu), PATIENT).build
    assert build is not None
    assert build.plan is not None
    assert build.plan.config.is_over_machines
    assert build.plan.machines % (build.plan.config.gpus_count // 8) == 0
    assert build.plan.gpus == 8 * build.plan.machines


def test_at_volume_attention_ranks_and_wide_expert_parallelism_are_chosen_by_themselves() -> None:
    build = found(case("deepseek-v3", "h100-sxm", 3e8, max_gpus=10_000), PATIENT).build
    assert build is not None
    assert build.plan is not None
    config = build.plan.config
    assert (config.tensor_parallel, config.expert_ranks) == (1, config.attention_ranks)
    assert config.attention_ranks >= 16


def test_a_replica_over_machines_says_what_it_takes_for_granted() -> None:
    result = found(case("deepseek-v3", "h100-sxm"), PATIENT)
    assert any("spans 2 machines" in note and "InfiniBand" in note for note in result.caveats)


REASONS: Sequence[tuple[str, str, dict[str, Any], dict[str, Any], str, str]] = [
    ("kimi-k2", "l40s", {}, PATIENT, "not joined by a fast network", "to GPUs on the Candidates page"),
    ("kimi-k2", "h100-sxm", {"max_gpus": 16}, PATIENT, "the maximum is 16", "Raise Maximum GPUs to"),
    (
        "kimi-k2",
        "h100-sxm",
        {"rent_providers": ("hyperstack",), "commitments": ("5y",)},
        PATIENT,
        "no offer",
        "Add On-demand to",
    ),
    (
        "kimi-k2",
        "a100-80gb-sxm",
        {},
        {"ttft_p95_ms": 3_000.0, "tpot_ms": 5.0},
        "TPOT is",
        "Raise TPOT target, mean (ms) to",
    ),
    (
        "kimi-k2",
        "a100-80gb-sxm",
        {},
        {"ttft_p95_ms": 20.0, "tpot_ms": 100.0},
        "TTFT p95 is",
        "Raise TTFT target, p95 (ms) to",
    ),
]


@pytest.mark.parametrize(
    ("model", "gpu", "hardware", "targets", "why", "remedy"),
    REASONS,
    ids=["weights", "GPU limit", "no offer", "latency of a token", "latency of the first token"],
)
def test_a_refusal_names_its_reason_and_a_change_that_works(
    model: str, gpu: str, hardware: dict[str, Any], targets: dict[str, Any], why: str, remedy: str
) -> None:
    scenario = case(model, gpu, **hardware)
    scenario = scenario.model_copy(update={"targets": scenario.targets.model_copy(update=targets)})
    refusal = evaluate(scenario, LIVE).no_fleet
    assert refusal is not None
    assert why in refusal.why
    assert remedy in refusal.remedy
    for change in refusal.changes:
        scenario = change.applied(scenario)
    assert evaluate(scenario, LIVE).build is not None
