"""Rows of a table of sums as amounts of one period and model."""

import calendar
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache

from calculators.errors import DataError
from calculators.logs.aggregate_columns import COLUMNS, CURRENCY, END, LAST_DAY, MODEL, START
from calculators.logs.aggregate_formats import AggregateFormat
from calculators.logs.aggregate_items import (
    PAST_CHARACTERS,
    is_model_service,
    item_model,
    quantity_of,
    quantity_of_kind,
    unit_scale,
)
from calculators.logs.bills import MoneyKind, lowered_by, money_kind
from calculators.logs.cells import SPACES, suffix_scale
from calculators.logs.group_values import shown_group
from calculators.logs.money import money_of
from calculators.logs.request_marks import NO_CHAT_MODEL
from calculators.logs.request_names import GROUP_ROLES, NAMES
from calculators.logs.timestamps import EXCEL_EPOCH_DAYS, epoch_seconds, is_excel_day
from calculators.logs.usage_tables import USUAL_NAMES, Row, UsageTable

DAY_S = 86_400.0
STEPS = ("interval", "granularity", "bucketwidth", "timegrain")
STEP_UNITS_S = {"M": 60.0, "H": 3_600.0, "D": DAY_S}
FAILED_FROM = 400
"""Status codes from here on are failures."""
OTHER_KINDS = re.compile("embed|image|audio|moderation|vector|interpreter|search|rerank|speech|transcri")
KIND_NAMES = ("object", "endpoint", "calltype", "operation", "usagetype", "requesttype", "category")
CALENDAR_STYLES = (
    "%m/%d/%Y %I:%M:%S %p",
    "%m/%d/%Y %I:%M %p",
    "%m/%d/%Y %H:%M",
    "%m/%d/%Y",
    "%m/%d/%Y %I:%M:%S.%f %p",
    "%m/%d/%Y %H:%M:%S",
    "%b %d, %Y",
    "%d %b %Y",
    "%d.%m.%Y",
    "%d.%m.%Y %H:%M",
    "%d.%m.%Y %H:%M:%S",
)


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


class UnreadTime(ValueError):
    """A row with amounts has a time that cannot be read; `args[0]` is its text."""


def slices(table: UsageTable, entry: AggregateFormat, day_first: bool = False) -> Iterator[Slice | None]:
    """One `Slice` for each row; None for a row that is left out: of another kind or service, failed, a total, or there
    before. Raises UnreadTime."""
    seen = set[int]()
    groups = [group for group in GROUP_ROLES if not table.names.isdisjoint(NAMES[group])]
    for row in table.rows():
        kind: MoneyKind = money_kind(row, entry) if entry.has_money_rows else "use"
        is_other = kind == "none" or _is_other(row, entry)
        period = None if is_other else period_s(row, day_first)
        if kind != "use" and not is_other and (aside := _aside(row, entry, kind, period, groups)) is not None:
            yield aside
            continue
        if period is None:
            if (
                not is_other
                and re.search(r"\d{2}", text := _text(row, START))
                and any(_amounts(row, entry, "").values())
            ):
                raise UnreadTime(text)
            yield None
            continue
        if entry.shape != "items":  # two groups of one period differ in what they are grouped by
            mark = hash(tuple(sorted(row.items())))
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
    """A row of money that is no charge for use; None where it takes tokens back, which is a correction of use."""
    item, (amount, currency) = _text(row, entry.item), _spend(row, entry)
    if amount is None or (kind != "tax" and any(_amounts(row, entry, item).values())):
        return None
    money = -abs(amount) if kind != "tax" else amount
    return Slice(
        start_s=period[0] if period else 0.0,
        end_s=None,
        model=item_model(item) if entry.about else _text(row, MODEL),
        amounts={},
        spend=money if kind in _netted(entry) else None,
        currency=currency or _currency(_text(row, CURRENCY)),
        groups={group: shown_group(_text(row, NAMES[group])) for group in groups},
        is_batch=False,
        aside={kind: money},
        is_aside=True,
    )


def _netted(entry: AggregateFormat) -> tuple[MoneyKind, ...]:
    """Kinds of money that lower what is paid for use."""
    return ("discount",) if entry.negatives == "once" else ("discount", "unclear")


def _slice(row: Row, entry: AggregateFormat, period: tuple[float, float | None], groups: Sequence[str]) -> Slice:
    item, (spend, currency) = _text(row, entry.item), _spend(row, entry)
    off = lowered_by(row, spend) if spend is not None and entry.has_money_rows else {}
    if spend is not None:
        spend += sum(off.get(kind, 0.0) for kind in _netted(entry))
    return Slice(
        aside=off,
        start_s=period[0],
        end_s=period[1],
        model=item_model(item) if entry.about else _text(row, MODEL),
        amounts=_amounts(row, entry, item),
        spend=spend,
        currency=currency or _currency(_text(row, CURRENCY)),
        groups={group: shown_group(_text(row, NAMES[group])) for group in groups},
        more_to_come=row.get("hasmore") == "true",
        is_batch=row.get("batch", "").lower() == "true"
        or "batch" in f"{_text(row, ('servicetier', 'usagetype'))} {item}".lower(),
    )


