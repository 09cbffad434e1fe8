"""What holds for the months of every scenario, on the live catalog, with hypothesis looking for one that breaks it."""

import csv
import io
from typing import Any

import numpy as np
import pytest
from horizon_cases import LIVE, horizon_scenarios
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from scaled_catalog import scaled
from scenario_strategies import roles
from support import FIXED_ROOT, scenario

from calculators.catalog.load import load_catalog
from calculators.evaluate import evaluate
from calculators.fleet.hiring import hiring_of
from calculators.horizon.months import Horizon, OptionMonths
from calculators.report.evaluation_json import to_json
from calculators.report.horizon_view import months_csv, with_horizon
from calculators.scenario.inputs import Inputs
from calculators.scenario.schema import Scenario

CATALOG = load_catalog(FIXED_ROOT)
quickly = settings(max_examples=25, deadline=None, derandomize=True)


def _by_name(horizon: Horizon) -> dict[tuple[str, str], OptionMonths]:
    return {(one.option.kind, one.option.label): one for one in horizon.options}


def _changed(asked: Scenario, group: str, **values: Any) -> Scenario:
    part = getattr(asked, group).model_copy(update=values)
    return asked.model_copy(update={group: part})


@quickly
@given(horizon_scenarios())
def test_costs_cash_json_and_file_have_one_sum(asked: Scenario) -> None:
    evaluation = evaluate(asked, LIVE)
    plain = with_horizon(to_json(evaluation), evaluation, LIVE)["horizon"]
    cells = list(csv.DictReader(io.StringIO(months_csv(evaluation.horizon, asked.as_of))))
    months = asked.operations.horizon_months
    for place, (one, row) in enumerate(zip(evaluation.horizon.options, plain["options"], strict=True)):
        mine = cells[place * (months + 1) : (place + 1) * (months + 1)]
        total = pytest.approx(one.tco_usd, rel=1e-9, abs=1e-6)
        assert one.cost_usd.sum() == total
        assert sum(row["cash_usd"]) == total
        assert sum(row["cost_usd"]) == total
        assert {cell["kind"] for cell in mine} == {one.option.kind}
        assert sum(float(cell["cash_usd"]) for cell in mine) == total
        assert sum(float(cell["cost_usd"]) for cell in mine[1:]) == total
        assert float(mine[-1]["cumulative_cash_usd"]) == total
    assert len(cells) == len(plain["options"]) * (months + 1)


@quickly
@given(horizon_scenarios())
def test_options_are_ranked_by_their_totals(asked: Scenario) -> None:
    """Delivery, hiring, resale and what is left of terms included: the recommendation is the lowest total."""
    evaluation = evaluate(asked, LIVE)
    horizon = evaluation.horizon
    for one in horizon.options:
        assert one.tco_usd == pytest.approx(one.option.decisive_usd_per_month * horizon.months), one.option.label
    if horizon.options:
        winner = horizon.of(evaluation.verdict.winner)
        assert winner is not None
        assert winner.tco_usd == pytest.approx(horizon.cheapest.tco_usd)


@quickly
@given(horizon_scenarios())
def test_every_allowed_option_that_carries_all_months_is_there_in_order(asked: Scenario) -> None:
    evaluation = evaluate(asked, LIVE)
    horizon = evaluation.horizon
    totals = [one.tco_usd for one in horizon.options]
    assert totals == sorted(totals)
    gone = {(o.kind, o.label) for o in evaluation.allowed} - _by_name(horizon).keys()
    assert all(kind in ("self_host", "own_hardware") for kind, _ in gone)
    assert not gone or not horizon.is_flat
    assert all((one.today_cash_usd == horizon.today.cash_usd).all() for one in horizon.options)
    assert horizon.today.npv_usd == 0


@quickly
@given(horizon_scenarios())
def test_todays_api_costs_the_same_whether_or_not_it_is_still_an_option(asked: Scenario) -> None:
    """Other options are measured against it, so its price and volume move on when a requirement rules it out."""
    free = asked.model_copy(update={"compliance": asked.compliance.model_copy(update={"requirements": ()})})
    barred = _changed(free, "evidence", api_uptime_frac=None)
    one = evaluate(barred, LIVE)
    other = evaluate(asked, LIVE)
    assume(not other.today_allowed and one.today_allowed and one.today.usd_per_month == other.today.usd_per_month)
    assert other.horizon.today.cost_usd == pytest.approx(one.horizon.today.cost_usd)


@quickly
@given(horizon_scenarios())
def test_no_payback_is_before_its_outlay_or_undone(asked: Scenario) -> None:
    for one in evaluate(asked, LIVE).horizon.options:
        total = np.cumsum(one.saved_usd)
        rounding = 1e-6 + 1e-9 * np.abs(one.saved_usd).sum()
        month = one.payback_month
        if month is None:
            assert total[-1] < 0
            continue
        assert (total[month:] >= -rounding).all()
        assert month == 0 or total[month - 1] < 0
        assert month > 0 or one.peak_cash_usd <= rounding
        later = one.discounted_payback_month
        assert later is None or later >= month or not _spends_before_it_saves(one)


