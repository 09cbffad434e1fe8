"""Ibis expressions from the text of a cell to a number of tokens or a time, in every style that is read."""

import functools
import operator
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import ibis
import ibis.expr.types as ir

from calculators.logs.cells import NULL_WORDS, SPACES
from calculators.logs.money import FOREIGN, USD, MoneyUnit
from calculators.logs.request_file import WITH
from calculators.logs.timestamps import (
    CLOCK_FORM,
    COMPACT_DATES,
    DATE,
    EPOCH_UNITS,
    EXCEL_EPOCH_DAYS,
    MONTH_FORM,
    PLAIN_TIMES,
    WEEKDAY,
    TimeStyle,
)

US_PER_S = 1_000_000
MAX_REQUEST_TOK = 10_000_000  # of one request; more is an error of the log
MAX_USD = 1e12
MAX_NULL_BYTES = max(len(word.encode()) for word in NULL_WORDS)
NULL_PATTERN = f"^({'|'.join(map(re.escape, NULL_WORDS))})?$"  # a long list for IN becomes a join, which takes memory
MAX_KNOWN_COUNT = 20
PLAIN_MOMENTS = (datetime(2000, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))
"""A cast that gives a time between them was of a plain date and time; others, such as the word epoch, are looked at."""
FIRST_SIGN = "!"
"""Every white space sorts before it."""


@ibis.udf.scalar.builtin(name="json_extract_string")  # type: ignore[untyped-decorator]
def _json_text(document: str, pointer: str) -> str:  # type: ignore[empty-body]
    """DuckDB's own function."""


@ibis.udf.scalar.builtin(name="json_valid")  # type: ignore[untyped-decorator]
def _json_valid(document: str) -> bool:  # type: ignore[empty-body]
    """DuckDB's own function."""


@ibis.udf.scalar.builtin(name="epoch_us")  # type: ignore[untyped-decorator]
def _epoch_us(moment: ibis.expr.datatypes.Timestamp("UTC")) -> int:  # type: ignore[empty-body, valid-type]
    """DuckDB's own function; it truncates, where a cast to integer seconds would round."""


@ibis.udf.scalar.builtin(name="try_strptime")  # type: ignore[untyped-decorator]
def _try_strptime(text: str, formats: list[str]) -> ibis.expr.datatypes.Timestamp():  # type: ignore[valid-type]
    """DuckDB's own function."""


@ibis.udf.scalar.builtin(name="strlen")  # type: ignore[untyped-decorator]
def _byte_count(text: str) -> int:  # type: ignore[empty-body]
    """DuckDB's own function."""


@ibis.udf.scalar.builtin(name="array_extract")  # type: ignore[untyped-decorator]
def _character(text: str, place: int) -> str:  # type: ignore[empty-body]
    """DuckDB's own function; the last character is at -1."""


def cell(raw: ir.Table, place: tuple[str, ...]) -> Any:
    """A cell as the log has it: text, perhaps blank or with spaces around it, or a whole number of a Parquet file."""
    if WITH in place:
        at = place.index(WITH)
        return text_of(cell(raw, place[:at])) + " " + text_of(cell(raw, place[at + 1 :]))
    value: Any = raw[place[0]]
    if len(place) == 1:
        return value
    pointer = "".join("/" + key.replace("~", "~0").replace("/", "~1") for key in place[1:])
    return _json_text(value if place[0] == "json" else valid_json(value), pointer)


def valid_json(text: Any) -> Any:
    """The text where it is JSON; NULL otherwise."""
    return _json_valid(text).ifelse(text, None)


def text_of(cell: Any, known: Iterable[str] = ()) -> Any:
    """The trimmed text of a cell; NULL when it is blank or a word for nothing. `known`: texts that stand for themselves.

    Trimming takes longer than all else, so it is left to cells that may need it."""
    if cell.type().is_integer():
        return cell.cast("string")
    is_bare = (cell >= FIRST_SIGN) & (_character(cell, -1) >= FIRST_SIGN)
    is_long = is_bare & (_byte_count(cell) > MAX_NULL_BYTES)
    text = ibis.cases((is_long, cell), (is_bare, _unless_null(cell)), else_=_unless_null(cell.strip()))
    plain = [value for value in known if value and value == value.strip()][:MAX_KNOWN_COUNT]
    return cell.isin(plain).ifelse(cell, text) if plain else text


