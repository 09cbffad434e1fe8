"""The choice in codes: kind, sureness, winner and rival."""

import pytest
from options_by_hand import hand_made_build, hand_made_buy
from support import scenario

from calculators.catalog.catalog import Catalog
from calculators.decision.choice import KIND_OF_WINNER, choose, ranges_overlap
from calculators.decision.verdict_context import MissingInput, VerdictContext
from calculators.evaluate import evaluate
from calculators.scenario.schema import Scenario

NOTHING = VerdictContext()


@pytest.mark.parametrize("kind", ["api_today", "api_optimised", "resold_api", "hosted_open"])
def test_an_only_option_wins_for_sure(kind: str) -> None:
    option = hand_made_buy(kind, 100)
    choice = choose(option, [option], NOTHING)
    assert (choice.kind, choice.sureness, choice.runner_up) == (KIND_OF_WINNER[option.kind], "clear", None)
    assert choice.gap_usd_per_month == float("inf")


def test_without_an_option_nothing_can_be_told() -> None:
    today = hand_made_buy("api_today", 100)
    choice = choose(today, [], VerdictContext(missing=MissingInput("nothing_allowed")))
    assert (choice.kind, choice.winner) == ("cannot_tell", today)


def test_somebody_to_ask_lowers_the_sureness_and_a_guess_hides_the_kind(catalog: Catalog) -> None:
    build, _ = hand_made_build(catalog, 1_200, 800)
    options = [hand_made_buy("api_today", 10_000), build]
    assert choose(options[0], options, NOTHING).sureness == "clear"
    assert choose(options[0], options, VerdictContext(quote_first=("Somebody",))).sureness == "leaning"
    guess = VerdictContext(missing=MissingInput("volume", requests_per_month=1.0, flips_at_req_per_month=1.5))
    assert choose(options[0], options, guess).kind == "cannot_tell"


def test_rents_that_filters_keep_out_lower_the_sureness(catalog: Catalog) -> None:
    """Filters of 5 days leave no GPU price: the API wins, but not for sure, and the verdict says which filter it was."""
    asked = scenario(
        workload={"requests_per_month": 1_000}, hardware={"rent_usd_per_gpu_h": {}, "max_rent_age_days": 5}
    )
    before = evaluate(_at_age(asked, 365), catalog)
    after = evaluate(asked, catalog)
    assert (before.verdict.sureness, after.verdict.sureness) == ("clear", "leaning")
    assert (
        "(maximum age: 5 days). Allow GPU prices of up to 22 days old on the Candidates page." in after.verdict.sentence
    )
    assert after.confidence == "Medium confidence: the base case is clear, but no GPU price passes your filters."
    assert "Renting GPUs is not compared" not in before.verdict.sentence


def _at_age(asked: Scenario, days: int) -> Scenario:
    return asked.model_copy(update={"hardware": asked.hardware.model_copy(update={"max_rent_age_days": days})})


def test_ranges_overlap_where_the_worst_case_costs_more_than_another_best_case() -> None:
    winner = hand_made_buy("api_today", 100, 90, 150)
    assert ranges_overlap(winner, [hand_made_buy("hosted_open", 200, 140, 300)])
    assert not ranges_overlap(winner, [hand_made_buy("hosted_open", 200, 160, 300)])
    assert not ranges_overlap(winner, [])
