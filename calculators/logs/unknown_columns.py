"""A log of which no column is known as the time, the input or the output: why, and which column it may be."""

from calculators.logs import request_columns
from calculators.logs.cells import is_null, whole_number
from calculators.logs.request_file import MAX_SHOWN_CELL_CHARS, LogError, LogHead
from calculators.logs.usage_questions import UsageQuestion
from calculators.units import count, printable

SHOWN_COLUMN_COUNT = 12
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


def column_list(head: LogHead, role: str) -> str:
    """The columns of a log, the nearest to a role and what to do."""
    shown = ", ".join(printable(name, MAX_SHOWN_CELL_CHARS) for name in list(head.place_of)[:SHOWN_COLUMN_COUNT])
    more = len(head.place_of) - SHOWN_COLUMN_COUNT
    near = (
        ", ".join(
            printable(name, MAX_SHOWN_CELL_CHARS) for name in request_columns.nearest_name(role, tuple(head.place_of))
        )
        or "none"
    )
    return f"Its columns are {shown}{f' and {more} more' if more > 0 else ''}; nearest: {near}. Map one (--map {role}=COLUMN) or rename it."


def consequence(head: LogHead, role: str, column: str) -> str:
    """What a column would mean in a role: its first time, or its mean of tokens."""
    filled = [value for value in head.values(column) if not is_null(value)]
    if role == "time":
        return f"the first row has {printable(filled[0], MAX_SHOWN_CELL_CHARS) if filled else 'none'}"
    mean_tok = sum(map(whole_number, filled)) / max(len(filled), 1)
    return f"{count(mean_tok)} tokens a request on average"


def shown_column(column: str) -> str:
    """A name for a message, in quotes and cut short."""
    return f'"{printable(column, MAX_SHOWN_CELL_CHARS)}"'
