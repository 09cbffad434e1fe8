"""Which table of a file holds sums by period, and how it is read."""

import itertools
import re
from collections import defaultdict
from collections.abc import Callable

from calculators.logs.aggregate_columns import START
from calculators.logs.aggregate_formats import (
    KIND_COLUMNS,
    NAMED_METRICS,
    PLAIN,
    UNDATED,
    AggregateFormat,
    kinds_format,
    known_format,
    may_be_sums,
    may_be_undated,
)
from calculators.logs.aggregate_items import quantity_of
from calculators.logs.aggregate_pivots import pivot_table
from calculators.logs.aggregate_rows import UnreadTime, slices
from calculators.logs.aggregate_times import first_text, is_day, named_period_s, period_s, start_name, time_s
from calculators.logs.bills import bill_format
from calculators.logs.request_columns import normalised
from calculators.logs.request_file import LogError
from calculators.logs.timestamps import TimeStyle, time_style
from calculators.logs.usage_tables import FIRST_ROW_COUNT, Row, UsageTable
from calculators.units import SECONDS_PER_HOUR

LOOKED_AT_ROW_COUNT = 2_000


def joined_sums(files: list[list[UsageTable]], label: str) -> tuple[UsageTable, AggregateFormat]:
    """The rows of several files of one kind as those of one. Raises LogError."""
    chosen = [sums_table(tables, label) for tables in files]
    recognized = [pair for pair in chosen if pair is not None]
    if len(recognized) < len(files) or len({entry.what for _, entry in recognized}) > 1:
        raise LogError(f"{label}: these files of sums are of different kinds; read them one at a time.")
    parts = tuple(table for table, _ in recognized)
    names = frozenset(name for table in parts for name in table.names)
    rows = lambda: itertools.chain.from_iterable(table.rows() for table in parts)  # noqa: E731
    is_running = any(table.is_running for table in parts)
    return UsageTable(names, rows, parts[0].is_json, is_running=is_running, files=parts), recognized[0][1]


def sums_table(tables: list[UsageTable], label: str) -> tuple[UsageTable, AggregateFormat] | None:
    """The first table of sums and how to read it; None: there is none. Raises LogError for columns that do not say what they
    count."""
    readers: tuple[Callable[[UsageTable], AggregateFormat | None], ...] = (
        lambda table: known_format(table.names),
        _plain_format,
        lambda table: NAMED_METRICS if _are_metrics(table) else None,
        lambda table: (
            UNDATED if not table.is_json and may_be_undated(table.names) and _counts_requests(table) else None
        ),
    )
    for read in readers:
        for table in tables:
            if (entry := read(table)) is not None:
                return table, entry
    pivots = (pivot_table(table, label) for table in tables)
    if (pivot := next((pair for pair in pivots if pair is not None), None)) is not None:
        return pivot
    bills = ((table, bill_format(table, _is_period)) for table in tables)
    return next(((table, bill) for table, bill in bills if bill is not None), None)


def _is_period(row: Row) -> bool:
    """Whether a row is of a day, a month and so on, or of an hour or more."""
    if any(is_day(text) or named_period_s(text) is not None for name in START if (text := row.get(name, ""))):
        return True
    start_s, end_s = period_s(row) or (0.0, None)
    return end_s is not None and end_s - start_s >= SECONDS_PER_HOUR and start_s % 60 == 0


def _plain_format(table: UsageTable) -> AggregateFormat | None:
    if may_be_sums(table.names) and _looks_summed(table, PLAIN):
        return PLAIN
    return kinds_format(_written(table), _first_values(table))


def _written(table: UsageTable) -> frozenset[str]:
    """The names of a table; of a CSV those that are written, without what they usually are called."""
    return frozenset(map(normalised, table.header)) or table.names


def _first_values(table: UsageTable) -> dict[str, set[str]]:
    values = defaultdict[str, set[str]](set)
    for row in itertools.islice(table.rows(), FIRST_ROW_COUNT):
        for name in KIND_COLUMNS:
            if row.get(name):
                values[name].add(row[name])
    return values


def _counts_requests(table: UsageTable) -> bool:
    """Whether a table without times has few rows, of more than one request each but for some."""
    rows = itertools.islice(slices(table, UNDATED), LOOKED_AT_ROW_COUNT)
    counts = [part.amounts.get("requests", 0.0) for part in rows if part is not None]
    return 0 < len(counts) < LOOKED_AT_ROW_COUNT and 2 * sum(count > 1 for count in counts) > len(counts)


def _are_metrics(table: UsageTable) -> bool:
    """Whether a table has a column each for input and output, named in the way of a metric, and rows of periods."""
    told = [quantity_of(name) for name in table.header[1:]]
    if told.count("input") != 1 or told.count("output") != 1 or normalised(table.header[0]) not in START:
        return False
    first = (time_s(first_text(row, START)) for row in itertools.islice(table.rows(), FIRST_ROW_COUNT))
    return all(at is None or at % 60 == 0 for at in first) and _looks_summed(table, NAMED_METRICS)


def _looks_summed(table: UsageTable, entry: AggregateFormat) -> bool:
    """Whether the first rows are periods: whole minutes with more than one request each, or dates without a time."""
    try:
        return _has_periods(table, entry)
    except UnreadTime:
        return False


def _has_periods(table: UsageTable, entry: AggregateFormat) -> bool:
    counts, starts, days, counted = list[float](), list[float](), list[bool](), set[str]()
    widths = list[float]()
    for row, part in zip(table.rows(), slices(table, entry, day_first(table)), strict=False):
        if part is not None:
            widths.append((part.end_s or part.start_s) - part.start_s)
            counts.append(part.amounts.get("requests", 0.0))
            starts.append(part.start_s)
            days.append(any(is_day(text) for text in row.values()) and part.end_s is not None)
            counted |= {name for name, amount in part.amounts.items() if amount > 0}
        if len(starts) >= LOOKED_AT_ROW_COUNT:
            break
    if "output" not in counted or not counted & {"input", "uncached"}:
        return False
    by_minutes = all(start % 60 == 0 for start in starts)
    return all(days) or (
        by_minutes and (max(counts) > 1 or all(width >= 3_600 and width % 60 == 0 for width in widths))
    )


def day_first(table: UsageTable) -> bool:
    """Whether written dates begin with the day, as some of them show."""
    return _time_style(table).day_first


def doubtful_date(table: UsageTable, entry: AggregateFormat) -> str:
    """The first date where day and month may be either way round; "" where they are sure, as in exports of Azure, which are
    in American order."""
    if entry.seller == "azure" or _time_style(table).sure:
        return ""
    return next((text for text in _times(table) if re.search(r"\d", text)), "")


def _times(table: UsageTable) -> list[str]:
    rows = itertools.islice(table.rows(), LOOKED_AT_ROW_COUNT)
    return [row[name] if (name := start_name(row)) else "" for row in rows]


def _time_style(table: UsageTable) -> TimeStyle:
    return time_style(_times(table))
