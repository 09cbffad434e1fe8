"""What is said of a mix of terms: why each machine is on its term, and what is assumed."""

from dataclasses import replace

import numpy as np
import pytest
from mix_by_hand import MONTHLY_USD, hours_by_hand, on_term, terms_by_hand
from support import scenario

from calculators.catalog.catalog import Catalog
from calculators.fleet.capacity_mix import ApiPrices, CapacityMix, MixQuestion, capacity_mix
from calculators.fleet.capacity_terms import term_prices
from calculators.fleet.fleet_schedule import fleet_schedules
from calculators.fleet.load_by_hour import LoadMonths, load_week
from calculators.report.mix_text import (
    break_even_frac,
    mix_headline,
    mix_notes,
    mix_rows,
    schedule_rows,
    week_sentence,
)
from calculators.scenario.inputs import Inputs

API = ApiPrices("llama on testhost", 10_000, 5_000)


def _mix(asked: MixQuestion) -> CapacityMix:
    mix = capacity_mix(asked)
    assert mix is not None
    return mix


def _golden(catalog: Catalog, **changes: object) -> CapacityMix:
    """As of the golden case of the mix: two reserved, one on demand, the API on top."""
    prices = {name: usd for name, usd in MONTHLY_USD.items() if name != "spot"}
    hours = hours_by_hand([730, 500, 200, 10], [1, 0.4, 0.05, 0.001, 0])
    return _mix(replace(MixQuestion(hours, terms_by_hand(catalog, prices), API), **changes))


def test_each_term_has_its_hours_and_its_reason(catalog: Catalog) -> None:
    rows = mix_rows(_golden(catalog, beside_usd_per_month=100.0), catalog.outlook)
    assert [(row.term, row.machines, row.gpus, row.on_h) for row in rows] == [
        ("3-year reserved", 2, 2, "500 to 730"),
        ("on demand", 1, 1, "200"),
        ("API overflow", None, None, ""),
        ("staffing and tooling", None, None, ""),
    ]
    assert [row.reason for row in rows[:3]] == [
        "2 machines are needed in 68% to 100% of the hours: above 60% of the hours a 3-year term costs less than on demand.",
        "1 machine is needed in 27% of the hours: below 60% of the hours on demand at $2 an hour costs less than 3-year reserved.",
        "0.1% of requests exceed the machines: one machine more would be needed in 1.4% of the hours, and cost more than the API bills.",
    ]


def test_the_headline_compares_with_the_best_single_term(catalog: Catalog) -> None:
    mix = _golden(catalog)
    assert (
        mix_headline(mix, mix) == "The cheapest mix costs $2.16k/month, $718 (25%) less than on-demand machines alone."
    )
    even = _mix(MixQuestion(hours_by_hand([730], [1, 0]), terms_by_hand(catalog, {"on_demand": 1_460})))
    assert mix_headline(even, None) == "No mix costs clearly less than on-demand machines alone: $1.46k/month."
    bought = _golden(catalog, beside_usd_per_month=9_000.0)
    assert bought.shares == ()
    own = _golden(catalog, beside_usd_per_month=9_000.0, api=None)
    assert mix_headline(own, bought) == (
        "Llama on testhost for everything costs $10k/month, less than any machines: the cheapest mix of these costs $11.2k/month."
    )


def test_a_break_even_is_the_price_over_that_of_all_hours(catalog: Catalog) -> None:
    terms = terms_by_hand(catalog, MONTHLY_USD)
    asked = MixQuestion(hours_by_hand([730], [1, 0]), terms)
    assert [break_even_frac(term, asked) for term in terms.committed] == pytest.approx([0.6, 0.8])
    without = replace(asked, terms=replace(terms, on_demand=None))
    assert break_even_frac(terms.committed[0], without) == np.inf


