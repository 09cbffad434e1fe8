"""Caching rules by seller and model: as published, unknown where not, and the two published break-even rates."""

from datetime import date

import pytest

from calculators.api.cache_terms import (
    break_even_hit_frac,
    cache_terms,
    cached_ratios,
    engine_cache,
    every_terms,
    price_ratios,
)
from calculators.catalog.load import load_catalog
from calculators.errors import DataError

CATALOG, DAY = load_catalog(), date(2026, 11, 26)


@pytest.mark.parametrize(
    ("provider", "model", "minimum", "kept", "step", "marks"),
    [
        ("openai", "gpt-5.4", 1_024, 300, 128, None),
        ("openai", "gpt-5.6-sol", 1_024, 1_800, None, 4),
        ("openai", "gpt-6.1-terra", 1_024, 1_800, None, 4),
        ("anthropic", "claude-opus-5", 512, 300, None, 4),
        ("anthropic", "claude-sonnet-5", 1_024, 300, None, 4),
        ("anthropic", "claude-sonnet-5-5", 512, 300, None, 4),
        ("anthropic", "claude-opus-4-7", 2_048, 300, None, 4),
        ("anthropic", "claude-haiku-4-5", 4_096, 300, None, 4),
        ("x-ai", "grok-4.7", None, None, 128, None),
        ("groq", "openai/gpt-oss-120b", None, 7_200, None, None),
        ("nobody", "nothing", None, None, None, None),
    ],
)
def test_rules_by_model(
    provider: str, model: str, minimum: int | None, kept: int | None, step: int | None, marks: int | None
) -> None:
    found = cache_terms(provider, model, CATALOG)
    assert (found.minimum_tok, found.kept_s, found.step_tok, found.breakpoints_count) == (minimum, kept, step, marks)


def test_what_is_not_published_is_named_and_only_then_assumed() -> None:
    known, unknown = cache_terms("openai", "gpt-5.4", CATALOG), cache_terms("mistral", "mistral-large-4", CATALOG)
    assert known.assumed_rules == ()
    assert len(unknown.assumed_rules) == 3
    assumed = CATALOG.rules_file.assumed
    assert (unknown.cache.minimum_tok, unknown.cache.kept_s) == (assumed.min_tok, assumed.ttl_s)
    assert unknown.cache.minimum_tok > 0
    assert "token minimum" in cache_terms("anthropic", "claude-3-haiku", CATALOG).assumed_rules[0]


@pytest.mark.parametrize(
    ("provider", "model", "write", "published"),
    [("anthropic", "claude-opus-5", None, 0.217), ("anthropic", "claude-opus-5", 2.0, 0.526)],
)
def test_published_break_even_rates(provider: str, model: str, write: float | None, published: float) -> None:
    """21.7% where writes cost 1.25 times the input, 52.6% for an hour at twice, reads at a tenth; playbooks agree."""
    ratios = price_ratios(provider, model, DAY, CATALOG)
    (hour,) = cache_terms(provider, model, CATALOG).lifetimes
    assert hour.write_ratio == (write or hour.write_ratio)
    assert break_even_hit_frac(ratios.read_ratio, write or ratios.write_ratio) == pytest.approx(published, abs=0.0005)


def test_free_writes_pay_from_the_first_hit() -> None:
    assert price_ratios("openai", "gpt-5.4", DAY, CATALOG).pays_from_frac == 0


def test_prices_over_all_models_and_of_sellers_without_any() -> None:
    reads = {round(r.read_ratio, 3) for r in cached_ratios("anthropic", DAY, CATALOG)}
    assert {0.1, 0.05, 0.025} <= reads
    assert cached_ratios("cerebras", DAY, CATALOG) == ()
    for provider in CATALOG.rules:
        assert all(0 < r.read_ratio < 1 <= r.write_ratio <= 3 for r in cached_ratios(provider, DAY, CATALOG))


def test_every_variant_is_listed_after_the_general_rule() -> None:
    assert [t.kept_s for t in every_terms("openai", CATALOG)] == [300, 1_800]
    assert {t.minimum_tok for t in every_terms("anthropic", CATALOG)} == {512, 1_024, 2_048, 4_096, None}


def test_engines_by_their_blocks() -> None:
    assert engine_cache("vllm", CATALOG).block_tok == 16
    assert engine_cache("sglang", CATALOG).block_tok == 1
    with pytest.raises(DataError, match=r"unknown engine 'x'. Known ones: vllm"):
        engine_cache("x", CATALOG)
