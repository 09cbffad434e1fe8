"""Names of models as usage files write them, and the listed model each is."""

from datetime import date

import pytest

from calculators.api.model_names import ListedModel, listed_model
from calculators.api.rates import api_offer, api_rates
from calculators.catalog.load import load_catalog
from calculators.catalog.price_library import library_names

DAY = date(2026, 11, 29)

MATCHED = [
    ("gpt-4o", "openai", "gpt-4o"),
    ("gpt-4o-2024-08-06", "openai", "gpt-4o"),
    ("gpt-4-1", "openai", "gpt-4.1"),
    ("GPT 4o Mini", "openai", "gpt-4o-mini"),
    ("gpt-35-turbo", "openai", "gpt-3.5-turbo"),
    ("openai/gpt-4o", "openai", "gpt-4o"),
    ("claude-sonnet-4.5", "anthropic", "claude-sonnet-4-5"),
    ("claude-sonnet-4-5-20250929", "anthropic", "claude-sonnet-4-5"),
    ("Claude4.5Sonnet", "anthropic", "claude-sonnet-4-5"),
    ("claude-haiku-4-5@20251001", "anthropic", "claude-haiku-4-5"),
    ("openrouter/anthropic/claude-sonnet-4.5", "openrouter", "anthropic/claude-sonnet-4.5"),
    ("models/gemini-2.5-pro", "google", "gemini-2.5-pro"),
    ("projects/p/locations/us-central1/publishers/google/models/gemini-2.5-flash", "google", "gemini-2.5-flash"),
    ("groq/llama-3.3-70b-versatile", "groq", "llama-3.3-70b-versatile"),
    ("mistral-large-latest", "mistral", "mistral-large"),
    ("gpt-5.2-codex", "openai", "gpt-5.2"),
    ("gpt-3.5-turbo-instruct-0914", "openai", "gpt-3.5-turbo-instruct"),
    ("gpt-3.5-turbo-0301", "openai", "gpt-3.5-0301"),
    ("glm-4.6v", "zai", "GLM-4.6V"),
    ("gemini-pro-latest", "google", "gemini-3.1-pro-preview"),
    ("mistral-medium-2505", "mistral", "mistral-medium-3-1"),
    ("claude-sonnet-4-20250514", "anthropic", "claude-sonnet-4-0"),
    ("claude-4-opus", "anthropic", "claude-opus-4-0"),
]


@pytest.mark.parametrize(("name", "provider", "model"), MATCHED)
def test_a_name_is_its_listed_model_however_it_is_written(name: str, provider: str, model: str) -> None:
    assert listed_model(name, DAY, load_catalog()) == ListedModel(provider, model, "matched")


def test_a_dated_model_with_a_price_of_its_own_keeps_it() -> None:
    match = listed_model("gpt-4o-2024-05-13", DAY, load_catalog())
    assert match is not None
    assert match.model == "gpt-4o-2024-05-13"


@pytest.mark.parametrize(
    ("name", "listed"),
    [
        ("us.anthropic.claude-sonnet-4-5-20250929-v1:0", "regional.anthropic.claude-sonnet-4-5-20250929-v1:0"),
        ("ca.anthropic.claude-sonnet-4-5-20250929-v1:0", "regional.anthropic.claude-sonnet-4-5-20250929-v1:0"),
        ("us.amazon.nova-2-lite-v1:0", "regional.amazon.nova-2-lite-v1:0"),
        ("us.openai.gpt-6-sol", "regional.openai.gpt-6-sol"),
        ("anthropic.claude-sonnet-4-5-v1:0", "regional.anthropic.claude-sonnet-4-5-20250929-v1:0"),
        ("global.anthropic.claude-sonnet-4-5-20250929-v1:0", "global.anthropic.claude-sonnet-4-5-20250929-v1:0"),
        (
            "arn:aws:bedrock:us-east-1:1:inference-profile/us.anthropic.claude-sonnet-4-5-20250929-v1:0",
            "regional.anthropic.claude-sonnet-4-5-20250929-v1:0",
        ),
    ],
)
def test_a_bedrock_profile_of_one_place_costs_the_regional_price(name: str, listed: str) -> None:
    assert listed_model(name, DAY, load_catalog()) == ListedModel("aws", listed, "matched")


@pytest.mark.parametrize(
    ("name", "model"),
    [
        ("azure/gpt-4o-mini", "gpt-4o-mini"),
        ("snowflake/claude-3-5-sonnet", "claude-3-5-sonnet"),
        ("Qwen/Qwen3-32B", "Qwen/Qwen3-32B"),
    ],
)
def test_another_seller_or_a_near_name_is_an_assumption(name: str, model: str) -> None:
    match = listed_model(name, DAY, load_catalog())
    assert match is not None
    assert (match.model, match.basis) == (model, "assumed")


