"""Reads a request log (CSV or JSON lines, also .gz) into a small summary: lengths, rate, peaks, a joint length table.

Only the mapped columns are read; prompts never leave the file. The work is Ibis expressions on one fresh, locked DuckDB
connection per read (nothing is shared between threads) whose scratch table holds numbers only. Percentiles come from
value counts: exact, and small in memory. Times are UTC.
"""

import codecs
import csv
import gzip
import hashlib
import io
import itertools
import json
import math
import os
import re
import tempfile
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

import duckdb
import ibis
import ibis.expr.types as ir
import numpy as np
import numpy.typing as npt
import yaml

from calculators import usage_columns as names
from calculators.usage_columns import EXTRA_ROLES, ROLES

__all__ = ["ROLES", "ColumnGuess", "LengthCell", "Lengths", "LogError", "Peak", "UsageSummary"]
__all__ += ["guess_columns", "read_log", "to_workload_yaml"]

MAX_BYTES = 500e6  # the file as it lies on disk
MAX_UNPACKED_BYTES = 2e9  # after gunzip
MAX_UNPACK_RATIO = 200.0  # unpacked:packed; real logs stay below 30
MIN_BOMB_BYTES = 10e6  # the ratio only counts above this size
MAX_LINE_BYTES = 2_000_000
MAX_COLUMNS = 500
MAX_ROWS = 50_000_000
MAX_REQUEST_TOK = 10_000_000  # of one request; more is an error of the log
MAX_BAD_FRAC = 0.01
MAX_DUPLICATE_FRAC = 0.5
MAX_SPARK_COUNT = 1_500
MAX_RELATIVE_S = 20 * 366 * 86_400
FIRST_YEAR = 2015
MEMORY_LIMIT = "512MB"
THREAD_COUNT = 2
HEAD_BYTES = 4_000_000
HEAD_ROW_COUNT = 2_000
SAMPLE_ROW_COUNT = 5
SHOWN_CHAR_COUNT = 40
SHOWN_COLUMN_COUNT = 12
NAME_CHAR_COUNT = 120
CHUNK_BYTES = 1_000_000
WINDOWS_S = (60, 600, 3_600)
CELL_QUANTILES = (0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.999)  # 8 bins a side, finer where memory is decided
US_PER_S = 1_000_000
MINUTE_S = 60
JSON_COLUMNS = frozenset({"metadata", "usage", "usagedetails", "usagemetadata", "fullresponse"})

Kind = Literal["csv", "lines", "array"]
Basis = Literal["measured", "bounded", "assumed"]
Progress = Callable[[float, str], None]
Counts = npt.NDArray[np.int64]

csv.field_size_limit(MAX_LINE_BYTES)


class LogError(ValueError):
    """A log that cannot be used. The message names the file, the place, the value and what to do about it."""


@dataclass(frozen=True, slots=True)
class ColumnGuess:
    """What the columns of a log seem to mean. `sample` rows run along `columns`; cells not worth showing are ""."""

    columns: tuple[str, ...]
    role_of: Mapping[str, str]
    input_excludes_cache: bool
    sure: bool
    reason: str
    sample: tuple[tuple[str, ...], ...]


@dataclass(frozen=True, slots=True)
class Lengths:
    """Tokens of one request; percentiles are exact, interpolated between neighbours as numpy does by default."""

    mean_tok: float
    p50_tok: float
    p95_tok: float
    p99_tok: float
    max_tok: float


@dataclass(frozen=True, slots=True)
class Peak:
    """Busiest window : mean window, of requests (`ratio`) and of input + output tokens (`tokens_ratio`)."""

    window_s: int
    ratio: float
    tokens_ratio: float
    basis: Basis
    why: str


@dataclass(frozen=True, slots=True)
class LengthCell:
    """A share of the requests with their mean lengths; the shares of all cells sum to 1."""

    share_frac: float
    input_tok: float
    output_tok: float


@dataclass(frozen=True, slots=True)
class UsageSummary:
    """A log in a few numbers. `input_tok` is the total input, cached tokens included; times are UTC."""

    name: str
    sha256: str
    row_count: int
    used_row_count: int
    dropped: tuple[tuple[str, int], ...]
    start: datetime
    end: datetime
    span_s: float
    request_rate_req_s: float
    input_tok: Lengths
    output_tok: Lengths
    cached_frac: float | None
    cache_write_frac: float | None
    peaks: tuple[Peak, ...]
    cells: tuple[LengthCell, ...]
    per_minute_requests: tuple[int, ...]
    step_s: int
    """Seconds of one point of `per_minute_requests`: 60, or a multiple when the log is long."""
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Head:
    """The first rows. `place_of`: column → where DuckDB finds it (a column of ours, then keys within its JSON)."""

    label: str
    kind: Kind
    packed: bool
    delimiter: str
    skip_count: int
    cell_count: int
    place_of: Mapping[str, tuple[str, ...]]
    rows: tuple[Mapping[str, str], ...]

    def values(self, column: str) -> list[str]:
        return [row.get(column, "") for row in self.rows]


@dataclass(frozen=True, slots=True)
class _Plan:
    """Which column plays which role, and how to read the clock."""

    role_of: Mapping[str, str]
    input_excludes_cache: bool
    unit: tuple[str, bool] | None
    """Unit of a clock that counts from 0, and whether that is sure; None: real dates."""


@dataclass(frozen=True, slots=True)
class _Check:
    sha256: str
    has_quotes: bool


# --- bytes: size, compression, encoding -------------------------------------------------------------------------


def _clean(text: str, limit_count: int = SHOWN_CHAR_COUNT) -> str:
    """A value or name for a message: printable and at most 40 characters."""
    flat = "".join(letter if letter.isprintable() else " " for letter in text)
    return flat if len(flat) <= limit_count else flat[: limit_count - 1] + "…"


def _check_size(path: Path, label: str) -> int:
    try:
        size_bytes = path.stat().st_size
        is_file = path.is_file()
    except (OSError, ValueError) as error:
        raise LogError(f"{label} cannot be opened; check the name and the permissions.") from error
    if not is_file:
        raise LogError(f"{label} is not a file; name one CSV or JSON-lines file.")
    if size_bytes == 0:
        raise LogError(f"{label} is empty (0 bytes); export the log again.")
    if size_bytes > MAX_BYTES:
        raise LogError(f"{label} has {size_bytes / 1e6:,.0f} MB and the limit is {MAX_BYTES / 1e6:,.0f} MB; "
                       "keep only time, input and output columns, compress it, or take a shorter period.")  # fmt: skip
    return size_bytes


