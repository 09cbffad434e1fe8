"""From text to integers: the locked DuckDB engine and the Ibis expressions that parse every row.

A fresh connection per read, shared by nobody, that can open the log and its own scratch folder and nothing else; its
tables hold numbers and names of models and groups only. Each row becomes integers; rows that do not count or cannot be read carry
a code that says why. `LogSource` looks at the log again when an error has to name a row.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import ibis
import ibis.expr.types as ir

from calculators.logs import request_columns, request_marks, request_names, request_signs
from calculators.logs.cell_expressions import (
    MAX_REQUEST_TOK,
    CountStyle,
    cell,
    count_of,
    count_text,
    money_text,
    shortened,
    text_of,
    time_casts,
    time_text,
    time_us,
    usd_of,
    valid_json,
    whole_tokens,
)
from calculators.logs.cells import has_suffix, thousands_sign
from calculators.logs.column_words import split_unit, without_kind
from calculators.logs.group_values import group_expression
from calculators.logs.log_engine import LogEngine, quoted
from calculators.logs.money import money_unit
from calculators.logs.request_file import LogError, LogHead
from calculators.logs.request_mapping import MarkColumn, ReadPlan, mixed_dates
from calculators.logs.shown import shown_cell, shown_name
from calculators.logs.timestamps import OTHER_ORDER

MAX_BAD_FRAC = 0.01
EXCLUSIONS = (
    "",
    "failed requests",
    "served from the gateway cache",
    "steps of a trace, no model call",
    "no token counts",
    "no chat request: embeddings, images, audio, moderation or reranking",
    "totals rows",
    "repeated headers or units",
)
TOTALS_WORDS = r"(?i)^([\d/.-]+ )?(grand[ -]?|sub[ -]?)?(total|totals|sum|summe|gesamt|gesamtsumme|insgesamt|somme|suma|average|mean)\b|^(合計|合计|总计|總計|합계)"
FAULTS = ("", "line", "time", "input", "output", "cache_read", "cache_write", "reasoning", "tool_input", "cached")
ROW_COLUMNS = (
    *("time_us", "input_tok", "output_tok", "read_tok", "write_tok", "excluded", "fault", "id_hash", "model"),
    *("spend_usd", "is_batch", "span_hash", "parent_hash", "trace_hash", "session_hash", "signs", "requests"),
)
REQUEST_COLUMNS = ROW_COLUMNS[:5]
"""What tells two requests without an id apart."""
REMEDY = {
    "time": "is no time; write it like 2026-10-05T09:00:00Z or as a Unix time",
    "cached": "is less than the cached tokens of its row; say that the input excludes cached tokens, or map anew",
}
ADD_TIME = "export the date and time of each request, in a text log at the start of each line"
UNREADABLE_COUNT = f"is no whole number of tokens from 0 to {MAX_REQUEST_TOK:,}; correct the rows or map another column"

WHOLE_TYPES = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER")
CELL_ROLES = frozenset({*request_names.TOKEN_ROLES, "time", "spend"})
"""Numbers and times are read from the cell as it stands; its text is wanted only where that fails."""
COUNTED_ROLES = (*request_names.TOKEN_ROLES, "total", "inner_reasoning", "requests")
HASHED_ROLES = ("id", "span", "parent", "trace", "session")
"""Of these only a hash is kept, to find rows that are alike."""


# --- the text -----------------------------------------------------------------------------------------------------


def open_raw(engine: LogEngine, head: LogHead, log: Path, has_quotes: bool) -> ir.Table:
    """The log as text: columns c0, c1, … of a table or one column `json`; whole numbers of Parquet as they are. No name given by
    a user reaches SQL here."""
    whole = set[str]()
    cells = [f"c{index}" for index in range(head.cell_count)] if head.kind in ("csv", "parquet") else ["json"]
    if head.kind == "csv":
        types = ", ".join(f"'{cell}': 'VARCHAR'" for cell in cells)
        options = [
            f"columns = {{{types}}}, delim = {quoted(head.delimiter)}, header = true, skip = {head.skip_count}",
            "quote = '\"', escape = '\"', auto_detect = false, null_padding = true",
            f"ignore_errors = true, store_rejects = true, parallel = {str(not has_quotes).lower()}",
        ]
        source = f"SELECT * FROM read_csv({quoted(str(log))}, {', '.join(options)})"  # noqa: S608  our words only
    elif head.kind == "parquet":
        source, whole = _parquet_source(engine, cells, log)
    else:
        form = "array" if head.kind == "array" else "newline_delimited"
        options = [f"format = '{form}', ignore_errors = {str(head.kind != 'array').lower()}"]
        source = f"SELECT json::VARCHAR AS json FROM read_json_objects({quoted(str(log))}, {', '.join(options)})"  # noqa: S608
    for rejects in ("reject_errors", "reject_scans"):  # of the file before
        engine.connection.execute(f"DROP TABLE IF EXISTS {rejects}")
    engine.connection.execute(f"CREATE OR REPLACE TEMP VIEW raw AS {source}")
    return ibis.table({name: "int64" if name in whole else "string" for name in cells}, name="raw")


def _parquet_source(engine: LogEngine, cells: Sequence[str], log: Path) -> tuple[str, set[str]]:
    """The columns of a Parquet file, and which of them are whole numbers, times among them (microseconds since 1970); the
    others are text, nested values as JSON."""
    table = f"read_parquet({quoted(str(log))}) AS t({', '.join(cells)})"
    described = engine.connection.execute(f"DESCRIBE SELECT * FROM {table}").fetchall()  # noqa: S608  our words only
    columns = [(name, *_parquet_column(name, str(kind))) for name, kind, *_ in described]
    texts = ", ".join(f"{value}::{kind} AS {name}" for name, value, kind in columns)
    return f"SELECT {texts} FROM {table}", {name for name, _, kind in columns if kind == "BIGINT"}  # noqa: S608


def _parquet_column(name: str, kind: str) -> tuple[str, str]:
    """The expression and the type by which a column is read."""
    if kind.startswith("TIMESTAMP") and ("TZ" in kind or "TIME ZONE" in kind):
        return f"epoch_us({name}::TIMESTAMPTZ)", "BIGINT"
    if kind in WHOLE_TYPES:
        return name, "BIGINT"
    nested = kind.endswith("]") or kind.startswith(("STRUCT", "MAP"))
    return f"to_json({name})" if nested else name, "VARCHAR"


@ibis.udf.scalar.builtin(name="hash")  # type: ignore[untyped-decorator]
def _hash(text: str) -> ibis.expr.datatypes.uint64:
    """DuckDB's own function."""


