"""Bills against arithmetic by hand, and against genai-prices' own calculator as an oracle."""

from datetime import UTC, date, datetime

import numpy as np
import pytest
from genai_prices import Usage as LibraryUsage
from genai_prices import calc_price
from hypothesis import given, settings
from hypothesis import strategies as st
from support import TODAY, demand_by_hand

from calculators.api.bill import Usage, monthly_bill, summed_bill
from calculators.api.rates import BATCH, api_offer, api_rates
from calculators.catalog.catalog import Catalog
from calculators.catalog.load import load_catalog
from calculators.scenario.demand import Lengths

ORACLE_MODELS = [
    ("openai", "gpt-5.4"),  # a length tier at 272,000 tokens
    ("openai", "gpt-5.4-mini"),
    ("google", "gemini-2.5-pro"),  # a length tier at 200,000 tokens
    ("google", "gemini-4-argon"),  # dearer from 2026-12-01
    ("anthropic", "claude-sonnet-4-5"),  # cache writes, a length tier
    ("anthropic", "claude-opus-5"),
    ("anthropic", "claude-haiku-5-5"),
    ("deepseek", "deepseek-v4-pro"),  # by the hour and by date
    ("groq", "openai/gpt-oss-120b"),
    ("x-ai", "grok-4-0709"),
]
lengths_tok = st.one_of(
    st.integers(1_000, 20_000), st.sampled_from([199_000, 200_000, 201_000, 272_000, 273_000, 900_000])
)


def _library_usd(provider: str, model: str, day: date, batch: bool, **tokens: int) -> float:
    """Price of one request by genai-prices, as the mean of the day's 24 hours."""
    context = BATCH if batch else None
    hours = [datetime(day.year, day.month, day.day, hour, tzinfo=UTC) for hour in range(24)]
    prices = [
        calc_price(
            LibraryUsage(**tokens), model, provider_id=provider, genai_request_timestamp=hour, price_context=context
        )
        for hour in hours
    ]
    return float(sum(price.total_price for price in prices)) / 24


@settings(max_examples=200, deadline=None, derandomize=True)
@given(
    st.sampled_from(ORACLE_MODELS),
    lengths_tok,
    st.integers(0, 50_000),
    st.sampled_from([0.0, 0.125, 0.5]),
    st.sampled_from([0.0, 0.25, 0.5]),
    st.sampled_from([date(2026, 11, 23), date(2026, 11, 30), date(2026, 12, 1), date(2027, 3, 1)]),
    st.booleans(),
)
def test_a_million_requests_cost_what_genai_prices_says_to_the_cent(
    listed: tuple[str, str], input_tok: int, output_tok: int, cached: float, write: float, day: date, batch: bool
) -> None:
    input_tok = input_tok // 8 * 8  # shares of eighths stay whole tokens
    offer = api_offer(*listed, load_catalog())
    rates = api_rates(offer, day)[0]
    if rates.cache_write_usd_per_mtok == rates.input_usd_per_mtok:
        write = 0.0  # a seller without a write price has no such tokens
    demand = demand_by_hand(1_000_000, float(input_tok), float(output_tok))
    bill = monthly_bill(offer, demand, day, Usage(cached_frac=cached, write_frac=write, batch_frac=float(batch)))
    one = _library_usd(
        *listed,
        day,
        batch,
        input_tokens=input_tok,
        cache_read_tokens=round(input_tok * cached),
        cache_write_tokens=round(input_tok * write),
        output_tokens=output_tok,
    )
    assert bill.usd_per_month == pytest.approx(one * 1_000_000, abs=0.01, rel=1e-9)


@pytest.mark.parametrize(("input_tok", "usd"), [(272_000, 2.5), (272_001, 5.0)])
def test_a_token_above_the_length_tier_reprices_the_whole_request(
    live_catalog: Catalog, input_tok: float, usd: float
) -> None:
    bill = monthly_bill(api_offer("openai", "gpt-5.4", live_catalog), demand_by_hand(1, input_tok, 0.0), TODAY)
    assert bill.usd_per_month == pytest.approx(input_tok * usd / 1e6)


def test_a_bill_is_summed_over_the_lengths_and_not_taken_from_their_mean(live_catalog: Catalog) -> None:
    """Half the requests have 100,000 tokens, half 400,000: the mean, 250,000, is below the tier of 272,000."""
    lengths = Lengths(np.array([0.5, 0.5]), np.array([100_000.0, 400_000.0]), np.array([0.0, 0.0]))
    bill = monthly_bill(
        api_offer("openai", "gpt-5.4", live_catalog), demand_by_hand(2, 250_000.0, 0.0, lengths=lengths), TODAY
    )
    assert bill.usd_per_month == pytest.approx(0.1 * 2.5 + 0.4 * 5.0)


def test_the_parts_of_a_bill_by_hand(catalog: Catalog) -> None:
    """1,000 tokens: 500 read at 0.2, 200 written at 2.5, 300 plain at 2, and 300 out at 8, per million; 1 M requests."""
    offer = api_offer("testhost", "closed-cached", catalog)
    bill = monthly_bill(offer, demand_by_hand(1_000_000), TODAY, Usage(cached_frac=0.5, write_frac=0.2))
    assert bill.input_usd_per_month == pytest.approx(600)
    assert bill.cache_read_usd_per_month == pytest.approx(100)
    assert bill.cache_write_usd_per_month == pytest.approx(500)
    assert bill.output_usd_per_month == pytest.approx(2_400)
    assert bill.usd_per_month == pytest.approx(3_600)
    assert bill.usd_per_request == pytest.approx(0.0036)
    assert bill.working.startswith(
        "1M requests × (1,000 input tokens × $2, 50% of it cached at $0.2 + 300 output tokens × $8)"
    )


