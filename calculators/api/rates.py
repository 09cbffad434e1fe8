"""List prices of tokens: dated prices per million tokens of every provider, from genai-prices or pricing_data/api.

The four kinds of token are uncached input, cache read, cache write and output. Where a provider has length tiers, a
request whose input exceeds a tier's threshold pays that tier's price for every token.
"""

import difflib
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any

from genai_prices import data_snapshot
from genai_prices.types import ModelInfo, StartDateConstraint, TieredPrices, TimeOfDateConstraint

from calculators.catalog.base import Confidence, Source
from calculators.catalog.catalog import Catalog
from calculators.catalog.models import Model
from calculators.catalog.price_library import (
    library_model,
    library_models,
    own_model,
    seller_name,
)
from calculators.catalog.prices import ApiPrice, TokenPrices
from calculators.catalog.retirements import is_retired
from calculators.catalog.short_names import short_model_name
from calculators.errors import DataError
from calculators.units import DAYS_PER_MONTH, HOURS_PER_DAY

BATCH = {"processing": "batch"}
LIBRARY_CONFIDENCE: Confidence = "medium"


@dataclass(frozen=True, slots=True)
class ApiRates:
    """Prices in USD per million tokens for requests whose input exceeds `above_input_tok`."""

    above_input_tok: float
    input_usd_per_mtok: float
    output_usd_per_mtok: float
    cache_read_usd_per_mtok: float
    cache_write_usd_per_mtok: float


PRICES = ("input_usd_per_mtok", "cache_read_usd_per_mtok", "cache_write_usd_per_mtok", "output_usd_per_mtok")
"""Fields of `ApiRates` for the four kinds of token, in the order of a bill's parts."""


@dataclass(frozen=True, slots=True)
class ApiOffer:
    """One model of one provider, with where its prices come from."""

    provider: str
    provider_name: str
    model: str
    library: ModelInfo | None
    """The model in genai-prices; None where it lists none, or its price is corrected."""
    own_prices: tuple[ApiPrice, ...]
    """Prices of pricing_data/api. Before the first of them the library's hold, where it has any."""
    source: Source
    confidence: Confidence
    note: str | None = None
    context_tok: int | None = None
    """The context window that the seller publishes, or the open model's own where that is smaller. None: not known."""

    @property
    def is_yours(self) -> bool:
        """Whether the price is the user's own."""
        return self.source.kind == "quote"

    @property
    def label(self) -> str:
        """Model and provider in words, the model by its short name."""
        return f"{self.short_model} on {self.provider_name}"

    @property
    def short_model(self) -> str:
        """The model as people say it; `model` is the name in the price list."""
        return short_model_name(self.model)


VERSION = re.compile(r"(?<![\d.x])(\d{1,2})(?:[.p-](\d{1,2}))?(?![\dbkx])", re.IGNORECASE)
CLOSED_PROVIDERS = (
    *("openai", "anthropic", "google", "x-ai", "mistral", "aws"),
    *("deepseek", "cohere", "groq", "together", "fireworks"),
)
"""Providers to choose the current API from: makers of closed models first."""


def api_offer(
    provider: str, model: str, catalog: Catalog, day: date | None = None, note: str | None = None
) -> ApiOffer:
    """The offer with exactly this provider and model id, with the source of the price in force on `day`, or of its newest.
    Raises DataError where no price is listed for it."""
    own, library = own_model(catalog.api_providers, provider, model), library_model(provider, model)
    if own is not None:
        record = catalog.api_providers[provider]
        row = own.prices[-1] if day is None else _in_force(own.prices, library, day)
        return ApiOffer(
            provider=provider,
            provider_name=record.name,
            model=model,
            library=library,
            own_prices=own.prices,
            source=record.sources[row.source] if row else catalog.corrections_file.library,
            confidence=row.confidence if row else LIBRARY_CONFIDENCE,
            note=note or own.note,
            context_tok=own.context_tok or (library.context_window if library else None),
        )
    if library is None:
        raise DataError(_no_price(provider, model, catalog))
    right = catalog.library_correction(provider, model)
    corrected = catalog.corrections_file.sources[right.source] if right is not None else None
    return ApiOffer(
        provider=provider,
        provider_name=seller_name(provider),
        model=model,
        library=library if right is None else None,
        own_prices=() if right is None else (right,),
        source=corrected or catalog.corrections_file.library,
        confidence=LIBRARY_CONFIDENCE if right is None else right.confidence,
        note=note or (right.note if right is not None else None),
        context_tok=library.context_window,
    )


