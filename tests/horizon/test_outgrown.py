"""Fleets that volume outgrows within the horizon: in which month, and what would carry it, checked by applying it."""

from typing import Any

import pytest
from support import merged, scenario

from calculators.catalog.load import load_catalog
from calculators.evaluate import Evaluation, evaluate
from calculators.report.evaluation_json import to_json
from calculators.report.horizon_text import self_hosting_sentence
from calculators.scenario.schema import parse_scenario

LIVE = load_catalog()
GROWING: dict[str, Any] = {
    "api": {"provider": "openai", "model": "gpt-5.4"},
    "hardware": {"gpus": [], "rent_usd_per_gpu_h": {}, "max_gpus": 8},
    "workload": {"requests_per_month": 8e6, "growth_per_month_frac": 0.08},
    "operations": {"horizon_months": 36},
}


def _run(changes: dict[str, Any] | None = None) -> Evaluation:
    return evaluate(scenario(**merged(GROWING, changes or {})), LIVE)


def _with_changes(before: Evaluation) -> Evaluation:
    after = before.scenario
    assert before.outgrown is not None
    for change in before.outgrown.changes:
        after = change.applied(after)
    return evaluate(parse_scenario(after.model_dump(mode="json")), LIVE)


def test_the_month_and_the_limit_that_carries_every_month_are_told() -> None:
    found = _run()
    lost = found.outgrown
    assert lost is not None
    [change] = lost.changes
    limit = change.values["hardware.max_gpus"]
    assert lost.remedy == f"Raise Maximum GPUs to {limit} on the Candidates page."
    assert lost.words in found.caveats
    assert f"from month {lost.month} on, an API takes what your limit of GPUs leaves" in self_hosting_sentence(found)
    assert to_json(found)["outgrown"]["month"] == lost.month
    assert _with_changes(found).outgrown is None
    fewer = _run({"hardware": {"max_gpus": limit - 1}}).outgrown
    assert fewer is not None
    assert fewer.month >= lost.month


@pytest.mark.parametrize("months", ["month - 1", "month"])
def test_the_month_is_the_first_that_is_not_carried(months: str) -> None:
    lost = _run().outgrown
    assert lost is not None
    horizon = {"month - 1": lost.month - 1, "month": lost.month}[months]
    shorter = _run({"operations": {"horizon_months": horizon}})
    assert (shorter.outgrown is None) is (months == "month - 1")


def test_a_step_in_volume_is_told_as_well() -> None:
    step = {"outlook": {"volume_steps": [{"from_day": "2027-05-01", "ratio": 20}]}}
    found = _run({**step, "workload": {"growth_per_month_frac": 0.0}})
    assert found.outgrown is not None
    assert found.outgrown.month == 6
    assert _with_changes(found).outgrown is None


def test_several_inputs_are_changed_where_the_limit_alone_does_not_do() -> None:
    """Eight H100 that one has, and no offer of more of them."""
    held = {"gpus": ["l4"], "existing_gpus": [{"gpu": "h100-sxm", "gpus_count": 8, "usd_per_gpu_h": 1.5}]}
    found = _run({"hardware": held})
    assert found.outgrown is not None
    assert len(found.outgrown.changes) == 2
    assert any(one.option.is_build for one in _with_changes(found).horizon.options)


def test_growth_beyond_every_limit_is_said_to_be_so() -> None:
    lost = _run({"workload": {"growth_per_month_frac": 1.0}}).outgrown
    assert lost is not None
    assert lost.remedy == "That is beyond the 10,000 GPUs that may be entered."
    assert not lost.changes


def test_nothing_is_said_of_a_fleet_that_carries_every_month() -> None:
    assert _run({"hardware": {"max_gpus": 512}}).outgrown is None
