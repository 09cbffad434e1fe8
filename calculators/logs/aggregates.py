"""Exports that hold sums by period (usage reports, console exports, metrics, bills) as one reading: requests, tokens, models,
spend and the busiest period. What they lack is asked.
"""

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from calculators.logs.aggregate_formats import PLAIN, AggregateFormat, known_format
from calculators.logs.aggregate_overlaps import JoinedSums, joined_slices, without_wider
from calculators.logs.aggregate_periods import busiest_ratio, by_hour, period_width_s
from calculators.logs.aggregate_rates import RATED, rated_table
from calculators.logs.aggregate_rows import Slice, UnreadTime, of_running_totals, slices
from calculators.logs.aggregate_sums import (
    Account,
    account_of,
    input_is_uncached,
    points_of,
    reasoning_is_extra,
    shares_of,
    token_sums,
    total_tok,
    with_reasoning,
    without_sums_of_models,
    without_total,
)
from calculators.logs.aggregate_tables import day_first, doubtful_date, joined_sums, sums_table
from calculators.logs.aggregate_text import (
    asked_cache,
    asked_date_order,
    asked_negatives,
    asked_reasoning,
    asked_requests,
    asked_running,
    asked_tokens,
    inferred_texts,
    missing_texts,
    money_texts,
    read_texts,
    without_dates,
    without_period,
)
from calculators.logs.aggregate_times import DAY_S
from calculators.logs.aggregate_workload import NO_ANSWERS, assumptions
from calculators.logs.bills import BILL, has_no_period
from calculators.logs.lengths_and_rates import LoadReading, read_lengths, read_rates, refuse_benchmark
from calculators.logs.load_series import period_series
from calculators.logs.log_bytes import Progress, silent
from calculators.logs.prometheus import counter_difference, counter_tables
from calculators.logs.request_file import LogError
from calculators.logs.request_groups import only_text
from calculators.logs.shown import file_label, shown_cell
from calculators.logs.usage_questions import UsageAnswers, UsageQuestion
from calculators.logs.usage_reading import UsageReading
from calculators.logs.usage_share import UNNAMED, named_values
from calculators.logs.usage_tables import UsageTable, usage_tables
from calculators.units import SECONDS_PER_HOUR, listed, percent

NOT_OVER = "The last period is not over; it counts until now."
MIN_RUNNING_ROWS = 5
"""Fewer that only grow may well be use that grows."""


def read_aggregate(
    paths: Path | Sequence[Path],
    label: str,
    answers: UsageAnswers = NO_ANSWERS,
    progress: Progress = silent,
) -> LoadReading | None:
    """The reading of a file of sums, or of several of one kind, of lengths alone or of rates alone; None when it is none of
    these.

    Raises LogError for a benchmark's result, for periods that overlap, for a file without any use, and for one without what
    `only` asks for.
    """
    every = [paths] if isinstance(paths, Path) else paths
    files = [list(counter_tables(path, label) or usage_tables(path, progress)) for path in every]
    files = counter_difference(files, label)
    tables = files[0] if len(files) == 1 else []
    rated = next((made for table in tables if (made := rated_table(table)) is not None), None)
    if rated is not None:
        return _assumed(_reading(*_told_by(rated, RATED, answers), label, answers))
    reading = _lengths_or_rates(files[0], label, answers.only) if len(files) == 1 else None
    if reading is None:
        sums = joined_sums(files, label) if len(files) > 1 else sums_table(files[0], label)
        reading = None if sums is None else _reading(*_told_by(*sums, answers), label, answers)
    return None if reading is None else _assumed(reading)


def _assumed(reading: LoadReading) -> LoadReading:
    return replace(reading, assumed=assumptions(reading))


