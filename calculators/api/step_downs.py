"""Cheaper models of the maker in use, at the same seller: the newest of the same size, and those of smaller sizes."""

from collections.abc import Collection, Iterator, Mapping
from datetime import date
from functools import lru_cache

from calculators.api.rates import api_offer, has_text_price
from calculators.catalog.catalog import Catalog
from calculators.catalog.line_ups import line_up_name, place_in_line_up
from calculators.catalog.price_library import library_models
from calculators.catalog.retirements import is_retired
from calculators.catalog.short_names import BEDROCK


def step_downs(provider: str, model: str, day: date, catalog: Catalog) -> tuple[str, ...]:
    """Ids of what the seller of a closed model sells of the same maker: the newest model of the same size, unless it is
    that already, then the newest one of each smaller size, as of pricing_data/line_ups.yaml. Empty for an unlisted model."""
    place = place_in_line_up(model)
    if place is None:
        return ()
    line_up, at = place
    smaller = (next(_sold(size.models, provider, model, day, catalog), None) for size in line_up.sizes[at + 1 :])
    steps = (superseded_by(provider, model, day, catalog), *smaller)
    return tuple(id for id in steps if id is not None)


def superseded_by(provider: str, model: str, day: date, catalog: Catalog) -> str | None:
    """The newest model of the same maker and size at this seller; None where the model is that, or is not listed."""
    place = place_in_line_up(model)
    if place is None:
        return None
    same = place[0].sizes[place[1]].models
    return next(_sold(same[: same.index(line_up_name(model))], provider, model, day, catalog), None)


def _sold(names: Collection[str], provider: str, like: str, day: date, catalog: Catalog) -> Iterator[str]:
    """Ids under which the seller sells text models of these names on a day. Of several routes to one model, that of the model
    in use first."""
    own = catalog.api_providers.get(provider)
    sold = _ids_by_name(provider, tuple(model.id for model in own.models) if own else ())
    route = _route(like)
    for name in names:
        for id in sorted(sold.get(name, ()), key=lambda id: _route(id) != route):
            if not is_retired(provider, id, day) and has_text_price(api_offer(provider, id, catalog), day):
                yield id


def _route(model: str) -> str | None:
    """The place in an id, on clouds that name one."""
    match = BEDROCK.match(model.lower())
    return match["place"] if match else None


@lru_cache(maxsize=64)
def _ids_by_name(provider: str, own: tuple[str, ...]) -> Mapping[str, tuple[str, ...]]:
    """Ids of a seller's models by their name in line-ups; deprecated ones are left out."""
    ids = dict.fromkeys([*own, *(m.id for m in library_models(provider).values() if not m.deprecated)])
    by_name: dict[str, list[str]] = {}
    for id in ids:
        by_name.setdefault(line_up_name(id), []).append(id)
    return {name: tuple(each) for name, each in by_name.items()}
