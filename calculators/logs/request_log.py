"""A request log (CSV or JSON lines, also .gz) as a summary: token lengths, rate, peaks and the joint length distribution.

Only the mapped columns are read; prompts never leave the file. Times are UTC. The steps, in the order of the data:
`request_file` (bytes to first rows), `request_mapping` (role of each column), `request_rows` (text to integers),
`request_statistics` (integers to statistics), and here the checks of the whole, the notes and `read_log`.
"""

import functools
import hashlib
import itertools
import math
import os
import re
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import ibis
import ibis.expr.types as ir

from calculators.logs import request_columns
from calculators.logs.model_usage import ModelUsage
from calculators.logs.request_file import (
    MAX_FILE_NAME_CHARS,
    LogError,
    Progress,
    check_content,
    check_table,
    read_head,
)
from calculators.logs.request_mapping import plan_columns
from calculators.logs.request_repeats import Sorting, superseded, without_repeats
from calculators.logs.request_rows import (
    ROW_COLUMNS,
    US_PER_S,
    LogEngine,
    LogSource,
    open_raw,
    parsed_rows,
    rejected_count,
    sort_out,
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
from calculators.logs.usage_questions import UsageAnswers, UsageQuestion
from calculators.units import count, percent, plural, printable

MAX_SECONDS = 60.0  # for one read, from the first byte to the summary
MAX_SPARK_COUNT = 1_500
MAX_RELATIVE_S = 20 * 366 * 86_400
FIRST_YEAR = 2015
WINDOWS_S = (60, 600, 3_600)
MAX_MODEL_COUNT = 100
UNLIKE_RATIO = 100
"""Mean lengths of two models so far apart make one mixture of lengths that neither has."""
UNLIKE_MIN_FRAC = 0.01


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
    models: tuple[ModelUsage, ...] = ()
    """By tokens, the most first; empty when the log names none."""
    spend_usd: float | None = None
    batch_count: int = 0
    """Requests of the batch tier: in the tokens, not in the peaks."""


@dataclass(frozen=True, slots=True)
class LogFile:
    """A log to read, under the name the user knows."""

    path: Path
    label: str


@dataclass(frozen=True, slots=True)
class RequestsRead:
    """The summary of a log, and what it leaves open."""

    summary: UsageSummary
    questions: tuple[UsageQuestion, ...]


def read_log(
    path: Path,
    name: str | None = None,
    role_of: Mapping[str, str] | None = None,
    input_excludes_cache: bool | None = None,
    now: datetime | None = None,
    progress: Progress | None = None,
) -> UsageSummary:
    """Summary of a log: tokens per request, requests per second, ratios; times in UTC.

    `role_of` maps roles to column names in place of the guess ("" is none); other columns stay as guessed.
    `now` (aware) bounds the future. Raises LogError, with a remedy, for whatever cannot be read with certainty.
    """
    answers = UsageAnswers(column_of=role_of or {}, input_excludes_cache=input_excludes_cache)
    return read_requests([LogFile(path, name or path.name)], answers, now, progress).summary


def read_requests(
    files: Sequence[LogFile], answers: UsageAnswers, now: datetime | None = None, progress: Progress | None = None
) -> RequestsRead:
    """Summary of one log or several together, and the questions they leave open. Raises LogError."""
    name = files[0].label if len(files) == 1 else f"{files[0].label} and {plural(len(files) - 1, 'more file')}"
    label = printable(name, MAX_FILE_NAME_CHARS)
    deadline_s = time.monotonic() + MAX_SECONDS

    def report(fraction: float, text: str) -> None:
        if time.monotonic() > deadline_s:
            raise LogError(_too_slow(label))
        if progress is not None:
            progress(fraction, text)

    with tempfile.TemporaryDirectory(prefix="usage-log-") as folder:
        links = [Path(folder) / f"log{number}" for number in range(len(files))]  # names of ours: no wildcards
        for file, link in zip(files, links, strict=True):
            os.symlink(file.path.resolve(), link)
        engine = LogEngine(Path(folder), *links)
        try:
            with engine.time_limit(deadline_s - time.monotonic()):
                made = []
                for number, (file, link) in enumerate(zip(files, links, strict=True)):
                    part = functools.partial(_report_part, report, number, len(files))
                    made.append(_parsed(engine, file, link, answers, now or datetime.now(UTC), part))
                return _summarize(engine, made, label, answers, report)
        except duckdb.Error as error:
            raise LogError(_engine_problem(label, error)) from None
        finally:
            engine.connection.close()


@dataclass(frozen=True, slots=True)
class _Parsed:
    """One file as rows of integers."""

    source: LogSource
    sha256: str
    table: ir.Table
    row_count: int
    dropped: dict[str, int]


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


def _report_part(report: Progress, number: int, file_count: int, fraction: float, text: str) -> None:
    report((number + fraction) / file_count * 0.75, text)


def _parsed(
    engine: LogEngine, file: LogFile, link: Path, answers: UsageAnswers, now: datetime, report: Progress
) -> _Parsed:
    """A file as rows of integers, those that do not count sorted out."""
    label = printable(file.label, MAX_FILE_NAME_CHARS)
    check = check_content(file.path, label, report)
    head = read_head(file.path, label)
    check_table(head, check)
    plan = plan_columns(head, answers)
    source = LogSource(engine, open_raw(engine, head, link, check.quote_count > 0), head, plan)
    report(0.6, "Reading the columns")
    parsed = parsed_rows(source.raw, head, plan).select(*ROW_COLUMNS, file=ibis.literal(link.name))
    table = superseded(engine.store(f"requests_{link.name}", parsed), engine)
    row_count, dropped = sort_out(source, table, rejected_count(engine, head))
    rows: Any = table
    used = rows.filter(rows.excluded == 0, rows.fault == 0)
    _check_clock(source, used, now)
    return _Parsed(source, check.sha256, used, row_count, dropped)


def _summarize(
    engine: LogEngine, files: Sequence[_Parsed], label: str, answers: UsageAnswers, report: Progress
) -> RequestsRead:
    plans = [file.source.plan for file in files]
    if len({plan.unit is None for plan in plans}) > 1:
        raise LogError(f"{label}: some files have dates and others a clock that counts from 0; read them one by one.")
    report(0.78, "Looking for duplicates")
    sorting = Sorting(
        engine, ibis.union(*(file.table for file in files)) if len(files) > 1 else files[0].table, answers
    )
    without_repeats(sorting, len(files))
    used = sorting.table
    dropped = _sum_counts([*(file.dropped for file in files), sorting.dropped])
    totals = _totals(engine, used)
    _check_totals(label, totals, dropped)
    report(0.85, "Counting lengths and minutes")
    span_us = totals["end"] - totals["start"]
    inputs, outputs = (value_counts(engine, used, column) for column in ("input_tok", "output_tok"))
    minute_count = span_us // (MINUTE_S * US_PER_S) + 1
    requests, tokens = per_minute(engine, used, totals["start"], minute_count)
    step_s = MINUTE_S * math.ceil(minute_count / MAX_SPARK_COUNT)
    rows: Any = used
    at_once = totals["batch"] not in (0, totals["n"])
    prompt = (
        per_minute(engine, rows.filter(~rows.is_batch), totals["start"], minute_count)
        if at_once
        else (requests, tokens)
    )
    models = _models(engine, used, {role for plan in plans for role in plan.role_of})
    summary = UsageSummary(
        name=label,
        sha256=files[0].sha256 if len(files) == 1 else _joint_digest([file.sha256 for file in files]),
        row_count=sum(file.row_count for file in files),
        used_row_count=totals["n"],
        dropped=tuple(dropped.items()),
        start=_moment(totals["start"]),
        end=_moment(totals["end"]),
        span_s=span_us / US_PER_S,
        request_rate_req_s=totals["n"] * US_PER_S / span_us,
        input_tok=length_figures(*inputs),
        output_tok=length_figures(*outputs),
        cached_frac=_share(totals, "read", any("cache_read" in plan.role_of for plan in plans)),
        cache_write_frac=_share(totals, "write", any("cache_write" in plan.role_of for plan in plans)),
        peaks=tuple(peak_figures(*prompt, span_us / US_PER_S, window_s) for window_s in WINDOWS_S),
        cells=tuple(length_cells(engine, used, edges_tok(*inputs), edges_tok(*outputs))),
        per_minute_requests=tuple(int(n) for n in window_sums(requests, step_s)),
        step_s=step_s,
        notes=(
            *_drop_notes(dropped),
            *dict.fromkeys(note for file in files for note in (*_clock_notes(file.source), *_plan_notes(file.source))),
            *sorting.notes,
            *_notes(totals, int((requests == 0).sum()), at_once),
            *_model_notes(models),
        ),
        models=models,
        spend_usd=_spend(engine, used),
        batch_count=totals["batch"],
    )
    report(1.0, "Done")
    asked = (question for plan in plans for question in plan.questions)
    return RequestsRead(summary, tuple(dict.fromkeys((*asked, *sorting.questions))))


def _sum_counts(counts: Sequence[Mapping[str, int]]) -> dict[str, int]:
    names = dict.fromkeys(name for each in counts for name in each)
    return {name: sum(each.get(name, 0) for each in counts) for name in names}


def _joint_digest(digests: Sequence[str]) -> str:
    return hashlib.sha256("".join(sorted(digests)).encode()).hexdigest()


def _spend(engine: LogEngine, table: ir.Table) -> float | None:
    rows: Any = table
    value = engine.rows(rows.aggregate(spend=rows.spend_usd.sum()))[0]["spend"]
    return None if value is None else float(value)


def _models(engine: LogEngine, table: ir.Table, known: set[str]) -> tuple[ModelUsage, ...]:
    """Requests, tokens and spend by model; rows without a model as "unknown"."""
    rows: Any = table
    grouped = rows.group_by("model").aggregate(
        n=rows.count(),
        input=rows.input_tok.sum(),
        read=rows.read_tok.sum(),
        write=rows.write_tok.sum(),
        output=rows.output_tok.sum(),
        spend=rows.spend_usd.sum(),
    )
    records = engine.rows(grouped.order_by(ibis.desc(grouped.input + grouped.output), "model").limit(MAX_MODEL_COUNT))
    if all(record["model"] is None for record in records):
        return ()
    return tuple(
        ModelUsage(
            model=printable(record["model"] or "unknown", MAX_FILE_NAME_CHARS),
            requests=record["n"],
            input_tok=int(record["input"]),
            cache_read_tok=int(record["read"]) if "cache_read" in known else None,
            cache_write_tok=int(record["write"]) if "cache_write" in known else None,
            output_tok=int(record["output"]),
            spend_usd=None if record["spend"] is None else float(record["spend"]),
        )
        for record in records
    )


def _share(totals: Mapping[str, int], name: str, known: bool) -> float | None:
    return totals[name] / totals["input"] if known and totals["input"] else None


def _moment(time_us: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=time_us)


# --- checks of the whole -------------------------------------------------------------------------------------------


def _totals(engine: LogEngine, table: ir.Table) -> dict[str, int]:
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
        batch=table.is_batch.sum(),
    )
    return {name: int(value or 0) for name, value in engine.rows(expression)[0].items()}


