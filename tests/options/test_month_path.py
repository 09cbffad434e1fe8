"""What changes from month to month: announced prices from their day, drift, renewals, newer models."""

from datetime import date
from typing import Any

import pytest
from support import failed, scenario

from calculators.catalog.load import load_catalog
from calculators.options.cost_curves import OptionCurves
from calculators.options.month_path import changes_words
from calculators.options.ranking import curves_of
from calculators.options.what_if import allowed_again
from calculators.scenario.inputs import Inputs
from calculators.units import DAYS_PER_MONTH

REAL = load_catalog()
HARDWARE = {
    "gpus": ["h100-sxm"],
    "rent_usd_per_gpu_h": {},
    "commitments": ["on_demand", "1y", "3y"],
    "include_owned": True,
}


def _curves(months: int = 36, **changes: Any) -> OptionCurves:
    base: dict[str, Any] = {
        "as_of": date(2026, 11, 29),
        "operations": {"horizon_months": months},
        "hardware": HARDWARE,
        "api": {"provider": "openai", "model": "gpt-5.4"},
    }
    inputs = Inputs.of(scenario(**(base | changes)), REAL)
    return curves_of(allowed_again(inputs), inputs)


def test_where_nothing_changes_one_month_stands_for_all() -> None:
    flat = _curves(hardware=HARDWARE | {"include_owned": False, "commitments": ["on_demand"]})
    assert flat.path.months == 1
    assert flat.every_month.months == 36
    assert changes_words(flat.every_month, flat.staircases, flat.inputs) == ""


def test_an_announced_price_holds_from_its_day_on() -> None:
    """gemini-3.8-flash doubles on 1 January 2027, 33 days after 29 November."""
    api = {"provider": "google", "model": "gemini-3.8-flash", **failed("google", "gemini-3.5-flash-lite")}
    curves = _curves(4, api=api)
    today = curves.path.bill_ratio[[buy.kind for buy in curves.buys].index("api_today")]
    begun = 2 - 33 / DAYS_PER_MONTH
    assert today == pytest.approx([1, 1 + begun, 2, 2])
    hosted = [i for i, buy in enumerate(curves.buys) if buy.kind == "hosted_open"]
    assert (curves.path.bill_ratio[hosted] == 1).all()


def test_closed_and_hosted_prices_drift_each_by_what_is_expected_of_them() -> None:
    path = _curves(25, outlook={"api_price_change_per_year_frac": -0.25, "hosted_price_change_per_year_frac": 0.1})
    for buy, ratio in zip(path.buys, path.path.bill_ratio, strict=True):
        change = 1.1 if buy.kind == "hosted_open" else 0.75
        assert ratio[[0, 12, 24]] == pytest.approx([1, change, change**2])


def test_rents_drift_on_demand_at_once_and_under_a_commitment_only_when_it_is_renewed() -> None:
    curves = _curves(37, outlook={"rent_change_per_year_frac": -0.5})
    seen = set()
    for stairs, ratio in zip(curves.staircases, curves.path.machine_ratio, strict=True):
        term = "owned" if stairs.offer.is_owned else stairs.offer.commitment
        expected = {"on_demand": [0.5, 0.25, 0.125], "1y": [0.5, 0.25, 0.125], "3y": [1, 1, 0.125], "owned": [1, 1, 1]}[
            term
        ]
        assert ratio[[12, 24, 36]] == pytest.approx(expected)
        assert (ratio[:12] == 1).all() == (term != "on_demand")
        seen.add(term)
    assert {"on_demand", "owned"} <= seen


def test_newer_models_cost_less_at_an_api_and_need_fewer_machines_of_ones_own() -> None:
    curves = _curves(25, outlook={"model_generations": True})
    rules = REAL.outlook
    every, own, api = (
        r.central
        for r in (rules.generation_months, rules.own_generation_ratio_per_year, rules.api_generation_ratio_per_year)
    )
    assert every == 12
    assert curves.path.need_ratio[[0, 11, 12, 24]] == pytest.approx([1, 1, own, own**2])
    assert curves.path.bill_ratio[0, [0, 11, 12, 24]] == pytest.approx([1, 1, api, api**2])
    costs = curves.by_month(curves.points(1))
    buys, builds = costs.buys_usd, costs.builds.in_place_usd
    assert (builds[:, 0, 24] <= builds[:, 0, 0]).all()
    assert (buys[:, 0, 24] < buys[:, 0, 0]).all()


def test_machines_that_are_bought_are_paid_for_when_newer_models_need_fewer() -> None:
    """Half as much traffic again, and a third of the machines for each request after a year: half of them would do."""
    step = {"from_day": date(2027, 6, 1), "ratio": 1.5}
    curves = _curves(
        25,
        workload={"requests_per_month": 3e8},
        hardware=HARDWARE | {"max_gpus": 5_000},
        outlook={"model_generations": True, "volume_steps": [step]},
    )
    builds = curves.by_month(curves.points(1)).builds.in_place_usd
    owned = [place for place, (_, is_owned) in enumerate(curves.groups) if is_owned]
    rented = [place for place, (_, is_owned) in enumerate(curves.groups) if not is_owned]
    assert owned
    assert builds[owned, 0, 24] == pytest.approx(builds[owned, 0, 11])
    assert (builds[rented, 0, 24] < builds[rented, 0, 11]).all()


def test_what_changes_is_said_in_words() -> None:
    by_the_hour = HARDWARE | {"include_owned": False, "commitments": ["on_demand"]}
    moves = {"rent_change_per_year_frac": -0.1, "model_generations": True}
    assert _words(workload={"growth_per_month_frac": 0.08}, outlook=moves, hardware=by_the_hour) == (
        "at +8% volume per month, rents −10% per year, newer models of the same quality"
    )
    assert _words(outlook={"hiring_weeks": 1}, hardware=by_the_hour) == "with engineers who are ready after 1 week"
    late = {"hiring_weeks": 4, "server_lead_weeks": 9, "rent_change_per_year_frac": -0.1}
    assert _words(outlook=late, hardware=by_the_hour | {"include_owned": True, "commitments": ["on_demand", "3y"]}) == (
        "at rents −10% per year, with engineers who are ready after 4 weeks and servers that arrive after 9 weeks"
    )
    assert _words(24, hardware=by_the_hour | {"commitments": ["3y"]}) == "with terms that end after the horizon"
    assert _words(hardware=by_the_hour | {"commitments": ["1y", "3y"]}) == ""


def _words(months: int = 36, **changes: Any) -> str:
    curves = _curves(months, **changes)
    return changes_words(curves.every_month, curves.staircases, curves.inputs)
