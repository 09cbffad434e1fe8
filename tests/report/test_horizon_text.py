"""Sentences on totals, net present value and payback."""

from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pytest
from support import scenario

from calculators.catalog.catalog import Catalog
from calculators.evaluate import evaluate
from calculators.horizon.months import OptionMonths
from calculators.report.horizon_text import (
    cash_takeaway,
    change_sentence,
    horizon_sentence,
    outgrown_sentence,
    payback_cell,
    payback_clause,
    return_cell,
    self_hosting_sentence,
    winner_line,
)
from calculators.report.horizon_view import shown_months
from calculators.units import usd


def months(
    catalog: Catalog, saved_usd: list[float], today_usd: float = 10.0, last_today_usd: float = 10.0
) -> OptionMonths:
    """An option that saves so much against today's API: now, then by month."""
    base = evaluate(scenario(), catalog).horizon.today
    count = len(saved_usd) - 1
    today = np.append(0.0, np.full(count, today_usd))
    today[-1] = last_today_usd
    return OptionMonths(
        option=base.option,
        cost_usd=np.zeros(count),
        cash_usd=today - np.array(saved_usd),
        tok_per_month=np.full(count, 1e6),
        today_cash_usd=today,
        discount_per_year_frac=0.09,
    )


@pytest.mark.parametrize(
    ("saved_usd", "says"),
    [
        ([0, 1, 1], "it never costs more than today's API"),
        ([-1, 2, 1], "it pays back in the first month"),
        ([-3, 1, 1, 1, 1], "it pays back in month 3"),
        ([-9, 1, 1], "it does not pay back within 2 months"),
        ([-1, 2, -3, 1], "it pays back in month 1, but later months undo it"),
    ],
)
def test_payback_is_told_in_words(catalog: Catalog, saved_usd: list[float], says: str) -> None:
    assert payback_clause(months(catalog, saved_usd)) == says


def test_what_undoes_a_payback_is_named(catalog: Catalog) -> None:
    one = months(catalog, [-1, 2, -3], last_today_usd=4.0)
    assert payback_clause(one) == "it pays back in month 1, but falling API prices undo it"


@pytest.mark.parametrize(
    ("month", "is_undone", "says"),
    [
        (0, False, "from the start"),
        (7, False, "month 7"),
        (None, False, "not within the horizon"),
        (None, True, "undone later"),
    ],
)
def test_payback_in_a_column(month: int | None, is_undone: bool, says: str) -> None:
    assert payback_cell(month, is_undone) == says


def test_a_return_is_told_of_purchases_only_and_a_huge_one_as_such(catalog: Catalog) -> None:
    assert return_cell(months(catalog, [-10, 5, 5, 5])) == ""
    owned = evaluate(scenario(hardware={"include_owned": True}), catalog).horizon.options
    option = next(one.option for one in owned if one.option.kind == "own_hardware")
    bought = replace(months(catalog, [-100.0, *[5.0] * 24]), option=option)
    assert return_cell(bought) == "20%"
    assert (
        return_cell(replace(bought, today_cash_usd=bought.today_cash_usd + 200 * (np.arange(25) > 0))) == "over 1,000%"
    )


@pytest.mark.parametrize("horizon_months", [1, 12, 36])
def test_the_first_sentence_tells_the_lowest_total_against_todays_api(catalog: Catalog, horizon_months: int) -> None:
    found = evaluate(scenario(operations={"horizon_months": horizon_months}), catalog)
    best, sentence = found.horizon.cheapest, horizon_sentence(found)
    assert sentence.startswith(f"Over {horizon_months} month")
    assert best.option.label in sentence
    assert usd(best.tco_usd) in sentence
    saved = float(best.saved_usd.sum())
    assert saved < 1 or f"{usd(saved)} less than today's API" in sentence


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"hardware": {"include_owned": True}},
        {"targets": {"tpot_ms": 0.1}},
        {"workload": {"growth_per_month_frac": 0.3}},
    ],
)
def test_every_sentence_is_one_of_whole_words_and_known_figures(catalog: Catalog, changes: dict[str, Any]) -> None:
    found = evaluate(scenario(**changes), catalog)
    told = [horizon_sentence(found), self_hosting_sentence(found), cash_takeaway(shown_months(found), found)]
    told += [text for text in (winner_line(found), outgrown_sentence(found)) if text]
    assert all(text.endswith(".") for text in told)
    assert not any(word in text for text in told for word in ("None", "nan", "inf ", "unknown"))


def test_where_self_hosting_stands_names_its_best_option_and_the_month(catalog: Catalog) -> None:
    found = evaluate(scenario(), catalog)
    best = next(one for one in found.horizon.options if not one.option.is_buy)
    sentence = self_hosting_sentence(found)
    assert best is found.horizon.cheapest or best.option.label in sentence
    assert "Self-hosting " in sentence or "self-hosting stays" in sentence
    none = evaluate(scenario(targets={"tpot_ms": 0.1}), catalog)
    assert none.no_fleet is not None
    assert self_hosting_sentence(none) == f"No self-hosted option qualifies. {none.no_fleet.words}"


def test_what_differs_between_months_is_told(catalog: Catalog) -> None:
    assert change_sentence(evaluate(scenario(), catalog)).startswith("No change is entered")
    step = {"from_day": date(2027, 3, 1), "ratio": 2.0}
    grown = scenario(
        workload={"growth_per_month_frac": 0.05},
        outlook={"volume_steps": [step], "rent_change_per_year_frac": -0.2, "model_generations": True},
    )
    told = change_sentence(evaluate(grown, catalog))
    for words in ("+5% volume per month", "steps in volume", "prices per year", "newer models", "announced prices"):
        assert words in told


def test_a_fleet_that_volume_outgrows_sends_the_rest_to_an_api_and_says_from_when(catalog: Catalog) -> None:
    assert outgrown_sentence(evaluate(scenario(), catalog)) == ""
    few = scenario(workload={"growth_per_month_frac": 1.0}, hardware={"max_gpus": 8}, operations={"horizon_months": 12})
    found = evaluate(few, catalog)
    fleet = next(one for one in found.horizon.options if one.option.kind == "self_host")
    assert fleet.outgrown_month is not None
    assert f"from month {fleet.outgrown_month} on, an API takes what" in self_hosting_sentence(found)
    assert outgrown_sentence(found) == ""


def test_where_no_api_may_take_the_rest_what_volume_outgrows_has_no_total(catalog: Catalog) -> None:
    barred = {"requirements": ["air-gap"]}
    few = scenario(workload={"growth_per_month_frac": 1.0}, hardware={"max_gpus": 8}, compliance=barred)
    found = evaluate(few, catalog)
    lost = [option for option in found.allowed if found.horizon.of(option) is None]
    assert lost
    assert outgrown_sentence(found).startswith(f"{len(lost)} option")


def test_a_fleet_that_does_not_serve_within_the_horizon_is_not_praised(catalog: Catalog) -> None:
    found = evaluate(scenario(operations={"horizon_months": 12}, outlook={"hiring_weeks": 60}), catalog)
    assert self_hosting_sentence(found) == (
        "No self-hosted option serves within 12 months: hiring or delivery takes longer, and an API is paid until then."
    )
