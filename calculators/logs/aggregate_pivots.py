"""Tables with a column for each model, service or usage type and a row for each period, or the other way round, as one row an
item and period.
"""

import itertools
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache, partial

from calculators.logs.aggregate_columns import START
from calculators.logs.aggregate_formats import AggregateFormat
from calculators.logs.aggregate_items import (
    REGION,
    is_model_service,
    item_model,
    quantity_of,
    quantity_of_kind,
    unit_scale,
)
from calculators.logs.aggregate_rows import number
from calculators.logs.aggregate_times import named_period_s, time_s
from calculators.logs.bills import NO_USE, TAX
from calculators.logs.column_words import split_unit, words_of
from calculators.logs.money import SIGN, money_of
from calculators.logs.request_columns import normalised
from calculators.logs.request_file import LogError
from calculators.logs.usage_tables import FIRST_ROW_COUNT, Row, UsageTable
from calculators.logs.word_lists import CURRENCY_CODES, MONEY

PIVOT = AggregateFormat(
    "a table with a column for each model or item",
    frozenset(),
    shape="items",
    input_is="unsure",
    item=("kind",),
    amount=("amount",),
    spend=("cost",),
)
SERVICE_NAMES = frozenset({"service", "usagetype", "meter", "metercategory", "sku", "skudescription", "servicename"})
"""First cells of tables of a cloud, whose items are services of all kinds."""
FAMILIES = re.compile(
    r"(?i)\b(gpt|o[1-9]\b|claude|gemini|llama|mi[sx]tral|deepseek|qwen|nova|command|grok|sonnet|opus|haiku|titan)"
)
NO_AMOUNTS = frozenset({"", "-", "–", "n/a", "na", "null", "none"})
UNIT_TEXT = re.compile(r"\s*\(([^()]*)\)\s*$")
MONEY_WORDS = re.compile(rf"(?i)\b({'|'.join(sorted({*MONEY, *CURRENCY_CODES, 'total'}))})\b")
UNSAID = (
    "{label} has a {place} for each model and does not say what they count; write it into their names, as "
    '"gpt-5 input tokens", "gpt-5 requests" or "gpt-5 cost ($)".'
)


@dataclass(frozen=True, slots=True)
class PivotItem:
    """What a column, or a row of the other way round, holds: tokens or requests of a model (`kind` as in `COLUMNS`), or money
    ("cost")."""

    label: str
    kind: str
    model: str
    scale: float = 1.0

    def row(self, time: Row, cell: str) -> Row | None:
        """The cell as a row of its own; None for an empty one."""
        if self.kind == "cost":
            return {**time, "model": self.model, "description": self.label, "cost": cell} if money_of(cell) else None
        value = number(cell)
        return (
            None
            if value is None
            else {**time, "model": self.model, "kind": self.kind, "amount": str(value * self.scale)}
        )


@lru_cache(4_096)
def pivot_item(text: str) -> PivotItem | None:
    """What a column or row of this name holds; None where it names no quantity, or repeats others as a total."""
    if NO_USE.search(text) or not text.strip():
        return None
    unit = match[1] if (match := UNIT_TEXT.search(text)) else ""
    bare = text[: match.start()] if match else text
    if SIGN.search(unit or text) or {*words_of(unit), *words_of(bare)} & {*MONEY, *CURRENCY_CODES}:
        label = MONEY_WORDS.sub(" ", SIGN.sub(" ", bare)).strip(" -_:")
        return PivotItem(label, "cost", _model(label)) if label else None
    plain, scale = split_unit(text)
    scale = unit_scale(unit) if unit and scale == 1 else scale
    kind = quantity_of_kind(plain) or quantity_of(plain)
    return PivotItem(plain, kind, _model(bare if unit else plain), scale) if kind else None


def _model(label: str) -> str:
    """The model that a label names; "" for a service, a tax and so on."""
    plain = UNIT_TEXT.sub("", re.sub(r"(?i)\brequests?\b|\bcalls\b", " ", label))
    model = item_model(plain.replace("_", "-"), REGION.search(label) is not None)
    return model if FAMILIES.search(model) else ""


