"""What an API charges: dated list prices from genai-prices or pricing_data/api, applied to four kinds of token.

The four kinds are uncached input, cache read, cache write and output. A request's price depends on its whole input
where the seller has length tiers: above the threshold every token of the request costs the higher rate, so a bill is
summed over the length distribution and never taken from the mean.
"""

import difflib
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache, lru_cache
from typing import Any

import numpy as np
from genai_prices import data_snapshot
from genai_prices.types import ModelInfo, TieredPrices, TimeOfDateConstraint

from calculators.catalog.base import Confidence, Source
from calculators.catalog.catalog import Catalog
from calculators.catalog.models import Model
from calculators.catalog.price_library import library_model, library_models, own_model, price_library_version
from calculators.catalog.prices import ApiPrice
from calculators.errors import DataError
from calculators.scenario.demand import Demand
from calculators.units import TOK_PER_MTOK, count

BATCH = {"processing": "batch"}
LIBRARY_DATE = date(2026, 11, 11)  # upload of genai-prices 0.2.3, the day its prices are known to have held


@dataclass(frozen=True, slots=True)
class ApiRates:
    """Prices per million tokens for requests whose input is longer than `above_input_tok`."""

    above_input_tok: float
    input_usd_per_mtok: float
    output_usd_per_mtok: float
    cache_read_usd_per_mtok: float
    cache_write_usd_per_mtok: float


PARTS = ("input_usd_per_mtok", "cache_read_usd_per_mtok", "cache_write_usd_per_mtok", "output_usd_per_mtok")
"""Prices of `ApiRates` for the four kinds of token, in the order of a bill's parts."""


@dataclass(frozen=True, slots=True)
class ApiOffer:
    """One model at one seller. `library` is None when the price is our own record."""

    provider: str
    provider_name: str
    model: str
    library: ModelInfo | None
    own_prices: tuple[ApiPrice, ...]
    source: Source
    confidence: Confidence
    note: str | None = None

    @property
    def label(self) -> str:
        return f"{self.model} at {self.provider_name}"


@dataclass(frozen=True, slots=True)
class ApiBill:
    """A month's bill, split the way an invoice is."""

    offer: ApiOffer
    usd_per_month: float
    input_usd_per_month: float
    cache_read_usd_per_month: float
    cache_write_usd_per_month: float
    output_usd_per_month: float
    batch_saving_usd_per_month: float
    usd_per_request: float
    rates: tuple[ApiRates, ...]
    working: str
    """How the bill comes about, for people."""


PROVIDER_NAMES = {
    "openai": "OpenAI",
    "anthropic": "Anthropic",
    "google": "Google",
    "aws": "AWS Bedrock",
    "x-ai": "xAI",
    "mistral": "Mistral",
    "deepseek": "DeepSeek",
    "groq": "Groq",
    "together": "Together",
    "fireworks": "Fireworks",
    "zai": "Z.AI",
    "moonshotai": "Moonshot",
    "minimax": "MiniMax",
    "ovhcloud": "OVHcloud",
    "huggingface_nebius": "Nebius (through Hugging Face)",
    "huggingface_sambanova": "SambaNova (through Hugging Face)",
    "huggingface_hyperbolic": "Hyperbolic (through Hugging Face)",
    "huggingface_nscale": "Nscale (through Hugging Face)",
    "novita": "Novita",
}


CLOSED_PROVIDERS = (
    *("openai", "anthropic", "google", "x-ai", "mistral", "aws"),
    *("deepseek", "cohere", "groq", "together", "fireworks"),
)
"""Whose API somebody may be paying today: sellers of their own models first."""


def provider_name(provider: str) -> str:
    """A provider of the price library by its own name."""
    return PROVIDER_NAMES.get(provider, provider.capitalize())


def api_offer(provider: str, model: str, catalog: Catalog, note: str | None = None) -> ApiOffer:
    """The offer of exactly this provider and model id. Raises DataError when nobody lists it."""
    own = own_model(catalog.api_providers, provider, model)
    if own is not None:
        record = catalog.api_providers[provider]
        last = own.prices[-1]
        return ApiOffer(
            provider,
            record.name,
            model,
            None,
            own.prices,
            record.sources[last.source],
            last.confidence,
            note or own.note,
        )
    library = library_model(provider, model)
    if library is None:
        raise DataError(_no_price(provider, model, catalog))
    return ApiOffer(provider, provider_name(provider), model, library, (), _library_source(), "medium", note)


@cache
def _library_source() -> Source:
    return Source(
        title=price_library_version(),
        url="https://github.com/pydantic/genai-prices",
        accessed=LIBRARY_DATE,
        kind="library",
    )


def text_models(provider: str, day: date) -> list[str]:
    """Ids that the price library sells for text in and out, retired ones left out; newest names first."""
    models = (m for m in library_models(provider).values() if not m.deprecated)
    priced = ((m.id, _rates_of_day(provider, m.id, day, False)[0]) for m in models)
    return sorted((id for id, r in priced if r.input_usd_per_mtok > 0 and r.output_usd_per_mtok > 0), reverse=True)