def _check_totals(label: str, totals: Mapping[str, int], dropped: Mapping[str, int]) -> None:
    if totals["n"] == 0:
        reasons = ", ".join(f"{reason}: {n:,}" for reason, n in dropped.items()) or "no rows"
        raise LogError(f"{label} has no usable request left ({reasons}); check the mapped columns or the period.")
    if totals["input"] + totals["output"] == 0:
        raise LogError(f"{label}: all token counts are 0; map the columns that hold the tokens.")
    if totals["end"] == totals["start"]:
        what = "a single request" if totals["n"] == 1 else "a single moment for all requests"
        raise LogError(f"{label} has {what}, so no rate can be derived; export a longer period with exact times.")


def _check_clock(source: LogSource, table: ir.Table, now: datetime) -> None:
    rows: Any = table
    ends = source.engine.rows(rows.aggregate(start=rows.time_us.min(), end=rows.time_us.max()))[0]
    if ends["start"] is None:
        return
    if source.plan.unit is not None:
        if ends["start"] < 0 or ends["end"] > MAX_RELATIVE_S * US_PER_S:
            place = source.place("time", lambda t: (t.time_us < 0) | (t.time_us > MAX_RELATIVE_S * US_PER_S))
            raise LogError(f"{place} does not fit a clock that counts from 0; write dates like 2026-10-05T09:00:00Z.")
        return
    earliest_us = int(datetime(FIRST_YEAR, 1, 1, tzinfo=UTC).timestamp()) * US_PER_S
    latest_us = int((now + timedelta(days=1)).timestamp()) * US_PER_S
    if ends["end"] > latest_us:
        place = source.place("time", lambda t: (t.fault == 0) & (t.time_us > latest_us))
        raise LogError(f"{place} lies in the future; correct the clock or the unit of the time column.")
    if ends["start"] < earliest_us:
        place = source.place("time", lambda t: (t.fault == 0) & (t.time_us < earliest_us))
        raise LogError(f"{place} lies before {FIRST_YEAR}; correct the clock or the unit of the time column.")


