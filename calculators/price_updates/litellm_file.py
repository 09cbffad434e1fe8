"""Token prices in the price file inside a litellm package; nothing of the package is installed or run."""

import json
import re
from collections.abc import Mapping
from datetime import date
from typing import Any

from calculators.catalog.base import Source
from calculators.catalog.prices import ApiPrice, LengthTier
from calculators.errors import DataError
from calculators.price_updates.packages import Wheel, read_member
from calculators.price_updates.published import Publication, PublishedTokens, token_problem

LITELLM_PACKAGE = "litellm"
LITELLM_MEMBER = "litellm/model_prices_and_context_window_backup.json"
ROUTES: Mapping[str, tuple[str, ...]] = {
    "azure-foundry": ("azure/", "azure_ai/"),
    "coreweave-wandb": ("wandb/",),
    "crusoe": ("crusoe/",),
    "deepinfra": ("deepinfra/",),
    "gmi": ("gmi/",),
    "google-vertex": ("vertex_ai/",),
    "hyperbolic": ("hyperbolic/",),
    "nebius": ("nebius/",),
    "sambanova": ("sambanova/",),
    "scaleway": ("scaleway/",),
}
"""The routes before a seller's model ids, for sellers that the price library of the app does not list."""
_ABOVE = re.compile(r"^input_cost_per_token_above_(\d+)k_tokens$")
_FIELDS = {
    "input": "input_cost_per_token",
    "output": "output_cost_per_token",
    "cache_read": "cache_read_input_token_cost",
    "cache_write": "cache_creation_input_token_cost",
}


def read_litellm(wheel: Wheel, day: date) -> Publication:
    """Prices on `day`, that of the release, of every model of the sellers in `ROUTES`. Raises DataError in one line."""
    listed = _entries(read_member(wheel, LITELLM_MEMBER), wheel)
    key = f"{LITELLM_PACKAGE}-{wheel.version}"
    source = Source(
        title=f"{LITELLM_PACKAGE} {wheel.version} model price table",
        url="https://github.com/BerriAI/litellm",
        accessed=day,
        kind="library",
        note="MIT; one day for all prices",
    )
    sold = ((*_seller(name), entry) for name, entry in listed.items() if _is_chat(entry))
    return Publication(key, source, _once([_published(*one, day, key) for one in sold if one[0]]))


def _published(provider: str, model: str, entry: Mapping[str, Any], day: date, key: str) -> PublishedTokens:
    try:
        price = _price(entry, day, key)
    except (TypeError, ValueError):
        return PublishedTokens(provider, model, problem="its price is no number, or a negative one")
    context_tok = entry.get("max_input_tokens")
    known_tok = context_tok if isinstance(context_tok, int) and context_tok > 0 else None
    return PublishedTokens(provider, model, (price,), known_tok, token_problem(price))


def _entries(content: bytes, wheel: Wheel) -> dict[str, Any]:
    try:
        listed = json.loads(content)
    except (ValueError, RecursionError):
        listed = None
    if not isinstance(listed, dict) or not any(_is_chat(entry) for entry in listed.values()):
        raise DataError(f"{wheel.path.name}: {LITELLM_MEMBER} is no price table; its prices are left as they were")
    return listed


def _is_chat(entry: Any) -> bool:
    is_priced = isinstance(entry, dict) and "input_cost_per_token" in entry and "output_cost_per_token" in entry
    return is_priced and entry.get("mode") in ("chat", "responses")


def _seller(name: str) -> tuple[str, str]:
    """The seller and its own id of the model; empty where the app has its prices from elsewhere."""
    for provider, routes in ROUTES.items():
        for route in routes:
            if name.startswith(route):
                return provider, name.removeprefix(route)
    return "", ""


def _once(tokens: list[PublishedTokens]) -> tuple[PublishedTokens, ...]:
    """Each model once: a seller's first route goes first."""
    return tuple({price.name: price for price in reversed(tokens)}.values())[::-1]


def _price(entry: Mapping[str, Any], day: date, key: str) -> ApiPrice:
    starts = sorted(int(match[1]) * 1000 for field in entry if (match := _ABOVE.match(field)))
    tiers = tuple(
        LengthTier(above_input_tok=start, **_at(entry, f"_above_{start // 1000}k_tokens")) for start in starts
    )
    return ApiPrice(source=key, confidence="medium", valid_from=day, tiers=tiers, **_at(entry, ""))


def _at(entry: Mapping[str, Any], tier: str) -> dict[str, Any]:
    """Prices per million tokens of a length tier; a kind without a price of its own there keeps the plain one."""
    return {
        f"{prefix}{kind}_usd_per_mtok": _per_mtok(entry.get(field + tier + suffix, entry.get(field + suffix)))
        for prefix, suffix in (("", ""), ("batch_", "_batches"))
        for kind, field in _FIELDS.items()
    }


def _per_mtok(usd_per_tok: Any) -> float | None:
    """Rounded to the twelve digits that a product with a million leaves right."""
    return None if usd_per_tok is None else float(f"{float(usd_per_tok) * 1e6:.12g}")
