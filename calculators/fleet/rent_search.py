"""Which rows of the GPU price tables a scenario searches, and why the others are left out."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import lru_cache
from typing import Literal

from calculators.catalog.base import Confidence
from calculators.catalog.catalog import Catalog
from calculators.catalog.hardware import Gpu
from calculators.catalog.prices import Rent, RentProvider
from calculators.catalog.rent_history import STALE_DAYS, current_rents, is_fresh
from calculators.fleet.candidate_configs import searched_gpus
from calculators.scenario.schema import Hardware, Scenario
from calculators.units import listed

RentFilter = Literal["provider", "marketplace", "term", "confidence", "age"]
"""What the scenario asks of a price, by the input that does."""
Exclusion = Literal["gpu", "your_price", "index", "not_yet", "superseded", RentFilter]
"""Why a row is left out: also another GPU, a negotiated price, a market index, or the day of the row."""
TRUST: Mapping[Confidence, int] = {"low": 0, "medium": 1, "high": 2}
_LOWER: Mapping[Confidence, Confidence] = {"high": "medium", "medium": "low", "low": "low"}


@dataclass(frozen=True, slots=True)
class RentRow:
    """A row of the GPU price tables, as a scenario sees it."""

    provider: RentProvider
    rent: Rent
    excluded_by: tuple[Exclusion, ...]
    """Everything that leaves it out; empty where it is searched."""
    is_stale: bool
    """Older than `STALE_DAYS`: it counts only where nothing newer of its GPU is allowed and holds the configuration."""
    is_single_listing: bool
    """Whether only one listing shows a price of this provider for the GPU and term."""

    @property
    def is_searched(self) -> bool:
        return not self.excluded_by

    @property
    def confidence(self) -> Confidence:
        """Of the row; one level lower where it is stale."""
        return _LOWER[self.rent.confidence] if self.is_stale else self.rent.confidence


def rent_rows(gpu: Gpu, scenario: Scenario, catalog: Catalog) -> list[RentRow]:
    """Every row for a GPU, cheapest first, with what leaves it out of the scenario's search."""
    hardware, day = scenario.hardware, scenario.as_of
    is_negotiated = gpu.id in {catalog.gpu(name).id for name in hardware.rent_usd_per_gpu_h}
    yours: tuple[Exclusion, ...] = ("your_price",) if is_negotiated else ()
    return [
        replace(row, excluded_by=(*yours, *row.excluded_by, *failed)) if yours or failed else row
        for row in _dated_rows(catalog, gpu.id, day)
        for failed in (failed_filters(row.provider, row.rent, hardware, day),)
    ]


def every_rent_row(scenario: Scenario, catalog: Catalog) -> list[RentRow]:
    """Every row of the tables, by GPU and price; those of GPUs that the scenario does not search are left out for that."""
    searched = {gpu.id for gpu in searched_gpus(scenario.hardware, catalog)}
    by_gpu = ((gpu, rent_rows(gpu, scenario, catalog)) for gpu in catalog.gpus.values())
    return [
        row if gpu.id in searched else RentRow(row.provider, row.rent, ("gpu",), row.is_stale, row.is_single_listing)
        for gpu, rows in by_gpu
        for row in rows
    ]


def _order(row: RentRow) -> tuple[float, str, str, int, str]:
    """Cheapest first; a tie by what names the row, so that the order of files and rows changes nothing."""
    rent = row.rent
    return rent.usd_per_gpu_h, row.provider.provider, rent.instance or "", rent.gpus_per_instance, rent.region or ""


@lru_cache(maxsize=128)
def _dated_rows(catalog: Catalog, gpu_id: str, day: date) -> tuple[RentRow, ...]:
    """Every row for a GPU as it stands on a day, cheapest first, whatever the scenario filters."""
    every = (row for provider in catalog.rent_providers.values() for row in _dated_rows_of(provider, gpu_id, day))
    return tuple(sorted(every, key=_order))


def _dated_rows_of(provider: RentProvider, gpu_id: str, day: date) -> Iterator[RentRow]:
    rents = [rent for rent in provider.rents if rent.gpu == gpu_id]
    current = {id(rent) for rent in current_rents(rents, day)}
    shown = [(one.seen, one.commitment, provider.sources[one.source].listing) for one in rents if one.seen <= day]
    for rent in rents:
        excluded: list[Exclusion] = ["index"] if provider.index else []
        if rent.seen > day:
            excluded.append("not_yet")
        elif id(rent) not in current:
            excluded.append("superseded")
        since = rent.seen - timedelta(days=STALE_DAYS)
        beside = {listing for seen, term, listing in shown if term == rent.commitment and seen >= since}
        yield RentRow(
            provider=provider,
            rent=rent,
            excluded_by=tuple(excluded),
            is_stale=not is_own_quote(provider, rent) and not is_fresh(rent, day),
            is_single_listing=len(beside) == 1 and not is_own_quote(provider, rent),
        )


def no_offer_words(gpu: Gpu, scenario: Scenario, catalog: Catalog) -> str:
    """Why no price of a GPU is searched: what the price that fails fewest of the scenario's filters fails."""
    rows = (
        failed_filters(row.provider, row.rent, scenario.hardware, scenario.as_of)
        for row in _dated_rows(catalog, gpu.id, scenario.as_of)
        if not row.excluded_by
    )
    fewest = min(rows, key=len, default=None)
    if fewest is None:
        return "no provider in the price tables rents out this GPU"
    return f"no offer for this GPU passes the chosen {listed([_FILTER_WORDS[name] for name in fewest])}"


_FILTER_WORDS: Mapping[RentFilter, str] = {
    "provider": "providers",
    "marketplace": "marketplaces",
    "term": "commitment terms",
    "confidence": "price confidence",
    "age": "price age",
}


def is_own_quote(provider: RentProvider, rent: Rent) -> bool:
    """Whether a price is the user's own, by contract or quote: it binds at any age."""
    return provider.sources[rent.source].kind == "quote"


def failed_filters(provider: RentProvider, rent: Rent, hardware: Hardware, day: date) -> tuple[RentFilter, ...]:
    """The filters of the scenario that a row does not pass."""
    passed: Mapping[RentFilter, bool] = {
        "provider": not hardware.rent_providers or provider.provider in hardware.rent_providers,
        "marketplace": hardware.include_marketplaces or not provider.marketplace,
        "term": rent.commitment in hardware.commitments,
        "confidence": TRUST[rent.confidence] >= TRUST[hardware.min_confidence],
        "age": is_own_quote(provider, rent) or (day - rent.seen).days <= hardware.max_rent_age_days,
    }
    return tuple(name for name, is_passed in passed.items() if not is_passed)