# --- notes ---------------------------------------------------------------------------------------------------------


def _notes(totals: Mapping[str, int], empty_minute_count: int, at_once: bool) -> list[str]:
    span_s = (totals["end"] - totals["start"]) / US_PER_S
    notes = []
    if span_s < 86_400:
        notes.append(f"The log covers {span_text(span_s)}; daily and weekly peaks are not included.")
    if empty_minute_count:
        notes.append(f"{plural(empty_minute_count, 'minute')} without requests count as zero load.")
    for name, what in (("no_input", "no input"), ("no_output", "no output")):
        if totals[name]:
            notes.append(f"{plural(totals[name], 'request')} with {what} tokens kept.")
    if totals["batch"]:
        share = percent(totals["batch"] / totals["n"])
        left_out = " They are in the tokens and the rate, not in the peaks." if at_once else ""
        notes.append(f"{share} of the requests went through the batch or flex tier.{left_out}")
    return notes


def _plan_notes(source: LogSource) -> list[str]:
    notes = []
    if source.plan.input_excludes_cache:
        notes.append("The input column excludes cached tokens; they were added.")
    if "reasoning" in source.plan.role_of:
        notes.append("Reasoning tokens are in a separate column; they were added to the output tokens.")
    if "tool_input" in source.plan.role_of:
        notes.append("Tokens of tool results are in a separate column; they were added to the input tokens.")
    return notes


def _model_notes(models: Sequence[ModelUsage]) -> list[str]:
    """A warning where one mixture of lengths stands for models that are far apart."""
    request_count = sum(model.requests or 0 for model in models)
    large = [model for model in models if (model.requests or 0) >= UNLIKE_MIN_FRAC * request_count]
    for what in ("input", "output"):
        means = {model.model: (getattr(model, f"{what}_tok") or 0) / (model.requests or 1) for model in large}
        means = {name: mean for name, mean in means.items() if mean > 0}
        if not means:
            continue
        short, long = min(means, key=lambda name: means[name]), max(means, key=lambda name: means[name])
        if means[long] >= UNLIKE_RATIO * means[short]:
            return [
                f"The models differ widely: {count(means[short])} {what} tokens a request for {short}, "
                f"{count(means[long])} for {long}. One mixture of lengths fits neither; read the log of each model by itself."
            ]
    return []


def _drop_notes(dropped: Mapping[str, int]) -> list[str]:
    if not dropped:
        return []
    parts = ", ".join(f"{n:,} ({reason})" for reason, n in dropped.items())
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
