"""Golden cases: tests/golden/*.yaml, each with its arithmetic in a comment beside the expected value."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from support import scenario, staircase

from calculators.catalog.catalog import Catalog
from calculators.decision import crossover
from calculators.evaluate import evaluate
from calculators.options.option import LinearCost
from calculators.report.evaluation_json import to_json
from calculators.report.horizon_view import with_horizon

FOLDER = Path(__file__).parent


def _cases(kind: str) -> list[Any]:
    files = [yaml.safe_load(path.read_text()) for path in sorted(FOLDER.glob("*.yaml"))]
    return [pytest.param(case, id=case["name"]) for file in files if file["kind"] == kind for case in file["cases"]]


def _look_up(tree: Any, path: str) -> Any:
    """`options[kind=self_host].plan.gpus`, `crossovers.0.1.kind`."""
    for key, field, value in re.findall(r"(\w+)(?:\[(\w+)=([^\]]+)\])?", path):
        tree = tree[int(key)] if isinstance(tree, list) else tree[key]
        if field:
            tree = next(item for item in tree if item[field] == value)
    return tree


def _agree(found: Any, expected: Any, tolerance: float, what: str) -> None:
    if isinstance(expected, int | float) and not isinstance(expected, bool):
        assert found == pytest.approx(expected, rel=tolerance), what
    else:
        assert found == expected, what


@pytest.mark.parametrize("case", _cases("evaluate"))
def test_verdicts(case: dict[str, Any], catalog: Catalog) -> None:
    plain = to_json(evaluate(scenario(**case["input"]), catalog))
    for path, expected in case["expected"].items():
        _agree(_look_up(plain, path), expected, case["tolerance"], path)


@pytest.mark.parametrize("case", _cases("horizon"))
def test_horizons(case: dict[str, Any], catalog: Catalog) -> None:
    evaluation = evaluate(scenario(**case["input"]), catalog)
    plain = with_horizon(to_json(evaluation), evaluation, catalog)
    assert case["steps"]
    for path, expected in case["expected"].items():
        _agree(_look_up(plain, path), expected, case["tolerance"], path)


@pytest.mark.parametrize("case", _cases("crossover"))
def test_crossovers(case: dict[str, Any], catalog: Catalog) -> None:
    given = case["input"]
    stairs = [
        staircase(catalog, s["replica"], s["machine_usd"], s.get("replicas", 1), s.get("spares", 0), s["machines"])
        for s in given["stairs"]
    ]
    build, buy = (LinearCost(given[side]["usd_per_request"], given[side]["fixed_usd"]) for side in ("build", "buy"))
    [found] = crossover.find_crossovers(stairs, build, [[buy]], 1.0)
    expected, tolerance = case["expected"], case["tolerance"]
    assert [c.cheaper_above for c in found.crossings] == [side for _, side in expected["crossings"]]
    assert [c.requests_per_month for c in found.crossings] == pytest.approx(
        [volume for volume, _ in expected["crossings"]], rel=tolerance
    )
    _agree(found.kind, expected["kind"], tolerance, "kind")
    _agree(found.first_req_per_month, expected["first"], tolerance, "first")
    _agree(found.durable_req_per_month, expected["durable"], tolerance, "durable")
    _agree(found.break_even_utilization_ratio, expected["utilisation"], tolerance, "utilisation")
    _agree(found.limit_req_per_month, expected["limit"], tolerance, "limit")


def test_the_golden_cases_are_complete_and_named_apart() -> None:
    names = [case.id for kind in ("evaluate", "crossover", "horizon") for case in _cases(kind)]
    assert len(names) == len(set(names)) >= 35
    kinds = ("evaluate", "crossover", "compliance", "horizon", "published")
    assert all(file["kind"] in kinds for file in map(yaml.safe_load, _texts()))


def _texts() -> list[str]:
    return [path.read_text() for path in FOLDER.glob("*.yaml")]