@pytest.mark.parametrize(
    ("name", "model"),
    [
        ("gpt-5.4-high", "gpt-5.4"),
        ("claude-4.5-sonnet-thinking", "claude-sonnet-4-5"),
        ("openai/gpt-4o-mini:online", "gpt-4o-mini"),
        ("openai/gpt-4o@preset/email", "gpt-4o"),
        ("ft:gpt-4.1-mini-2025-04-14:acme::abc", "gpt-4.1-mini"),
        ("ft:gpt-4o-mini-2024-07-18:acme::abc", "ft:gpt-4o-mini"),
    ],
)
def test_an_effort_a_variant_or_a_fine_tuned_model_is_priced_as_its_model_by_assumption(name: str, model: str) -> None:
    match = listed_model(name, DAY, load_catalog())
    assert match is not None
    assert (match.model, match.basis) == (model, "assumed")


@pytest.mark.parametrize(
    ("name", "model"),
    [
        ("prod-gpt-4o-eastus", "gpt-4o"),
        ("gpt4o-mini-deploy-2", "gpt-4o-mini"),
        ("gpt-4o-eastus2", "gpt-4o"),
        ("my-team/claude-sonnet-4-5-prod", "claude-sonnet-4-5"),
        ("azure/prod-gpt41mini", "gpt-4.1-mini"),
        ("staging_gpt_4_1_nano", "gpt-4.1-nano"),
        ("search-gpt-4o-canary", "gpt-4o"),
        ("GPT-5-chat-EU", "gpt-5"),
        ("chat-gpt-4o", "gpt-4o"),
        ("our-gemini-2.5-flash-west1", "gemini-2.5-flash"),
        ("gpt-4o/gpt-4o-prod", "gpt-4o"),
    ],
)
def test_the_one_model_inside_the_name_of_a_deployment_is_an_assumption(name: str, model: str) -> None:
    match = listed_model(name, DAY, load_catalog())
    assert match is not None
    assert (match.model.removesuffix("-chat-latest"), match.basis) == (model, "assumed")


@pytest.mark.parametrize(
    "name",
    [
        "fallback-gpt-4o-or-gpt-4.1",
        "gpt-4o-vs-claude-sonnet-4-5",
        # more words that makers use, or a number right behind: another model, perhaps
        "gpt-4o-ultra",
        "prod-gpt-4-9",
        "mini-prod-gpt-4o",
        "prod-gpt-4o-embedding",
        "distill-llama-gpt-4o",
        "prod4o",
        "bot-claude",
        "my-command-center",
        "-".join("abcdefghijklmnop") + "-gpt-4o",
    ],
)
def test_a_deployment_that_may_be_another_model_has_no_price(name: str) -> None:
    assert listed_model(name, DAY, load_catalog()) is None


@pytest.mark.parametrize("maker", ["openai", "anthropic", "zai", "mistral"])
def test_every_name_that_a_maker_lists_has_the_price_of_its_model(maker: str) -> None:
    catalog = load_catalog()
    for name, id in library_names(maker).items():
        match = listed_model(name, DAY, catalog)
        if match is not None and match.basis == "matched":
            assert api_rates(api_offer(match.provider, match.model, catalog), DAY) == api_rates(
                api_offer(maker, id, catalog), DAY
            ), name


@pytest.mark.parametrize(
    "name",
    [
        "claude",
        "deepseek-v9",
        "corp-prod",
        "azure/our-deployment",
        "gpt-9",
        "text-embedding-3-small",
        "llama",
        "",
        " / ",
    ],
)
def test_a_name_that_no_list_holds_has_no_price(name: str) -> None:
    assert listed_model(name, DAY, load_catalog()) is None


def test_a_maker_is_not_taken_to_sell_an_open_model_that_only_others_serve() -> None:
    match = listed_model("openai/gpt-oss-120b", DAY, load_catalog())
    assert match is not None
    assert match.provider != "openai"


@pytest.mark.parametrize(
    ("seller", "provider", "basis"),
    [
        ("", "anthropic", "matched"),
        ("aws", "aws", "matched"),
        ("google", "google", "matched"),
        ("azure", "anthropic", "assumed"),
    ],
)
def test_the_seller_that_the_file_tells_sets_the_price(seller: str, provider: str, basis: str) -> None:
    match = listed_model("Claude4.5Sonnet", DAY, load_catalog(), seller)
    assert match is not None
    assert (match.provider, match.basis) == (provider, basis)