@ibis.udf.scalar.builtin(name="hash")  # type: ignore[untyped-decorator]
def time_hash(time_us: int) -> ibis.expr.datatypes.uint64:
    """DuckDB's own function."""


@ibis.udf.scalar.builtin(name="hash")  # type: ignore[untyped-decorator]
def row_hash(
    time_us: int, input_tok: int, output_tok: int, read_tok: int, write_tok: int, model: str
) -> ibis.expr.datatypes.uint64:
    """DuckDB's own function, over what tells two requests without an id apart."""


# --- one row -------------------------------------------------------------------------------------------------------


def parsed_rows(raw: ir.Table, head: LogHead, plan: ReadPlan, extra: Sequence[str] = ()) -> ir.Table:
    """Every row as integers, with why it is left out (`excluded`) or what is wrong with it (`fault`), 0 for nothing."""
    table, columns = _cells(raw, head, plan, extra), {**plan.role_of, **plan.checked}
    styles = {role: _style(columns[role], head) for role in COUNTED_ROLES if role in table.columns}
    costs = [role for role in columns if role.partition("_")[0] == "spend"]
    numbers = {f"number_{role}": table[role].try_cast("float64") for role in (*styles, *costs)}
    times = time_casts(table.time, plan.times)
    table = table.mutate(**numbers, **{f"time_{name}": value for name, value in times.items()})
    times = {name: table[f"time_{name}"] for name in times}
    texts = {role: count_text(table[role], table[f"number_{role}"], style) for role, style in styles.items()}
    texts |= {role: money_text(table[role], table[f"number_{role}"]) for role in costs}
    texts["time"] = time_text(table.time, times, plan.times)
    table = table.mutate(**{f"text_{role}": text for role, text in texts.items()})
    times = {name: table[f"time_{name}"] for name in times}
    counts = {
        f"count_{role}": count_of(table[f"text_{role}"], table[f"number_{role}"], style)
        for role, style in styles.items()
    }
    table = table.mutate(time_us=time_us(table.text_time, times, plan.unit, plan.times), **counts)
    table = table.mutate(**{f"n_{role}": whole_tokens(table[f"count_{role}"]) for role in styles})
    hashes = {f"{name}_hash": _hash_or_null(table, name) for name in HASHED_ROLES}
    table = table.mutate(excluded=_excluded(table, plan), is_batch=_is_batch(table, plan), **hashes)
    reads, writes = _optional(table, "cache_read"), _optional(table, "cache_write")
    table = table.mutate(**request_signs.row_sums(table, plan))
    table = table.mutate(
        input_tok=table.n_input + table.more_input + _optional(table, "tool_input"),
        output_tok=table.n_output.fill_null(0) + table.more_output,
        read_tok=reads,
        write_tok=writes,
        requests=table.n_requests.fill_null(1).clip(lower=1)
        if "n_requests" in table.columns
        else ibis.literal(1, "int32"),
        model=shortened(table.model, request_columns.MAX_WORD_CHARS)
        if "model" in table.columns
        else ibis.null("string"),
        spend_usd=_spend(table, {role: columns[role] for role in costs}),
        **{role: group_expression(table[role]) for role in plan.groups},
    )
    return table.mutate(fault=_fault(table))


