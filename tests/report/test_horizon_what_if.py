"""Totals and recommendation at either end of growth, and with API prices that fall: worked by hand where there are numbers."""

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support import FIXED_ROOT, scenario

from calculators.catalog.load import load_catalog
from calculators.evaluate import Evaluation, evaluate
from calculators.report.evaluation_json import to_json
from calculators.report.horizon_view import with_horizon
from calculators.report.horizon_what_if import (
    cheaper_api,
    cheaper_api_sentence,
    counterpart,
    end_totals,
    growth_ends,
    growth_sentence,
)
from calculators.scenario.schema import Scenario
from calculators.units import usd

CATALOG = load_catalog(FIXED_ROOT)
RANGE = {"growth_low_frac": -0.02, "growth_high_frac": 0.08}
MONTHS = {"operations": {"horizon_months": 12}}


def found(**changes: Any) -> Evaluation:
    return evaluate(scenario(**{**MONTHS, **changes}), CATALOG)


def ends_of(evaluation: Evaluation) -> list[Evaluation]:
    return [evaluate(end, CATALOG) for end in growth_ends(evaluation.scenario)]


def cheaper(evaluation: Evaluation) -> Evaluation:
    then = cheaper_api(evaluation.scenario, CATALOG.outlook)
    assert then is not None
    return evaluate(then, CATALOG)


def test_todays_total_at_either_end_is_the_sum_of_a_growing_bill() -> None:
    """12 months of a bill b that grows by g: b x ((1 + g)^12 - 1) / g."""
    now = found(workload=RANGE)
    bill = now.today.usd_per_month
    low, high = ends_of(now)
    assert low.horizon.today.tco_usd == pytest.approx(bill * (1 - 0.98**12) / 0.02)
    assert high.horizon.today.tco_usd == pytest.approx(bill * (1.08**12 - 1) / 0.08)


@pytest.mark.parametrize(
    ("workload", "whose"),
    [
        (RANGE, "your range"),
        (
            {"growth_basis": "measured", "growth_range_frac": (-0.02, 0.08)},
            "the range that your log leaves open",
        ),
    ],
)
def test_a_growth_with_a_range_tells_the_totals_at_either_end(workload: dict[str, Any], whose: str) -> None:
    now = found(workload=workload)
    ends = ends_of(now)
    best = now.horizon.cheapest.option
    todays = " to ".join(usd(end.horizon.today.tco_usd) for end in ends)
    mine = [counterpart(best, end) for end in ends]
    assert None not in mine
    totals = " to ".join(usd(one.tco_usd) for one in mine if one)
    sentence = growth_sentence(now, ends)
    assert sentence.startswith(
        f"If volume changes by −2% to +8% a month, {whose}, the total is {todays} at today's API and {totals} "
    )
    assert sentence.endswith("; the recommendation stays the same.")


@pytest.mark.parametrize(
    ("changes", "assumes"),
    [
        ({}, "no growth"),
        ({"workload": {"growth_per_month_frac": 0.03}}, "+3% volume per month"),
        (
            {"outlook": {"volume_steps": [{"from_day": date(2027, 3, 1), "ratio": 2.0}]}},
            "no growth beside your steps in volume",
        ),
    ],
)
def test_without_a_range_the_growth_of_the_totals_is_told(changes: dict[str, Any], assumes: str) -> None:
    now = found(**changes)
    assert growth_ends(now.scenario) == ()
    assert growth_sentence(now, ()).startswith(f"Every total assumes {assumes}; enter the range")


def test_the_ends_of_a_growth_have_no_range_themselves_and_differ_in_nothing_else() -> None:
    asked = scenario(workload={**RANGE, "growth_per_month_frac": 0.03})
    for end, growth in zip(growth_ends(asked), (-0.02, 0.08), strict=True):
        assert growth_ends(end) == ()
        alone = asked.workload.model_copy(
            update={"growth_per_month_frac": growth, "growth_low_frac": None, "growth_high_frac": None}
        )
        assert end == asked.model_copy(update={"workload": alone})


def test_totals_that_are_the_same_at_both_ends_are_told_once() -> None:
    """Over one month growth has no say."""
    now = found(operations={"horizon_months": 1}, workload=RANGE)
    assert f"the total is {usd(now.today.usd_per_month)} at today's API" in growth_sentence(now, ends_of(now))


@settings(max_examples=20, deadline=None, derandomize=True)
@given(st.lists(st.floats(-0.1, 0.2), min_size=3, max_size=3).map(sorted))
def test_todays_total_of_any_growth_lies_between_those_of_its_ends(growths: list[float]) -> None:
    low, growth, high = growths
    now = found(workload={"growth_per_month_frac": growth, "growth_low_frac": low, "growth_high_frac": high})
    totals = [end.horizon.today.tco_usd for end in ends_of(now)]
    if totals:
        assert totals[0] * (1 - 1e-9) <= now.horizon.today.tco_usd <= totals[1] * (1 + 1e-9)


