"""Logs that hold one request in so many, told by a column such as sampling_rate, and rows that hold the sums of several: both as
single requests if the user says so."""

from collections.abc import Sequence
from typing import Any

import ibis

from calculators.logs.cells import is_number
from calculators.logs.column_words import words_of
from calculators.logs.request_file import LogError, LogHead
from calculators.logs.request_repeats import Sorting
from calculators.logs.shown import shown_name
from calculators.logs.usage_questions import UsageQuestion
from calculators.units import count, plural, significant

SAMPLING_WORDS = frozenset({"sampling", "sample", "sampled"})
SHARE_WORDS = frozenset({"rate", "fraction", "ratio", "weight", "probability"})
SAMPLING_NAMES = frozenset({"samplerate", "samplingrate", "samplingfraction", "itemcount"})
MAX_WEIGHED_ROWS = 50_000_000


def sampling_column(head: LogHead) -> tuple[str, float] | None:
    """The column that says how many requests a row stands for, and that number on average; None where it is one."""
    for column in head.place_of:
        words = words_of(column.rsplit(".", 1)[-1])
        if not ("".join(words) in SAMPLING_NAMES or (SAMPLING_WORDS & set(words) and SHARE_WORDS & set(words))):
            continue
        numbers = [float(value) for value in head.values(column) if is_number(value) and "," not in value]
        weights = [1 / number if number < 1 else number for number in numbers if number > 0]
        mean = sum(weights) / len(weights) if weights else 1.0
        if mean > 1:
            return column, mean
    return None


def weigh(sorting: Sorting, heads: Sequence[LogHead]) -> None:
    """Counts each row as the requests it stands for, if told so; asks where nobody told. Raises LogError."""
    told = [sampling_column(head) for head in heads]
    column, weight = next((one for one in told if one is not None), ("", 1.0))
    if weight == 1.0 or sorting.answers.sampled is False:
        return
    row_count = int(sorting.facts(n=sorting.table.count())["n"])
    if sorting.answers.sampled is None:
        sorting.questions.append(_question(column, weight, row_count))
        return
    if any(one is None or abs(one[1] - weight) > 0.01 * weight for one in told):
        raise LogError("The files are sampled at different rates; read them one at a time.")
    if row_count * weight > MAX_WEIGHED_ROWS:
        raise LogError(
            f"The log stands for {count(row_count * weight)} requests, beyond the limit; take a shorter period, or read it "
            "with --sampled no and multiply the requests yourself."
        )
    rows: Any = sorting.table
    place = ibis.row_number().over(order_by="time_us")
    copies = ((place + 1) * weight).floor().cast("int64") - (place * weight).floor().cast("int64")
    weighed = rows.mutate(copies=copies)
    weighed = weighed.mutate(copy=ibis.range(0, weighed.copies).unnest()).select(*rows.columns)
    sorting.keep(weighed, 0, "")
    sorting.notes.append(f"The log is a sample: each row counts as {significant(weight)} requests.")


def split_sums(sorting: Sorting, columns: Sequence[str | None]) -> None:
    """Rows with the sums of several requests as that many requests, if told so; asks where nobody told. Raises LogError."""
    column = next(filter(None, columns), None)
    if column is None or sorting.answers.row_sums is False:
        return
    rows: Any = sorting.table
    facts = sorting.facts(rows=rows.count(), requests=rows.requests.sum())
    if facts["requests"] == facts["rows"]:
        return
    if sorting.answers.row_sums is None:
        sorting.questions.append(_sums_question(column, facts["rows"], facts["requests"]))
        return
    if facts["requests"] > MAX_WEIGHED_ROWS:
        raise LogError(
            f"The log stands for {count(facts['requests'])} requests, beyond the limit; take a shorter period."
        )
    single = rows.mutate(copy=ibis.range(0, rows.requests).unnest())
    names = ("input_tok", "output_tok", "read_tok", "write_tok")
    parts = {name: _part(single[name], single.copy, single.requests) for name in names}
    made = single.mutate(**parts, spend_usd=single.spend_usd / single.requests, requests=ibis.literal(1, "int32"))
    sorting.keep(made.select(*rows.columns), 0, "")
    sorting.notes.append(
        f'Rows hold the sums of several requests, as "{shown_name(column)}" says; each was split evenly.'
    )


def _part(tokens: Any, place: Any, part_count: Any) -> Any:
    """The tokens of one part of several, which are as equal as whole numbers allow and sum up to all."""
    whole = tokens.cast("int64")
    return ((place + 1) * whole // part_count - place * whole // part_count).cast("int32")


def _sums_question(column: str, row_count: int, request_count: int) -> UsageQuestion:
    return UsageQuestion(
        text=f'"{shown_name(column)}" says that a row stands for several requests. Are its tokens the sums of those?',
        answers=(
            f"yes: {plural(request_count, 'request')}, the tokens of a row split evenly",
            f"no: {plural(row_count, 'request')}, one a row",
        ),
        option="--row-sums yes|no",
        field="row_sums",
        values=(True, False),
    )


def _question(column: str, weight: float, row_count: int) -> UsageQuestion:
    return UsageQuestion(
        text=f'"{shown_name(column)}" says that the log is a sample. Does each row stand for {significant(weight)} requests?',
        answers=(
            f"yes: {plural(round(row_count * weight), 'request')}",
            f"no: {plural(row_count, 'request')}, the log is complete",
        ),
        option="--sampled yes|no",
        field="sampled",
        values=(True, False),
    )