def _currency(text: str) -> str:
    """Code of the currency; empty where none is told. Anything else is not repeated."""
    return text.upper() if not text or re.fullmatch("[A-Za-z]{3}", text) else "another currency"


def _is_other(row: Row, entry: AggregateFormat) -> bool:
    """Whether a row is about another service, another kind of call, or failed calls."""
    if entry.about:
        return not is_model_service(" ".join(row.get(name, "") for name in entry.about))
    if OTHER_KINDS.search(_text(row, KIND_NAMES).lower()) or re.search(NO_CHAT_MODEL, _text(row, MODEL).lower()):
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
    quantity, amount = quantity_of(item) if entry.about else quantity_of_kind(item), number(_text(row, entry.amount))
    quantity = quantity or ("" if entry.about else quantity_of(item))
    unit = _text(row, entry.unit)
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
    told = next((told for name in entry.spend if (told := money_of(row.get(name, ""))) is not None), None)
    return (None, "") if told is None else (told[0] / entry.units_per_usd, told[1])


def _text(row: Row, names: tuple[str, ...]) -> str:
    return next((row[name] for name in names if row.get(name)), "")


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


# --- times -----------------------------------------------------------------------------------------------------------


def period_s(row: Row, day_first: bool = False) -> tuple[float, float | None] | None:
    """Start of the row's period in seconds since 1970, and its end where the row tells; None for a row without a time, as a
    total."""
    name = next((name for name in START if row.get(name)), None)
    start = time_s(row[name], day_first) if name else None
    if name is None or start is None:
        return None
    last, end = _text(row, LAST_DAY), time_s(_text(row, (*END, *LAST_DAY)), day_first)
    if end is not None and is_day(last) and not _text(row, END):
        end += DAY_S
    if end is not None and end > start:
        return start, end
    step_s = _step_s(_text(row, STEPS))
    return start, start + step_s if step_s else _calendar_end(name, row[name], start)


def _step_s(text: str) -> float | None:
    """Seconds of "PT1H", "P1D", "5m" or "1d"; None for anything else."""
    match = re.fullmatch(r"P?(T?)(\d{1,3})([MHD])", text.strip().upper())
    return int(match[2]) * STEP_UNITS_S[match[3]] if match else None


def _calendar_end(name: str, text: str, start_s: float) -> float | None:
    """The end of a period that is named by its date: a month, a week or a day."""
    if not is_day(text) and not is_month(text):
        return None
    day = datetime.fromtimestamp(start_s, UTC)
    if name == "month" or not is_day(text):
        return start_s + calendar.monthrange(day.year, day.month)[1] * DAY_S
    return start_s + (7 * DAY_S if name == "week" else DAY_S)


def is_day(text: str) -> bool:
    """True for a date without a time of day."""
    return bool(
        re.fullmatch(
            r"20\d\d[-/]\d\d?[-/]\d\d?|20\d{6}|\d\d?[/.]\d\d?[/.]20\d\d|[A-Za-z]{3} \d\d?, 20\d\d", text.strip()
        )
    )


def is_month(text: str) -> bool:
    """True for a month, as 2026-10, 10/2026 or October 2026."""
    return _month(text) is not None


def _month(text: str) -> datetime | None:
    for style in ("%Y-%m", "%m/%Y", "%B %Y", "%b %Y"):
        try:
            return datetime.strptime(text.strip(), style).replace(tzinfo=UTC)
        except ValueError:
            continue
    return None


@lru_cache(8_192)
def time_s(text: str, day_first: bool = False) -> float | None:
    """Seconds since 1970 of a written time or date, UTC where it names no zone; None for anything else."""
    if is_excel_day([text]) or re.fullmatch(r"4[2-9]\d{3}|5\d{4}", text.strip()):
        return (float(text.strip().replace(",", ".")) - EXCEL_EPOCH_DAYS) * DAY_S
    if (offset := re.search(r"(?<=[\dM])([+-])(\d\d):(\d\d)$", text)) and "/" in text:
        ahead_s = (int(offset[2]) * 3_600 + int(offset[3]) * 60) * (1 if offset[1] == "+" else -1)
        local_s = time_s(text[: offset.start()], day_first)
        return None if local_s is None else local_s - ahead_s
    plain = re.sub(r"\s*(UTC|GMT)$", "", text.strip())
    if (month := _month(plain)) is not None:
        return month.timestamp()
    if re.fullmatch(r"20\d\d/\d\d/\d\d.*", plain):
        plain = plain.replace("/", "-")
    if re.fullmatch(r"20\d{6}", plain):
        plain = f"{plain[:4]}-{plain[4:6]}-{plain[6:]}"
    try:
        value = epoch_seconds(plain, "time")
    except DataError:
        return _calendar_time_s(plain, day_first)
    return value if value >= DAY_S * 365 else None


def _calendar_time_s(text: str, day_first: bool) -> float | None:
    text = re.sub(r"(\d),(?= \d)", r"\1", text) if "/" in text else text
    for style in CALENDAR_STYLES:
        style = style.replace("%m/%d", "%d/%m") if day_first else style
        try:
            return datetime.strptime(text, style).replace(tzinfo=UTC).timestamp()
        except ValueError:
            continue
    return None
