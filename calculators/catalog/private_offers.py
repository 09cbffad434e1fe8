"""Prices of one's own over the shipped data: of a company, in one file for everybody, or of one scenario.

They bind: the seller's own list price of the same thing is not used any more, and their source says whose they are.
"""

import difflib
from collections.abc import Collection, Mapping
from dataclasses import replace

from pydantic import Field

from calculators.catalog.base import Id, Record, Source, SourcedFile
from calculators.catalog.catalog import Catalog
from calculators.catalog.models import Hosted, Model
from calculators.catalog.price_library import library_sellers, seller_name
from calculators.catalog.prices import ApiModel, ApiProvider, Rent, RentProvider
from calculators.errors import UnknownId

OWN_SOURCE = "private: "
"""Before the key of a source, so that it never is one of the seller's data file."""


class PrivateModel(ApiModel):
    """A model at your price."""

    open_model: Id | None = None
    """The open model that it is, where the data do not say so."""


class PrivateSeller(Record):
    """What a seller charges you for tokens."""

    provider: Id
    name: str | None = None
    """Of a seller that is not in the data."""
    models: tuple[PrivateModel, ...] = Field(min_length=1)


class PrivateCloud(Record):
    """What a GPU cloud charges you."""

    provider: Id
    name: str | None = None
    rents: tuple[Rent, ...] = Field(min_length=1)


class PrivateOffers(SourcedFile):
    """Your own prices, with where they come from."""

    api: tuple[PrivateSeller, ...] = ()
    gpu_rents: tuple[PrivateCloud, ...] = ()


def with_private_offers(catalog: Catalog, offers: PrivateOffers) -> Catalog:
    """The catalog with these prices in place of the list prices of the same model, or of the same GPU and term. Raises
    UnknownId for a seller, GPU cloud, GPU or open model that the data do not hold, with the nearest that they do."""
    _check(catalog, offers)
    sources = {f"{OWN_SOURCE}{key}": source for key, source in offers.sources.items()}
    sellers, clouds = dict(catalog.api_providers), dict(catalog.rent_providers)
    for seller in offers.api:
        sellers[seller.provider] = _seller(sellers.get(seller.provider), seller, sources)
    for cloud in offers.gpu_rents:
        clouds[cloud.provider] = _cloud(clouds.get(cloud.provider), cloud, sources)
    return replace(catalog, api_providers=sellers, rent_providers=clouds, models=_hosted(catalog, offers))


def _check(catalog: Catalog, offers: PrivateOffers) -> None:
    for seller in offers.api:
        known = (*catalog.api_providers, *library_sellers())
        _check_known(seller.provider, seller.name, known, "seller")
    for cloud in offers.gpu_rents:
        _check_known(cloud.provider, cloud.name, catalog.rent_providers, "GPU cloud provider")
        for rent in cloud.rents:
            catalog.gpu(rent.gpu)


def _check_known(id: str, name: str | None, known: Collection[str], what: str) -> None:
    if id not in known and name is None:
        near = difflib.get_close_matches(id, known, n=1, cutoff=0.5)
        hint = f"did you mean '{near[0]}'? " if near else ""
        raise UnknownId(f"unknown {what} '{id}'; {hint}A new one needs a 'name'.")


def _seller(known: ApiProvider | None, private: PrivateSeller, sources: Mapping[str, Source]) -> ApiProvider:
    ids = {model.id for model in private.models}
    kept = tuple(model for model in (known.models if known else ()) if model.id not in ids)
    contexts = {model.id: model.context_tok for model in (known.models if known else ())}
    own = tuple(
        ApiModel(
            id=model.id,
            prices=tuple(price.model_copy(update={"source": f"{OWN_SOURCE}{price.source}"}) for price in model.prices),
            context_tok=model.context_tok or contexts.get(model.id),
            note=model.note,
        )
        for model in private.models
    )
    name = private.name or (known.name if known else seller_name(private.provider))
    return ApiProvider(
        provider=private.provider, name=name, models=kept + own, sources={**(known.sources if known else {}), **sources}
    )


def _cloud(known: RentProvider | None, private: PrivateCloud, sources: Mapping[str, Source]) -> RentProvider:
    own = tuple(rent.model_copy(update={"source": f"{OWN_SOURCE}{rent.source}"}) for rent in private.rents)
    priced = {(rent.gpu, rent.commitment) for rent in own}
    kept = tuple(rent for rent in (known.rents if known else ()) if (rent.gpu, rent.commitment) not in priced)
    name = private.name or (known.name if known else private.provider)
    return RentProvider(
        provider=private.provider, name=name, rents=own + kept, sources={**(known.sources if known else {}), **sources}
    )


def _hosted(catalog: Catalog, offers: PrivateOffers) -> Mapping[str, Model]:
    """Open models with the sellers that host them at your price."""
    models = dict(catalog.models)
    for seller in offers.api:
        for private in (one for one in seller.models if one.open_model is not None):
            model = catalog.model(str(private.open_model))
            hosted, new = models[model.id].hosted, Hosted(provider=seller.provider, model=private.id)
            is_known = any((one.provider, one.model) == (new.provider, new.model) for one in hosted)
            models[model.id] = model.model_copy(update={"hosted": hosted if is_known else (*hosted, new)})
    return models
