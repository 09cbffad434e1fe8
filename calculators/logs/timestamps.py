"""When a request was sent, in seconds, however its log writes it."""

from datetime import UTC, datetime

from calculators.errors import DataError

TIME_FIELDS = (
    *("timestamp", "time", "created", "created_at", "createdAt", "startTime", "start_time", "request_time", "ts"),
    *("request_created_at", "date"),
)


def seconds(value: object, where: str) -> float:
    """ISO 8601 (without a zone: UTC), or a number of seconds, milliseconds, micro- or nanoseconds since 1970, told by its
    size. Raises DataError."""
    number = _number(value, where)
    for limit, scale in ((1e11, 1.0), (1e14, 1e3), (1e17, 1e6), (1e20, 1e9)):
        if 0 <= number < limit:
            return number / scale
    raise DataError(f"{where}: not a time; give ISO 8601 or seconds since 1970")


def _number(value: object, where: str) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value if -1 < value < 1e20 else -1.0
    try:
        return float(str(value))
    except ValueError:
        pass
    try:
        moment = datetime.fromisoformat(str(value).strip()[:40])
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).timestamp()
    except (ValueError, OverflowError):
        raise DataError(f"{where}: not a time; give ISO 8601 or seconds since 1970") from None
