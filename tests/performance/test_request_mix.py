"""Moments and groups of a workload's lengths, by hand."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from queues_by_hand import equal, heavy, lengths_of, shares

from calculators.performance.request_mix import groups, node_weights, request_mix
from calculators.performance.step_time import CHUNK_TOK
from calculators.scenario.demand import Lengths


def test_in_flight_context_is_weighted_by_time() -> None:
    """Two kinds: 100 in and 11 out, 1000 in and 101 out. E[d(i + o/2)] / E[d] = (10 x 105.5 + 100 x 1050.5) / 110."""
    workload = request_mix(Lengths(np.full(2, 0.5), np.array([100.0, 1000.0]), np.array([11.0, 101.0])))
    assert workload.context_tok == pytest.approx((10 * 105.5 + 100 * 1050.5) / 110)


def test_prompts_beyond_the_budget_take_more_steps() -> None:
    weights = node_weights(np.array([CHUNK_TOK / 4, CHUNK_TOK, 3.5 * CHUNK_TOK]))
    assert weights.tolist() == [[0, 0, 0, 0, 1, 0], [0, 0, 0, 0, 0, 1], [0, 0, 0, 0, 0, 3.5]]


def test_cached_tokens_are_no_longer_computed_but_still_held() -> None:
    plain, cached = request_mix(equal(1000, 101)), request_mix(equal(1000, 101), hit_frac=0.6)
    assert (plain.fresh_tok, cached.fresh_tok) == (1000, pytest.approx(400))
    assert plain.held_tok == pytest.approx(cached.held_tok)
    assert plain.prompt_tok2 == pytest.approx([1000 * 500])
    assert cached.prompt_tok2 == pytest.approx([400 * 800])


@settings(max_examples=40)
@given(shares, st.floats(0, 0.9))
def test_groups_hold_every_request_once_and_keep_the_means(rows: list, hit_frac: float) -> None:
    mix = request_mix(lengths_of(rows), hit_frac)
    assert mix.prompt_share_frac.sum() == pytest.approx(1)
    assert mix.output_share_frac.sum() == pytest.approx(1)
    assert mix.prompt_share_frac @ mix.prompt_tok == pytest.approx(mix.fresh_tok)
    assert mix.output_share_frac @ mix.output_decode_tok == pytest.approx(mix.decode_tok, abs=1e-5)
    assert mix.inflight_share_frac.sum() == pytest.approx(1)


def test_groups_are_finer_in_the_upper_tail() -> None:
    size = np.arange(1_000.0)
    member = groups(size, np.full(1_000, 1 / 1_000))
    assert np.all(member.sum(axis=0) == 1)
    counts = member.sum(axis=1)
    assert counts[0] > counts[-1]


def test_independent_arrivals_disperse_as_their_gaps_vary() -> None:
    assert request_mix(heavy(), arrival_cv2_ratio=3.0).dispersion_ratio == 3.0
    assert request_mix(heavy(), arrival_cv2_ratio=3.0, dispersion_ratio=5.0).dispersion_ratio == 5.0
