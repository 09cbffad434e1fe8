"""What an update would append: published prices that are new or changed, or confirm one that grows old, held against the
data and against their peers."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from statistics import median

from calculators.api.rates import PRICES, ApiOffer, ApiRates, api_offer, api_rates, hosted_offers, own_rates
from calculators.catalog.catalog import Catalog
from calculators.catalog.price_library import (
    library_model,
    library_models,
    own_model,
    price_library_version,
)
from calculators.catalog.prices import ApiModel, ApiPrice, Rent
from calculators.catalog.rent_history import current_rents
from calculators.compliance.residency import jurisdiction
from calculators.price_updates.gpu_names import machine_key
from calculators.price_updates.published import HeldBack, Publication, PublishedRent, PublishedTokens
from calculators.units import plural

MOST_CHANGE_RATIO = 2.0
"""A price that moved by more, or that is as far from the median of its peers, is held back for a person."""
SAME_RATIO = 1.001
"""Prices within this factor are the same: lists round in different places."""
CONFIRM_AFTER_DAYS = 30
"""A price that still holds is written again once its last entry is as old."""


@dataclass(frozen=True, slots=True)
class TokenChange:
    """A token price to append."""

    published: PublishedTokens
    before: ApiRates | None
    """None: the data hold no price of this model at this seller."""
    is_confirmed: bool
    """Whether the price is the same as before."""


@dataclass(frozen=True, slots=True)
class RentChange:
    """A rent to append."""

    published: PublishedRent
    before: Rent | None
    is_confirmed: bool


@dataclass(frozen=True, slots=True)
class Changes:
    """What is to be appended from one publication, and what is held back."""

    publication: Publication
    tokens: tuple[TokenChange, ...]
    rents: tuple[RentChange, ...]
    held: tuple[HeldBack, ...]


def changes_of(publication: Publication, day: date, accepted: Iterable[str], catalog: Catalog) -> Changes:
    """The prices of a publication to append on `day`. Names in `accepted` are written although they would be held back for
    their size."""
    is_installed = publication.source.title == price_library_version()
    news = (_token_change(one, day, catalog) for one in (() if is_installed else publication.tokens))
    kept = _kept(publication.rents)
    moved = (_rent_change(one, catalog) for one in kept)
    tokens = [(change, _token_doubt(change, day, catalog)) for change in news if change]
    rents = [(change, _rent_doubt(change, day, catalog, kept)) for change in moved if change]
    names = frozenset(accepted)
    held = [
        *publication.held,
        *(HeldBack(c.published.name, _words(c.published), why) for c, why in tokens if _is_held(c, why, names)),
        *(HeldBack(c.published.name, _rent_words(c), why) for c, why in rents if _is_held(c, why, names)),
    ]
    return Changes(
        publication,
        tuple(change for change, why in tokens if not _is_held(change, why, names)),
        tuple(change for change, why in rents if not _is_held(change, why, names)),
        tuple(held),
    )


def _is_held(change: TokenChange | RentChange, why: str, accepted: frozenset[str]) -> bool:
    """Whether a person has to look first; nobody can accept what is no price."""
    is_sound = isinstance(change, RentChange) or not change.published.problem
    return bool(why) and not (is_sound and change.published.name in accepted)


def _rent_words(change: RentChange) -> str:
    return f"${change.published.rent.usd_per_gpu_h:.4g} per GPU-hour"


# --- tokens --------------------------------------------------------------------------------------------------------------


def _token_change(published: PublishedTokens, day: date, catalog: Catalog) -> TokenChange | None:
    """None where the data say the same or have a price of that day or a later one, or do not list the model: a new model of a
    known seller needs a person, who knows which open model it is. New models of the price library's sellers are taken: they are closed ones to choose from."""
    provider, model = published.provider, published.model
    own, library = own_model(catalog.api_providers, provider, model), library_model(provider, model)
    if own is None and library is None:
        return TokenChange(published, None, False) if library_models(provider) and not published.problem else None
    offer = api_offer(provider, model, catalog)
    before = api_rates(offer, day)[0]
    if library is not None and _says(published, replace(offer, own_prices=())):
        return None  # what the installed library says is no news, even where a row of ours corrects it
    since = _newest_day(own, day)
    newer_days = (published.prices[0].valid_from - since).days if since and published.prices else None
    if newer_days is not None and newer_days <= 0:
        return None
    if not _says(published, offer):
        return TokenChange(published, before, False)
    is_old = newer_days is not None and newer_days >= CONFIRM_AFTER_DAYS
    return TokenChange(published, before, True) if is_old else None


