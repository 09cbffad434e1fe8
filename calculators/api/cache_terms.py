"""Rules and prices of each provider's prompt cache: minimum prefix, block size, TTL, read and write price.

A rule that a provider does not publish is None. `CacheTerms.cache` fills the gaps with the data file's assumptions;
`CacheTerms.assumed_rules` names them.
"""

from dataclasses import dataclass
from datetime import date
from fnmatch import fnmatchcase

from calculators.api.rates import api_offer, api_rates, text_models
from calculators.catalog.catalog import Catalog
from calculators.catalog.prices import CacheAssumed, CacheLifetime, CacheVariant, EngineCache, ProviderRule
from calculators.errors import DataError
from calculators.units import count


@dataclass(frozen=True, slots=True)
class CacheRule:
    """Rules of a prefix cache as the simulation uses them: how long a prefix is kept after its last use, and which prefix
    lengths can hit."""

    kept_s: float
    minimum_tok: float = 0.0
    granularity_tok: float = 1.0
    replicas: float = 1.0
    """Separate caches that a request is routed to at random; 1 with prefix-aware routing."""


def break_even_hit_frac(read_ratio: float, write_ratio: float) -> float:
    """Hit rate from which caching saves money where every miss is written: (w - 1) / (w - r), with read price r and write
    price w relative to uncached input."""
    return max(write_ratio - 1, 0.0) / (write_ratio - read_ratio) if write_ratio > read_ratio else 1.0


@dataclass(frozen=True, slots=True)
class CacheTerms:
    """A provider's cache rules for one model; None where a rule is not published."""

    provider: str
    minimum_tok: int | None
    kept_s: int | None
    step_tok: int | None
    breakpoints_count: int | None
    lifetimes: tuple[CacheLifetime, ...]
    assumed: CacheAssumed

    @property
    def assumed_rules(self) -> tuple[str, ...]:
        """The rules that are not published, each with the value assumed for it: "1,024-token minimum"."""
        a = self.assumed
        gaps = (
            (self.minimum_tok, f"{count(a.min_tok)}-token minimum"),
            (self.kept_s, f"{count(a.ttl_s / 60)}-minute time to live (TTL)"),
            (self.step_tok or self.breakpoints_count, f"{count(a.step_tok)}-token blocks"),
        )
        return tuple(words for value, words in gaps if value is None)

    @property
    def cache(self) -> CacheRule:
        """The rule to calculate with, gaps filled by assumptions. With explicit breakpoints, prefixes are assumed to be
        marked exactly where they end."""
        step = self.step_tok or (1 if self.breakpoints_count else self.assumed.step_tok)
        minimum = self.assumed.min_tok if self.minimum_tok is None else self.minimum_tok
        return CacheRule(float(self.kept_s or self.assumed.ttl_s), float(minimum), float(step))


def cache_terms(provider: str, model: str, catalog: Catalog) -> CacheTerms:
    """Cache terms of a provider for a model; all None for a provider without any published rule."""
    rule, assumed = catalog.rules.get(provider), catalog.rules_file.assumed
    if rule is None:
        return CacheTerms(
            provider=provider,
            minimum_tok=None,
            kept_s=None,
            step_tok=None,
            breakpoints_count=None,
            lifetimes=(),
            assumed=assumed,
        )
    lifetimes = tuple(longer for longer in rule.cache_lifetimes if applies_to_model(longer, model))
    variant = next((v for v in rule.cache_by_model if applies_to_model(v, model)), None)
    return _terms(rule, variant, lifetimes, assumed)


def every_terms(provider: str, catalog: Catalog) -> tuple[CacheTerms, ...]:
    """A provider's general cache terms, and those of each group of models with rules of its own."""
    rule, assumed = catalog.rules[provider], catalog.rules_file.assumed
    variants = (None, *rule.cache_by_model)
    return tuple(_terms(rule, variant, rule.cache_lifetimes, assumed) for variant in variants)


def _terms(
    rule: ProviderRule, variant: CacheVariant | None, lifetimes: tuple[CacheLifetime, ...], assumed: CacheAssumed
) -> CacheTerms:
    return CacheTerms(
        provider=rule.provider,
        minimum_tok=variant.min_tok if variant else rule.cache_min_tok,
        kept_s=variant.ttl_s if variant else rule.cache_ttl_s,
        step_tok=variant.step_tok if variant else rule.cache_step_tok,
        breakpoints_count=variant.breakpoints_count if variant else None,
        lifetimes=lifetimes,
        assumed=assumed,
    )


def applies_to_model(named: CacheVariant | CacheLifetime, model: str) -> bool:
    """Whether a rule for a group of models includes this one."""
    return any(fnmatchcase(model, pattern) for pattern in named.models)


@dataclass(frozen=True, slots=True)
class PriceRatios:
    """Cache prices of a model relative to uncached input."""

    model: str
    read_ratio: float
    write_ratio: float

    @property
    def pays_from_frac(self) -> float:
        """Hit rate from which caching saves money."""
        return break_even_hit_frac(self.read_ratio, self.write_ratio)


def price_ratios(provider: str, model: str, day: date, catalog: Catalog) -> PriceRatios:
    """Cache prices of a model relative to its uncached input, in the shortest length tier. Raises DataError where no price
    is listed, or input is free."""
    price = api_rates(api_offer(provider, model, catalog), day)[0]
    if price.input_usd_per_mtok <= 0:
        raise DataError(
            f"{model[:60]!r} at {provider[:40]!r} has free input, so a prompt cache saves nothing. Choose a model with a price."
        )
    plain = price.input_usd_per_mtok
    return PriceRatios(model, price.cache_read_usd_per_mtok / plain, price.cache_write_usd_per_mtok / plain)


def cached_ratios(provider: str, day: date, catalog: Catalog) -> tuple[PriceRatios, ...]:
    """Price ratios of every model of this provider with a discount on cached input."""
    every = (price_ratios(provider, model, day, catalog) for model in text_models(provider, day, catalog))
    return tuple(ratios for ratios in every if ratios.read_ratio < 1)


def engine_cache(id: str, catalog: Catalog) -> EngineCache:
    """Prefix-cache block size of a serving engine. Raises DataError for an unknown engine."""
    engines = catalog.rules_file.engines
    engine = next((one for one in engines if one.engine == id), None)
    if engine is None:
        raise DataError(f"unknown engine {id[:40]!r}. Known ones: {', '.join(one.engine for one in engines)}.")
    return engine
