"""From text to integers: the locked DuckDB engine and the Ibis expressions that parse every row.

A fresh connection per read, shared by nobody, that can open the log and its own scratch folder and nothing else; its
tables hold numbers only. Each row becomes eight integers; rows that do not count or cannot be read carry a code that
says why. `LogSource` looks at the log again when an error has to name a row.
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

from calculators.logs import request_columns
from calculators.logs.cell_expressions import MAX_REQUEST_TOK, cell_text, time_us, tokens_of
from calculators.logs.cells import NULL_WORDS, thousands_sign
from calculators.logs.request_file import MAX_SHOWN_CELL_CHARS, LogError, LogHead
from calculators.logs.request_mapping import ReadPlan
from calculators.logs.timestamps import (
    time_style,
)
from calculators.units import printable

MAX_BAD_FRAC = 0.01
MAX_DUPLICATE_FRAC = 0.5
MEMORY_LIMIT = "512MB"
THREAD_COUNT = 2
EXCLUSIONS = (
    "",
    "failed requests",
    "served from the gateway cache",
    "no model call",
    "no token counts",
    "repeated headers",
    "totals rows",
)
TOTALS_WORDS = r"(?i)^(grand[ -]?|sub[ -]?)?(total|totals|sum|summe|gesamt|gesamtsumme|average|mean)\b"
MIN_SUMMED_ROWS = 3
"""A row that is the sum of fewer others may be a request."""
FAULTS = ("", "line", "time", "input", "output", "cache_read", "cache_write", "reasoning", "cached")
ROW_COLUMNS = ("time_us", "input_tok", "output_tok", "read_tok", "write_tok", "excluded", "fault", "id_hash")
REMEDY = {
    "time": "is no time; write it like 2026-10-05T09:00:00Z or as a Unix time",
    "cached": "is less than the cached tokens of its row; say that the input excludes cached tokens, or map anew",
}
UNREADABLE_COUNT = f"is no whole number of tokens from 0 to {MAX_REQUEST_TOK:,}; correct the rows or map another column"

Counts = npt.NDArray[np.int64]


# --- DuckDB --------------------------------------------------------------------------------------------------------


class LogEngine:
    """One locked DuckDB connection for one read; it can open the log and its own scratch folder, nothing else."""

    def __init__(self, folder: Path, log: Path) -> None:
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
        self.connection.execute(f"SET allowed_paths = [{_quoted(str(log))}]")
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
    engine.connection.execute(f"CREATE TEMP VIEW raw AS {source}")
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


# --- one cell ------------------------------------------------------------------------------------------------------


def _is_failed(text: Any, column: str) -> Any:
    """Whether a status cell says that the request failed; blank is good."""
    lower, name = text.lower(), request_columns.normalised(column.rsplit(".", 1)[-1])
    if name in request_columns.ERROR_NAMES:
        return text.notnull() & ~lower.isin(["null", "none", "false", "0", "200", "{}", "[]"])
    if name in request_columns.BAD_FLAG_NAMES | request_columns.GOOD_FLAG_NAMES:
        words = ["true", "1", "t", "yes"] if name in request_columns.BAD_FLAG_NAMES else ["false", "0", "f", "no"]
        return lower.isin(words).fill_null(False)
    number = text.try_cast("float64")
    bad_code = ~(number.between(200, 399) | number.isin([0, 1]))
    bad_word = lower.re_search("fail|error|cancel|abort|timeout|timed|throttl|reject|denied|exception|refus")
    return number.notnull().ifelse(bad_code, bad_word).fill_null(False)


# --- one row -------------------------------------------------------------------------------------------------------


def parsed_rows(raw: ir.Table, head: LogHead, plan: ReadPlan, extra: Sequence[str] = ()) -> ir.Table:
    """Every row as integers, with why it is left out (`excluded`) or what is wrong with it (`fault`), 0 for nothing."""
    texts = {role: cell_text(raw, head.place_of[name]) for role, name in plan.role_of.items()}
    line_ok: Any = raw.json.lstrip().startswith("{").fill_null(False) if "json" in raw.columns else ibis.literal(True)
    table: Any = raw.select(**texts, line_ok=line_ok, **{name: raw[name] for name in extra})
    values = {role: head.values(plan.role_of[role]) for role in texts}
    tokens = {
        f"n_{role}": tokens_of(table[role], thousands_sign(values[role]))
        for role in request_columns.TOKEN_ROLES
        if role in texts
    }
    table = table.mutate(time_us=time_us(table.time, plan.unit, time_style(values["time"])), **tokens)
    id_hash = _hash(table.id) if "id" in texts else ibis.null("uint64")
    table = table.mutate(excluded=_excluded(table, plan), id_hash=id_hash)
    reads, writes = _optional(table, "cache_read"), _optional(table, "cache_write")
    added = reads + writes if plan.input_excludes_cache else 0
    table = table.mutate(
        input_tok=table.n_input + added,
        output_tok=table.n_output.fill_null(0) + _optional(table, "reasoning"),
        read_tok=reads,
        write_tok=writes,
    )
    return table.mutate(fault=_fault(table))


def _optional(table: Any, role: str) -> Any:
    name = f"n_{role}"
    return table[name].fill_null(0) if name in table.columns else ibis.literal(0, "int64")


def _excluded(table: Any, plan: ReadPlan) -> Any:
    untimed = table.time_us.isnull() & table.time.notnull()
    cases = [
        (untimed.ifelse(table.time == plan.role_of["time"], False), EXCLUSIONS.index("repeated headers")),
        (untimed.ifelse(table.time.re_search(TOTALS_WORDS), False), EXCLUSIONS.index("totals rows")),
    ]
    if "status" in plan.role_of:
        cases.append((_is_failed(table.status, plan.role_of["status"]), 1))
    if "gateway_cache" in plan.role_of:
        cases.append((table.gateway_cache.lower() == "true", 2))
    if "kind" in plan.role_of:
        cases.append((table.kind != "GENERATION", 3))
    cases.append((table.line_ok & table.input.isnull() & table.output.isnull(), 4))
    return ibis.cases(*cases, else_=0)


def _fault(table: Any) -> Any:
    cases = [(~table.line_ok, 1), (table.time_us.isnull(), 2), (table.n_input.isnull(), 3)]
    if "n_reasoning" in table.columns:  # Gemini leaves out counts that are zero
        cases.append((table.output.notnull() & table.n_output.isnull(), 4))
    else:
        cases.append((table.n_output.isnull(), 4))
    for code, role in ((5, "cache_read"), (6, "cache_write"), (7, "reasoning")):
        if f"n_{role}" in table.columns:
            cases.append((table[role].notnull() & table[f"n_{role}"].isnull(), code))
    cases.append((table.read_tok + table.write_tok > table.input_tok, 8))
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


def with_totals_marked(engine: LogEngine, table: ir.Table) -> ir.Table:
    """The rows, of which one whose tokens are the sum of all others is left out: the total below an exported table."""
    rows: Any = table
    used = rows.excluded == 0
    sums = rows.aggregate(
        n=rows.count(),
        input=rows.input_tok.sum(),
        output=rows.output_tok.sum(),
        used_input=used.ifelse(rows.input_tok, 0).sum(),
        used_output=used.ifelse(rows.output_tok, 0).sum(),
    )
    row_count, *tok = (int(value or 0) for value in engine.rows(sums)[0].values())
    halves = ((rows.input_tok * 2 == tok[at]) & (rows.output_tok * 2 == tok[at + 1]) for at in (0, 2))
    is_total = (ibis.or_(*halves) & (rows.input_tok > 0)).fill_null(False)
    total_count = engine.rows(rows.aggregate(n=is_total.sum()))[0]["n"]
    if row_count <= MIN_SUMMED_ROWS or total_count != 1:
        return table
    marked: ir.Table = rows.mutate(excluded=is_total.ifelse(EXCLUSIONS.index("totals rows"), rows.excluded))
    return marked


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


def without_duplicates(source: LogSource, table: ir.Table, used_count: int) -> tuple[ir.Table, int]:
    """One row per id, and how many went. Which row of an id stays does not depend on the order of the file."""
    if "id" not in source.plan.role_of:
        return table, 0
    named: Any = table.filter(table.id_hash.notnull())
    counts: Any = named.group_by("id_hash").aggregate(n=named.count())
    totals = source.engine.rows(counts.aggregate(extra=(counts.n - 1).sum().fill_null(0)))
    extra_count = int(totals[0]["extra"])
    if extra_count > MAX_DUPLICATE_FRAC * used_count:
        name = printable(source.plan.role_of["id"], MAX_SHOWN_CELL_CHARS)
        raise LogError(
            f'{source.head.label}: {extra_count:,} of {used_count:,} rows repeat a value of "{name}", '
            "so it is no request id; map another column as the id, or none."
        )
    if extra_count == 0:
        return table, 0
    order = ["time_us", "input_tok", "output_tok", "read_tok", "write_tok"]
    ranked: Any = table.mutate(rank=ibis.row_number().over(group_by="id_hash", order_by=order))
    kept = ranked.filter(ranked.id_hash.isnull() | (ranked["rank"] == 0)).drop("rank")
    return source.engine.store("unique_requests", kept), extra_count
