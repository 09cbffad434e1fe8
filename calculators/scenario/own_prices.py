"""Prices that the user typed, over the shipped data: they bind, and their source says whose they are."""

import difflib
import re
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date

from calculators.catalog.base import Source
from calculators.catalog.catalog import Catalog, alias_key
from calculators.catalog.price_library import library_sellers
from calculators.catalog.prices import ApiPrice, Rent
from calculators.catalog.private_offers import (
    PrivateCloud,
    PrivateModel,
    PrivateOffers,
    PrivateSeller,
    with_private_offers,
)
from calculators.errors import UnknownId
from calculators.scenario.schema import Scenario, label
from calculators.scenario.typed_prices import OwnApiPrice, OwnRent
from calculators.units import printable

TYPED = "typed"
EARLIEST = date(2020, 1, 1)
"""A typed price holds on every day that a scenario may ask for."""
_PRICES = tuple(name for name in OwnApiPrice.model_fields if name.endswith("_usd_per_mtok"))


def with_own_prices(scenario: Scenario, catalog: Catalog) -> Catalog:
    """The catalog with the prices that the scenario brings; itself where it brings none, or has been given them. Raises
    UnknownId for a seller, GPU cloud or GPU that nobody knows, with the nearest known name."""
    own: tuple[OwnApiPrice | OwnRent, ...] = (*scenario.api.own_prices, *scenario.hardware.own_rents)
    if not own or catalog.own_prices == own:
        return catalog
    sources = {f"{TYPED}-{n}": _source(price.source, scenario) for n, price in enumerate(own)}
    sellers, clouds = [], []
    for key, price in zip(sources, own, strict=True):
        if isinstance(price, OwnApiPrice):
            sellers.append(_seller(price, key, scenario, catalog))
        else:
            clouds.append(_cloud(price, key, scenario, catalog))
    offers = PrivateOffers(sources=sources, api=tuple(sellers), gpu_rents=tuple(clouds))
    return replace(with_private_offers(catalog, offers), own_prices=own)


def _source(written: str, scenario: Scenario) -> Source:
    title = "Your price" if written == TYPED else f"Your price: {written}"
    return Source(title=title, accessed=scenario.as_of, kind="quote")


def _seller(price: OwnApiPrice, key: str, scenario: Scenario, catalog: Catalog) -> PrivateSeller:
    known = {id: id for id in (*catalog.api_providers, *library_sellers())}
    id = _id_of(price.provider, price.is_new_seller, known, "api.own_prices", "seller")
    prices = {name: getattr(price, name) for name in _PRICES}
    row = ApiPrice(source=key, confidence="high", valid_from=EARLIEST, **prices)
    model = PrivateModel(id=price.model, prices=(row,), open_model=_open_model(id, price.model, catalog))
    return PrivateSeller(provider=id, name=price.provider if price.is_new_seller else None, models=(model,))


def _cloud(rent: OwnRent, key: str, scenario: Scenario, catalog: Catalog) -> PrivateCloud:
    known = {cloud.name: id for id, cloud in catalog.rent_providers.items() if not cloud.index}
    id = _id_of(rent.provider, rent.is_new_provider, known, "hardware.own_rents", "GPU cloud provider")
    row = Rent(
        source=key,
        confidence="high",
        gpu=_gpu(rent.gpu, catalog),
        instance=None,
        gpus_per_instance=rent.gpus_per_machine,
        region=rent.region,
        commitment=rent.commitment,
        usd_per_gpu_h=rent.rent_usd_per_gpu_h,
        seen=scenario.as_of,
    )
    return PrivateCloud(provider=id, name=rent.provider if rent.is_new_provider else None, rents=(row,))


def _gpu(written: str, catalog: Catalog) -> str:
    try:
        return catalog.gpu(written).id
    except UnknownId as error:
        raise UnknownId(f"{label('hardware.own_rents')}: {error}", "hardware.own_rents") from None


def _id_of(written: str, is_new: bool, known: Mapping[str, str], field: str, what: str) -> str:
    """The id of a seller by its id or name. A new one gets an id that no other has."""
    if is_new:
        id = re.sub(r"[^a-z0-9]+", "-", written.lower()).strip("-")[:50] or "seller"
        return f"your-{id}"
    ids = {alias_key(name): id for name, id in known.items()} | {alias_key(id): id for id in known.values()}
    if alias_key(written) in ids:
        return ids[alias_key(written)]
    name = printable(written, 60)
    raise UnknownId(
        f"{label(field)}: unknown {what} '{name}'{_nearest(written, ids)} If it is not in the data, say so, and it is taken as "
        "a new one.",
        field,
    )


def _nearest(written: str, names: Iterable[str]) -> str:
    near = difflib.get_close_matches(alias_key(written), list(names), n=1, cutoff=0.5)
    return f"; did you mean '{near[0]}'?" if near else "."


def _open_model(seller: str, model: str, catalog: Catalog) -> str | None:
    """The open model that a name at a seller means: by what the data say that it hosts, else by the name itself."""
    known = catalog.open_model(seller, model)
    return known.id if known else catalog.model_names.find(model)
