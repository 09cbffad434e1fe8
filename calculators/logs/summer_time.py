"""Whether times without a zone are local: at the end of summer time an hour comes twice, at its start one is missing."""

import itertools
import re
from collections.abc import Sequence
from datetime import date, datetime, timedelta

import numpy as np

LOCAL = re.compile(r"(\d{1,4})[-/.](\d{1,2})[-/.](\d{1,4})[T ,]+(\d{1,2}):(\d\d)(?::(\d\d)(?:[.,]\d+)?)?\s?([AaPp])?")
HOUR = 60
DOUBLED = 1.6
"""Requests of the hour to the mean of its neighbours; one that is counted twice has 2."""
MISSING = 0.02
MIN_HOUR_REQUESTS = 30
"""Fewer in a neighbouring hour are no evidence."""


def local_time_note(start: datetime, requests_per_minute: Sequence[int] | np.ndarray) -> str | None:
    """What the load in the night of a change of the clocks says of times that name no zone; None: nothing."""
    counts = np.asarray(requests_per_minute)
    for year in range(start.year, (start + timedelta(minutes=len(counts))).year + 1):
        for change, doubled in _changes(year):
            first = round((change.replace(tzinfo=start.tzinfo) - start).total_seconds() / 60)
            before, hour, after = (
                int(counts[max(at, 0) : at + HOUR].sum()) for at in (first - HOUR, first, first + HOUR)
            )
            if first < HOUR or first + 2 * HOUR > len(counts) + 1 or min(before, after) < MIN_HOUR_REQUESTS:
                continue
            ratio = 2 * hour / (before + after)
            if (ratio > DOUBLED) if doubled else (ratio < MISSING):
                return _note(change, doubled)
    return None


def order_note(texts: Sequence[str], day_first: bool) -> str | None:
    """What the order of the rows says of times that name no zone: they rise but for one jump back within an hour that comes
    twice in local time; None: nothing."""
    times = [time for text in texts if (time := _local(text, day_first)) is not None]
    if len(times) > 1 and times[0] > times[-1]:
        times.reverse()  # the newest first
    backs = [(earlier, later) for earlier, later in itertools.pairwise(times) if later < earlier]
    if len(backs) != 1:
        return None
    hours = [change for change, doubled in _changes(backs[0][0].year) if doubled]
    inside = [hour for hour in hours if all(hour <= time < hour + timedelta(hours=1) for time in backs[0])]
    return _note(inside[0], True) if inside else None


def _note(change: datetime, doubled: bool) -> str:
    what = "comes twice" if doubled else "is missing"
    return (
        f"The hour from {change:%Y-%m-%d %H:%M} {what}, as in local time at a change of the clocks: the span is "
        f"an hour too {'short' if doubled else 'long'}, and the peak there is not real. Export times in UTC."
    )


def _local(text: str, day_first: bool) -> datetime | None:
    """A date in figures with a time of day, whatever follows."""
    match = LOCAL.match(text.strip())
    if match is None:
        return None
    first, second, third, hour, minute, second_of = (int(part or 0) for part in match.groups()[:6])
    year, month, day = (first, second, third) if first > 31 else (third, first, second)
    if first <= 31 and day_first:
        month, day = day, month
    if match[7]:
        hour = hour % 12 + (12 if match[7] in "pP" else 0)
    try:
        return datetime(year, month, day, hour, minute, min(second_of, 59))
    except ValueError:
        return None


def _changes(year: int) -> list[tuple[datetime, bool]]:
    """Local hours that come twice (True) or not at all, in Europe and North America."""
    return [
        (_at(_sunday(year, 3, -1), 2), False),
        (_at(_sunday(year, 10, -1), 2), True),
        (_at(_sunday(year, 3, 1), 2), False),
        (_at(_sunday(year, 11, 0), 1), True),
    ]


def _sunday(year: int, month: int, index: int) -> date:
    days = [date(year, month, day) for day in range(1, 31)] + ([date(year, month, 31)] if month in (3, 10) else [])
    return [day for day in days if day.weekday() == 6][index]


def _at(day: date, hour: int) -> datetime:
    return datetime(day.year, day.month, day.day, hour)
