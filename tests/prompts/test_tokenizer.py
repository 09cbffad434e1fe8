"""The tokenizer that ships with the app: published counts, any text, no network."""

import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calculators.prompts import tokenizer as tokens


def test_published_ids_of_o200k() -> None:
    """'hello world' in o200k_base, as tiktoken's own table of that vocabulary has it."""
    assert tokens.token_ids("hello world").tolist() == [24912, 2375]


def test_control_tokens_in_a_prompt_are_plain_text() -> None:
    assert tokens.token_count("<|endoftext|>") > 1


@pytest.mark.parametrize("text", ["", "\ud800", "a" * 50_000, " " * 50_000, "🧑‍💻" * 5_000, "\0\n\r\t"])
def test_any_text_is_counted(text: str) -> None:
    assert tokens.token_count(text) >= (1 if text else 0)


@given(st.text(max_size=300))
def test_text_comes_back_whole(text: str) -> None:
    assert tokens.token_text(tokens.token_ids(text)) == text.encode("utf-8", "replace").decode()


def test_it_needs_no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("the tokenizer went to the network")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    tokens._encoding.cache_clear()
    assert tokens.token_count("offline") > 0