def _is_packed(path: Path) -> bool:
    with path.open("rb") as file:
        return file.read(2) == b"\x1f\x8b"


def _chunks(path: Path, label: str) -> Iterator[bytes]:
    """The content, gunzipped if need be, in pieces of at most 1 MB. Raises LogError for bombs and broken archives."""
    packed_bytes = _check_size(path, label)
    read_bytes = 0
    try:
        packed = _is_packed(path)
        with gzip.open(path) if packed else path.open("rb") as file:
            while chunk := file.read(CHUNK_BYTES):
                read_bytes += len(chunk)
                if packed:
                    _check_bomb(label, packed_bytes, read_bytes)
                yield chunk
    except (EOFError, zlib.error, gzip.BadGzipFile) as error:
        raise LogError(f"{label} is a broken or truncated gzip archive; download or compress it again.") from error
    except OSError as error:
        raise LogError(f"{label} cannot be read; check the permissions.") from error


def _check_bomb(label: str, packed_bytes: int, read_bytes: int) -> None:
    ratio = read_bytes / packed_bytes
    if read_bytes > MAX_UNPACKED_BYTES or (read_bytes > MIN_BOMB_BYTES and ratio > MAX_UNPACK_RATIO):
        raise LogError(f"{label} unpacks to more than {read_bytes / 1e6:,.0f} MB ({ratio:,.0f} times its size), beyond "
                       "the limit; take a shorter period or fewer columns.")  # fmt: skip


def _check_start(start: bytes, label: str) -> None:
    """Refuses what is plainly no text table, from its first bytes."""
    if start.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        raise LogError(f"{label} is an Excel workbook or zip archive; save the sheet as CSV (UTF-8), or unzip it.")
    if start.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise LogError(f"{label} is UTF-16 text; save it as UTF-8.")
    if start.startswith((b"PAR1", b"\x1f\x8b", b"%PDF")):
        raise LogError(f"{label} is binary (Parquet, PDF or packed twice); export it as CSV or JSON lines.")
    if start.removeprefix(codecs.BOM_UTF8).lstrip()[:1] == b"<":
        raise LogError(f"{label} is a web page or XML, perhaps a sign-in page; download the export itself.")


def _decode(decoder: codecs.IncrementalDecoder, chunk: bytes, label: str, line_count: int, final: bool) -> str:
    if b"\x00" in chunk:
        line = line_count + chunk[: chunk.index(b"\x00")].count(b"\n") + 1
        raise LogError(f"{label} holds NUL bytes (line {line}), so it is binary or UTF-16; save it as UTF-8 text.")
    try:
        return decoder.decode(chunk, final)
    except UnicodeDecodeError as error:
        line = line_count + error.object[: error.start].count(b"\n") + 1
        raise LogError(f"{label} is not UTF-8 text (line {line}); save it as UTF-8.") from error


def _check_content(path: Path, label: str, progress: Progress) -> _Check:
    """One pass over all bytes: encoding, line length, number of lines. Raises LogError."""
    size_bytes = _check_size(path, label) * (1 if not _is_packed(path) else 8)
    decoder = codecs.getincrementaldecoder("utf-8")()
    line_count = read_bytes = run_bytes = 0
    blank, has_quotes = True, False
    for chunk in _chunks(path, label):
        if read_bytes == 0:
            _check_start(chunk[:1024], label)
        blank = not _decode(decoder, chunk, label, line_count, False).lstrip("\ufeff \t\r\n") and blank
        run_bytes = _check_lines(chunk, run_bytes, line_count, label)
        line_count += chunk.count(b"\n")
        read_bytes += len(chunk)
        has_quotes = has_quotes or b'"' in chunk
        progress(0.4 * min(1.0, read_bytes / size_bytes), "Checking the file")
    _decode(decoder, b"", label, line_count, True)
    if blank:
        raise LogError(f"{label} holds nothing but white space; export the log again.")
    if line_count > MAX_ROWS:
        raise LogError(f"{label} has more than {MAX_ROWS:,} lines; take a shorter period.")
    with path.open("rb") as file:
        return _Check(hashlib.file_digest(file, "sha256").hexdigest(), has_quotes)


def _check_lines(chunk: bytes, run_bytes: int, line_count: int, label: str) -> int:
    """Bytes of the unfinished line at the end of the chunk. Raises LogError when a line is too long."""
    first = chunk.find(b"\n")
    if run_bytes + (len(chunk) if first < 0 else first) > MAX_LINE_BYTES:
        raise LogError(f"{label} has a line longer than {MAX_LINE_BYTES / 1e6:,.0f} MB (line {line_count + 1}); "
                       "write one request a line, without the prompt text.")  # fmt: skip
    return run_bytes + len(chunk) if first < 0 else len(chunk) - chunk.rfind(b"\n") - 1


# --- the head: format, columns, sample ---------------------------------------------------------------------------


def _read_head(path: Path, label: str) -> _Head:
    data, whole = bytearray(), True
    for chunk in _chunks(path, label):
        data += chunk
        if len(data) >= HEAD_BYTES:
            whole = False
            break
    _check_start(bytes(data[:1024]), label)
    decoder = codecs.getincrementaldecoder("utf-8")()
    text = _decode(decoder, bytes(data), label, 0, whole).removeprefix("\ufeff")
    if not text.strip():
        raise LogError(f"{label} holds nothing but white space; export the log again.")
    packed = _is_packed(path)
    first = text.lstrip()[0]
    if first in "{[":
        return _json_head(text, label, packed, "array" if first == "[" else "lines")
    return _csv_head(text, label, packed, whole)


def _json_head(text: str, label: str, packed: bool, kind: Kind) -> _Head:
    documents = _array_objects(text) if kind == "array" else _line_objects(text)
    if not documents:
        raise LogError(_document_problem(text, label))
    keys = sorted({key for document in documents[:3] for key in _deep_keys(document, 6)})
    _refuse_aggregate(label, keys)
    rows, place_of = [], dict[str, tuple[str, ...]]()
    for document in documents:
        leaves = dict(_leaves(document, ()))
        place_of |= {".".join(keys): ("json", *keys) for keys in leaves}
        rows.append({".".join(keys): value for keys, value in leaves.items()})
    _check_columns(label, len(place_of))
    return _Head(label, kind, packed, "", 0, 1, place_of, tuple(rows))


