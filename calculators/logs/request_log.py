"""A request log (CSV or JSON lines, also .gz) as a summary: token lengths, rate, peaks and the joint length distribution.

Only the mapped columns are read; prompts never leave the file. Times are UTC. The steps, in the order of the data:
`request_file` (bytes to first rows), `request_mapping` (role of each column), `request_rows` (text to integers),
`request_statistics` (integers to statistics), and here the checks of the whole, the notes and `read_log`.
"""

import functools
import hashlib
import math
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import ibis
import ibis.expr.types as ir

from calculators.logs.cell_expressions import US_PER_S
from calculators.logs.containers import PlainFile, plain_file
from calculators.logs.load_series import LoadSeries, request_series
from calculators.logs.log_engine import Counts, LogEngine
from calculators.logs.money import usd_or_none
from calculators.logs.peak_estimate import WEEK_S
from calculators.logs.request_checks import check_clock, check_totals
from calculators.logs.request_counters import without_totals_so_far
from calculators.logs.request_file import (
    LogError,
    Progress,
    check_table,
    read_head,
)
from calculators.logs.request_groups import groups_of, one_table, only_rows, only_text, request_shares
from calculators.logs.request_mapping import plan_columns
from calculators.logs.request_notes import (
    clock_assumptions,
    clock_notes,
    drop_notes,
    load_assumptions,
    load_notes,
    model_notes,
    names_zone,
    plan_notes,
    summer_time_notes,
)
from calculators.logs.request_notes import span_text as span_text
from calculators.logs.request_repeats import Sorting, prepared, without_repeats
from calculators.logs.request_rows import ROW_COLUMNS, LogSource, open_raw, parsed_rows, rejected_count, sort_out
from calculators.logs.request_sampling import split_sums, weigh
from calculators.logs.request_signs import broken_claims
from calculators.logs.request_statistics import (
    MINUTE_S,
    LengthGroup,
    LengthStatistics,
    Peak,
    edges_tok,
    hourly_shares,
    length_cells,
    length_figures,
    peak_figures,
    per_minute,
    value_counts,
    window_sums,
)
from calculators.logs.scratch import scratch_folder
from calculators.logs.shown import file_label
from calculators.logs.usage_questions import UsageAnswers, UsageQuestion
from calculators.logs.usage_readers import OpenLog, answers_for, doubt, open_log
from calculators.logs.usage_share import UsageShare
from calculators.units import percent, plural

MAX_SPARK_COUNT = 1_500
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
    assumed: tuple[str, ...] = ()
    """Of the clock: what the times do not say themselves."""
    models: tuple[UsageShare, ...] = ()
    """By tokens, the most first; empty when the log names none."""
    groups: Mapping[str, tuple[UsageShare, ...]] = field(default_factory=dict)
    """The same by team, project, workspace, key, app and endpoint, those that the log names."""
    series: LoadSeries | None = None
    spend_usd: float | None = None
    batch_count: int = 0
    """Requests of the batch tier: in the tokens, not in the peaks."""
    hourly_frac: tuple[float, ...] = ()
    """Share of tokens in each hour of the day (24,); empty where the log is shorter than a week or names no time zone."""


@dataclass(frozen=True, slots=True)
class LogFile:
    """A log to read, unpacked, under the name the user knows."""

    plain: PlainFile
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
    label = file_label(name or path.name)
    answers = UsageAnswers(column_of=role_of or {}, input_excludes_cache=input_excludes_cache)
    return read_logs([LogFile(plain_file(path, label, progress), label)], answers, now, progress).summary


def read_logs(
    files: Sequence[LogFile], answers: UsageAnswers, now: datetime | None = None, progress: Progress | None = None
) -> RequestsRead:
    """Summary of one log or several together, and the questions they leave open. Raises LogError."""
    label = files[0].label if len(files) == 1 else f"{files[0].label} and {plural(len(files) - 1, 'more file')}"
    report: Progress = progress or (lambda _fraction, _text: None)
    labels = [file.label for file in files]
    logs = [
        open_log(file.plain, each, answers, functools.partial(_report_part, report, number, len(files)))
        for number, (file, each) in enumerate(zip(files, labels, strict=True))
    ]
    with scratch_folder() as folder:
        links = [folder / f"log{number}" for number in range(len(files))]  # names of ours: no wildcards
        for log, link in zip(logs, links, strict=True):
            os.symlink(log.path, link)
        engine = LogEngine(folder, *links, report=report)
        try:
            made = []
            for number, (log, link) in enumerate(zip(logs, links, strict=True)):
                start, end = (0.4 + 0.35 * place / len(files) for place in (number, number + 1))
                engine.show(start, "Reading the columns", end)
                made.append(_parsed(engine, labels[number], log, link, answers, now or datetime.now(UTC)))
            return _summarize(engine, made, label, answers)
        except (duckdb.Error, RuntimeError) as error:  # the engine lets some errors of C++ through
            raise LogError(_engine_problem(label, error)) from None
        finally:
            engine.close()


