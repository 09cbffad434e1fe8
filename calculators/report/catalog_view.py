"""Prices, models and offers as the pages *Candidates* and *Prices and profiles* list them."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from calculators.api.rates import (
    CLOSED_PROVIDERS,
    ApiOffer,
    ApiRates,
    api_offer,
    api_rates,
    hosted_offers,
    text_models,
)
from calculators.api.seller_terms import seller_terms
from calculators.api.step_downs import superseded_by
from calculators.catalog.base import Range
from calculators.catalog.catalog import Catalog
from calculators.catalog.models import Model
from calculators.catalog.price_library import seller_name
from calculators.catalog.prices import CacheVariant, ProviderRule
from calculators.catalog.rent_history import STALE_DAYS
from calculators.catalog.retirements import retirement
from calculators.catalog.short_names import short_model_name
from calculators.errors import DataError
from calculators.evaluate import Evaluation
from calculators.options.buy import hosted_options
from calculators.options.context_window import is_too_short, option_too_short_words, partly_held_words
from calculators.options.option import Option
from calculators.options.shortlist import compared_buy
from calculators.options.step_down import compared_step_downs
from calculators.performance.model_size import kv_bytes, parameters
from calculators.scenario.demand import needed_context_tok
from calculators.scenario.inputs import Inputs
from calculators.scenario.schema import Scenario, StepDown
from calculators.units import BYTES_PER_GB, count, plural, significant, usd

KV_CACHE_TOK = 8_192
"""Context length at which the size of a model's KV cache is listed."""
PER_BILLION = 1e9


@dataclass(frozen=True, slots=True)
class ListedPrice:
    """Rates of one model at one provider, under the model's name."""

    model: str
    offer: ApiOffer
    rates: tuple[ApiRates, ...]
    """One entry per length tier, shortest first."""

    @property
    def retired_on(self) -> str:
        """The day on which the seller stops serving the model; empty where none is published."""
        end = retirement(self.offer.provider, self.offer.model)
        return str(end.retired_on) if end else ""

    @property
    def long_inputs(self) -> str:
        """The tiers for long inputs in words; empty if there are none."""
        return "; ".join(
            f"above {count(tier.above_input_tok)} tokens: {usd(tier.input_usd_per_mtok)} input, "
            f"{usd(tier.output_usd_per_mtok)} output"
            for tier in self.rates[1:]
        )


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """Size of one open model."""

    model: Model
    total_params_b: float
    active_params_b: float
    kv_cache_gb: float
    """KV cache of one request of `KV_CACHE_TOK` tokens, in BF16."""
    superseded_by: str
    """Name of the newest model that took its place; empty where none is known."""


@dataclass(frozen=True, slots=True)
class EstimateRow:
    """One rule of thumb for the cost of self-hosting, written in its unit."""

    name: str
    """Label of the estimate; a GPU's with the name of the GPU."""
    value: Range
    low: str
    central: str
    high: str
    by_source: str = ""
    """What each source says, where several are known to differ."""


def stale_age_days(seen: date, today: date) -> int | None:
    """Age in days of a price or profile; None unless it is stale."""
    age_days = (today - seen).days
    return age_days if age_days > STALE_DAYS else None


def api_providers() -> tuple[str, ...]:
    """Ids of the providers that can be the current API: makers of closed models first."""
    return CLOSED_PROVIDERS


def api_provider_label(provider: str, catalog: Catalog) -> str:
    """Display name of an API provider."""
    own = catalog.api_providers.get(provider)
    return own.name if own else seller_name(provider)


def api_models(provider: str, day: date, catalog: Catalog) -> list[str]:
    """Ids of a provider's current text models."""
    return text_models(provider, day, catalog)


def lifetime_words(provider: str, model: str, day: date, catalog: Catalog) -> str:
    """That an API model has a successor of its size, or an end, in a sentence; empty where neither is known."""
    newer, end = superseded_by(provider, model, day, catalog), retirement(provider, model)
    said = [f"superseded by {short_model_name(newer)}"] if newer else []
    if end is not None:
        said.append(f"{'retired' if end.retired_on <= day else 'to be retired'} on {end.retired_on}")
    return f"{short_model_name(model)}: {' and '.join(said)}." if said else ""


def offer_cut_words(option: Option, result: Evaluation) -> str:
    """What the context window of an API option does to the longest requests; empty where it holds all of them."""
    window_tok = option.bill.context_tok if option.bill else None
    return partly_held_words(window_tok, result.scenario.workload)


def listed_step_downs(scenario: Scenario, catalog: Catalog) -> list[StepDown]:
    """Cheaper models of the makers in use, at the same sellers, those that the user ruled out included."""
    return compared_step_downs(Inputs.of(scenario, catalog))


def api_prices(provider: str, day: date, catalog: Catalog) -> list[ListedPrice]:
    """Prices of a provider's current text models on a day."""
    offers = (api_offer(provider, model, catalog, day) for model in text_models(provider, day, catalog))
    return [ListedPrice(offer.model, offer, api_rates(offer, day)) for offer in offers]


