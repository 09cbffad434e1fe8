from typing import Any

import pytest

from calculators.comparison.input_values import MAX_WORDS_CHARS, as_clause, number_words, record_words, value_words
from calculators.scenario.schema import LengthCell, ModelTraffic
from calculators.scenario.typed_prices import OwnApiPrice, Purchase


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("peak_ratio", 4.0, "4"),
        ("self_hit_frac", 0.25, "25%"),
        ("maintenance_frac_per_year", 0.02, "2%"),
        ("engineer_usd_per_year", 180_000.0, "$180k/year"),
        ("platform_usd_per_month", 900.0, "$900/month"),
        ("rent_usd_per_gpu_h", 2.5, "$2.50/GPU-hour"),
        ("value_usd_per_request", 0.01, "$0.01/request"),
        ("ttft_p95_ms", 1_500.0, "1.5 s"),
        ("self_host_fte", 1.5, "1.5 FTE"),
        ("horizon_months", 1, "1 month"),
        ("migration_weeks", 6.0, "6 weeks"),
        ("max_rent_age_days", 365, "365 days"),
        ("api_limit_tok_per_minute", 2e6, "2M tokens/minute"),
        ("active_h_per_month", 180.0, "180 hours/month"),
        ("requests_per_month", 3e6, "3M"),
        ("max_gpus", 512, "512"),
    ],
)
def test_a_number_has_the_unit_of_its_name(name: str, value: float, words: str) -> None:
    assert number_words(name, value) == words


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("targets.tpot_ms", None, "no target"),
        ("operations.self_host_fte", None, "the rule of thumb"),
        ("operations.regions", None, "as many as the availability needs"),
        ("outlook.rent_change_per_year_frac", None, "the default"),
        ("hardware.rent_providers", (), "all"),
        ("hardware.own_rents", (), "none"),
        ("hardware.commitments", ("on_demand", "1y"), "on-demand and reserved, 1 year"),
        ("hardware.rent_usd_per_gpu_h", {"l40s": 0.5, "h100-sxm": 2.5}, "h100-sxm $2.50/GPU-hour; l40s $0.50/GPU-hour"),
        ("techniques.speculation", True, "yes"),
        ("workload.cells", (LengthCell(share_frac=1, input_tok=9, output_tok=9),) * 3, "3 groups from a log"),
    ],
)
def test_a_value_is_told_in_words(field: str, value: Any, words: str) -> None:
    assert value_words(field, value) == words


def test_entries_are_told_by_what_is_set() -> None:
    price = OwnApiPrice(provider="Acme", model="m", is_new_seller=True, input_usd_per_mtok=1, output_usd_per_mtok=4)
    words = "Acme, m, seller is not in the data, input $1/million tokens, output $4/million tokens"
    assert record_words(price) == words
    traffic = ModelTraffic(provider="openai", model="gpt-5.4", requests_frac=0.4, input_frac=0.5, output_frac=0.5)
    assert record_words(traffic) == "40% of requests gpt-5.4 at openai"
    assert record_words(Purchase()) == "none"
    assert (
        record_words(Purchase(life_years=3), {"life_years", "pue_ratio"})
        == "PUE of that room the rule of thumb, useful life 3 years"
    )


def test_a_label_in_a_sentence_keeps_abbreviations() -> None:
    assert as_clause("Requests per month") == "requests per month"
    assert as_clause("TTFT target, p95 (ms)") == "TTFT target, p95"
    assert as_clause("GPUs") == "GPUs"


def test_long_lists_are_cut() -> None:
    assert len(value_words("hardware.gpus", tuple(f"gpu-{n}" for n in range(100)))) == MAX_WORDS_CHARS
