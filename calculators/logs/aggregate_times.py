"""Periods of the rows of a table of sums: dates, months, quarters and weeks as they are written."""

import calendar
import re
from datetime import UTC, date, datetime
from functools import lru_cache

from calculators.errors import DataError
from calculators.logs.aggregate_columns import END, LAST_DAY, START
from calculators.logs.timestamps import EXCEL_EPOCH_DAYS, epoch_seconds, is_excel_day
from calculators.logs.usage_tables import Row
from calculators.logs.word_lists import FOREIGN_MONTHS
from calculators.units import SECONDS_PER_HOUR

DAY_S = 86_400.0
WEEK_DAYS = 7
WEEK_NAMES = frozenset({"week", "isoweek", "calendarweek", "yearweek", "kw", "weekof", "weekstarting", "weekstart"})
ISO_WEEK = re.compile(
    r"(?i)(?P<y>20\d\d)[-/ ]?(?:W|KW|CW|week)[- ]?(?P<w>\d\d?)|(?:W|KW|CW|week)[- ]?(?P<w2>\d\d?)[-/, ]+(?P<y2>20\d\d)"
)
YEAR_NAMES = frozenset({"year", "calendaryear", "jahr"})
DAY_RANGE = re.compile(r"(20\d\d-\d\d-\d\d)\s*(?:-|–|—|to|/|bis|\.\.)\s*(20\d\d-\d\d-\d\d)")
QUARTER = re.compile(r"(?i)(?P<y>20\d\d)[-/ ]?Q(?P<q>[1-4])|Q(?P<q2>[1-4])[-/ ]{0,3}(?P<y2>20\d\d)")
STEPS = ("interval", "granularity", "bucketwidth", "timegrain")
STEP_UNITS_S = {"M": 60.0, "H": 3_600.0, "D": DAY_S}
STEP_WORDS_S = {"MINUTE": 60.0, "HOUR": 3_600.0, "HOURLY": 3_600.0, "DAY": DAY_S, "DAILY": DAY_S}
CLOCKS_OF_DAY = ("hour", "hourutc", "time", "timeutc")
"""Columns that may hold the hour of a day beside its date."""
DAY_CLOCK = re.compile(r"([01]?\d|2[0-3])(:[0-5]\d){0,2}")
WHOLE_DAYS = (1, 7, 14)
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


def first_text(row: Row, names: tuple[str, ...]) -> str:
    """The first of these cells that is not empty; "" for none."""
    return next((row[name] for name in names if row.get(name)), "")


def period_s(row: Row, day_first: bool = False) -> tuple[float, float | None] | None:
    """Start of the row's period in seconds since 1970, and its end where the row tells; None for a row without a time, as a
    total."""
    name = start_name(row)
    if name is None:
        return None
    named = named_period_s(row[name], name)
    start = named[0] if named else time_s(row[name], day_first)
    if start is None:
        return None
    clock = first_text(row, CLOCKS_OF_DAY) if is_day(row[name]) else ""
    if DAY_CLOCK.fullmatch(clock):
        start += _clock_s(clock)
        return start, start + SECONDS_PER_HOUR if clock.isdigit() or row.get("hour") == clock else None
    last, end = first_text(row, LAST_DAY), time_s(first_text(row, (*END, *LAST_DAY)), day_first)
    if end is not None and is_day(last) and not first_text(row, END):
        end = _after_last(start, end)
    if end is not None and end > start:
        return start, end
    step_s = _step_s(first_text(row, STEPS))
    return start, start + step_s if step_s else _calendar_end(name, row[name], start)


def start_name(row: Row) -> str | None:
    """The column that says when the row's period starts; one with hours of a day alone is none."""
    return next(
        (name for name in START if row.get(name) and not (name in CLOCKS_OF_DAY and DAY_CLOCK.fullmatch(row[name]))),
        None,
    )


def _clock_s(text: str) -> float:
    hours, minutes, seconds = (*map(int, text.split(":")), 0, 0)[:3]
    return 3_600.0 * hours + 60 * minutes + seconds


def _after_last(start_s: float, last_s: float) -> float:
    """The end of a period with this last day, or with this end where that makes a day, a week or whole months."""
    start, last = (datetime.fromtimestamp(at_s, UTC) for at_s in (start_s, last_s))
    is_end = (last_s - start_s) / DAY_S in WHOLE_DAYS or (last_s > start_s and start.day == last.day == 1)
    return last_s if is_end else last_s + DAY_S


