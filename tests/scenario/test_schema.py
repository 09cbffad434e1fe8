"""Scenario validation, and the link token that carries a whole scenario."""

import base64
import json
import zlib
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support import BASE, merged, scenario

from calculators.catalog.catalog import Catalog
from calculators.errors import DataError, UnknownId
from calculators.options.scenario_check import check_ids
from calculators.scenario.link import MAX_TOKEN_CHARS, from_token, to_token
from calculators.scenario.schema import Scenario, parse_scenario

TOKEN = to_token(scenario(), "0123456789ab")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"workload": {"requests_per_month": 0}},
            "workload.requests_per_month: Input should be greater than or equal to 1 (got '0')",
        ),
        ({"workload": {"requests_per_month": 1e15}}, "workload.requests_per_month: Input should be less than or equal"),
        ({"workload": {"requests_per_month": float("nan")}}, "workload.requests_per_month"),
        ({"workload": {"requests_per_month": float("inf")}}, "workload.requests_per_month"),
        (
            {"workload": {"requests_per_month": -5}},
            "workload.requests_per_month: Input should be greater than or equal to 1",
        ),
        ({"workload": {"output_tok": 0}}, "workload.output_tok: Input should be greater than or equal to 1"),
        ({"workload": {"peak_ratio": 0.9}}, "workload.peak_ratio: Input should be greater than or equal to 1"),
        ({"workload": {"active_h_per_month": 731}}, "workload.active_h_per_month"),
        ({"workload": {"cached_frac": 0.7, "cache_write_frac": 0.4}}, "together exceed all input"),
        ({"workload": {"cells": [{"share_frac": 0.5, "input_tok": 1_000, "output_tok": 300}]}}, "add up to 1"),
        (
            {"workload": {"cells": [{"share_frac": 1, "input_tok": 9, "output_tok": 300}]}},
            "cells: their mean input_tok, 9",
        ),
        ({"candidates": []}, "candidates"),
        ({"candidates": [{"model": "a"}, {"model": "a"}]}, "candidates: a model is listed twice; keep one"),
        ({"candidates": [{"model": "../etc/passwd"}]}, "candidates.0.model"),
        ({"hardware": {"max_gpus": 0}}, "hardware.max_gpus"),
        ({"hardware": {"rent_usd_per_gpu_h": {"h100-sxm": 0}}}, "hardware.rent_usd_per_gpu_h.h100-sxm"),
        ({"operations": {"spare_replicas": -1}}, "operations.spare_replicas"),
        ({"api": {"discount_frac": 1}}, "api.discount_frac: Input should be less than or equal to 0.95"),
        ({"as_of": "9999-12-31"}, "as_of"),
        ({"volume": 3}, "volume: Extra inputs are not permitted"),
        ({"schema_version": 2}, "schema_version"),
    ],
)
def test_a_value_out_of_range_is_refused_by_name(changes: dict[str, object], message: str) -> None:
    with pytest.raises(DataError) as error:
        scenario(**changes)
    assert message in str(error.value)
    assert "\n" not in str(error.value)


NUMBERS = [
    (group, name)
    for group in ("workload", "targets", "api", "hardware", "operations")
    for name, field in Scenario.model_fields[group].annotation.model_fields.items()  # type: ignore[union-attr]
    if "float" in str(field.annotation) and "dict" not in str(field.annotation)
]


@pytest.mark.parametrize(("group", "name"), NUMBERS)
@pytest.mark.parametrize("value", [float("nan"), float("inf"), float("-inf"), -1.0, "many"])
def test_no_number_may_be_nan_infinite_or_negative(group: str, name: str, value: object) -> None:
    with pytest.raises(DataError, match=rf"{group}\.{name}"):
        scenario(**{group: {name: value}})


def test_ids_are_checked_with_a_hint(catalog: Catalog) -> None:
    check_ids(scenario(), catalog)
    with pytest.raises(UnknownId, match=r"did you mean 'llama-3.3-70b'"):
        check_ids(scenario(candidates=[{"model": "llama-3.3-70"}]), catalog)
    with pytest.raises(UnknownId, match="unknown GPU 'h900'"):
        check_ids(scenario(hardware={"gpus": ["h900"]}), catalog)
    with pytest.raises(UnknownId, match="unknown GPU 'zz'"):
        check_ids(scenario(hardware={"rent_usd_per_gpu_h": {"zz": 1}}), catalog)
    with pytest.raises(DataError, match=r"unknown provider 'nobody'\. Known ones: eights"):
        check_ids(scenario(hardware={"rent_providers": ["nobody"]}), catalog)
    with pytest.raises(DataError, match="no price for model 'closd' at provider 'testhost'"):
        check_ids(scenario(api={"model": "closd"}), catalog)


def test_two_names_of_one_model_are_one_candidate_too_many(catalog: Catalog) -> None:
    twice = scenario(
        candidates=[{"model": "llama-3.3-70b"}, {"model": "llama-3.3-70b-instruct", "gate": "not_acceptable"}]
    )
    with pytest.raises(DataError, match=r"'llama-3\.3-70b' is listed under two of its names; keep one"):
        check_ids(twice, catalog)


def test_a_scenario_is_frozen_and_hashable_fields_stay_put() -> None:
    with pytest.raises(Exception, match="frozen"):
        scenario().workload.requests_per_month = 1  # type: ignore[misc]


