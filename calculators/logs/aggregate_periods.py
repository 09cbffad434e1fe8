"""Periods of a table of sums: their length, overlaps and the busiest of them."""

import itertools
import math
from collections import Counter, defaultdict
from collections.abc import Collection, Mapping
from datetime import UTC, datetime

from calculators.logs.aggregate_times import DAY_S
from calculators.logs.request_file import LogError
from calculators.units import SECONDS_PER_HOUR

BySeconds = Mapping[float, Mapping[str, float]]


def period_width_s(by_start: BySeconds, end_of: Mapping[float, Collection[float]], label: str | None) -> float:
    """Seconds of one period: as told, else the smallest step; of a single one what its start is a multiple of. `label`: of a
    file whose periods must not overlap. Raises LogError where they do."""
    starts = sorted(by_start)
    told = Counter(end - start for start in starts for end in end_of[start])
    if label is not None:
        _check_overlap(by_start, end_of, label)
    if told:
        return told.most_common(1)[0][0]
    if len(starts) > 1:
        return min(after - before for before, after in itertools.pairwise(starts))
    return next((step for step in (DAY_S, SECONDS_PER_HOUR) if starts[0] % step == 0), 60.0)


def _check_overlap(by_start: BySeconds, end_of: Mapping[float, Collection[float]], label: str) -> None:
    before = -math.inf
    for start in sorted(by_start):
        ends = end_of[start]
        if len(ends) > 1 or (start < before and by_start[start]["tokens"]):
            day = datetime.fromtimestamp(start, UTC).date()
            raise LogError(
                f"{label} has periods that overlap ({day}), so use would be counted twice; export one width, as hours or days."
            )
        before = max(before, *ends) if ends else before


def busiest_ratio(loads: Mapping[float, float], start_s: float, end_s: float, width_s: float) -> float:
    """Busiest period : mean period, at least 1; periods that the file leaves out had no use."""
    count = max(1.0, (end_s - start_s) / width_s)
    total = sum(loads.values())
    return max(1.0, max(loads.values()) * count / total) if total > 0 else 1.0


def by_hour(loads: Mapping[float, float], start_s: float) -> dict[float, float]:
    """Loads summed by hours since the first second."""
    hours = defaultdict[float, float](float)
    for start, load in loads.items():
        hours[(start - start_s) // SECONDS_PER_HOUR] += load
    return dict(hours)
