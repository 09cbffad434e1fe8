"""Sums over the rows of a table: in all, by period, and by model, team and so on."""

import math
import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace

from calculators.logs.aggregate_formats import AggregateFormat
from calculators.logs.aggregate_rows import Slice
from calculators.logs.request_names import INCLUDING_CACHES
from calculators.logs.usage_share import MAX_SHARE_CHARS, UNNAMED, UsageShare, largest_shares
from calculators.units import printable

MIN_ROWS_OF_TOTAL = 4
MIN_MODELS_OF_SUM = 3
"""A sum and what it is of."""
TOTAL_TOLERANCE_FRAC = 0.005

Sums = dict[str, float]


@dataclass(slots=True)
class Account:
    """Sums over the slices of a file."""

    all: Sums = field(default_factory=lambda: defaultdict(float))
    by_value: dict[tuple[str, str], Sums] = field(default_factory=lambda: defaultdict(lambda: defaultdict(float)))
    """By group (model, team and so on) and value."""
    by_start: dict[float, Sums] = field(default_factory=lambda: defaultdict(lambda: defaultdict(float)))
    points: dict[float, Sums] = field(default_factory=lambda: defaultdict(lambda: defaultdict(float)))
    """By start of a period, batch requests included."""
    end_of: dict[float, set[float]] = field(default_factory=lambda: defaultdict(set))
    currencies: set[str] = field(default_factory=set)
    aside: Sums = field(default_factory=lambda: defaultdict(float))
    """Money beside the charges for use, by kind."""
    left_out: int = 0
    cache_exceeds_input: bool = False
    is_reasoning_unsure: bool = False
    """Whether nothing tells if the output holds reasoning."""
    more_to_come: bool = False


def without_total(parts: list[Slice | None]) -> list[Slice | None]:
    """The slices without one that holds the sums of all others, though it has a date."""
    used = [part for part in parts if part is not None]
    names = ("input", "uncached", "read", "output")
    sums = {name: sum(part.amounts.get(name, 0.0) for part in used) for name in names}
    whole = [
        part
        for part in used
        if part.amounts.get("output") and all(2 * part.amounts.get(name, 0.0) == sums[name] for name in names)
    ]
    if len(used) < MIN_ROWS_OF_TOTAL or len(whole) != 1:
        return parts
    return [None if part is whole[0] else part for part in parts]


def account_of(parts: Iterable[Slice | None], entry: AggregateFormat) -> Account:
    """The sums of the slices; discounts in rows of their own are added at the end."""
    parts = list(parts)
    account, money = Account(is_reasoning_unsure=reasoning_is_extra(parts) is None), list[Slice]()
    for part in parts:
        if part is None:
            account.left_out += 1
            continue
        for kind, amount in part.aside.items():
            account.aside[kind] += amount
        if part.is_aside:
            money.append(part)
            continue
        _add(account, part)
        if part.end_s is not None:
            account.end_of[part.start_s].add(part.end_s)
        account.more_to_come = part.more_to_come
        if part.currency and part.spend:
            account.currencies.add(part.currency)
        cached = part.amounts.get("read", 0.0) + part.amounts.get("write", 0.0)
        account.cache_exceeds_input |= cached > max(part.amounts.get("input", math.inf), 0.0)
    for part in money:
        _add_money(account, part)
    return account


def _add_money(account: Account, part: Slice) -> None:
    """Adds a discount of its own row to the spend: of the model, if others name it, and of the time, if that is one of use."""
    account.currencies |= {part.currency} - {""}
    if not part.spend:
        return
    groups = {"model": part.model, **part.groups}
    every = [account.all, *(account.by_value[item] for item in groups.items() if item in account.by_value)]
    for sums in (*every, *([account.points[part.start_s]] if part.start_s in account.points else [])):
        sums["spend"] += part.spend


def _add(account: Account, part: Slice) -> None:
    amounts = dict(part.amounts)
    if part.spend is not None:
        amounts["spend"] = part.spend
    tokens = sum(amounts.get(name, 0.0) for name in ("input", "output") + (() if "input" in amounts else CACHES))
    load = amounts.get("requests", tokens)
    groups = {"model": part.model, **part.groups}
    for sums in (account.all, account.points[part.start_s], *(account.by_value[item] for item in groups.items())):
        for name, amount in amounts.items():
            sums[name] += amount
    account.all["load"] += load
    account.all["batch"] += load if part.is_batch else 0.0
    bucket = account.by_start[part.start_s]
    for name in ("requests", "spend"):
        if name in amounts and not (part.is_batch and name == "requests"):
            bucket[name] += amounts[name]
    bucket["tokens"] += 0.0 if part.is_batch else tokens
    bucket["batch"] += load if part.is_batch else 0.0


CACHES = ("uncached", "read", "write")


def reasoning_is_extra(parts: Iterable[Slice | None]) -> bool | None:
    """Whether the output leaves reasoning out, as totals tell or output that is less; None where nothing tells."""
    sums = defaultdict[str, float](float)
    for part in parts:
        for name, amount in part.amounts.items() if part is not None else ():
            sums[name] += amount
    reasoning, output, total = sums["reasoning"], sums["output"], sums["total"]
    if not reasoning:
        return False
    if reasoning > output:
        return True
    cached = sums["read"] + sums["write"]
    wholes = [(sums["input"] or sums["uncached"]) + output + extra for extra in (0.0, cached)]
    if total and any(abs(whole - total) <= TOTAL_TOLERANCE_FRAC * total for whole in wholes):
        return False
    if total and any(abs(whole + reasoning - total) <= TOTAL_TOLERANCE_FRAC * total for whole in wholes):
        return True
    return None