def _line_objects(text: str) -> list[dict[str, Any]]:
    found = []
    for line in text.splitlines():
        try:
            document = json.loads(line)
        except (ValueError, RecursionError):
            continue
        if isinstance(document, dict):
            found.append(document)
        if len(found) >= HEAD_ROW_COUNT:
            break
    return found


def _array_objects(text: str) -> list[dict[str, Any]]:
    decoder, found, position = json.JSONDecoder(), list[dict[str, Any]](), text.index("[") + 1
    while len(found) < HEAD_ROW_COUNT:
        separator = re.compile(r"[\s,]*").match(text, position)
        try:
            document, position = decoder.raw_decode(text, separator.end() if separator else position)
        except (ValueError, RecursionError):
            break
        if isinstance(document, dict):
            found.append(document)
    return found


def _document_problem(text: str, label: str) -> str:
    """What to tell when no line is an object: an aggregate in one document, or something else."""
    try:
        reason = names.aggregate_reason(sorted(_deep_keys(json.loads(text), 6)))
    except RecursionError:
        return f"{label} is JSON nested too deeply; write one flat object a line."
    except ValueError:
        reason = None
    if reason is not None:
        return f"{label} {reason}."
    return f"{label} has no line that is a JSON object (line 1); write one object a line, for example with jq -c '.[]'."


def _deep_keys(value: Any, depth: int) -> set[str]:
    """Keys of nested objects, of lists the first few elements."""
    if depth == 0 or not isinstance(value, dict | list):
        return set()
    inner = value.values() if isinstance(value, dict) else value[:3]
    return set(value if isinstance(value, dict) else ()).union(*(_deep_keys(child, depth - 1) for child in inner))


def _leaves(value: Mapping[str, Any], above: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str]]:
    """Key paths, at most four keys deep, with the value as text; lists are named but not read."""
    for key, child in value.items():
        if isinstance(child, dict):
            if len(above) < 3:
                yield from _leaves(child, (*above, key))
        else:
            yield (*above, key), _as_text(child)


def _as_text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return "" if value is None or isinstance(value, list) else str(value)


def _csv_head(text: str, label: str, packed: bool, whole: bool) -> _Head:
    skip_count = len(text) - len(text.lstrip("\r\n"))
    skipped = text[:skip_count].count("\n")
    body = text[skip_count:]
    delimiter = _delimiter(body, label)
    try:
        records = _records(body, delimiter, whole)
    except csv.Error as error:
        raise LogError(f"{label} cannot be split into columns; quote the text cells or leave them out.") from error
    header = _unique([cell.strip() for cell in records[0]])
    _check_columns(label, len(header))
    if sum(map(names.is_time, header)) > len(header) / 2:
        raise LogError(f"{label} has no header row (line {skipped + 1} starts with data); name the columns there.")
    _refuse_aggregate(label, header)
    if len(records) == 1:
        raise LogError(f"{label} has a header row but no data rows; export a period with requests.")
    rows = tuple(dict(zip(header, record, strict=False)) for record in records[1:])
    place_of: dict[str, tuple[str, ...]] = {name: (f"c{index}",) for index, name in enumerate(header)}
    place_of |= _json_places(place_of, rows)
    rows = tuple(row | _json_values(row, place_of) for row in rows)
    return _Head(label, "csv", packed, delimiter, skipped, len(header), place_of, rows)


def _delimiter(body: str, label: str) -> str:
    line = re.sub(r'"[^"]*"', "", body.splitlines()[0])
    best = max((",", ";", "\t", "|"), key=line.count)
    if line.count(best) == 0:
        raise LogError(f"{label} has a single column (line 1), so it is no table; "
                       "separate columns by commas, or write one JSON object a line.")  # fmt: skip
    return best


def _records(body: str, delimiter: str, whole: bool) -> list[list[str]]:
    found = []
    for record in csv.reader(io.StringIO(body, newline=""), delimiter=delimiter):
        if any(record):
            found.append(record)
        if len(found) > HEAD_ROW_COUNT:
            return found
    return found if whole or len(found) < 3 else found[:-1]


def _unique(header: Sequence[str]) -> list[str]:
    """Names for all columns: blanks are numbered, repeats get a suffix."""
    found = list[str]()
    for index, name in enumerate(header):
        base = name or f"column {index + 1}"
        found.append(base if base not in found else f"{base} ({index + 1})")
    return found


def _json_places(
    place_of: Mapping[str, tuple[str, ...]], rows: Iterable[Mapping[str, str]]
) -> dict[str, tuple[str, ...]]:
    """Columns within known JSON-bearing cells of a CSV, such as the metadata of LiteLLM."""
    holders = [name for name in place_of if names.normalised(name) in JSON_COLUMNS]
    found = dict[str, tuple[str, ...]]()
    for row in rows:
        for name in holders:
            for keys, _ in _leaves(_as_object(row.get(name, "")), ()):
                found[".".join((name, *keys))] = (*place_of[name], *keys)
    return found if len(place_of) + len(found) <= MAX_COLUMNS else {}


