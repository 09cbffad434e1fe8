"""An Evaluation as JSON."""

import json
from typing import Any

import pytest
from support import scenario

from calculators.catalog.catalog import Catalog
from calculators.evaluate import evaluate, sensitivity_of
from calculators.report.evaluation_json import to_json

CASES = [{}, {"hardware": {"include_owned": True}}, {"targets": {"tpot_ms": 0.1}}, {"api": {"model": "closed-dated"}}]


@pytest.mark.parametrize("changes", CASES)
def test_the_json_is_strict_and_equals_the_evaluation(catalog: Catalog, changes: dict[str, Any]) -> None:
    found = evaluate(scenario(**changes), catalog)
    plain = json.loads(json.dumps(to_json(found), allow_nan=False))
    assert plain["verdict"]["kind"] == found.verdict.kind
    assert plain["verdict"]["sentence"] == found.verdict.sentence
    assert plain["digest"] == catalog.digest
    assert [o["usd_per_month"] for o in plain["options"]] == [o.usd_per_month for o in found.options]
    assert plain["scenario"] == found.scenario.model_dump(mode="json")
    assert len(plain["crossovers"]) == len(found.crossovers)


def test_profiles_become_ids_and_what_is_infinite_null(catalog: Catalog) -> None:
    plain = to_json(evaluate(scenario(targets={"tpot_ms": 0.1}), catalog))
    assert plain["crossovers"][0][1]["needed_busy_ratio"] is None
    fleet = next(o for o in to_json(evaluate(scenario(), catalog))["options"] if o["kind"] == "self_host")
    config = fleet["plan"]["capacity"]["setup"]
    assert (config["model"], config["gpu"]) == ("llama-3.3-70b", "h100-sxm")
    assert fleet["plan"]["gpus"] == 4


def test_keys_stay_as_first_published(catalog: Catalog) -> None:
    evaluation = evaluate(scenario(), catalog)
    plain = to_json(evaluation, sensitivity_of(evaluation, catalog))
    assert {"stairs", "notes", "flips", "outcomes", "signals", "preconditions", "supporting", "compliance"} <= set(
        plain
    )
    assert {"field", "what", "now", "flips_at", "value_now", "value_at", "becomes", "verified"} <= set(
        plain["flips"][0]
    )
    assert {"working", "rates"} <= set(plain["options"][0]["bill"])
    assert {"demand", "cached_frac", "batch_notes"}.isdisjoint(plain["options"][0]["bill"])
