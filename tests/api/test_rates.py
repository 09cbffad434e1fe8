"""Dated list prices: of the price library by hour and length tier, and of own records by date."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import FIXED_ROOT, TODAY

from calculators.api.rates import (
    PRICES,
    ApiRates,
    api_offer,
    api_rates,
    hosted_offers,
    rates_by_hour,
    scheduled_changes,
    text_models,
)
from calculators.catalog.catalog import Catalog
from calculators.catalog.load import load_catalog
from calculators.catalog.prices import ApiModel
from calculators.errors import DataError


def test_the_oracle_models_cover_what_they_are_there_for(live_catalog: Catalog) -> None:
    def rates(provider: str, model: str, day: date = TODAY, batch: bool = False) -> tuple[ApiRates, ...]:
        return api_rates(api_offer(provider, model, live_catalog), day, batch)

    assert len(rates("openai", "gpt-5.4")) == len(rates("google", "gemini-2.5-pro")) == 2
    assert rates("openai", "gpt-5.4", batch=True) != rates("openai", "gpt-5.4")
    assert rates("google", "gemini-4-argon", date(2026, 11, 30)) != rates("google", "gemini-4-argon", date(2026, 12, 1))
    sonnet = rates("anthropic", "claude-sonnet-4-5")[0]
    assert sonnet.cache_write_usd_per_mtok > sonnet.input_usd_per_mtok > sonnet.cache_read_usd_per_mtok > 0


def test_a_price_by_the_hour_is_averaged_over_the_day(catalog: Catalog) -> None:
    """deepseek-chat of the library, which the invented catalog does not correct: 0.27 in / 1.10 out from 00:30 to 16:30 UTC
    (16 h), half of it in the other 8 hours."""
    rates = api_rates(api_offer("deepseek", "deepseek-chat", catalog), TODAY)[0]
    assert rates.input_usd_per_mtok == pytest.approx((16 * 0.27 + 8 * 0.135) / 24)
    assert rates.output_usd_per_mtok == pytest.approx((16 * 1.10 + 8 * 0.55) / 24)


def test_all_tokens_in_one_hour_pay_that_hours_price(catalog: Catalog) -> None:
    """deepseek-chat is dear at noon and cheap at 20:00 UTC; the hour from midnight is half cheap, half dear."""
    offer = api_offer("deepseek", "deepseek-chat", catalog)
    for hour, usd in ((12, 0.27), (20, 0.135), (0, (0.135 + 0.27) / 2)):
        only = tuple(float(h == hour) for h in range(24))
        assert api_rates(offer, TODAY, hourly_frac=only)[0].input_usd_per_mtok == pytest.approx(usd)


def test_equal_shares_of_all_hours_are_the_flat_mean(catalog: Catalog) -> None:
    offer = api_offer("deepseek", "deepseek-chat", catalog)
    [flat], [weighted] = (api_rates(offer, TODAY, hourly_frac=frac) for frac in ((), (1 / 24,) * 24))
    assert weighted.output_usd_per_mtok == pytest.approx(flat.output_usd_per_mtok)


@given(
    st.lists(st.floats(0, 1), min_size=24, max_size=24).filter(any),
    st.sampled_from(["deepseek-chat", "deepseek-v4-pro"]),
)
def test_a_weighted_price_lies_between_the_cheapest_and_the_dearest_hour(shares: list[float], model: str) -> None:
    offer = api_offer("deepseek", model, load_catalog(FIXED_ROOT))
    hours = [rates[0] for rates in rates_by_hour(offer, TODAY)]
    [mean] = api_rates(offer, TODAY, hourly_frac=tuple(shares))
    for price in PRICES:
        each = [getattr(rates, price) for rates in hours]
        assert min(each) <= getattr(mean, price) <= max(each)


def test_a_price_that_is_the_same_all_day_does_not_ask_for_hours(catalog: Catalog) -> None:
    for provider, model in (("testhost", "closed"), ("openai", "gpt-5.4")):
        offer = api_offer(provider, model, catalog)
        assert len(rates_by_hour(offer, TODAY)) == 1
        assert api_rates(offer, TODAY, hourly_frac=(1.0,) + (0.0,) * 23) == api_rates(offer, TODAY)


def test_a_corrected_price_takes_the_place_of_the_librarys(live_catalog: Catalog, catalog: Catalog) -> None:
    model = "meta-llama/Llama-3.3-70B-Instruct-Turbo"
    wrong, right = (api_offer("together", model, known) for known in (catalog, live_catalog))
    assert [api_rates(offer, TODAY)[0].input_usd_per_mtok for offer in (wrong, right)] == [0.88, 1.04]
    assert (right.source.title, right.provider_name) == ("litellm 1.110.2 model price table", "Together")
    assert "retired on 2026-10-22" in (right.note or "")


@pytest.mark.parametrize(
    ("day", "usd"), [(date(2025, 1, 1), 5), (date(2026, 1, 1), 5), (date(2026, 11, 30), 5), (date(2026, 12, 1), 4)]
)
def test_own_prices_hold_from_their_day_on(catalog: Catalog, day: date, usd: float) -> None:
    assert api_rates(api_offer("testhost", "closed-dated", catalog), day)[0].input_usd_per_mtok == usd


def test_the_source_is_that_of_the_price_in_force(catalog: Catalog) -> None:
    """Two rows of different sources, of which the newer one is announced."""
    seller = catalog.api_providers["testhost"]
    [dated] = [one for one in seller.models if one.id == "closed-dated"]
    later = dated.prices[-1].model_copy(update={"source": "later", "confidence": "high"})
    sources = {**seller.sources, "later": seller.sources["test"].model_copy(update={"title": "later list"})}
    models = tuple(
        one.model_copy(update={"prices": (*one.prices[:-1], later)}) if one is dated else one for one in seller.models
    )
    moved = replace(
        catalog, api_providers={"testhost": seller.model_copy(update={"models": models, "sources": sources})}
    )

    def shown(day: date | None) -> tuple[str, str]:
        offer = api_offer("testhost", "closed-dated", moved, day)
        return offer.source.title, offer.confidence

    assert (
        shown(date(2026, 11, 30)) == shown(date(2025, 1, 1)) == ("Invented for the tests; nobody charges this", "low")
    )
    assert shown(date(2026, 12, 1)) == shown(None) == ("later list", "high")


def test_before_the_first_row_of_ours_the_price_library_is_the_source(catalog: Catalog) -> None:
    seller = catalog.api_providers["testhost"]
    since = date(2026, 11, 1)
    row = seller.models[0].prices[0].model_copy(update={"valid_from": since, "confidence": "low"})
    own = seller.model_copy(update={"models": (ApiModel(id="gpt-5.4", prices=(row,)),)})
    ours = replace(catalog, api_providers={"openai": own})
    before, after = (api_offer("openai", "gpt-5.4", ours, day) for day in (since - timedelta(days=1), since))
    assert (before.source, before.confidence) == (catalog.corrections_file.library, "medium")
    assert (after.source, after.confidence) == (seller.sources["test"], "low")


def test_scheduled_changes_are_found_within_the_horizon(catalog: Catalog, live_catalog: Catalog) -> None:
    own = api_offer("testhost", "closed-dated", catalog)
    [(day, rates)] = scheduled_changes(own, TODAY, 1)
    assert (day, rates.input_usd_per_mtok, rates.output_usd_per_mtok) == (date(2026, 12, 1), 4, 12)
    assert scheduled_changes(own, date(2026, 12, 1), 12) == []
    argon = api_offer("google", "gemini-4-argon", live_catalog)
    [(day, rates)] = scheduled_changes(argon, TODAY, 12)
    assert (day, rates.input_usd_per_mtok, rates.output_usd_per_mtok) == (date(2026, 12, 1), 4, 20)


def test_hosts_that_give_tokens_away_are_no_rivals(catalog: Catalog) -> None:
    model = catalog.model("llama-3.3-70b")
    hosted = (*model.hosted, model.hosted[0].model_copy(update={"model": "free"}))
    offers = hosted_offers(model.model_copy(update={"hosted": hosted}), TODAY, catalog)
    assert [offer.model for offer in offers] == ["llama-3.3-70b"]


def test_an_unknown_model_or_provider_is_refused_with_what_there_is(catalog: Catalog) -> None:
    for provider, model, message in (
        ("openai", "gpt-99", "no price for model 'gpt-99' of provider 'openai'. Its models include: gpt-"),
        (
            "testhost",
            "clossed",
            "no price for model 'clossed' of provider 'testhost'. Its models include: closed",
        ),
        ("opnai", "gpt-5.4", "no prices for provider 'opnai'. Similar providers: openai"),
    ):
        with pytest.raises(DataError) as error:
            api_offer(provider, model, catalog)
        assert str(error.value).startswith(message)


def test_models_are_listed_newest_version_first_and_a_size_is_no_version(live_catalog: Catalog) -> None:
    models = text_models("openai", date(2026, 11, 29), live_catalog)
    assert models.index("gpt-5.4") < models.index("gpt-5") < models.index("gpt-4.1") < models.index("gpt-3.5-0301")
    assert models.index("gpt-4o") < models.index("gpt-oss-120b")
    claude = text_models("anthropic", date(2026, 11, 29), live_catalog)
    assert claude.index("claude-opus-4-5") < claude.index("claude-3-7-sonnet-latest") < claude.index("claude-v1")
