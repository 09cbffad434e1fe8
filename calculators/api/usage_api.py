"""The API in use, as a usage file tells it: its models with their parts of the traffic, and its spend."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

import yaml

from calculators.api.model_names import ListedModel, listed_model
from calculators.catalog.catalog import Catalog
from calculators.catalog.price_library import seller_name
from calculators.catalog.short_names import short_model_name
from calculators.logs.request_notes import span_text
from calculators.logs.usage_reading import UsageReading
from calculators.logs.usage_share import UsageShare
from calculators.scenario.mix import main_model, token_fracs, traffic_name
from calculators.scenario.schema import MAX_MODELS, Api, ModelTraffic
from calculators.units import SECONDS_PER_MONTH, listed, percent, plural, printable, usd

MAX_MODEL_NAME_CHARS = 60
MAX_NAMED = 3
AMOUNTS = ("requests", "input_tok", "output_tok", "cache_read_tok", "cache_write_tok", "spend_usd")
"""What is known of a model's usage, in the order of the shares of `ModelTraffic`."""
OPTIONAL = {"cache_read_frac": "cache_read_tok", "cache_write_frac": "cache_write_tok", "bill_frac": "spend_usd"}
"""Shares of `ModelTraffic` that may be unknown, and what they are shares of."""
LEAST_FRAC = 1e-6
Listing = Mapping[str, tuple[str, str]]
"""Provider and model by the name in the file, where the user says so."""


@dataclass(frozen=True, slots=True)
class UsageApi:
    """The API in use by a usage file, and what is said of it."""

    api: Api
    texts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Part:
    names: tuple[str, ...]
    listed: ListedModel
    usage: Mapping[str, float | None]

    @property
    def tok(self) -> float:
        return (self.usage["input_tok"] or 0.0) + (self.usage["output_tok"] or 0.0)


def api_of_usage(
    reading: UsageReading, before: Api, day: date, catalog: Catalog, typed: Listing | None = None
) -> UsageApi:
    """The API in use with the models and the spend of a file; what the file does not say stays as before, but for figures
    of an earlier file.

    A name that no list holds is priced as the largest model that one does, which is an assumption; where no name is listed
    the API model stays. `typed`: listed models that the user names.
    """
    used = [model for model in reading.models if model.input_tok or model.output_tok] or reading.models
    models, unlisted = _listed_models(used, lambda name: listed_model(name, day, catalog, reading.seller), typed or {})
    parts = _folded(_merged(models))
    kept = before if before.paid_source == "typed" else _without_bill(before)
    parts, spend = _as_billed(reading, parts, unlisted)
    if reading.is_bill and before.mix:  # money alone: the traffic and its models stay
        api = kept.model_copy(update={"mix": tuple(part.model_copy(update={"bill_frac": None}) for part in before.mix)})
    else:
        api = kept.model_copy(update={"mix": (), **_models(parts, unlisted)})
    if spend is not None:
        api = api.model_copy(update={"paid_usd_per_month": spend, "paid_source": _paid_source(reading, parts)})
    return UsageApi(Api.model_validate(api.model_dump()), tuple(_texts(reading, api, parts, unlisted)))


def api_yaml(usage: UsageApi) -> str:
    """The `api:` block of a scenario file, under what is said of it as comments."""
    fields = ("provider", "model", "paid_usd_per_month", "paid_source", "mix")
    plain = usage.api.model_dump(mode="json", include=set(fields), exclude_none=True)
    comments = "".join(f"# {text}\n" for text in usage.texts)
    block = {name: plain[name] for name in fields if plain.get(name)}
    return comments + yaml.safe_dump({"api": block}, sort_keys=False, allow_unicode=True, width=120)


def _without_bill(api: Api) -> Api:
    return api.model_copy(update={"paid_usd_per_month": None, "paid_source": "typed"})


def _listed_models(
    models: Iterable[UsageShare], look_up: Callable[[str], ListedModel | None], typed: Listing
) -> tuple[list[_Part], list[UsageShare]]:
    """Models with a list price, and those without one."""
    priced, unlisted = [], []
    for model in models:
        name = printable(model.value, MAX_MODEL_NAME_CHARS)
        told = typed.get(model.value) or typed.get(name)
        match = ListedModel(*told, basis="typed") if told else look_up(model.value)
        if match is None:
            unlisted.append(model)
        else:
            priced.append(_Part((name,), match, {part: getattr(model, part) for part in AMOUNTS}))
    return priced, unlisted