def with_reasoning(parts: Iterable[Slice | None]) -> list[Slice | None]:
    """The slices with reasoning as a part of the output."""
    return [part if part is None else replace(part, amounts=_reasoned(part.amounts)) for part in parts]


def _reasoned(amounts: Mapping[str, float]) -> Mapping[str, float]:
    extra = amounts.get("reasoning", 0.0)
    others = {name: amount for name, amount in amounts.items() if name != "reasoning"}
    return {**others, "output": amounts.get("output", 0.0) + extra} if extra else others


def without_sums_of_models(parts: list[Slice | None]) -> list[Slice | None]:
    """The slices without those of a model that holds, in each period, the sums of two others or more."""
    by_start: dict[float, dict[str, dict[str, float]]] = defaultdict(lambda: defaultdict(lambda: defaultdict(float)))
    for part in parts:
        for name, amount in part.amounts.items() if part is not None and not part.is_aside else ():
            by_start[part.start_s][part.model][name] += amount  # type: ignore[union-attr]
    names = ("input", "uncached", "read", "output")
    models = {model for sums in by_start.values() for model in sums}
    if len(models) < MIN_MODELS_OF_SUM:
        return parts
    whole = {
        model
        for model in models
        if all(
            model not in sums or all(2 * sums[model][name] == sum(one[name] for one in sums.values()) for name in names)
            for sums in by_start.values()
        )
        and any(len(sums) >= MIN_MODELS_OF_SUM and sums[model]["output"] for sums in by_start.values() if model in sums)
    }
    return [None if part is not None and part.model in whole else part for part in parts] if len(whole) == 1 else parts


def input_is_uncached(account: Account, entry: AggregateFormat, names: Collection[str] = ()) -> bool | None:
    """Whether the input leaves cached tokens out; None where neither the format, a column of totals nor the names of the
    columns tell."""
    sums = account.all
    if entry.input_is != "unsure":
        return entry.input_is == "uncached"
    cached, whole = sums.get("read", 0.0) + sums.get("write", 0.0), sums.get("input", 0.0) + sums.get("output", 0.0)
    if account.cache_exceeds_input or "input" not in sums:
        return True
    if not cached:
        return False
    total = sums.get("total")
    for uncached in (False, True):
        if total and abs(whole + uncached * cached - total) <= TOTAL_TOLERANCE_FRAC * total:
            return uncached
    return False if any(re.sub("^(sum|total)", "", name) in INCLUDING_CACHES for name in names) else None


def token_sums(sums: Mapping[str, float], uncached: bool) -> dict[str, int | None]:
    """Input of all kinds, its cached parts and the output; None where the file has no such column."""
    cached = sums.get("read", 0.0) + sums.get("write", 0.0)
    plain = sums.get("uncached") if uncached or "input" not in sums else None
    if plain is None and uncached:
        plain = sums.get("input")
    whole = sums.get("input") if plain is None else plain + cached
    return {
        "input_tok": _whole(whole),
        "cache_read_tok": _whole(sums.get("read")),
        "cache_write_tok": _whole(sums.get("write")),
        "output_tok": _whole(sums.get("output")),
    }


def _whole(value: float | None) -> int | None:
    return None if value is None else round(value)


def shares_of(account: Account, uncached: bool, in_usd: bool) -> dict[str, tuple[UsageShare, ...]]:
    """By group, the share of each value. Rows that name no model belong to none; rows without a team are "unknown"."""
    listed_of = defaultdict[str, list[UsageShare]](list)
    for (group, value), sums in account.by_value.items():
        if any(sums.values()) and (value or group != "model"):
            listed_of[group].append(
                UsageShare(
                    value=printable(value or UNNAMED, MAX_SHARE_CHARS),
                    requests=sums.get("requests"),
                    **token_sums(sums, uncached),
                    spend_usd=sums.get("spend") if in_usd else None,
                )
            )
    return {
        group: largest_shares(shares) for group, shares in listed_of.items() if {s.value for s in shares} != {UNNAMED}
    }


def points_of(account: Account, uncached: bool, in_usd: bool) -> dict[float, dict[str, float]]:
    """Requests, tokens and spend by start of a period, as far as the file has them."""
    points = {}
    for start, sums in account.points.items():
        known = {"requests": sums.get("requests"), "tokens": total_tok(sums, uncached)}
        known |= {"spend": sums.get("spend") if in_usd else None}
        points[start] = {name: amount for name, amount in known.items() if amount is not None}
    return points


def total_tok(sums: Mapping[str, float], uncached: bool) -> int | None:
    """Input and output; None where the file counts no tokens."""
    tokens = token_sums(sums, uncached)
    known = [tokens[name] for name in ("input_tok", "output_tok") if tokens[name] is not None]
    return sum(known) if known else None  # type: ignore[arg-type]
