"""What the names of items tell."""

import pytest

from calculators.logs.aggregate_items import item_model, label_model, quantity_of, unit_scale


@pytest.mark.parametrize(
    ("item", "quantity"),
    [
        ("USE1-Claude4.5Sonnet-input-tokens", "input"),
        ("USE1-Claude4.5Sonnet-output-tokens-batch", "output"),
        ("USE1-Claude4Sonnet-cache-read-input-token-count", "read"),
        ("USE1-Claude4Sonnet-cache-write-input-token-count", "write"),
        ("USE1-MP:USE1_CacheReadInputTokenCount-Units", "read"),
        ("USE1-MP:USE1_OutputTokenCount-Units", "output"),
        ("Generate content input token count gemini 2.5 pro", "input"),
        ("Gemini 2.5 Pro Text Cached Input - Predictions", "read"),
        ("Gemini 2.5 Pro Cache Storage", ""),
        ("gpt 4.1 cached Inp glbl Tokens", "read"),
        ("gpt 4.1 Outp glbl Tokens", "output"),
        ("ProcessedPromptTokens", "input"),
        ("GeneratedTokens", "output"),
        ("AzureOpenAIRequests", "requests"),
        ("azureopenairequestssum", "requests"),
        ("TokenTransaction", ""),
        ("Total Tokens", ""),
        ("AzureOpenAIContextTokensCacheMatchRate", ""),
        ("Invocations", "requests"),
        ("InvocationClientErrors", ""),
    ],
)
def test_an_item_tells_its_quantity(item: str, quantity: str) -> None:
    assert quantity_of(item) == quantity


@pytest.mark.parametrize(
    ("unit", "tok"),
    [("1K tokens", 1e3), ("1,000 tokens", 1e3), ("1K", 1e3), ("Million Input Tokens", 1e6), ("1M", 1e6), ("count", 1)],
)
def test_a_unit_tells_its_tokens(unit: str, tok: float) -> None:
    assert unit_scale(unit) == tok


@pytest.mark.parametrize(
    ("item", "model"),
    [
        ("USE1-Claude4.5Sonnet-input-tokens", "Claude4.5Sonnet"),
        ("USE1-Claude4Sonnet-cache-read-input-token-count", "Claude4Sonnet"),
        ("Gemini 2.5 Pro Text Output - Predictions", "Gemini 2.5 Pro"),
        ("gpt 4.1 cached Inp glbl Tokens", "gpt 4.1"),
        ("USE1-MP:USE1_OutputTokenCount-Units", ""),
    ],
)
def test_an_item_tells_its_model(item: str, model: str) -> None:
    assert item_model(item) == model


def test_the_global_endpoint_is_kept_where_it_has_a_price() -> None:
    assert (
        item_model("USE1-Claude4.5Sonnet-input-tokens-cross-region-global", has_places=True) == "Claude4.5Sonnet global"
    )
    assert item_model("USE1-Claude4.5Sonnet-input-tokens", has_places=True) == "Claude4.5Sonnet"
    assert item_model("gpt 4.1 Inp glbl Tokens") == item_model("gpt 4.1 Inp Data Zone Tokens") == "gpt 4.1"
    assert label_model("anthropic.claude-sonnet-4-5 InputTokenCount") == "anthropic.claude-sonnet-4-5"
    assert label_model("InputTokenCount") == ""
