"""How old the data are: ages of the current rents and token prices, and providers that nobody has looked at for long."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from statistics import median

from calculators.catalog.catalog import Catalog
from calculators.catalog.rent_history import STALE_DAYS, current_rents


@dataclass(frozen=True, slots=True)
class Ages:
    """Of one kind of price, each at its newest row."""

    count: int
    median_days: float
    stale_count: int
    """Older than `STALE_DAYS`."""


def rent_ages(catalog: Catalog, today: date) -> Ages:
    """Ages of the rents that are current on a day; market indices left out."""
    sold = [provider for provider in catalog.rent_providers.values() if not provider.index]
    return _ages([(today - rent.seen).days for provider in sold for rent in current_rents(provider.rents, today)])


def token_ages(catalog: Catalog, today: date) -> Ages:
    """Ages of the newest price of every model in the data's own price files."""
    models = [model for provider in catalog.api_providers.values() for model in provider.models]
    days = [
        max(price.valid_from for price in model.prices if price.valid_from <= today or price is model.prices[0])
        for model in models
    ]
    return _ages([max(0, (today - day).days) for day in days])


def _ages(days: Sequence[int]) -> Ages:
    return Ages(len(days), median(days) if days else 0, sum(day > STALE_DAYS for day in days))


def forgotten_providers(catalog: Catalog, today: date) -> tuple[str, ...]:
    """Names of providers without a rent of the last `STALE_DAYS` days."""
    providers = [provider for provider in catalog.rent_providers.values() if not provider.index]
    return tuple(p.name for p in providers if all((today - rent.seen).days > STALE_DAYS for rent in p.rents))