def test_spot_says_what_stands_in(catalog: Catalog) -> None:
    hours = hours_by_hand([730, 500, 200], [1, 0.4, 0.05, 0])
    mix = _mix(MixQuestion(hours, terms_by_hand(catalog, MONTHLY_USD), spot_covered_count=1))
    [spot] = [row for row in mix_rows(mix, catalog.outlook) if row.term == "spot"]
    assert spot.reason.startswith(
        "1 machine is needed in 68% of the hours: spot costs less than on demand, and a spare"
    )


def test_a_server_that_would_be_mostly_idle_is_named(catalog: Catalog) -> None:
    stairs = [on_term(catalog, "owned", 4_000, size=8), on_term(catalog, "on_demand", 1_460)]
    terms = term_prices(stairs, 1, 48)
    assert terms is not None
    [row] = mix_rows(_mix(MixQuestion(hours_by_hand([730, 700], [1, 0.4, 0]), terms)), catalog.outlook)
    assert "costs less than a purchased machine in place of 8 of these" in row.reason


def test_a_shorter_term_is_for_a_volume_that_falls(catalog: Catalog) -> None:
    terms = terms_by_hand(catalog, {name: MONTHLY_USD[name] for name in ("3y", "1y", "on_demand")})
    kept = np.array([[876.0, 876.0], [1_168.0, 368.0]])
    asked = MixQuestion(hours_by_hand([730, 730], [1, 0.5, 0]), terms, mixed_usd=kept)
    rows = mix_rows(_mix(asked), catalog.outlook)
    assert [row.term for row in rows] == ["3-year reserved", "1-year reserved"]
    assert "needed for part of the horizon, a 1-year term costs less there than a longer one" in rows[1].reason


def test_notes_tell_start_up_and_spares(catalog: Catalog) -> None:
    inputs = Inputs.of(scenario(), catalog)
    notes = " ".join(mix_notes(_golden(catalog), inputs))
    assert "10 minutes before they are needed" in notes
    assert "spare" not in notes
    steady = _mix(MixQuestion(hours_by_hand([730], [1, 0]), terms_by_hand(catalog, MONTHLY_USD, spares=1)))
    text = " ".join(mix_notes(steady, inputs))
    assert "minutes" not in text
    assert "1 spare replica runs whenever a machine does." in text


def test_the_week_says_what_is_assumed() -> None:
    workload = scenario().workload
    assert "Which hours are busy is assumed" in week_sentence(load_week(workload), workload)
    known = scenario(workload={"hourly_frac": tuple([1 / 24] * 24)}).workload
    assert "have the shares of your log" in week_sentence(load_week(known), known)


def test_schedules_say_what_they_save(catalog: Catalog) -> None:
    asked = scenario()
    hours = hours_by_hand([730, 100], [1, 0.1, 0])
    rows = schedule_rows(fleet_schedules(hours, asked.workload, 2.0, 0.0), Inputs.of(asked, catalog))
    assert [row.name for row in rows] == ["Fixed", "Scheduled by hour of day", "Autoscaled", "Scale to zero"]
    assert [row.machines for row in rows][0::2] == ["2", "1 to 2"]
    assert rows[2].usd_per_month == pytest.approx(1_660)
    assert "43% less than fixed" in rows[2].why
    assert rows[3].why == "No hour is without requests, so nothing is saved against autoscaling."
    assert schedule_rows((), Inputs.of(asked, catalog)) == ()


def test_costs_say_over_which_months_they_are_means(catalog: Catalog) -> None:
    months = LoadMonths(np.linspace(1, 2, 12), np.ones(12), np.linspace(1, 0.9, 12), np.ones(12))
    mix = _golden(catalog, hours=replace(hours_by_hand([730, 500, 200, 10], [1, 0.4, 0.05, 0.001, 0]), months=months))
    assert "/month on average over 12 months" in mix_headline(mix, mix)
    [note] = [one for one in mix_notes(mix, Inputs.of(scenario(), catalog)) if one.startswith("Costs are means")]
    assert "volume +100% by its last month and GPU rents \u221210% by its last month" in note
    assert "API" not in note
    assert "on average" not in mix_headline(_golden(catalog), None)
