"""Which rows of the price tables a scenario searches, and what leaves the others out."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from support import BASE

from calculators.catalog.catalog import Catalog
from calculators.fleet.machine_offers import machine_offers
from calculators.fleet.rent_search import RentRow, every_rent_row, rent_rows
from calculators.scenario.schema import Scenario, parse_scenario

SEEN = date(2026, 11, 1)


def _asked(**hardware: Any) -> Scenario:
    return parse_scenario({**BASE, "hardware": hardware})


def _left_out(catalog: Catalog, asked: Scenario) -> dict[tuple[str, float], tuple[str, ...]]:
    rows = rent_rows(catalog.gpu("h100-sxm"), asked, catalog)
    return {(row.provider.name, row.rent.usd_per_gpu_h): row.excluded_by for row in rows}


def test_every_row_has_all_its_reasons(catalog: Catalog) -> None:
    assert _left_out(catalog, _asked(rent_providers=["eights"])) == {
        ("An index nobody can rent from", 0.5): ("index", "provider"),
        ("Market place", 1.0): ("provider", "marketplace"),
        ("Singles", 1.5): ("provider", "confidence"),
        ("Singles", 1.6): ("provider", "age"),
        ("Eights", 2.0): (),
        ("Singles", 2.0): ("provider", "term"),
        ("Singles", 3.0): ("provider",),
    }


def test_a_negotiated_price_and_another_gpu_leave_rows_out(catalog: Catalog) -> None:
    asked = _asked(gpus=["h100-sxm"], rent_usd_per_gpu_h={"h100-sxm": 2.5})
    rows = every_rent_row(asked, catalog)
    assert {row.excluded_by[0] for row in rows if row.rent.gpu == "h100-sxm"} == {"your_price"}
    assert {row.excluded_by for row in rows if row.rent.gpu == "l40s"} == {("gpu",)}
    assert len(rows) == sum(len(provider.rents) for provider in catalog.rent_providers.values())


@pytest.mark.parametrize(("days", "stale", "confidence"), [(180, False, "high"), (181, True, "medium")])
def test_a_stale_price_is_trusted_one_level_less(catalog: Catalog, days: int, stale: bool, confidence: str) -> None:
    asked = _asked().model_copy(update={"as_of": SEEN + timedelta(days=days)})
    offers = machine_offers(catalog.gpu("h100-sxm"), asked, catalog)
    assert {(offer.is_stale, offer.confidence) for offer in offers} == {(stale, confidence)}


def _with(catalog: Catalog, row: RentRow, **changes: Any) -> Catalog:
    """The catalog with another row of the same provider."""
    source = row.provider.sources[row.rent.source]
    provider = row.provider.model_copy(
        update={
            "rents": (*row.provider.rents, row.rent.model_copy(update={"source": "new", **changes})),
            "sources": {**row.provider.sources, "new": source.model_copy(update={"title": "Another listing"})},
        }
    )
    return replace(catalog, rent_providers={**catalog.rent_providers, provider.provider: provider})


def test_a_newer_row_is_searched_and_the_older_is_history(catalog: Catalog) -> None:
    [eights] = [
        row for row in rent_rows(catalog.gpu("h100-sxm"), _asked(rent_providers=["eights"]), catalog) if row.is_searched
    ]
    newer = _with(catalog, eights, usd_per_gpu_h=9.0, seen=SEEN + timedelta(days=1))
    reasons = _left_out(newer, _asked())
    assert reasons["Eights", 2.0] == ("superseded",)
    assert reasons["Eights", 9.0] == ()
    earlier = _asked().model_copy(update={"as_of": SEEN})
    assert _left_out(newer, earlier)["Eights", 9.0] == ("not_yet",)
    assert _left_out(newer, earlier)["Eights", 2.0] == ()


def test_a_price_that_two_publishers_show_is_no_single_listing(catalog: Catalog) -> None:
    gpu, asked = catalog.gpu("h100-sxm"), _asked(rent_providers=["eights"])
    [eights] = [row for row in rent_rows(gpu, asked, catalog) if row.is_searched]
    [offer] = machine_offers(gpu, asked, catalog)
    assert (eights.is_single_listing, offer.trust_words) == (True, "high confidence, one listing")
    long_ago = _with(catalog, eights, seen=SEEN - timedelta(days=181))
    recently = _with(catalog, eights, seen=SEEN - timedelta(days=180))
    alone = [
        [row.is_single_listing for row in rent_rows(gpu, asked, c) if row.is_searched] for c in (long_ago, recently)
    ]
    assert alone == [[True], [False]]


def test_a_price_of_your_own_binds_at_any_age(catalog: Catalog) -> None:
    row = next(one for one in rent_rows(catalog.gpu("h100-sxm"), _asked(), catalog) if one.rent.usd_per_gpu_h == 2.0)
    provider = row.provider
    quoted = {key: source.model_copy(update={"kind": "quote"}) for key, source in provider.sources.items()}
    old = provider.rents[0].model_copy(update={"seen": SEEN - timedelta(days=900)})
    yours = provider.model_copy(update={"sources": quoted, "rents": (old,)})
    known = replace(catalog, rent_providers={**catalog.rent_providers, provider.provider: yours})
    again = next(one for one in rent_rows(catalog.gpu("h100-sxm"), _asked(), known) if one.provider is yours)
    assert (again.is_searched, again.is_stale, again.is_single_listing, again.confidence) == (
        True,
        False,
        False,
        "high",
    )
