"""What prices, hardware and hiring are expected to do: each with a range that holds its centre, and a source."""

import pytest

from calculators.catalog.base import Range
from calculators.catalog.catalog import Catalog
from calculators.catalog.outlook import OutlookRules

RULES = [name for name in OutlookRules.model_fields if name != "sources"]


@pytest.mark.parametrize("name", RULES)
def test_each_expectation_has_a_range_a_unit_and_a_source_of_the_file(name: str, live_catalog: Catalog) -> None:
    rule: Range = getattr(live_catalog.outlook, name)
    assert 0 < rule.low <= rule.central <= rule.high
    assert rule.source in live_catalog.outlook.sources
    assert rule.unit
    assert len(rule.what) > 20


def test_nothing_is_expected_of_prices_of_which_history_went_both_ways(live_catalog: Catalog) -> None:
    rules = live_catalog.outlook
    for rule in (rules.api_price_ratio_per_year, rules.hosted_price_ratio_per_year, rules.rent_ratio_per_year):
        assert rule.central == 1
        assert rule.low < 1 < rule.high
