"""Rows of a table of sums as amounts of one period and model."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from calculators.logs.aggregate_columns import COLUMNS, CURRENCY, MODEL, START
from calculators.logs.aggregate_formats import AggregateFormat
from calculators.logs.aggregate_items import (
    PAST_CHARACTERS,
    is_model_service,
    item_model,
    label_model,
    quantity_of,
    quantity_of_kind,
    unit_scale,
)
from calculators.logs.aggregate_times import first_text, period_s
from calculators.logs.bills import MoneyKind, lowered_by, money_kind
from calculators.logs.cells import SPACES, suffix_scale
from calculators.logs.group_values import shown_group
from calculators.logs.money import money_of
from calculators.logs.request_marks import NO_CHAT_MODEL
from calculators.logs.request_names import GROUP_ROLES, NAMES
from calculators.logs.usage_headers import USUAL_NAMES
from calculators.logs.usage_tables import Row, UsageTable

FAILED_FROM = 400
"""Status codes from here on are failures."""
PAGE_NAMES = frozenset(
    (
        "hasmore",
        "nextpage",
        "nextpagetoken",
        "nextcursor",
        "nextlink",
        "nexttoken",
        "firstid",
        "lastid",
        "page",
        "cursor",
    )
)
"""What a page of a report says of itself, which is not the same for rows that two pages share."""
SPLIT_COST = re.compile("(input|prompt|output|completion|cached?(read|write|input)?)(tokens?)?cost(usd)?")
DATED_TOTAL = re.compile(r"(?i)(\bsub|\b|zwischen)(totals?|summe)\b")
"""As "2026-10-05 subtotal", in the place of a date."""
OTHER_KINDS = re.compile("embed|image|audio|moderation|vector|interpreter|search|rerank|speech|transcri")
KIND_NAMES = ("object", "endpoint", "calltype", "operation", "usagetype", "requesttype", "category")


@dataclass(frozen=True, slots=True)
class Slice:
    """Amounts of one row: by quantity as in `COLUMNS`, and money in the row's currency. `end_s` None: not told."""

    start_s: float
    end_s: float | None
    model: str
    amounts: Mapping[str, float]
    spend: float | None
    currency: str
    is_batch: bool
    groups: Mapping[str, str] = field(default_factory=dict)
    """Team, project, key and so on, of columns that the table has; "" where the row names none."""
    more_to_come: bool = False
    """The page says that another follows."""
    aside: Mapping[MoneyKind, float] = field(default_factory=dict)
    """Money beside the charges for use, by kind."""
    is_aside: bool = False
    """Whether the row is nothing else, so that its time is no period of use."""


def of_running_totals(parts: Iterable[Slice | None]) -> list[Slice | None]:
    """The slices with what was added since the one before of the same model and groups; totals that fall began again."""
    before_of, every = dict[tuple[Any, ...], Slice](), list[Slice | None]()
    for part in sorted((part for part in parts if part is not None), key=lambda part: part.start_s):
        if part.is_aside:
            every.append(part)
            continue
        key = (part.model, part.is_batch, *sorted(part.groups.items()))
        before, before_of[key] = before_of.get(key), part
        every.append(part if before is None else _since(before, part))
    return every


def _since(before: Slice, part: Slice) -> Slice:
    amounts = {name: _grown(before.amounts.get(name, 0.0), amount) for name, amount in part.amounts.items()}
    spend = part.spend if part.spend is None else _grown(before.spend or 0.0, part.spend)
    return replace(part, amounts=amounts, spend=spend)


def _grown(before: float, now: float) -> float:
    return now - before if now >= before else now


class UnreadTime(ValueError):
    """A row with amounts has a time that cannot be read; `args[0]` is its text."""


