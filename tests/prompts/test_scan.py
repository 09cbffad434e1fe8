"""Shared prefixes found in made-up logs with a planted fault, and what no order may do."""

import json
from collections import Counter
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from prompt_samples import as_lines, chat_log

from calculators.errors import DataError
from calculators.logs.prompt_log import parse_prompts
from calculators.prompts import scan as prompt_scan
from calculators.prompts import tokenizer as tokens
from calculators.prompts.order import CHANGE_ORDER, best_order, check_blocks
from calculators.prompts.scan import PARTS, PromptScan, scan_prompts, sorted_blocks


def scanned(**faults: Any) -> PromptScan:
    return scan_prompts(parse_prompts(as_lines(chat_log(**faults)), "log.jsonl"))


def of(*texts: str) -> PromptScan:
    return scan_prompts(parse_prompts("\n---\n".join(texts).encode(), "pasted"))


def changes(found: PromptScan) -> dict[str, str]:
    return {block.name: block.changes for block in found.blocks}


def test_each_part_of_a_clean_log_is_classified() -> None:
    found = scanned()
    assert changes(found) == {
        "Tool schemas": "never",
        "System prompt": "never",
        "System prompt, by tenant": "tenant",
        "History": "session",
        "This turn": "request",
    }
    assert found.breaker is None
    assert found.groups_count == 4
    assert found.sessions_count == len({line["request"]["messages"][0]["content"] for line in chat_log()})
    assert found.session_gap_s is not None
    assert found.session_gap_s % 5 == 0


def test_blocks_have_all_tokens_and_fill_the_editor() -> None:
    found = scanned(stamp=True)
    assert sum(block.tok for block in found.blocks) == pytest.approx(found.input_tok / len(found.rows))
    check_blocks(found.blocks)


def test_a_planted_time_stamp_is_found_where_it_was_planted() -> None:
    found = scanned(stamp=True)
    assert found.breaker is not None
    assert (found.breaker.part, found.breaker.what) == ("System prompt", "a timestamp")
    assert found.breaker.at_tok == tokens.token_count("You help the customers of a shop.\nThe time is ") + 1
    assert found.breaker.requests_frac == 1
    assert changes(found)["System prompt: a timestamp"] == "request"


@pytest.mark.parametrize(
    ("fault", "part", "what"),
    [
        ("shuffled", "Tool schemas", "tools in another order"),
        ("keys", "Tool schemas", "JSON keys in another order"),
        ("lines", "System prompt", "lines in another order"),
    ],
)
def test_what_only_comes_in_another_order_is_found_and_put_in_one(fault: str, part: str, what: str) -> None:
    found = scanned(**{fault: True})
    assert found.breaker is not None
    assert (found.breaker.part, found.breaker.what) == (part, what)
    heads = {row.best_pieces[:10].tobytes() for row in found.rows}
    assert len(heads) == 1


def test_examples_are_told_from_history() -> None:
    assert changes(scanned(examples=2))["Examples"] == "never"


def test_plain_prompts_may_change_the_order_of_their_lines() -> None:
    stable = "".join(f"Rule number {i} is to be kept at all times by everybody.\n" for i in range(30))
    found = of(*(f"Request {i * 7} of {i}{i}.\n{stable}" for i in range(10, 30)))
    assert found.breaker is not None
    assert (found.breaker.part, found.breaker.what) == ("Prompt", "a counter or number")
    assert all(np.all(row.best_pieces[:30] == found.rows[0].best_pieces[:30]) for row in found.rows)


def test_history_keeps_its_order() -> None:
    found = scanned(stamp=True)
    talk = [PARTS.index(name) for name in ("History", "This turn")]
    for row in found.rows:
        before, after = row.segments[np.isin(row.parts, talk)], row.best_pieces[np.isin(row.best_parts, talk)]
        assert before.tolist() == after.tolist()


texts = st.lists(
    st.lists(
        st.sampled_from(
            ["Rules are rules, always and ever.\n", "At 10:15 ", "At 10:16 ", "user_ab12cd34 ", "a. ", "b\n"]
        ),
        max_size=8,
    ).map("".join),
    min_size=2,
    max_size=12,
)


@given(texts)
def test_reordering_keeps_every_piece(some: list[str]) -> None:
    log = [{"system": text, "messages": [{"role": "user", "content": str(i % 3)}]} for i, text in enumerate(some)]
    for row in scan_prompts(parse_prompts(as_lines(log), "x")).rows:
        assert Counter(row.segments.tolist()) == Counter(row.best_pieces.tolist())
        assert Counter(row.parts.tolist()) == Counter(row.best_parts.tolist())


@given(texts)
def test_ranks_are_ranks_and_blocks_add_up(some: list[str]) -> None:
    log = [{"system": text, "messages": [{"role": "user", "content": str(i % 3)}]} for i, text in enumerate(some)]
    found = scan_prompts(parse_prompts(as_lines(log), "x"))
    assert all(set(row.ranks.tolist()) <= set(CHANGE_ORDER.values()) for row in found.rows)
    assert sum(block.tok for block in found.blocks) * len(found.rows) == pytest.approx(found.input_tok)
    assert len(best_order(found.blocks)) == len(found.blocks)


def test_one_prompt_and_too_many_tokens_are_said(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(DataError, match="at least two requests"):
        of("alone")
    monkeypatch.setattr(prompt_scan, "MAX_TOK", 5_000)
    found = scanned()
    assert len(found.rows) < 80
    assert "more than" in found.notes[0]


def test_tools_that_only_come_in_another_order_are_taken_as_sorted() -> None:
    """Else the table would put them last, where sorting them keeps them first."""
    shuffled, clean = scanned(shuffled=True), scanned()
    names = {block.name for block in shuffled.blocks if block.changes == "request" and block.name.startswith("Tool")}
    assert names
    assert {b.changes for b in sorted_blocks(shuffled) if b.name in names} == {"release"}
    assert sum(b.tok for b in sorted_blocks(shuffled)) == sum(b.tok for b in shuffled.blocks)
    assert sorted_blocks(clean) == clean.blocks


def test_a_second_breaker_is_named_for_when_the_first_is_mended() -> None:
    found = scanned(shuffled=True, stamp=True)
    assert [breaker.what for breaker in found.breakers][:2] == ["tools in another order", "a timestamp"]
    assert found.breaker is found.breakers[0]
    assert [breaker.what for breaker in scanned(stamp=True).breakers] == ["a timestamp"]
    assert scanned().breakers == ()


def test_ten_thousand_tools_are_handled() -> None:
    tools = [{"name": f"tool_{i}"} for i in range(10_000)]
    log = [{"tools": some, "messages": [{"role": "user", "content": "x"}]} for some in (tools, tools[::-1])]
    found = scan_prompts(parse_prompts("\n".join(map(json.dumps, log)).encode(), "x"))
    assert found.blocks[0].tok > 10_000
    assert found.rows[0].best_pieces.tolist() == found.rows[1].best_pieces.tolist()