def _cells(raw: ir.Table, head: LogHead, plan: ReadPlan, extra: Sequence[str]) -> Any:
    """The cells of each role and mark, trimmed where their text counts; a column with several roles is read once."""
    if "json" in raw.columns:  # the engine fails as a whole on a line that is no JSON
        raw = raw.mutate(json=valid_json(raw.json))
    texts = {role: name for role, name in plan.role_of.items() if role not in CELL_ROLES}
    role_of_text = {name: role for role, name in texts.items()}
    cells = {role: cell(raw, head.place_of[name]) for role, name in plan.role_of.items() if role in CELL_ROLES}
    marks = {f"mark_{number}": mark.column for number, mark in enumerate(plan.marks)}
    texts |= {mark: name for mark, name in marks.items() if name not in role_of_text}
    cells |= {role: cell(raw, head.place_of[name]) for role, name in plan.checked.items()}
    for role, name in texts.items():
        known = () if role in HASHED_ROLES else sorted(set(head.values(name)))
        cells[role] = text_of(cell(raw, head.place_of[name]), known)
    line_ok: Any = raw.json.lstrip().startswith("{").fill_null(False) if "json" in raw.columns else ibis.literal(True)
    table: Any = raw.select(**cells, line_ok=line_ok, **{name: raw[name] for name in extra})
    return table.mutate(**{mark: table[role_of_text[name]] for mark, name in marks.items() if mark not in texts})


def _spend(table: Any, columns: Mapping[str, str]) -> Any:
    """Dollars of a row, those of input and output added where they stand apart."""
    currency, spend = table.currency if "currency" in table.columns else None, ibis.null("float64")
    for role, column in columns.items():
        unit = money_unit(without_kind(column.rsplit(".", 1)[-1]))
        usd = usd_of(table[f"text_{role}"], table[f"number_{role}"], unit, currency)
        spend = usd if role == "spend" else spend.fill_null(0) + usd.fill_null(0)
    return spend


def _style(column: str, head: LogHead) -> CountStyle:
    """How a column writes counts, by its name and its first rows."""
    values = head.values(column)
    return CountStyle(thousands_sign(values), split_unit(column)[1], any(map(has_suffix, values)))


def _hash_or_null(table: Any, role: str) -> Any:
    """NULL where there is no text: the engine's own hash of NULL is a number."""
    return table[role].notnull().ifelse(_hash(table[role]), None) if role in table.columns else ibis.null("uint64")


def _optional(table: Any, role: str) -> Any:
    name = f"n_{role}"
    return table[name].fill_null(0) if name in table.columns else ibis.literal(0, "int32")


