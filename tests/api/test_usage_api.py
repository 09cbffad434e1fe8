"""Models and spend of a usage file as the API in use."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import yaml

from calculators.api.usage_api import api_of_usage, api_yaml
from calculators.catalog.load import load_catalog
from calculators.catalog.price_library import library_models
from calculators.logs.usage_reading import UsageReading
from calculators.logs.usage_share import UsageShare
from calculators.scenario.schema import MAX_MODELS, Api

DAY = date(2026, 11, 29)
START = datetime(2026, 11, 1, tzinfo=UTC)
HALF_MONTH = timedelta(hours=365)


def usage(name: str, input_tok: int | None, spend_usd: float | None = None, **known: Any) -> UsageShare:
    figures = {"requests": 100, "output_tok": 0, "cache_read_tok": None, "cache_write_tok": None, **known}
    return UsageShare(value=name, input_tok=input_tok, spend_usd=spend_usd, **figures)


def reading(*models: UsageShare, spend_usd: float | None = None, **more: Any) -> UsageReading:
    period = {"start": START, "end": START + HALF_MONTH, **more}
    return UsageReading(
        kind="aggregate",
        name="usage.csv",
        requests=None,
        input_tok=1,
        cache_read_tok=None,
        cache_write_tok=None,
        output_tok=1,
        models=models,
        spend_usd=spend_usd,
        **period,
    )


def api(read: UsageReading, before: Api | None = None, **typed: tuple[str, str]) -> Api:
    return api_of_usage(read, before or Api(), DAY, load_catalog(), typed).api


def test_one_model_becomes_the_api_model_without_a_mix() -> None:
    taken = api(reading(usage("claude-sonnet-4-5-20250929", 1_000)))
    assert (taken.provider, taken.model, taken.mix) == ("anthropic", "claude-sonnet-4-5", ())


def test_several_models_become_shares_of_requests_tokens_and_bill() -> None:
    big = usage("gpt-4.1", 3_000, 9.0, output_tok=100, cache_read_tok=500)
    small = usage("gpt-4.1-mini", 1_000, 1.0, output_tok=300, cache_read_tok=0, requests=300)
    taken = api(reading(big, small, spend_usd=10.0))
    assert taken.model == "gpt-4.1"
    first, second = taken.mix
    assert (first.requests_frac, first.input_frac, first.output_frac) == (0.25, 0.75, 0.25)
    assert (first.cache_read_frac, first.cache_write_frac, first.bill_frac) == (1.0, None, 0.9)
    assert (second.model, second.basis) == ("gpt-4.1-mini", "matched")


def test_two_names_of_one_listed_model_are_one_part() -> None:
    taken = api(reading(usage("gpt-4o", 1_000), usage("gpt-4o-2024-08-06", 1_000), usage("gpt-4.1", 2_000)))
    assert sorted((part.model, part.input_frac) for part in taken.mix) == [("gpt-4.1", 0.5), ("gpt-4o", 0.5)]


def test_an_unlisted_name_is_priced_as_the_largest_listed_model_and_said_to_be() -> None:
    read = reading(usage("gpt-4.1", 3_000), usage("corp-prod", 1_000))
    result = api_of_usage(read, Api(), DAY, load_catalog())
    assert [(part.name, part.model, part.basis) for part in result.api.mix] == [
        ("gpt-4.1", "gpt-4.1", "matched"),
        ("corp-prod", "gpt-4.1", "assumed"),
    ]
    assert any("corp-prod as gpt-4.1 of OpenAI" in text and text.startswith("Assumed") for text in result.texts)


def test_the_user_names_the_listed_model_of_a_name() -> None:
    read = reading(usage("gpt-4.1", 3_000), usage("corp-prod", 1_000))
    taken = api(read, **{"corp-prod": ("openai", "gpt-5.4")})
    assert [part.model for part in taken.mix] == ["gpt-4.1", "gpt-5.4"]
    assert [part.basis for part in taken.mix] == ["matched", "typed"]
    alone = api(reading(usage("corp-prod", 1_000)), **{"corp-prod": ("openai", "gpt-5.4")})
    assert (alone.model, alone.mix) == ("gpt-5.4", ())


def test_a_deployment_name_is_priced_as_the_model_inside_and_marked() -> None:
    taken = api(reading(usage("prod-gpt-4o-eastus", 3_000), usage("gpt-4o", 1_000)))
    assert [(part.name, part.model, part.basis) for part in taken.mix] == [
        ("prod-gpt-4o-eastus", "gpt-4o", "assumed"),
        ("gpt-4o", "gpt-4o", "matched"),
    ]


def test_where_no_name_is_listed_the_api_model_stays_and_the_text_says_so() -> None:
    result = api_of_usage(reading(usage("corp-prod", 1_000)), Api(model="gpt-5.4"), DAY, load_catalog())
    assert (result.api.model, result.api.mix) == ("gpt-5.4", ())
    assert result.texts[0].startswith("No listed price has the name corp-prod")


def test_spend_of_the_file_becomes_the_bill_of_a_month() -> None:
    taken = api(reading(usage("gpt-4.1", 1_000), spend_usd=50.0))
    assert (taken.paid_usd_per_month, taken.paid_source) == (100.0, "log:usage.csv")


def test_a_bill_of_its_own_counts_over_its_own_period() -> None:
    month = reading(usage("gpt-4.1", 1_000), spend_usd=100.0, bill_span_s=timedelta(hours=730).total_seconds())
    assert api(month).paid_usd_per_month == 100.0


def test_a_typed_bill_stays_where_the_file_has_none_and_one_of_an_earlier_file_does_not() -> None:
    read = reading(usage("gpt-4.1", 1_000))
    assert api(read, Api(paid_usd_per_month=9.0)).paid_usd_per_month == 9.0
    assert api(read, Api(paid_usd_per_month=9.0, paid_source="log:old.csv")).paid_usd_per_month is None


def test_a_hundred_models_are_folded_into_a_bounded_mix_that_adds_up() -> None:
    names = ["gpt-4.1", "gpt-4.1-mini", "gpt-4o", "gpt-4o-mini", "gpt-5", "gpt-5.1", "gpt-5.2", "gpt-5.3", "gpt-5.4"]
    names += ["o1", "o3", "o3-mini", "o4-mini", "claude-sonnet-4-5", "claude-haiku-4-5", "gemini-2.5-pro", "corp-prod"]
    mix = api(reading(*(usage(name, 1_000 * (at + 1)) for at, name in enumerate(names)))).mix
    assert len(mix) <= MAX_MODELS
    assert sum(part.input_frac for part in mix) == pytest.approx(1, abs=1e-4)


def test_models_without_requests_or_output_share_them_as_tokens() -> None:
    models = [
        usage("gpt-4.1", 300, requests=None, output_tok=None),
        usage("gpt-5", 100, requests=None, output_tok=None),
    ]
    first, second = api(reading(*models)).mix
    assert (first.requests_frac, first.output_frac, second.requests_frac) == (0.75, 0.75, 0.25)


def test_the_block_of_a_scenario_file_reads_back_as_the_same_api() -> None:
    result = api_of_usage(
        reading(usage("gpt-4.1", 3_000, 9.0), usage("gpt-5", 1_000, 1.0), spend_usd=10.0), Api(), DAY, load_catalog()
    )
    assert Api.model_validate(yaml.safe_load(api_yaml(result))["api"]) == result.api


# --- a bill beside a log ---------------------------------------------------------------------------------------------

BILL = {"bill_name": "invoice.csv", "bill_seller": "openai", "bill_span_s": timedelta(hours=730).total_seconds()}


def test_a_bill_beside_a_log_is_the_source_of_what_is_paid() -> None:
    taken = api(reading(usage("gpt-4.1", 1_000), spend_usd=100.0, **BILL))
    assert (taken.paid_usd_per_month, taken.paid_source) == (100.0, "log:invoice.csv")


def test_a_bill_of_one_seller_pays_for_its_models_and_the_log_tells_the_rest() -> None:
    """In half a month the log has $20 for OpenAI, where the bill has $100 a month, and $30 for Anthropic: $100 and $60."""
    models = usage("gpt-4.1", 1_000, spend_usd=20.0), usage("claude-sonnet-4-5", 1_000, spend_usd=30.0)
    result = api_of_usage(reading(*models, spend_usd=100.0, **BILL), Api(), DAY, load_catalog())
    assert result.api.paid_usd_per_month == pytest.approx(160.0)
    assert {part.name: part.bill_frac for part in result.api.mix} == {
        "gpt-4.1": pytest.approx(100 / 160),
        "claude-sonnet-4-5": pytest.approx(60 / 160),
    }
    assert result.api.paid_source == "log:invoice.csv and usage.csv"
    assert result.texts[-1] == (
        "You pay $160/month: OpenAI by its bill ($100 in 730 hours), claude-sonnet-4-5 by the spend in usage.csv."
    )


def test_a_bill_of_one_seller_is_no_bill_of_all_where_the_rest_is_not_known() -> None:
    models = usage("gpt-4.1", 1_000), usage("claude-sonnet-4-5", 1_000)
    result = api_of_usage(reading(*models, spend_usd=100.0, **BILL), Api(), DAY, load_catalog())
    assert result.api.paid_usd_per_month is None
    assert "is a bill of OpenAI alone; what you pay for claude-sonnet-4-5 is not in the files" in result.texts[-1]


def test_a_bill_of_a_seller_that_the_names_do_not_show_is_of_all() -> None:
    """Azure bills gpt-4.1, which a log without a provider names as OpenAI does."""
    taken = api(reading(usage("gpt-4.1", 1_000), usage("o3", 10), spend_usd=100.0, **{**BILL, "bill_seller": "azure"}))
    assert taken.paid_usd_per_month == 100.0


def test_requests_that_are_not_counted_by_model_are_said_to_be_shared_as_tokens() -> None:
    models = usage("gpt-4.1", 300, requests=None), usage("o3", 100, requests=None)
    result = api_of_usage(reading(*models), Api(), DAY, load_catalog())
    assert "The file does not count requests by model; they are shared as tokens are." in result.texts


def test_shares_of_tokens_count_input_and_output_together() -> None:
    """900 of 1,000 tokens, though the other model has nine tenths of the output."""
    models = usage("gpt-4.1", 890, output_tok=10), usage("o3", 10, output_tok=90)
    result = api_of_usage(reading(*models), Api(), DAY, load_catalog())
    assert result.texts[0] == "Priced by model: gpt-4.1 90% and o3 10% of tokens."
    assert result.api.model == "gpt-4.1"


def test_a_name_that_is_assumed_to_be_a_model_is_not_the_model_itself() -> None:
    taken = api(reading(usage("gpt-4.1", 1_000), usage("azure/gpt-4.1", 3_000)))
    assert [(part.name, part.model, part.basis) for part in taken.mix] == [
        ("azure/gpt-4.1", "gpt-4.1", "assumed"),
        ("gpt-4.1", "gpt-4.1", "matched"),
    ]


def test_models_beyond_the_most_that_are_told_apart_are_priced_by_assumption() -> None:
    every = sorted(library_models("openai"))
    names = [name for name in every if name.startswith(("gpt-5.", "gpt-4."))][: MAX_MODELS + 3]
    taken = api(reading(*(usage(name, 1_000 - at) for at, name in enumerate(names))))
    *known, rest = taken.mix
    assert {part.basis for part in known} == {"matched"}
    assert (rest.basis, "others" in rest.name) == ("assumed", True)


def test_a_long_name_is_corrected_as_it_is_written() -> None:
    name = "arn:aws:bedrock:eu-west-1:123456789012:application-inference-profile/abcdefghijkl"
    taken = api_of_usage(reading(usage(name, 1_000)), Api(), DAY, load_catalog(), {name: ("openai", "gpt-4.1")}).api
    assert taken.model == "gpt-4.1"
