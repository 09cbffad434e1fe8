"""How old the data are."""

from datetime import date

from calculators.catalog.catalog import Catalog
from calculators.price_updates.ages import Ages, forgotten_providers, rent_ages, token_ages


def test_ages_are_of_the_newest_row_and_indices_are_left_out(catalog: Catalog) -> None:
    """Singles has H100s on demand of 2026-11-01 and 2025-01-01: one machine, the newer counts."""
    assert rent_ages(catalog, date(2026, 11, 11)) == Ages(6, 10, 0)
    assert rent_ages(catalog, date(2027, 11, 11)) == Ages(6, 375, 6)


def test_a_price_announced_for_later_has_no_age_yet(catalog: Catalog) -> None:
    assert token_ages(catalog, date(2026, 1, 11)) == Ages(6, 10, 0)
    assert token_ages(catalog, date(2026, 12, 1)).stale_count == 5


def test_providers_without_a_recent_rent_are_named(catalog: Catalog) -> None:
    assert forgotten_providers(catalog, date(2026, 11, 11)) == ()
    assert forgotten_providers(catalog, date(2027, 11, 11)) == ("Eights", "Market place", "Singles")
