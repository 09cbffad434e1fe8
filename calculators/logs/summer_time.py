"""Whether times without a zone are local: at the end of summer time an hour comes twice, at its start one is missing."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

import numpy as np

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
                what = "comes twice" if doubled else "is missing"
                return (
                    f"The hour from {change:%Y-%m-%d %H:%M} {what}, as in local time at a change of the clocks: the span is "
                    f"an hour too {'short' if doubled else 'long'}, and the peak there is not real. Export times in UTC."
                )
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
