"""Exports that hold sums by period (usage reports, console exports, metrics, bills) as one reading: requests, tokens, models,
spend and the busiest period. What they lack is asked.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from calculators.logs.aggregate_formats import PLAIN, AggregateFormat, known_format
from calculators.logs.aggregate_periods import busiest_ratio, by_hour, period_width_s
from calculators.logs.aggregate_rows import DAY_S, Slice, UnreadTime, slices
from calculators.logs.aggregate_tables import day_first, doubtful_date, joined_sums, sums_table
from calculators.logs.aggregate_text import (
    asked_cache,
    asked_date_order,
    asked_requests,
    asked_tokens,
    inferred_texts,
    missing_texts,
    read_texts,
    without_period,
)
from calculators.logs.aggregate_workload import assumptions
from calculators.logs.bills import BILL, has_no_period
from calculators.logs.lengths_and_rates import LoadReading, read_lengths, read_rates, refuse_benchmark
from calculators.logs.load_series import period_series
from calculators.logs.log_bytes import Progress, silent
from calculators.logs.prometheus import counter_tables
from calculators.logs.request_file import LogError
from calculators.logs.request_groups import only_text
from calculators.logs.shown import file_label, shown_cell
from calculators.logs.usage_questions import DateOrder, UsageQuestion
from calculators.logs.usage_reading import UsageReading
from calculators.logs.usage_share import MAX_SHARE_CHARS, UNNAMED, UsageShare, largest_shares, named_values
from calculators.logs.usage_tables import UsageTable, usage_tables
from calculators.units import SECONDS_PER_HOUR, listed, percent, printable

MIN_ROWS_OF_TOTAL = 4
TOTAL_TOLERANCE_FRAC = 0.005

Sums = dict[str, float]
_ALL: Mapping[str, Sequence[str]] = {}


@dataclass(slots=True)
class _Account:
    """Sums over the slices of a file."""

    all: Sums = field(default_factory=lambda: defaultdict(float))
    by_value: dict[tuple[str, str], Sums] = field(default_factory=lambda: defaultdict(lambda: defaultdict(float)))
    """By group (model, team and so on) and value."""
    by_start: dict[float, Sums] = field(default_factory=lambda: defaultdict(lambda: defaultdict(float)))
    points: dict[float, Sums] = field(default_factory=lambda: defaultdict(lambda: defaultdict(float)))
    """By start of a period, batch requests included."""
    end_of: dict[float, set[float]] = field(default_factory=lambda: defaultdict(set))
    currencies: set[str] = field(default_factory=set)
    left_out: int = 0
    cache_exceeds_input: bool = False
    more_to_come: bool = False


def read_aggregate(
    paths: Path | Sequence[Path],
    label: str,
    input_excludes_cache: bool | None = None,
    only: Mapping[str, Sequence[str]] = _ALL,
    date_order: DateOrder | None = None,
    progress: Progress = silent,
) -> LoadReading | None:
    """The reading of a file of sums, or of several of one kind, of lengths alone or of rates alone; None when it is none of
    these.

    Raises LogError for a benchmark's result, for periods that overlap, for a file without any use, and for one without what
    `only` asks for.
    """
    every = [paths] if isinstance(paths, Path) else paths
    files = [list(counter_tables(path, label) or usage_tables(path, progress)) for path in every]
    reading = _lengths_or_rates(files[0], label, only) if len(files) == 1 else None
    if reading is None:
        sums = joined_sums(files, label) if len(files) > 1 else sums_table(files[0])
        reading = None if sums is None else _reading(*_ordered(*sums, date_order), label, input_excludes_cache, only)
    return None if reading is None else replace(reading, assumed=assumptions(reading))


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


def _reading(
    table: UsageTable, entry: AggregateFormat, label: str, excludes: bool | None, only: Mapping[str, Sequence[str]]
) -> LoadReading:
    whole = _account(_without_total(_slices(table, entry, label)), entry)
    used = [start for start, sums in whole.by_start.items() if any(sums.values())]
    if not used:
        raise LogError(f"{label} is {entry.what} without any use in it; export a period with requests.")
    width_s = period_width_s(whole.by_start, whole.end_of, label if entry.shape != "items" else None)
    start_s = min(used)
    end_s = max(max(whole.end_of[start], default=start + width_s) for start in used)
    uncached = excludes if excludes is not None else _input_is_uncached(whole, entry)
    account = _only_account(table, entry, whole, only, label) if only else whole
    requests = account.all.get("requests")
    foreign = _foreign(account)
    loads = {start: account.by_start[start].get("requests" if requests else "tokens", 0.0) for start in used}
    shares = _shares(account, bool(uncached), not foreign)
    tokens: dict[str, Any] = {**_tokens(account.all, bool(uncached))}
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
        series=period_series(_points(account, bool(uncached), not foreign), start_s, end_s, width_s),
        spend_usd=None if foreign else account.all.get("spend"),
        bucket_s=width_s,
        peak_ratio=busiest_ratio(loads, start_s, end_s, width_s),
        hour_ratio=busiest_ratio(by_hour(loads, start_s), start_s, end_s, max(width_s, SECONDS_PER_HOUR)),
        batch_frac=account.all.get("batch", 0.0) / (account.all.get("load") or 1.0),
    )
    told = _told(reading, entry, account, whole, uncached)
    told = replace(told, read=(*_only_texts(account, whole, only, bool(uncached)), *told.read))
    return _dated(told, table, entry, {start: whole.end_of[start] for start in used})


def _told(
    reading: LoadReading, entry: AggregateFormat, account: _Account, whole: _Account, uncached: bool | None
) -> LoadReading:
    """The reading with what is said and asked of it."""
    width_s = reading.bucket_s or DAY_S
    used_count = sum(any(sums.values()) for sums in whole.by_start.values())
    gap_count = max(0, round((reading.window_s or 0.0) / width_s) - used_count)
    cache_unsure = entry.input_is == "unsure" and uncached is None and bool(whole.all.get("read"))
    return replace(
        reading,
        read=read_texts(reading, entry.what, width_s),
        inferred=inferred_texts(reading, whole.left_out, gap_count, bool(uncached) and entry.what == PLAIN.what),
        missing=missing_texts(reading, _foreign(account), whole.more_to_come),
        questions=_questions(reading, cache_unsure),
    )


def _foreign(account: _Account) -> list[str]:
    """Currencies of the money that are no US dollars."""
    return sorted(currency for currency in account.currencies if currency != "USD")


def _dated(
    reading: LoadReading, table: UsageTable, entry: AggregateFormat, end_of: Mapping[float, set[float]]
) -> LoadReading:
    """The reading without a period where a bill has the dates of invoices, and with the question which way round dates are."""
    doubtful = "" if entry.day_first is not None else doubtful_date(table, entry)
    asked = replace(reading, questions=(*asked_date_order(doubtful), *reading.questions))
    return without_period(asked) if entry.what == BILL.what and has_no_period(table.names, end_of) else asked


def _ordered(
    table: UsageTable, entry: AggregateFormat, date_order: DateOrder | None
) -> tuple[UsageTable, AggregateFormat]:
    """The table with the order of day and month that the user told."""
    return table, entry if date_order is None else replace(entry, day_first=date_order == "day")


def _only_account(
    table: UsageTable, entry: AggregateFormat, whole: _Account, only: Mapping[str, Sequence[str]], label: str
) -> _Account:
    """The sums of the rows that are asked for. Raises LogError, naming the values there are, when there are none."""
    groups = list(dict.fromkeys(group for group, value in whole.by_value if value))
    for group, values in only.items():
        if group not in groups:
            known = f"it can be split by {listed(groups)}" if groups else "it cannot be split"
            raise LogError(f"{label} has no column for {group}; {known}.")
        if not any((group, "" if value == UNNAMED else value) in whole.by_value for value in values):
            known = named_values(_shares(whole, False, False).get(group, ()))
            raise LogError(f"{label} has no row with {only_text({group: values})}; there are: {known}.")
    every = _without_total(_slices(table, entry, label))
    parts = (part for part in every if part is not None and _is_asked(part, only))
    account = _account(parts, entry)
    if not any(account.all.values()):
        raise LogError(f"{label} has no row with {only_text(only)}; take one value fewer.")
    return account


def _is_asked(part: Slice, only: Mapping[str, Sequence[str]]) -> bool:
    values_of = {"model": part.model, **part.groups}
    return all((values_of.get(group) or UNNAMED) in values for group, values in only.items())


def _only_texts(
    account: _Account, whole: _Account, only: Mapping[str, Sequence[str]], uncached: bool
) -> tuple[str, ...]:
    """How much of the file is kept, in tokens or else in money."""
    if not only:
        return ()
    kept, all_of_it = (_total_tok(sums, uncached) for sums in (account.all, whole.all))
    share, what = (kept or 0) / (all_of_it or 1), "tokens"
    if all_of_it is None:
        share, what = account.all.get("spend", 0.0) / (whole.all.get("spend") or 1.0), "spend"
    return (f"Only {only_text(only)}: {percent(share)} of the {what} of the file.",)


def _points(account: _Account, uncached: bool, in_usd: bool) -> dict[float, dict[str, float]]:
    """Requests, tokens and spend by start of a period, as far as the file has them."""
    points = {}
    for start, sums in account.points.items():
        known = {"requests": sums.get("requests"), "tokens": _total_tok(sums, uncached)}
        known |= {"spend": sums.get("spend") if in_usd else None}
        points[start] = {name: amount for name, amount in known.items() if amount is not None}
    return points


def _total_tok(sums: Mapping[str, float], uncached: bool) -> int | None:
    """Input and output; None where the file counts no tokens."""
    tokens = _tokens(sums, uncached)
    known = [tokens[name] for name in ("input_tok", "output_tok") if tokens[name] is not None]
    return sum(known) if known else None  # type: ignore[arg-type]


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
    )


def _slices(table: UsageTable, entry: AggregateFormat, label: str) -> list[Slice | None]:
    try:
        return list(slices(table, entry, day_first(table) if entry.day_first is None else entry.day_first))
    except UnreadTime as error:
        shown = shown_cell(str(error.args[0]))
        raise LogError(f'{label} has a period that is no date, "{shown}"; write dates like 2026-10-05.') from None


def _without_total(parts: list[Slice | None]) -> list[Slice | None]:
    """The slices without one that holds the sums of all others, though it has a date."""
    used = [part for part in parts if part is not None]
    names = ("input", "uncached", "read", "output")
    sums = {name: sum(part.amounts.get(name, 0.0) for part in used) for name in names}
    whole = [
        part
        for part in used
        if part.amounts.get("output") and all(2 * part.amounts.get(name, 0.0) == sums[name] for name in names)
    ]
    if len(used) < MIN_ROWS_OF_TOTAL or len(whole) != 1:
        return parts
    return [None if part is whole[0] else part for part in parts]


# --- sums ------------------------------------------------------------------------------------------------------------


def _account(parts: Iterable[Slice | None], entry: AggregateFormat) -> _Account:
    account = _Account()
    for part in parts:
        if part is None:
            account.left_out += 1
            continue
        _add(account, part)
        if part.end_s is not None:
            account.end_of[part.start_s].add(part.end_s)
        account.more_to_come = part.more_to_come
        if part.currency and part.spend:
            account.currencies.add(part.currency)
        cached = part.amounts.get("read", 0.0) + part.amounts.get("write", 0.0)
        account.cache_exceeds_input |= cached > part.amounts.get("input", math.inf)
    return account


def _add(account: _Account, part: Slice) -> None:
    amounts = dict(part.amounts)
    if part.spend is not None:
        amounts["spend"] = part.spend
    tokens = sum(amounts.get(name, 0.0) for name in ("input", "output") + (() if "input" in amounts else CACHES))
    load = amounts.get("requests", tokens)
    groups = {"model": part.model, **part.groups}
    for sums in (account.all, account.points[part.start_s], *(account.by_value[item] for item in groups.items())):
        for name, amount in amounts.items():
            sums[name] += amount
    account.all["load"] += load
    account.all["batch"] += load if part.is_batch else 0.0
    bucket = account.by_start[part.start_s]
    for name in ("requests", "spend"):
        if name in amounts and not (part.is_batch and name == "requests"):
            bucket[name] += amounts[name]
    bucket["tokens"] += 0.0 if part.is_batch else tokens
    bucket["batch"] += load if part.is_batch else 0.0


CACHES = ("uncached", "read", "write")


def _input_is_uncached(account: _Account, entry: AggregateFormat) -> bool | None:
    """Whether the input leaves cached tokens out; None where neither the format nor a column of totals tells."""
    sums = account.all
    if entry.input_is != "unsure":
        return entry.input_is == "uncached"
    cached, whole = sums.get("read", 0.0) + sums.get("write", 0.0), sums.get("input", 0.0) + sums.get("output", 0.0)
    if account.cache_exceeds_input or "input" not in sums:
        return True
    if not cached:
        return False
    total = sums.get("total")
    for uncached in (False, True):
        if total and abs(whole + uncached * cached - total) <= TOTAL_TOLERANCE_FRAC * total:
            return uncached
    return None


def _tokens(sums: Mapping[str, float], uncached: bool) -> dict[str, int | None]:
    """Input of all kinds, its cached parts and the output; None where the file has no such column."""
    cached = sums.get("read", 0.0) + sums.get("write", 0.0)
    plain = sums.get("uncached") if uncached or "input" not in sums else None
    if plain is None and uncached:
        plain = sums.get("input")
    whole = sums.get("input") if plain is None else plain + cached
    return {
        "input_tok": _whole(whole),
        "cache_read_tok": _whole(sums.get("read")),
        "cache_write_tok": _whole(sums.get("write")),
        "output_tok": _whole(sums.get("output")),
    }


def _whole(value: float | None) -> int | None:
    return None if value is None else round(value)


def _shares(account: _Account, uncached: bool, in_usd: bool) -> dict[str, tuple[UsageShare, ...]]:
    """By group, the share of each value. Rows that name no model belong to none; rows without a team are "unknown"."""
    shares_of = defaultdict[str, list[UsageShare]](list)
    for (group, value), sums in account.by_value.items():
        if any(sums.values()) and (value or group != "model"):
            shares_of[group].append(
                UsageShare(
                    value=printable(value or UNNAMED, MAX_SHARE_CHARS),
                    requests=sums.get("requests"),
                    **_tokens(sums, uncached),
                    spend_usd=sums.get("spend") if in_usd else None,
                )
            )
    return {
        group: largest_shares(shares) for group, shares in shares_of.items() if {s.value for s in shares} != {UNNAMED}
    }
