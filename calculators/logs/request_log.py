"""A request log (CSV or JSON lines, also .gz) as a summary: token lengths, rate, peaks and the joint length distribution.

Only the mapped columns are read; prompts never leave the file. Times are UTC. The steps, in the order of the data:
`request_file` (bytes to first rows), `request_mapping` (role of each column), `request_rows` (text to integers),
`request_statistics` (integers to statistics), and here the checks of the whole, the notes and `read_log`.
"""

import itertools
import math
import os
import re
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import ibis.expr.types as ir

from calculators.logs import request_columns
from calculators.logs.documents import flattened
from calculators.logs.request_file import (
    MAX_FILE_NAME_CHARS,
    LogError,
    Progress,
    check_content,
    check_table,
    read_head,
)
from calculators.logs.request_mapping import ReadPlan, plan_columns
from calculators.logs.request_rows import (
    ROW_COLUMNS,
    US_PER_S,
    LogEngine,
    LogSource,
    open_raw,
    parsed_rows,
    rejected_count,
    sort_out,
    without_duplicates,
)
from calculators.logs.request_statistics import (
    MINUTE_S,
    LengthGroup,
    LengthStatistics,
    Peak,
    edges_tok,
    length_cells,
    length_figures,
    peak_figures,
    per_minute,
    value_counts,
    window_sums,
)
from calculators.logs.usage_reading import UsageReading
from calculators.units import plural, printable

MAX_SECONDS = 60.0  # for one read, from the first byte to the summary
MAX_SPARK_COUNT = 1_500
MAX_RELATIVE_S = 20 * 366 * 86_400
FIRST_YEAR = 2015
WINDOWS_S = (60, 600, 3_600)


@dataclass(frozen=True, slots=True)
class UsageSummary:
    """Summary of a request log. `input_tok` is the whole prompt, cached or not; times are UTC."""

    name: str
    sha256: str
    row_count: int
    used_row_count: int
    dropped: tuple[tuple[str, int], ...]
    start: datetime
    end: datetime
    span_s: float
    request_rate_req_s: float
    input_tok: LengthStatistics
    output_tok: LengthStatistics
    cached_frac: float | None
    cache_write_frac: float | None
    peaks: tuple[Peak, ...]
    cells: tuple[LengthGroup, ...]
    per_minute_requests: tuple[int, ...]
    step_s: int
    """Seconds of one point of `per_minute_requests`: 60, or a multiple when the log is long."""
    notes: tuple[str, ...]


def read_log(
    path: Path,
    name: str | None = None,
    role_of: Mapping[str, str] | None = None,
    input_excludes_cache: bool | None = None,
    now: datetime | None = None,
    progress: Progress | None = None,
) -> UsageSummary:
    """Summary of a log: tokens per request, requests per second, ratios; times in UTC.

    `role_of` maps roles to column names and replaces the guess (EXTRA_ROLES stay as guessed unless given; "" is none).
    `now` (aware) bounds the future. Raises LogError, with a remedy, for whatever cannot be read with certainty.
    """
    label = printable(name or path.name, MAX_FILE_NAME_CHARS)
    deadline_s = time.monotonic() + MAX_SECONDS

    def report(fraction: float, text: str) -> None:
        if time.monotonic() > deadline_s:
            raise LogError(_too_slow(label))
        if progress is not None:
            progress(fraction, text)

    flat = None if role_of else flattened(path, label, input_excludes_cache)
    if flat is not None:
        path, role_of = flat.path, flat.role_of
        input_excludes_cache = input_excludes_cache if role_of is None else False
    check = check_content(path, label, report)
    head = read_head(path, label)
    check_table(head, check)
    plan = plan_columns(head, role_of, input_excludes_cache)
    with tempfile.TemporaryDirectory(prefix="usage-log-") as folder:
        log = Path(folder) / "log"  # a name of ours: the real one may hold wildcards
        os.symlink(path.absolute(), log)
        engine = LogEngine(Path(folder), log)
        try:
            with engine.time_limit(deadline_s - time.monotonic()):
                source = LogSource(engine, open_raw(engine, head, log, check.quote_count > 0), head, plan)
                return _summarize(source, check.sha256, now or datetime.now(UTC), report)
        except duckdb.Error as error:
            raise LogError(_engine_problem(label, error)) from None
        finally:
            engine.connection.close()


def _too_slow(label: str) -> str:
    return f"{label} takes longer than {MAX_SECONDS:,.0f} s to read; take a shorter period or fewer columns."


