"""Which GPU prices are current on a day, and which are history: a newer row takes the place of an older one."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from typing import TypeVar

from calculators.catalog.prices import Rent, RentProvider

STALE_DAYS = 180
"""Older prices are marked, and taken only where nothing newer holds the configuration: rents moved by half within six months of 2026."""
VAGUE_REGIONS = (None, "global", "any")
"""What a list says that names no region."""
_Rent = TypeVar("_Rent", bound=Rent)


def current_rents(rents: Iterable[_Rent], day: date) -> list[_Rent]:
    """The rows of one provider that are current on a day, in the order given: of those seen by then, the newest one of each
    machine, region and term.

    A newer row that names no machine, or no specific region, takes the place of every older one of the same GPU, machine size
    and term. Of several rows of one machine, region, term and day the dearest is current: a cheaper one may have a condition.
    Neither the order of rows nor rows seen after the day change anything.
    """
    seen = [rent for rent in rents if rent.seen <= day]
    groups = defaultdict[tuple[str, int, str], list[_Rent]](list)
    for rent in seen:
        groups[_sold_as(rent)].append(rent)
    return [rent for rent in seen if not any(_takes_place_of(other, rent) for other in groups[_sold_as(rent)])]


def _sold_as(rent: Rent) -> tuple[str, int, str]:
    return rent.gpu, rent.gpus_per_instance, rent.commitment


def _takes_place_of(one: Rent, other: Rent) -> bool:
    """Whether `one` makes `other` history; both are of the same GPU, machine size and term."""
    is_same = (one.instance, one.region) == (other.instance, other.region)
    if one.seen != other.seen:
        names_all = one.instance is None or one.region in VAGUE_REGIONS
        return one.seen > other.seen and (is_same or names_all)
    return is_same and one.usd_per_gpu_h > other.usd_per_gpu_h


def price_points(providers: Iterable[RentProvider], gpu_id: str, day: date) -> Iterator[tuple[date, Sequence[float]]]:
    """On-demand prices of a GPU over time: each day on which a price was seen, with the current prices in USD per GPU-hour of
    that day that are not stale, one for each provider (its lowest), ascending. Market indices and marketplaces are left out."""
    sold = [provider for provider in providers if not provider.index and not provider.marketplace]
    rows = {p.provider: [r for r in p.rents if r.gpu == gpu_id and r.commitment == "on_demand"] for p in sold}
    days = sorted({rent.seen for rents in rows.values() for rent in rents if rent.seen <= day})
    for each in days:
        lowest = (
            min((r.usd_per_gpu_h for r in current_rents(rents, each) if is_fresh(r, each)), default=None)
            for rents in rows.values()
        )
        yield each, sorted(usd for usd in lowest if usd is not None)


def is_fresh(rent: Rent, day: date) -> bool:
    """Whether a row is no older than `STALE_DAYS` on a day."""
    return (day - rent.seen).days <= STALE_DAYS
