"""Prices, models and offers as pages list them."""

from datetime import date, timedelta

import pytest
from support import TODAY, scenario

from calculators.catalog.catalog import Catalog
from calculators.catalog.rent_history import STALE_DAYS
from calculators.evaluate import evaluate
from calculators.report import catalog_view as view


def test_only_an_old_price_has_an_age() -> None:
    assert view.stale_age_days(TODAY - timedelta(days=STALE_DAYS), TODAY) is None
    assert view.stale_age_days(TODAY - timedelta(days=STALE_DAYS + 1), TODAY) == STALE_DAYS + 1


def test_a_length_tier_is_said_in_words(live_catalog: Catalog) -> None:
    prices = {price.model: price for price in view.api_prices("openai", date(2026, 11, 29), live_catalog)}
    assert prices["gpt-5.4"].long_inputs.startswith("above 272k tokens: $5 input, $")
    assert len(prices) == len(view.api_models("openai", date(2026, 11, 29), live_catalog))


def test_the_models_that_most_providers_host_come_first(live_catalog: Catalog) -> None:
    ids = view.models_by_hosting(live_catalog)
    assert set(ids) == set(live_catalog.models)
    counts = [len({hosted.provider for hosted in live_catalog.models[id].hosted}) for id in ids]
    assert counts == sorted(counts, reverse=True)


def test_hosted_candidates_are_cheapest_first_and_those_that_miss_a_target_behind(live_catalog: Catalog) -> None:
    api = {"provider": "openai", "model": "gpt-5.4"}
    options = view.hosted_candidates(evaluate(scenario(api=api), live_catalog), live_catalog)
    ranks = [(option.target_check.status == "misses", option.usd_per_month) for option in options]
    assert {misses for misses, _ in ranks} == {False, True}
    assert len(ranks) > 3
    assert ranks == sorted(ranks)


def test_terms_are_those_of_the_sellers_of_an_option(live_catalog: Catalog) -> None:
    result = evaluate(scenario(api={"provider": "openai", "model": "gpt-5.4"}), live_catalog)
    [term] = view.option_terms(result.today, live_catalog)
    assert term.startswith("OpenAI sets a monthly usage limit")
    assert result.build is not None
    assert view.option_terms(result.build, live_catalog) == ()


def test_every_listed_thing_is_there_once(catalog: Catalog, live_catalog: Catalog) -> None:
    assert [price.offer.provider for price in view.hosted_prices(TODAY, catalog)].count("testhost") >= 1
    assert set(view.hosting_providers(catalog)) == {
        price.offer.provider for price in view.hosted_prices(TODAY, catalog)
    }
    assert [facts.model.id for facts in view.model_facts(catalog)] == list(catalog.models)
    assert len(list(view.provider_rules(live_catalog))) >= len(live_catalog.rules)


def test_sizes_of_a_model_by_hand(live_catalog: Catalog) -> None:
    [llama] = [facts for facts in view.model_facts(live_catalog) if facts.model.id == "llama-3.3-70b"]
    assert llama.total_params_b == pytest.approx(70.6, abs=0.1)
    assert llama.active_params_b == pytest.approx(69.5, abs=0.1)  # one embedding matrix is only looked up
    assert llama.kv_cache_gb == pytest.approx(
        2 * 80 * 8 * 128 * 2 * 8_192 / 1e9
    )  # keys and values, layers, heads, BF16


def test_estimates_are_written_in_their_unit(catalog: Catalog) -> None:
    rows = {row.name: row for row in view.estimates(catalog)}
    assert rows["Engineer cost"].central == "$240k"
    assert rows["Staffing, self-hosted"].central == "1"
    assert rows[f"Server price per GPU: {catalog.gpus['h100-sxm'].name}"].central == "$40k"
    assert rows["Residual value: after 4 years"].central == "0.2"
    assert not any("_" in name for name in rows)


def test_where_sources_differ_each_is_shown(live_catalog: Catalog) -> None:
    rows = {row.name: row for row in view.estimates(live_catalog)}
    said = rows["Staffing, self-hosted"].by_source
    assert "0.1 to 0.2 (agoradigest: " in said
    assert "2 (aicost.ai: " in said
    assert rows["Storage"].by_source == ""


def test_the_general_rule_is_of_all_other_models_and_left_out_where_a_group_is_of_all(live_catalog: Catalog) -> None:
    models = [(rule.provider, view.rule_models(rule, variant)) for rule, variant in view.provider_rules(live_catalog)]
    assert ("openai", "gpt-5.6*, gpt-6*") in models
    assert ("openai", "all other models") in models
    assert not any("*" in words.split(", ") for _, words in models)


def test_a_provider_has_its_own_name(catalog: Catalog) -> None:
    assert view.api_provider_label("testhost", catalog) == "Test Host"
    assert view.api_provider_label("openai", catalog) == "OpenAI"
    assert "openai" in view.api_providers()
