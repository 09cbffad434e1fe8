"""Names of teams, keys and endpoints, as text and as a column."""

import ibis
import pytest

from calculators.logs.group_values import WITHHELD, group_expression, shown_group

NAMES = {
    "checkout": "checkout",
    "customer-support-assistant-production-eu-west": "customer-support-assistant-production-eu-west",
    "proj_AbC123xyz456AbC123xyz": "proj_AbC123xyz456AbC123xyz",
    "3f2b8c1d-8f0e-4a55-9c1e-0b1f2d3c4e5f": "3f2b8c1d-8f0e-4a55-9c1e-0b1f2d3c4e5f",
    "/v1/chat/completions?key=sk-abcdefgh12345wxyz": "/v1/chat/completions",
    "task-force-alpha-team": "task-force-alpha-team",
    "publishers/anthropic/models/claude-sonnet-4@20250514": "publishers/anthropic/models/claude-sonnet-4@20250514",
    "équipe tarifs": "équipe tarifs",
    "us-marketing2026q1europe": "us-marketing2026q1europe",
}
SECRETS = (
    "sk-proj-abcdefgh12345678wxyz",
    "SK_live_abcdefgh1234wxyz",
    "Bearer abcdef0123456wxyz",
    "88dc28d0f030c55ed4ab77ed8faf098196cb1c05df778539800c9f124wxyz",
    "AKIAIOSFODNN7EXAMwxyz",
    "AIzaSyA-1234567890abcdefghwxyz",
    "/v1/keys/sk-abcdefgh12345wxyz",
    "sk -abcdefgh12345wxyz",
    's"k-abcdefgh12345wxyz',
    "wk-ABC0a1b2c3d4e5wxyz",
)
ADDRESSES = ("ann@example.com", "Ann Lee <ann.lee@example.co.uk>", "/users/ann@example.com/chat")


@pytest.mark.parametrize(("text", "shown"), NAMES.items())
def test_a_name_stays_a_name(text: str, shown: str) -> None:
    assert shown_group(text) == shown


@pytest.mark.parametrize("text", SECRETS)
def test_of_a_secret_only_the_last_four_characters_are_kept(text: str) -> None:
    assert shown_group(text) == "...wxyz"


@pytest.mark.parametrize("text", ADDRESSES)
def test_an_address_is_withheld(text: str) -> None:
    assert shown_group(text) == WITHHELD


def test_a_shown_name_is_shown_the_same_again() -> None:
    shown = [shown_group(text) for text in (*NAMES, *SECRETS, *ADDRESSES)]
    assert [shown_group(text) for text in shown] == shown


def test_the_engine_shows_what_the_text_rule_shows() -> None:
    texts = [*NAMES, *SECRETS, *ADDRESSES, "x" * 200, ""]
    table = ibis.memtable({"n": list(range(len(texts))), "text": texts})
    made = ibis.duckdb.connect().to_pyarrow(table.select("n", shown=group_expression(table.text)).order_by("n"))
    assert made["shown"].to_pylist() == [shown_group(text) for text in texts]
