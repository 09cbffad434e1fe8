"""Why each model on each GPU does or does not serve."""

from dataclasses import replace
from typing import Any, get_args

import pytest
from support import scenario

from calculators.catalog.catalog import Catalog
from calculators.evaluate import evaluate
from calculators.fleet.replica_capacity import CONSTRAINTS, Constraint
from calculators.options.feasibility import Feasibility, why_no_fleet
from calculators.report.evaluation_json import to_json

ROW = Feasibility(model="a model", gpu="a GPU", plan=None, usd_per_month=None, why="some reason", constraint="weights")


def test_constraints_are_ordered_once() -> None:
    assert set(CONSTRAINTS) == set(get_args(Constraint))
    counts = [replace(ROW, constraint=constraint).passed_count for constraint in CONSTRAINTS]
    assert counts == sorted(counts) == list(range(len(CONSTRAINTS)))
    assert replace(ROW, constraint=None).passed_count == counts[-1]


@pytest.mark.parametrize(
    ("constraint", "remedy"),
    [
        ("weights", "Allow GPUs with more memory"),
        ("kv_cache", "Allow GPUs with more memory"),
        ("tpot", "Relax the TPOT target"),
        ("ttft", "Relax the TTFT target"),
        ("no_offer", "Allow more providers"),
        ("gpu_limit", "Raise the maximum GPUs"),
    ],
)
def test_the_nearest_configuration_is_named_with_its_remedy(constraint: Any, remedy: str) -> None:
    nearest = replace(ROW, gpu="the nearest GPU", constraint=constraint)
    sentence = why_no_fleet([ROW, nearest] if constraint != "weights" else [nearest])
    assert sentence.startswith("The closest is a model on the nearest GPU (some reason). " + remedy)


def test_without_a_candidate_the_remedy_is_to_select_one() -> None:
    assert "Select one on the Candidates page" in why_no_fleet([])


def test_rows_give_the_distance_from_the_cheapest(catalog: Catalog) -> None:
    rows = evaluate(scenario(hardware={"gpus": [], "rent_usd_per_gpu_h": {}}), catalog).feasibility
    feasible = [row for row in rows if row.usd_per_month is not None]
    assert feasible[0].why == "cheapest"
    assert all(row.why.startswith("+$") and row.why.endswith("/month vs. cheapest") for row in feasible[1:])


def test_programs_read_how_far_a_row_came_as_a_number(catalog: Catalog) -> None:
    result = evaluate(scenario(targets={"tpot_ms": 0.1, "ttft_p95_ms": None}), catalog)
    assert {row.constraint for row in result.feasibility} == {"tpot"}
    assert {row["stage"] for row in to_json(result)["outcomes"]} == {2}
