"""Ranking, how sure it is, the sentence, and what would flip it."""

import pytest
from options_by_hand import DURABLE, NEVER, hand_made_build, hand_made_buy

from calculators.catalog.catalog import Catalog
from calculators.decision import verdict as decision
from calculators.decision.crossover import Crossover
from calculators.decision.verdict import Verdict
from calculators.options.option import Option


def _decide(*options: Option, against: Crossover = NEVER) -> Verdict:
    return decision.decide(options[0], options, against, against, "nothing fits.")


@pytest.mark.parametrize(
    ("options", "kind", "start"),
    [
        (
            [hand_made_buy("api_today", 100)],
            "stay",
            "Stay on the API: api_today option costs $100/month. No self-hosted option qualifies.",
        ),
        (
            [hand_made_buy("api_today", 1_000), hand_made_buy("api_optimised", 500)],
            "optimise_api",
            "Stay on the API and use its discounts: api_optimised option costs $500/month, $500 less than today",
        ),
        (
            [hand_made_buy("api_today", 1_000), hand_made_buy("hosted_open", 300, gate="assumed")],
            "hosted_open",
            "Don't self-host. Move to a hosted open model: hosted_open option costs $300/month, $700 less than today, if it passes",
        ),
        (
            [hand_made_buy("api_today", 1_000), hand_made_buy("hosted_open", 300, gate="accepted")],
            "hosted_open",
            "Don't self-host. Move to a hosted open model: hosted_open option costs $300/month, $700 less than today. ",
        ),
    ],
)
def test_the_sentence_for_each_way_to_buy(options: list[Option], kind: str, start: str) -> None:
    verdict = _decide(*options)
    assert verdict.kind == kind
    assert verdict.sentence.startswith(start)


def test_without_a_fleet_the_reason_says_why(catalog: Catalog) -> None:
    assert _decide(hand_made_buy("api_today", 100)).reason == "No self-hosted option qualifies. nothing fits."


@pytest.mark.parametrize(
    ("kind", "words"), [("self_host", "Self-host: "), ("own_hardware", "Buy servers and self-host: ")]
)
def test_building_wins(catalog: Catalog, kind: str, words: str) -> None:
    option, _ = hand_made_build(catalog, 1_200, 800, kind)
    verdict = _decide(hand_made_buy("api_today", 10_000), option, against=DURABLE)
    assert (verdict.kind, verdict.sureness) == (kind, "clear")
    assert verdict.sentence == (
        f"{words}own fleet costs $2k/month, $8k less than today. The cheapest API option, api_today option, would cost $10k/month."
    )
    assert "at $1.2k/month; staffing accounts for the other $800 (40%)." in verdict.reason
    assert "self-hosting stays cheaper from 5M requests/month" in verdict.reason
    assert verdict.gap_usd_per_month == 8_000
    assert verdict.saving_usd_per_month == 8_000


@pytest.mark.parametrize(
    ("usd", "kind"), [(9_001.0, "too_close"), (8_999.0, "self_host"), (10_999.0, "too_close"), (11_200.0, "stay")]
)
def test_a_tenth_apart_is_too_close_to_call(catalog: Catalog, usd: float, kind: str) -> None:
    option, _ = hand_made_build(catalog, usd - 800, 800)
    verdict = _decide(hand_made_buy("api_today", 10_000), option)
    assert verdict.kind == kind
    assert ("Too close to call" in verdict.sentence) is (kind == "too_close")


def test_overlapping_ranges_lean_and_disjoint_ones_are_clear(catalog: Catalog) -> None:
    for spread, sureness in ((100.0, "clear"), (5_000.0, "leaning")):
        option, _ = hand_made_build(catalog, 5_000, 1_000, spread=spread)
        assert _decide(hand_made_buy("api_today", 10_000), option).sureness == sureness


def test_the_rival_of_a_purchase_is_the_best_fleet_and_not_the_next_purchase(catalog: Catalog) -> None:
    option, _ = hand_made_build(catalog, 4_200, 800)
    verdict = _decide(hand_made_buy("api_today", 1_000), hand_made_buy("hosted_open", 800, gate="accepted"), option)
    assert verdict.winner.kind == "hosted_open"
    assert verdict.runner_up is option
    assert verdict.gap_usd_per_month == pytest.approx(4_200)


def test_two_purchases_that_are_close_are_not_called_and_variants_of_one_are_no_rivals(catalog: Catalog) -> None:
    option, _ = hand_made_build(catalog, 4_200, 800)
    close = _decide(hand_made_buy("api_today", 1_000), hand_made_buy("hosted_open", 950, gate="accepted"), option)
    assert (close.kind, close.sureness) == ("too_close", "too_close")
    assert close.runner_up is not None
    assert close.runner_up.kind == "api_today"
    same = _decide(hand_made_buy("api_today", 1_000), hand_made_buy("api_optimised", 950), option)
    assert (same.kind, same.runner_up) == ("optimise_api", option)


def test_key_assumptions_are_said(catalog: Catalog) -> None:
    trusted, _ = hand_made_build(catalog, 1_200, 800, gate="assumed")
    [first, second] = _decide(hand_made_buy("api_today", 10_000), trusted).assumptions
    assert first.startswith("Llama is assumed to pass your evals")
    assert second.startswith("Latency, rate limits and uptime of api_today option are not known")
    shown, _ = hand_made_build(catalog, 1_200, 800, gate="accepted")
    assert _decide(hand_made_buy("api_today", 10_000), shown).assumptions == (second,)