def test_batch_and_the_own_discount_by_hand(catalog: Catalog) -> None:
    """Standard 2 + 2.4 = $4,400; batch 1 + 1.2 = $2,200 for a quarter of the requests; then 10% off everything."""
    offer = api_offer("testhost", "closed-cached", catalog)
    bill = monthly_bill(offer, demand_by_hand(1_000_000), TODAY, Usage(batch_frac=0.25, discount_frac=0.1))
    assert bill.usd_per_month == pytest.approx((0.75 * 4_400 + 0.25 * 2_200) * 0.9)
    assert bill.batch_saving_usd_per_month == pytest.approx(0.25 * 2_200 * 0.9)
    assert bill.working.endswith("Batch API at its list price.")


def test_without_a_listed_batch_price_the_stated_discount_applies_or_none(catalog: Catalog) -> None:
    """An unmatched batch context silently gives the standard price: that must never count as a batch price."""
    offer = api_offer("testhost", "closed", catalog)
    plain = monthly_bill(offer, demand_by_hand(), TODAY)
    stated = monthly_bill(offer, demand_by_hand(), TODAY, Usage(batch_frac=1.0, batch_discount_frac=0.5))
    unknown = monthly_bill(offer, demand_by_hand(), TODAY, Usage(batch_frac=1.0))
    assert stated.usd_per_month == pytest.approx(plain.usd_per_month / 2)
    assert stated.working.endswith("Batch API at the provider's stated discount of 50%.")
    assert unknown.usd_per_month == pytest.approx(plain.usd_per_month)
    assert "No batch price is known" in unknown.working


def test_requests_below_the_cache_minimum_are_not_cached(catalog: Catalog) -> None:
    offer = api_offer("testhost", "closed-cached", catalog)
    for input_tok, cached in ((1_023.0, False), (1_024.0, True)):
        bill = monthly_bill(offer, demand_by_hand(1, input_tok), TODAY, Usage(cached_frac=0.5, cache_min_tok=1_024))
        assert (bill.cache_read_usd_per_month > 0) is cached


def test_without_a_cache_price_cached_tokens_cost_what_others_do(catalog: Catalog) -> None:
    offer = api_offer("testhost", "closed", catalog)
    plain = monthly_bill(offer, demand_by_hand(), TODAY).usd_per_month
    assert monthly_bill(
        offer, demand_by_hand(), TODAY, Usage(cached_frac=0.6, write_frac=0.3)
    ).usd_per_month == pytest.approx(plain)


@settings(max_examples=30, deadline=None, derandomize=True)
@given(st.floats(1, 1e12), st.floats(0, 1), st.floats(0, 1), st.floats(0, 0.99))
def test_a_bill_is_linear_in_volume(volume: float, cached: float, batch: float, discount: float) -> None:
    offer = api_offer("openai", "gpt-5.4", load_catalog())
    usage = Usage(cached_frac=cached, batch_frac=batch, discount_frac=discount)
    one = monthly_bill(offer, demand_by_hand(1.0), TODAY, usage)
    many = monthly_bill(offer, demand_by_hand(volume), TODAY, usage)
    assert many.usd_per_month == pytest.approx(volume * one.usd_per_month)
    assert many.usd_per_request == pytest.approx(one.usd_per_month)


DEEPSEEK = ("deepseek", "deepseek-chat")
"""0.27 in / 1.10 out from 00:30 to 16:30 UTC, half of it at other times."""


def test_without_the_workloads_hours_a_price_by_the_hour_says_so_and_has_a_range(catalog: Catalog) -> None:
    """A million requests of 1,000 in and 300 out: $600 by day, $300 by night."""
    bill = monthly_bill(api_offer(*DEEPSEEK, catalog), demand_by_hand(), TODAY)
    assert bill.usd_per_month == pytest.approx((16 * 600 + 8 * 300) / 24)
    assert bill.hours_usd_per_month == pytest.approx((300, 600))
    assert bill.working.endswith(
        "The price differs by hour, $0.135 to $0.27 input and $0.55 to $1.1 output; it is a flat mean over 24 hours, because "
        "your workload's hours are not known."
    )


def test_with_the_workloads_hours_the_price_is_theirs(catalog: Catalog) -> None:
    """Three quarters by day, a quarter by night."""
    hours = tuple({10: 0.75, 20: 0.25}.get(hour, 0.0) for hour in range(24))
    bill = monthly_bill(api_offer(*DEEPSEEK, catalog), demand_by_hand(hourly_frac=hours), TODAY)
    assert bill.usd_per_month == pytest.approx(0.75 * 600 + 0.25 * 300)
    assert bill.hours_usd_per_month is None
    assert bill.working.endswith("it is weighted with your workload's tokens by hour of day.")


def test_a_bill_of_several_models_has_the_range_of_those_by_the_hour(catalog: Catalog) -> None:
    by_hour, flat = (
        monthly_bill(api_offer(*of, catalog), demand_by_hand(), TODAY) for of in (DEEPSEEK, ("testhost", "closed"))
    )
    low, high = summed_bill([by_hour, flat], 1e6).hours_usd_per_month or (0.0, 0.0)
    assert (low, high) == pytest.approx((300 + flat.usd_per_month, 600 + flat.usd_per_month))
    assert flat.hours_usd_per_month is None
    assert "hour" not in flat.working
