"""Which column of a log plays which role: a guess to show, and the plan to read by.

Combines the names and first rows of `request_file` with the tables of `request_columns`. Refuses a log whose time, input
or output column is not clear.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from calculators.logs import request_columns
from calculators.logs.containers import plain_file
from calculators.logs.request_columns import EXTRA_ROLES, ROLES
from calculators.logs.request_file import MAX_FILE_NAME_CHARS, MAX_SHOWN_CELL_CHARS, LogError, LogHead, read_head
from calculators.logs.timestamps import is_date_only, is_rounded, time_style
from calculators.units import printable

SAMPLE_ROW_COUNT = 5
SHOWN_COLUMN_COUNT = 12


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
class ReadPlan:
    """Which column plays which role, and how to read the clock."""

    role_of: Mapping[str, str]
    input_excludes_cache: bool
    unit: tuple[str, bool] | None
    """Unit of a clock that counts from 0, and whether that is sure; None: real dates."""


def guess_columns(path: Path) -> ColumnGuess:
    """The roles of the columns, from names and the first rows (2,000 at most). Raises LogError for unusable files."""
    label = printable(path.name, MAX_FILE_NAME_CHARS)
    file = plain_file(path, label)
    return _guess(read_head(file.path, label))


def _guess(head: LogHead) -> ColumnGuess:
    columns = tuple(head.place_of)
    best, doubts = dict[str, request_columns.ColumnMatch](), list[str]()
    for role in (*ROLES, *EXTRA_ROLES):
        fitting = request_columns.fitting_columns(role, columns, head.rows)
        if fitting:
            best[role] = fitting[0]
            rival = request_columns.rival_column(fitting, head.rows) if role in ROLES[:5] else None
            doubts += (
                [
                    f'both "{printable(fitting[0].column, MAX_SHOWN_CELL_CHARS)}" and "{printable(rival, MAX_SHOWN_CELL_CHARS)}" could be the {role}'
                ]
                if rival
                else []
            )
        elif role in ("time", "input", "output"):
            doubts.append(f"no column looks like the {role}")
    role_of = {role: match.column for role, match in best.items()}
    excludes = request_columns.excludes_cache(best, columns, head.rows)
    doubts += _more_doubts(head, best)
    reason = "; ".join(doubts) + ": confirm the columns." if doubts else "All columns were recognized by name."
    return ColumnGuess(
        columns=columns,
        role_of=role_of,
        input_excludes_cache=excludes,
        sure=not doubts,
        reason=reason[0].upper() + reason[1:],
        sample=_sample(head),
    )


def _more_doubts(head: LogHead, best: Mapping[str, request_columns.ColumnMatch]) -> list[str]:
    doubts = []
    if "time" in best and (unit := _relative_unit(head, best["time"].column)) is not None and not unit[1]:
        doubts.append(f"the clock counts from 0 without naming its unit (taken as {unit[0]})")
    if "time" in best and not time_style(head.values(best["time"].column)).sure:
        doubts.append("the dates do not tell the day from the month")
    uncached = "input" in best and best["input"].name in ("uncachedinputtokens", "inputuncachedtokens")
    if uncached and "cache_read" not in best:
        doubts.append("the input leaves cached tokens out and no column gives them")
    return doubts


def _relative_unit(head: LogHead, column: str) -> tuple[str, bool] | None:
    return request_columns.relative_unit(column, head.place_of, head.values(column))


def _sample(head: LogHead) -> tuple[tuple[str, ...], ...]:
    """First rows of the columns that hold nothing but numbers or times; other cells are blank."""
    shown = {
        column
        for column in head.place_of
        if (filled := [value for value in head.values(column) if value.strip()])
        and all(map(request_columns.is_time, filled))
    }
    rows = head.rows[:SAMPLE_ROW_COUNT]
    return tuple(
        tuple(printable(row.get(name, ""), MAX_SHOWN_CELL_CHARS) if name in shown else "" for name in head.place_of)
        for row in rows
    )


def plan_columns(head: LogHead, role_of: Mapping[str, str] | None, input_excludes_cache: bool | None) -> ReadPlan:
    """The roles to read by: the guess, or the given ones. Extra roles of the guess stay unless given as ""."""
    guess = _guess(head)
    roles = dict(guess.role_of)
    if role_of is not None:
        if role_of.get("output") != roles.get("output"):
            roles.pop("reasoning", None)
        roles = {role: name for role, name in roles.items() if role in EXTRA_ROLES} | dict(role_of)
    roles = {role: name for role, name in roles.items() if name}
    for role, name in roles.items():
        if role not in (*ROLES, *EXTRA_ROLES):
            raise LogError(
                f'"{printable(role, MAX_SHOWN_CELL_CHARS)}" is no role of a column; the roles are {", ".join(ROLES)}.'
            )
        if name not in head.place_of:
            raise LogError(
                f'{head.label} has no column "{printable(name, MAX_SHOWN_CELL_CHARS)}" for the {role}. {_column_list(head, role)}'
            )
    for role in ("time", "input", "output"):
        if role not in roles:
            raise LogError(f"{head.label} has no column recognized as the {role}. {_column_list(head, role)}")
    _refuse_shared(head, roles)
    _refuse_dates(head, roles["time"])
    excludes = guess.input_excludes_cache if input_excludes_cache is None else input_excludes_cache
    return ReadPlan(roles, excludes, _relative_unit(head, roles["time"]))


def _refuse_shared(head: LogHead, roles: Mapping[str, str]) -> None:
    for name in roles.values():
        shared = [role for role, column in roles.items() if column == name]
        if len(shared) > 1:
            raise LogError(
                f'{head.label}: column "{printable(name, MAX_SHOWN_CELL_CHARS)}" is given for {" and ".join(shared)}; pick one for each.'
            )


def _column_list(head: LogHead, role: str) -> str:
    shown = ", ".join(printable(name, MAX_SHOWN_CELL_CHARS) for name in list(head.place_of)[:SHOWN_COLUMN_COUNT])
    more = len(head.place_of) - SHOWN_COLUMN_COUNT
    near = (
        ", ".join(
            printable(name, MAX_SHOWN_CELL_CHARS) for name in request_columns.nearest_name(role, tuple(head.place_of))
        )
        or "none"
    )
    return f"Its columns are {shown}{f' and {more} more' if more > 0 else ''}; nearest: {near}. Map or rename one."


def _refuse_dates(head: LogHead, column: str) -> None:
    filled = [value for value in head.values(column) if value.strip()]
    if is_rounded(filled):
        raise LogError(
            f'{head.label}: column "{printable(column, MAX_SHOWN_CELL_CHARS)}" was rounded by a spreadsheet, such as '
            f'"{printable(filled[0], MAX_SHOWN_CELL_CHARS)}"; export the log again and do not open it in between.'
        )
    if filled and all(map(is_date_only, filled)):
        raise LogError(
            f'{head.label}: column "{printable(column, MAX_SHOWN_CELL_CHARS)}" holds dates without a time of day, such as '
            f'"{printable(filled[0], MAX_SHOWN_CELL_CHARS)}"; export the time of each request.'
        )