def _merged(parts: Iterable[_Part]) -> list[_Part]:
    """One part for each listed model, the largest first; names that are assumed to be it are another."""
    by_model: dict[ListedModel, list[_Part]] = {}
    for part in parts:
        by_model.setdefault(part.listed, []).append(part)
    return sorted(map(_joined, by_model.values()), key=lambda part: -part.tok)


def _joined(parts: Sequence[_Part]) -> _Part:
    """Several parts as one, under the listed model of the first."""
    names = tuple(name for part in parts for name in part.names)
    return _Part(names, parts[0].listed, {name: _sum(part.usage[name] for part in parts) for name in AMOUNTS})


def _sum(values: Iterable[float | None]) -> float | None:
    known = list(values)
    return None if None in known else sum(value for value in known if value is not None)


def _folded(parts: list[_Part]) -> list[_Part]:
    """At most `MAX_MODELS` parts, one of them for names without a list price: the smallest are priced as the largest of
    them."""
    most = MAX_MODELS - 1
    if len(parts) <= most:
        return parts
    rest = _joined(parts[most - 1 :])
    return [*parts[: most - 1], replace(rest, listed=replace(rest.listed, basis="assumed"))]


def _models(parts: Sequence[_Part], unlisted: Sequence[UsageShare]) -> dict[str, object]:
    """The fields of `Api` that name models; none where no name has a list price."""
    if not parts:
        return {}
    if unlisted:
        usage = {name: _sum(getattr(model, name) for model in unlisted) for name in AMOUNTS}
        names = tuple(printable(model.value, MAX_MODEL_NAME_CHARS) for model in unlisted)
        assumed = ListedModel(parts[0].listed.provider, parts[0].listed.model, "assumed")
        parts = [*parts, _Part(names, assumed, usage)]
    mix = _mix(parts)
    main = main_model(mix, *_both_tok(part.usage for part in parts))
    one_for_all = len(mix) == 1 and main.basis != "assumed"
    return {"provider": main.provider, "model": main.model, "mix": () if one_for_all else mix}


def _mix(parts: Sequence[_Part]) -> tuple[ModelTraffic, ...]:
    """The parts as shares. Requests that are not counted by model are shared as tokens are."""
    tokens = _shares([part.tok for part in parts]) or [1 / len(parts)] * len(parts)
    shares = {name: _shares([part.usage[name] for part in parts]) for name in AMOUNTS}
    requests, inputs, outputs = (shares[name] or tokens for name in ("requests", "input_tok", "output_tok"))
    return tuple(
        ModelTraffic(
            name=_name(part.names),
            provider=part.listed.provider,
            model=part.listed.model,
            basis=part.listed.basis,
            requests_frac=max(requests[at], LEAST_FRAC),
            input_frac=inputs[at],
            output_frac=outputs[at],
            **{field: known[at] for field, of in OPTIONAL.items() if (known := shares[of])},
        )
        for at, part in enumerate(parts)
    )


def _both_tok(usages: Iterable[Mapping[str, float | None]]) -> tuple[float, float]:
    """Input and output tokens in sum, unknown ones as none."""
    known = [(usage["input_tok"] or 0.0, usage["output_tok"] or 0.0) for usage in usages]
    return sum(input_tok for input_tok, _ in known), sum(output_tok for _, output_tok in known)


def _shares(values: Sequence[float | None]) -> list[float] | None:
    """Each value's share of the sum, in six significant figures; None where one is unknown or the sum is zero."""
    known = [value for value in values if value is not None]
    total = sum(known)
    if len(known) < len(values) or total <= 0:
        return None
    return [float(f"{value / total:.6g}") for value in known]


def _name(names: Sequence[str]) -> str:
    others = len(names) - 1
    return f"{names[0]} and {plural(others, 'other', 'others')}"[:80] if others else names[0]


def _spend(reading: UsageReading) -> float | None:
    """Spend of a month at the file's rate; None without spend or period."""
    if not reading.spend_usd or not reading.spend_span_s:
        return None
    return float(f"{reading.spend_usd / reading.spend_span_s * SECONDS_PER_MONTH:.6g}")


def _paid_source(reading: UsageReading, parts: Sequence[_Part]) -> str:
    names = [reading.bill_name or reading.name, *([reading.name] if _not_billed(reading, parts) else [])]
    return f"log:{listed(names)}"[:300]


