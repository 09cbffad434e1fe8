"""Sentences about the capacity of a replica."""

from typing import get_args

import pytest

from calculators.fleet.capacity_text import LIMIT_WORDS, CapacityLimit, tpot_missed, ttft_missed, weights_do_not_fit


def test_every_limit_has_its_words() -> None:
    assert set(LIMIT_WORDS) == set(get_args(CapacityLimit))


@pytest.mark.parametrize(
    ("sentence", "words"),
    [
        (
            weights_do_not_fit(140.6, 80, 71.2),
            "does not fit in memory: 141 GB of weights in 80 GB of GPU memory, of which 71.2 GB are left for weights "
            "and KV cache",
        ),
        (
            weights_do_not_fit(1_029, 384, 340, is_joined=False),
            "does not fit in memory: 1,029 GB of weights in 384 GB of GPU memory, of which 340 GB are left for weights and KV "
            "cache; machines with this GPU are usually not joined by a fast network",
        ),
        (tpot_missed(55.04, 50), "TPOT is 55 ms even at batch 1; the target is 50 ms"),
        (ttft_missed(3_204, 2_000), "TTFT p95 is 3.2 s even when nearly idle; the target is 2 s"),
    ],
)
def test_a_missed_constraint_says_what_is_needed_and_what_there_is(sentence: str, words: str) -> None:
    assert sentence == words