def _excluded(table: Any, plan: ReadPlan) -> Any:
    marks: dict[str, list[tuple[Any, MarkColumn]]] = {role: [] for role in (*request_names.MARK_ROLES, "model")}
    for number, mark in enumerate(plan.marks):
        marks[mark.role].append((table[f"mark_{number}"], mark))
    failed = [request_marks.is_failed(text, mark.column, mark.values) for text, mark in marks["status"]]
    hits = [request_marks.is_gateway_hit(text) for text, _ in marks["gateway_cache"]]
    steps = [request_marks.is_no_call(text, mark.values) for text, mark in marks["kind"]]
    others = [request_marks.is_no_chat(text, mark.values) for text, mark in marks["kind"]]
    others += [request_marks.is_no_chat_model(text, mark.values) for text, mark in marks["model"]]
    marked = [
        (request_marks.any_of(tests), code)
        for code, tests in ((1, failed), (2, hits), (5, others), (3, steps))
        if tests
    ]
    time = table.text_time
    is_header = (time == plan.role_of["time"]) | time.re_search("^:?-{3,}:?$")
    has_words = table.text_input.re_search(r"^\D+$") & table.text_output.re_search(r"^\D+$")
    words_only = has_words & ~time.fill_null("").re_search(r"\d")
    untimed = [(is_header, 7), (words_only, 7), (time.re_search(TOTALS_WORDS), 6)]
    untimed += [(time.isnull() & text.re_search(TOTALS_WORDS), 6) for text, _ in marks["model"]]
    untimed = [(table.time_us.isnull().ifelse(test, False), code) for test, code in untimed]
    blank = table.line_ok & _is_blank(table, "input") & _is_blank(table, "output")
    simple = ibis.cases(*marked, else_=0) if marked else ibis.literal(0)
    return _is_complete(table).ifelse(simple, ibis.cases(*untimed, *marked, (blank, 4), else_=0)).cast("int8")


def _is_complete(table: Any) -> Any:
    """Whether time, input and output were read, as they are in most rows: the others are looked at more closely."""
    return table.line_ok & table.time_us.notnull() & table.n_input.notnull() & table.n_output.notnull()


def _is_blank(table: Any, role: str) -> Any:
    return table[f"n_{role}"].isnull().ifelse(table[f"text_{role}"].isnull(), False)


def _is_unreadable(table: Any, role: str) -> Any:
    return table[f"n_{role}"].isnull().ifelse(table[f"text_{role}"].notnull(), False)


def _is_batch(table: Any, plan: ReadPlan) -> Any:
    texts = [(table[f"mark_{number}"], mark) for number, mark in enumerate(plan.marks)]
    tests = [request_marks.is_batch(text, mark.column) for text, mark in texts if mark.role == "tier"]
    return request_marks.any_of(
        tests + [request_marks.has_batch_kind(text) for text, mark in texts if mark.role == "kind"]
    )


def _fault(table: Any) -> Any:
    first = [(~table.line_ok, 1), (table.time_us.isnull(), 2), (table.n_input.isnull(), 3)]
    if "n_reasoning" in table.columns:  # Gemini leaves out counts that are zero
        first.append((_is_unreadable(table, "output"), 4))
    else:
        first.append((table.n_output.isnull(), 4))
    then = [
        (_is_unreadable(table, role), code)
        for code, role in ((5, "cache_read"), (6, "cache_write"), (7, "reasoning"), (8, "tool_input"))
        if f"n_{role}" in table.columns
    ]
    then.append((table.read_tok + table.write_tok > table.input_tok, 9))
    return _is_complete(table).ifelse(ibis.cases(*then, else_=0), ibis.cases(*first, *then, else_=0)).cast("int8")


