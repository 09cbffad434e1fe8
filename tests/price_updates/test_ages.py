"""How old the data are."""

from dataclasses import replace
from datetime import date

from calculators.catalog.catalog import Catalog
from calculators.price_updates.ages import Ages, forgotten_providers, rent_ages, token_ages


def test_ages_are_of_the_newest_row_and_indices_are_left_out(catalog: Catalog) -> None:
    """Eight rows on 2026-11-01 and one machine of four of 2025-01-01; a second row of the same machine is history."""
    assert rent_ages(catalog, date(2026, 11, 11)) == Ages(8, 10, 1)
    assert rent_ages(catalog, date(2027, 11, 11)) == Ages(8, 375, 8)
    singles = catalog.rent_providers["singles"]
    older = singles.rents[0].model_copy(update={"seen": date(2026, 1, 1)})
    more = singles.model_copy(update={"rents": (*singles.rents, older)})
    again = replace(catalog, rent_providers={**catalog.rent_providers, "singles": more})
    assert rent_ages(again, date(2026, 11, 11)) == Ages(8, 10, 1)


def test_a_price_announced_for_later_has_no_age_yet(catalog: Catalog) -> None:
    assert token_ages(catalog, date(2026, 1, 11)) == Ages(6, 10, 0)
    assert token_ages(catalog, date(2026, 12, 1)).stale_count == 5


def test_providers_without_a_recent_rent_are_named(catalog: Catalog) -> None:
    assert forgotten_providers(catalog, date(2026, 11, 11)) == ()
    assert forgotten_providers(catalog, date(2027, 11, 11)) == ("Eights", "Market place", "Singles")