def pivot_table(table: UsageTable, label: str) -> tuple[UsageTable, AggregateFormat] | None:
    """The table with one row an item and period, and how to read it; None for a table of another shape. Raises LogError for
    columns of models that do not say what they count."""
    if table.cells is None or len(table.header) < 2 or is_period_text(table.header[0]):
        return None
    dates = sum(map(is_period_text, table.header[1:]))
    if dates < 2 and not any(FAMILIES.search(text) or is_model_service(text) for text in table.header):
        return None
    first = list(itertools.islice(table.cells(), FIRST_ROW_COUNT))
    firsts = [cells[0] for cells in first if cells]
    if not all(map(_is_amount, itertools.chain.from_iterable(cells[1:] for cells in first))):
        return None
    if 2 * sum(map(is_period_text, firsts)) > len(firsts) > 0:
        items = _items(table.header, first, label)
        rows: Callable[[], Iterator[Row]] = partial(_by_period, table, items)
    elif dates >= max(2, len(table.header) // 2):
        items = {place: item for place, text in enumerate(firsts) if (item := pivot_item(text)) is not None}
        rows = partial(_by_item, table)
        if not items and any(map(FAMILIES.search, firsts)):
            raise LogError(UNSAID.format(label=label, place="row"))
    else:
        return None
    if not _is_pivot(list(items.values()), dates >= 2):
        return None
    is_aws = any(REGION.search(item.label) for item in items.values())
    entry = replace(PIVOT, input_is="uncached", seller="aws") if is_aws else PIVOT
    return UsageTable(frozenset({"date", "model", "kind", "amount", "cost", "description"}), rows), entry


def _is_amount(cell: str) -> bool:
    return cell.lower() in NO_AMOUNTS or number(cell) is not None or money_of(cell) is not None


def is_period_text(text: str) -> bool:
    """Whether a cell is a date, a month and so on."""
    return bool(re.search(r"\d", text)) and (
        named_period_s(text) is not None or (not text.isdigit() and time_s(text) is not None)
    )


def _items(header: Sequence[str], first: list[list[str]], label: str) -> dict[int, PivotItem]:
    """By place, what the columns hold. Those of a cloud's services are of models alone."""
    items = {place: item for place, text in enumerate(header) if place and (item := pivot_item(text)) is not None}
    bare = {place: text for place, text in enumerate(header) if place and place not in items and FAMILIES.search(text)}
    others = [text for text in header[1:] if text and not FAMILIES.search(text) and not NO_USE.search(text)]
    if bare and not items and not others:
        if not all(SIGN.search(row[place]) for row in first for place in bare if place < len(row) and row[place]):
            raise LogError(UNSAID.format(label=label, place="column"))
        items = {place: PivotItem(text, "cost", _model(text)) for place, text in bare.items()}
    if normalised(header[0]) in SERVICE_NAMES:
        kept = {place: item for place, item in items.items() if is_model_service(item.label) or TAX.search(item.label)}
        items = kept if any(is_model_service(item.label) for item in kept.values()) else items
    return items


def _is_pivot(items: Sequence[PivotItem], of_rows: bool) -> bool:
    """Whether the items are those of models or services; rows may also be tokens of no model."""
    kinds = {item.kind for item in items if item.model or of_rows}
    paid = {item.label for item in items if item.kind == "cost" and not TAX.search(item.label)}
    return ("output" in kinds and bool(kinds & {"input", "uncached"})) or any(map(is_model_service, paid))


def _by_period(table: UsageTable, items: Mapping[int, PivotItem]) -> Iterator[Row]:
    name = normalised(table.header[0])
    start = name if name in START else "date"
    for cells in table.cells() if table.cells else ():
        if cells and is_period_text(cells[0]):
            told = (item.row({start: cells[0]}, cells[place]) for place, item in items.items() if place < len(cells))
            yield from (row for row in told if row is not None)


def _by_item(table: UsageTable) -> Iterator[Row]:
    periods = {place: text for place, text in enumerate(table.header) if place and is_period_text(text)}
    for cells in table.cells() if table.cells else ():
        item = pivot_item(cells[0]) if cells else None
        if item is not None:
            told = (item.row({"date": text}, cells[place]) for place, text in periods.items() if place < len(cells))
            yield from (row for row in told if row is not None)