def listed_price(provider: str, model: str, day: date, catalog: Catalog) -> ListedPrice | None:
    """The price of one model at one provider on a day, under its short name; None where it has none."""
    try:
        offer = api_offer(provider, model, catalog, day)
    except DataError:
        return None
    return ListedPrice(offer.short_model, offer, api_rates(offer, day))


def hosted_prices(day: date, catalog: Catalog) -> list[ListedPrice]:
    """Prices of every open model at every provider that hosts it, on a day."""
    return [
        ListedPrice(model.name, offer, api_rates(offer, day))
        for model in catalog.models.values()
        for offer in hosted_offers(model, day, catalog)
    ]


def hosted_candidates(evaluation: Evaluation, catalog: Catalog) -> list[Option]:
    """Every candidate open model at every allowed provider, cheapest first; those that miss a latency target after them, and
    those with too small a context window last."""
    inputs = Inputs(evaluation.scenario, evaluation.demand, catalog)
    options = [compared_buy(option, inputs) for option in hosted_options(inputs)]
    needed_tok = needed_context_tok(evaluation.scenario.workload)

    def rank(option: Option) -> tuple[bool, bool, float]:
        return is_too_short(option, needed_tok), option.target_check.status == "misses", option.usd_per_month

    return sorted(options, key=rank)


def option_terms(option: Option, catalog: Catalog) -> tuple[str, ...]:
    """Known terms of the sellers of an option, as sentences; none for a fleet."""
    return seller_terms(option.bill, catalog) if option.bill is not None else ()


def why_no_option(option: Option, evaluation: Evaluation) -> str:
    """Why an API option cannot serve the workload; empty where it can."""
    return option_too_short_words(option, evaluation.scenario.workload)


def models_by_hosting(catalog: Catalog) -> list[str]:
    """Ids of all open models, those that the most providers host first."""
    sellers = {id: len({hosted.provider for hosted in model.hosted}) for id, model in catalog.models.items()}
    return sorted(catalog.models, key=lambda id: (-sellers[id], id))


def hosting_providers(catalog: Catalog) -> list[str]:
    """Ids of all providers that host an open model of the catalog."""
    return sorted({hosted.provider for model in catalog.models.values() for hosted in model.hosted})


def model_facts(catalog: Catalog) -> list[ModelFacts]:
    """Sizes of all open models."""
    return [_facts(model, catalog) for model in catalog.models.values()]


def _facts(model: Model, catalog: Catalog) -> ModelFacts:
    size, newer = parameters(model.shape), catalog.newer_model(model)
    return ModelFacts(
        model=model,
        total_params_b=size.total / PER_BILLION,
        active_params_b=size.active / PER_BILLION,
        kv_cache_gb=float(kv_bytes(model.shape, float(KV_CACHE_TOK))) / BYTES_PER_GB,
        superseded_by=newer.model.name if newer else "",
    )


def estimates(catalog: Catalog) -> list[EstimateRow]:
    """All rules of thumb for the cost of self-hosting; those by GPU last."""
    ranges, by_gpu = list[tuple[str, Range]](), list[tuple[str, Range]]()
    for field, value in catalog.ownership:
        name = type(catalog.ownership).model_fields[field].title or field
        if isinstance(value, Range):
            ranges.append((name, value))
        elif isinstance(value, dict) and field != "sources":
            entries = [(key, entry) for key, entry in value.items() if isinstance(entry, Range)]
            by_gpu += [(f"{name}: {_key_name(key, catalog)}", entry) for key, entry in entries]
    return [_estimate(name, value, catalog) for name, value in (*ranges, *by_gpu)]


def _key_name(key: str | int, catalog: Catalog) -> str:
    """The GPU, or the age, that a rule of thumb is for."""
    if isinstance(key, int):
        return f"after {plural(key, 'year')}"
    return catalog.gpus[key].name if key in catalog.gpus else key


def _by_source(value: Range, catalog: Catalog) -> str:
    write = usd if value.unit.startswith("USD") else significant
    sources = catalog.ownership.sources
    said = (
        f"{write(one.low)} to {write(one.high)}" if one.low < one.high else write(one.low) for one in value.readings
    )
    return "; ".join(
        f"{text} ({sources[one.source].listing}: {one.what})" for text, one in zip(said, value.readings, strict=True)
    )


def _estimate(name: str, value: Range, catalog: Catalog) -> EstimateRow:
    write = usd if value.unit.startswith("USD") else significant
    return EstimateRow(
        name=name,
        value=value,
        low=write(value.low),
        central=write(value.central),
        high=write(value.high),
        by_source=_by_source(value, catalog),
    )


def rule_models(rule: ProviderRule, variant: CacheVariant | None) -> str:
    """The models that a provider's general rule, or one of its variants, applies to."""
    if variant is not None and variant.models != ("*",):
        return ", ".join(variant.models)
    others = sum(one.models != ("*",) for one in rule.cache_by_model)
    return "all other models" if others else "all models"


def provider_rules(catalog: Catalog) -> Iterable[tuple[ProviderRule, CacheVariant | None]]:
    """Every provider's rules: one entry for each group of models with cache rules of its own, then the general one
    unless a group is of all models."""
    for rule in catalog.rules.values():
        yield from ((rule, variant) for variant in rule.cache_by_model)
        if not any(variant.models == ("*",) for variant in rule.cache_by_model):
            yield rule, None