def test_where_volume_outgrows_an_option_there_is_no_total() -> None:
    now = found(
        workload={"growth_high_frac": 1.0},
        hardware={"max_gpus": 8},
        api={"provider": "openai", "model": "gpt-5.4"},
        compliance={"requirements": ["air-gap"]},
    )
    fleet = next(one for one in now.horizon.options if not one.option.is_buy)
    now = replace(now, horizon=replace(now.horizon, options=(fleet, now.horizon.today)))
    ends = ends_of(now)
    assert counterpart(fleet.option, ends[1]) is None
    assert " to unknown (volume outgrows it) " in growth_sentence(now, ends)
    assert end_totals(replace(now, verdict=replace(now.verdict, winner=fleet.option)), ends[1])["tco_usd"] is None


def test_a_fleet_on_other_gpus_is_the_same_choice_and_another_seller_is_another_one() -> None:
    now = found()
    fleet = next(one.option for one in now.horizon.options if not one.option.is_buy)
    renamed = replace(fleet, label="the same model on other GPUs")
    there = counterpart(renamed, now)
    assert there is not None
    assert there.option is fleet
    elsewhere = replace(now.today, label="elsewhere", operator="another seller")
    assert counterpart(elsewhere, now) is None


def test_falling_prices_take_the_low_end_where_the_user_entered_nothing() -> None:
    rules = CATALOG.outlook
    low = {
        "api_price_change_per_year_frac": rules.api_price_ratio_per_year.low - 1,
        "hosted_price_change_per_year_frac": rules.hosted_price_ratio_per_year.low - 1,
    }

    def moved(**outlook: float) -> Scenario | None:
        return cheaper_api(scenario(outlook=outlook), rules)

    for typed in ({}, *({name: 0.1} for name in low)):
        then = moved(**typed)
        assert then is not None
        for name, change in {**low, **typed}.items():
            assert getattr(then.outlook, name) == pytest.approx(change)
    assert moved(api_price_change_per_year_frac=-0.25, hosted_price_change_per_year_frac=0.0) is None


def test_the_total_with_cheaper_apis_is_that_of_the_falling_price() -> None:
    """A bill b whose price falls by 20% a year costs b x the sum of 0.8^(m / 12) over the months m = 0 to 11."""
    now = found()
    fall = CATALOG.outlook.api_price_ratio_per_year.low
    then = cheaper(now)
    by_hand = now.today.usd_per_month * sum(fall ** (month / 12) for month in range(12))
    assert then.horizon.today.tco_usd == pytest.approx(by_hand)
    assert f"the total is {usd(by_hand)} at today's API" in cheaper_api_sentence(now, then)


def test_what_the_recommendation_becomes_is_told_by_its_kind_and_sureness() -> None:
    now = found()
    then = cheaper(now)
    stays = replace(then, verdict=replace(now.verdict, sureness="clear", kind="self_host"))
    clear = replace(now, verdict=replace(now.verdict, sureness="clear", kind="self_host"))
    too_close = replace(now.verdict, kind="too_close")
    close = replace(then, verdict=too_close)
    other = next(one for one in now.options if one.kind != now.verdict.winner.kind)
    moves = replace(then, verdict=replace(now.verdict, kind="stay", winner=other))
    assert cheaper_api_sentence(clear, stays).endswith("; the recommendation stays the same.")
    assert cheaper_api_sentence(clear, close).endswith("; the recommendation becomes too close to call.")
    assert cheaper_api_sentence(replace(now, verdict=too_close), close).endswith("; the recommendation stays the same.")
    assert cheaper_api_sentence(clear, moves).endswith(f"; the recommendation becomes {other.label}.")


def test_a_payback_that_cheaper_apis_take_away_is_told() -> None:
    now = found()
    then = cheaper(now)
    best = next(one for one in now.horizon.options if one.option is not now.today)
    first = replace(best, cash_usd=best.today_cash_usd - 1)
    now = replace(now, horizon=replace(now.horizon, options=(first, now.horizon.today)))
    late = replace(first, cash_usd=first.today_cash_usd + 1)
    then = replace(then, horizon=replace(then.horizon, options=(late,)))
    assert ": it does not pay back within 12 months; " in cheaper_api_sentence(now, then)
    assert "pay back" not in cheaper_api_sentence(now, replace(then, horizon=replace(then.horizon, options=(first,))))


def test_where_nothing_is_allowed_nothing_is_told() -> None:
    now = found(targets={"tpot_ms": 0.1}, workload=RANGE)
    none = replace(now, horizon=replace(now.horizon, options=()))
    assert growth_sentence(none, ends_of(now)) == ""
    assert cheaper_api_sentence(none, cheaper(now)) == ""


def test_json_gives_the_totals_at_either_end_and_null_without_a_range() -> None:
    now = found(workload=RANGE)
    plain = with_horizon(to_json(now), now, CATALOG)["horizon"]
    for key, end in zip(("growth_low", "growth_high"), ends_of(now), strict=True):
        mine = counterpart(now.verdict.winner, end)
        assert mine is not None
        assert plain[key] == {
            "growth_per_month_frac": end.scenario.workload.growth_per_month_frac,
            "tco_usd": pytest.approx(mine.tco_usd),
            "today_tco_usd": pytest.approx(end.horizon.today.tco_usd),
        }
    without = found()
    plain = with_horizon(to_json(without), without, CATALOG)["horizon"]
    assert (plain["growth_low"], plain["growth_high"]) == (None, None)
