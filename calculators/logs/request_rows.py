"""From text to integers: the locked DuckDB engine and the Ibis expressions that parse every row.

A fresh connection per read, shared by nobody, that can open the log and its own scratch folder and nothing else; its
tables hold numbers and names of models only. Each row becomes integers; rows that do not count or cannot be read carry
a code that says why. `LogSource` looks at the log again when an error has to name a row.
"""

import re
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import ibis
import ibis.expr.types as ir
import numpy as np
import numpy.typing as npt

from calculators.logs import request_columns, request_marks, request_names
from calculators.logs.cell_expressions import MAX_REQUEST_TOK, cell_text, time_us, tokens_of, usd_of
from calculators.logs.cells import NULL_WORDS, has_suffix, thousands_sign
from calculators.logs.column_words import split_unit
from calculators.logs.request_file import MAX_SHOWN_CELL_CHARS, LogError, LogHead
from calculators.logs.request_mapping import MarkColumn, ReadPlan
from calculators.units import printable

MAX_BAD_FRAC = 0.01
MEMORY_LIMIT = "512MB"
THREAD_COUNT = 2
EXCLUSIONS = (
    "",
    "failed requests",
    "served from the gateway cache",
    "steps of a trace, no model call",
    "no token counts",
    "no chat request: embeddings, images, audio, moderation or reranking",
    "totals rows",
    "repeated headers",
)
TOTALS_WORDS = r"(?i)^(grand[ -]?|sub[ -]?)?(total|totals|sum|summe|gesamt|gesamtsumme|insgesamt|somme|suma|average|mean)\b|^(合計|合计|总计|總計|합계)"
FAULTS = ("", "line", "time", "input", "output", "cache_read", "cache_write", "reasoning", "tool_input", "cached")
ROW_COLUMNS = (
    *("time_us", "input_tok", "output_tok", "read_tok", "write_tok", "excluded", "fault", "id_hash", "model"),
    *("spend_usd", "is_batch", "span_hash", "parent_hash", "trace_hash", "session_hash"),
)
REQUEST_COLUMNS = ROW_COLUMNS[:5]
"""What tells two requests without an id apart."""
REMEDY = {
    "time": "is no time; write it like 2026-10-05T09:00:00Z or as a Unix time",
    "cached": "is less than the cached tokens of its row; say that the input excludes cached tokens, or map anew",
}
UNREADABLE_COUNT = f"is no whole number of tokens from 0 to {MAX_REQUEST_TOK:,}; correct the rows or map another column"

Counts = npt.NDArray[np.int64]


# --- DuckDB --------------------------------------------------------------------------------------------------------


