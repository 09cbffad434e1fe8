"""Token prices in the source file of a genai-prices package, read as text: nothing of the package is run."""

import ast
import datetime
from collections.abc import Iterator
from typing import Any

from calculators.catalog.base import Source
from calculators.catalog.prices import ApiPrice, LengthTier
from calculators.errors import DataError
from calculators.price_updates.packages import Wheel, read_member
from calculators.price_updates.published import Publication, PublishedTokens, token_problem

GENAI_PACKAGE = "genai-prices"
GENAI_MEMBER = "genai_prices/data.py"
AGGREGATORS = frozenset({"openrouter"})
"""They resell others, at prices that change by the day."""
_FIELDS = {
    "input": "input_mtok",
    "output": "output_mtok",
    "cache_read": "cache_read_mtok",
    "cache_write": "cache_write_mtok",
}
Call = dict[str, Any]
"""A constructor's arguments by name; its own name under `type`."""


def read_genai_prices(wheel: Wheel, day: datetime.date) -> Publication:
    """Prices of every current text model on `day`, that of the release, and the announced ones after it. Raises DataError in one line."""
    providers = _providers(read_member(wheel, GENAI_MEMBER), wheel)
    key = f"{GENAI_PACKAGE}-{wheel.version}"
    source = Source(
        title=f"{GENAI_PACKAGE} {wheel.version}",
        url="https://github.com/pydantic/genai-prices",
        accessed=day,
        kind="library",
    )
    tokens = [
        _published(provider["id"], model, day, key)
        for provider in providers
        for model in provider["models"]
        if provider["id"] not in AGGREGATORS and not model.get("deprecated")
    ]
    return Publication(key, source, tuple(price for price in tokens if price))


def _published(provider: str, model: Call, day: datetime.date, key: str) -> PublishedTokens | None:
    """None for a model without prices of text in and out."""
    try:
        if not _is_text(model, day):
            return None
        prices = tuple(_price(model, since, key) for since in _days(model, day))
    except (KeyError, TypeError, ValueError, AttributeError):
        return PublishedTokens(provider, model["id"], problem="its price is written in a way that is not known here")
    problem = _by_hour(model) or next(filter(None, map(token_problem, prices)), "")
    return PublishedTokens(provider, model["id"], prices, model.get("context_window"), problem)


def _providers(content: bytes, wheel: Wheel) -> list[Call]:
    try:
        tree = ast.parse(content)
        [value] = filter(None, (_assigned(node, "providers") for node in tree.body))
        providers: list[Call] = _value(value)
        return [provider for provider in providers if provider["id"] and isinstance(provider["models"], list)]
    except (SyntaxError, ValueError, TypeError, KeyError, RecursionError, MemoryError):
        raise DataError(
            f"{wheel.path.name}: {GENAI_MEMBER} is not laid out as in the versions known; its prices are left as they were"
        ) from None


def _assigned(node: ast.stmt, name: str) -> ast.expr | None:
    """What a statement assigns to a name; None where it does not."""
    match node:
        case (
            ast.AnnAssign(target=ast.Name(id=target), value=value)
            | ast.Assign(targets=[ast.Name(id=target)], value=value)
        ):
            return value if target == name else None
    return None


def _value(node: Any) -> Any:
    """The plain value of literals and constructor calls; nothing is executed."""
    match node:
        case ast.Constant():
            return node.value
        case ast.List() | ast.Tuple():
            return [_value(item) for item in node.elts]
        case ast.Dict():
            return {_value(key): _value(item) for key, item in zip(node.keys, node.values, strict=True)}
        case ast.Call(func=ast.Name(id="Decimal")):
            return float(_value(node.args[0]))
        case ast.Call(func=ast.Attribute(attr="date")):
            return datetime.date(*[_value(argument) for argument in node.args])
        case ast.Call(func=ast.Attribute(attr="time")):
            return "time of day"
        case ast.Call(func=ast.Name(id=name)):
            return {"type": name, **{keyword.arg: _value(keyword.value) for keyword in node.keywords}}
    raise ValueError("neither a literal nor a constructor")


def _conditional(model: Call) -> list[Call]:
    """The model's prices with their conditions, the one that takes precedence last."""
    prices = model["prices"]
    return prices if isinstance(prices, list) else [{"prices": prices}]


def _starts(model: Call) -> Iterator[datetime.date]:
    for one in (*_conditional(model), *(model.get("price_variants") or ())):
        start = (one.get("constraint") or {}).get("start_date")
        if start is not None:
            yield start


def _days(model: Call, day: datetime.date) -> list[datetime.date]:
    """The day, and the later ones on which a price changes."""
    return [day, *sorted({start for start in _starts(model) if start > day})]


def _holds(one: Call, day: datetime.date) -> bool:
    start = (one.get("constraint") or {}).get("start_date")
    return start is None or bool(start <= day)


def _by_hour(model: Call) -> str:
    constraints = [one.get("constraint") or {} for one in _conditional(model)]
    is_by_hour = any(constraint.get("type") == "TimeOfDateConstraint" for constraint in constraints)
    return "its price differs by the hour: install the newer version of the library instead" if is_by_hour else ""


def _of_day(model: Call, day: datetime.date) -> Call:
    holding = [one["prices"] for one in _conditional(model) if _holds(one, day)]
    prices: Call = holding[-1] if holding else _conditional(model)[0]["prices"]
    return prices


def _is_text(model: Call, day: datetime.date) -> bool:
    prices = _of_day(model, day)
    return prices.get("input_mtok") is not None and prices.get("output_mtok") is not None


def _price(model: Call, day: datetime.date, key: str) -> ApiPrice:
    standard = _of_day(model, day)
    variants = [
        one for one in model.get("price_variants") or () if one["when"] == {"processing": "batch"} and _holds(one, day)
    ]
    batch = variants[0]["prices"] if variants else {}
    starts = sorted(
        {tier["start"] for value in standard.values() if isinstance(value, dict) for tier in value["tiers"]}
    )
    tiers = tuple(LengthTier(above_input_tok=start, **_at(standard, batch, start)) for start in starts)
    return ApiPrice(source=key, confidence="medium", valid_from=day, tiers=tiers, **_at(standard, batch, 0))


def _at(standard: Call, batch: Call, start: int) -> dict[str, float | None]:
    """Prices per million tokens for inputs longer than `start` tokens."""
    kinds = [("", standard), ("batch_", batch)]
    return {
        f"{prefix}{kind}_usd_per_mtok": _tier(prices.get(field), start)
        for prefix, prices in kinds
        for kind, field in _FIELDS.items()
    }


def _tier(value: Any, start: int) -> float | None:
    if not isinstance(value, dict):
        return None if value is None else float(value)
    past = [tier["price"] for tier in value["tiers"] if 0 < tier["start"] <= start]
    return float(past[-1] if past else value["base"])