def _no_price(provider: str, model: str, catalog: Catalog) -> str:
    """What is missing, and the nearest names there are."""
    own = catalog.api_providers.get(provider)
    models = [*library_models(provider), *(m.id for m in (own.models if own else ()))]
    if not models:
        ids = [*catalog.api_providers, *(p.id for p in data_snapshot.get_snapshot().providers)]
        near = difflib.get_close_matches(provider, ids, n=5, cutoff=0.0)
        return f"no prices for provider {provider[:40]!r}. Known ones are, for instance: {', '.join(near)}"
    near = difflib.get_close_matches(model, models, n=8, cutoff=0.0)
    return f"no price for model {model[:60]!r} at provider {provider[:40]!r}. Pick one of its models, as: {', '.join(near)}"


def hosted_offers(model: Model, day: date, catalog: Catalog) -> list[ApiOffer]:
    """Everybody known to sell this open model by the token. Free tiers are left out: they promise no capacity."""
    offers = [api_offer(hosted.provider, hosted.model, catalog, hosted.note) for hosted in model.hosted]
    return [o for o in offers if api_rates(o, day)[0].output_usd_per_mtok > 0]


def monthly_bill(
    offer: ApiOffer,
    demand: Demand,
    day: date,
    cached_frac: float = 0.0,
    write_frac: float = 0.0,
    batch_frac: float = 0.0,
    discount_frac: float = 0.0,
    cache_min_tok: float = 0.0,
    batch_discount_frac: float | None = None,
) -> ApiBill:
    """A month's traffic at this offer's prices of `day`.

    `cached_frac`, `write_frac`: shares of input tokens, zero for requests shorter than `cache_min_tok`.
    `batch_frac`: share of requests sent through the batch tier, at the listed batch price or else at
    `batch_discount_frac` off. `discount_frac`: the user's own agreement, off everything.
    """
    standard = api_rates(offer, day)
    batch, notes = _batch_rates(offer, day, batch_discount_frac) if batch_frac else ((), ())
    parts = _parts_usd_per_request(standard, demand, cached_frac, write_frac, cache_min_tok)
    in_batch = _parts_usd_per_request(batch, demand, cached_frac, write_frac, cache_min_tok) if batch else parts
    scale = demand.requests_per_month * (1 - discount_frac)
    mixed = [((1 - batch_frac) * p + batch_frac * b) * scale for p, b in zip(parts, in_batch, strict=True)]
    total = sum(mixed)
    return ApiBill(
        offer=offer,
        usd_per_month=total,
        input_usd_per_month=mixed[0],
        cache_read_usd_per_month=mixed[1],
        cache_write_usd_per_month=mixed[2],
        output_usd_per_month=mixed[3],
        batch_saving_usd_per_month=sum(parts) * scale - total,
        usd_per_request=total / demand.requests_per_month,
        rates=standard,
        working=_working(demand, standard, cached_frac, notes),
    )


def _working(demand: Demand, rates: tuple[ApiRates, ...], cached_frac: float, notes: tuple[str, ...]) -> str:
    """The bill's arithmetic in a line."""
    first = rates[0]
    cached = f", {cached_frac:.0%} of it cached at ${first.cache_read_usd_per_mtok:g}" if cached_frac else ""
    text = (
        f"{count(demand.requests_per_month)} requests × ({demand.input_tok:,.0f} in × ${first.input_usd_per_mtok:g}{cached}"
        f" + {demand.output_tok:,.0f} out × ${first.output_usd_per_mtok:g}) per million tokens"
    )
    tiers = [
        f"Inputs above {r.above_input_tok:,.0f} tokens: ${r.input_usd_per_mtok:g}, ${r.output_usd_per_mtok:g}."
        for r in rates[1:]
    ]
    return " ".join([text + ".", *tiers, *notes])


def _parts_usd_per_request(
    rates: tuple[ApiRates, ...], demand: Demand, cached_frac: float, write_frac: float, cache_min_tok: float
) -> tuple[float, float, float, float]:
    """Mean price of a request: uncached input, cache reads, cache writes, output."""
    cells = demand.lengths
    tier = np.maximum(np.searchsorted([rate.above_input_tok for rate in rates], cells.input_tok) - 1, 0)
    cacheable = cells.input_tok >= cache_min_tok
    read_tok = cells.input_tok * cached_frac * cacheable
    write_tok = cells.input_tok * write_frac * cacheable
    tokens = np.array([cells.input_tok - read_tok - write_tok, read_tok, write_tok, cells.output_tok])
    prices = np.array([[getattr(rate, part) for rate in rates] for part in PARTS])
    usd = cells.share_frac * tokens * np.take(prices, tier, axis=1)
    uncached, read, write, output = (usd.sum(axis=1) / TOK_PER_MTOK).tolist()
    return uncached, read, write, output


