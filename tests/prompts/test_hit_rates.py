"""Hit rates of a log: the replay by hand, bounds that no cache passes, and how they move."""

import dataclasses
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from prompt_samples import as_lines, chat_log

from calculators.api.cache_terms import cache_terms
from calculators.catalog.load import load_catalog
from calculators.logs.prompt_log import parse_prompts
from calculators.prompts import hit_rates as prompt_replay
from calculators.prompts.hit_rates import Setting, api_setting, own_setting, prefix_names, prompt_hits
from calculators.prompts.scan import PromptScan, scan_prompts


def scanned(**faults: Any) -> PromptScan:
    return scan_prompts(parse_prompts(as_lines(chat_log(**faults)), "log.jsonl"))


def ids_of(found: PromptScan) -> list[list[int]]:
    return [np.concatenate([found.segments.ids[i] for i in row.segments]).tolist() for row in found.rows]


def bound_tok(found: PromptScan, last_again: bool) -> int:
    """What an endless cache of single tokens finds: with each request the longest beginning it shares with an earlier one."""

    def common(a: list[int], b: list[int]) -> int:
        return next((i for i, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))

    rows = ids_of(found)
    return sum(
        min(max((common(row, earlier) for earlier in rows[:i]), default=0), len(row) - last_again)
        for i, row in enumerate(rows)
    )


def test_an_endless_cache_of_tokens_finds_the_longest_common_beginning() -> None:
    for last_again in (False, True):
        for found in (scanned(requests=30), scanned(requests=30, stamp=True)):
            assert prompt_hits(found, Setting(last_again=last_again))[0].hit_tok == bound_tok(found, last_again)


def test_two_equal_prompts_by_hand() -> None:
    """100 tokens twice: an API in steps of 16 finds 96 of the second, from 100 on none; own servers compute the last again."""
    found = scan_prompts(parse_prompts(b"\n---\n".join([b"word " * 99 + b"word"] * 2), "x"))
    assert found.input_tok == 200
    assert prompt_hits(found, Setting(16))[0].hit_tok == 96
    assert prompt_hits(found, Setting(16, minimum_tok=100))[0].hit_tok == 0
    assert prompt_hits(found, Setting(1, minimum_tok=100))[0].hit_tok == 100
    assert prompt_hits(found, own_setting(1, 1e6, 1, False))[0].hit_tok == 99
    assert prompt_hits(found, own_setting(25, 1e6, 1, False))[0].hit_tok == 75


def test_moving_a_time_stamp_back_saves_what_stood_behind_it() -> None:
    now, best = prompt_hits(scanned(stamp=True), Setting(16))
    clean = prompt_hits(scanned(), Setting(16))[0]
    assert now.hit_frac < 0.5 < best.hit_frac
    assert best.hit_frac == pytest.approx(clean.hit_frac, abs=0.05)
    assert best.input_tok == now.input_tok


@pytest.mark.parametrize("fault", ["stamp", "shuffled", "keys", "lines"])
@pytest.mark.parametrize(
    "setting", [Setting(128, 1_024, 300), own_setting(16, 20_000, 1, False), own_setting(16, 1e6, 3, True)]
)
def test_the_best_order_never_finds_less(fault: str, setting: Setting) -> None:
    now, best = prompt_hits(scanned(**{fault: True}), setting)
    assert best.hit_frac >= now.hit_frac
    for side in (now, best):
        assert sum(part.hit_tok for part in side.parts) == pytest.approx(side.hit_tok, abs=len(side.parts))
        assert sum(part.tok for part in side.parts) == side.input_tok


@pytest.fixture(scope="module")
def log() -> PromptScan:
    return scanned(requests=60, every_s=20.0)


@settings(deadline=None, max_examples=25)
@given(st.floats(1, 5_000), st.floats(0, 5_000), st.sampled_from([1, 16, 128]))
def test_a_longer_life_never_finds_less(log: PromptScan, kept_s: float, more: float, step: int) -> None:
    less, longer = (prompt_hits(log, Setting(step, kept_s=s))[0].hit_tok for s in (kept_s, kept_s + more))
    assert longer >= less


@settings(deadline=None, max_examples=25)
@given(st.integers(100, 100_000), st.integers(0, 100_000))
def test_more_room_never_finds_less(log: PromptScan, room: int, more: int) -> None:
    less, larger = (prompt_hits(log, own_setting(16, c, 1, False))[0].hit_tok for c in (room, room + more))
    assert larger >= less


@settings(deadline=None, max_examples=25)
@given(st.integers(2, 16), st.integers(1, 1_000))
def test_replicas_that_share_nothing_never_find_more_than_one_endless_cache(
    log: PromptScan, replicas: int, room: int
) -> None:
    one = prompt_hits(log, own_setting(16, float("inf"), 1, False))[0].hit_tok
    assert prompt_hits(log, own_setting(16, float("inf"), replicas, False))[0].hit_tok <= one
    assert prompt_hits(log, own_setting(16, room * 100.0, replicas, True))[0].hit_tok <= one


def test_larger_steps_and_minimums_never_find_more(log: PromptScan) -> None:
    steps = [prompt_hits(log, Setting(step))[0].hit_tok for step in (1, 2, 4, 16, 128, 1_024)]
    minimums = [prompt_hits(log, Setting(16, minimum))[0].hit_tok for minimum in (0, 100, 500, 1_024, 10_000)]
    assert all(more >= less for more, less in pairwise(steps))
    assert all(more >= less for more, less in pairwise(minimums))


def test_without_times_every_prefix_is_still_kept(log: PromptScan) -> None:
    untimed = dataclasses.replace(log, timed=False)
    assert prompt_hits(untimed, Setting(kept_s=1.0)) == prompt_hits(untimed, Setting())
    assert prompt_hits(log, Setting(kept_s=1.0))[0].hit_tok < prompt_hits(log, Setting())[0].hit_tok


def test_a_very_large_log_is_replayed_in_larger_blocks_and_says_so(
    log: PromptScan, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prompt_replay, "MAX_BLOCKS", log.input_tok // 10)
    assert prompt_hits(log, Setting(1))[0].step_tok > 1
    assert prompt_hits(log, Setting(128))[0].step_tok == 128


def test_sellers_rules_become_settings() -> None:
    assert api_setting(cache_terms("openai", "gpt-5.4", load_catalog())) == Setting(128, 1_024, 300.0)


@given(st.lists(st.lists(st.integers(0, 3), min_size=1, max_size=6), min_size=2, max_size=8))
def test_prefixes_have_one_name_exactly_when_they_are_equal(some: list[list[int]]) -> None:
    named: dict[int, tuple[int, ...]] = {}
    for row in some:
        for end, name in enumerate(prefix_names(np.array(row, dtype=np.int32)).tolist(), 1):
            assert named.setdefault(name, tuple(row[:end])) == tuple(row[:end])