def _engine_problem(label: str, error: duckdb.Error) -> str:
    """The engine's message quotes the file, so only the line number is taken from it."""
    if isinstance(error, duckdb.InterruptException):
        return _too_slow(label)
    if isinstance(error, duckdb.OutOfMemoryException):
        return f"{label} needs more memory than allowed; take a shorter period."
    line = re.search(r"[Ll]ine:? (\d+)", str(error))
    place = f" near line {line.group(1)}" if line else ""
    return (
        f"{label} cannot be split into rows{place}; check quotes, separators and line ends, or leave text columns out."
    )


def _summarize(source: LogSource, sha256: str, now: datetime, report: Progress) -> UsageSummary:
    engine, plan = source.engine, source.plan
    report(0.45, "Reading the columns")
    table = engine.store("requests", parsed_rows(source.raw, source.head, plan).select(*ROW_COLUMNS))
    row_count, dropped = sort_out(source, table, rejected_count(engine, source.head))
    used: ir.Table = table.filter(table.excluded == 0, table.fault == 0)
    report(0.75, "Looking for duplicates")
    used, duplicate_count = without_duplicates(source, used, row_count - sum(dropped.values()))
    dropped |= {"duplicate ids": duplicate_count} if duplicate_count else {}
    totals = _totals(source, used)
    _check_totals(source, totals, dropped, now)
    report(0.85, "Counting lengths and minutes")
    span_us = totals["end"] - totals["start"]
    inputs, outputs = (value_counts(engine, used, column) for column in ("input_tok", "output_tok"))
    minute_count = span_us // (MINUTE_S * US_PER_S) + 1
    requests, tokens = per_minute(engine, used, totals["start"], minute_count)
    step_s = MINUTE_S * math.ceil(minute_count / MAX_SPARK_COUNT)
    summary = UsageSummary(
        name=source.head.label,
        sha256=sha256,
        row_count=row_count,
        used_row_count=totals["n"],
        dropped=tuple(dropped.items()),
        start=_moment(totals["start"]),
        end=_moment(totals["end"]),
        span_s=span_us / US_PER_S,
        request_rate_req_s=totals["n"] * US_PER_S / span_us,
        input_tok=length_figures(*inputs),
        output_tok=length_figures(*outputs),
        cached_frac=_share(totals, "read", "cache_read" in plan.role_of),
        cache_write_frac=_share(totals, "write", "cache_write" in plan.role_of),
        peaks=tuple(peak_figures(requests, tokens, span_us / US_PER_S, window_s) for window_s in WINDOWS_S),
        cells=tuple(length_cells(engine, used, edges_tok(*inputs), edges_tok(*outputs))),
        per_minute_requests=tuple(int(count) for count in window_sums(requests, step_s)),
        step_s=step_s,
        notes=_all_notes(source, used, totals, dropped, int((requests == 0).sum())),
    )
    report(1.0, "Done")
    return summary


def request_reading(summary: UsageSummary) -> UsageReading:
    """The summary as the record that every kind of file has."""
    count, input_tok = summary.used_row_count, round(summary.input_tok.mean_tok * summary.used_row_count)

    def share(frac: float | None) -> int | None:
        return None if frac is None else round(frac * input_tok)

    return UsageReading(
        kind="requests",
        name=summary.name,
        requests=count,
        input_tok=input_tok,
        cache_read_tok=share(summary.cached_frac),
        cache_write_tok=share(summary.cache_write_frac),
        output_tok=round(summary.output_tok.mean_tok * count),
        start=summary.start,
        end=summary.end,
        read=summary.notes,
    )


def _all_notes(
    source: LogSource, used: ir.Table, totals: Mapping[str, int], dropped: Mapping[str, int], empty_minute_count: int
) -> tuple[str, ...]:
    repeat_count = _repeat_count(source.engine, used, source.plan)
    return (*_drop_notes(dropped), *_clock_notes(source), *_notes(source, totals, empty_minute_count, repeat_count))


def _share(totals: Mapping[str, int], name: str, known: bool) -> float | None:
    return totals[name] / totals["input"] if known and totals["input"] else None


def _moment(time_us: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=time_us)


# --- checks of the whole -------------------------------------------------------------------------------------------


def _totals(source: LogSource, table: ir.Table) -> dict[str, int]:
    expression: Any = table.aggregate(
        n=table.count(),
        start=table.time_us.min(),
        end=table.time_us.max(),
        input=table.input_tok.sum(),
        output=table.output_tok.sum(),
        read=table.read_tok.sum(),
        write=table.write_tok.sum(),
        no_output=(table.output_tok == 0).sum(),
        no_input=(table.input_tok == 0).sum(),
    )
    return {name: int(value or 0) for name, value in source.engine.rows(expression)[0].items()}