def _newest_day(own: ApiModel | None, day: date) -> date | None:
    """Of the rows of ours that hold by a day; None without one."""
    return max((price.valid_from for price in own.prices if price.valid_from <= day), default=None) if own else None


def _says(published: PublishedTokens, offer: ApiOffer) -> bool:
    """Whether an offer has the same prices on every day that is published."""
    return bool(published.prices) and all(_is_known(price, offer) for price in published.prices)


def _is_known(price: ApiPrice, offer: ApiOffer) -> bool:
    day = price.valid_from
    return _are_same(price, api_rates(offer, day), api_rates(offer, day, batch=True))


def _are_same(price: ApiPrice, rates: Sequence[ApiRates], batch: Sequence[ApiRates]) -> bool:
    pairs = [(own_rates(price), rates), (own_rates(price, batch=True), batch)]
    return all(len(new) == len(old) and all(map(_same_rates, new, old)) for new, old in (map(_steps, p) for p in pairs))


def _steps(rates: Sequence[ApiRates]) -> list[ApiRates]:
    """Without the length tiers that cost what the one below costs."""
    below = [None, *rates[:-1]]
    return [rate for rate, last in zip(rates, below, strict=True) if last is None or not _same_prices(rate, last)]


def _same_rates(new: ApiRates, old: ApiRates) -> bool:
    return new.above_input_tok == old.above_input_tok and _same_prices(new, old)


def _same_prices(one: ApiRates, other: ApiRates) -> bool:
    return all(_ratio(getattr(one, kind), getattr(other, kind)) <= SAME_RATIO for kind in PRICES)


def _ratio(one: float, other: float) -> float:
    """The factor between two prices, at least 1; infinite between something and nothing."""
    low, high = sorted((one, other))
    return 1.0 if low == high else high / low if low > 0 else float("inf")


def _token_doubt(change: TokenChange, day: date, catalog: Catalog) -> str:
    """Why a person has to look at a price before it is used; empty where none has to."""
    if change.published.problem:
        return change.published.problem
    new, old = own_rates(change.published.prices[0])[0], change.before
    if change.is_confirmed:
        return ""
    for since, was, now in _moves(change.published, day, catalog) if old else ():
        for kind in PRICES:
            usd = getattr(was, kind), getattr(now, kind)
            if _ratio(*usd) > MOST_CHANGE_RATIO:
                return f"{_kind(kind)} was ${usd[0]:.4g}, {since} ${usd[1]:.4g}: more than {MOST_CHANGE_RATIO:.0f}x"
    peers = _peers(change.published, day, catalog)
    for kind in ("input_usd_per_mtok", "output_usd_per_mtok") if peers else ():
        middle, now = median(getattr(peer, kind) for peer in peers), getattr(new, kind)
        if _leaves_peers(now, getattr(old, kind) if old else None, middle):
            return (
                f"{_kind(kind)} ${now:.4g}, against a median of ${middle:.4g} at {plural(len(peers), 'other seller')}"
            )
    return ""


def _moves(published: PublishedTokens, day: date, catalog: Catalog) -> Iterator[tuple[str, ApiRates, ApiRates]]:
    """From when, and the rates before and after, of each step to a published price: standard and batch, each length tier that
    both have, announced changes after the one before."""
    offer = api_offer(published.provider, published.model, catalog)
    for batch in (False, True):
        before = api_rates(offer, day, batch)
        for price in published.prices:
            after = own_rates(price, batch)
            since = "now" if price.valid_from <= day else f"from {price.valid_from} on"
            of_before = {rates.above_input_tok: rates for rates in before}
            shared = (
                (of_before[rates.above_input_tok], rates) for rates in after if rates.above_input_tok in of_before
            )
            yield from ((since + (" in the batch API" if batch else ""), *pair) for pair in shared)
            before = after


def _leaves_peers(now: float, before: float | None, middle: float) -> bool:
    """Whether a price is far from the median of its peers and was not before: who was always dear has been looked at."""
    was_far = before is not None and _ratio(before, middle) > MOST_CHANGE_RATIO
    return _ratio(now, middle) > MOST_CHANGE_RATIO and not was_far


def _peers(published: PublishedTokens, day: date, catalog: Catalog) -> list[ApiRates]:
    """Prices of the same open model at other sellers."""
    model = catalog.open_model(published.provider, published.model)
    offers = hosted_offers(model, day, catalog) if model else []
    return [api_rates(offer, day)[0] for offer in offers if offer.provider != published.provider]


