"""Staffing, platform tooling, migration and network egress, by hand from the fixed catalog's round numbers."""

from dataclasses import replace
from typing import Any

import pytest
from support import demand_by_hand, scenario

from calculators.catalog.catalog import Catalog
from calculators.evaluate import evaluate, sensitivity_of
from calculators.fleet import operating_costs
from calculators.fleet.operating_costs import CostLine, hosted_open_lines, self_host_fte, self_host_lines
from calculators.scenario.schema import Operations


def _lines(catalog: Catalog, **operations: Any) -> dict[str, CostLine]:
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


def test_every_line_names_its_source(catalog: Catalog) -> None:
    assert all(line.source is not None for line in _lines(catalog).values())
    for line in _lines(catalog).values():
        assert line.low_usd_per_month <= line.usd_per_month <= line.high_usd_per_month


def test_what_a_line_is_called_decides_nothing(catalog: Catalog, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lines are found by their kind: with every name changed, each figure and the order of options stay."""
    changes = {"workload": {"growth_per_month_frac": 0.05}}
    before = evaluate(scenario(**changes), catalog)
    monkeypatch.setattr(operating_costs, "COST_NAMES", dict.fromkeys(operating_costs.COST_NAMES, "a line"))
    after = evaluate(scenario(**changes), catalog)
    assert [line.name for line in after.today.lines] == ["a line"]
    assert [option.usd_per_month for option in after.options] == [option.usd_per_month for option in before.options]
    assert after.build_line == before.build_line
    values = [[s.value_at for s in sensitivity_of(it, catalog).values] for it in (after, before)]
    assert values[0] == values[1]
    assert [s.value for s in after.signals.exit_signals] == [s.value for s in before.signals.exit_signals]


def test_notes_say_how_a_line_comes_about(catalog: Catalog) -> None:
    lines = _lines(catalog)
    assert lines["staffing"].note == "1 engineer at $240k/year"
    assert lines["migration"].note == "3 engineer-weeks spread over 12 months: invented"


def test_roles_are_summed_and_told_one_by_one(catalog: Catalog) -> None:
    """2 x 240,000 and 0.5 x 300,000 are 630,000 a year; only the pay that is not typed has a range."""
    roles = [
        {"name": "SRE", "fte": 2, "hires_fte": 1},
        {"name": "Manager", "fte": 0.5, "usd_per_year": 300_000},
    ]
    people = _lines(catalog, roles=roles)["staffing"]
    assert people.usd_per_month == pytest.approx(630_000 / 12)
    assert people.low_usd_per_month == pytest.approx((2 * 200_000 + 150_000) / 12)
    assert people.high_usd_per_month == pytest.approx((2 * 300_000 + 150_000) / 12)
    assert people.basis == "your input"
    assert people.note == "SRE: 2 FTE at $240k/year, 1 FTE still to be hired; Manager: 0.5 FTE at $300k/year"


def test_the_same_people_cost_the_same_as_roles_and_as_one_number(catalog: Catalog) -> None:
    one = _lines(catalog, self_host_fte=1.5)["staffing"]
    roles = _lines(catalog, roles=[{"name": "SRE", "fte": 1}, {"name": "Manager", "fte": 0.5}])["staffing"]
    assert replace(roles, note="") == replace(one, note="")


def test_people_are_those_of_the_roles_or_the_plain_figure_or_the_rule_of_thumb(catalog: Catalog) -> None:
    def people(**operations: Any) -> float:
        return self_host_fte(Operations.model_validate(operations), catalog.ownership)

    assert (people(), people(self_host_fte=0), people(self_host_fte=3)) == (1, 0, 3)
    assert people(roles=[{"name": "SRE", "fte": 2}, {"name": "Manager", "fte": 0.5}]) == 2.5
