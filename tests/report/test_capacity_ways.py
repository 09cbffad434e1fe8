"""The ways to hold the capacity: each by its own cheapest fleet, spot with what interruptions cost, a lease with its interest."""

from dataclasses import replace
from typing import Any

import pytest
from support import scenario

from calculators.catalog.catalog import Catalog
from calculators.evaluate import Evaluation, evaluate
from calculators.horizon.finance import lease_usd_per_month
from calculators.report.capacity_ways import CapacityWay, capacity_ways, ways_sentence

HELD = {"gpu": "h100-sxm", "gpus_count": 8, "gpus_per_machine": 1, "usd_per_gpu_h": 2.0, "paid_until": "2029-01-01"}


def _found(catalog: Catalog, months: int = 24, **hardware: Any) -> Evaluation:
    api = {"provider": "openai", "model": "gpt-5.4"} if "min_confidence" in hardware else {}
    return evaluate(scenario(operations={"horizon_months": months}, hardware=hardware, api=api), catalog)


def _ways(found: Evaluation, catalog: Catalog) -> dict[str, CapacityWay]:
    return {way.name: way for way in capacity_ways(found, catalog)}


def test_on_demand_is_what_the_evaluation_says_of_it(catalog: Catalog) -> None:
    found = _found(catalog)
    way = _ways(found, catalog)["On demand"]
    assert found.build is not None
    assert way.usd_per_month == pytest.approx(found.build.usd_per_month)
    assert way.tco_usd == pytest.approx(24 * found.build.usd_per_month)
    assert way.committed_months == 0


def test_a_way_that_nobody_sells_says_so(catalog: Catalog) -> None:
    ways = _ways(_found(catalog, rent_usd_per_gpu_h={}, rent_providers=["singles"]), catalog)
    unsold = [way for way in ways.values() if way.tco_usd is None]
    assert unsold
    assert all(
        way.fleet in ("no listed price of this term serves it", "no purchase price of a GPU that serves it is known")
        for way in unsold
    )


def test_the_lowest_total_comes_first_and_is_told_against_on_demand(catalog: Catalog) -> None:
    found = _found(catalog)
    ways = capacity_ways(found, catalog)
    totals = [way.tco_usd for way in ways if way.tco_usd is not None]
    assert totals == sorted(totals)
    sentence = ways_sentence(ways, 24)
    assert sentence.startswith(f"{ways[0].name} has the lowest total over 24 months: $")
    spot = replace(ways[0], name="Spot", tco_usd=(ways[0].tco_usd or 0.0) - 5_000)
    assert ways_sentence([spot, *ways], 24) == (
        f"{sentence} Spot machines would cost $5k less, but can be taken back at any time."
    )
    assert ways_sentence([replace(ways[0], tco_usd=None)], 24) == "No way to hold the capacity has a price."


def test_a_lease_costs_more_than_the_purchase_by_its_interest(catalog: Catalog) -> None:
    ways = _ways(_found(catalog, 36), catalog)
    bought, leased = ways["Bought"], ways["Leased"]
    assert bought.tco_usd is not None
    assert leased.tco_usd is not None
    assert leased.tco_usd > bought.tco_usd
    assert "interest of 9% a year" in leased.note
    paid = 36 * lease_usd_per_month(100_000, 0.09, 36, 30_000)
    assert 0 < paid - 70_000 < 0.09 * 3 * 100_000


def test_gpus_that_are_already_there_are_a_way_of_their_own(catalog: Catalog) -> None:
    ways = _ways(_found(catalog, existing_gpus=[HELD]), catalog)
    mine, on_demand = ways["GPUs you already have, the rest on demand"], ways["On demand"]
    assert mine.tco_usd is not None
    assert on_demand.tco_usd is not None
    assert mine.tco_usd < on_demand.tco_usd
    assert "that you already have" in mine.fleet or "of them yours" in mine.fleet


def test_a_commitment_that_outlasts_the_horizon_is_counted_to_its_end(live_catalog: Catalog) -> None:
    asked = {"gpus": ["h100-sxm"], "rent_usd_per_gpu_h": {}, "min_confidence": "low"}
    short, whole = (
        _ways(_found(live_catalog, months, **asked), live_catalog)["Reserved for 1 year"] for months in (6, 12)
    )
    assert short.tco_usd is not None
    assert whole.tco_usd is not None
    assert "6 months of the last term are left after the horizon" in short.note
    assert short.tco_usd > whole.tco_usd / 2


def test_a_dedicated_endpoint_is_operated_by_its_provider(live_catalog: Catalog) -> None:
    """Its staffing is that of a hosted model, so that it costs more GPUs and fewer people."""
    way = _ways(_found(live_catalog, min_confidence="medium", gpus=[], rent_usd_per_gpu_h={}), live_catalog)[
        "Dedicated endpoint"
    ]
    assert way.tco_usd is not None
    assert way.usd_per_month is not None
    assert "operated by the provider" in way.note
    assert " at " in way.fleet
    assert "negotiated" not in way.fleet


def test_every_way_with_a_price_names_what_it_rests_on_with_source_and_day(live_catalog: Catalog) -> None:
    ways = _ways(_found(live_catalog, gpus=["h100-sxm"], rent_usd_per_gpu_h={}, min_confidence="low"), live_catalog)
    for way in ways.values():
        assert bool(way.rests_on) is (way.tco_usd is not None)
        assert all(row.source is not None and row.confidence is not None for row in way.rests_on)
    rests_on = {name: [row.what for row in way.rests_on] for name, way in ways.items()}
    assert rests_on["Spot"] == ["GPU price", "interruptions per hour", "cold start"]
    assert rests_on["Leased"] == [*rests_on["Bought"], "interest of a lease"]
    endpoint = ways["Dedicated endpoint"].rests_on[0]
    assert endpoint.source is not None
    assert endpoint.source.url is not None
    assert (endpoint.basis, endpoint.why in ways["Dedicated endpoint"].fleet) == ("list price", True)


def test_your_own_prices_are_marked_as_yours_and_your_interest_is_the_one_that_is_paid(catalog: Catalog) -> None:
    ways = _ways(_found(catalog), catalog)
    [rent] = ways["On demand"].rests_on
    assert (rent.used, rent.basis, rent.confidence) == ("$2.50/GPU-hour", "your figure", None)
    typed = _ways(_found(catalog, purchase={"lease_frac_per_year": 0.2}), catalog)["Leased"]
    assert "interest of 20% a year" in typed.note
    assert typed.rests_on[-1].basis == "your figure"
    assert typed.tco_usd is not None
    assert ways["Leased"].tco_usd is not None
    assert typed.tco_usd > ways["Leased"].tco_usd


def test_a_team_by_role_runs_every_fleet_but_a_dedicated_endpoint(catalog: Catalog) -> None:
    """Its provider operates that one, at the staffing of a hosted model; the others have a fee of 0.1 x 240,000 for the hire."""
    role = {"name": "SRE", "fte": 1, "hires_fte": 1}
    plain, team = (
        _ways(evaluate(scenario(operations=asked, outlook={"hiring_cost_frac": 0.1}), catalog), catalog)
        for asked in ({}, {"roles": [role]})
    )
    assert team["Dedicated endpoint"].tco_usd == plain["Dedicated endpoint"].tco_usd
    assert team["On demand"].tco_usd == pytest.approx(plain["On demand"].tco_usd + 24_000)
