"""Caveats of the people who run a fleet: they are told, and cost nothing by themselves."""

from typing import Any

import pytest
from signals_by_name import run


@pytest.mark.parametrize(
    ("changes", "is_told"),
    [
        ({}, False),
        ({"evidence": {"needed_uptime_frac": 0.999}}, True),
        ({"evidence": {"needed_uptime_frac": 0.98}}, False),
        ({"evidence": {"needed_uptime_frac": 0.999}, "workload": {"active_h_per_month": 220}}, False),
        ({"evidence": {"needed_uptime_frac": 0.999}, "operations": {"self_host_fte": 8}}, False),
        ({"evidence": {"needed_uptime_frac": 0.999}, "operations": {"roles": [{"name": "SRE", "fte": 8}]}}, False),
        ({"evidence": {"needed_uptime_frac": 0.999}, "operations": {"roles": [{"name": "SRE", "fte": 7.5}]}}, True),
    ],
)
def test_too_few_people_for_a_night_on_call_are_told_and_cost_nothing(changes: dict[str, Any], is_told: bool) -> None:
    found = run(**changes)
    assert any("on call at night" in note for note in found.caveats) is is_told
    plain = run(**{name: part for name, part in changes.items() if name != "evidence"})
    assert found.build.usd_per_month == plain.build.usd_per_month


def test_the_caveat_of_on_call_says_who_recommends_what() -> None:
    [note] = [n for n in run(evidence={"needed_uptime_frac": 0.999}).caveats if "on call" in n]
    assert note == (
        "99.9% availability needs people on call at night. Invented for the tests; nobody charges this recommends at least 8 in one "
        "rotation around the clock, or 6 at each of two sites; your staffing is 1. Share the rotation with another team, or add people: "
        "their cost is not included."
    )


def test_people_still_to_be_hired_are_told_with_whose_figures_they_rest_on() -> None:
    def notes(hires: float) -> list[str]:
        role = {"name": "SRE", "fte": 2, "hires_fte": hires, "usd_per_year": 260_000}
        outlook = {"ramp_up_weeks": 8, "hiring_cost_frac": 0.2}
        return [note for note in run(operations={"roles": [role]}, outlook=outlook).caveats if "to be hired" in note]

    assert notes(0) == []
    assert notes(1) == [
        "1 FTE still to be hired take 16 weeks of hiring (expected) and 8 weeks of ramp-up (your figure). Until then an API is paid in "
        "the totals over the horizon; recruiting and the pay of the ramp-up cost $92k once."
    ]
