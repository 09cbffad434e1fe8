"""Logs that hold one request in so many: told by a column such as sampling_rate, and multiplied if the user says so."""

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
