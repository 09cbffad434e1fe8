"""The steps from list price to bill, by hand from the fixed catalog's round prices."""

from typing import Any

import pytest
from support import scenario

from calculators.api.bill_lines import bill_lines
from calculators.catalog.catalog import Catalog
from calculators.scenario.inputs import Inputs

CACHED = {"cached_frac": 0.5, "cacheable_frac": 0.5, "input_tok": 2_000, "input_p95_tok": 2_000}


def lines(catalog: Catalog, **changes: Any) -> dict[str, float]:
    return {line.name: line.usd_per_month for line in bill_lines(Inputs.of(scenario(**changes), catalog))}


def test_without_a_bill_the_list_price_is_the_estimate(catalog: Catalog) -> None:
    assert lines(catalog) == {
        "List price": pytest.approx(11_000),
        "API bill, estimated": pytest.approx(11_000),
    }


def test_caching_batch_discount_and_the_rest_add_up_to_the_bill(catalog: Catalog) -> None:
    """2M x (2,000 in at $2, 300 out at $8): 12,800. Half the input cached at $0.2: -3,600. Half in batch at half price for
    input and output, cached reads as they are. A tenth off. The rest is what the bill of 7,000 leaves."""
    api = {"model": "closed-cached", "discount_frac": 0.1, "paid_usd_per_month": 7_000.0}
    shown = lines(catalog, api=api, workload={**CACHED, "batch_frac": 0.5, "deferrable_frac": 0.5})
    *steps, total = shown.values()
    assert shown["List price"] == pytest.approx(12_800)
    assert shown["Prompt caching"] == pytest.approx(-3_600)
    assert shown["Batch API"] == pytest.approx(-0.5 * (2_000 + 2_400))
    assert shown["Negotiated discount"] == pytest.approx(-0.1 * 7_000)
    assert shown["Not explained"] == pytest.approx(700)
    assert total == 7_000 == pytest.approx(sum(steps))


def test_names_without_a_listed_price_have_a_line_of_their_own(catalog: Catalog) -> None:
    half = {"provider": "testhost", "model": "closed", "requests_frac": 0.5, "input_frac": 0.5, "output_frac": 0.5}
    mix = [{**half, "name": "closed", "basis": "matched"}, {**half, "name": "corp-prod", "basis": "assumed"}]
    shown = bill_lines(Inputs.of(scenario(api={"mix": mix}), catalog))
    assert [line.usd_per_month for line in shown] == pytest.approx([5_500, 5_500, 11_000])
    assert "corp-prod as closed" in shown[1].note


def test_prices_above_a_length_tier_have_a_line(catalog: Catalog) -> None:
    """Gemini 2.5 Pro costs more above 200,000 input tokens."""
    api = {"provider": "google", "model": "gemini-2.5-pro"}
    long = {"input_tok": 250_000, "input_p95_tok": 250_000}
    shown, short = lines(catalog, api=api, workload=long), lines(catalog, api=api)
    assert "Long-context prices" not in short
    assert shown["List price"] + shown["Long-context prices"] == pytest.approx(shown["API bill, estimated"])
    assert shown["Long-context prices"] > 0.3 * shown["List price"]


def test_small_differences_are_one_line_so_that_the_lines_add_up(catalog: Catalog) -> None:
    """A discount of 0.3% and 0.4% unexplained: neither has a line, both are told."""
    shown = lines(catalog, api={"discount_frac": 0.003, "paid_usd_per_month": 11_000 * 0.993})
    assert shown["Smaller differences"] == pytest.approx(-11_000 * 0.007)
    *steps, total = shown.values()
    assert total == pytest.approx(sum(steps))


def test_a_regional_endpoint_has_a_line_of_its_own(catalog: Catalog) -> None:
    """Claude Sonnet 4.5 of Bedrock: $3 in and $15 out at the global endpoint, 10% more at a regional one."""
    name = "anthropic.claude-sonnet-4-5-20250929-v1:0"
    regional = lines(catalog, api={"provider": "aws", "model": f"regional.{name}", "paid_usd_per_month": 23_100.0})
    elsewhere = lines(catalog, api={"provider": "aws", "model": f"global.{name}"})
    assert regional["List price"] == pytest.approx(elsewhere["List price"])
    assert regional["Regional endpoint"] == pytest.approx(0.1 * regional["List price"])
    assert "Regional endpoint" not in elsewhere
    assert sum(list(regional.values())[:-1]) == pytest.approx(regional["API bill"])