def api_rates(offer: ApiOffer, day: date, batch: bool = False) -> tuple[ApiRates, ...]:
    """Prices on a day, one entry a length tier, shortest first; averaged over the hours where they differ by hour."""
    if offer.library is None:
        return (_own_rates(offer, day, batch),)
    return _rates_of_day(offer.provider, offer.model, day, batch)


@lru_cache(maxsize=20_000)
def _rates_of_day(provider: str, model_id: str, day: date, batch: bool) -> tuple[ApiRates, ...]:
    model = library_model(provider, model_id)
    assert model is not None
    hours = range(24) if _differs_by_hour(model) else (12,)
    by_hour = [_library_rates(model, datetime(day.year, day.month, day.day, hour, tzinfo=UTC), batch) for hour in hours]
    return tuple(_mean_rates(tier) for tier in zip(*by_hour, strict=True))


def _own_rates(offer: ApiOffer, day: date, batch: bool) -> ApiRates:
    past = [price for price in offer.own_prices if price.valid_from <= day]
    price = past[-1] if past else offer.own_prices[0]
    input_usd = (
        price.batch_input_usd_per_mtok
        if batch and price.batch_input_usd_per_mtok is not None
        else price.input_usd_per_mtok
    )
    output_usd = (
        price.batch_output_usd_per_mtok
        if batch and price.batch_output_usd_per_mtok is not None
        else price.output_usd_per_mtok
    )
    read, write = price.cache_read_usd_per_mtok, price.cache_write_usd_per_mtok
    return ApiRates(
        0.0, input_usd, output_usd, input_usd if read is None else read, input_usd if write is None else write
    )


def _library_rates(model: ModelInfo, moment: datetime, batch: bool) -> tuple[ApiRates, ...]:
    price: Any = model.get_prices(moment, BATCH if batch else None)
    fields = ("input_mtok", "output_mtok", "cache_read_mtok", "cache_write_mtok")
    values = [getattr(price, field, None) for field in fields]
    starts = sorted({0, *(tier.start for value in values if isinstance(value, TieredPrices) for tier in value.tiers)})
    return tuple(_tier_rates(start, *(_at(value, start) for value in values)) for start in starts)


def _tier_rates(
    start: float, input_usd: float | None, output_usd: float | None, read: float | None, write: float | None
) -> ApiRates:
    """A missing cache price means there is no discount: those tokens cost what other input costs."""
    plain = input_usd or 0.0
    return ApiRates(start, plain, output_usd or 0.0, plain if read is None else read, plain if write is None else write)


def _at(value: Any, start: int) -> float | None:
    """A price that holds for inputs above `start` tokens."""
    if not isinstance(value, TieredPrices):
        return None if value is None else float(value)
    past: list[Any] = [tier.price for tier in value.tiers if tier.start <= start and start > 0]
    return float(past[-1] if past else value.base)


def _mean_rates(rates: tuple[ApiRates, ...]) -> ApiRates:
    def mean(field: str) -> float:
        return float(sum(getattr(rate, field) for rate in rates)) / len(rates)

    fields = ("input_usd_per_mtok", "output_usd_per_mtok", "cache_read_usd_per_mtok", "cache_write_usd_per_mtok")
    return ApiRates(rates[0].above_input_tok, *(mean(field) for field in fields))


def _differs_by_hour(model: ModelInfo) -> bool:
    return not hasattr(model.prices, "input_mtok") and any(
        isinstance(p.constraint, TimeOfDateConstraint) for p in model.prices
    )


def _batch_rates(
    offer: ApiOffer, day: date, discount_frac: float | None
) -> tuple[tuple[ApiRates, ...], tuple[str, ...]]:
    """Batch prices, and what to say about them. A batch request that the library cannot match silently returns the
    standard price, so the two are compared; then the seller's stated discount applies, or none."""
    standard, batch = api_rates(offer, day), api_rates(offer, day, batch=True)
    if batch != standard:
        return batch, ("Batch prices as listed.",)
    if discount_frac is None:
        return (), (f"No batch price is known for {offer.label}: deferred requests are charged at the standard price.",)
    less = 1 - discount_frac
    reduced = tuple(
        ApiRates(
            r.above_input_tok,
            *(
                less * v
                for v in (
                    r.input_usd_per_mtok,
                    r.output_usd_per_mtok,
                    r.cache_read_usd_per_mtok,
                    r.cache_write_usd_per_mtok,
                )
            ),
        )
        for r in standard
    )
    return reduced, (f"Batch at the seller's stated {discount_frac:.0%} off.",)


def scheduled_changes(offer: ApiOffer, start: date, months: int) -> list[tuple[date, ApiRates]]:
    """Price changes already announced in the data, day by day through the horizon."""
    changes, before = [], api_rates(offer, start)
    for day in (start + timedelta(days=n) for n in range(1, round(months * 30.4) + 1)):
        now = api_rates(offer, day)
        if now != before:
            changes.append((day, now[0]))
            before = now
    return changes