def _unless_null(text: Any) -> Any:
    return text.re_search(NULL_PATTERN).ifelse(None, text)


def shortened(text: Any, char_count: int) -> Any:
    """The first characters of a text; counting them takes long, so short ones are told by their bytes."""
    return (_byte_count(text) > char_count).ifelse(text[:char_count], text)


def _number(text: Any, thousands: str = ",") -> Any:
    """A cell as float64: 3, 3.0, 1,234, 1.234 (when the point groups), 1 234, 12,0 and 1.234,0; NULL otherwise."""
    cases = (
        (text.re_search(r"^\d{1,3}(\.\d{3})+,\d+$"), text.replace(".", "").replace(",", ".")),
        (text.re_search(r"^\d{1,3}(,\d{2,3})*,\d{3}(\.\d+)?$"), text.replace(",", "")),
        (text.re_search(r"^\d+,0+$"), text.replace(",", ".")),
        (text.re_search(rf"^\d{{1,3}}([{SPACES}]\d{{3}})+$"), text.re_replace(rf"[{SPACES}]", "")),
    )
    plain = text.try_cast("float64")
    if thousands == ".":
        plain = text.re_search(r"^\d{1,3}(\.\d{3})+$").ifelse(text.replace(".", ""), text).try_cast("float64")
    return ibis.coalesce(plain, ibis.cases(*cases, else_=None).try_cast("float64"))


def _is_whole(number: Any) -> Any:
    """Not by floor(), which Ibis casts to an integer: that fails for infinity."""
    return number == number.try_cast("int64")


@dataclass(frozen=True, slots=True)
class CountStyle:
    """How a column writes counts. `thousands`: the sign that groups them; `scale`: tokens of one unit of the column;
    `has_suffix`: cells are written as 12.3k or as 300 tokens."""

    thousands: str = ","
    scale: float = 1.0
    has_suffix: bool = False

    @property
    def is_plain(self) -> bool:
        """Whether what casts to a number is that number."""
        return self.thousands != "." and self.scale == 1 and not self.has_suffix


def odd_text(cell: Any, is_read: Any) -> Any:
    """The text of cells that no plain cast reads. As a column it stands in a query once, however often it is used, and costs
    next to nothing for the other rows."""
    text = cell.cast("string").strip()
    return (is_read.fill_null(False) | text.re_search(NULL_PATTERN)).ifelse(None, text)


def count_text(cell: Any, number: Any, style: CountStyle) -> Any:
    """The text of a cell that its number does not tell. `number`: the cell as float64, or NULL."""
    return odd_text(cell, _is_token_count(number)) if style.is_plain else text_of(cell)


def count_of(text: Any, number: Any, style: CountStyle) -> Any:
    """Tokens of a cell as float64, to be a column for `whole_tokens`; NULL where it is no number. `text`: of `count_text`."""
    if style.has_suffix or style.scale != 1:
        return _in_units(text, style.thousands, style.has_suffix, style.scale)
    return ibis.coalesce(number, _number(text)) if style.is_plain else _number(text, style.thousands)


def _in_units(text: Any, thousands: str, has_suffix: bool, scale: float) -> Any:
    """Tokens of cells in thousands or millions, as the column or the cell says."""
    if not has_suffix:
        return (_number(text, thousands) * scale).round(3)
    bare = text.re_replace(r"(?i)\s?(k|m|mio\.?)?\s?(tok(en)?s?)?$", "")
    unit = text.lower().re_extract(r"\d\s?(k|m)", 1)
    return (_number(bare, thousands) * ibis.cases((unit == "k", 1e3), (unit == "m", 1e6), else_=1.0) * scale).round(3)