def text_models(provider: str, day: date, catalog: Catalog) -> list[str]:
    """Ids of the provider's current models with a price for text input and output, the newest version first. What the seller
    has stopped serving by `day` is none of them."""
    own = catalog.api_providers.get(provider)
    listed = {m.id for m in library_models(provider).values() if not m.deprecated} | {
        m.id for m in (own.models if own else ())
    }
    served = (id for id in listed if not is_retired(provider, id, day))
    ids = sorted(id for id in served if has_text_price(api_offer(provider, id, catalog), day))
    return sorted(ids, key=_version, reverse=True)


def has_text_price(offer: ApiOffer, day: date) -> bool:
    """Whether tokens of text in and out cost something on a day: models of images, sound or vectors lack one of the two."""
    first = api_rates(offer, day)[0]
    return first.input_usd_per_mtok > 0 and first.output_usd_per_mtok > 0


def _version(model: str) -> tuple[int, ...]:
    """The version in a model's id, as (5, 4) in gpt-5.4-mini; empty without one. Sizes (70b) and dates are none."""
    match = VERSION.search(model)
    return tuple(int(part) for part in match.groups() if part) if match else ()


def _no_price(provider: str, model: str, catalog: Catalog) -> str:
    """Error message for an unlisted provider or model, with the nearest names that are listed."""
    own = catalog.api_providers.get(provider)
    models = [*library_models(provider), *(m.id for m in (own.models if own else ()))]
    if not models:
        ids = [*catalog.api_providers, *(p.id for p in data_snapshot.get_snapshot().providers)]
        near = difflib.get_close_matches(provider, ids, n=5, cutoff=0.0)
        return f"no prices for provider {provider[:40]!r}. Similar providers: {', '.join(near)}."
    near = difflib.get_close_matches(model, models, n=8, cutoff=0.0)
    return f"no price for model {model[:60]!r} of provider {provider[:40]!r}. Its models include: {', '.join(near)}."


def hosted_offers(model: Model, day: date, catalog: Catalog) -> list[ApiOffer]:
    """Offers of every provider that hosts this open model, free tiers left out, since they guarantee no capacity."""
    offers = [api_offer(hosted.provider, hosted.model, catalog, day, hosted.note) for hosted in model.hosted]
    most_tok = model.published.window_tok
    return [
        replace(o, context_tok=min(o.context_tok or most_tok, most_tok))
        for o in offers
        if api_rates(o, day)[0].output_usd_per_mtok > 0
    ]


def api_rates(
    offer: ApiOffer, day: date, batch: bool = False, hourly_frac: tuple[float, ...] = ()
) -> tuple[ApiRates, ...]:
    """Prices on a day, one entry per length tier, shortest first. Where they differ by hour, means weighted with
    `hourly_frac` (24,), the share of tokens in each hour (UTC); without it, flat means over the day."""
    by_hour = rates_by_hour(offer, day, batch)
    return by_hour[0] if len(by_hour) == 1 else _mean_rates(by_hour, hourly_frac)


def rates_by_hour(offer: ApiOffer, day: date, batch: bool = False) -> tuple[tuple[ApiRates, ...], ...]:
    """Prices in each hour of a day (UTC), each as of `api_rates`; one entry where they are the same all day."""
    row = _in_force(offer.own_prices, offer.library, day)
    if row is not None:
        return (own_rates(row, batch),)
    return _library_rates_by_hour(offer.provider, offer.model, day, batch)


def _in_force(prices: Sequence[ApiPrice], library: ModelInfo | None, day: date) -> ApiPrice | None:
    """The entry that holds on a day. Before the first of them the library's price does (None), or without one the first."""
    past = [price for price in prices if price.valid_from <= day]
    if past:
        return past[-1]
    return None if library else prices[0]


@lru_cache(maxsize=20_000)
def _library_rates_by_hour(provider: str, model_id: str, day: date, batch: bool) -> tuple[tuple[ApiRates, ...], ...]:
    model = library_model(provider, model_id)
    assert model is not None

    def at(hour: int, minute: int = 0) -> tuple[ApiRates, ...]:
        return _library_rates(model, datetime(day.year, day.month, day.day, hour, minute, tzinfo=UTC), batch)

    if not _differs_by_hour(model):
        return (at(12),)
    by_hour = tuple(_mean_rates((at(hour), at(hour, 30)), ()) for hour in range(HOURS_PER_DAY))
    return by_hour if len(set(by_hour)) > 1 else by_hour[:1]


def own_rates(price: ApiPrice, batch: bool = False) -> tuple[ApiRates, ...]:
    """Prices of an entry of pricing_data/api, one for each length tier, shortest first."""
    starts = (0.0, *(float(tier.above_input_tok) for tier in price.tiers))
    return tuple(_of_prices(start, of, batch) for start, of in zip(starts, (price, *price.tiers), strict=True))


