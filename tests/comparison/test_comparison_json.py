import json

from support import scenario

from calculators.catalog.catalog import Catalog
from calculators.comparison.comparison import compare_scenarios
from calculators.comparison.comparison_json import comparison_json


def test_plain_values_are_strict_json_and_the_parts_add_up(catalog: Catalog) -> None:
    b = scenario(workload={"requests_per_month": 8e6, "peak_ratio": 2}, hardware={"max_gpus": 1})
    plain = comparison_json(compare_scenarios(scenario(), b, catalog), ("a.yaml", "b.yaml"))
    again = json.loads(json.dumps(plain, allow_nan=False))
    assert list(again) == [
        "a",
        "b",
        "differing",
        "gap",
        "attribution",
        "method",
        "sentence",
        "note",
        "today",
        "self_hosted",
    ]
    assert again["a"]["name"] == "a.yaml"
    assert again["gap"]["months"] == 12
    assert again["differing"][0] == {
        "label": "Requests per month",
        "field": "workload.requests_per_month",
        "a": "2M",
        "b": "8M",
    }
    assert [one["label"] for one in again["attribution"]] == [one["label"] for one in again["differing"]]
    for part, key in ((again, "recommended"), (again["today"], "today")):
        assert round(sum(one["usd"] for one in part["attribution"]), 2) == part["gap"]["usd"]
        assert round(again["b"][f"{key}_usd"] - again["a"][f"{key}_usd"], 2) == part["gap"]["usd"]
    assert again["self_hosted"]["gap"]["usd"] is None
    assert again["b"]["self_hosted_usd"] is None
    assert again["self_hosted"]["attribution"] == []
