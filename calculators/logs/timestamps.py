"""The time of a request in seconds since 1970, in whichever form its log has it."""

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