def _of_prices(above_input_tok: float, prices: TokenPrices, batch: bool) -> ApiRates:
    standard = (
        prices.input_usd_per_mtok,
        prices.output_usd_per_mtok,
        prices.cache_read_usd_per_mtok,
        prices.cache_write_usd_per_mtok,
    )
    if not batch:
        return _rates(above_input_tok, *standard)
    batched = (
        prices.batch_input_usd_per_mtok,
        prices.batch_output_usd_per_mtok,
        prices.batch_cache_read_usd_per_mtok,
        prices.batch_cache_write_usd_per_mtok,
    )
    input_usd, output_usd, *cached = (usd if of is None else of for usd, of in zip(standard, batched, strict=True))
    return _rates(above_input_tok, input_usd or 0.0, output_usd or 0.0, *cached)


def _known_or(usd: float | None, otherwise: float) -> float:
    return otherwise if usd is None else usd


def _rates(
    above_input_tok: float, input_usd: float, output_usd: float, read_usd: float | None, write_usd: float | None
) -> ApiRates:
    """Rates of one tier. A missing cache price means no discount: those tokens cost as much as other input."""
    return ApiRates(
        above_input_tok=above_input_tok,
        input_usd_per_mtok=input_usd,
        output_usd_per_mtok=output_usd,
        cache_read_usd_per_mtok=_known_or(read_usd, input_usd),
        cache_write_usd_per_mtok=_known_or(write_usd, input_usd),
    )


def _library_rates(model: ModelInfo, moment: datetime, batch: bool) -> tuple[ApiRates, ...]:
    price: Any = model.get_prices(moment, BATCH if batch else None)
    fields = ("input_mtok", "output_mtok", "cache_read_mtok", "cache_write_mtok")
    values = [getattr(price, field, None) for field in fields]
    starts = sorted({0, *(tier.start for value in values if isinstance(value, TieredPrices) for tier in value.tiers)})
    tiers = ([_at(value, start) for value in values] for start in starts)
    return tuple(
        _rates(start, input_usd or 0.0, output_usd or 0.0, read_usd, write_usd)
        for start, (input_usd, output_usd, read_usd, write_usd) in zip(starts, tiers, strict=True)
    )


def _at(value: Any, start: int) -> float | None:
    """The price for inputs longer than `start` tokens."""
    if not isinstance(value, TieredPrices):
        return None if value is None else float(value)
    past: list[Any] = [tier.price for tier in value.tiers if tier.start <= start and start > 0]
    return float(past[-1] if past else value.base)


@lru_cache(maxsize=20_000)
def _mean_rates(times: tuple[tuple[ApiRates, ...], ...], weights: tuple[float, ...]) -> tuple[ApiRates, ...]:
    """Prices of each tier, the mean over times; with equal weights where none are given."""
    weights = weights or (1.0,) * len(times)
    return tuple(
        ApiRates(
            above_input_tok=tier[0].above_input_tok,
            **{price: _mean([getattr(rate, price) for rate in tier], weights) for price in PRICES},
        )
        for tier in zip(*times, strict=True)
    )


def _mean(values: Sequence[float], weights: Sequence[float]) -> float:
    weighted = (value * weight for value, weight in zip(values, weights, strict=True))
    return min(max(sum(weighted) / sum(weights), min(values)), max(values))  # no rounding beyond either


def _differs_by_hour(model: ModelInfo) -> bool:
    return not hasattr(model.prices, "input_mtok") and any(
        isinstance(p.constraint, TimeOfDateConstraint) for p in model.prices
    )


def scheduled_changes(offer: ApiOffer, start: date, months: int) -> list[tuple[date, ApiRates]]:
    """Announced price changes within the horizon: the day and the rates of the first tier from that day on."""
    changes, before = [], api_rates(offer, start)
    end = start + timedelta(days=round(months * DAYS_PER_MONTH))
    for day in _dated_days(offer):
        if start < day <= end and (now := api_rates(offer, day)) != before:
            changes.append((day, now[0]))
            before = now
    return changes


def _dated_days(offer: ApiOffer) -> list[date]:
    """Every day from which another price may hold, ascending."""
    own = {price.valid_from for price in offer.own_prices}
    prices: Any = offer.library.prices if offer.library is not None else ()
    conditions = [price.constraint for price in (prices if isinstance(prices, list) else ())]
    return sorted(own | {c.start_date for c in conditions if isinstance(c, StartDateConstraint)})