class LogEngine:
    """One locked DuckDB connection for one read; it can open the logs and its own scratch folder, nothing else."""

    def __init__(self, folder: Path, *logs: Path) -> None:
        config: dict[str, Any] = {
            "memory_limit": MEMORY_LIMIT,
            "threads": THREAD_COUNT,
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            "preserve_insertion_order": False,
            "temp_directory": str(folder / "spill"),
        }
        scratch = folder / "scratch.duckdb"
        self.connection = duckdb.connect(str(scratch), config=config)
        scratch.unlink()  # DuckDB goes on with the open file, which is gone with the process
        self.backend = ibis.duckdb.from_connection(self.connection)  # sets the time zone to UTC
        self.connection.execute(f"SET allowed_paths = [{', '.join(_quoted(str(log)) for log in logs)}]")
        self.connection.execute("SET enable_external_access = false")
        self.connection.execute("SET lock_configuration = true")

    @contextmanager
    def time_limit(self, limit_s: float) -> Iterator[None]:
        """Interrupts every query that runs later than so many seconds from now: duckdb.InterruptException."""
        done = threading.Event()

        def watch() -> None:
            done.wait(limit_s)
            while not done.wait(0.05):  # again and again: between two queries an interrupt is lost
                self.connection.interrupt()

        thread = threading.Thread(target=watch, daemon=True)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()

    def rows(self, expression: ir.Table) -> list[dict[str, Any]]:
        records: list[dict[str, Any]] = self.backend.to_pyarrow(expression).to_pylist()
        return records

    def columns(self, expression: ir.Table) -> dict[str, Counts]:
        """A small result as integer arrays."""
        table = self.backend.to_pyarrow(expression)
        return {name: table.column(name).to_numpy().astype(np.int64) for name in table.column_names}

    def store(self, name: str, expression: ir.Table) -> ir.Table:
        """Keeps an expression as a table on disk, in DuckDB's compressed columns."""
        self.connection.execute(f"CREATE TABLE {_identifier(name)} AS {self.backend.compile(expression)}")
        return ibis.table(expression.schema(), name=name)


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _identifier(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def open_raw(engine: LogEngine, head: LogHead, log: Path, has_quotes: bool) -> ir.Table:
    """The log as text: columns c0, c1, … of a table or one column `json`. No name given by a user reaches SQL here."""
    cells = [f"c{index}" for index in range(head.cell_count)] if head.kind in ("csv", "parquet") else ["json"]
    if head.kind == "csv":
        types = ", ".join(f"'{cell}': 'VARCHAR'" for cell in cells)
        options = [
            f"columns = {{{types}}}, delim = {_quoted(head.delimiter)}, header = true, skip = {head.skip_count}",
            "quote = '\"', escape = '\"', auto_detect = false, null_padding = true",
            f"nullstr = [{', '.join(map(_quoted, ('', *NULL_WORDS)))}]",
            f"ignore_errors = true, store_rejects = true, parallel = {str(not has_quotes).lower()}",
        ]
        source = f"SELECT * FROM read_csv({_quoted(str(log))}, {', '.join(options)})"  # noqa: S608  our words only
    elif head.kind == "parquet":
        source = _parquet_source(engine, cells, log)
    else:
        form = "array" if head.kind == "array" else "newline_delimited"
        options = [f"format = '{form}', ignore_errors = {str(head.kind != 'array').lower()}"]
        source = f"SELECT json::VARCHAR AS json FROM read_json_objects({_quoted(str(log))}, {', '.join(options)})"  # noqa: S608
    for rejects in ("reject_errors", "reject_scans"):  # of the file before
        engine.connection.execute(f"DROP TABLE IF EXISTS {rejects}")
    engine.connection.execute(f"CREATE OR REPLACE TEMP VIEW raw AS {source}")
    return ibis.table(dict.fromkeys(cells, "string"), name="raw")


def _parquet_source(engine: LogEngine, cells: Sequence[str], log: Path) -> str:
    """The columns of a Parquet file as text: times as microseconds since 1970, nested values as JSON."""
    table = f"read_parquet({_quoted(str(log))}) AS t({', '.join(cells)})"
    types = engine.connection.execute(f"DESCRIBE SELECT * FROM {table}").fetchall()  # noqa: S608  our words only
    texts = ", ".join(f"{_parquet_text(name, str(kind))} AS {name}" for name, kind, *_ in types)
    return f"SELECT {texts} FROM {table}"  # noqa: S608


def _parquet_text(cell: str, kind: str) -> str:
    if kind.startswith("TIMESTAMP") and ("TZ" in kind or "TIME ZONE" in kind):
        return f"epoch_us({cell}::TIMESTAMPTZ)::VARCHAR"
    nested = kind.endswith("]") or kind.startswith(("STRUCT", "MAP"))
    return f"to_json({cell})::VARCHAR" if nested else f"{cell}::VARCHAR"


@ibis.udf.scalar.builtin(name="hash")  # type: ignore[untyped-decorator]
def _hash(text: str) -> ibis.expr.datatypes.uint64:
    """DuckDB's own function."""


# --- one row -------------------------------------------------------------------------------------------------------


def parsed_rows(raw: ir.Table, head: LogHead, plan: ReadPlan, extra: Sequence[str] = ()) -> ir.Table:
    """Every row as integers, with why it is left out (`excluded`) or what is wrong with it (`fault`), 0 for nothing."""
    texts = {role: cell_text(raw, head.place_of[name]) for role, name in plan.role_of.items()}
    texts |= {f"mark_{i}": cell_text(raw, head.place_of[mark.column]) for i, mark in enumerate(plan.marks)}
    line_ok: Any = raw.json.lstrip().startswith("{").fill_null(False) if "json" in raw.columns else ibis.literal(True)
    table: Any = raw.select(**texts, line_ok=line_ok, **{name: raw[name] for name in extra})
    signs = {
        role: thousands_sign(head.values(plan.role_of[role])) for role in request_names.TOKEN_ROLES if role in texts
    }
    tokens = {
        f"n_{role}": tokens_of(table[role], sign, *_units(plan.role_of[role], head)) for role, sign in signs.items()
    }
    table = table.mutate(time_us=time_us(table.time, plan.unit, plan.times), **tokens)
    hashes = {f"{name}_hash": _hash_or_null(table, name) for name in ("id", "span", "parent", "trace", "session")}
    table = table.mutate(excluded=_excluded(table, plan), is_batch=_is_batch(table, plan), **hashes)
    reads, writes = _optional(table, "cache_read"), _optional(table, "cache_write")
    added = reads + writes if plan.input_excludes_cache else 0
    table = table.mutate(
        input_tok=table.n_input + added + _optional(table, "tool_input"),
        output_tok=table.n_output.fill_null(0) + _optional(table, "reasoning"),
        read_tok=reads,
        write_tok=writes,
        model=table.model[: request_columns.MAX_WORD_CHARS] if "model" in texts else ibis.null("string"),
        spend_usd=usd_of(table.spend) if "spend" in texts else ibis.null("float64"),
    )
    return table.mutate(fault=_fault(table))


def _units(column: str, head: LogHead) -> tuple[float, bool]:
    """Tokens of one unit of a column, by its name, and whether its cells have a suffix, as 12.3k."""
    return split_unit(column)[1], any(map(has_suffix, head.values(column)))


def _hash_or_null(table: Any, role: str) -> Any:
    """NULL where there is no text: the engine's own hash of NULL is a number."""
    return table[role].notnull().ifelse(_hash(table[role]), None) if role in table.columns else ibis.null("uint64")


def _optional(table: Any, role: str) -> Any:
    name = f"n_{role}"
    return table[name].fill_null(0) if name in table.columns else ibis.literal(0, "int64")


def _excluded(table: Any, plan: ReadPlan) -> Any:
    marks: dict[str, list[tuple[Any, MarkColumn]]] = {role: [] for role in (*request_names.MARK_ROLES, "model")}
    for number, mark in enumerate(plan.marks):
        marks[mark.role].append((table[f"mark_{number}"], mark))
    failed = [request_marks.is_failed(text, mark.column) for text, mark in marks["status"]]
    hits = [request_marks.is_gateway_hit(text) for text, _ in marks["gateway_cache"]]
    steps = [request_marks.is_no_call(text, mark.values) for text, mark in marks["kind"]]
    others = [request_marks.is_no_chat(text, mark.values) for text, mark in marks["kind"]]
    others += [request_marks.is_no_chat_model(text, mark.values) for text, mark in marks["model"]]
    blank = table.line_ok & table.input.isnull() & table.output.isnull()
    untimed = table.time_us.isnull() & table.time.notnull()
    cases = [
        (untimed.ifelse((table.time == plan.role_of["time"]) | table.time.re_search("^:?-{3,}:?$"), False), 7),
        (untimed.ifelse(table.time.re_search(TOTALS_WORDS), False), 6),
    ]
    labels = [text.re_search(TOTALS_WORDS).fill_null(False) for text, _ in marks["model"]]
    cases += [(table.time.isnull() & label, 6) for label in labels]
    cases += [
        (request_marks.any_of(tests), code)
        for code, tests in ((1, failed), (2, hits), (3, steps), (5, others))
        if tests
    ]
    return ibis.cases(*cases, (blank, 4), else_=0)


def _is_batch(table: Any, plan: ReadPlan) -> Any:
    texts = [(table[f"mark_{number}"], mark) for number, mark in enumerate(plan.marks)]
    tests = [request_marks.is_batch(text, mark.column) for text, mark in texts if mark.role == "tier"]
    return request_marks.any_of(
        tests + [request_marks.has_batch_kind(text) for text, mark in texts if mark.role == "kind"]
    )


def _fault(table: Any) -> Any:
    cases = [(~table.line_ok, 1), (table.time_us.isnull(), 2), (table.n_input.isnull(), 3)]
    if "n_reasoning" in table.columns:  # Gemini leaves out counts that are zero
        cases.append((table.output.notnull() & table.n_output.isnull(), 4))
    else:
        cases.append((table.n_output.isnull(), 4))
    for code, role in ((5, "cache_read"), (6, "cache_write"), (7, "reasoning"), (8, "tool_input")):
        if f"n_{role}" in table.columns:
            cases.append((table[role].notnull() & table[f"n_{role}"].isnull(), code))
    cases.append((table.read_tok + table.write_tok > table.input_tok, 9))
    return ibis.cases(*cases, else_=0)


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
        shown = table[role] if role in table.columns else ibis.literal("")
        rows = self.engine.rows(table.select("row_number", shown=shown.fill_null("")))
        return (rows[0]["row_number"] + 1, _shown(rows[0]["shown"])) if rows else (0, "")

    def place(self, role: str, wrong: Callable[[Any], Any]) -> str:
        row, shown = self.first(role, wrong)
        return f'{self.head.label}, data row {row}, column "{printable(self.plan.role_of[role], MAX_SHOWN_CELL_CHARS)}": "{shown}"'


def _shown(value: str) -> str:
    """A cell for a message: a number or a time as it is, anything else might be somebody's prompt."""
    return (
        printable(value, MAX_SHOWN_CELL_CHARS)
        if not value.strip() or re.fullmatch(r"[\d\s.,:;+\-/TZzeE]{1,40}|[Nn]a[Nn]|-?[Ii]nf(inity)?", value)
        else "(text)"
    )


def _refuse_bad(source: LogSource, code: int, bad_count: int, row_count: int) -> None:
    role = FAULTS[code]
    share = f"{bad_count:,} of {row_count:,} rows are unreadable, and fewer than 1% can be dropped"
    if role == "line":
        row, _ = source.first("", lambda table: table.fault == code)
        raise LogError(f"{source.head.label}, data row {row}, is no JSON object; write one object a line ({share}).")
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
    bad_count = sum(bad_count_of.values()) + rejected_count
    considered_count = row_count - sum(dropped.values())
    if bad_count and bad_count >= MAX_BAD_FRAC * considered_count:
        if not bad_count_of:
            raise LogError(_ragged(source, bad_count, row_count))
        _refuse_bad(source, max(bad_count_of, key=lambda code: bad_count_of[code]), bad_count, considered_count)
    return row_count, {reason: count for reason, count in (dropped | {"unreadable rows": bad_count}).items() if count}


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
