"""Tables of rates (tokens a second, requests a minute), or of means of a request, over time as sums of the time between rows."""

import itertools
import re
from collections.abc import Iterator, Mapping
from functools import partial

from calculators.logs.aggregate_columns import COLUMNS, MODEL, START
from calculators.logs.aggregate_formats import AggregateFormat
from calculators.logs.aggregate_items import quantity_of_kind
from calculators.logs.aggregate_rows import number
from calculators.logs.aggregate_tables import day_first
from calculators.logs.aggregate_times import first_text, time_s
from calculators.logs.column_words import plain_role
from calculators.logs.request_columns import normalised
from calculators.logs.usage_headers import USUAL_NAMES
from calculators.logs.usage_tables import Row, UsageTable

RATED = AggregateFormat("a table of rates over time", frozenset(), input_is="unsure", spend=())
RATE_UNIT = re.compile(
    r"(?i)[\s_]*[(\[]?(?:/|\bper[\s_]|(?<=_)per_)\s*(s|sec|second|m|min|minute|h|hr|hour)s?[)\]]?\s*$"
)
RATE_CELL_UNIT = re.compile(r"(?i)\s*(req(uest)?s?|calls?|queries|ops|c|t|tok(en)?s?)?\s*(/|p)\s*(s|sec|m|min|h)$")
SHORT_UNIT = re.compile(r"(?i)\b(t|r|q)p(s|m|h)\s*$")
MEAN_WORD = re.compile(r"(?i)\b(avg|average|mean)\b\.?|(per|/)[\s_]?(request|call|req)s?\b|(?<![a-z])(avg|mean)_")
"""Words of a column that holds the mean of a request."""
SECONDS_OF_UNIT = {"s": 1.0, "m": 60.0, "h": 3_600.0}
NAME_OF_ROLE = {"read": "cachereadtokens", "write": "cachewritetokens", "uncached": "uncachedtokens"}


REQUEST_NAMES = tuple(name for group in COLUMNS["requests"] for name in group)


def rate_column(header: str) -> tuple[str, float] | None:
    """The usual name and the seconds of the unit of a column of rates: "Prompt tokens/s", "Output TPM"; None for any other."""
    if (short := SHORT_UNIT.search(header)) is not None:
        kind, unit = short.groups()
        text = f"{header[: short.start()]} {'tokens' if kind.lower() == 't' else 'requests'}"
    elif (long := RATE_UNIT.search(header)) is not None:
        text, unit = header[: long.start()], long[1]
    else:
        return None
    role = quantity_of_kind(text) or plain_role(text) or ""
    name = NAME_OF_ROLE.get(role) or USUAL_NAMES.get(role)
    return (name, SECONDS_OF_UNIT[unit[0].lower()]) if name else None


def rate_number(cell: str) -> float | None:
    """The number of a cell that may repeat its unit: "3.25 req/s"."""
    return number(RATE_CELL_UNIT.sub("", cell))


def mean_column(header: str) -> str | None:
    """The usual name of a column of means of a request, "Avg input tokens" or "Output tokens/request"; None for any other."""
    text = MEAN_WORD.sub(" ", header)
    role = quantity_of_kind(text) if text != header else ""
    return NAME_OF_ROLE.get(role) or (USUAL_NAMES.get(role) if role in ("input", "output") else None)


def rated_table(table: UsageTable) -> UsageTable | None:
    """The table with sums in place of rates, or of means of a request; None for one that does not hold input and output so."""
    columns = {normalised(text): told for text in table.header if (told := rate_column(text)) is not None}
    means = {normalised(text): name for text in table.header if (name := mean_column(text)) is not None}
    counts = not table.names.isdisjoint(REQUEST_NAMES)
    names = {name for name, _ in columns.values()}
    if counts or "requests" in names:
        names |= {*means.values(), "requests"}
    counted = {name for quantity in ("input", "uncached", "output") for group in COLUMNS[quantity] for name in group}
    if not {"inputtokens", "outputtokens"} <= names or not table.names & set(START) or table.names & counted:
        return None
    is_day_first = day_first(table)
    times = sorted({at for row in table.rows() if (at := time_s(first_text(row, START), is_day_first)) is not None})
    if len(times) < 2:
        return None
    width_s = min(after - before for before, after in itertools.pairwise(times))
    return UsageTable(frozenset({"starttime", "model", *names}), partial(_sums, table, columns, means, width_s))


def _sums(
    table: UsageTable, columns: Mapping[str, tuple[str, float]], means: Mapping[str, str], width_s: float
) -> Iterator[Row]:
    for row in table.rows():
        rates = ((name, rate_number(row.get(column, "")), unit_s) for column, (name, unit_s) in columns.items())
        sums = {name: str(rate * width_s / unit_s) for name, rate, unit_s in rates if rate is not None}
        requests = number(sums.get("requests") or first_text(row, REQUEST_NAMES))
        if requests is not None:
            sums |= {"requests": str(requests)}
            each = ((name, number(row.get(column, ""))) for column, name in means.items())
            sums |= {name: str(mean * requests) for name, mean in each if mean is not None}
        yield {"starttime": first_text(row, START), "model": first_text(row, MODEL), **sums}
