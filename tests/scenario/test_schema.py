"""Scenario validation: every refusal names the label on the screen, the value and what is allowed."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from scenario_strategies import scenarios
from support import TODAY, scenario

from calculators.errors import DataError
from calculators.scenario.files import read_scenario
from calculators.scenario.link import from_token, to_token
from calculators.scenario.schema import Scenario, label, parse_scenario


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"workload": {"requests_per_month": 0}}, "Requests per month must be at least 1 (you entered 0)."),
        ({"workload": {"requests_per_month": None}}, "Requests per month is required."),
        ({"workload": {"requests_per_month": 1e15}}, "Requests per month must be at most 1T (you entered 1e+15)."),
        ({"workload": {"requests_per_month": float("nan")}}, "Requests per month must be a number (you entered nan)."),
        (
            {"workload": {"requests_per_month": float("inf")}},
            "Requests per month must be at most 1T (you entered inf).",
        ),
        ({"workload": {"output_tok": "many"}}, "Output tokens, mean must be a number (you entered 'many')."),
        ({"workload": {"peak_ratio": 0.9}}, "Peak-to-average ratio must be at least 1 (you entered 0.9)."),
        ({"workload": {"active_h_per_month": 731}}, "Active hours per month must be at most 730 (you entered 731)."),
        (
            {"workload": {"cached_frac": 0.7, "cache_write_frac": 0.4}},
            "Workload: Current API cache hit rate and share of input tokens billed as cache writes add up to more than 100% "
            "(70% and 40%); lower one of them.",
        ),
        ({"workload": {"cells": [{"share_frac": 0.5, "input_tok": 1_000, "output_tok": 300}]}}, "add up to 100%"),
        (
            {"workload": {"cells": [{"share_frac": 1, "input_tok": 9, "output_tok": 300}]}},
            "Input tokens, mean is 1000, but the token length distribution has 9; correct either.",
        ),
        (
            {"api": {"committed_usd_per_month": 50_000}},
            "Committed spend (USD/month) is 50k, but Months left of the commitment is empty; fill in both, or neither.",
        ),
        (
            {"api": {"committed_months": 6}},
            "Months left of the commitment is 6, but Committed spend (USD/month) is empty; fill in both, or neither.",
        ),
        (
            {"workload": {"hourly_frac": [0.5, 0.5]}},
            "Share of tokens by hour of day (UTC) needs 24 shares of 100% in all, not 2 of 100% in all; correct them.",
        ),
        (
            {"workload": {"hourly_frac": [0.05] * 24}},
            "Share of tokens by hour of day (UTC) needs 24 shares of 100% in all, not 24 of 120% in all; correct them.",
        ),
        ({"targets": {"ttft_p95_ms": -5}}, "TTFT target, p95 (ms) must be at least 1 ms (you entered -5)."),
        ({"candidates": []}, "Candidate open models must have 1 or more entries."),
        ({"candidates": [{"model": "a"}, {"model": "a"}]}, "Candidate open models lists 'a' twice; keep one."),
        (
            {"candidates": [{"model": "a"}, {"model": "../etc/passwd"}]},
            "Candidate open models, entry 2, Model must match the pattern",
        ),
        ({"hardware": {"max_gpus": 1.5}}, "Maximum GPUs must be a whole number (you entered 1.5)."),
        ({"hardware": {"precisions": ["fp8", "fp8"]}}, "Additional weight precisions lists 'fp8' twice; keep one."),
        (
            {"hardware": {"rent_usd_per_gpu_h": {"h100-sxm": 0}}},
            "Your negotiated GPU price (USD/GPU-hour), h100-sxm must be above 0 (you entered 0).",
        ),
        ({"hardware": {"include_owned": "perhaps"}}, "Include purchased servers (capex) must be true or false"),
        (
            {"techniques": {"kv_cache": "int4"}},
            "KV-cache precision must be one of 'bf16' or 'fp8' (you entered 'int4').",
        ),
        ({"api": {"discount_frac": 1}}, "Negotiated API discount must be at most 0.95 (you entered 1)."),
        ({"as_of": "9999-12-31"}, "Price date must be at most 2100-01-01 (you entered '9999-12-31')."),
        ({"as_of": "yesterday"}, "Price date must be a date such as 2026-11-29 (you entered 'yesterday')."),
        ({"volume": 3}, "volume is not a known key; check the spelling, or remove it."),
        ({"workload": {"volume": 3}}, "Workload, volume is not a known key"),
        ({"operations": 3}, "Operations must be a group of 'key: value' lines (you entered 3)."),
    ],
)
def test_a_refused_value_is_named_by_label_with_what_is_allowed(changes: dict[str, object], message: str) -> None:
    with pytest.raises(DataError) as error:
        scenario(**changes)
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def inputs() -> Iterator[tuple[str, str]]:
    """Every input of the schema: its section, empty at the top, and its name."""
    for section, field in Scenario.model_fields.items():
        members = getattr(field.annotation, "model_fields", {})
        yield from ((section, name) for name in members)
        if not members:
            yield "", section


INPUTS = list(inputs())
WRONG: tuple[Any, ...] = ({"a": {}}, [[], []], "many" * 100, -1e9, 1e13, float("nan"), float("inf"), object())


@pytest.mark.parametrize(("section", "name"), INPUTS)
def test_a_wrong_value_of_any_input_is_refused_by_its_label_and_field(section: str, name: str) -> None:
    field = f"{section}.{name}".strip(".")
    refused = [problem for value in WRONG if (problem := refusal(section, name, value)) is not None]
    assert refused
    for problem in refused:
        assert label(field) in str(problem)
        assert problem.field == field
        assert "_" not in name or not re.search(rf"\b{name}\b", str(problem))


def refusal(section: str, name: str, value: object) -> DataError | None:
    try:
        scenario(**({section: {name: value}} if section else {name: value}))
    except DataError as error:
        return error
    return None


@pytest.mark.parametrize(("section", "name"), INPUTS)
def test_every_input_has_a_label_of_its_own(section: str, name: str) -> None:
    field = f"{section}.{name}".strip(".")
    assert label(field) != field
    assert [label(f"{s}.{n}".strip(".")) for s, n in INPUTS].count(label(field)) == 1


def test_a_scenario_is_frozen_and_hashable_fields_stay_put() -> None:
    with pytest.raises(Exception, match="frozen"):
        scenario().workload.requests_per_month = 1  # type: ignore[misc]


@settings(max_examples=60, deadline=None, derandomize=True)
@given(scenarios())
def test_any_scenario_survives_the_round_trip_through_json(before: Scenario) -> None:
    assert parse_scenario(json.loads(before.model_dump_json())) == before


def test_committed_spend_survives_the_link_and_the_file(tmp_path: Path) -> None:
    before = scenario(api={"committed_usd_per_month": 50_000, "committed_months": 6})
    assert from_token(to_token(before, "digest"))[0] == before
    (tmp_path / "ours.yaml").write_text(yaml.safe_dump(before.model_dump(mode="json")))
    assert read_scenario(tmp_path / "ours.yaml", TODAY) == before


RANGES = {
    "requests_basis": "assumed",
    "requests_range_per_month": (1e6, 4e6),
    "peak_basis": "assumed",
    "peak_range_ratio": (2.0, 9.0),
    "sample_requests": 22,
}


def test_ranges_travel_in_a_link_and_in_yaml(tmp_path: Path) -> None:
    ranged = scenario(workload=RANGES)
    assert from_token(to_token(ranged, "digest"))[0] == ranged
    path = tmp_path / "scenario.yaml"
    path.write_text(yaml.safe_dump(ranged.model_dump(mode="json")))
    assert read_scenario(path, TODAY) == ranged
    assert ranged.workload.requests_range == (1e6, 4e6)
    assert ranged.workload.peak_range == (2.0, 9.0)


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        (
            {"requests_range_per_month": (3e6, 4e6)},
            "Range of requests per month is 3M to 4M, but Requests per month is 2M; correct either, or remove the range",
        ),
        (
            {"peak_range_ratio": (1.0, 3.0)},
            "Range of the peak-to-average ratio is 1 to 3, but Peak-to-average ratio is 4; correct either, or remove the range",
        ),
        ({"peak_range_ratio": (9.0, 2.0)}, "correct either"),
        ({"requests_range_per_month": (0.0, 4e6)}, "Range of requests per month.*at least 1"),
        ({"sample_requests": 0}, "Requests in the log must be at least 1"),
    ],
)
def test_a_range_that_does_not_hold_its_figure_is_refused(changes: dict[str, object], complaint: str) -> None:
    with pytest.raises(DataError, match=complaint):
        scenario(workload={**RANGES, **changes})


def test_the_range_of_a_typed_figure_is_ignored() -> None:
    typed = {"requests_basis": "typed", "requests_range_per_month": (3e6, 4e6), "peak_basis": "typed"}
    workload = scenario(workload={**RANGES, **typed, "peak_range_ratio": (8.0, 9.0)}).workload
    assert (workload.requests_range, workload.peak_range) == ((2e6, 2e6), (4.0, 4.0))
    plain = scenario().workload
    assert (plain.requests_range, plain.peak_range) == ((2e6, 2e6), (4.0, 4.0))


@pytest.mark.parametrize(
    ("ends", "complaint"),
    [
        ({"growth_low_frac": 0.12}, "Lowest growth is 12%, but Monthly growth is 8%; correct either."),
        ({"growth_high_frac": 0.05}, "Highest growth is 5%, but Monthly growth is 8%; correct either."),
        ({"growth_low_frac": -0.6}, "Lowest growth must be at least −0.5 (you entered -0.6)."),
        ({"growth_high_frac": 2}, "Highest growth must be at most 1 (you entered 2)."),
    ],
)
def test_a_typed_growth_lies_between_its_ends(ends: dict[str, float], complaint: str) -> None:
    with pytest.raises(DataError) as error:
        scenario(workload={"growth_per_month_frac": 0.08, **ends})
    assert complaint in str(error.value)


LOG_GROWTH = {"growth_per_month_frac": 0.05, "growth_basis": "measured", "growth_range_frac": (0.02, 0.09)}


@pytest.mark.parametrize(
    ("workload", "ends", "is_typed"),
    [
        ({}, (0.0, 0.0), False),
        ({"growth_per_month_frac": -0.03, "growth_low_frac": -0.1}, (-0.1, -0.03), True),
        ({"growth_low_frac": -0.02, "growth_high_frac": 0.08}, (-0.02, 0.08), True),
        ({"growth_low_frac": 0.0, "growth_high_frac": 0.0}, (0.0, 0.0), True),
        (LOG_GROWTH, (0.02, 0.09), False),
        ({**LOG_GROWTH, "growth_basis": "typed"}, (0.05, 0.05), False),
        ({**LOG_GROWTH, "growth_high_frac": 0.2}, (0.02, 0.2), True),
    ],
    ids=["none", "one end", "both", "no growth", "of a log", "typed over a log", "an end over a log's"],
)
def test_the_range_of_growth_is_the_users_before_that_of_a_log(
    workload: dict[str, Any], ends: tuple[float, float], is_typed: bool
) -> None:
    asked = scenario(workload=workload)
    assert asked.workload.growth_range == ends
    assert asked.workload.is_growth_range_typed is is_typed
    assert from_token(to_token(asked, "digest"))[0] == asked