def _lengths_or_rates(tables: list[UsageTable], label: str, only: Mapping[str, Sequence[str]]) -> LoadReading | None:
    """The reading of lengths or rates, unless a table of known sums comes first. Raises LogError for a benchmark's
    result."""
    for table in tables:
        refuse_benchmark(table, label)
        if known_format(table.names) is not None:
            return None
        for read in (read_rates, read_lengths):
            if (reading := read(table, label)) is not None:
                if only:
                    raise LogError(f"{label} holds {reading.kind} that cannot be split by {listed(list(only))}.")
                return reading
    return None


def _reading(table: UsageTable, entry: AggregateFormat, label: str, answers: UsageAnswers) -> LoadReading:
    only, excludes = answers.only, answers.input_excludes_cache
    joined = _slices(table, entry, label)
    whole = account_of(without_total(joined.parts), entry)
    used = [start for start, sums in whole.by_start.items() if any(sums.values())]
    if not used:
        raise LogError(f"{label} is {entry.what} without any use in it; export a period with requests.")
    width_s = period_width_s(whole.by_start, whole.end_of, label if entry.shape != "items" else None)
    start_s = min(used)
    end_s = _until_now(_last_end_s(whole, width_s), start_s)
    uncached = excludes if excludes is not None else input_is_uncached(whole, entry, table.names)
    account = _only_account(table, entry, whole, only, label) if only else whole
    requests = account.all.get("requests")
    foreign = _foreign(account)
    loads = {start: account.by_start[start].get("requests" if requests else "tokens", 0.0) for start in used}
    shares = shares_of(account, bool(uncached), not foreign)
    tokens: dict[str, Any] = {**token_sums(account.all, bool(uncached))}
    reading = LoadReading(
        kind="aggregate",
        seller=entry.seller,
        name=file_label(f"{label} (only {only_text(only)})") if only else label,
        requests=requests,
        **tokens,
        start=datetime.fromtimestamp(start_s, UTC),
        end=datetime.fromtimestamp(end_s, UTC),
        models=shares.pop("model", ()),
        groups=shares,
        series=period_series(points_of(account, bool(uncached), not foreign), start_s, end_s, width_s),
        spend_usd=None if foreign else account.all.get("spend"),
        bucket_s=width_s,
        peak_ratio=busiest_ratio(loads, start_s, end_s, width_s),
        hour_ratio=busiest_ratio(by_hour(loads, start_s), start_s, end_s, max(width_s, SECONDS_PER_HOUR)),
        batch_frac=account.all.get("batch", 0.0) / (account.all.get("load") or 1.0),
    )
    told = _told(reading, entry, account, whole, uncached)
    told = replace(told, read=(*_only_texts(account, whole, only, bool(uncached)), *told.read, *joined.notes))
    dated = _dated(told, table, entry, {start: whole.end_of[start] for start in used})
    if entry.is_undated:
        dated = without_dates(dated, entry.what, answers.period_days)
    return replace(dated, read=(*dated.read, *money_texts(dated, account.aside, entry.negatives)))


def _last_end_s(account: Account, width_s: float) -> float:
    """The end of the last period with use."""
    used = (start for start, sums in account.by_start.items() if any(sums.values()))
    return max(max(account.end_of[start], default=start + width_s) for start in used)


def _until_now(end_s: float, start_s: float) -> float:
    """The end of the last period, or this minute where that is not over."""
    now_s = datetime.now(UTC).timestamp() // 60 * 60
    return now_s if start_s < now_s < end_s else end_s


def _told(
    reading: LoadReading, entry: AggregateFormat, account: Account, whole: Account, uncached: bool | None
) -> LoadReading:
    """The reading with what is said and asked of it."""
    width_s = reading.bucket_s or DAY_S
    used_count = sum(any(sums.values()) for sums in whole.by_start.values())
    gap_count = max(0, round((reading.window_s or 0.0) / width_s) - used_count)
    cache_unsure = entry.input_is == "unsure" and uncached is None and bool(whole.all.get("read"))
    return replace(
        reading,
        read=read_texts(reading, entry.what, width_s),
        inferred=(
            *inferred_texts(reading, whole.left_out, gap_count, bool(uncached) and entry.what == PLAIN.what),
            *((NOT_OVER,) if reading.end and _last_end_s(whole, width_s) > reading.end.timestamp() + 60 else ()),
        ),
        missing=missing_texts(reading, _foreign(account), whole.more_to_come),
        questions=(
            *asked_negatives(reading, account.aside.get("unclear", 0.0), entry.negatives),
            *(asked_running(_last_sums(whole), whole.all) if _may_be_running(whole, entry) else ()),
            *(asked_reasoning(reading, whole.all["reasoning"]) if _is_reasoning_unsure(whole, entry) else ()),
            *_questions(reading, cache_unsure),
        ),
    )


