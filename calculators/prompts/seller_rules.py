"""Prompt-cache rules of every seller as a table of text: minimum, step, lifetime, prices and break-even hit rate."""

from collections.abc import Sequence

from calculators.api.cache_terms import (
    CacheTerms,
    PriceRatios,
    applies_to_model,
    break_even_hit_frac,
    cache_terms,
    cached_ratios,
    every_terms,
)
from calculators.catalog.catalog import Catalog
from calculators.catalog.price_library import seller_name
from calculators.catalog.prices import CacheLifetime
from calculators.prompts.worth import todays_price_ratios
from calculators.scenario.schema import Scenario
from calculators.units import count, percent, significant

UNKNOWN = "unknown"
RULES_NOTE = (
    "Prices are multiples of the input price. The break-even hit rate counts every miss as written to the cache. Rows without "
    "a model cover all models of the seller that list a cached price. Unknown: not published."
)


def seller_rules(scenario: Scenario, catalog: Catalog) -> list[dict[str, str]]:
    """One row for the scenario's API and model, then one for each other seller. Raises DataError without a price."""
    api = scenario.api
    today = cache_terms(api.provider, api.model, catalog)
    rows = [_row(api.provider, api.model, (today,), (todays_price_ratios(scenario, catalog),))]
    rows += [
        _row(provider, "", every_terms(provider, catalog), cached_ratios(provider, scenario.as_of, catalog))
        for provider in catalog.rules
        if provider != api.provider
    ]
    return rows


def duration(seconds: float) -> str:
    """A cache lifetime in minutes or hours: 5 min, 1 h."""
    return f"{significant(seconds / 60)} min" if seconds < 3_600 else f"{significant(seconds / 3_600)} h"


def _row(provider: str, model: str, rules: Sequence[CacheTerms], ratios: Sequence[PriceRatios]) -> dict[str, str]:
    steps = [f"{r.step_tok}" if r.step_tok else f"up to {r.breakpoints_count} marks" for r in rules if _has_step(r)]
    minimums = sorted({r.minimum_tok for r in rules if r.minimum_tok})
    return {
        "Seller": f"{seller_name(provider)}{f', {model}' if model else ''}",
        "Minimum (tokens)": _ends([count(tok) for tok in minimums]),
        "Step (tokens)": _either(list(dict.fromkeys(steps))),
        "TTL": _either([duration(kept) for kept in sorted({r.kept_s for r in rules if r.kept_s})]),
        "Read price": _span([f"{significant(r.read_ratio)}×" for r in sorted(ratios, key=lambda r: r.read_ratio)]),
        "Write price": _span([f"{significant(r.write_ratio)}×" for r in sorted(ratios, key=lambda r: r.write_ratio)]),
        "Break-even hit rate": _span([percent(frac) for frac in sorted(r.pays_from_frac for r in ratios)]),
        "Longer TTL": "; ".join(_longer(life, ratios) for life in rules[0].lifetimes),
    }


def _longer(life: CacheLifetime, ratios: Sequence[PriceRatios]) -> str:
    """A longer lifetime with its write price and its break-even hit rate."""
    pays = sorted(
        break_even_hit_frac(r.read_ratio, life.write_ratio) for r in ratios if applies_to_model(life, r.model)
    )
    text = f"{duration(life.ttl_s)}, written at {significant(life.write_ratio)}×"
    return f"{text}, break-even at {_span([percent(frac) for frac in pays])}" if pays else text


def _has_step(rules: CacheTerms) -> bool:
    return bool(rules.step_tok or rules.breakpoints_count)


def _either(values: Sequence[str]) -> str:
    """Values that differ by model, joined; unknown where nothing is published."""
    return " or ".join(values) if values else UNKNOWN


def _ends(values: Sequence[str]) -> str:
    """First and last of ascending values; unknown where nothing is published."""
    return f"{values[0]} to {values[-1]}" if len(values) > 1 else _either(values)


def _span(ascending: Sequence[str]) -> str:
    """Lowest and highest of ascending texts, or the one value that they share."""
    if not ascending:
        return UNKNOWN
    return ascending[0] if ascending[0] == ascending[-1] else f"{ascending[0]} to {ascending[-1]}"