def _spends_before_it_saves(one: OptionMonths) -> bool:
    signs = np.sign(one.saved_usd[np.abs(one.saved_usd) > 1e-6])
    return bool((np.diff(signs) >= 0).all())


@quickly
@given(horizon_scenarios(is_flat=True), st.floats(1, 60))
def test_longer_hiring_never_costs_less_where_the_api_until_then_costs_more_than_the_fleet(
    asked: Scenario, more: float
) -> None:
    """As long as it serves within the horizon: people who start later are not paid in it."""
    asked = _changed(asked, "outlook", ramp_up_weeks=0.0)
    soon, late = (evaluate(_changed(asked, "outlook", hiring_weeks=w), LIVE) for w in (0.0, more))
    after = {
        (o.option.kind, o.option.model): o for o in late.horizon.options
    }  # a shorter use may lead to other machines
    for one in soon.horizon.options:
        name = one.option.kind, one.option.model
        if name in after and name[0] in ("self_host", "hybrid") and not one.option.plan.offer.is_owned:
            hosts = [
                o for o in soon.horizon.options if o.option.kind == "hosted_open" and o.option.model == one.option.model
            ]
            until_then = np.min([one.today_cash_usd[1:], *(host.cash_usd[1:] for host in hosts)], axis=0)
            if (until_then >= one.cash_usd[1:]).all() and after[name].serves_from_month <= len(one.cost_usd):
                assert after[name].tco_usd >= one.tco_usd * (1 - 1e-9)
            if (one.today_cash_usd[1:] <= one.cash_usd[1:]).all():
                assert after[name].tco_usd <= one.tco_usd * (1 + 1e-9)


@quickly
@given(st.floats(0, 40), st.floats(0.5, 40), st.sampled_from([12, 36, 60]), st.floats(5, 7.5))
def test_longer_delivery_never_costs_less_where_todays_api_costs_more_than_running_and_wear(
    weeks: float, more: float, months: int, volume: float
) -> None:
    def own(lead: float) -> OptionMonths:
        asked = scenario(
            workload={"requests_per_month": 10**volume},
            api={"hosted_sellers": ["nobody"]},
            hardware={"include_owned": True, "rent_usd_per_gpu_h": {"h100-sxm": 50.0}},
            operations={"horizon_months": months},
            outlook={"server_lead_weeks": lead},
        )
        return next(o for o in evaluate(asked, CATALOG).horizon.options if o.option.kind == "own_hardware")

    soon, late = own(weeks), own(weeks + more)
    whole = int(np.ceil(weeks / (52 / 12)))
    assume(whole < months)
    if (soon.today_cash_usd[1:][whole:] >= soon.cost_usd[whole:]).all():
        assert late.tco_usd >= soon.tco_usd - 1e-6


@quickly
@given(horizon_scenarios(is_flat=True))
def test_three_years_without_change_are_three_times_a_year_where_nothing_is_paid_once(asked: Scenario) -> None:
    free = _changed(asked, "operations", migration_weeks=0.0, hosted_migration_weeks=0.0)
    free = _changed(free, "api", committed_usd_per_month=None, committed_months=None)
    free = _changed(free, "outlook", hiring_weeks=0.0, ramp_up_weeks=0.0, hiring_cost_frac=0.0)
    year, three = (evaluate(_changed(free, "operations", horizon_months=n), LIVE).horizon for n in (12, 36))
    assume(year.is_flat and three.is_flat)
    for name, one in _by_name(year).items():
        offer = one.option.plan.offer if one.option.plan else None
        if offer is None or not (offer.is_owned or (offer.commitment_months or 0) > 12):  # paid to the end of its term
            other = _by_name(three)[name]
            assert other.tco_usd == pytest.approx(3 * one.tco_usd)
            assert other.usd_per_mtok == pytest.approx(one.usd_per_mtok)


@st.composite
def priced(draw: st.DrawFn) -> dict[str, Any]:
    """A question to the fixed catalog with dollars of its own."""
    typed = draw(st.floats(0.5, 8))
    return {
        "workload": {
            "requests_per_month": 10 ** draw(st.floats(4, 7.5)),
            "growth_per_month_frac": draw(st.sampled_from([0, 0.03])),
        },
        "hardware": {"include_owned": draw(st.booleans()), "rent_usd_per_gpu_h": {"h100-sxm": typed}},
        "api": {"committed_usd_per_month": draw(st.floats(1, 1e5)), "committed_months": draw(st.integers(1, 40))},
        "operations": {
            "horizon_months": draw(st.sampled_from([6, 36])),
            "engineer_usd_per_year": draw(st.floats(1e4, 3e5)),
            **draw(roles()),
            "platform_usd_per_month": draw(st.floats(1, 5_000)),
        },
        "outlook": {
            "server_lead_weeks": draw(st.floats(0, 30)),
            "hiring_weeks": draw(st.floats(0, 30)),
            "api_price_change_per_year_frac": draw(st.sampled_from([0, -0.25])),
        },
    }


