"""Caveats of terms: spot, commitments beyond the horizon, what servers sell for."""

from dataclasses import replace

import pytest
from options_by_hand import hand_made_build
from signals_by_name import listed_notes, run
from support import scenario

from calculators.catalog.catalog import Catalog
from calculators.decision.term_caveats import term_caveats
from calculators.scenario.inputs import Inputs
from calculators.units import plural


def test_spot_may_be_taken_back() -> None:
    notes = listed_notes(hardware={"commitments": ["spot"]})
    assert "are spot: the provider may take them back at any time" in notes
    assert "No availability is assumed for them." in notes
    assert "spot" not in listed_notes()


@pytest.mark.parametrize(("horizon_months", "is_warned"), [(6, True), (35, True), (36, False), (48, False)])
def test_a_commitment_longer_than_the_horizon_is_warned_of(horizon_months: int, is_warned: bool) -> None:
    notes = listed_notes(hardware={"commitments": ["3y"]}, operations={"horizon_months": horizon_months})
    words = f"a commitment of 36 months, longer than your horizon of {plural(horizon_months, 'month')}"
    assert (words in notes) is is_warned


def test_the_rent_beyond_the_horizon_is_counted_by_hand(catalog: Catalog) -> None:
    """$12,000 a month for 36 months less 6: $360k."""
    build, _ = hand_made_build(catalog, 12_000, 1_000)
    assert build.plan is not None
    committed = replace(build, plan=replace(build.plan, offer=replace(build.plan.offer, commitment="3y")))
    inputs = Inputs.of(scenario(operations={"horizon_months": 6}), catalog)
    notes = " ".join(term_caveats(committed.plan, inputs))
    assert "The rent of $360k for the 30 months after your horizon is counted." in notes


@pytest.mark.parametrize(("horizon_months", "worth"), [(12, "62%"), (36, "30%")])
def test_servers_are_sold_at_the_end_of_the_horizon(horizon_months: int, worth: str) -> None:
    """For 62.5% after a year and 30% after three."""
    hardware = {"commitments": ["5y"], "include_owned": True}
    notes = listed_notes(hardware=hardware, operations={"horizon_months": horizon_months})
    assert f"sold at the end of your horizon of {horizon_months} months; one bought today then brings {worth}" in notes
    assert "of its price (low confidence)" in notes


@pytest.mark.parametrize(("months", "told"), [(12, False), (13, True), (24, True)])
def test_a_commitment_that_outlasts_the_horizon_is_told_with_what_leaving_would_cost(months: int, told: bool) -> None:
    found = run(api={"committed_usd_per_month": 1_000, "committed_months": months}, operations={"horizon_months": 12})
    left = [note for note in found.caveats if "beyond your horizon" in note]
    assert bool(left) is told
    if months == 24:
        assert "12 months beyond your horizon" in left[0]
        assert "up to $12k" in left[0]