def _not_billed(reading: UsageReading, parts: Sequence[_Part]) -> list[str]:
    """The models that are not on the bill of one seller, where others are."""
    others = [part.names[0] for part in parts if part.listed.provider != reading.bill_seller]
    return others if reading.bill_seller and len(others) < len(parts) else []


def _as_billed(
    reading: UsageReading, parts: list[_Part], unlisted: Sequence[UsageShare]
) -> tuple[list[_Part], float | None]:
    """The parts and the spend of a month. A bill of one seller stands for the spend of that seller's models alone; what the
    others cost is the spend in the log, and where that is not known, nor is the sum (None)."""
    bill_usd, span_s = _spend(reading), replace(reading, bill_span_s=None).spend_span_s
    if not _not_billed(reading, parts) or bill_usd is None:
        return parts, bill_usd
    own = [part for part in parts if part.listed.provider == reading.bill_seller]
    logged_usd = _sum(part.usage["spend_usd"] for part in own)
    all_usd = _sum([*(part.usage["spend_usd"] for part in parts), *(model.spend_usd for model in unlisted)])
    if not logged_usd or all_usd is None or not span_s:
        return parts, None
    billed_usd = bill_usd / SECONDS_PER_MONTH * span_s
    paid = [_times(part, billed_usd / logged_usd) if part in own else part for part in parts]
    return paid, float(f"{bill_usd + (all_usd - logged_usd) / span_s * SECONDS_PER_MONTH:.6g}")


def _times(part: _Part, ratio: float) -> _Part:
    return replace(part, usage={**part.usage, "spend_usd": (part.usage["spend_usd"] or 0.0) * ratio})


# --- what is said --------------------------------------------------------------------------------------------------------


def _texts(reading: UsageReading, api: Api, parts: Sequence[_Part], unlisted: Sequence[UsageShare]) -> Iterable[str]:
    if reading.models and not parts:
        names = _named([printable(model.value, MAX_MODEL_NAME_CHARS) for model in unlisted])
        yield f"No listed price has the name {names}. Traffic is priced as {short_model_name(api.model)}; select the API model on the Candidates page."
    elif not reading.models and not reading.is_bill:
        yield f"The file names no API model. Traffic is priced as {short_model_name(api.model)}; select the API model on the Candidates page."
    elif len(api.mix) > 1:
        whole = _both_tok({name: getattr(model, name) for name in AMOUNTS} for model in reading.models)
        fracs = token_fracs(api.mix, *whole)
        shares = [f"{traffic_name(part)} {percent(frac)}" for part, frac in zip(api.mix, fracs, strict=True)]
        yield f"Priced by model: {_named(shares)} of tokens."
    elif parts and not api.mix:
        yield f"Priced as {short_model_name(api.model)}."
    assumed = [part for part in api.mix if part.basis == "assumed"]
    if assumed:
        each = [
            f"{traffic_name(part)} as {short_model_name(part.model)} of {seller_name(part.provider)}"
            for part in assumed
        ]
        yield f"Assumed: {_named(each)}. Correct it on the Candidates page."
    if len(api.mix) > 1 and any(part.usage["requests"] is None for part in parts):
        yield "The file does not count requests by model; they are shared as tokens are."
    yield from _spend_texts(reading, api, parts)


def _spend_texts(reading: UsageReading, api: Api, parts: Sequence[_Part]) -> Iterable[str]:
    """What is paid and by which file; or why a bill is not taken for it."""
    if not reading.spend_usd:
        return
    spent = f"{usd(reading.spend_usd)} in {span_text(reading.spend_span_s or 0)}"
    paid = api.paid_usd_per_month if api.paid_source == _paid_source(reading, parts) else None
    others = _not_billed(reading, parts)
    seller = seller_name(reading.bill_seller) if others else ""
    if others and paid is None:
        yield (
            f"{reading.bill_name} ({spent}) is a bill of {seller} alone; what you pay for {_named(others)} is not in the files. "
            "Enter the sum of all bills on the Candidates page."
        )
    elif others:
        yield (
            f"You pay {usd(paid or 0)}/month: {seller} by its bill ({spent}), {_named(others)} by the spend in {reading.name}."
        )
    elif paid:
        yield f"You pay {usd(paid)}/month, by {reading.bill_name or 'the file'}: {spent}."


def _named(names: Sequence[str]) -> str:
    others = len(names) - MAX_NAMED
    return listed([*names[:MAX_NAMED], plural(others, "other model")] if others > 0 else list(names))
