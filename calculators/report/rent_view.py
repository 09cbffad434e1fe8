"""GPU prices as the page *Prices and profiles* shows them: what a scenario searches, and how prices moved."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from statistics import median

from calculators.catalog.catalog import Catalog
from calculators.catalog.rent_history import STALE_DAYS, price_points
from calculators.fleet.rent_search import Exclusion, RentRow, every_rent_row
from calculators.scenario.schema import Scenario
from calculators.units import plural, signed_percent, usd

SEARCHED = "searched"
FALLBACK = f"older than {STALE_DAYS} days: only where nothing newer holds the replica"
LEFT_OUT_WORDS: Mapping[Exclusion, str] = {
    "gpu": "GPU not compared",
    "your_price": "your negotiated price counts instead",
    "index": "market index, not for rent",
    "not_yet": "seen after the day of your scenario",
    "superseded": "history: a newer price is listed",
    "provider": "GPU cloud provider not selected",
    "marketplace": "marketplaces are left out",
    "term": "commitment term not selected",
    "confidence": "below the minimum price confidence",
    "age": "above the maximum age",
}
"""Why a row is left out, in the order in which a row is counted."""


@dataclass(frozen=True, slots=True)
class PricePoint:
    """Prices of a GPU on one day in USD per GPU-hour, one for each provider."""

    day: date
    low_usd_per_gpu_h: float
    median_usd_per_gpu_h: float
    high_usd_per_gpu_h: float
    providers_count: int


def listed_rents(scenario: Scenario, catalog: Catalog) -> list[RentRow]:
    """Every GPU price as a scenario sees it, by the GPU's name and price."""
    rows = every_rent_row(scenario, catalog)
    return sorted(rows, key=lambda row: (catalog.gpus[row.rent.gpu].name, row.rent.usd_per_gpu_h))


def use_words(row: RentRow) -> str:
    """What a scenario does with a row: searches it, or why not."""
    if row.is_searched:
        return FALLBACK if row.is_stale else SEARCHED
    return LEFT_OUT_WORDS[row.excluded_by[0]]


def search_counts(rows: Sequence[RentRow]) -> list[tuple[str, int]]:
    """Rows that are searched, and those that are left out by the first reason; each row counts once. Reasons without a row
    are left out."""
    counted = Counter(use_words(row) for row in rows)
    return [(words, counted[words]) for words in (SEARCHED, FALLBACK, *LEFT_OUT_WORDS.values()) if counted[words]]


def search_sentence(rows: Sequence[RentRow]) -> str:
    """How many of all rows the scenario searches."""
    newer = sum(row.is_searched and not row.is_stale for row in rows)
    older = sum(row.is_searched and row.is_stale for row in rows)
    also = f", and {older} older ones where nothing newer holds the replica" if older else ""
    return f"Your scenario searches {newer} of {plural(len(rows), 'GPU price')}{also}."


def price_history(gpu_id: str, day: date, catalog: Catalog) -> list[PricePoint]:
    """On-demand prices of a GPU over time, up to a day: of each provider the lowest that was current and not stale."""
    return [
        PricePoint(seen, prices[0], median(prices), prices[-1], len(prices))
        for seen, prices in price_points(catalog.rent_providers.values(), gpu_id, day)
    ]


def history_takeaway(name: str, points: Sequence[PricePoint]) -> str:
    """What the history of a GPU's price shows, in a sentence: the last day, against the first one with at least half as many
    providers, since a median of few others says nothing of a change."""
    if not points:
        return f"{name}: no on-demand price is listed."
    last = points[-1]
    first = next(point for point in points if 2 * point.providers_count >= last.providers_count)
    now = (
        f"{name}: the median provider asked {usd(last.median_usd_per_gpu_h)}/GPU-hour on {last.day} "
        f"({plural(last.providers_count, 'provider')}, {usd(last.low_usd_per_gpu_h)} to {usd(last.high_usd_per_gpu_h)})"
    )
    if first is last:
        return f"{now}; no earlier day has half as many providers to compare with."
    change = last.median_usd_per_gpu_h / first.median_usd_per_gpu_h - 1
    then = f"{usd(first.median_usd_per_gpu_h)} on {first.day} ({plural(first.providers_count, 'provider')})"
    return f"{now}, {signed_percent(change)} against {then}."
