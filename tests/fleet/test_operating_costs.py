"""People, platform, migration, egress and bought servers, by hand from the fixed catalog's round numbers."""

import pytest
from support import demand_by_hand

from calculators.catalog.catalog import Catalog
from calculators.fleet.operating_costs import CostLine, hosted_open_lines, self_host_lines
from calculators.fleet.owned_servers import owned_usd_per_gpu_h
from calculators.scenario.schema import Operations


def _lines(catalog: Catalog, **operations: float) -> dict[str, CostLine]:
    found = self_host_lines(Operations.model_validate(operations), demand_by_hand(1_000_000), catalog.ownership)
    return {line.kind: line for line in found}


def test_rules_of_thumb_by_hand(catalog: Catalog) -> None:
    """1 engineer at $240,000 / 12; $1,000 platform; 3 weeks of $240,000 / 52 over 12 months; 1.5 GB out at $0.10."""
    lines = _lines(catalog)
    assert lines["staffing"].usd_per_month == 20_000
    assert lines["platform"].usd_per_month == 1_000
    assert lines["migration"].usd_per_month == pytest.approx(1_153.85, abs=0.01)
    assert lines["network_egress"].usd_per_month == pytest.approx(1_000_000 * 300 * 5 / 1e9 * 0.1)
    assert {line.basis for line in lines.values()} == {"rule of thumb"}


def test_the_range_of_people_combines_heads_and_pay(catalog: Catalog) -> None:
    people = _lines(catalog)["staffing"]
    assert people.low_usd_per_month == pytest.approx(0.5 * 200_000 / 12)
    assert people.high_usd_per_month == pytest.approx(1.5 * 300_000 / 12)


def test_typed_figures_replace_the_rule_and_its_range(catalog: Catalog) -> None:
    lines = _lines(
        catalog, self_host_fte=0.25, engineer_usd_per_year=120_000, platform_usd_per_month=50, migration_weeks=0
    )
    people = lines["staffing"]
    assert people.usd_per_month == people.low_usd_per_month == people.high_usd_per_month == 2_500
    assert people.basis == "your input"
    assert lines["platform"].usd_per_month == 50
    assert lines["migration"].usd_per_month == 0


def test_zero_people_cost_nothing_and_zero_is_not_taken_for_unset(catalog: Catalog) -> None:
    assert _lines(catalog, self_host_fte=0)["staffing"].usd_per_month == 0
    assert _lines(catalog, engineer_usd_per_year=0)["staffing"].usd_per_month == 0
    assert _lines(catalog, engineer_usd_per_year=0)["migration"].usd_per_month == 0


def test_migration_is_spread_over_the_horizon(catalog: Catalog) -> None:
    one = _lines(catalog, horizon_months=1)["migration"].usd_per_month
    assert _lines(catalog, horizon_months=24)["migration"].usd_per_month == pytest.approx(one / 24)


def test_a_hosted_open_model_costs_a_little_care_and_an_evaluation(catalog: Catalog) -> None:
    lines = hosted_open_lines(Operations(), catalog.ownership)
    assert [round(line.usd_per_month, 2) for line in lines] == [2_000.00, 384.62]


def test_a_bought_gpu_by_the_hour_by_hand(catalog: Catalog) -> None:
    """$40,000 + 10% network, less 20% residual, over 48 months = $733.33; 1 kW at $182.50; over 730 hours."""
    rate = owned_usd_per_gpu_h("h100-sxm", catalog.ownership)
    assert rate == pytest.approx((40_000 * 1.1 * 0.8 / 48 + 182.5) / 730)
    assert rate == pytest.approx(1.2546, abs=0.0001)


def test_a_gpu_without_a_power_figure_takes_the_hungriest(catalog: Catalog) -> None:
    """l40s: $10,000, no power figure: 2 kW of the mi300x."""
    rate = owned_usd_per_gpu_h("l40s", catalog.ownership)
    assert rate == pytest.approx((10_000 * 1.1 * 0.8 / 48 + 2 * 182.5) / 730)


def test_every_line_names_its_source(catalog: Catalog) -> None:
    assert all(line.source is not None for line in _lines(catalog).values())
    for line in _lines(catalog).values():
        assert line.low_usd_per_month <= line.usd_per_month <= line.high_usd_per_month
