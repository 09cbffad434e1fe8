"""A log of which no column is known as the time, the input or the output: why, and which column it may be."""

from collections.abc import Sequence

from calculators.logs import request_columns
from calculators.logs.cells import is_null, whole_number
from calculators.logs.request_file import LogError, LogHead
from calculators.logs.request_names import ROLES
from calculators.logs.shown import shown_cell, shown_name
from calculators.logs.timestamps import is_period
from calculators.logs.usage_questions import UsageQuestion
from calculators.units import count, plural

SHOWN_COLUMN_COUNT = 12
MAX_LIST_CHARS = 80
"""Of the names of columns in a message."""
WITHOUT_TOKENS = (
    (
        frozenset({"durationms", "resultsignature"}),
        "diagnostic logs of Azure never have them: export the metrics of the resource (requests, prompt and completion tokens by "
        "minute), or the log ApiManagementGatewayLlmLog of API Management",
    ),
    (frozenset({"tokencredits"}), "export SNOWFLAKE.ACCOUNT_USAGE with input and output tokens (TOKENS_GRANULAR)"),
    (frozenset({"observations", "latency", "totalcost"}), "traces of Langfuse have none: export the observations"),
)
"""Columns by which a log that never has tokens is known, and what has them."""


class UnknownColumn(LogError):
    """No column is known as the time, the input or the output; `question` lists those that may be it."""

    def __init__(self, reason: str, question: UsageQuestion) -> None:
        super().__init__(reason)
        self.question = question


def unknown_column(head: LogHead, role: str) -> UnknownColumn:
    """The refusal, with the columns that may be it as a question."""
    return UnknownColumn(_unknown_reason(head, role), _unknown_question(head, role))


def _unknown_reason(head: LogHead, role: str) -> str:
    """What is missing and what to do: for a log that never has tokens, what has them."""
    names = {request_columns.normalised(name.rsplit(".", 1)[-1]) for name in head.place_of}
    for needed, instead in WITHOUT_TOKENS:
        if role != "time" and needed <= names:
            return f"{head.label} holds requests without their tokens; {instead}."
    named = [match.column for match in request_columns.matching_columns(role, tuple(head.place_of))]
    periods = (
        [(name, text) for name in named for text in head.values(name) if is_period(text)] if role == "time" else []
    )
    if periods:
        return (
            f"{head.label}: column {shown_column(periods[0][0])} holds months, quarters or weeks, such as "
            f'"{periods[0][1].strip()}"; export the date and time of each request.'
        )
    return f"{head.label} has no column recognized as the {role}. {column_list(head, role)}"


def _unknown_question(head: LogHead, role: str) -> UsageQuestion:
    fitting = [name for name in head.place_of if request_columns.values_fit(role, head.values(name))]
    columns = [name for name in fitting if any(not is_null(text) for text in head.values(name))][:SHOWN_COLUMN_COUNT]
    return UsageQuestion(
        text=f"Which column of {head.label} is the {role}?",
        answers=tuple(f"{shown_column(column)}: {consequence(head, role, column)}" for column in columns),
        option=f"--map {role}=COLUMN",
        field="column_of",
        values=tuple((role, column) for column in columns),
    )


def time_question(label: str, columns: Sequence[str]) -> UsageQuestion:
    """Which of the columns that hold times is that of the requests."""
    shown = columns[:SHOWN_COLUMN_COUNT]
    return UsageQuestion(
        text=f"Which column of {label} is the time?",
        answers=tuple(map(shown_column, shown)),
        option="--map time=COLUMN",
        field="column_of",
        values=tuple(("time", column) for column in shown),
    )


def column_list(head: LogHead, role: str) -> str:
    """The columns of a log, the nearest to a role and what to do; no names where none is known, because then the first row
    may be no header."""
    names = tuple(head.place_of)
    remedy = f"Map one (--map {role}=COLUMN) or rename it."
    if not any(request_columns.matching_columns(each, names) for each in ROLES):
        return f"None of its {plural(len(names), 'column name')} is a known one: see that the first row names them. {remedy}"
    listed = list[str]()
    for name in map(shown_name, names):
        if len(", ".join((*listed, name))) > MAX_LIST_CHARS:
            break
        listed.append(name)
    more = f" and {len(names) - len(listed):,} more" if len(listed) < len(names) else ""
    near = next(map(shown_name, request_columns.nearest_name(role, names)), "none")
    return f"Its columns are {', '.join(listed)}{more}; nearest: {near}. {remedy}"


def consequence(head: LogHead, role: str, column: str) -> str:
    """What a column would mean in a role: its first time, or its mean of tokens."""
    filled = [value for value in head.values(column) if not is_null(value)]
    if role == "time":
        return f"the first row has {shown_cell(filled[0]) if filled else 'none'}"
    mean_tok = sum(map(whole_number, filled)) / max(len(filled), 1)
    return f"{count(mean_tok)} tokens a request on average"


def shown_column(column: str) -> str:
    """A name for a message, in quotes and cut short."""
    return f'"{shown_name(column)}"'
