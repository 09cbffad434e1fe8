"""Files of usage, of whatever kind, as one reading: the one entry for the command line and the pages."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from calculators.logs.aggregate_workload import reading_workload, reading_workload_yaml
from calculators.logs.aggregates import answered, read_aggregate, with_spend
from calculators.logs.batch_errors import failed_request_count
from calculators.logs.containers import plain_file
from calculators.logs.lengths_and_rates import LoadReading
from calculators.logs.log_bytes import silent
from calculators.logs.request_checks import FIRST_YEAR
from calculators.logs.request_file import LogError, NoRows, Progress, read_head
from calculators.logs.request_log import LogFile, RequestsRead, UsageSummary, read_logs, span_text
from calculators.logs.shown import file_label
from calculators.logs.to_workload import MEASURED_SPAN_S, log_month_texts, log_workload, to_workload_yaml, week_peak
from calculators.logs.usage_questions import UsageAnswers, UsageQuestion
from calculators.logs.usage_reading import UsageReading
from calculators.scenario.schema import Workload
from calculators.units import count, plural, usd

MAX_EMPTY_BYTES = 10_000
"""A larger file has rows."""


def read_usage(
    paths: Sequence[Path],
    answers: UsageAnswers | None = None,
    names: Sequence[str] | None = None,
    now: datetime | None = None,
    progress: Progress | None = None,
) -> UsageReading:
    """What the files say together. `names`: what the user calls them. Raises LogError for what cannot be read at all; what
    is in doubt stands in `questions`, and the figures are those of the answer taken meanwhile."""
    answers, names = answers or UsageAnswers(), names or [path.name for path in paths]
    labels = [file_label(name) for name in names]
    files = [LogFile(plain_file(path, label, progress), label) for path, label in zip(paths, labels, strict=True)]
    files, left_out = _without_empty(files)
    files, failed = _without_failed(files)
    sums = [read_sums(file, answers, progress or silent) for file in files]
    bills = [file for file, reading in zip(files, sums, strict=True) if reading is not None and reading.is_bill]
    bill = None
    if 0 < len(bills) < len(files):
        bill = _sums_together(bills, answers)
        sums = [reading for file, reading in zip(files, sums, strict=True) if file not in bills]
        files = [file for file in files if file not in bills]
    if len(files) == 1 and sums[0] is not None:
        reading: UsageReading = sums[0]
    elif all(one is not None for one in sums):
        reading = _sums_together(files, answers)
    elif any(one is not None for one in sums):
        raise LogError(_mixed(files, sums))
    else:
        reading = request_reading(read_logs(files, answers, now, progress))
    reading = reading if bill is None or bill is reading else with_spend(reading, bill)
    return replace(reading, read=(*reading.read, *left_out, *failed))


def _without_empty(files: list[LogFile]) -> tuple[list[LogFile], tuple[str, ...]]:
    """Of several files those with rows, unless none has, and what is said of the others."""
    empty = [len(files) > 1 and _has_no_rows(file) for file in files]
    if all(empty):
        return files, ()
    pairs = list(zip(files, empty, strict=True))
    return [file for file, is_empty in pairs if not is_empty], tuple(
        f"{file.label}: no data rows, left out." for file, is_empty in pairs if is_empty
    )


def _has_no_rows(file: LogFile) -> bool:
    if file.plain.path.stat().st_size > MAX_EMPTY_BYTES:
        return False
    try:
        read_head(file.plain.path, file.label)
    except NoRows:
        return True
    except LogError:
        pass
    return False


def _without_failed(files: list[LogFile]) -> tuple[list[LogFile], tuple[str, ...]]:
    """The files without those that hold nothing but failed requests of a batch, and what is said of them. Raises LogError
    when none is left."""
    counts = [failed_request_count(file.plain.path) for file in files]
    kept = [file for file, count in zip(files, counts, strict=True) if not count]
    if not kept:
        raise LogError(f"{files[0].label} holds failed requests of a batch alone; give the output file of the batch.")
    named = [
        f"{file.label}: {plural(count, 'failed request')} of a batch left out."
        for file, count in zip(files, counts, strict=True)
        if count
    ]
    return kept, tuple(named)


def unread(name: str, question: UsageQuestion | None = None) -> UsageReading:
    """What is said of files of which no column is known as the time, the input or the output, or that are refused."""
    figures = dict.fromkeys(
        ("requests", "input_tok", "cache_read_tok", "cache_write_tok", "output_tok", "start", "end"), None
    )
    return UsageReading(kind="requests", name=file_label(name), questions=(question,) if question else (), **figures)  # type: ignore[arg-type]


def read_sums(file: LogFile, answers: UsageAnswers, progress: Progress = silent) -> LoadReading | None:
    """The reading of a file of sums, lengths or rates, completed by the answers; None for a log of requests."""
    reading = read_aggregate(file.plain.path, file.label, answers, progress)
    return None if reading is None else _completed(reading, answers)


def _completed(reading: LoadReading, answers: UsageAnswers) -> LoadReading:
    reading = answered(reading, answers.requests, answers.input_tok_per_request)
    return replace(reading, questions=tuple(asked for asked in reading.questions if not answers.has(asked)))


def _sums_together(files: Sequence[LogFile], answers: UsageAnswers) -> LoadReading:
    label = f"{files[0].label} and {plural(len(files) - 1, 'more file')}" if len(files) > 1 else files[0].label
    reading = read_aggregate([file.plain.path for file in files], label, answers)
    if reading is None:
        raise LogError(f"{label}: these files of sums are of different kinds; read them one at a time.")
    return _completed(reading, answers)


def _mixed(files: Sequence[LogFile], sums: Sequence[LoadReading | None]) -> str:
    of_sums, of_requests = (
        next(file.label for file, one in zip(files, sums, strict=True) if (one is not None) == summed)
        for summed in (True, False)
    )
    return (
        f"{of_sums} holds sums and {of_requests} single requests, so use would be counted twice; read {of_requests} alone, "
        "which says more, and compare its sums."
    )


def usage_workload(reading: UsageReading, before: Workload, answers: UsageAnswers) -> Workload:
    """The figures of the files in place of the workload's; what they do not hold is kept. Raises LogError for an open
    question, DataError for a figure that no scenario may hold."""
    if isinstance(reading, LoadReading):
        return reading_workload(reading, before, answers)
    return log_workload(_summary(reading), before)


def usage_workload_yaml(reading: UsageReading, answers: UsageAnswers) -> str:
    """The `workload:` block of a scenario with its comments. Raises as `usage_workload`."""
    if isinstance(reading, LoadReading):
        return reading_workload_yaml(reading, answers)
    return to_workload_yaml(_summary(reading))


def _summary(reading: UsageReading) -> UsageSummary:
    if reading.summary is None:
        raise LogError(f"{reading.name} has no workload in it.")
    return reading.summary


def request_reading(read: RequestsRead) -> UsageReading:
    """The summary of a log of requests as the record that every kind of file has."""
    summary = read.summary
    request_count, input_tok = summary.used_row_count, round(summary.input_tok.mean_tok * summary.used_row_count)
    return UsageReading(
        kind="requests",
        name=summary.name,
        requests=request_count,
        input_tok=input_tok,
        cache_read_tok=_part(summary.cached_frac, input_tok),
        cache_write_tok=_part(summary.cache_write_frac, input_tok),
        output_tok=round(summary.output_tok.mean_tok * request_count),
        start=summary.start,
        end=summary.end,
        models=summary.models,
        groups=summary.groups,
        series=summary.series,
        spend_usd=summary.spend_usd,
        read=(_held(summary), *summary.notes),
        inferred=_inferred(summary),
        assumed=(*summary.assumed, *_assumed(summary)),
        missing=_missing(summary),
        questions=read.questions,
        summary=summary,
    )


def _held(summary: UsageSummary) -> str:
    """What the log holds, in a sentence."""
    start, end = (f"{moment:%Y-%m-%d %H:%M}" for moment in (summary.start, summary.end))
    when = f"from {start} to {end} UTC" if summary.start.year >= FIRST_YEAR else f"in {span_text(summary.span_s)}"
    tokens = " and ".join(
        f"{count(lengths.mean_tok * summary.used_row_count)} {side}"
        for side, lengths in (("input", summary.input_tok), ("output", summary.output_tok))
    )
    spent = f", {usd(summary.spend_usd)} spent" if summary.spend_usd is not None else ""
    return f"{plural(summary.used_row_count, 'request')} {when}: {tokens} tokens{spent}."


def _inferred(summary: UsageSummary) -> tuple[str, ...]:
    """The month of a log of at least a week."""
    return tuple(log_month_texts(summary)) if summary.span_s >= MEASURED_SPAN_S else ()


def _assumed(summary: UsageSummary) -> tuple[str, ...]:
    """What was taken for granted, and what a log shorter than a week cannot tell of its peak and its month."""
    peak, month = week_peak(summary), () if _inferred(summary) else log_month_texts(summary)
    return (
        *((peak.why,) if peak.basis == "assumed" else ()),
        *month,
    )


def _part(frac: float | None, input_tok: int) -> int | None:
    return None if frac is None else round(frac * input_tok)


def _missing(summary: UsageSummary) -> tuple[str, ...]:
    unknown = {
        "which input tokens were read from the cache": summary.cached_frac,
        "which input tokens were written to the cache": summary.cache_write_frac,
        "which model answered": summary.models or None,
        "what the requests cost in US dollars": summary.spend_usd,
    }
    return tuple(f"The log does not say {what}." for what, value in unknown.items() if value is None)