def slices(table: UsageTable, entry: AggregateFormat, day_first: bool = False) -> Iterator[Slice | None]:
    """One `Slice` for each row; None for a row that is left out: of another kind or service, failed, a total, or there
    before. Raises UnreadTime."""
    seen = set[int]()
    groups = [group for group in GROUP_ROLES if not table.names.isdisjoint(NAMES[group])]
    for row in table.rows():
        kind: MoneyKind = money_kind(row, entry) if entry.has_money_rows else "use"
        is_other = kind == "none" or _is_other(row, entry, kind == "other")
        period = None if is_other else (0.0, None) if entry.is_undated else period_s(row, day_first)
        if kind != "use" and not is_other and (aside := _aside(row, entry, kind, period, groups)) is not None:
            yield aside
            continue
        if kind == "other":
            yield None
            continue
        if period is None:
            if (
                not is_other
                and re.search(r"\d{2}", text := first_text(row, START))
                and not DATED_TOTAL.search(text)
                and any(_amounts(row, entry, "").values())
            ):
                raise UnreadTime(text)
            yield None
            continue
        if entry.shape != "items":  # two groups of one period differ in what they are grouped by
            mark = hash(tuple(sorted(item for item in row.items() if item[0] not in PAGE_NAMES)))
            if mark in seen and _grows(row):
                yield None
                continue
            seen.add(mark)
        yield _slice(row, entry, period, groups)


def _grows(row: Row) -> bool:
    return any(number(row.get(name, "")) for group in COLUMNS["input"] + COLUMNS["uncached"] for name in group)


def _aside(
    row: Row, entry: AggregateFormat, kind: MoneyKind, period: tuple[float, float | None] | None, groups: Sequence[str]
) -> Slice | None:
    """A row of money that is no charge for chat traffic; None where it takes tokens back, which is a correction of use."""
    item, (amount, currency) = first_text(row, entry.item), _spend(row, entry)
    is_charge = kind in ("tax", "other")
    if amount is None or (not is_charge and any(_amounts(row, entry, item).values())):
        return None
    money = amount if is_charge else -abs(amount)
    return Slice(
        start_s=period[0] if period else 0.0,
        end_s=None,
        model=_model(row, entry, item),
        amounts={},
        spend=money if kind in _netted(entry) else None,
        currency=currency or _currency(first_text(row, CURRENCY)),
        groups={group: shown_group(first_text(row, NAMES[group])) for group in groups},
        is_batch=False,
        aside={kind: money},
        is_aside=True,
    )


def _netted(entry: AggregateFormat) -> tuple[MoneyKind, ...]:
    """Kinds of money that lower what is paid for use."""
    return ("discount",) if entry.negatives == "once" else ("discount", "unclear")


def _slice(row: Row, entry: AggregateFormat, period: tuple[float, float | None], groups: Sequence[str]) -> Slice:
    item, (spend, currency) = first_text(row, entry.item), _spend(row, entry)
    off = lowered_by(row, spend) if spend is not None and entry.has_money_rows else {}
    if spend is not None:
        spend += sum(off.get(kind, 0.0) for kind in _netted(entry))
    return Slice(
        aside=off,
        start_s=period[0],
        end_s=period[1],
        model=_model(row, entry, item),
        amounts=_amounts(row, entry, item),
        spend=spend,
        currency=currency or _currency(first_text(row, CURRENCY)),
        groups={group: shown_group(first_text(row, NAMES[group])) for group in groups},
        more_to_come=row.get("hasmore") == "true",
        is_batch=row.get("batch", "").lower() == "true"
        or "batch" in f"{first_text(row, ('servicetier', 'usagetype'))} {item}".lower(),
    )


def _model(row: Row, entry: AggregateFormat, item: str) -> str:
    if entry.about:
        return item_model(item, entry.seller == "aws")
    return first_text(row, MODEL) or (label_model(item) if entry.shape == "items" else "")


def _currency(text: str) -> str:
    """Code of the currency; empty where none is told. Anything else is not repeated."""
    return text.upper() if not text or re.fullmatch("[A-Za-z]{3}", text) else "another currency"


