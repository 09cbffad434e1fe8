"""Sentences on the order of a prompt."""

from datetime import date

from calculators.api.cache_terms import cache_terms
from calculators.catalog.catalog import Catalog
from calculators.prompts.order import Block
from calculators.prompts.order_text import api_cache_sentences, example_note, fleet_cache_sentence, order_sentence
from calculators.prompts.worth import todays_price_ratios
from calculators.scenario.defaults import default_scenario

STAMP, TOOLS = Block("Timestamp", 20, "request"), Block("Tools", 2_000, "release")


def test_the_breaker_is_named_with_both_hit_rates() -> None:
    assert order_sentence([STAMP, TOOLS], 0.0, 0.92) == (
        "“Timestamp” breaks the cache for everything after it: the best order raises the API cache hit rate from 0% to 92%."
    )


def test_the_best_order_is_said_to_be_best() -> None:
    assert (
        order_sentence([TOOLS, STAMP], 0.92, 0.92) == "The prompt is in the best order: the API cache hit rate is 92%."
    )


def test_an_example_is_not_the_user_s_prompt() -> None:
    assert example_note([STAMP, TOOLS], 1_150) == (
        "Example prompt of 2,020 tokens, not your 1,150-token requests. Describe your own prompt first."
    )


def test_assumed_rules_and_write_prices_are_told(live_catalog: Catalog) -> None:
    scenario = default_scenario(date(2026, 11, 29))
    ratios = todays_price_ratios(scenario, live_catalog)
    known = api_cache_sentences(cache_terms("openai", "gpt-5.4", live_catalog), ratios)
    assert "from 1,024 tokens" in known
    assert "Assumed" not in known
    assert "Assumed: 1,024-token minimum" in api_cache_sentences(cache_terms("mistral", "x", live_catalog), ratios)


def test_the_share_for_requests_in_flight_is_told() -> None:
    assert "50% of the KV cache is reserved" in fleet_cache_sentence(0.5)