def _doubled(case: dict[str, Any]) -> dict[str, Any]:
    return {
        group: {
            name: {gpu: 2 * usd for gpu, usd in value.items()}
            if name.startswith("rent_usd")
            else [
                role | {"usd_per_year": 2 * (role["usd_per_year"] or case["operations"]["engineer_usd_per_year"])}
                for role in value
            ]
            if name == "roles"
            else value * (2 if "_usd" in name else 1)
            for name, value in fields.items()
        }
        for group, fields in case.items()
    }


@quickly
@given(priced())
def test_twice_every_dollar_is_twice_every_total_and_no_other_order_payback_or_return(case: dict[str, Any]) -> None:
    one = evaluate(scenario(**case), CATALOG).horizon
    other = evaluate(scenario(**_doubled(case)), scaled(CATALOG, 2.0)).horizon
    assert [o.option.kind for o in other.options] == [o.option.kind for o in one.options]
    assert other.durable_month == one.durable_month
    for before, after in zip(one.options, other.options, strict=True):
        for name in ("tco_usd", "present_cost_usd", "npv_usd", "peak_cash_usd", "usd_per_mtok"):
            assert getattr(after, name) == pytest.approx(2 * getattr(before, name), abs=1e-6), name
        assert after.payback_month == before.payback_month
        assert after.discounted_payback_month == before.discounted_payback_month
        assert after.is_payback_undone == before.is_payback_undone
        assert after.return_per_year_frac == pytest.approx(before.return_per_year_frac)


@quickly
@given(horizon_scenarios(), st.floats(0.01, 0.9))
def test_a_discount_rate_moves_no_total_and_makes_later_money_worth_less(asked: Scenario, rate: float) -> None:
    plain, discounted = (
        evaluate(_changed(asked, "outlook", discount_per_year_frac=r), LIVE).horizon for r in (0.0, rate)
    )
    for before, after in zip(plain.options, discounted.options, strict=True):
        assert after.tco_usd == before.tco_usd == pytest.approx(before.present_cost_usd)
        assert after.payback_month == before.payback_month
        if (before.cash_usd >= 0).all():
            assert after.present_cost_usd <= before.present_cost_usd


@quickly
@given(horizon_scenarios(), st.floats(0, 60), st.floats(0.1, 2))
def test_where_nobody_is_still_to_be_hired_ramp_up_and_recruiting_change_nothing(
    asked: Scenario, weeks: float, fee: float
) -> None:
    there = tuple(role.model_copy(update={"hires_fte": 0.0}) for role in asked.operations.roles)
    asked = _changed(asked, "operations", roles=there)
    one, other = (
        evaluate(_changed(asked, "outlook", ramp_up_weeks=w, hiring_cost_frac=f), LIVE).horizon
        for w, f in ((None, None), (weeks, fee))
    )
    for before, after in zip(one.options, other.options, strict=True):
        assert (after.cash_usd == before.cash_usd).all()


@quickly
@given(horizon_scenarios())
def test_a_role_costs_what_the_same_people_cost_as_one_number(asked: Scenario) -> None:
    team = asked.operations.roles
    fte = sum(role.fte for role in team)
    assume(team)
    pay = sum(role.fte * (role.usd_per_year or LIVE.ownership.engineer_usd_per_year.central) for role in team) / fte
    there = tuple(role.model_copy(update={"hires_fte": 0.0}) for role in team)
    at_once = _changed(asked, "outlook", hiring_weeks=0.0, server_lead_weeks=0.0)
    by_role = _changed(at_once, "operations", roles=there, engineer_usd_per_year=None, migration_weeks=0.0)
    plain = _changed(by_role, "operations", roles=(), self_host_fte=fte, engineer_usd_per_year=pay)
    one, other = evaluate(by_role, LIVE), evaluate(plain, LIVE)
    totals = {
        o.option.label: o.tco_usd for o in other.horizon.options if not o.option.is_buy and o.option.kind != "hybrid"
    }
    for months in one.horizon.options:
        if months.option.label in totals:
            assert months.tco_usd == pytest.approx(totals[months.option.label])


@quickly
@given(horizon_scenarios(), st.floats(0, 2), st.floats(0.01, 1))
def test_a_dearer_recruiter_never_lowers_a_total_and_costs_no_more_than_its_fee(
    asked: Scenario, fee: float, more: float
) -> None:
    one, other = (evaluate(_changed(asked, "outlook", hiring_cost_frac=f), LIVE) for f in (fee, fee + more))
    hiring = hiring_of(Inputs.of(asked, LIVE))
    most = more * hiring.pay_usd_per_year if hiring else 0.0
    after = _by_name(other.horizon)
    for name, months in _by_name(one.horizon).items():
        if name in after:
            gap = after[name].tco_usd - months.tco_usd
            assert -1e-6 <= gap <= most * (1 + 1e-9) + 1e-6 * abs(months.tco_usd) + 1e-6