def _is_other(row: Row, entry: AggregateFormat, is_no_chat: bool) -> bool:
    """Whether a row is about another service, another kind of call, or failed calls. `is_no_chat`: whether its words name
    embeddings or the like, whose money is told."""
    if entry.about:
        return not is_model_service(" ".join(row.get(name, "") for name in entry.about))
    if is_no_chat:
        return False
    if OTHER_KINDS.search(first_text(row, KIND_NAMES).lower()) or re.search(
        NO_CHAT_MODEL, first_text(row, MODEL).lower()
    ):
        return True
    return (number(row.get("statuscode", "")) or 0) >= FAILED_FROM


def _amounts(row: Row, entry: AggregateFormat, item: str) -> dict[str, float]:
    if entry.shape == "items":
        return _item_amounts(row, entry, item)
    if entry.shape == "metrics":
        return _metric_amounts(row)
    amounts = dict[str, float]()
    for quantity, groups in COLUMNS.items():
        for group in groups:
            parts = [part for part in (number(row.get(name, "")) for name in group) if part is not None]
            if parts:
                amounts[quantity] = sum(parts)
                break
    return amounts


def _item_amounts(row: Row, entry: AggregateFormat, item: str) -> dict[str, float]:
    quantity, amount = (
        quantity_of(item) if entry.about else quantity_of_kind(item),
        number(first_text(row, entry.amount)),
    )
    quantity = quantity or ("" if entry.about else quantity_of(item))
    unit = first_text(row, entry.unit)
    of_a_bill = bool(entry.about)
    if not quantity or (of_a_bill and (quantity == "requests" or PAST_CHARACTERS.search(f"{unit} {item}"))):
        return {}
    units = " ".join(row.get(name, "") for name in entry.unit).strip()
    scale = (unit_scale(units) if units else entry.default_scale) if of_a_bill else 1.0
    return {quantity: (amount or 0.0) * scale}


def _metric_amounts(row: Row) -> dict[str, float]:
    """Sums by quantity; a column whose name ends that of another repeats it, as does its usual name."""
    amounts = dict[str, float]()
    for name, text in row.items():
        quantity, amount = quantity_of(name), number(text)
        repeats = any(other != name and (other.endswith(name) or _is_usual(name, other, row)) for other in row)
        if quantity and amount is not None and name not in START and not repeats:
            amounts[quantity] = amounts.get(quantity, 0.0) + amount
    return amounts


def _is_usual(name: str, other: str, row: Row) -> bool:
    """Whether `name` is the usual one that was given to the column `other`."""
    return name in USUAL_NAMES.values() and row[name] == row[other] and quantity_of(name) == quantity_of(other)


def _spend(row: Row, entry: AggregateFormat) -> tuple[float | None, str]:
    """Money of a row, and the currency that stands beside it, "" for none."""
    told_by = next(((name, told) for name in entry.spend if (told := money_of(row.get(name, ""))) is not None), None)
    if told_by is None:
        return _split_spend(row) if entry.spend else (None, "")
    name, (amount, currency) = told_by
    return amount / entry.units_per_usd, currency or ("USD" if name.endswith("usd") else "")


def _split_spend(row: Row) -> tuple[float | None, str]:
    """Money of a row without a whole: that of the input, the output and the cache."""
    costs = (cell for name, cell in row.items() if name.endswith(("cost", "usd")) and SPLIT_COST.fullmatch(name))
    parts = [told for cell in costs if (told := money_of(cell)) is not None]
    return (sum(amount for amount, _ in parts), next((code for _, code in parts if code), "")) if parts else (None, "")


def number(text: str) -> float | None:
    """The number in a cell: "3.0", "1,234", "$0.50"; None for anything else."""
    if not text:
        return None
    bare, scale = suffix_scale(re.sub(rf"(?<=\d)[{SPACES}](?=\d\d\d)", "", text))
    try:
        value = float(bare.replace(",", "").replace("$", "").strip())
        value = round(value * scale, 6) if scale != 1 else value
    except ValueError:
        return None
    return value if abs(value) < 1e18 else None
