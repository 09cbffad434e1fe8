"""What hiring costs once, and when people are ready, by hand from round numbers."""

from typing import Any

import pytest
from support import scenario

from calculators.catalog.catalog import Catalog
from calculators.evaluate import evaluate
from calculators.fleet.hiring import Hiring, hiring_lines, hiring_of, ready_weeks
from calculators.scenario.inputs import Inputs

SRE = {"name": "SRE", "fte": 2, "hires_fte": 1, "usd_per_year": 260_000}


def _inputs(catalog: Catalog, *roles: dict[str, Any], **outlook: float) -> Inputs:
    return Inputs.of(scenario(operations={"roles": list(roles)}, outlook=outlook), catalog)


def test_a_hire_costs_a_share_of_a_years_pay_and_the_pay_of_the_ramp_up(catalog: Catalog) -> None:
    """0.2 x 260,000 = 52,000 and 8 / 52 of 260,000 = 40,000, over 12 months 7,666.67."""
    inputs = _inputs(catalog, SRE, hiring_weeks=10, ramp_up_weeks=8, hiring_cost_frac=0.2)
    hiring = hiring_of(inputs)
    assert hiring == Hiring(1, 260_000, hiring_weeks=10, ramp_up_weeks=8, recruiting_frac=0.2)
    assert (hiring.recruiting_usd, hiring.ramp_up_usd) == (pytest.approx(52_000), pytest.approx(40_000))
    assert ready_weeks(inputs.scenario, inputs.catalog) == 18
    [line] = hiring_lines(inputs)
    assert line.usd_per_month == line.low_usd_per_month == line.high_usd_per_month == pytest.approx(92_000 / 12)
    assert line.basis == "your input"
    assert line.note == "1 FTE to hire: $52k of recruiting and $40k of pay in 8 weeks of ramp-up, spread over 12 months"


def test_only_people_still_to_be_hired_count(catalog: Catalog) -> None:
    there = {"name": "Manager", "fte": 3, "usd_per_year": 400_000}
    one, both = (hiring_of(_inputs(catalog, *roles, ramp_up_weeks=8)) for roles in ([SRE], [SRE, there]))
    assert one == both


def test_without_hires_the_typed_weeks_count_and_nothing_else(catalog: Catalog) -> None:
    for roles in ([], [SRE | {"hires_fte": 0}]):
        inputs = _inputs(catalog, *roles, hiring_weeks=7, ramp_up_weeks=9, hiring_cost_frac=1)
        assert hiring_of(inputs) is None
        assert hiring_lines(inputs) == ()
        assert ready_weeks(inputs.scenario, inputs.catalog) == 7
    none = _inputs(catalog)
    assert ready_weeks(none.scenario, none.catalog) == 0


def test_what_is_not_typed_of_a_hire_is_the_rule_of_thumb_with_its_range(catalog: Catalog) -> None:
    """An unknown number of weeks is not zero weeks; the pay has the range of the engineer cost."""
    inputs, rules = _inputs(catalog, {"name": "ML", "fte": 1, "hires_fte": 1}), catalog.outlook
    assert ready_weeks(inputs.scenario, inputs.catalog) == rules.hiring_weeks.central + rules.ramp_up_weeks.central
    [line] = hiring_lines(inputs)
    ends = (
        (rules.hiring_cost_frac.low, rules.ramp_up_weeks.low),
        (rules.hiring_cost_frac.high, rules.ramp_up_weeks.high),
    )
    low, high = (pay * (frac + weeks / 52) / 12 for pay, (frac, weeks) in zip((200_000, 300_000), ends, strict=True))
    assert (line.low_usd_per_month, line.high_usd_per_month) == (pytest.approx(low), pytest.approx(high))
    assert line.basis == "rule of thumb"
    assert line.source == rules.sources[rules.hiring_cost_frac.source]


def test_typed_zero_weeks_are_zero(catalog: Catalog) -> None:
    inputs = _inputs(catalog, SRE, hiring_weeks=0, ramp_up_weeks=0, hiring_cost_frac=0)
    assert ready_weeks(inputs.scenario, inputs.catalog) == 0
    assert hiring_lines(inputs)[0].usd_per_month == 0


def test_hiring_is_a_line_of_every_fleet_and_of_no_api(catalog: Catalog) -> None:
    found = evaluate(scenario(operations={"roles": [SRE]}), catalog)
    for option in found.options:
        assert ("hiring" in {line.kind for line in option.lines}) is not option.is_buy
    assert "hiring account for" in found.verdict.reason
