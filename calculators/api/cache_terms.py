"""What each seller's prompt cache asks for and costs: shortest prefix, steps, lifetime, read and write price.

What a seller does not publish stays None here and is shown as unknown; `Terms.cache` alone fills the gaps, with the
assumptions of the data file, and `Terms.unknown` names them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from fnmatch import fnmatchcase

from calculators.api import bill as api_cost
from calculators.catalog.catalog import Catalog
from calculators.catalog.prices import CacheAssumed, CacheLifetime, CacheVariant, EngineCache, ProviderRule
from calculators.errors import DataError


@dataclass(frozen=True, slots=True)
class CacheRule:
    """How long a prefix is kept after its last use, and which lengths are found."""

    kept_s: float
    minimum_tok: float = 0.0
    granularity_tok: float = 1.0
    replicas: float = 1.0
    """Caches that do not know of each other and are chosen at random; 1 where requests are routed by prefix."""


def break_even_hit_frac(read_ratio: float, write_ratio: float) -> float:
    """From which hit rate caching pays where every miss is written: (x - 1) / (x - r), prices relative to plain input."""
    return max(write_ratio - 1, 0.0) / (write_ratio - read_ratio) if write_ratio > read_ratio else 1.0


@dataclass(frozen=True, slots=True)
class CacheTerms:
    """The rules of one seller for one model. None: not published."""

    provider: str
    minimum_tok: int | None
    kept_s: int | None
    step_tok: int | None
    breakpoints_count: int | None
    lifetimes: tuple[CacheLifetime, ...]
    assumed: CacheAssumed

    @property
    def unknown(self) -> tuple[str, ...]:
        """What had to be assumed, in words."""
        a = self.assumed
        gaps = (
            (self.minimum_tok, f"the shortest prefix (taken as {a.min_tok:,} tokens)"),
            (self.kept_s, f"the lifetime (taken as {a.ttl_s / 60:.0f} minutes)"),
            (self.step_tok or self.breakpoints_count, f"the step (taken as {a.step_tok} tokens)"),
        )
        return tuple(words for value, words in gaps if value is None)

    @property
    def cache(self) -> CacheRule:
        """To calculate with. Between break points, prefixes are taken to be marked where they end: to the token."""
        step = self.step_tok or (1 if self.breakpoints_count else self.assumed.step_tok)
        minimum = self.assumed.min_tok if self.minimum_tok is None else self.minimum_tok
        return CacheRule(float(self.kept_s or self.assumed.ttl_s), float(minimum), float(step))


def cache_terms(provider: str, model: str, catalog: Catalog) -> CacheTerms:
    """The rules for `model`; a seller without any rule is unknown throughout."""
    rule, assumed = catalog.rules.get(provider), catalog.rules_file.assumed
    if rule is None:
        return CacheTerms(provider, None, None, None, None, (), assumed)
    lifetimes = tuple(longer for longer in rule.cache_lifetimes if meets_minimum(longer, model))
    variant = next((v for v in rule.cache_by_model if meets_minimum(v, model)), None)
    return _terms(rule, variant, lifetimes, assumed)


def every_terms(provider: str, catalog: Catalog) -> tuple[CacheTerms, ...]:
    """The general rule, and that of each group of models with one of its own."""
    rule, assumed = catalog.rules[provider], catalog.rules_file.assumed
    variants = (None, *rule.cache_by_model)
    return tuple(_terms(rule, variant, rule.cache_lifetimes, assumed) for variant in variants)


def _terms(
    rule: ProviderRule, variant: CacheVariant | None, lifetimes: tuple[CacheLifetime, ...], assumed: CacheAssumed
) -> CacheTerms:
    if variant is None:
        return CacheTerms(
            rule.provider, rule.cache_min_tok, rule.cache_ttl_s, rule.cache_step_tok, None, lifetimes, assumed
        )
    minimum, kept, step, marks = variant.min_tok, variant.ttl_s, variant.step_tok, variant.breakpoints_count
    return CacheTerms(rule.provider, minimum, kept, step, marks, lifetimes, assumed)


def meets_minimum(named: CacheVariant | CacheLifetime, model: str) -> bool:
    """Whether a rule for some models holds for this one."""
    return any(fnmatchcase(model, pattern) for pattern in named.models)


@dataclass(frozen=True, slots=True)
class PriceRatios:
    """Prices of cached input over plain input, and the hit rate from which writing it pays."""

    model: str
    read_ratio: float
    write_ratio: float

    @property
    def pays_from_frac(self) -> float:
        return break_even_hit_frac(self.read_ratio, self.write_ratio)


def price_ratios(provider: str, model: str, day: date, catalog: Catalog) -> PriceRatios:
    """Of the shortest length tier. Raises DataError where nobody lists the model, or gives it away."""
    price = api_cost.api_rates(api_cost.api_offer(provider, model, catalog), day)[0]
    if price.input_usd_per_mtok <= 0:
        raise DataError(f"{model[:60]!r} at {provider[:40]!r} costs nothing for input; a cache saves nothing there")
    plain = price.input_usd_per_mtok
    return PriceRatios(model, price.cache_read_usd_per_mtok / plain, price.cache_write_usd_per_mtok / plain)


def cached_ratios(provider: str, day: date, catalog: Catalog) -> tuple[PriceRatios, ...]:
    """Of every model that this seller lists a price for cached input for; nothing where it lists none."""
    own = catalog.api_providers.get(provider)
    ids: Sequence[str] = [m.id for m in own.models] if own else api_cost.text_models(provider, day)
    every = (price_ratios(provider, model, day, catalog) for model in ids if _priced(provider, model, day, catalog))
    return tuple(ratios for ratios in every if ratios.read_ratio < 1)


def _priced(provider: str, model: str, day: date, catalog: Catalog) -> bool:
    return api_cost.api_rates(api_cost.api_offer(provider, model, catalog), day)[0].input_usd_per_mtok > 0


def engine_cache(id: str, catalog: Catalog) -> EngineCache:
    """In which blocks an engine finds prefixes. Raises DataError."""
    engines = catalog.rules_file.engines
    found = next((one for one in engines if one.engine == id), None)
    if found is None:
        raise DataError(f"no engine {id[:40]!r}; give one of {', '.join(one.engine for one in engines)}")
    return found
