"""What the user knows of a purchase, over the rules of thumb: it binds, and its source says whose it is."""

from dataclasses import replace
from functools import lru_cache

from calculators.catalog.base import Range, Source
from calculators.catalog.catalog import Catalog
from calculators.catalog.prices import Ownership, Server
from calculators.errors import UnknownId
from calculators.scenario.own_prices import TYPED
from calculators.scenario.schema import Scenario, label
from calculators.scenario.typed_prices import Purchase
from calculators.units import HOURS_PER_MONTH

RESIDUAL_YEARS = range(1, 7)
NOTHING_TYPED = Purchase()


def with_own_purchase(scenario: Scenario, catalog: Catalog) -> Catalog:
    """The catalog with what the scenario says of a purchase; itself where it says nothing, or has been given it. Raises UnknownId for a GPU that nobody
    knows."""
    purchase = scenario.hardware.purchase
    if purchase in (NOTHING_TYPED, catalog.own_purchase):
        return catalog
    return _with_purchase(purchase, catalog)


@lru_cache(maxsize=64)
def _with_purchase(purchase: Purchase, catalog: Catalog) -> Catalog:
    """Remembered, so that what follows from one catalog does too."""
    ownership, rules = catalog.ownership, catalog.outlook
    day = max(source.accessed for source in ownership.sources.values())
    sources = {TYPED: Source(title="Your figure", accessed=day, kind="quote")}
    outlook = {
        "installation_frac": purchase.installation_frac,
        "maintenance_frac_per_year": purchase.maintenance_frac_per_year,
        "lease_frac_per_year": purchase.lease_frac_per_year,
    }
    return replace(
        catalog,
        own_purchase=purchase,
        ownership=ownership.model_copy(update={**_owning(purchase, catalog), "sources": ownership.sources | sources}),
        outlook=rules.model_copy(
            update={
                **{name: _typed(value, getattr(rules, name)) for name, value in outlook.items() if value is not None},
                "sources": rules.sources | sources,
            }
        ),
    )


def _owning(purchase: Purchase, catalog: Catalog) -> dict[str, object]:
    """The fields of `Ownership` that the user's figures replace."""
    ownership = catalog.ownership
    figures = {
        "network_and_spares_frac": purchase.network_and_spares_frac,
        "colocation_usd_per_kw_month": _space_usd_per_kw_month(purchase, ownership),
        "depreciation_years": purchase.life_years,
    }
    fields: dict[str, object] = {
        name: _typed(value, getattr(ownership, name)) for name, value in figures.items() if value is not None
    }
    if purchase.residual_3y_frac is not None:
        first = next(iter(ownership.residual_frac_by_year.values()))
        fields["residual_frac_by_year"] = {
            year: _typed(purchase.residual_3y_frac ** (year / 3), first) for year in RESIDUAL_YEARS
        }
    if purchase.servers:
        like = next(iter(ownership.server_usd_per_gpu.values()))
        mine = {_gpu(one.gpu, catalog): one for one in purchase.servers}
        prices = {gpu: _typed(one.usd_per_server / one.gpus_per_server, like) for gpu, one in mine.items()}
        servers = {
            gpu: Server(
                source=TYPED,
                confidence="high",
                gpus_count=one.gpus_per_server,
                name=f"{one.gpus_per_server}-GPU server",
            )
            for gpu, one in mine.items()
        }
        fields["server_usd_per_gpu"] = ownership.server_usd_per_gpu | prices
        fields["servers"] = ownership.servers | servers
    return fields


def _space_usd_per_kw_month(purchase: Purchase, ownership: Ownership) -> float | None:
    """Price of a kW for a month: of colocation, or of the electricity that it and its cooling take all month."""
    if purchase.electricity_usd_per_kwh is None:
        return purchase.colocation_usd_per_kw_month
    pue = ownership.pue_ratio.central if purchase.pue_ratio is None else purchase.pue_ratio
    return purchase.electricity_usd_per_kwh * pue * HOURS_PER_MONTH


def _typed(value: float, like: Range) -> Range:
    return Range(
        source=TYPED, confidence="high", low=value, central=value, high=value, unit=like.unit, what="your figure"
    )


def _gpu(written: str, catalog: Catalog) -> str:
    try:
        return catalog.gpu(written).id
    except UnknownId as error:
        raise UnknownId(f"{label('hardware.purchase')}: {error}", "hardware.purchase") from None
