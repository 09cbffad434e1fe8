"""Which column of a log plays which role: a guess to show, and the plan to read by.

Combines the names and first rows of `request_file` with the tables of `request_columns`. Refuses a log whose time, input
or output column is not clear.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from calculators.logs import request_columns
from calculators.logs.cells import is_null, is_number, whole_number
from calculators.logs.containers import plain_file
from calculators.logs.request_columns import ColumnMatch
from calculators.logs.request_file import LogError, LogHead, read_head
from calculators.logs.request_meaning import TokenClaim, TokenMeaning, cost_columns, requests_column, token_meaning
from calculators.logs.request_names import EXTRA_ROLES, GROUP_ROLES, MARK_ROLES, ROLES
from calculators.logs.shown import file_label, shown_cell
from calculators.logs.timestamps import PLAIN_TIMES, TimeStyle, both_orders, is_date_only, is_rounded, time_style
from calculators.logs.unknown_columns import column_list, consequence, shown_column, unknown_column
from calculators.logs.usage_questions import UsageAnswers, UsageQuestion
from calculators.units import milliseconds, plural

SAMPLE_ROW_COUNT = 5
MAX_MARK_COUNT = 20
MIN_HIT_COUNT = 3


@dataclass(frozen=True, slots=True)
class ColumnGuess:
    """Roles of the columns of a log, by name and sample. `sample` rows run along `columns`; cells that are not numbers or
    times are ""."""

    columns: tuple[str, ...]
    role_of: Mapping[str, str]
    input_excludes_cache: bool
    sure: bool
    reason: str
    sample: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class MarkColumn:
    """A column that may leave rows out, with the values of the first rows."""

    role: str
    column: str
    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ReadPlan:
    """Which column plays which role, and how to read the clock and the tokens."""

    role_of: Mapping[str, str]
    """Without the reasoning tokens that the output has already."""
    marks: tuple[MarkColumn, ...]
    input_excludes_cache: bool
    unit: tuple[str, bool] | None
    """Unit of a clock that counts from 0, and whether that is sure; None: real dates."""
    times: TimeStyle = PLAIN_TIMES
    """How the times are written."""
    questions: tuple[UsageQuestion, ...] = ()
    checked: Mapping[str, str] = field(default_factory=dict)
    """Columns beside the roles: the total of a row, reasoning within the output, and of some roles another column that holds
    the same in the first rows."""
    claims: tuple[TokenClaim, ...] = ()
    twins: tuple[UsageQuestion, ...] = ()
    """What to ask where a column that holds the same in the first rows differs further down."""

    @property
    def has_currency(self) -> bool:
        """Whether a column says in which currency the spend is."""
        return "currency" in self.role_of

    @property
    def groups(self) -> tuple[str, ...]:
        """By what the rows can be split, besides the model."""
        return tuple(role for role in GROUP_ROLES if role in self.role_of)


def guess_columns(path: Path) -> ColumnGuess:
    """The roles of the columns, from names and the first rows (2,000 at most). Raises LogError for unusable files."""
    label = file_label(path.name)
    file = plain_file(path, label)
    return _guess(read_head(file.path, label))


def _guess(head: LogHead) -> ColumnGuess:
    columns = tuple(head.place_of)
    fitting = _fitting(head)
    best = {role: matches[0] for role, matches in fitting.items()}
    meaning = token_meaning(best, columns, head.rows, UsageAnswers())
    doubts = [
        f"both {shown_column(fitting[role][0].column)} and {shown_column(rival)} could be the {role}"
        for role, rival in _rivals(head, fitting).items()
    ]
    doubts += [f"no column looks like the {role}" for role in ("time", "input", "output") if role not in best]
    doubts += _more_doubts(head, best)
    reason = "; ".join(doubts) + ": confirm the columns." if doubts else "All columns were recognized by name."
    return ColumnGuess(
        columns=columns,
        role_of={role: match.column for role, match in best.items() if role in ROLES},
        input_excludes_cache=meaning.input_excludes_cache,
        sure=not doubts,
        reason=reason[0].upper() + reason[1:],
        sample=_sample(head),
    )


def _fitting(head: LogHead) -> dict[str, list[ColumnMatch]]:
    """By role, the columns that may play it, the best first."""
    roles = dict.fromkeys((*ROLES, *EXTRA_ROLES, *MARK_ROLES, *GROUP_ROLES))
    fitting = {role: request_columns.fitting_columns(role, tuple(head.place_of), head.rows) for role in roles}
    return {role: matches for role, matches in fitting.items() if matches}


def _rivals(head: LogHead, fitting: Mapping[str, list[ColumnMatch]]) -> dict[str, str]:
    """Columns that contest the best one, by role."""
    contested = {role: request_columns.rival_column(fitting.get(role, []), head.rows) for role in ROLES[:5]}
    return {role: rival for role, rival in contested.items() if rival is not None}


def _more_doubts(head: LogHead, best: Mapping[str, ColumnMatch]) -> list[str]:
    doubts = []
    if "time" in best and (unit := _relative_unit(head, best["time"].column)) is not None and not unit[1]:
        doubts.append(f"the clock counts from 0 without naming its unit (taken as {unit[0]})")
    if "time" in best and not time_style(head.values(best["time"].column)).sure:
        doubts.append("the dates do not tell the day from the month")
    if _lacks_cached(best):
        doubts.append("the input leaves cached tokens out and no column gives them")
    return doubts


def _lacks_cached(best: Mapping[str, ColumnMatch]) -> bool:
    uncached = "input" in best and best["input"].name in ("uncachedinputtokens", "inputuncachedtokens")
    return uncached and "cache_read" not in best


def _relative_unit(head: LogHead, column: str) -> tuple[str, bool] | None:
    dated = [value for value in head.values(column) if re.search(r"\d", value)]  # not the label of a total
    return request_columns.relative_unit(column, head.place_of, dated)


def _sample(head: LogHead) -> tuple[tuple[str, ...], ...]:
    """First rows of the columns that hold nothing but numbers or times; other cells are blank."""
    shown = {
        column
        for column in head.place_of
        if (filled := [value for value in head.values(column) if not is_null(value)])
        and all(map(request_columns.is_time, filled))
    }
    rows = head.rows[:SAMPLE_ROW_COUNT]
    return tuple(
        tuple(shown_cell(row.get(name, "")) if name in shown else "" for name in head.place_of) for row in rows
    )


def plan_columns(head: LogHead, answers: UsageAnswers) -> ReadPlan:
    """The roles to read by: the guess, with the columns that the user gave in place of its own ("" is none)."""
    fitting, given = _fitting(head), dict(answers.column_of)
    _refuse_unknown(head, given)
    taken = {name for role, name in given.items() if role not in GROUP_ROLES}  # a team may also say what failed
    best = {
        role: match
        for role, matches in fitting.items()
        if (role not in MARK_ROLES or role == "status") and role not in given
        if (match := next((match for match in matches if match.column not in taken), None)) is not None
    }
    if given.get("output", best["output"].column if "output" in best else "") != _first_column(fitting, "output"):
        best.pop("reasoning", None)
    best |= {role: _given_match(role, column) for role, column in given.items() if column}
    costs = () if "spend" in best or "spend" in given else cost_columns(tuple(head.place_of))
    best |= dict.fromkeys(("spend",), ColumnMatch(costs[0], "", 1, 0)) if costs else {}
    for role in ("time", "input", "output"):
        if role not in best:
            raise unknown_column(head, role)
    _refuse_shared(head, {role: match.column for role, match in best.items() if role in ROLES})
    _refuse_dates(head, best["time"].column)
    meaning = token_meaning(best, tuple(head.place_of), head.rows, answers)
    dropped = ("reasoning",) * (not meaning.reasoning_added) + ("tool_input",) * (not meaning.tool_input_added)
    unit = _relative_unit(head, best["time"].column)
    twins = _twins(head, fitting, best, given)
    return ReadPlan(
        role_of={role: match.column for role, match in best.items() if role not in dropped and role not in MARK_ROLES},
        marks=_marks(head, fitting, given),
        input_excludes_cache=meaning.input_excludes_cache,
        unit=(answers.time_unit, True) if unit and answers.time_unit else unit,
        times=_times(head.values(best["time"].column), answers),
        questions=(*_column_questions(head, fitting, best, answers), *meaning.questions),
        checked=_checked(best, meaning)
        | requests_column(best, head.place_of, head.rows)
        | {f"twin_{role}": rival for role, rival in twins.items()}
        | {f"spend_{number}": column for number, column in enumerate(costs[1:])},
        claims=meaning.claims,
        twins=tuple(_rival_question(head, role, (best[role].column, rival)) for role, rival in twins.items()),
    )


def _checked(best: Mapping[str, ColumnMatch], meaning: TokenMeaning) -> dict[str, str]:
    """Columns that tell of all rows whether they mean what the first ones say."""
    is_claimed = meaning.total or any(claim.what == "reasoning" for claim in meaning.claims)
    inner = best["reasoning"].column if "reasoning" in best and not meaning.reasoning_added and is_claimed else ""
    return {name: column for name, column in (("total", meaning.total), ("inner_reasoning", inner)) if column}


def _twins(
    head: LogHead, fitting: Mapping[str, list[ColumnMatch]], best: Mapping[str, ColumnMatch], given: Mapping[str, str]
) -> dict[str, str]:
    """By role, a column that fits as well as the best and differs from it in no first row."""
    rivals = _rivals(head, fitting)
    return {
        role: ranked[1].column
        for role, ranked in fitting.items()
        if role in ROLES[:5] and role not in given and role not in rivals and len(ranked) > 1
        if ranked[0] == best.get(role) and ranked[1].part_count == ranked[0].part_count
    }


def _times(values: Sequence[str], answers: UsageAnswers) -> TimeStyle:
    style = time_style(values)
    return style if style.sure or answers.date_order is None else TimeStyle(day_first=answers.date_order == "day")


def _first_column(fitting: Mapping[str, list[ColumnMatch]], role: str) -> str:
    return fitting[role][0].column if role in fitting else ""


def _given_match(role: str, column: str) -> ColumnMatch:
    return next(iter(request_columns.matching_columns(role, (column,))), ColumnMatch(column, "", 1, 0))


def _marks(head: LogHead, fitting: Mapping[str, list[ColumnMatch]], given: Mapping[str, str]) -> tuple[MarkColumn, ...]:
    """All columns that may leave rows out, but for roles of which the user wants none, or another one."""
    columns = [
        (role, match.column)
        for role in (*MARK_ROLES, "model")
        if role not in given
        for match in fitting.get(role, [])[:MAX_MARK_COUNT]
    ]
    columns += [(role, name) for role, name in given.items() if name and role in (*MARK_ROLES, "model")]
    used = {name for role, name in given.items() if role not in (*MARK_ROLES, *GROUP_ROLES, "model")}
    return tuple(
        MarkColumn(role, name, tuple(sorted(set(head.values(name)) - {""})))
        for role, name in columns
        if name not in used
    )


def _refuse_unknown(head: LogHead, given: Mapping[str, str]) -> None:
    roles = dict.fromkeys((*ROLES, *EXTRA_ROLES, *MARK_ROLES, *GROUP_ROLES))
    for role, name in given.items():
        if role not in roles:
            raise LogError(f"{shown_column(role)} is no role of a column; the roles are {', '.join(roles)}.")
        if name and name not in head.place_of:
            raise LogError(f"{head.label} has no column {shown_column(name)} for the {role}. {column_list(head, role)}")


# --- questions -----------------------------------------------------------------------------------------------------


def _column_questions(
    head: LogHead, fitting: Mapping[str, list[ColumnMatch]], best: Mapping[str, ColumnMatch], answers: UsageAnswers
) -> list[UsageQuestion]:
    asked = [
        _rival_question(head, role, (fitting[role][0].column, rival))
        for role, rival in _rivals(head, fitting).items()
        if role not in answers.column_of
    ]
    unit = _relative_unit(head, best["time"].column)
    if unit is not None and not unit[1] and answers.time_unit is None:
        asked.append(_unit_question(head, best["time"].column, unit[0]))
    if answers.date_order is None and not time_style(head.values(best["time"].column)).sure:
        asked.append(_date_question(head, best["time"].column))
    asked += _flag_questions(head, fitting, best) if "gateway_cache" not in answers.column_of else []
    if _lacks_cached(best) and answers.input_excludes_cache is None and "cache_read" not in answers.column_of:
        asked.append(_lacking_question(best["input"].column))
    return asked


def _rival_question(head: LogHead, role: str, columns: tuple[str, str]) -> UsageQuestion:
    shown = [shown_column(column) for column in columns]
    return UsageQuestion(
        text=f"Which column is the {role.replace('_', ' ')}, {shown[0]} or {shown[1]}?",
        answers=tuple(
            f"{name}: {consequence(head, role, column)}" for name, column in zip(shown, columns, strict=True)
        ),
        option=f"--map {role}=COLUMN",
        field="column_of",
        values=tuple((role, column) for column in columns),
    )


def _unit_question(head: LogHead, column: str, taken: str) -> UsageQuestion:
    numbers = [float(value) for value in head.values(column) if is_number(value) and "," not in value]
    span = max(numbers) - min(numbers)
    what = f"The clock {shown_column(column)} counts from 0: in seconds or in milliseconds? Taken as {taken}."
    return UsageQuestion(
        text=what,
        answers=(
            f"s: the first {plural(len(numbers), 'row')} cover {milliseconds(span * 1_000)}",
            f"ms: they cover {milliseconds(span)}",
        ),
        option="--time-unit s|ms",
        field="time_unit",
        values=("s", "ms"),
    )


def _date_question(head: LogHead, column: str) -> UsageQuestion:
    first = next(value for value in head.values(column) if request_columns.is_time(value))
    return UsageQuestion(
        text=f"Do the dates of {shown_column(column)} begin with the day or with the month? The first is {shown_cell(first)}.",
        answers=("day: as in 31/12/2026", "month: as in 12/31/2026"),
        option="--date-order day|month",
        field="date_order",
        values=("day", "month"),
    )


def _flag_questions(
    head: LogHead, fitting: Mapping[str, list[ColumnMatch]], best: Mapping[str, ColumnMatch]
) -> list[UsageQuestion]:
    """Asks whose cache a flag means where it is set for just those rows that have cached tokens."""
    flags = fitting.get("gateway_cache", [])
    if not flags or "cache_read" not in best:
        return []
    column = flags[0].column
    cells = [(row.get(column, ""), row.get(best["cache_read"].column, "")) for row in head.rows]
    pairs = [(request_columns.is_hit(flag), whole_number(tokens) > 0) for flag, tokens in cells]
    if sum(hit for hit, _ in pairs) < MIN_HIT_COUNT or any(hit != has_tokens for hit, has_tokens in pairs):
        return []
    question = UsageQuestion(
        text=f"{shown_column(column)} is set for just the rows with cached tokens. Whose cache does it mean?",
        answers=(
            "the gateway's own: those rows reached no model and are left out",
            "the prompt cache of the provider: all rows are requests (on the command line --map gateway_cache=)",
        ),
        option="--map gateway_cache=COLUMN",
        field="column_of",
        values=(("gateway_cache", column), ("gateway_cache", "")),
    )
    return [question]


def _lacking_question(column: str) -> UsageQuestion:
    return UsageQuestion(
        text=f"{shown_column(column)} leaves cached tokens out and no column gives them. Was the prompt cache in use?",
        answers=(
            "no: the input is complete as it is",
            "yes: export the cached tokens as well, or the input is too small",
        ),
        option="--input-excludes-cache no",
        field="input_excludes_cache",
        values=(False, None),
    )


# --- refusals ------------------------------------------------------------------------------------------------------


def _refuse_shared(head: LogHead, roles: Mapping[str, str]) -> None:
    for name in roles.values():
        shared = [role for role, column in roles.items() if column == name]
        if len(shared) > 1:
            raise LogError(
                f"{head.label}: column {shown_column(name)} is given for {' and '.join(shared)}; pick one for each."
            )


def mixed_dates(label: str, column: str, day_first: str, month_first: str) -> str:
    """The refusal of a column in which some dates begin with the day and others with the month."""
    return (
        f'{label}: in column {column} some dates begin with the day ("{shown_cell(day_first)}") and others with the month '
        f'("{shown_cell(month_first)}"); export the log with dates like 2026-10-05.'
    )


def _refuse_dates(head: LogHead, column: str) -> None:
    filled = [value for value in head.values(column) if value.strip()]
    if is_rounded(filled):
        raise LogError(
            f"{head.label}: column {shown_column(column)} was rounded by a spreadsheet, such as "
            f'"{shown_cell(filled[0])}"; export the log again and do not open it in between.'
        )
    if pair := both_orders(filled):
        raise LogError(mixed_dates(head.label, shown_column(column), *pair))
    if filled and all(map(is_date_only, filled)):
        raise LogError(
            f"{head.label}: column {shown_column(column)} holds dates without a time of day, such as "
            f'"{shown_cell(filled[0])}"; export the time of each request.'
        )