def _leaves_reasoning_out(parts: Sequence[Slice | None], entry: AggregateFormat) -> bool:
    told = reasoning_is_extra(parts)
    return told if told is not None else entry.leaves_reasoning_out is True


def _is_reasoning_unsure(account: Account, entry: AggregateFormat) -> bool:
    """Whether the output of a table that no vendor makes may leave reasoning out."""
    return not entry.needed and entry.leaves_reasoning_out is None and account.is_reasoning_unsure


def _may_be_running(account: Account, entry: AggregateFormat) -> bool:
    """Whether all that the rows count only grows from period to period, so that each may be the total so far."""
    rows = [account.points[start] for start in sorted(account.points)]
    names = [name for name in ("requests", "input", "output", "spend") if account.all.get(name)]
    if entry.shape != "columns" or entry.is_running or entry.needed or len(rows) < MIN_RUNNING_ROWS or not names:
        return False
    return all(before.get(name, 0.0) < row.get(name, 0.0) for before, row in itertools.pairwise(rows) for name in names)


def _last_sums(account: Account) -> Mapping[str, float]:
    return account.points[max(account.points)]


def _foreign(account: Account) -> list[str]:
    """Currencies of the money that are no US dollars."""
    return sorted(currency for currency in account.currencies if currency != "USD")


def _dated(
    reading: LoadReading, table: UsageTable, entry: AggregateFormat, end_of: Mapping[float, set[float]]
) -> LoadReading:
    """The reading without a period where a bill has the dates of invoices, and with the question which way round dates are."""
    doubtful = "" if entry.day_first is not None else doubtful_date(table, entry)
    asked = replace(reading, questions=(*asked_date_order(doubtful), *reading.questions))
    return without_period(asked) if entry.what == BILL.what and has_no_period(table.names, end_of) else asked


def _told_by(table: UsageTable, entry: AggregateFormat, answers: UsageAnswers) -> tuple[UsageTable, AggregateFormat]:
    """The table with what the user told of its dates and of its negative rows."""
    is_day_first = None if answers.date_order is None else answers.date_order == "day"
    leaves_out = None if answers.output_includes_reasoning is None else not answers.output_includes_reasoning
    is_running = answers.counts == "running" or table.is_running
    return table, replace(
        entry,
        day_first=is_day_first,
        is_running=is_running,
        negatives=answers.negative_rows,
        leaves_reasoning_out=leaves_out,
    )


def _only_account(
    table: UsageTable, entry: AggregateFormat, whole: Account, only: Mapping[str, Sequence[str]], label: str
) -> Account:
    """The sums of the rows that are asked for. Raises LogError, naming the values there are, when there are none."""
    groups = list(dict.fromkeys(group for group, value in whole.by_value if value))
    for group, values in only.items():
        if group not in groups:
            known = f"it can be split by {listed(groups)}" if groups else "it cannot be split"
            raise LogError(f"{label} has no column for {group}; {known}.")
        if not any((group, "" if value == UNNAMED else value) in whole.by_value for value in values):
            known = named_values(shares_of(whole, False, False).get(group, ()))
            raise LogError(f"{label} has no row with {only_text({group: values})}; there are: {known}.")
    every = without_total(_slices(table, entry, label).parts)
    parts = (part for part in every if part is not None and _is_asked(part, only))
    account = account_of(parts, entry)
    if not any(account.all.values()):
        raise LogError(f"{label} has no row with {only_text(only)}; take one value fewer.")
    return account


