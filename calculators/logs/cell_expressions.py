"""Ibis expressions from the text of a cell to a number of tokens or a time, in every style that is read."""

from typing import Any

import ibis
import ibis.expr.types as ir

from calculators.logs.cells import NULL_WORDS, SPACES
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


def cell_text(raw: ir.Table, place: tuple[str, ...]) -> Any:
    """The trimmed text of a column; NULL when blank."""
    if WITH in place:
        at = place.index(WITH)
        return cell_text(raw, place[:at]) + " " + cell_text(raw, place[at + 1 :])
    text: Any = raw[place[0]]
    if len(place) > 1:
        pointer = "".join("/" + key.replace("~", "~0").replace("/", "~1") for key in place[1:])
        text = _json_text(text if place[0] == "json" else _json_valid(text).ifelse(text, None), pointer)
        text = text.isin(NULL_WORDS).ifelse(None, text)
    return text.strip().nullif("")


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


def tokens_of(text: Any, thousands: str = ",", scale: float = 1.0, has_suffix: bool = False) -> Any:
    """Whole tokens from 0 to 10 M; NULL otherwise (also for NaN and infinity). `scale`: tokens of one unit of the column;
    `has_suffix`: cells are written as 12.3k or as 300 tokens."""
    if has_suffix:
        bare = text.re_replace(r"(?i)\s?(k|m|mio\.?)?\s?(tok(en)?s?)?$", "")
        unit = text.lower().re_extract(r"\d\s?(k|m)", 1)
        number = _number(bare, thousands) * ibis.cases((unit == "k", 1e3), (unit == "m", 1e6), else_=1.0) * scale
    else:
        number = _number(text, thousands) * scale if scale != 1 else _number(text, thousands)
    if has_suffix or scale != 1:
        number = number.round(3)
    fits = (number >= 0) & (number <= MAX_REQUEST_TOK) & _is_whole(number)
    return fits.ifelse(number, None).try_cast("int64")


def usd_of(text: Any) -> Any:
    """Dollars in a cell: 0.0123, $1.20; NULL otherwise."""
    plain = text.re_replace(r"^(USD|\$)\s*", "").re_replace(r"\s*(USD|\$)$", "")
    comma = plain.re_search(r"^\d+,(\d{1,2}|\d{4,})$")
    return _number(comma.ifelse(plain.replace(",", "."), plain))


def time_us(text: Any, unit: tuple[str, bool] | None, style: TimeStyle = PLAIN_TIMES) -> Any:
    """Microseconds since 1970 of a cell, or since 0 with a relative clock of the given unit; NULL where it is no time.

    Whole numbers stay integers, because a cast from fractional seconds would round."""
    if style.is_excel_day:
        days = text.replace(",", ".").try_cast("float64") - EXCEL_EPOCH_DAYS
        return (days * 86_400_000).round().try_cast("int64") * 1_000
    written = _epoch_us(text.re_search(r"^\d{4}[-/]").ifelse(text, None).try_cast("timestamp('UTC')"))
    if style.is_iso:  # the other forms would be tried on every row, because DuckDB shares their parts
        return written
    number, whole = text.try_cast("float64"), text.try_cast("int64")
    is_whole = _is_whole(number)
    if unit is not None:
        scale = US_PER_S if unit[0] == "s" else 1_000
        return is_whole.ifelse((number.abs() < 1e13).ifelse(whole, None) * scale, (number * scale).try_cast("int64"))
    steps = [(limit, US_PER_S / per_second) for limit, per_second in EPOCH_UNITS]
    size = number.abs()
    parts = [(number.between(*COMPACT_DATES), None)]
    parts += [(is_whole & (size < limit), _scaled(whole, scale)) for limit, scale in steps]
    parts += [(size < limit, (number * scale).try_cast("int64")) for limit, scale in steps]
    numeric = ibis.cases(*parts, else_=None)
    return numeric if style.is_number else ibis.coalesce(written, numeric, _written_us(text, style.day_first))


def _written_us(text: Any, day_first: bool) -> Any:
    """Microseconds since 1970 of the other written forms; UTC where there is no offset."""
    bare = text.re_replace(rf"^\[?(?:{WEEKDAY},? +)?([^\]]*)\]?$", r"\1")
    bare = bare.re_replace(rf"^({MONTH_FORM}) +(\d{{1,2}}) ([\d:.]+)(?: [A-Z]{{3}})? (\d{{4}})$", r"\2 \1 \4 \3")
    day = bare.re_extract(rf"^({DATE})", 1)
    clock = bare.re_replace(rf"^{DATE}[Tt_: ,@-]*", "").replace(",", ".").re_replace(" m=.*$", "")
    clock = clock.re_replace(r"^(\d{2})(\d{2})(\d{2})(\.\d+)?([Zz]|[+-].*)?$", r"\1:\2:\3\4\5")
    is_time = clock.re_search(rf"^{CLOCK_FORM}$")
    return is_time.ifelse(_day_us(day, day_first) + _clock_us(clock), None)


def _day_us(day: Any, day_first: bool) -> Any:
    """Microseconds from 1970 to the start of a date."""
    dashed = day.re_replace(r"[-/., ]+", "-").re_replace(r"^(\d{1,2}-\w{1,9})-(\d{2})$", r"\1-20\2")
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