def whole_tokens(number: Any) -> Any:
    """Whole tokens from 0 to 10 M; NULL otherwise (also for NaN and infinity)."""
    return _is_token_count(number).ifelse(number, None).try_cast("int32")


def _is_token_count(number: Any) -> Any:
    return (number >= 0) & (number <= MAX_REQUEST_TOK) & (number == number.try_cast("int32"))


def _is_amount(number: Any) -> Any:
    """Whether the number of a cell, as float64 or NULL, is a plain amount of money."""
    return number.between(-MAX_USD, MAX_USD).fill_null(False)


def money_text(cell: Any, number: Any) -> Any:
    """The text of a cell that is no plain amount, without signs of dollars and with a point for decimals."""
    text = odd_text(cell, _is_amount(number))
    plain = text.re_replace(r"^(US ?\$|USD|\$)\s*", "").re_replace(r"\s*(USD|US\$|\$)$", "")
    plain = plain.re_replace(r"^(-?)[(]?(US\$|\$)?([0-9.,]+)[)]$", "-\\3")
    return plain.re_replace(r"^(-?\d+),(\d{1,2}|\d{4,})$", r"\1.\2")


def usd_of(text: Any, number: Any, unit: MoneyUnit, currency: Any = None) -> Any:
    """Dollars in a cell: 0.0123, $1.20, (0.50); NaN for money of another currency, as the cell, its column or the column of
    currencies says, so that no sum leaves it out; NULL otherwise. `number`: the cell as float64, or NULL; `text`: of
    `money_text`."""
    usd = _is_amount(number).ifelse(number, _number(text)) * unit.per_unit
    foreign, is_filled = text.re_search(FOREIGN).fill_null(False), _is_amount(number) | text.notnull()
    if unit.currency not in ("", USD):
        foreign = is_filled
    elif currency is not None:
        others = ~currency.upper().isin(["USD", "$", "US$", "US DOLLAR", "US DOLLARS"])
        foreign = foreign | (others.fill_null(False) & is_filled)
    return foreign.ifelse(float("nan"), usd)


def time_casts(cell: Any, style: TimeStyle) -> dict[str, Any]:
    """What a cell is as a time by a plain cast, as columns for `time_us`: DuckDB repeats a cast for each use within CASE."""
    if style.is_iso:
        return {"moment": cell.cast("string").try_cast("timestamp('UTC')")}
    return {"number": cell.try_cast("float64"), "whole": cell.try_cast("int64")}


def time_text(cell: Any, casts: Mapping[str, Any], style: TimeStyle) -> Any:
    """The text of a cell that the casts do not tell."""
    if style.is_excel_day:
        return text_of(cell)
    if style.is_iso:
        return odd_text(cell, casts["moment"].between(*PLAIN_MOMENTS))
    number = casts["number"]
    is_date = functools.reduce(operator.or_, (number.between(*dates) for dates in COMPACT_DATES))
    return odd_text(cell, (number.abs() < EPOCH_UNITS[-1][0]) & ~is_date)


def time_us(text: Any, casts: Mapping[str, Any], unit: tuple[str, bool] | None, style: TimeStyle = PLAIN_TIMES) -> Any:
    """Microseconds since 1970 of a cell, or since 0 with a relative clock of the given unit; NULL where it is no time.
    `text`: that of `time_text`.

    Whole numbers stay integers, because a cast from fractional seconds would round."""
    if style.is_excel_day:
        days = text.replace(",", ".").try_cast("float64") - EXCEL_EPOCH_DAYS
        return (days * 86_400_000).round().try_cast("int64") * 1_000
    if style.is_iso:  # the other forms would be tried on every row, because DuckDB shares their parts
        moment = casts["moment"]
        return moment.between(*PLAIN_MOMENTS).ifelse(_epoch_us(moment), _iso_us(text))
    number, whole = casts["number"], casts["whole"]
    is_whole = _is_whole(number)
    if unit is not None:
        scale = US_PER_S if unit[0] == "s" else 1_000
        return is_whole.ifelse((number.abs() < 1e13).ifelse(whole, None) * scale, (number * scale).try_cast("int64"))
    steps = [(limit, US_PER_S / per_second) for limit, per_second in EPOCH_UNITS]
    size = number.abs()
    parts: list[tuple[Any, Any]] = [(number.between(*dates), None) for dates in COMPACT_DATES]
    parts += [(is_whole & (size < limit), _scaled(whole, scale)) for limit, scale in steps]
    parts += [(size < limit, (number * scale).try_cast("int64")) for limit, scale in steps]
    numeric = ibis.cases(*parts, else_=None)
    return numeric if style.is_number else ibis.coalesce(_iso_us(text), numeric, _written_us(text, style.day_first))


