"""What a file of usage leaves open, and what the user answered. Knows no file.

A question names the option of the command line that answers it; the page asks the same one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

TimeUnit = Literal["s", "ms"]
DateOrder = Literal["day", "month"]
Repeats = Literal["once", "each"]
CountMeaning = Literal["running", "each"]
NegativeRows = Literal["recurring", "once"]


@dataclass(frozen=True, slots=True)
class UsageQuestion:
    """What the file cannot tell: the question, its answers with what each would mean, and the option that answers it."""

    text: str
    answers: tuple[str, ...]
    option: str
    """Of the command line, as "--input-excludes-cache yes|no"."""
    field: str = ""
    """Of `UsageAnswers`; "" where the page cannot ask."""
    values: tuple[Any, ...] = ()
    """What that field takes for each of the answers; empty: a number to type."""
    instead: str = ""
    """Another field whose number answers it as well."""


@dataclass(frozen=True, slots=True)
class UsageAnswers:
    """What the user said of the files. None: not asked or not answered."""

    column_of: Mapping[str, str] = field(default_factory=dict)
    """By role; "" is none."""
    input_excludes_cache: bool | None = None
    time_unit: TimeUnit | None = None
    date_order: DateOrder | None = None
    output_includes_reasoning: bool | None = None
    repeated_ids: Repeats | None = None
    repeated_rows: Repeats | None = None
    steps: Repeats | None = None
    """Of traces: whether steps that nothing links to calls repeat their tokens."""
    row_sums: bool | None = None
    """Whether a row with a number of requests holds the sums of those."""
    counts: CountMeaning | None = None
    sampled: bool | None = None
    negative_rows: NegativeRows | None = None
    period_days: float | None = None
    requests: float | None = None
    input_tok_per_request: float | None = None
    output_tok_per_request: float | None = None
    requests_per_month: float | None = None
    only: Mapping[str, Sequence[str]] = field(default_factory=dict)
    """The values of model, team, key and so on to which the reading is limited; empty: all."""

    def has(self, question: UsageQuestion) -> bool:
        """Whether the question is answered here."""
        fields = [name for name in (question.field, question.instead) if name]
        return any(getattr(self, name) is not None for name in fields)

    def with_roles(self, role_of: Mapping[str, str]) -> "UsageAnswers":
        """These for a log of known roles, whose input holds the cached tokens and whose reasoning is to be added."""
        return replace(self, column_of=role_of, input_excludes_cache=False, output_includes_reasoning=False)

    def with_answer(self, question: UsageQuestion, value: Any) -> "UsageAnswers":
        """These and one more; a question about a column has a pair of role and column as its value."""
        if question.field == "column_of":
            return replace(self, column_of={**self.column_of, value[0]: value[1]})
        return replace(self, **{question.field: value})