def _kind(field: str) -> str:
    return field.removesuffix("_usd_per_mtok").replace("_", " ")


def _words(published: PublishedTokens) -> str:
    if not published.prices:
        return "no price"
    price = published.prices[0]
    return f"${price.input_usd_per_mtok:.4g} input, ${price.output_usd_per_mtok:.4g} output per million tokens"


# --- rents ---------------------------------------------------------------------------------------------------------------


def _kept(rents: Iterable[PublishedRent]) -> list[PublishedRent]:
    """Of each machine and term the cheapest in every jurisdiction: price lists repeat it for dozens of zones."""
    cheapest: dict[tuple[object, ...], PublishedRent] = {}
    for one in sorted(rents, key=lambda one: (one.rent.usd_per_gpu_h, one.name)):
        where = jurisdiction(one.rent.region) or one.rent.region
        cheapest.setdefault((*_machine(one.provider, one.rent), where, one.rent.seen), one)
    return list(cheapest.values())


def _machine(provider: str, rent: Rent) -> tuple[object, ...]:
    instance = machine_key(rent.instance) if rent.instance else None
    return provider, rent.gpu, instance, rent.gpus_per_instance, rent.commitment


def _rent_change(published: PublishedRent, catalog: Catalog) -> RentChange | None:
    """None where the data hold a row of that day or a later one, or the same price of late."""
    rent = published.rent
    known = catalog.rent_providers.get(published.provider)
    rows = known.rents if known else ()
    if rent not in current_rents((*rows, rent), max(one.seen for one in (*rows, rent))):
        return None  # a newer row takes its place
    same = [one for one in rows if _is_same_machine(published.provider, one, rent)]
    before = max(same, key=lambda one: one.seen, default=None)
    if before is None:
        return RentChange(published, None, False)
    is_confirmed = _ratio(before.usd_per_gpu_h, rent.usd_per_gpu_h) <= SAME_RATIO
    if rent.seen <= before.seen or (is_confirmed and (rent.seen - before.seen).days < CONFIRM_AFTER_DAYS):
        return None
    return RentChange(published, before, is_confirmed)


def _is_same_machine(provider: str, one: Rent, other: Rent) -> bool:
    """In the same jurisdiction, or the same region."""
    places = {jurisdiction(rent.region) or rent.region for rent in (one, other)}
    return _machine(provider, one) == _machine(provider, other) and len(places) == 1


def _rent_doubt(change: RentChange, day: date, catalog: Catalog, published: Sequence[PublishedRent]) -> str:
    rent, before = change.published.rent, change.before
    if change.is_confirmed:
        return ""
    if before is not None and _ratio(rent.usd_per_gpu_h, before.usd_per_gpu_h) > MOST_CHANGE_RATIO:
        return f"was ${before.usd_per_gpu_h:.4g} on {before.seen}: more than {MOST_CHANGE_RATIO:.0f}x"
    peers = _rents_elsewhere(change.published, day, catalog) or _published_elsewhere(change.published, published)
    middle = median(peers) if peers else rent.usd_per_gpu_h
    if _leaves_peers(rent.usd_per_gpu_h, before.usd_per_gpu_h if before else None, middle):
        return f"against a median of ${middle:.4g} at {plural(len(peers), 'other provider')}"
    return ""


def _rents_elsewhere(published: PublishedRent, day: date, catalog: Catalog) -> list[float]:
    """Of every other provider the lowest current rent of the GPU for the same term."""
    gpu, term = published.rent.gpu, published.rent.commitment
    others = (one for one in catalog.rent_providers.values() if not one.index and one.provider != published.provider)
    rents = ([r for r in current_rents(one.rents, day) if (r.gpu, r.commitment) == (gpu, term)] for one in others)
    return [min(rent.usd_per_gpu_h for rent in current) for current in rents if current]


def _published_elsewhere(one: PublishedRent, published: Sequence[PublishedRent]) -> list[float]:
    """Of every other provider the lowest rent in the same list, for a GPU that the data do not hold yet: a sixth of a GPU is
    sold under the GPU's name."""
    lowest: dict[str, float] = {}
    for other in published:
        if other.provider != one.provider and _is_alike(other.rent, one.rent):
            lowest[other.provider] = min(lowest.get(other.provider, other.rent.usd_per_gpu_h), other.rent.usd_per_gpu_h)
    return list(lowest.values())


def _is_alike(one: Rent, other: Rent) -> bool:
    return (one.gpu, one.commitment) == (other.gpu, other.commitment)
