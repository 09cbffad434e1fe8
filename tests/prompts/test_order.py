"""The rule of prompt structure: what stands behind a change is lost with it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calculators.api.cache_terms import CacheRule, break_even_hit_frac
from calculators.errors import DataError
from calculators.prompts.order import (
    CHANGE_ORDER,
    Block,
    FleetCache,
    Traffic,
    best_order,
    check_blocks,
    expected_hit_frac,
    first_breaker,
    hit_probability_frac,
    moved_up,
    own_cache,
)

BUSY = Traffic(req_s=10.0, tenants_count=50, requests_per_session=5, session_gap_s=30)
FIVE_MINUTES = CacheRule(300)
SPOILT = [Block("time of day", 20, "request"), Block("system", 2_000, "never"), Block("question", 480, "request")]


def test_a_timestamp_in_front_spoils_everything_and_moving_it_saves_nearly_all() -> None:
    """2,000 of 2,500 tokens never change."""
    assert first_breaker(SPOILT) == 0
    assert expected_hit_frac(SPOILT, BUSY, FIVE_MINUTES) == 0
    ordered = best_order(SPOILT)
    assert [b.name for b in ordered] == ["system", "time of day", "question"]
    assert first_breaker(ordered) is None
    assert expected_hit_frac(ordered, BUSY, FIVE_MINUTES) == pytest.approx(0.8)


def test_how_often_each_kind_is_found_by_hand() -> None:
    assert hit_probability_frac("never", Traffic(req_s=1 / 300), FIVE_MINUTES) == pytest.approx(1 - 2.718281828**-1)
    assert hit_probability_frac("tenant", Traffic(req_s=1 / 6, tenants_count=50), FIVE_MINUTES) == pytest.approx(
        1 - 2.718281828**-1
    )
    assert hit_probability_frac("session", Traffic(1, 1, 5, 300), FIVE_MINUTES) == pytest.approx(
        0.8 * (1 - 2.718281828**-1)
    )
    assert hit_probability_frac("session", Traffic(1, 1, 1, 1), FIVE_MINUTES) == 0
    assert hit_probability_frac("request", BUSY, FIVE_MINUTES) == 0
    assert hit_probability_frac("session", BUSY, CacheRule(300, replicas=4)) == pytest.approx(
        hit_probability_frac("session", BUSY, FIVE_MINUTES) / 4
    )


def test_minimum_and_granularity() -> None:
    """Below 1,024 tokens nothing, then whole steps of 128: 1,100 count as 1,024."""
    rule = CacheRule(300, minimum_tok=1_024, granularity_tok=128)
    assert expected_hit_frac([Block("a", 1_000, "never"), Block("b", 1_000, "request")], BUSY, rule) == 0
    assert expected_hit_frac([Block("a", 1_100, "never"), Block("b", 1_000, "request")], BUSY, rule) == pytest.approx(
        1_024 / 2_100
    )


@pytest.mark.parametrize(("write", "expected"), [(1.25, 0.217), (2.0, 0.526), (1.0, 0.0)])
def test_break_even_hit_rates(write: float, expected: float) -> None:
    assert break_even_hit_frac(0.1, write) == pytest.approx(expected, abs=0.0005)


def test_memory_keeps_a_prefix_until_what_is_new_fills_it() -> None:
    """All new: 10 requests of 1,000 tokens a second fill a million tokens in 100 s. Four replicas share the stream."""
    new = [Block("q", 1_000, "request")]
    assert own_cache(new, BUSY, FleetCache(1e6, 1, True, 1)).kept_s == pytest.approx(100, rel=1e-3)
    assert own_cache(new, BUSY, FleetCache(1e6, 4, False, 1)).kept_s == pytest.approx(400, rel=1e-3)


def test_a_block_moves_up_by_one_and_none_is_lost() -> None:
    assert [b.name for b in moved_up(SPOILT, 1)] == ["system", "time of day", "question"]
    assert moved_up(SPOILT, 0) == moved_up(SPOILT, 3) == SPOILT


def test_an_engines_blocks_are_counted_whole() -> None:
    some = [Block("a", 1_000, "never"), Block("b", 1_000, "request")]
    whole, page = (
        expected_hit_frac(some, BUSY, own_cache(some, BUSY, FleetCache(1e9, 1, True, block))) for block in (16, 1)
    )
    assert whole == pytest.approx(992 / 2_000)
    assert page == pytest.approx(0.5)


blocks = st.lists(
    st.builds(Block, st.just("b"), st.floats(0, 1e5), st.sampled_from(list(CHANGE_ORDER))), min_size=1, max_size=8
)
traffic = st.builds(Traffic, st.floats(1e-4, 100), st.floats(1, 1e4), st.floats(1, 50), st.floats(0.1, 1e4))


@given(blocks, traffic, st.floats(1, 1e5), st.permutations(range(8)))
def test_no_order_beats_the_best_one(some: list[Block], who: Traffic, kept_s: float, order: list[int]) -> None:
    cache, other = CacheRule(kept_s), [some[i] for i in order if i < len(some)]
    quiet = (
        hit_probability_frac("session", who, cache)
        <= hit_probability_frac("tenant", who, cache)
        <= hit_probability_frac("never", who, cache)
    )
    if quiet:
        assert expected_hit_frac(best_order(some), who, cache) >= expected_hit_frac(other, who, cache) - 1e-9


@given(blocks, traffic, st.floats(1, 1e5), st.floats(0, 1e5))
def test_longer_kept_is_never_found_less(some: list[Block], who: Traffic, kept_s: float, more: float) -> None:
    assert (
        expected_hit_frac(some, who, CacheRule(kept_s + more))
        >= expected_hit_frac(some, who, CacheRule(kept_s)) - 1e-12
    )


@given(blocks, traffic, st.floats(1e3, 1e8), st.floats(1, 10))
def test_more_memory_never_finds_less(some: list[Block], who: Traffic, room: float, ratio: float) -> None:
    less, more = (
        expected_hit_frac(some, who, own_cache(some, who, FleetCache(c, 4, True, 1))) for c in (room, room * ratio)
    )
    assert more >= less - 1e-6


@pytest.mark.parametrize(
    ("some", "why"),
    [
        ([], "Enter 1 to 100"),
        ([Block("a", -1, "never")], "has −1 tokens"),
        ([Block("a", float("nan"), "never")], "has unknown tokens"),
        ([Block("a", 5, "daily")], "changes “daily”"),  # type: ignore[arg-type]
        ([Block("a", 0, "never")], "no tokens"),
    ],
)
def test_a_prompt_that_is_none_is_refused(some: list[Block], why: str) -> None:
    with pytest.raises(DataError, match=why):
        check_blocks(some)