# --- all rows ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class LogSource:
    """All that is needed to look at the raw rows again, for an error that names one."""

    engine: LogEngine
    raw: ir.Table
    head: LogHead
    plan: ReadPlan

    def first(self, role: str, wrong: Callable[[Any], Any]) -> tuple[int, str]:
        """Number (from 1, the header not counted) and text of the first row that is wrong."""
        numbered = self.raw.mutate(row_number=ibis.row_number())
        table: Any = parsed_rows(numbered, self.head, self.plan, extra=("row_number",))
        table = table.filter(table.excluded == 0, wrong(table)).order_by("row_number").limit(1)
        shown = text_of(table[role]) if role in table.columns else ibis.literal("")
        rows = self.engine.rows(table.select("row_number", shown=shown.fill_null("")))
        return (rows[0]["row_number"] + 1, shown_cell(rows[0]["shown"])) if rows else (0, "")

    def place(self, role: str, wrong: Callable[[Any], Any]) -> str:
        row, shown = self.first(role, wrong)
        return f'{self.head.label}, data row {row}, column "{shown_name(self.plan.role_of[role])}": "{shown}"'


def _refuse_bad(source: LogSource, code: int, bad_count: int, row_count: int) -> None:
    role = FAULTS[code]
    share = f"{bad_count:,} of {row_count:,} rows are unreadable; fewer than 1% can be dropped"
    if role == "line":
        row, _ = source.first("", lambda table: table.fault == code)
        raise LogError(f"{source.head.label}, data row {row}, is no JSON object; write one object a line ({share}).")
    if role == "time" and not source.first("time", lambda table: table.fault == code)[1]:
        raise LogError(f"{source.head.label} tells no time for {bad_count:,} of {row_count:,} requests; {ADD_TIME}.")
    place = source.place("input" if role == "cached" else role, lambda table: table.fault == code)
    raise LogError(f"{place} {REMEDY.get(role, UNREADABLE_COUNT)} ({share}).")


def sort_out(source: LogSource, table: ir.Table, rejected_count: int) -> tuple[int, dict[str, int]]:
    """Row count of the file and the rows to drop by reason. Raises LogError when 1% or more cannot be read."""
    groups = source.engine.rows(table.group_by("excluded", "fault").aggregate(n=table.count()))
    row_count = sum(group["n"] for group in groups) + rejected_count
    dropped = {reason: 0 for reason in EXCLUSIONS[1:]}
    bad_count_of = dict[int, int]()
    for group in groups:
        if group["excluded"]:
            dropped[EXCLUSIONS[group["excluded"]]] += group["n"]
        elif group["fault"]:
            bad_count_of[group["fault"]] = group["n"]
    if FAULTS.index("time") in bad_count_of:
        _refuse_mixed_dates(source)
    bad_count = sum(bad_count_of.values()) + rejected_count
    considered_count = row_count - sum(dropped.values())
    if bad_count and bad_count >= MAX_BAD_FRAC * considered_count:
        if not bad_count_of:
            raise LogError(_ragged(source, bad_count, row_count))
        _refuse_bad(source, max(bad_count_of, key=lambda code: bad_count_of[code]), bad_count, considered_count)
    return row_count, {reason: count for reason, count in (dropped | {"unreadable rows": bad_count}).items() if count}


def _refuse_mixed_dates(source: LogSource) -> None:
    """Raises LogError where a date of the other order is among those that cannot be read: some that can be are then wrong."""
    column, style = source.plan.role_of["time"], source.plan.times
    own = next((text for text in source.head.values(column) if re.search(OTHER_ORDER[not style.day_first], text)), None)
    if own is None:
        return
    other = OTHER_ORDER[style.day_first]
    row, text = source.first(
        "time", lambda table: (table.fault == FAULTS.index("time")) & text_of(table.time).re_search(other)
    )
    if row:
        pair = (own, text) if style.day_first else (text, own)
        raise LogError(mixed_dates(f"{source.head.label}, data row {row}", f'"{shown_name(column)}"', *pair))


def _ragged(source: LogSource, bad_count: int, row_count: int) -> str:
    line = source.engine.connection.execute("SELECT min(line) FROM reject_errors").fetchall()[0][0]
    return (
        f"{source.head.label}, line {line}, does not have the {source.head.cell_count} columns of the header "
        f"({bad_count:,} of {row_count:,} rows); quote the cells that contain the separator."
    )


def rejected_count(engine: LogEngine, head: LogHead) -> int:
    """Number of CSV lines that do not have the columns of the header."""
    if head.kind != "csv":
        return 0
    return int(engine.connection.execute("SELECT count(DISTINCT line) FROM reject_errors").fetchall()[0][0])