def _json_values(row: Mapping[str, str], place_of: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
    found = dict[str, str]()
    for name in row:
        if names.normalised(name) in JSON_COLUMNS:
            found |= {".".join((name, *keys)): value for keys, value in _leaves(_as_object(row[name]), ())}
    return {name: value for name, value in found.items() if name in place_of}


def _as_object(text: str) -> Mapping[str, Any]:
    try:
        value = json.loads(text) if text.startswith("{") else {}
    except (ValueError, RecursionError):
        return {}
    return value if isinstance(value, dict) else {}


def _check_columns(label: str, column_count: int) -> None:
    if column_count > MAX_COLUMNS:
        raise LogError(f"{label} has {column_count:,} columns and the limit is {MAX_COLUMNS}; "
                       "keep the time and token columns only.")  # fmt: skip


def _refuse_aggregate(label: str, columns: Sequence[str]) -> None:
    if (reason := names.aggregate_reason(columns)) is not None:
        raise LogError(f"{label} {reason}.")


# --- what the columns mean ---------------------------------------------------------------------------------------


def guess_columns(path: Path) -> ColumnGuess:
    """The roles of the columns, from names and the first rows (2,000 at most). Raises LogError for unusable files."""
    return _guess(_read_head(path, _clean(path.name, NAME_CHAR_COUNT)))


def _guess(head: _Head) -> ColumnGuess:
    columns = tuple(head.place_of)
    best, doubts = dict[str, names.Match](), list[str]()
    for role in (*ROLES, *EXTRA_ROLES):
        found = names.candidates(role, columns, head.rows)
        if found:
            best[role] = found[0]
            rival = names.competing(found, head.rows) if role in ROLES[:5] else None
            doubts += [f'both "{_clean(found[0].column)}" and "{_clean(rival)}" could be the {role}'] if rival else []
        elif role in ("time", "input", "output"):
            doubts.append(f"no column looks like the {role}")
    role_of = {role: match.column for role, match in best.items()}
    excludes = names.excludes_cache(best, columns, head.rows)
    doubts += _more_doubts(head, best)
    reason = "; ".join(doubts) + ": please confirm." if doubts else "All columns were recognised by name."
    return ColumnGuess(columns, role_of, excludes, not doubts, reason[0].upper() + reason[1:], _sample(head))


def _more_doubts(head: _Head, best: Mapping[str, names.Match]) -> list[str]:
    found = []
    if "time" in best and (unit := _relative_unit(head, best["time"].column)) is not None and not unit[1]:
        found.append(f"the clock counts from 0 without naming its unit (taken as {unit[0]})")
    uncached = "input" in best and best["input"].name in ("uncachedinputtokens", "inputuncachedtokens")
    if uncached and "cache_read" not in best:
        found.append("the input leaves cached tokens out and no column gives them")
    return found


def _relative_unit(head: _Head, column: str) -> tuple[str, bool] | None:
    return names.relative_unit(column, head.place_of, head.values(column))


def _sample(head: _Head) -> tuple[tuple[str, ...], ...]:
    """First rows of the columns that hold nothing but numbers or times; other cells are blank."""
    shown = {
        column
        for column in head.place_of
        if (filled := [value for value in head.values(column) if value.strip()]) and all(map(names.is_time, filled))
    }
    rows = head.rows[:SAMPLE_ROW_COUNT]
    return tuple(tuple(_clean(row.get(name, "")) if name in shown else "" for name in head.place_of) for row in rows)


def _plan(head: _Head, role_of: Mapping[str, str] | None, input_excludes_cache: bool | None) -> _Plan:
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
            raise LogError(f'"{_clean(role)}" is no role of a column; the roles are {", ".join(ROLES)}.')
        if name not in head.place_of:
            raise LogError(f'{head.label} has no column "{_clean(name)}" for the {role}. {_column_list(head, role)}')
    for role in ("time", "input", "output"):
        if role not in roles:
            raise LogError(f"{head.label} has no column recognised as the {role}. {_column_list(head, role)}")
    _refuse_dates(head, roles["time"])
    excludes = guess.input_excludes_cache if input_excludes_cache is None else input_excludes_cache
    return _Plan(roles, excludes, _relative_unit(head, roles["time"]))


def _column_list(head: _Head, role: str) -> str:
    shown = ", ".join(_clean(name) for name in list(head.place_of)[:SHOWN_COLUMN_COUNT])
    more = len(head.place_of) - SHOWN_COLUMN_COUNT
    near = ", ".join(map(_clean, names.nearest(role, tuple(head.place_of)))) or "none"
    return f"Its columns are {shown}{f' and {more} more' if more > 0 else ''}; nearest: {near}. Map or rename one."


def _refuse_dates(head: _Head, column: str) -> None:
    filled = [value for value in head.values(column) if value.strip()]
    if filled and all(map(names.is_midnight, filled)):
        raise LogError(f'{head.label}: column "{_clean(column)}" holds dates without a time of day, such as '
                       f'"{_clean(filled[0])}"; export the time of each request.')  # fmt: skip


# --- DuckDB -------------------------------------------------------------------------------------------------------


class _Engine:
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
        self.connection = duckdb.connect(str(folder / "scratch.duckdb"), config=config)
        self.backend = ibis.duckdb.from_connection(self.connection)  # sets the time zone to UTC
        self.connection.execute(f"SET allowed_paths = [{_quoted(str(log))}]")
        self.connection.execute("SET enable_external_access = false")
        self.connection.execute("SET lock_configuration = true")

    def rows(self, expression: ir.Table) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.backend.to_pyarrow(expression).to_pylist()
        return found

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


def _open_raw(engine: _Engine, head: _Head, log: Path, has_quotes: bool) -> ir.Table:
    """The log as text: CSV columns c0, c1, … or one column `json`. No name given by a user reaches SQL here."""
    packing = f"compression = {_quoted('gzip' if head.packed else 'none')}"
    if head.kind == "csv":
        cells = [f"c{index}" for index in range(head.cell_count)]
        types = ", ".join(f"'{cell}': 'VARCHAR'" for cell in cells)
        options = [
            f"columns = {{{types}}}, delim = {_quoted(head.delimiter)}, header = true, skip = {head.skip_count}",
            "quote = '\"', escape = '\"', auto_detect = false, null_padding = true",
            f"ignore_errors = true, store_rejects = true, parallel = {str(not has_quotes).lower()}, {packing}",
        ]
        source = f"SELECT * FROM read_csv({_quoted(str(log))}, {', '.join(options)})"  # noqa: S608  our words only
    else:
        cells = ["json"]
        form = "array" if head.kind == "array" else "newline_delimited"
        options = [f"format = '{form}', ignore_errors = {str(head.kind != 'array').lower()}, {packing}"]
        source = f"SELECT json::VARCHAR AS json FROM read_json_objects({_quoted(str(log))}, {', '.join(options)})"  # noqa: S608
    engine.connection.execute(f"CREATE TEMP VIEW raw AS {source}")
    return ibis.table(dict.fromkeys(cells, "string"), name="raw")


@ibis.udf.scalar.builtin(name="json_extract_string")  # type: ignore[untyped-decorator]
def _json_text(document: str, pointer: str) -> str:  # type: ignore[empty-body]
    """DuckDB's own function."""


@ibis.udf.scalar.builtin(name="json_valid")  # type: ignore[untyped-decorator]
def _json_valid(document: str) -> bool:  # type: ignore[empty-body]
    """DuckDB's own function."""


@ibis.udf.scalar.builtin(name="epoch_us")  # type: ignore[untyped-decorator]
def _epoch_us(moment: ibis.expr.datatypes.Timestamp("UTC")) -> int:  # type: ignore[empty-body, valid-type]
    """DuckDB's own function; it truncates, where a cast to integer seconds would round."""


@ibis.udf.scalar.builtin(name="hash")  # type: ignore[untyped-decorator]
def _hash(text: str) -> ibis.expr.datatypes.uint64:  # type: ignore[empty-body, valid-type]
    """DuckDB's own function."""


def _cell(raw: ir.Table, place: tuple[str, ...]) -> Any:
    """The trimmed text of a column; NULL when blank."""
    text: Any = raw[place[0]]
    if len(place) > 1:
        pointer = "".join("/" + key.replace("~", "~0").replace("/", "~1") for key in place[1:])
        text = _json_text(text if place[0] == "json" else _json_valid(text).ifelse(text, None), pointer)
    return text.strip().nullif("")


def _number(text: Any) -> Any:
    """A cell as float64: 3, 3.0, 1,234 and 12,0 are read; NULL otherwise."""
    grouped = text.re_search(r"^\d{1,3}(,\d{3})+(\.\d+)?$")
    decimal = text.re_search(r"^\d+,0+$")
    cases = ((~text.contains(","), text), (grouped, text.replace(",", "")), (decimal, text.replace(",", ".")))
    return ibis.cases(*cases, else_=None).try_cast("float64")


def _tokens(text: Any) -> Any:
    """Whole tokens from 0 to 10 M; NULL otherwise (also for NaN and infinity)."""
    number = _number(text)
    fits = (number >= 0) & (number <= MAX_REQUEST_TOK) & (number == number.floor())
    return fits.ifelse(number, None).try_cast("int64")


def _time_us(text: Any, unit: tuple[str, bool] | None) -> Any:
    """Microseconds since 1970, or since 0 of a relative clock. Never a cast from fractional seconds: those round."""
    number, whole = text.try_cast("float64"), text.try_cast("int64")
    is_whole = number == number.floor()
    if unit is not None:
        scale = US_PER_S if unit[0] == "s" else 1_000
        return is_whole.ifelse((number.abs() < 1e13).ifelse(whole, None) * scale, (number * scale).try_cast("int64"))
    steps = ((1e11, 1e6), (1e14, 1e3), (1e17, 1.0), (1e20, 1e-3))  # seconds, ms, µs, ns
    size = number.abs()
    parts = [(is_whole & (size < limit), _scaled(whole, scale)) for limit, scale in steps]
    parts += [(size < limit, (number * scale).try_cast("int64")) for limit, scale in steps]
    numeric = ibis.cases(*parts, else_=None)
    written = text.re_search(r"^\d{4}[-/]").ifelse(text, None).try_cast("timestamp('UTC')")
    return ibis.coalesce(numeric, _epoch_us(written))


def _scaled(whole: Any, scale: float) -> Any:
    return whole * int(scale) if scale >= 1 else whole // round(1 / scale)


def _is_failed(text: Any, column: str) -> Any:
    """Whether a status cell says that the request failed; blank is good."""
    lower, name = text.lower(), names.normalised(column.rsplit(".", 1)[-1])
    if name in names.ERROR_NAMES:
        return text.notnull() & ~lower.isin(["null", "none", "false", "0", "200", "{}", "[]"])
    if name in names.BAD_FLAG_NAMES | names.GOOD_FLAG_NAMES:
        words = ["true", "1", "t", "yes"] if name in names.BAD_FLAG_NAMES else ["false", "0", "f", "no"]
        return lower.isin(words).fill_null(False)
    number = text.try_cast("float64")
    bad_code = ~(number.between(200, 399) | number.isin([0, 1]))
    bad_word = lower.re_search("fail|error|cancel|abort|timeout|timed|throttl|reject|denied|exception|refus")
    return number.notnull().ifelse(bad_code, bad_word).fill_null(False)


# --- one row → numbers -------------------------------------------------------------------------------------------

EXCLUSIONS = ("", "failed requests", "answered by the gateway's own cache", "no model call", "no token counts")
FAULTS = ("", "line", "time", "input", "output", "cache_read", "cache_write", "reasoning", "cached")
COLUMNS = ("time_us", "input_tok", "output_tok", "read_tok", "write_tok", "excluded", "fault", "id_hash")


def _parsed(raw: ir.Table, head: _Head, plan: _Plan, extra: Sequence[str] = ()) -> ir.Table:
    """Every row as integers, with why it is left out (`excluded`) or what is wrong with it (`fault`), 0 for nothing."""
    texts = {role: _cell(raw, head.place_of[name]) for role, name in plan.role_of.items()}
    line_ok: Any = raw.json.lstrip().startswith("{").fill_null(False) if head.kind != "csv" else ibis.literal(True)
    table: Any = raw.select(**texts, line_ok=line_ok, **{name: raw[name] for name in extra})
    tokens = {f"n_{role}": _tokens(table[role]) for role in names.TOKEN_ROLES if role in texts}
    table = table.mutate(time_us=_time_us(table.time, plan.unit), **tokens)
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


def _excluded(table: Any, plan: _Plan) -> Any:
    cases = []
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


@dataclass(frozen=True, slots=True)
class _Source:
    """All that is needed to look at the raw rows again, for an error that names one."""

    engine: _Engine
    raw: ir.Table
    head: _Head
    plan: _Plan

    def first(self, role: str, wrong: Callable[[Any], Any]) -> tuple[int, str]:
        """Number (from 1, the header not counted) and text of the first row that is wrong."""
        numbered = self.raw.mutate(row_number=ibis.row_number())
        table: Any = _parsed(numbered, self.head, self.plan, extra=("row_number",))
        table = table.filter(table.excluded == 0, wrong(table)).order_by("row_number").limit(1)
        shown = table[role] if role in table.columns else ibis.literal("")
        rows = self.engine.rows(table.select("row_number", shown=shown.fill_null("")))
        return (rows[0]["row_number"] + 1, _clean(rows[0]["shown"])) if rows else (0, "")

    def place(self, role: str, wrong: Callable[[Any], Any]) -> str:
        row, shown = self.first(role, wrong)
        return f'{self.head.label}, data row {row}, column "{_clean(self.plan.role_of[role])}": "{shown}"'


REMEDY = {
    "time": "is no time; write it like 2026-10-05T09:00:00Z or as a Unix time",
    "cached": "is less than the cached tokens of the row; say that the input excludes cached tokens, or map another column",
}
UNREADABLE_COUNT = "is no whole number of tokens from 0 to 10,000,000; correct the rows or map another column"


def _refuse_bad(source: _Source, code: int, bad_count: int, row_count: int) -> None:
    role = FAULTS[code]
    share = f"{bad_count:,} of {row_count:,} rows are unreadable, and fewer than 1 % can be dropped"
    if role == "line":
        row, _ = source.first("", lambda table: table.fault == code)
        raise LogError(f"{source.head.label}, data row {row}, is no JSON object; write one object a line ({share}).")
    place = source.place("input" if role == "cached" else role, lambda table: table.fault == code)
    raise LogError(f"{place} {REMEDY.get(role, UNREADABLE_COUNT)} ({share}).")


def _sort_out(source: _Source, table: ir.Table, rejected_count: int) -> tuple[int, dict[str, int]]:
    """Row count of the file and the rows to drop by reason. Raises LogError when 1 % or more cannot be read."""
    found = source.engine.rows(table.group_by("excluded", "fault").aggregate(n=table.count()))
    row_count = sum(group["n"] for group in found) + rejected_count
    dropped = {reason: 0 for reason in EXCLUSIONS[1:]}
    bad_count_of = dict[int, int]()
    for group in found:
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


def _ragged(source: _Source, bad_count: int, row_count: int) -> str:
    line = source.engine.connection.execute("SELECT min(line) FROM reject_errors").fetchall()[0][0]
    return (
        f"{source.head.label}, line {line}, does not have the {source.head.cell_count} columns of the header "
        f"({bad_count:,} of {row_count:,} rows); quote the cells that contain the separator."
    )


def _rejected_count(engine: _Engine, head: _Head) -> int:
    if head.kind != "csv":
        return 0
    return int(engine.connection.execute("SELECT count(DISTINCT line) FROM reject_errors").fetchall()[0][0])


def _without_duplicates(source: _Source, table: ir.Table, used_count: int) -> tuple[ir.Table, int]:
    """One row per id, and how many went. Which row of an id stays does not depend on the order of the file."""
    if "id" not in source.plan.role_of:
        return table, 0
    named: Any = table.filter(table.id_hash.notnull())
    counts: Any = named.group_by("id_hash").aggregate(n=named.count())
    found = source.engine.rows(counts.aggregate(extra=(counts.n - 1).sum().fill_null(0)))
    extra_count = int(found[0]["extra"])
    if extra_count > MAX_DUPLICATE_FRAC * used_count:
        name = _clean(source.plan.role_of["id"])
        raise LogError(f'{source.head.label}: {extra_count:,} of {used_count:,} rows repeat a value of "{name}", '
                       "so it is no request id; map another column as the id, or none.")  # fmt: skip
    if extra_count == 0:
        return table, 0
    order = ["time_us", "input_tok", "output_tok", "read_tok", "write_tok"]
    ranked: Any = table.mutate(rank=ibis.row_number().over(group_by="id_hash", order_by=order))
    kept = ranked.filter(ranked.id_hash.isnull() | (ranked["rank"] == 0)).drop("rank")
    return source.engine.store("unique_requests", kept), extra_count


# --- figures ------------------------------------------------------------------------------------------------------


def _lengths(values_tok: Counts, counts: Counts) -> Lengths:
    """Exact figures from value counts (values ascending)."""
    reach = np.cumsum(counts)
    total = int(reach[-1])

    def percentile(fraction: float) -> float:
        position = fraction * (total - 1)
        low, high = (int(values_tok[np.searchsorted(reach, math.floor(position) + step, "right")]) for step in (0, 1))
        return low + (high - low) * (position - math.floor(position))

    mean_tok = int((values_tok * counts).sum()) / total
    p50_tok, p95_tok, p99_tok = ((percentile(fraction) if total > 1 else mean_tok) for fraction in (0.5, 0.95, 0.99))
    return Lengths(mean_tok, p50_tok, p95_tok, p99_tok, float(values_tok[-1]))


def _value_counts(engine: _Engine, table: ir.Table, column: str) -> tuple[Counts, Counts]:
    grouped: Any = table.group_by(value=table[column]).aggregate(n=table.count())
    found = engine.columns(grouped.order_by("value"))
    return found["value"], found["n"]


def _edges_tok(values_tok: Counts, counts: Counts) -> list[int]:
    reach = np.cumsum(counts)
    ranks = [math.ceil(quantile * reach[-1]) for quantile in CELL_QUANTILES]
    return sorted({int(values_tok[np.searchsorted(reach, rank)]) for rank in ranks})


def _cells(
    engine: _Engine, table: ir.Table, input_edges: Sequence[int], output_edges: Sequence[int]
) -> list[LengthCell]:
    """At most 64 cells between the edges; each holds the means of its own requests, so the overall means are exact."""
    binned: Any = table.select(
        "input_tok", "output_tok", i=_bin(table.input_tok, input_edges), o=_bin(table.output_tok, output_edges)
    )
    sums = binned.group_by("i", "o").aggregate(
        n=binned.count(), input_sum=binned.input_tok.sum(), output_sum=binned.output_tok.sum()
    )
    rows = engine.rows(sums.order_by("i", "o"))
    total = sum(row["n"] for row in rows)
    return [LengthCell(row["n"] / total, row["input_sum"] / row["n"], row["output_sum"] / row["n"]) for row in rows]


def _bin(value: Any, edges: Sequence[int]) -> Any:
    """How many edges the value is above."""
    found: Any = ibis.literal(0, "int64")
    for edge in edges:
        found = found + (value > edge).cast("int64")
    return found


def _per_minute(engine: _Engine, table: ir.Table, start_us: int, minute_count: int) -> tuple[Counts, Counts]:
    """Requests and tokens of each minute from the first request on; minutes without requests hold 0."""
    minute = (table.time_us - start_us) // (MINUTE_S * US_PER_S)
    tok = (table.input_tok + table.output_tok).sum()
    grouped: Any = table.group_by(minute=minute).aggregate(n=table.count(), tok=tok)
    found = engine.columns(grouped)
    requests, tokens = np.zeros(minute_count, np.int64), np.zeros(minute_count, np.int64)
    requests[found["minute"]], tokens[found["minute"]] = found["n"], found["tok"]
    return requests, tokens


def _peak(requests: Counts, tokens: Counts, span_s: float, window_s: int) -> Peak:
    """Of the full windows from the first request on; the partial one at the end counts only when it is the only one."""
    full_count = int(span_s // window_s)
    if full_count == 0:
        why = f"The log is shorter than {window_s:,} s, so the ratio 1 is an assumption."
        return Peak(window_s, 1.0, 1.0, "assumed", why)
    ratios = [_ratio(_windows(series, window_s)[:full_count]) for series in (requests, tokens)]
    if window_s <= span_s / 10:
        why = f"From {full_count:,} full windows of {window_s:,} s; it holds for the period of this log."
        return Peak(window_s, ratios[0], ratios[1], "measured", why)
    windows = "window" if full_count == 1 else "windows"
    why = f"From only {full_count:,} full {windows} of {window_s:,} s: a lower bound."
    return Peak(window_s, ratios[0], ratios[1], "bounded" if window_s < span_s else "assumed", why)


def _windows(series: Counts, window_s: int) -> Counts:
    """Sums over so many seconds (a multiple of 60), the last one perhaps partial."""
    step = window_s // MINUTE_S
    return np.add.reduceat(series, np.arange(0, len(series), step))


def _ratio(windows: Counts) -> float:
    mean = float(windows.mean())
    return max(1.0, float(windows.max()) / mean) if mean > 0 else 1.0


def _moment(time_us: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=time_us)


# --- checks of the whole and notes ---------------------------------------------------------------------------------


def _totals(source: _Source, table: ir.Table) -> dict[str, int]:
    expression: Any = table.aggregate(
        n=table.count(),
        start=table.time_us.min(),
        end=table.time_us.max(),
        input=table.input_tok.sum(),
        output=table.output_tok.sum(),
        read=table.read_tok.sum(),
        write=table.write_tok.sum(),
        no_output=(table.output_tok == 0).sum(),
        no_input=(table.input_tok == 0).sum(),
    )
    return {name: int(value or 0) for name, value in source.engine.rows(expression)[0].items()}


def _check_totals(source: _Source, totals: Mapping[str, int], dropped: Mapping[str, int], now: datetime) -> None:
    label = source.head.label
    if totals["n"] == 0:
        reasons = ", ".join(f"{reason}: {count:,}" for reason, count in dropped.items()) or "no rows"
        raise LogError(f"{label} has no usable request left ({reasons}); check the mapped columns or the period.")
    _check_times(source, totals, now)
    if totals["input"] + totals["output"] == 0:
        raise LogError(f"{label}: all token counts are 0; map the columns that hold the tokens.")
    if totals["end"] == totals["start"]:
        what = "a single request" if totals["n"] == 1 else "a single moment for all requests"
        raise LogError(f"{label} has {what}, so no rate can be derived; export a longer period with exact times.")


def _check_times(source: _Source, totals: Mapping[str, int], now: datetime) -> None:
    if source.plan.unit is not None:
        if totals["start"] < 0 or totals["end"] > MAX_RELATIVE_S * US_PER_S:
            place = source.place("time", lambda t: (t.time_us < 0) | (t.time_us > MAX_RELATIVE_S * US_PER_S))
            raise LogError(f"{place} does not fit a clock that counts from 0; write dates like 2026-10-05T09:00:00Z.")
        return
    earliest_us = int(datetime(FIRST_YEAR, 1, 1, tzinfo=UTC).timestamp()) * US_PER_S
    latest_us = int((now + timedelta(days=1)).timestamp()) * US_PER_S
    if totals["end"] > latest_us:
        place = source.place("time", lambda t: (t.fault == 0) & (t.time_us > latest_us))
        raise LogError(f"{place} lies in the future; correct the clock or the unit of the time column.")
    if totals["start"] < earliest_us:
        place = source.place("time", lambda t: (t.fault == 0) & (t.time_us < earliest_us))
        raise LogError(f"{place} lies before {FIRST_YEAR}; correct the clock or the unit of the time column.")


def _notes(source: _Source, totals: Mapping[str, int], empty_minute_count: int, repeat_count: int) -> list[str]:
    span_s = (totals["end"] - totals["start"]) / US_PER_S
    found = _clock_notes(source)
    if span_s < 86_400:
        found.append(f"The log covers {_span(span_s)}: daily and weekly peaks are not in it.")
    if empty_minute_count:
        found.append(f"{empty_minute_count:,} minutes without requests count as zero load.")
    if repeat_count:
        found.append(f"{repeat_count:,} rows repeat another one exactly and carry no id; they were kept.")
    for name, what in (("no_input", "no input"), ("no_output", "no output")):
        if totals[name]:
            found.append(f"{totals[name]:,} requests have {what} tokens; they were kept.")
    if source.plan.input_excludes_cache:
        found.append("The input column leaves cached tokens out; they were added.")
    if "reasoning" in source.plan.role_of:
        found.append("Reasoning tokens stand in a column of their own; they were added to the output.")
    return found


def _clock_notes(source: _Source) -> list[str]:
    found, values = [], source.head.values(source.plan.role_of["time"])
    if source.plan.unit is not None:
        unit, sure = source.plan.unit
        doubt = "" if sure else " (the log does not say the unit: please check)"
        found.append(f"The clock is relative, in {unit} from 0{doubt}; the dates shown are not real.")
    elif any(map(names.is_naive, values)):
        found.append("The times name no zone; UTC was assumed.")
    keys = [_sort_key(value) for value in values if value.strip()]
    if any(later < earlier for earlier, later in itertools.pairwise(keys)):
        found.append("The rows are not in order of time; that does not change the figures.")
    return found


def _sort_key(value: str) -> tuple[float, str]:
    try:
        return float(value), ""
    except ValueError:
        return 0.0, value


def _span(span_s: float) -> str:
    if span_s < 120:
        return f"{span_s:,.0f} s"
    return f"{span_s / 60:,.0f} minutes" if span_s < 7_200 else f"{span_s / 3_600:,.1f} hours"


def _repeat_count(engine: _Engine, table: ir.Table, plan: _Plan) -> int:
    """Rows beyond the first of each set of equal rows, when there is no id to tell."""
    if "id" in plan.role_of:
        return 0
    grouped: Any = table.group_by(*COLUMNS[:5]).aggregate(n=table.count())
    return int(engine.rows(grouped.aggregate(extra=(grouped.n - 1).sum()))[0]["extra"])


# --- the public reading --------------------------------------------------------------------------------------------


def read_log(
    path: Path,
    name: str | None = None,
    role_of: Mapping[str, str] | None = None,
    input_excludes_cache: bool | None = None,
    now: datetime | None = None,
    progress: Progress | None = None,
) -> UsageSummary:
    """Summary of a log: tokens per request, requests per second, ratios; times in UTC.

    `role_of` maps roles to column names and replaces the guess (EXTRA_ROLES stay as guessed unless given; "" is none).
    `now` (aware) bounds the future. Raises LogError, with a remedy, for whatever cannot be read with certainty.
    """
    report = progress or (lambda _fraction, _text: None)
    label = _clean(name or path.name, NAME_CHAR_COUNT)
    check = _check_content(path, label, report)
    head = _read_head(path, label)
    plan = _plan(head, role_of, input_excludes_cache)
    with tempfile.TemporaryDirectory(prefix="usage-log-") as folder:
        log = Path(folder) / "log"  # a name of ours: the real one may hold wildcards
        os.symlink(path.resolve(), log)
        engine = _Engine(Path(folder), log)
        try:
            source = _Source(engine, _open_raw(engine, head, log, check.has_quotes), head, plan)
            return _summarise(source, check.sha256, now or datetime.now(UTC), report)
        except duckdb.Error as error:
            raise LogError(_engine_problem(label, error)) from None
        finally:
            engine.connection.close()


def _engine_problem(label: str, error: duckdb.Error) -> str:
    """The engine's message quotes the file, so only the line number is taken from it."""
    line = re.search(r"[Ll]ine:? (\d+)", str(error))
    if isinstance(error, duckdb.OutOfMemoryException):
        return f"{label} needs more memory than allowed; take a shorter period."
    place = f" near line {line.group(1)}" if line else ""
    return f"{label} cannot be split into rows{place}; check quotes and separators there, or leave text columns out."


def _summarise(source: _Source, sha256: str, now: datetime, report: Progress) -> UsageSummary:
    engine = source.engine
    report(0.45, "Reading the columns")
    table = engine.store("requests", _parsed(source.raw, source.head, source.plan).select(*COLUMNS))
    row_count, dropped = _sort_out(source, table, _rejected_count(engine, source.head))
    used: ir.Table = table.filter(table.excluded == 0, table.fault == 0)
    used_count = row_count - sum(dropped.values())
    report(0.75, "Looking for duplicates")
    used, duplicate_count = _without_duplicates(source, used, used_count)
    dropped |= {"duplicate ids": duplicate_count} if duplicate_count else {}
    totals = _totals(source, used)
    _check_totals(source, totals, dropped, now)
    report(0.85, "Counting lengths and minutes")
    return _build(source, used, totals, sha256, row_count, dropped, report)


def _build(
    source: _Source,
    used: ir.Table,
    totals: Mapping[str, int],
    sha256: str,
    row_count: int,
    dropped: Mapping[str, int],
    report: Progress,
) -> UsageSummary:
    engine, span_us = source.engine, totals["end"] - totals["start"]
    inputs, outputs = (_value_counts(engine, used, column) for column in ("input_tok", "output_tok"))
    minute_count = span_us // (MINUTE_S * US_PER_S) + 1
    requests, tokens = _per_minute(engine, used, totals["start"], minute_count)
    step_s = MINUTE_S * math.ceil(minute_count / MAX_SPARK_COUNT)
    notes = _notes(source, totals, int((requests == 0).sum()), _repeat_count(engine, used, source.plan))
    summary = UsageSummary(
        name=source.head.label,
        sha256=sha256,
        row_count=row_count,
        used_row_count=totals["n"],
        dropped=tuple(dropped.items()),
        start=_moment(totals["start"]),
        end=_moment(totals["end"]),
        span_s=span_us / US_PER_S,
        request_rate_req_s=totals["n"] / (span_us / US_PER_S),
        input_tok=_lengths(*inputs),
        output_tok=_lengths(*outputs),
        cached_frac=_share(totals, "read", "cache_read" in source.plan.role_of),
        cache_write_frac=_share(totals, "write", "cache_write" in source.plan.role_of),
        peaks=tuple(_peak(requests, tokens, span_us / US_PER_S, window_s) for window_s in WINDOWS_S),
        cells=tuple(_cells(engine, used, _edges_tok(*inputs), _edges_tok(*outputs))),
        per_minute_requests=tuple(int(count) for count in _windows(requests, step_s)),
        step_s=step_s,
        notes=tuple(notes),
    )
    report(1.0, "Done")
    return summary


def _share(totals: Mapping[str, int], name: str, known: bool) -> float | None:
    return totals[name] / totals["input"] if known and totals["input"] else None


# --- YAML ----------------------------------------------------------------------------------------------------------


def to_workload_yaml(summary: UsageSummary) -> str:
    """The derived facts as YAML, units in the keys; the cells and peaks with them, no row of the log."""
    lengths = ("mean_tok", "p50_tok", "p95_tok", "p99_tok", "max_tok")
    facts = {
        "log": {"name": summary.name, "sha256": summary.sha256, "row_count": summary.row_count},
        "used_row_count": summary.used_row_count,
        "dropped": [{"reason": reason, "row_count": count} for reason, count in summary.dropped],
        "start": summary.start.isoformat(),
        "end": summary.end.isoformat(),
        "span_s": summary.span_s,
        "request_rate_req_s": summary.request_rate_req_s,
        "input": {key: getattr(summary.input_tok, key) for key in lengths},
        "output": {key: getattr(summary.output_tok, key) for key in lengths},
        "cached_frac": summary.cached_frac,
        "cache_write_frac": summary.cache_write_frac,
        "peaks": [_fields(peak, ("window_s", "ratio", "tokens_ratio", "basis", "why")) for peak in summary.peaks],
        "cells": [_fields(cell, ("share_frac", "input_tok", "output_tok")) for cell in summary.cells],
        "notes": list(summary.notes),
    }
    return yaml.safe_dump(facts, sort_keys=False, allow_unicode=True, width=120)


def _fields(record: Peak | LengthCell, keys: Sequence[str]) -> dict[str, Any]:
    return {key: getattr(record, key) for key in keys}
