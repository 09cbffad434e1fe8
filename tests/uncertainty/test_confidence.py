"""How sure whole decisions are."""

from typing import Any

import numpy as np
import pytest
from support import FIXED_ROOT, scenario

from calculators.catalog.load import load_catalog
from calculators.decision.choice import answer_of
from calculators.evaluate import Evaluation, evaluate
from calculators.uncertainty.confidence import DecisionConfidence, confidence_of

CATALOG = load_catalog(FIXED_ROOT)
NOTHING_OPEN: dict[str, Any] = {
    "outlook": {
        "api_price_change_per_year_frac": 0.0,
        "hosted_price_change_per_year_frac": 0.0,
        "rent_change_per_year_frac": 0.0,
    },
}


def sure(samples: int = 2_000, seed: int = 7, **changes: Any) -> tuple[Evaluation, DecisionConfidence]:
    evaluation = evaluate(scenario(**changes), CATALOG)
    confidence = confidence_of(evaluation, CATALOG, samples, seed)
    assert confidence is not None
    return evaluation, confidence


def _answer(evaluation: Evaluation, confidence: DecisionConfidence) -> str:
    best = int(np.argmax(confidence.outcomes.probability))
    return answer_of(confidence.outcomes.options[best].kind)


def test_where_no_option_is_allowed_nothing_can_be_said() -> None:
    nothing = scenario(
        compliance={"requirements": ["air-gap"]}, candidates=[{"model": "llama-3.3-70b", "gate": "not_acceptable"}]
    )
    evaluation = evaluate(nothing, CATALOG)
    assert not evaluation.allowed
    assert confidence_of(evaluation, CATALOG) is None


def test_probabilities_sum_to_one_by_option_month_and_volume() -> None:
    _, confidence = sure()
    assert confidence.outcomes.probability.sum() == pytest.approx(1)
    assert confidence.outcomes.probability_by_month.sum(axis=0) == pytest.approx(1)
    assert confidence.probability_by_volume.sum(axis=0) == pytest.approx(1)


def test_without_spreads_probabilities_are_zero_or_one_and_nothing_is_worth_finding_out() -> None:
    _, confidence = sure(**NOTHING_OPEN, candidates=[{"model": "llama-3.3-70b", "gate": "not_acceptable"}])
    assert confidence.spreads == ()
    assert set(confidence.outcomes.probability.tolist()) <= {0.0, 1.0}
    assert confidence.worth_of_everything_usd == pytest.approx(0)
    assert confidence.findings == ()


@pytest.mark.parametrize("volume", [2e5, 2e6, 2e7])
def test_the_seed_changes_no_answer(volume: float) -> None:
    answers = {_answer(*sure(seed=seed, workload={"requests_per_month": volume})) for seed in (1, 2, 3)}
    assert len(answers) == 1


def test_what_the_user_knows_of_staffing_makes_the_choice_surer_or_leaves_it() -> None:
    """A wider range never raises confidence: with staffing of 0.1 to 3 engineers, self-hosting costs least less surely than at 0.3."""
    near = {"workload": {"requests_per_month": 8e6}, "api": {"hosted_sellers": ["nobody"]}}
    known = near | {"operations": {"self_host_fte": 1.0, "engineer_usd_per_year": 240_000}}
    (_, open_range), (_, typed) = sure(**near), sure(**known)
    assert max(typed.outcomes.probability) >= max(open_range.outcomes.probability) - 1e-3


def test_the_recommendation_of_a_clear_case_is_practically_always_the_cheapest() -> None:
    evaluation, confidence = sure(workload={"requests_per_month": 1_000})
    assert confidence.probability_of(evaluation.verdict.winner) == 1.0
    assert all(one.worth_usd == pytest.approx(0, abs=1e-6) for one in confidence.findings)


def test_more_samples_tell_the_same() -> None:
    _, few = sure(2_000, workload={"requests_per_month": 8e6})
    _, many = sure(20_000, workload={"requests_per_month": 8e6})
    assert few.outcomes.probability == pytest.approx(many.outcomes.probability, abs=0.02)