@dataclass(frozen=True, slots=True)
class _Parsed:
    """One file as rows of integers."""

    source: LogSource
    log: OpenLog
    table: ir.Table
    row_count: int
    dropped: dict[str, int]


def _engine_problem(label: str, error: Exception) -> str:
    """The engine's message quotes the file, so only the line number is taken from it."""
    if isinstance(error, duckdb.OutOfMemoryException):
        return f"{label} needs more memory than allowed; take a shorter period."
    line = re.search(r"[Ll]ine:? (\d+)", str(error))
    place = f" near line {line.group(1)}" if line else ""
    return (
        f"{label} cannot be split into rows{place}; check quotes, separators and line ends, or leave text columns out."
    )


def _report_part(report: Progress, number: int, file_count: int, fraction: float, text: str) -> None:
    report((0.4 * number + fraction) / file_count, text)


def _parsed(engine: LogEngine, label: str, log: OpenLog, link: Path, answers: UsageAnswers, now: datetime) -> _Parsed:
    """A file as rows of integers, those that do not count sorted out."""
    head = read_head(log.path, label)
    check_table(head, log.check)
    plan = plan_columns(head, answers_for(log, answers))
    plan = replace(plan, questions=(*doubt(log, answers), *plan.questions))
    source = LogSource(engine, open_raw(engine, head, link, log.check.quote_count > 0), head, plan)
    parsed = parsed_rows(source.raw, head, plan).select(*ROW_COLUMNS, *plan.groups, file=ibis.literal(link.name))
    has_steps = log.role_of is None and any(mark.role == "kind" for mark in plan.marks)
    table, asked = prepared(engine.store(parsed), engine, answers, has_steps)
    row_count, dropped = sort_out(source, table, rejected_count(engine, head))
    rows: Any = table
    used = rows.filter(rows.excluded == 0, rows.fault == 0)
    check_clock(source, used, now)
    source = replace(
        source, plan=replace(plan, questions=(*plan.questions, *asked, *broken_claims(engine, used, plan)))
    )
    return _Parsed(source, log, used, row_count, dropped)


def _summarize(engine: LogEngine, files: Sequence[_Parsed], label: str, answers: UsageAnswers) -> RequestsRead:
    plans = [file.source.plan for file in files]
    if len({plan.unit is None for plan in plans}) > 1:
        raise LogError(f"{label}: some files have dates and others a clock that counts from 0; read them one by one.")
    engine.show(0.78, "Looking for duplicates")
    sorting = Sorting(engine, one_table([file.table for file in files]), answers)
    without_repeats(sorting, len(files))
    without_totals_so_far(sorting)
    weigh(sorting, [file.source.head for file in files])
    split_sums(sorting, [plan.checked.get("requests") for plan in plans])
    sorting.dropped = _sum_counts([*(file.dropped for file in files), sorting.dropped])
    totals = _totals(engine, sorting.table)
    check_totals(label, totals, sorting.dropped)
    if answers.only:
        label, totals = _filtered(sorting, totals, label)
    engine.show(0.85, "Counting lengths and minutes")
    summary = _summary(files, label, sorting, totals)
    engine.show(1.0, "Done")
    asked = (question for plan in plans for question in plan.questions)
    return RequestsRead(summary, tuple(dict.fromkeys((*asked, *sorting.questions))))


def _filtered(sorting: Sorting, totals: Mapping[str, int], label: str) -> tuple[str, dict[str, int]]:
    """Keeps the rows that the user asks for, once copies are gone. The time stays that of the whole log: a team without
    requests on some days has a lower rate, not a shorter log. Returns the name and the totals of what is left."""
    only = sorting.answers.only
    kept = only_rows(sorting.engine, sorting.table, only, label)
    sorting.table = sorting.engine.store(kept)
    left = _totals(sorting.engine, sorting.table) | {"start": totals["start"], "end": totals["end"]}
    check_totals(label, left, sorting.dropped)
    if left["n"] == 1:
        raise LogError(f"{label} has a single request with {only_text(only)}; take more values, or a longer period.")
    share = (left["input"] + left["output"]) / (totals["input"] + totals["output"])
    sorting.notes.insert(
        0,
        f"Only {only_text(only)}: {percent(share)} of the tokens and {left['n']:,} of {totals['n']:,} requests of the file.",
    )
    return file_label(f"{label} (only {only_text(only)})"), left


