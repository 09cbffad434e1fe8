"""The link token that carries a whole scenario."""

import base64
import json
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scenario_strategies import scenarios
from support import BASE, merged, scenario

from calculators.errors import DataError
from calculators.scenario.link import MAX_TOKEN_CHARS, from_token, to_token
from calculators.scenario.schema import Scenario

TOKEN = to_token(scenario(), "0123456789ab")


@settings(max_examples=80, deadline=None, derandomize=True)
@given(scenarios(), st.text("0123456789abcdef", min_size=12, max_size=12))
def test_any_scenario_survives_the_round_trip_through_a_link(before: Scenario, digest: str) -> None:
    token = to_token(before, digest)
    assert from_token(token) == (before, digest)
    assert set(token) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")


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
            "Requests per month must be at most 1T",
        ),
        (
            {"s": merged(BASE, {"as_of": "2026-11-23", "workload": {"peak_ratio": float("nan")}}), "d": "x"},
            "Peak-to-average ratio",
        ),
        (
            {"s": merged(BASE, {"as_of": "2026-11-23", "workload": {"input_tok": 10**400}}), "d": "x"},
            "Input tokens, mean",
        ),
        ({"s": merged(BASE, {"as_of": "2026-11-23", "name": "\ud800"}), "d": "x"}, "Name must be text"),
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
        read, problem = _read(token)
        assert problem.startswith("This link ") if read is None else read == scenario()


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