def _check_totals(source: LogSource, totals: Mapping[str, int], dropped: Mapping[str, int], now: datetime) -> None:
    label = source.head.label
    if totals["n"] == 0:
        reasons = ", ".join(f"{reason}: {count:,}" for reason, count in dropped.items()) or "no rows"
        raise LogError(f"{label} has no usable request left ({reasons}); check the mapped columns or the period.")
    _check_times(source, totals, now)
    if totals["input"] + totals["output"] == 0:
        raise LogError(f"{label}: all token counts are 0; map the columns that hold the tokens.")
    if totals["end"] == totals["start"]:
        what = "a single request" if totals["n"] == 1 else "a single moment for all requests"
        raise LogError(f"{label} has {what}, so no rate can be derived; export a longer period with exact times.")


def _check_times(source: LogSource, totals: Mapping[str, int], now: datetime) -> None:
    if source.plan.unit is not None:
        if totals["start"] < 0 or totals["end"] > MAX_RELATIVE_S * US_PER_S:
            place = source.place("time", lambda t: (t.time_us < 0) | (t.time_us > MAX_RELATIVE_S * US_PER_S))
            raise LogError(f"{place} does not fit a clock that counts from 0; write dates like 2026-10-05T09:00:00Z.")
        return
    earliest_us = int(datetime(FIRST_YEAR, 1, 1, tzinfo=UTC).timestamp()) * US_PER_S
    latest_us = int((now + timedelta(days=1)).timestamp()) * US_PER_S
    if totals["end"] > latest_us:
        place = source.place("time", lambda t: (t.fault == 0) & (t.time_us > latest_us))
        raise LogError(f"{place} lies in the future; correct the clock or the unit of the time column.")
    if totals["start"] < earliest_us:
        place = source.place("time", lambda t: (t.fault == 0) & (t.time_us < earliest_us))
        raise LogError(f"{place} lies before {FIRST_YEAR}; correct the clock or the unit of the time column.")


def _repeat_count(engine: LogEngine, table: ir.Table, plan: ReadPlan) -> int:
    """Rows beyond the first of each set of equal rows, when there is no id to tell."""
    if "id" in plan.role_of:
        return 0
    grouped: Any = table.group_by(*ROW_COLUMNS[:5]).aggregate(n=table.count())
    return int(engine.rows(grouped.aggregate(extra=(grouped.n - 1).sum()))[0]["extra"])


# --- notes ---------------------------------------------------------------------------------------------------------


def _notes(source: LogSource, totals: Mapping[str, int], empty_minute_count: int, repeat_count: int) -> list[str]:
    span_s = (totals["end"] - totals["start"]) / US_PER_S
    notes = []
    if span_s < 86_400:
        notes.append(f"The log covers {span_text(span_s)}; daily and weekly peaks are not included.")
    if empty_minute_count:
        notes.append(f"{plural(empty_minute_count, 'minute')} without requests count as zero load.")
    if repeat_count:
        notes.append(f"{plural(repeat_count, 'duplicate row')} without a request ID kept.")
    for name, what in (("no_input", "no input"), ("no_output", "no output")):
        if totals[name]:
            notes.append(f"{plural(totals[name], 'request')} with {what} tokens kept.")
    if source.plan.input_excludes_cache:
        notes.append("The input column excludes cached tokens; they were added.")
    if "reasoning" in source.plan.role_of:
        notes.append("Reasoning tokens are in a separate column; they were added to the output tokens.")
    return notes


def _drop_notes(dropped: Mapping[str, int]) -> list[str]:
    if not dropped:
        return []
    parts = ", ".join(f"{count:,} ({reason})" for reason, count in dropped.items())
    return [f"Excluded rows: {parts}."]


def _clock_notes(source: LogSource) -> list[str]:
    notes, values = [], source.head.values(source.plan.role_of["time"])
    if source.plan.unit is not None:
        unit, sure = source.plan.unit
        doubt = "" if sure else " The unit is assumed; check it."
        notes.append(f"Timestamps are relative, in {unit} from 0; the dates shown are placeholders.{doubt}")
    elif any(map(request_columns.is_naive, values)):
        notes.append("No time zone in the timestamps; UTC assumed.")
    keys = [_sort_key(value) for value in values if value.strip()]
    if any(later < earlier for earlier, later in itertools.pairwise(keys)):
        notes.append("The rows are not sorted by time; this does not affect the results.")
    return notes


def _sort_key(value: str) -> tuple[float, str]:
    try:
        return float(value), ""
    except ValueError:
        return 0.0, value


def span_text(span_s: float) -> str:
    """A duration in words: 90 s, 20 minutes, 3.5 hours."""
    if span_s < 120:
        return f"{span_s:,.0f} s"
    return f"{span_s / 60:,.0f} minutes" if span_s < 7_200 else plural(span_s / 3_600, "hour")
