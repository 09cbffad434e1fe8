"""Where the filters of a scenario leave no GPU price at all: which filter does, and what would help."""

from collections.abc import Mapping
from dataclasses import dataclass

from calculators.catalog.base import COMMITMENT_MONTHS
from calculators.catalog.catalog import Catalog
from calculators.fleet.rent_search import TRUST, RentFilter, RentRow, every_rent_row
from calculators.scenario.schema import Hardware, Scenario
from calculators.units import MONTHS_PER_YEAR, count, listed, plural

_NO_ROWS = ("gpu", "your_price", "index", "not_yet", "superseded")


@dataclass(frozen=True, slots=True)
class RentGap:
    """No GPU price passes the filters of a scenario."""

    rows_count: int
    """Current prices of the searched GPUs."""
    filters: tuple[RentFilter, ...]
    """The filters that keep out the price that fails fewest of them."""
    why: str
    """The values of these filters, as a clause."""
    remedy: str
    """Values with which a price passes, as a clause that asks for them."""

    @property
    def words(self) -> str:
        """The gap as sentences."""
        return (
            f"Renting GPUs is not compared: none of {plural(self.rows_count, 'GPU price')} passes your filters ({self.why}). "
            f"{self.remedy[0].upper()}{self.remedy[1:]} on the Candidates page."
        )


def rent_gap(scenario: Scenario, catalog: Catalog) -> RentGap | None:
    """What leaves no price of the searched GPUs; None where there is one, a negotiated one, or none at all to begin with."""
    every = every_rent_row(scenario, catalog)
    rows = [row for row in every if not any(reason in _NO_ROWS for reason in row.excluded_by)]
    if not rows or scenario.hardware.rent_usd_per_gpu_h or any(row.is_searched for row in rows):
        return None
    least = min(len(row.excluded_by) for row in rows)
    nearest = [row for row in rows if len(row.excluded_by) == least]
    best = max(nearest, key=_appeal)
    alike = [row for row in nearest if row.excluded_by == best.excluded_by]
    filters = tuple(name for name in _WHY if name in best.excluded_by)
    return RentGap(
        rows_count=len(rows),
        filters=filters,
        why=listed([_why(name, scenario.hardware, catalog) for name in filters]),
        remedy=listed([_remedy(name, best, alike, scenario) for name in filters]),
    )


_WHY: Mapping[RentFilter, str] = {
    "provider": "GPU cloud providers: only {}",
    "marketplace": "marketplaces are left out",
    "term": "commitment terms: {}",
    "confidence": "minimum price confidence: {}",
    "age": "maximum age: {}",
}


def _appeal(row: RentRow) -> tuple[bool, int, float]:
    """What a user would allow first: on demand, trusted, cheap."""
    return row.rent.commitment == "on_demand", TRUST[row.rent.confidence], -row.rent.usd_per_gpu_h


def _why(name: RentFilter, hardware: Hardware, catalog: Catalog) -> str:
    values: Mapping[RentFilter, str] = {
        "provider": listed([catalog.rent_providers[id].name for id in hardware.rent_providers]),
        "marketplace": "",
        "term": listed([_term(term) for term in hardware.commitments]) if hardware.commitments else "none is selected",
        "confidence": hardware.min_confidence,
        "age": plural(hardware.max_rent_age_days, "day"),
    }
    return _WHY[name].format(values[name])


def _remedy(name: RentFilter, best: RentRow, alike: list[RentRow], scenario: Scenario) -> str:
    days = min((scenario.as_of - row.rent.seen).days for row in alike)
    words: Mapping[RentFilter, str] = {
        "provider": f"allow the GPU cloud provider {best.provider.name}",
        "marketplace": "include marketplaces",
        "term": f"allow the commitment term {_term(best.rent.commitment)}",
        "confidence": f"lower the minimum price confidence to {best.rent.confidence}",
        "age": f"allow GPU prices of up to {count(days)} days old",
    }
    return words[name]


def _term(commitment: str) -> str:
    months = COMMITMENT_MONTHS.get(commitment)
    return plural(months / MONTHS_PER_YEAR, "year") if months is not None else commitment.replace("_", " ")