def _is_asked(part: Slice, only: Mapping[str, Sequence[str]]) -> bool:
    values_of = {"model": part.model, **part.groups}
    return all((values_of.get(group) or UNNAMED) in values for group, values in only.items())


def _only_texts(account: Account, whole: Account, only: Mapping[str, Sequence[str]], uncached: bool) -> tuple[str, ...]:
    """How much of the file is kept, in tokens or else in money."""
    if not only:
        return ()
    kept, all_of_it = (total_tok(sums, uncached) for sums in (account.all, whole.all))
    share, what = (kept or 0) / (all_of_it or 1), "tokens"
    if all_of_it is None:
        share, what = account.all.get("spend", 0.0) / (whole.all.get("spend") or 1.0), "spend"
    return (f"Only {only_text(only)}: {percent(share)} of the {what} of the file.",)


def _questions(reading: LoadReading, cache_unsure: bool) -> tuple[UsageQuestion, ...]:
    if reading.input_tok is None or reading.output_tok is None:
        return (asked_tokens(reading),)
    asked = (asked_cache(reading),) if cache_unsure else ()
    return asked if reading.requests is not None else (*asked, asked_requests(reading))


def answered(
    reading: LoadReading, requests: float | None = None, input_tok_per_request: float | None = None
) -> LoadReading:
    """The reading with the number of requests that the file lacks, as told: in all, or by the input of one. A count that the
    file has is kept."""
    if reading.requests is not None or reading.input_tok is None:
        return reading
    if requests is None and input_tok_per_request is None:
        return reading
    told = requests if requests is not None else reading.input_tok / (input_tok_per_request or 1.0)
    words = "The number of requests is your own figure; the file has none."
    counted = replace(reading, requests=told, is_count_told=True)
    kept = tuple(question for question in reading.questions if "--requests" not in question.option)
    return replace(counted, questions=kept, assumed=assumptions(counted), inferred=(*reading.inferred, words))


def with_spend(reading: UsageReading, bill: LoadReading) -> UsageReading:
    """The reading with the money of a bill; one without a period is assumed to be of that of the reading. Raises LogError
    when their periods have no time in common."""
    periods = (reading.start, reading.end, bill.start, bill.end)
    if None not in periods and (bill.end <= reading.start or reading.end <= bill.start):  # type: ignore[operator]
        raise LogError(f"{bill.name} and {reading.name} have no day in common; export both for the same period.")
    undated = f"{bill.name} has no period; it is taken to be for the time of {reading.name}."
    return replace(
        reading,
        assumed=reading.assumed if bill.spend_span_s else (*reading.assumed, undated),
        spend_usd=bill.spend_usd,
        bill_span_s=bill.spend_span_s,
        bill_name=bill.name,
        bill_seller=bill.seller,
        read=(*reading.read, *bill.read),
        questions=(*reading.questions, *(asked for asked in bill.questions if asked.field)),
    )


def _slices(table: UsageTable, entry: AggregateFormat, label: str) -> JoinedSums:
    """The slices of the file or the files, each use once. Raises LogError."""
    is_day_first = day_first(table) if entry.day_first is None else entry.day_first
    try:
        joined = joined_slices([list(slices(one, entry, is_day_first)) for one in table.files or (table,)])
        finest = without_wider(joined.parts) if entry.shape != "items" else JoinedSums(joined.parts)
        parts = of_running_totals(finest.parts) if entry.is_running else finest.parts
        parts = with_reasoning(parts) if _leaves_reasoning_out(parts, entry) else parts
        parts = without_sums_of_models(parts) if entry.shape == "columns" else parts
        return JoinedSums(parts, (*joined.notes, *finest.notes))
    except UnreadTime as error:
        shown = shown_cell(str(error.args[0]))
        raise LogError(f'{label} has a period that is no date, "{shown}"; write dates like 2026-10-05.') from None