@st.composite
def scenarios(draw: st.DrawFn) -> Scenario:
    fraction = st.floats(0, 0.5)
    return scenario(
        name=draw(st.text(max_size=40).filter(lambda text: text.isprintable())),
        as_of=draw(st.dates(date(2020, 1, 1), date(2100, 1, 1))),
        workload={
            "requests_per_month": draw(st.floats(1, 1e12)),
            "input_tok": draw(st.floats(1, 1e7)),
            "output_tok": draw(st.floats(1, 1e6)),
            "cached_frac": draw(fraction),
            "cache_write_frac": draw(fraction),
            "peak_ratio": draw(st.floats(1, 10_000)),
        },
        targets={
            "ttft_p95_ms": draw(st.none() | st.floats(1, 600_000)),
            "tpot_ms": draw(st.none() | st.floats(1, 1e4)),
        },
        hardware={
            "gpus": draw(st.lists(st.sampled_from(["h100-sxm", "l40s"]), max_size=2, unique=True)),
            "rent_usd_per_gpu_h": draw(st.dictionaries(st.sampled_from(["h100-sxm", "b200"]), st.floats(1e-3, 1e3))),
            "max_gpus": draw(st.integers(1, 10_000)),
        },
        operations={
            "self_host_fte": draw(st.none() | st.floats(0, 1_000)),
            "spare_replicas": draw(st.integers(0, 20)),
        },
    )


@settings(max_examples=80, deadline=None, derandomize=True)
@given(scenarios(), st.text("0123456789abcdef", min_size=12, max_size=12))
def test_any_scenario_survives_the_round_trip_through_a_link(before: Scenario, digest: str) -> None:
    token = to_token(before, digest)
    assert from_token(token) == (before, digest)
    assert set(token) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")


@settings(max_examples=60, deadline=None, derandomize=True)
@given(scenarios())
def test_any_scenario_survives_the_round_trip_through_json(before: Scenario) -> None:
    assert parse_scenario(json.loads(before.model_dump_json())) == before


def _pack(body: object) -> str:
    return base64.urlsafe_b64encode(zlib.compress(json.dumps(body).encode())).decode().rstrip("=")


def test_every_truncation_of_a_link_is_called_damaged() -> None:
    for length in range(len(TOKEN)):
        with pytest.raises(DataError, match="damaged or cut off"):
            from_token(TOKEN[:length])


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({}, "damaged"),
        ([], "damaged"),
        ("text", "damaged"),
        ({"s": {}}, "holds a value the app cannot use"),
        ({"s": None, "d": "x"}, "holds a value the app cannot use"),
        ({"s": merged(BASE, {"as_of": "2026-11-23"})}, "damaged"),
        (
            {"s": merged(BASE, {"as_of": "2026-11-23", "workload": {"requests_per_month": 1e15}}), "d": "x"},
            "requests_per_month",
        ),
        (
            {"s": merged(BASE, {"as_of": "2026-11-23", "workload": {"peak_ratio": float("nan")}}), "d": "x"},
            "peak_ratio",
        ),
        ({"s": merged(BASE, {"as_of": "2026-11-23", "workload": {"input_tok": 10**400}}), "d": "x"}, "input_tok"),
        ({"s": merged(BASE, {"as_of": "2026-11-23", "name": "\ud800"}), "d": "x"}, "name"),
    ],
)
def test_a_forged_link_is_refused_in_a_sentence(body: object, message: str) -> None:
    with pytest.raises(DataError) as error:
        from_token(_pack(body))
    assert message in str(error.value)
    assert str(error.value).startswith("This link ")
    assert "Ask for the link again" in str(error.value)
    str(error.value).encode()


def test_a_link_that_would_unpack_to_gigabytes_is_not_unpacked() -> None:
    bomb = base64.urlsafe_b64encode(zlib.compress(b" " * 10_000_000, 9)).decode()
    assert len(bomb) < MAX_TOKEN_CHARS
    with pytest.raises(DataError, match="damaged or cut off"):
        from_token(bomb)
    with pytest.raises(DataError, match="longer than any this app makes"):
        from_token("A" * (MAX_TOKEN_CHARS + 1))


def _read(token: str) -> tuple[Scenario | None, str]:
    try:
        return from_token(token)[0], ""
    except DataError as error:
        return None, str(error)


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.integers(0, len(TOKEN) - 1), st.characters(max_codepoint=0x2FF), st.text(max_size=30))
def test_fuzz_a_changed_link_is_read_or_refused_and_nothing_else(position: int, letter: str, tail: str) -> None:
    for token in (TOKEN[:position] + letter + TOKEN[position + 1 :], TOKEN + tail, tail):
        found, problem = _read(token)
        assert problem.startswith("This link ") if found is None else found == scenario()


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["s", "d", "workload", "x"]), inner),
    max_leaves=8,
)


@settings(max_examples=150, deadline=None, derandomize=True)
@given(JSON)
def test_fuzz_a_well_packed_link_with_any_content_is_refused(body: object) -> None:
    with pytest.raises(DataError):
        from_token(_pack(body))
    with pytest.raises(DataError):
        from_token(_pack({"s": body, "d": "x"}))
