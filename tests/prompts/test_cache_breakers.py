"""Naming what kills the cache: by its kind and place, never by its text."""

import json
from typing import Any

import pytest
from prompt_samples import as_lines, chat_log

from calculators.logs.prompt_log import parse_prompts
from calculators.prompts.cache_breakers import CacheBreaker
from calculators.prompts.scan import scan_prompts

STABLE = " ".join(f"Sentence {i} of the rules stays as it is." for i in range(60))

COLOURS = ["red", "green", "blue", "black"]


def breaker(*fronts: str) -> CacheBreaker | None:
    """Of system prompts that differ only in their front."""
    log = [
        {"system": f"Front: {front} {STABLE}", "messages": [{"role": "user", "content": f"q{i}"}]}
        for i, front in enumerate(fronts)
    ]
    return scan_prompts(parse_prompts(as_lines(log), "x")).breaker


@pytest.mark.parametrize(
    ("make", "what"),
    [
        (lambda i: f"2026-11-01T10:{i:02}:00Z.", "a timestamp"),
        (lambda i: f"17935344{i:02}.", "a time in seconds"),
        (lambda i: f"123e4567-e89b-42d3-a456-4266141740{i:02}.", "a UUID"),
        (lambda i: f"jane{i}@example.org.", "an e-mail address"),
        (lambda i: f"9f86d081884c7d659a2feaa0c55ad0{i:02}.", "a long hexadecimal id"),
        (lambda i: f"user_8fK2m9Qp{i:02}.", "an id"),
        (lambda i: f"request {i} today.", "a counter or number"),
        (lambda i: " ".join(COLOURS[i % 4 :] + COLOURS[: i % 4]) + ".", "the same words in another order"),
        (lambda i: f"{COLOURS[i % 4]} things.", "text that differs by tenant"),
        (
            lambda i: f"{'abcdefghijklmnopqrstuvwxyz'[i]}{'zyxwvutsrqponmlkjihgfedcba'[i]}ing words.",
            "text that differs with every request",
        ),
    ],
)
def test_each_kind_of_breaker_is_named(make: Any, what: str) -> None:
    found = breaker(*(make(i) for i in range(10, 26)))
    assert found is not None
    assert found.what == what
    assert found.part == "System prompt"
    assert found.lost_frac > 0.5


def test_the_dearest_of_two_breakers_is_named_and_small_ones_are_not() -> None:
    found = scan_prompts(parse_prompts(as_lines(chat_log(stamp=True, shuffled=True)), "x")).breaker
    assert found is not None
    assert found.what == "tools in another order"
    assert breaker(*("same",) * 8) is None


def test_a_change_at_the_end_spoils_nothing() -> None:
    log = [{"system": f"{STABLE} At 10:{i:02}:00.", "messages": [{"role": "user", "content": "q"}]} for i in range(20)]
    assert scan_prompts(parse_prompts("\n".join(map(json.dumps, log)).encode(), "x")).breaker is None


def test_the_sentence_names_part_place_and_share() -> None:
    found = CacheBreaker(
        part="System prompt", what="a timestamp", changes="request", at_tok=14, requests_frac=0.98, lost_frac=0.61
    )
    assert found.sentence == (
        "The cache breaks at a timestamp, token 14 of the system prompt, in 98% of requests. 61% of the input comes after "
        "it and is more stable."
    )
