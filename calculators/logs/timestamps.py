"""The time of a request in seconds since 1970, in whichever form its log has it.

`DATE` and `CLOCK_FORM` are the written forms; `time_style` decides for a column what a single cell cannot tell.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime

from calculators.errors import DataError

EPOCH_UNITS = ((1e11, 1.0), (1e14, 1e3), (1e17, 1e6), (1e20, 1e9))
"""Numbers since 1970 below each limit are in s, ms, µs or ns, with so many to a second: dates up to the year 5138."""
LAST_S = 4.1e9
"""The year 2099: a later time is an error of the file."""
TIME_FIELDS = (
    *("timestamp", "time", "created", "created_at", "createdAt", "startTime", "start_time", "request_time", "ts"),
    *("request_created_at", "date"),
)

MONTH_FORM = "(?i:(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6})"
WEEKDAY = "(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]{0,6}"
DATE = (
    rf"(?:\d{{4}}[-/.]\d{{1,2}}[-/.]\d{{1,2}}|\d{{4}}[年년] ?\d{{1,2}}[月월] ?\d{{1,2}}[日일]|\d{{8}}|\d{{1,2}}[-/.]\d{{1,2}}[-/.](?:\d{{4}}|\d{{2}})"
    rf"|\d{{1,2}}[-/. ]+{MONTH_FORM}[-/., ]+(?:\d{{4}}|\d{{2}})|{MONTH_FORM} +\d{{1,2}},? +\d{{4}})"
)
ZONE = r"(?:Z|z|UTC|GMT|(?:UTC|GMT)?[+-]\d{2}(?::?\d{2})?)"
"""An offset; a name such as CET alone is none, because the offset would be a guess."""
CLOCK_FORM = rf"(?:[01]?\d|2[0-3]):[0-5]\d(?::[0-6]\d(?:[.,]\d+)?)? ?(?:[AaPp]\.?[Mm]\.?)? ?(?:{ZONE}(?: [A-Z]{{3,5}}| \([^)]{{1,40}}\))?)?(?: m=[+-][\d.]+)?"
ISO = r"\d{4}[-/]\d{1,2}[-/]\d{1,2}([T ]\d{1,2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})?)?"
COMPACT_CLOCK = rf"(?:\d{{6}}(?:[.,]\d+|\d{{3}}|\d{{6}})?|\d{{4}}){ZONE}?"
WRITTEN = re.compile(rf"\[?(?:{WEEKDAY},? +)?{DATE}(?:[Tt_: ,@-]*(?:{CLOCK_FORM}|{COMPACT_CLOCK}))?\]?")
CTIME = rf"{MONTH_FORM} +\d{{1,2}} \d{{1,2}}:\d{{2}}:\d{{2}}(?:\.\d+)?(?: [A-Z]{{3}})? \d{{4}}"
"""Mon Oct  5 09:02:02 2026, without the day of the week."""
COMPACT_DATES = tuple((20_150_101.0 * 10**digit_count, 21_000_101.0 * 10**digit_count) for digit_count in (4, 6, 9, 12))
"""20261005090202 is a written time and no number since 1970, to the minute, second, milli- or microsecond: as the first they
would be before 2015 or after 2300."""
COMPACT_MINUTE = r"20(?:1[5-9]|[2-9]\d)(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?:[01]\d|2[0-3])[0-5]\d"
_DAY_ALONE = "(?:1[3-9]|2[0-9]|3[01])"
OTHER_ORDER = {
    True: rf"^\[?[0-9]{{1,2}}[-/.]{_DAY_ALONE}[-/.](?:[0-9]{{4}}|[0-9]{{2}})(?:[^0-9]|$)",
    False: rf"^\[?{_DAY_ALONE}[-/.][0-9]{{1,2}}[-/.](?:[0-9]{{4}}|[0-9]{{2}})(?:[^0-9]|$)",
}
"""By whether dates begin with the day: what only the other order can be."""
EXCEL_DAYS = (42_005.0, 60_000.0)
"""2015 to 2064, in days since 1899-12-30."""
EXCEL_EPOCH_DAYS = 25_569
"""The day number of 1970-01-01."""


@dataclass(frozen=True, slots=True)
class TimeStyle:
    """What the cells of a time column mean together. `sure` is False where both orders of day and month are possible."""

    day_first: bool = False
    is_excel_day: bool = False
    is_iso: bool = False
    """Year, month, day and a time with a point, all of them."""
    is_number: bool = False
    sure: bool = True


PLAIN_TIMES = TimeStyle()


def time_style(values: Sequence[str]) -> TimeStyle:
    """The style of a column, from a sample of its cells."""
    filled = [value.strip() for value in values if re.search(r"\d", value)]  # others are labels of totals
    pairs = [match for value in filled if (match := re.match(r"\[?(\d{1,2})([-/.])(\d{1,2})\2\d{2,4}\b", value))]
    if not pairs:
        return TimeStyle(
            is_excel_day=is_excel_day(filled),
            is_iso=all(re.fullmatch(ISO, value) for value in filled),
            is_number=all(re.fullmatch(r"\d{1,13}(\.\d+)?|1\d{15}|1\d{18}", value) for value in filled)
            and not any(re.fullmatch(COMPACT_MINUTE, value) for value in filled),
        )
    days_first = any(int(match[1]) > 12 for match in pairs) or all(match[2] == "." for match in pairs)
    months_first = any(int(match[3]) > 12 for match in pairs) or any(
        re.search("[AaPp]\\.?[Mm]", value) for value in filled
    )
    if days_first or months_first:
        return TimeStyle(day_first=days_first, sure=days_first != months_first)
    firsts, seconds = ({match[at] for match in pairs} for at in (1, 3))
    return TimeStyle(day_first=len(firsts) > len(seconds), sure=len(firsts) != len(seconds))


def both_orders(values: Sequence[str]) -> tuple[str, str] | None:
    """A date that must begin with the day and one that must begin with the month; None: not both."""
    pair = [
        next((text for text in values if re.search(OTHER_ORDER[order], text.strip())), None) for order in (False, True)
    ]
    return None if pair[0] is None or pair[1] is None else (pair[0], pair[1])


def is_excel_day(values: Sequence[str]) -> bool:
    """Whether numbers are days as a spreadsheet counts them: 46300.377813 is 2026-10-05 at 09:04."""
    numbers = [value.strip().replace(",", ".") for value in values if value.strip()]
    if not numbers or not all(re.fullmatch(r"\d{5}(\.\d+)?", number) for number in numbers):
        return False
    fine_count = sum(len(number.partition(".")[2]) >= 3 for number in numbers)
    return all(EXCEL_DAYS[0] <= float(number) < EXCEL_DAYS[1] for number in numbers) and 2 * fine_count > len(numbers)


def is_rounded(values: Sequence[str]) -> bool:
    """Whether a spreadsheet cut numbers since 1970 to a few digits: 1.79119E+12."""
    filled = [value.strip() for value in values if value.strip()]
    return bool(filled) and all(re.fullmatch(r"\d([.,]\d{0,8})?[eE]\+?(09|1[0-9])", value) for value in filled)


def is_written(text: str) -> bool:
    """True for a date, alone or with a time of day, in any form that is read: ISO 8601, RFC 2822, Apache, 10/05/2026 …"""
    trimmed = text.strip()[:80]
    return bool(WRITTEN.fullmatch(trimmed) or re.fullmatch(rf"(?:{WEEKDAY},? +)?{CTIME}", trimmed))


def is_date_only(text: str) -> bool:
    """True for a date without a time of day."""
    return bool(re.fullmatch(DATE, text.strip()[:40]))


def is_period(text: str) -> bool:
    """True for a month, a quarter or a week: 2026-10, Q4 2026, 2026-Q4, 2026-W41-1."""
    year, quarter = r"\d{4}", "[Qq][1-4]"
    period = rf"{year}-?[Ww]\d{{2}}(-?[1-7])?|{quarter}[ /-]?{year}|{year}[ /-]?{quarter}|{year}[-/](0[1-9]|1[0-2])"
    return bool(re.fullmatch(rf"{period}|{MONTH_FORM}[ -]{year}", text.strip()[:40]))


def is_clock_only(text: str) -> bool:
    """True for a time of day without a date."""
    return bool(re.fullmatch(CLOCK_FORM, text.strip()[:40]))


def epoch_seconds(value: object, where: str) -> float:
    """Seconds since 1970 of ISO 8601 text (UTC where it has no zone), or of a number in s, ms, µs or ns, by its size.
    Raises DataError."""
    number = _number(value, where)
    for limit, per_second in EPOCH_UNITS:
        if 0 <= number < limit:
            return number / per_second
    raise _no_time(where)


def moment(text: str, where: str) -> datetime:
    """Date and time of ISO 8601 text, UTC where it has no zone; beyond microseconds cut off. Raises DataError."""
    try:
        written = datetime.fromisoformat(text.strip()[:40])
        written.timestamp()  # near the years 1 and 9999 a zone moves it out of range
    except (ValueError, OverflowError):
        raise _no_time(where) from None
    return written if written.tzinfo else written.replace(tzinfo=UTC)


def utc_day(time_s: float | None) -> date | None:
    """UTC date of seconds since 1970; None for 0, no time or one after 2099."""
    return datetime.fromtimestamp(time_s, UTC).date() if time_s and time_s <= LAST_S else None


def _number(value: object, where: str) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value if -1 < value < 1e20 else -1.0
    try:
        return float(str(value))
    except ValueError:
        return moment(str(value), where).timestamp()


def _no_time(where: str) -> DataError:
    return DataError(f"{where}: not a time; give ISO 8601 or seconds since 1970")
