"""Committed spend in the verdict: named where it changes the answer."""

from options_by_hand import hand_made_buy
from support import FIXED_ROOT, TODAY, scenario

from calculators.catalog.load import load_catalog
from calculators.decision.commitment_text import commitment_sentences
from calculators.decision.sensitivity import DecisionSensitivity
from calculators.evaluate import Evaluation, evaluate, sensitivity_of
from calculators.report.decision_record import freeze
from calculators.scenario.committed_spend import CommittedSpend

FIXED = load_catalog(FIXED_ROOT)
COMMITTED = CommittedSpend(50_000, months=6, horizon_months=12, seller="OpenAI")


def _committing(usd: float, months: int) -> Evaluation:
    return evaluate(scenario(api={"committed_usd_per_month": usd, "committed_months": months}), FIXED)


def test_it_is_named_with_what_would_win_without_it() -> None:
    stay, move = hand_made_buy("api_today", 50_000), hand_made_buy("hosted_open", 20_000)
    assert commitment_sentences(COMMITTED, stay, move) == (
        "Your commitment of $50k/month to OpenAI runs 6 more months; leaving costs its unused part. Without it, "
        "hosted_open option would be the cheapest, at $20k/month."
    )


def test_it_is_not_named_where_the_answer_is_the_same() -> None:
    move = hand_made_buy("hosted_open", 20_000)
    assert commitment_sentences(COMMITTED, move, move) == commitment_sentences(COMMITTED, None, None) == ""


def test_a_commitment_that_keeps_the_team_where_it_is_stands_in_the_verdict() -> None:
    bound, free = _committing(20_000, 12), _committing(100, 12)
    assert (bound.verdict.kind, free.verdict.kind) == ("stay", "hosted_open")
    assert "Your commitment of $20k/month to Test Host runs 12 more months" in bound.verdict.sentence
    assert "commitment" not in free.verdict.sentence


def test_it_is_in_the_decision_record() -> None:
    record = freeze(_committing(20_000, 12), DecisionSensitivity((), (), "", ""), TODAY)
    rows = [row for row in record.assumptions if row.what.startswith("Unused commitment at Test Host")]
    assert {(row.value, row.basis) for row in rows} == {
        ("$9k/month", "your commitment"),
        ("$20k/month", "your commitment"),
    }
    assert "Your commitment of $20k/month" in record.choice
    assert record.scenario.api.committed_months == 12


def test_switching_values_are_verified_with_a_commitment_too() -> None:
    for usd, months in ((8_000, 6), (20_000, 12), (500_000, 3)):
        result = _committing(usd, months)
        values = [v for v in sensitivity_of(result, FIXED).values if v.value_at is not None]
        assert values
        assert all(value.verified for value in values), (usd, months)
