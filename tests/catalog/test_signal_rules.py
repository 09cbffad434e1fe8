"""Thresholds of the exit signals."""

from calculators.catalog.catalog import Catalog


def test_two_regions_reach_more_than_one_and_a_failover_costs_something(live_catalog: Catalog) -> None:
    rules = live_catalog.signal_rules
    assert rules.one_region_uptime_frac.central < rules.two_region_uptime_frac.central < 1
    assert rules.failover_weeks.low > 0
    assert set(rules.rules) == {"cost", "latency", "reliability"}


def test_an_uptime_of_the_price_used_is_stated_once_per_operator(live_catalog: Catalog) -> None:
    used = [uptime.operator for uptime in live_catalog.signal_rules.promised if uptime.pay_as_you_go]
    assert len(used) == len(set(used))


def test_the_promise_that_counts_is_that_of_the_tier_priced(catalog: Catalog) -> None:
    promises = catalog.signal_rules.promise_by_operator
    assert (promises["testhost"].tier, promises["testhost"].uptime_frac) == ("pay as you go", 0.99)
    assert "nobody" not in promises
