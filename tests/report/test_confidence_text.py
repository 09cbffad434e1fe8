"""How sure, in words: what is counted and what is not, in odds that everybody knows."""

from typing import Any

import pytest
from grammar import grammar_faults
from support import FIXED_ROOT, scenario

from calculators.catalog.load import load_catalog
from calculators.evaluate import Evaluation, evaluate
from calculators.report.confidence_text import (
    NOT_IN_IT,
    confidence_lines,
    finding_sentence,
    odds,
    probability_sentence,
    regret_sentence,
)
from calculators.uncertainty.confidence import DecisionConfidence, confidence_of

CATALOG = load_catalog(FIXED_ROOT)


def sure(**changes: Any) -> tuple[Evaluation, DecisionConfidence]:
    evaluation = evaluate(scenario(**changes), CATALOG)
    confidence = confidence_of(evaluation, CATALOG, 2_000)
    assert confidence is not None
    return evaluation, confidence


@pytest.mark.parametrize(
    ("probability", "words"),
    [
        (1.0, "practically always"),
        (0.96, "more than 19 times in 20"),
        (0.94, "about 9 times in 10"),
        (0.5, "about 5 times in 10"),
        (0.08, "about once in 10"),
        (0.03, "less than once in 20"),
        (0.001, "practically never"),
    ],
)
def test_odds_are_those_that_everybody_knows(probability: float, words: str) -> None:
    assert odds(probability) == words


@pytest.mark.parametrize("volume", [1e3, 2e6, 8e6, 1e8])
def test_every_sentence_says_what_is_counted_and_reads_well(volume: float) -> None:
    evaluation, confidence = sure(workload={"requests_per_month": volume})
    first, *others = confidence_lines(evaluation, confidence)
    assert first.startswith("How sure: over 12 months, ")
    assert all(one.name in first for one in confidence.spreads)
    assert NOT_IN_IT[0] in first
    assert len(others) == 3
    assert [fault for text in (first, *others) for fault in grammar_faults(text)] == []


def test_where_nothing_is_allowed_or_uncertain_that_is_said() -> None:
    evaluation, confidence = sure(
        candidates=[{"model": "llama-3.3-70b", "gate": "not_acceptable"}],
        outlook={"api_price_change_per_year_frac": 0.0, "hosted_price_change_per_year_frac": 0.0},
    )
    assert "nothing can be said of chance" in probability_sentence(evaluation, confidence)
    assert confidence_lines(evaluation, confidence) == [probability_sentence(evaluation, confidence)]
    assert confidence_lines(evaluation, None) == []


def test_a_clear_case_is_not_worth_more_work() -> None:
    evaluation, confidence = sure(workload={"requests_per_month": 1e3})
    assert "would not change the decision enough" in finding_sentence(evaluation, confidence)
    assert "no other choice would have been better" in regret_sentence(evaluation, confidence)