def _iso_us(text: Any) -> Any:
    return _epoch_us(text.re_search(r"^\d{4}[-/]").ifelse(text, None).try_cast("timestamp('UTC')"))


def _written_us(text: Any, day_first: bool) -> Any:
    """Microseconds since 1970 of the other written forms; UTC where there is no offset."""
    bare = text.re_replace(rf"^\[?(?:{WEEKDAY},? +)?([^\]]*)\]?$", r"\1")
    bare = bare.re_replace(rf"^({MONTH_FORM}) +(\d{{1,2}}) ([\d:.]+)(?: [A-Z]{{3}})? (\d{{4}})$", r"\2 \1 \4 \3")
    day = bare.re_extract(rf"^({DATE})", 1)
    clock = bare.re_replace(rf"^{DATE}[Tt_: ,@-]*", "").replace(",", ".").re_replace(" m=.*$", "")
    clock = clock.re_replace(r"^(\d{6})(\d{3}|\d{6})([Zz]|[+-].*)?$", r"\1.\2\3")
    clock = clock.re_replace(r"^(\d{2})(\d{2})(\d{2})(\.\d+)?([Zz]|[+-].*)?$", r"\1:\2:\3\4\5")
    clock = clock.re_replace(r"^(\d{2})(\d{2})([Zz]|[+-].*)?$", r"\1:\2\3")
    is_time = clock.re_search(rf"^{CLOCK_FORM}$")
    return is_time.ifelse(_day_us(day, day_first) + _clock_us(clock), None)


def _day_us(day: Any, day_first: bool) -> Any:
    """Microseconds from 1970 to the start of a date."""
    dashed = (
        day.re_replace(r"[日일]$", "")
        .re_replace(r"[-/., 年月년월]+", "-")
        .re_replace(r"^(\d{1,2}-\w{1,9})-(\d{2})$", r"\1-20\2")
    )
    order = "%d-%m-%Y" if day_first else "%m-%d-%Y"
    formats = ["%Y-%m-%d", "%d-%b-%Y", "%d-%B-%Y", "%b-%d-%Y", "%B-%d-%Y", "%Y%m%d", order]
    return _epoch_us(_try_strptime(dashed, formats).cast("timestamp('UTC')"))


def _clock_us(clock: Any) -> Any:
    """Microseconds from midnight UTC to a time of day with its offset."""

    def part(pattern: str) -> Any:
        return clock.re_extract(pattern, 1).try_cast("int64").fill_null(0)

    hour = part(r"^(\d{1,2})")
    hour = clock.re_search("[Pp]\\.?[Mm]").ifelse(
        hour % 12 + 12, clock.re_search("[Aa]\\.?[Mm]").ifelse(hour % 12, hour)
    )
    micros = clock.re_extract(r"\.(\d{1,6})", 1).rpad(6, "0").cast("int64")
    seconds = hour * 3_600 + part(r"^\d+:(\d{2})") * 60 + part(r"^\d+:\d+:(\d{2})")
    offset = part(r"[+-](\d{2}):?\d{0,2}") * 3_600 + part(r"[+-]\d{2}:?(\d{2})") * 60
    return (seconds + clock.re_search(r"-\d{2}").ifelse(offset, -offset)) * US_PER_S + micros


def _scaled(whole: Any, scale: float) -> Any:
    return whole * int(scale) if scale >= 1 else whole // round(1 / scale)