def _step_s(text: str) -> float | None:
    """Seconds of "PT1H", "P1D", "5m", "1d" or "hourly"; None for anything else."""
    plain = text.strip().upper()
    match = re.fullmatch(r"P?(T?)(\d{1,3})([MHD])", plain)
    return int(match[2]) * STEP_UNITS_S[match[3]] if match else STEP_WORDS_S.get(plain)


def _calendar_end(name: str, text: str, start_s: float) -> float | None:
    """The end of a period that is named by its date: a month, a quarter, a week or a day."""
    if (named := named_period_s(text, name)) is not None:
        return named[1]
    if not is_day(text):
        return None
    if name == "month":
        day = datetime.fromtimestamp(start_s, UTC)
        return start_s + calendar.monthrange(day.year, day.month)[1] * DAY_S
    return start_s + (WEEK_DAYS * DAY_S if name in WEEK_NAMES else DAY_S)


def is_day(text: str) -> bool:
    """True for a date without a time of day."""
    return bool(
        re.fullmatch(
            r"20\d\d[-/]\d\d?[-/]\d\d?|20\d{6}|\d\d?[-/.]\d\d?[-/.]20\d\d|[A-Za-z]{3} \d\d?, 20\d\d", text.strip()
        )
    )


@lru_cache(8_192)
def named_period_s(text: str, name: str = "") -> tuple[float, float] | None:
    """Start and end of a month, a quarter or a week that is named: 2026-10, October 2026, 2026-Q3, 2026-W40, KW 40/2026. None
    for anything else. `name`: of the column, which tells 2026-10 of a month from that of a week, and Oct-26 from a day."""
    plain = text.strip()
    if name in WEEK_NAMES and re.fullmatch(r"20\d\d[-/]?\d\d?", plain):
        plain = f"{plain[:4]}-W{plain[4:].lstrip('-/')}"
    if name in WEEK_NAMES and re.fullmatch(r"\d\d?[-/. ]20\d\d", plain):
        plain = f"{plain[-4:]}-W{plain[:-5]}"
    if (week := ISO_WEEK.fullmatch(plain)) is not None:
        return _week(int(week["y"] or week["y2"]), int(week["w"] or week["w2"]))
    if name in YEAR_NAMES and re.fullmatch(r"20\d\d", plain):
        return _months(int(plain), 1, 12)
    if (days := DAY_RANGE.fullmatch(plain)) is not None:
        start_s, last_s = time_s(days[1]), time_s(days[2])
        return (start_s, last_s + DAY_S) if start_s is not None and last_s is not None and start_s <= last_s else None
    if (quarter := QUARTER.fullmatch(plain)) is not None:
        year, first = int(quarter["y"] or quarter["y2"]), 3 * int(quarter["q"] or quarter["q2"]) - 2
        return _months(year, first, 3)
    month = _month(plain, name)
    return None if month is None else _months(month.year, month.month, 1)


def _months(year: int, first: int, count: int) -> tuple[float, float]:
    after = first - 1 + count
    ends = datetime(year + after // 12, after % 12 + 1, 1, tzinfo=UTC)
    return datetime(year, first, 1, tzinfo=UTC).timestamp(), ends.timestamp()


def _week(year: int, week: int) -> tuple[float, float] | None:
    try:
        monday = date.fromisocalendar(year, week, 1)
    except ValueError:
        return None
    start_s = datetime(monday.year, monday.month, monday.day, tzinfo=UTC).timestamp()
    return start_s, start_s + WEEK_DAYS * DAY_S


def _month(text: str, name: str = "") -> datetime | None:
    text = re.sub(r"[^\W\d_]+", lambda word: FOREIGN_MONTHS.get(word[0].lower(), word[0]), text)
    styles = ("%Y-%m", "%m/%Y", "%B %Y", "%b %Y", "%b-%Y", "%Y/%m", *(("%b-%y", "%b %y") if name == "month" else ()))
    for style in styles:
        try:
            return datetime.strptime(text, style).replace(tzinfo=UTC)
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
    if (named := named_period_s(plain)) is not None:
        return named[0]
    plain = re.sub(r"^(\d\d?)-(\d\d?)-(20\d\d)", r"\1/\2/\3", plain)
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
