"""What the months assume, with range, source and whose figure it is."""

from datetime import date
from typing import Any

import pytest
from support import FIXED_ROOT, scenario

from calculators.catalog.catalog import Catalog
from calculators.catalog.load import load_catalog
from calculators.report.outlook_view import (
    ASSUMED,
    EXPECTED,
    MEASURED,
    NOBODY,
    NOT_ENTERED,
    OF_HIRES,
    RULE_OF,
    YOURS,
    OutlookRow,
    expected_span,
    expected_words,
    is_change,
    outlook_rows,
    rule_source,
)
from calculators.scenario.outlook import Outlook
from calculators.scenario.schema import label

CATALOG = load_catalog(FIXED_ROOT)


def rows(catalog: Catalog, **outlook: Any) -> dict[str, OutlookRow]:
    return {row.what: row for row in outlook_rows(scenario(outlook=outlook), catalog)}


def test_every_field_with_an_expectation_has_a_row_with_its_source(catalog: Catalog) -> None:
    shown = rows(catalog)
    assert set(RULE_OF) == set(Outlook.model_fields) - {"volume_steps", "model_generations"}
    for field in RULE_OF:
        row = shown[label(f"outlook.{field}").replace(" (weeks)", "")]
        assert row.source == rule_source(field, catalog.outlook)
        assert " to " in row.span
        assert row.basis == (ASSUMED if field in OF_HIRES else EXPECTED)
        assert (row.used == NOBODY) is (field in OF_HIRES)


def test_a_typed_value_is_marked_as_the_users(catalog: Catalog) -> None:
    row = rows(catalog, rent_change_per_year_frac=-0.25)["GPU rent change per year"]
    assert (row.used, row.basis, row.confidence) == ("−25% per year", YOURS, None)
    assert rows(catalog, hiring_weeks=12)["Hiring before self-hosting starts"].used == "12 weeks"
    assert rows(catalog, discount_per_year_frac=0.1)["Discount rate per year"].used == "10% per year"


def test_what_nobody_entered_is_unknown_and_steps_are_listed(catalog: Catalog) -> None:
    assert rows(catalog)["Growth of volume per month"].basis == NOT_ENTERED
    shown = rows(catalog, volume_steps=[{"from_day": date(2027, 3, 1), "ratio": 1.5}])
    assert shown["Step in volume on 2027-03-01"].used == "1.5 times the volume before"


def test_a_range_of_growth_is_shown_with_whose_it_is() -> None:
    def growth(**workload: Any) -> tuple[str, str, str]:
        row = outlook_rows(scenario(workload=workload), CATALOG)[0]
        return row.used, row.basis, row.span

    assert growth(growth_high_frac=0.08) == ("0%", YOURS, "0% to +8%")
    assert growth(growth_per_month_frac=0.03) == ("+3%", YOURS, "")
    log = {"growth_per_month_frac": 0.05, "growth_basis": "measured", "growth_range_frac": (0.02, 0.09)}
    assert growth(**log) == ("+5%", MEASURED, "+2% to +9%")


def test_newer_models_bring_their_own_assumptions(catalog: Catalog) -> None:
    more = set(rows(catalog, model_generations=True)) - set(rows(catalog))
    assert len(more) == 3


@pytest.mark.parametrize("field", RULE_OF)
def test_an_expectation_is_written_with_its_range(catalog: Catalog, field: str) -> None:
    words, span = expected_words(field, catalog.outlook), expected_span(field, catalog.outlook)
    assert " to " in span
    assert span.count("per year") == words.count("per year")
    assert is_change(field) is ("%" in words)


def test_hires_make_hiring_expected_and_typed_figures_of_it_theirs(catalog: Catalog) -> None:
    roles = [{"name": "SRE", "fte": 1, "hires_fte": 1}]
    shown = {
        r.what: r for r in outlook_rows(scenario(operations={"roles": roles}, outlook={"ramp_up_weeks": 6}), catalog)
    }
    hiring, ramp_up = shown["Hiring before self-hosting starts"], shown["Ramp-up of new hires"]
    assert (hiring.used, hiring.basis) == ("16 weeks", EXPECTED)
    assert (ramp_up.used, ramp_up.basis) == ("6 weeks", YOURS)
    assert shown["Recruiting cost, of a year's loaded cost"].used == "14%"


def test_a_typed_zero_of_hiring_is_the_users_and_ramp_up_without_hires_is_nobodys(catalog: Catalog) -> None:
    shown = rows(catalog, hiring_weeks=0, ramp_up_weeks=6)
    assert (shown["Hiring before self-hosting starts"].used, shown["Hiring before self-hosting starts"].basis) == (
        NOBODY,
        YOURS,
    )
    assert (shown["Ramp-up of new hires"].used, shown["Ramp-up of new hires"].basis) == (NOBODY, ASSUMED)