def _summary(files: Sequence[_Parsed], label: str, sorting: Sorting, totals: Mapping[str, int]) -> UsageSummary:
    engine, used = sorting.engine, sorting.table
    known = {role for file in files for role in file.source.plan.role_of}
    span_us = totals["end"] - totals["start"]
    inputs, outputs = (value_counts(engine, used, column) for column in ("input_tok", "output_tok"))
    minute_count = span_us // (MINUTE_S * US_PER_S) + 1
    requests, tokens = per_minute(engine, used, totals["start"], minute_count)
    prompt = _prompt_load(engine, used, totals, minute_count) or (requests, tokens)
    step_s = MINUTE_S * math.ceil(minute_count / MAX_SPARK_COUNT)
    shares = {group: request_shares(engine, used, group, known) for group in groups_of(used)}
    models = shares.pop("model", ())
    return UsageSummary(
        name=label,
        sha256=_joint_digest([file.log.check.sha256 for file in files]),
        row_count=sum(file.row_count for file in files),
        used_row_count=totals["n"],
        dropped=tuple(sorting.dropped.items()),
        start=_moment(totals["start"]),
        end=_moment(totals["end"]),
        span_s=span_us / US_PER_S,
        request_rate_req_s=totals["n"] * US_PER_S / span_us,
        input_tok=length_figures(*inputs),
        output_tok=length_figures(*outputs),
        cached_frac=_share(totals, "read", "cache_read" in known),
        cache_write_frac=_share(totals, "write", "cache_write" in known),
        peaks=tuple(peak_figures(*prompt, span_us / US_PER_S, window_s) for window_s in WINDOWS_S),
        cells=tuple(length_cells(engine, used, edges_tok(*inputs), edges_tok(*outputs))),
        per_minute_requests=tuple(int(n) for n in window_sums(requests, step_s)),
        step_s=step_s,
        notes=(*_file_notes(files, sorting, totals, requests), *load_notes(totals), *model_notes(models)),
        assumed=_assumed(files, requests),
        models=models,
        groups=shares,
        series=request_series(engine, used, totals),
        spend_usd=_spend(sorting),
        batch_count=totals["batch"],
        hourly_frac=_hourly_frac(files, tokens, totals["start"]),
    )


def _hourly_frac(files: Sequence[_Parsed], tokens_per_minute: Counts, start_us: int) -> tuple[float, ...]:
    """Share of tokens in each hour of the day, where a week of known moments shows it."""
    is_shown = len(tokens_per_minute) * MINUTE_S >= WEEK_S and all(names_zone(file.source) for file in files)
    return hourly_shares(tokens_per_minute, start_us) if is_shown else ()


def _assumed(files: Sequence[_Parsed], requests: Counts) -> tuple[str, ...]:
    """What is assumed of the clocks of the files, and of minutes without a request."""
    of_clocks = dict.fromkeys(words for file in files for words in clock_assumptions(file.source))
    return (*of_clocks, *load_assumptions(int((requests == 0).sum())))


def _prompt_load(
    engine: LogEngine, table: ir.Table, totals: Mapping[str, int], minute_count: int
) -> tuple[Counts, Counts] | None:
    """Requests and tokens of each minute that wait for no batch; None when that is all of them, or none."""
    rows: Any = table
    some = totals["batch"] not in (0, totals["n"])
    return per_minute(engine, rows.filter(~rows.is_batch), totals["start"], minute_count) if some else None


def _file_notes(
    files: Sequence[_Parsed], sorting: Sorting, totals: Mapping[str, int], requests_per_minute: Counts
) -> list[str]:
    of_files = [
        (
            *file.log.notes,
            *clock_notes(file.source),
            *summer_time_notes(file.source, _moment(totals["start"]), requests_per_minute),
            *plan_notes(file.source),
        )
        for file in files
    ]
    return [*drop_notes(sorting.dropped), *dict.fromkeys(note for notes in of_files for note in notes), *sorting.notes]


def _sum_counts(counts: Sequence[Mapping[str, int]]) -> dict[str, int]:
    names = dict.fromkeys(name for each in counts for name in each)
    return {name: sum(each.get(name, 0) for each in counts) for name in names}


def _joint_digest(digests: Sequence[str]) -> str:
    if len(digests) == 1:
        return digests[0]
    return hashlib.sha256("".join(sorted(digests)).encode()).hexdigest()


def _spend(sorting: Sorting) -> float | None:
    rows: Any = sorting.table
    return usd_or_none(sorting.facts(spend=rows.spend_usd.sum())["spend"])


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
