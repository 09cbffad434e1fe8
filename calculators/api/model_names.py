"""The listed API model behind a model name of a usage file.

Gateways write one model in many ways: with a route before it, a date or version behind it, dots or dashes between the
numbers, words in another order. A name is compared by its words; the library's own prefix matching is not used, since it
can give an unknown name an older model's price.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from itertools import chain
from typing import Literal

from genai_prices import data_snapshot

from calculators.api.rates import api_offer, has_text_price
from calculators.catalog.catalog import Catalog
from calculators.catalog.price_library import library_model, library_models, library_names
from calculators.catalog.short_names import BEDROCK

MODEL_MAKERS = (
    "openai",
    "anthropic",
    "google",
    "x-ai",
    "mistral",
    "cohere",
    "deepseek",
    "moonshotai",
    "zai",
    "minimax",
)
"""Providers that sell models of their own: a bare name is theirs."""
SELLER_OF_ROUTE = {
    **{"openai": "openai", "anthropic": "anthropic", "gemini": "google", "google": "google", "vertex_ai": "google"},
    **{
        "models": "google",
        "publishers": "google",
        "bedrock": "aws",
        "aws": "aws",
        "azure": "azure",
        "azure_ai": "azure",
    },
    **{
        "openrouter": "openrouter",
        "groq": "groq",
        "mistral": "mistral",
        "mistralai": "mistral",
        "deepseek": "deepseek",
    },
    **{"together": "together", "together_ai": "together", "fireworks": "fireworks", "fireworks_ai": "fireworks"},
    **{"accounts": "fireworks", "xai": "x-ai", "x-ai": "x-ai", "cohere": "cohere", "moonshotai": "moonshotai"},
    **{"perplexity": "perplexity", "cerebras": "cerebras", "databricks": "databricks", "cloudflare": "cloudflare"},
    **{
        "novita": "novita",
        "github_copilot": "github-copilot",
        "cursor": "cursor",
        "baseten": "baseten",
        "zai": "zai",
        "z-ai": "zai",
    },
    **{"minimax": "minimax", "projects": "google"},
}
"""Provider of the price library by the first part of a routed name, as in 'bedrock/...' or 'models/...'."""
REVISION = re.compile(r"(?:[-@:]?20\d{2}-?[01]\d-?[0-3]\d|-[01]\d[0-3]\d|-v\d+:\d+|:\d+|-0(?:\d{2})?|[-:]latest)+$")
"""A date, a revision or 'latest' at the end: the same model at the same price, unless it is listed by itself."""
VARIANT = re.compile(
    r"@preset/.*|\[1m\]|:(?:free|nitro|floor|online|exacto|beta|extended|thinking)|-(?:x?high|medium|low|minimal|thinking)"
)
FINE_TUNE = re.compile(r"^ft:(?P<base>[^:]+):.*")
"""How a model is called, with which effort, or what was made of it: its price may be that of the model."""
NAME_WORDS = re.compile(r"[a-z]+|\d+")
VERSION_LETTERS = re.compile(r"(?<![a-z])v(?=\d)|(?<=\d)p(?=\d)")
"""The letters of 'v3p1'; that of 'glm-4.6v' is part of the name."""
FILLER_WORDS = frozenset({"instruct", "it", "hf", "fp", "maas"})
"""Words that hosts add or leave out for the same model."""
RESOLD_FAMILIES = {"claude": "anthropic", "deepseek": "deepseek", "glm": "zai"}
"""Makers of models that other makers resell."""
MAX_DEPLOYMENT_WORDS = 16
FAMILY_WORDS = frozenset(
    {
        *("gpt", "claude", "gemini", "grok", "mistral", "mixtral", "deepseek", "kimi", "glm", "llama", "qwen", "gemma"),
        *("nova", "titan", "phi", "sonnet", "opus", "haiku"),
    }
)
SIZE_WORDS = frozenset(
    {
        *("nano", "mini", "tiny", "small", "medium", "large", "lite", "light", "flash", "turbo", "pro", "plus", "max"),
        *("ultra", "fast"),
    }
)
SAME_PRICE_WORDS = frozenset({"chat", "api", "ai", "a", "b", "c", "m", "n", "r", "x"})
"""Words in names of models that, behind another, do not make it a different one."""
Form = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ListedModel:
    """A model with a list price."""

    provider: str
    model: str
    basis: Literal["matched", "assumed", "typed"]
    """assumed: the name does not say who sells it, or only nearly fits; typed: the user said so."""


def listed_model(name: str, day: date, catalog: Catalog, seller: str = "") -> ListedModel | None:
    """The listed model of a name in a usage file; None where there is none with a price for text. `seller`: who sold it,
    where the file says so.

    In this order: the seller, or the provider that the name tells; the makers; and as assumptions an open model of this name
    at the first provider that hosts it, the one model inside the name of a deployment, what the price library itself takes
    for it, and the model that is called with an effort, a variant or after fine-tuning.
    """
    plain = name.strip().lower()
    base = FINE_TUNE.sub(r"\g<base>", VARIANT.sub("", plain))
    if (match := _listed_as(plain, day, catalog, seller)) or base == plain:
        return match
    near = _listed_as(base, day, catalog, seller)
    return replace(near, basis="assumed") if near else None


def _listed_as(plain: str, day: date, catalog: Catalog, seller: str) -> ListedModel | None:
    told = seller or _teller(plain)
    if told and (match := _first(_listed((told,), plain, catalog), day, catalog)):
        return replace(match, basis="matched")
    plain = plain.replace("global.", "")
    bare, snapshot = plain.rpartition("/")[2], data_snapshot.get_snapshot()
    makers = (maker, *MODEL_MAKERS) if (maker := _maker(bare)) else MODEL_MAKERS
    if match := _first(chain.from_iterable(_listed((one,), bare, catalog) for one in makers), day, catalog):
        is_theirs = told in (None, match.provider) and maker in (None, match.provider)
        return replace(match, basis="matched" if is_theirs else "assumed")
    others = [*catalog.api_providers, *(provider.id for provider in snapshot.providers)]
    if match := _first(_listed(others, plain, catalog), day, catalog):
        return match
    inside = _models_inside(plain, day, catalog)
    return inside[0] if len(inside) == 1 else None if inside else _first(_by_library(bare), day, catalog)


def _teller(plain: str) -> str | None:
    """The provider that a routed name tells; empty for a route that is none."""
    if BEDROCK.match(plain.rpartition("/")[2]):
        return "aws"
    route, slash, _ = plain.partition("/")
    return SELLER_OF_ROUTE.get(route, "") if slash else None


def _maker(bare: str) -> str | None:
    """Who makes a model that others resell."""
    return next((maker for family, maker in RESOLD_FAMILIES.items() if family in NAME_WORDS.findall(bare)), None)


def _first(listed: Iterable[tuple[str, str]], day: date, catalog: Catalog) -> ListedModel | None:
    """The first with a price for text in and out, taken as an assumption."""
    priced = (ListedModel(*one, basis="assumed") for one in listed if _is_sold(*one, day, catalog))
    return next(priced, None)


def _is_sold(provider: str, model: str, day: date, catalog: Catalog) -> bool:
    """Whether a provider sells the model by the token: makers of open models list some that only others serve."""
    known = catalog.models.get(model)
    is_served = known is None or any(hosted.provider == provider for hosted in known.hosted)
    return is_served and has_text_price(api_offer(provider, model, catalog), day)


def global_model(provider: str, model: str) -> str | None:
    """The listed model of the global endpoint beside that of a regional one; None where there is none of its own."""
    place, _, rest = model.partition(".")
    other = f"global.{rest}"
    return other if place == "regional" and other in library_models(provider) else None


# --- names by their words ------------------------------------------------------------------------------------------------


def _listed(providers: Iterable[str], name: str, catalog: Catalog) -> Iterator[tuple[str, str]]:
    """Models of these providers under a name: as it is written before without its route, date or revision."""
    every, own = tuple(providers), catalog.api_providers
    own_ids = {provider: tuple(m.id for m in own[provider].models) if provider in own else () for provider in every}
    for written in dict.fromkeys((name, name.rpartition("/")[2])):
        for provider in every:
            yield from ((provider, model) for model in own_ids[provider] if model.lower() == written)
            yield from ((provider, model) for model in (library_names(provider).get(written),) if model)
    for form in _forms(name):
        for provider in every:
            yield from ((provider, model) for model in own_ids[provider] if form in _forms(model))
            yield from ((provider, model) for model in _library_by_form(provider).get(form, ()))


def _models_inside(name: str, day: date, catalog: Catalog) -> tuple[ListedModel, ...]:
    """The different models inside the name of a deployment, as 'prod-gpt-4o-eastus' around gpt-4o. None where a word around
    the only one may make it another model."""
    words = NAME_WORDS.findall(name)
    runs = _runs_of_words([] if FINE_TUNE.match(name) or len(words) > MAX_DEPLOYMENT_WORDS else words)
    inside = list[tuple[int, int, ListedModel]]()
    for first, last in runs:
        is_apart = all(last <= start or first >= end for start, end, _ in inside)
        if is_apart and (match := _first(_made(" ".join(words[first:last]), catalog), day, catalog)):
            inside.append((first, last, match))
    models = tuple(dict.fromkeys(match for *_, match in inside))
    if len(models) != 1:
        return models
    start, end = min(first for first, *_ in inside), max(last for _, last, _ in inside)
    before, after = {*words[:start]}, words[end:]
    is_another = before & (FAMILY_WORDS | SIZE_WORDS) or {*after} & (_variant_words() - SAME_PRICE_WORDS)
    return () if is_another or (after and after[0].isdigit()) else models


def _runs_of_words(words: Sequence[str]) -> list[tuple[int, int]]:
    """First and last of each run of words that may be a model: those with a number first, then the longest. Without a
    number a family and a word more, as mistral-large."""
    spans = [(first, last) for first in range(len(words)) for last in range(first + 2, len(words) + 1)]
    runs = [
        (first, last) for first, last in spans if not words[first].isdigit() and FAMILY_WORDS & {*words[first:last]}
    ]
    return sorted(runs, key=lambda run: (not any(map(str.isdigit, words[slice(*run)])), run[0] - run[1]))


def _made(name: str, catalog: Catalog) -> Iterator[tuple[str, str]]:
    """Models of makers that have exactly these words."""
    form = _words(name)
    for maker in MODEL_MAKERS:
        own = catalog.api_providers[maker].models if maker in catalog.api_providers else ()
        yield from ((maker, model.id) for model in own if form in _forms(model.id))
        yield from ((maker, model) for model in _library_by_form(maker).get(form, ()))


@cache
def _variant_words() -> frozenset[str]:
    """Words in names of models that makers list: behind a model they make it another one."""
    names = (name for maker in MODEL_MAKERS for name in (*library_models(maker), *library_names(maker)))
    words = frozenset(word for name in names for word in NAME_WORDS.findall(name.lower()) if not word.isdigit())
    return words | FAMILY_WORDS | SIZE_WORDS


def _by_library(name: str) -> Iterator[tuple[str, str]]:
    """What the price library takes for this name: of its makers the first whose rules fit."""
    snapshot = data_snapshot.get_snapshot()
    for provider in (one for one in snapshot.providers if one.id in MODEL_MAKERS):
        if (model := provider.find_model(name, all_providers=snapshot.providers)) and library_model(
            provider.id, model.id
        ):
            yield provider.id, model.id


@cache
def _forms(name: str) -> tuple[Form, ...]:
    """Words of a name as it is written, without its route, and without a date or revision at the end."""
    plain = name.strip().lower()
    bare = plain.rpartition("/")[2]
    every = [plain, *_bedrock(bare), _unrevised(plain), bare, _unrevised(bare)]
    return tuple(dict.fromkeys(form for form in map(_words, every) if form != ("",)))


def _bedrock(bare: str) -> list[str]:
    """A name of Bedrock at its price, global or regional; without the maker too, and of a regional one without the place, as bills write it."""
    match = BEDROCK.match(bare)
    if match is None:
        return []
    model = _unrevised(bare[match.end() :] + ("" if ":" in bare else ":0"))
    is_global = match["place"] == "global"
    bare_of_maker = f"global.{model}" if is_global else model
    return [f"{'global' if is_global else 'regional'}.{match['maker']}.{model}", bare_of_maker]


def _unrevised(name: str) -> str:
    return REVISION.sub("", name)


def _words(name: str) -> Form:
    """Words in alphabetical order, and all digits in one piece: 'claude-sonnet-4.5' and 'Claude 4 5 Sonnet' are one."""
    words = NAME_WORDS.findall(VERSION_LETTERS.sub("", name))
    digits = "".join(word for word in words if word.isdigit())
    return (digits, *sorted(word for word in words if not word.isdigit() and word not in FILLER_WORDS))


@cache
def _library_by_form(provider: str) -> dict[Form, tuple[str, ...]]:
    """Ids of a provider's models in the price library by their forms: those written so first, current ones first."""
    models = library_models(provider)
    ranked: dict[Form, list[tuple[int, bool, str]]] = {}
    for model in models.values():
        for rank, form in enumerate(_forms(model.id)):
            ranked.setdefault(form, []).append((rank, bool(model.deprecated), model.id))
    for name, id in library_names(provider).items():
        ranked.setdefault(_words(name), []).append((0, bool(models[id].deprecated), id))
    return {form: tuple(dict.fromkeys(id for *_, id in sorted(ids))) for form, ids in ranked.items()}
