"""Why each model on each GPU does or does not serve."""

from dataclasses import replace
from typing import get_args

from support import scenario

from calculators.catalog.catalog import Catalog
from calculators.catalog.load import load_catalog
from calculators.evaluate import evaluate
from calculators.fleet.replica_capacity import CONSTRAINTS, Constraint
from calculators.options.feasibility import Feasibility
from calculators.report.evaluation_json import to_json

ROW = Feasibility(model="a model", gpu="a GPU", plan=None, usd_per_month=None, why="some reason", constraint="weights")
OPENAI = {"api": {"provider": "openai", "model": "gpt-5.4"}}


def test_constraints_are_ordered_once() -> None:
    assert set(CONSTRAINTS) == set(get_args(Constraint))
    counts = [replace(ROW, constraint=constraint).passed_count for constraint in CONSTRAINTS]
    assert counts == sorted(counts) == list(range(len(CONSTRAINTS)))
    assert replace(ROW, constraint=None).passed_count == counts[-1]


def test_requirements_bar_a_fleet_that_meets_everything_else() -> None:
    assert replace(ROW, constraint="not_allowed").passed_count == replace(ROW, constraint=None).passed_count


def test_of_the_configurations_of_a_gpu_the_one_that_misses_by_least_is_shown() -> None:
    """At a TPOT of 1 ms every configuration misses; eight GPUs by less than one."""
    asked = scenario(**OPENAI, targets={"tpot_ms": 1.0, "ttft_p95_ms": None}, hardware={"gpus": ["h100-sxm"]})
    [row] = evaluate(asked, load_catalog()).feasibility
    assert row.constraint == "tpot"
    assert row.why.startswith("8× FP8: TPOT is ")


def test_a_gpu_that_only_requirements_bar_says_so() -> None:
    """No GPU cloud is known to hold a PCI DSS attestation: the row names the first to ask, not a configuration too large."""
    asked = scenario(
        **OPENAI,
        compliance={"requirements": ["pci"]},
        candidates=[{"model": "gpt-oss-120b", "gate": "accepted"}],
        hardware={"gpus": ["h100-sxm"], "rent_usd_per_gpu_h": {}},
    )
    [row] = evaluate(asked, load_catalog()).feasibility
    assert row.constraint == "not_allowed"
    assert " would do, but PCI DSS requires a PCI DSS attestation for the service: unknown, ask " in row.why


def test_asking_is_no_remedy_for_a_region() -> None:
    """FedRAMP High needs a government region, whatever the operator answers."""
    asked = scenario(
        **OPENAI,
        compliance={"requirements": ["fedramp-high"]},
        candidates=[{"model": "gpt-oss-120b", "gate": "accepted"}],
        hardware={"gpus": [], "rent_usd_per_gpu_h": {}},
    )
    found = evaluate(asked, load_catalog())
    barred = [row for row in found.feasibility if row.constraint == "not_allowed"]
    assert barred
    assert all(row.why.endswith("is for a region that does not meet your requirements") for row in barred)
    assert found.verdict.winner.kind == "own_hardware"


def test_rows_give_the_distance_from_the_cheapest(catalog: Catalog) -> None:
    rows = evaluate(scenario(hardware={"gpus": [], "rent_usd_per_gpu_h": {}}), catalog).feasibility
    feasible = [row for row in rows if row.usd_per_month is not None]
    assert feasible[0].why == "cheapest"
    assert all(row.why.startswith("+$") and row.why.endswith("/month vs. cheapest") for row in feasible[1:])


def test_programs_read_how_far_a_row_came_as_a_number(catalog: Catalog) -> None:
    result = evaluate(scenario(targets={"tpot_ms": 0.1, "ttft_p95_ms": None}), catalog)
    assert {row.constraint for row in result.feasibility} == {"tpot"}
    assert {row["stage"] for row in to_json(result)["outcomes"]} == {2}
