"""Opens a request log and looks at its bytes and first rows: text in, `LogHead` out.

`check_content` passes once over all bytes (size, gzip, encoding, line length); `read_head` tells CSV from JSON, finds
the separator and names the columns. Every refusal is a LogError. What a column means is decided in `request_mapping`.
"""

import codecs
import csv
import gzip
import hashlib
import io
import json
import re
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from calculators.errors import DataError
from calculators.logs import request_columns
from calculators.logs.json_documents import array_objects, json_object, leaves, line_objects, nested_keys

MAX_LOG_BYTES = 500e6  # the file as it lies on disk
MAX_UNPACKED_BYTES = 2e9  # after gunzip
MAX_UNPACK_RATIO = 200.0  # unpacked:packed; real logs stay below 30
MIN_BOMB_BYTES = 10e6  # the ratio only counts above this size
MAX_LINE_BYTES = 2_000_000
MAX_LOG_COLUMNS = 500
MAX_LOG_ROWS = 50_000_000
HEAD_BYTES = 4_000_000
HEAD_ROW_COUNT = 2_000
MAX_SHOWN_CELL_CHARS = 40
MAX_FILE_NAME_CHARS = 120
CHUNK_BYTES = 1_000_000
JSON_COLUMNS = frozenset({"metadata", "usage", "usagedetails", "usagemetadata", "fullresponse"})

LogKind = Literal["csv", "lines", "array"]
Progress = Callable[[float, str], None]

csv.field_size_limit(MAX_LINE_BYTES)


class LogError(DataError):
    """A log that cannot be used. The message names the file, the place, the value and what to do about it."""


@dataclass(frozen=True, slots=True)
class LogHead:
    """Format and first rows of a log. `place_of`: by column, where DuckDB reads it (its cell, then keys within its JSON)."""

    label: str
    kind: LogKind
    packed: bool
    delimiter: str
    skip_count: int
    cell_count: int
    place_of: Mapping[str, tuple[str, ...]]
    rows: tuple[Mapping[str, str], ...]

    def values(self, column: str) -> list[str]:
        return [row.get(column, "") for row in self.rows]


@dataclass(frozen=True, slots=True)
class ContentCheck:
    """Digest of a log, and its numbers of quotes, line feeds and carriage returns."""

    sha256: str
    quote_count: int
    line_count: int
    return_count: int


# --- bytes: size, compression, encoding ----------------------------------------------------------------------------


def check_content(path: Path, label: str, progress: Progress) -> ContentCheck:
    """One pass over all bytes: encoding, line length, number of lines. Raises LogError."""
    size_bytes = _check_size(path, label) * (8 if _is_packed(path, label) else 1)  # a guess, for the progress only
    decoder = codecs.getincrementaldecoder("utf-8")()
    line_count = read_bytes = run_bytes = quote_count = return_count = 0
    blank = True
    for chunk in _chunks(path, label):
        if read_bytes == 0:
            _check_start(chunk[:1024], label)
        blank = not _decode(decoder, chunk, label, line_count, False).lstrip("\ufeff \t\r\n") and blank
        run_bytes = _check_lines(chunk, run_bytes, line_count, label)
        line_count += chunk.count(b"\n")
        read_bytes += len(chunk)
        quote_count += chunk.count(b'"')
        return_count += chunk.count(b"\r")
        progress(0.4 * min(1.0, read_bytes / size_bytes), "Checking the file")
    _decode(decoder, b"", label, line_count, True)
    if blank:
        raise LogError(f"{label} holds nothing but white space; export the log again.")
    if line_count > MAX_LOG_ROWS:
        raise LogError(f"{label} has more than {MAX_LOG_ROWS:,} lines; take a shorter period.")
    with path.open("rb") as file:
        return ContentCheck(hashlib.file_digest(file, "sha256").hexdigest(), quote_count, line_count, return_count)


def check_table(head: LogHead, check: ContentCheck) -> None:
    """Refuses a CSV of which rows would be lost without a word: an open quote, or two kinds of line end."""
    if head.kind != "csv":
        return
    if check.quote_count % 2:
        raise LogError(
            f"{head.label} has an odd number of quotes, so one stays open; quote every text cell on both sides."
        )
    if not check.quote_count and 0 < check.return_count < check.line_count:
        raise LogError(f"{head.label} mixes Windows and Unix line ends; save it again with one kind.")


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
    if size_bytes > MAX_LOG_BYTES:
        raise LogError(
            f"{label} has {size_bytes / 1e6:,.0f} MB and the limit is {MAX_LOG_BYTES / 1e6:,.0f} MB; "
            "keep only time, input and output columns, compress it, or take a shorter period."
        )
    return size_bytes


def _is_packed(path: Path, label: str) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(2) == b"\x1f\x8b"
    except OSError as error:
        raise LogError(f"{label} cannot be read; check the permissions.") from error


def _chunks(path: Path, label: str) -> Iterator[bytes]:
    """The content, gunzipped if need be, in pieces of at most 1 MB. Raises LogError for bombs and broken archives."""
    packed_bytes = _check_size(path, label)
    read_bytes = 0
    packed = _is_packed(path, label)
    try:
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
        raise LogError(
            f"{label} unpacks to more than {read_bytes / 1e6:,.0f} MB ({ratio:,.0f} times its size), beyond "
            "the limit; take a shorter period or fewer columns."
        )


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


def _check_lines(chunk: bytes, run_bytes: int, line_count: int, label: str) -> int:
    """Bytes of the unfinished line at the end of the chunk. Raises LogError when a line is too long."""
    first = chunk.find(b"\n")
    if run_bytes + (len(chunk) if first < 0 else first) > MAX_LINE_BYTES:
        raise LogError(
            f"{label} has a line longer than {MAX_LINE_BYTES / 1e6:,.0f} MB (line {line_count + 1}); "
            "write one request a line, without the prompt text."
        )
    return run_bytes + len(chunk) if first < 0 else len(chunk) - chunk.rfind(b"\n") - 1


# --- the head: format, columns, first rows -------------------------------------------------------------------------


def read_head(path: Path, label: str) -> LogHead:
    """Format, columns and first rows of a log. Raises LogError."""
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
    packed = _is_packed(path, label)
    first = text.lstrip()[0]
    if first in "{[":
        return _json_head(text, label, packed, "array" if first == "[" else "lines")
    return _csv_head(text, label, packed, whole)


def _json_head(text: str, label: str, packed: bool, kind: LogKind) -> LogHead:
    documents = array_objects(text, HEAD_ROW_COUNT) if kind == "array" else line_objects(text, HEAD_ROW_COUNT)
    if not documents:
        raise LogError(_document_problem(text, label))
    _refuse_aggregate(label, sorted({key for document in documents[:3] for key in nested_keys(document, 6)}))
    rows, place_of = [], dict[str, tuple[str, ...]]()
    for document in documents:
        values = dict(leaves(document, ()))
        place_of |= {".".join(keys): ("json", *keys) for keys in values}
        rows.append({".".join(keys): value for keys, value in values.items()})
    _check_columns(label, tuple(place_of))
    return LogHead(
        label=label,
        kind=kind,
        packed=packed,
        delimiter="",
        skip_count=0,
        cell_count=1,
        place_of=place_of,
        rows=tuple(rows),
    )


def _document_problem(text: str, label: str) -> str:
    """What to tell when no line is an object: an aggregate in one document, or something else."""
    try:
        reason = request_columns.aggregate_reason(sorted(nested_keys(json.loads(text), 6)))
    except RecursionError:
        return f"{label} is JSON nested too deeply; write one flat object a line."
    except ValueError:
        reason = None
    if reason is not None:
        return f"{label} {reason}."
    return f"{label} has no line that is a JSON object (line 1); write one object a line, for example with jq -c '.[]'."


def _csv_head(text: str, label: str, packed: bool, whole: bool) -> LogHead:
    skip_count = len(text) - len(text.lstrip("\r\n"))
    skipped = text[:skip_count].count("\n")
    body = text[skip_count:]
    delimiter = _delimiter(body, label)
    try:
        records = _records(body, delimiter, whole)
    except csv.Error as error:
        raise LogError(f"{label} cannot be split into columns; quote the text cells or leave them out.") from error
    header = _unique([cell.strip() for cell in records[0]])
    _check_columns(label, header)
    if sum(map(request_columns.is_time, header)) > len(header) / 2:
        raise LogError(f"{label} has no header row (line {skipped + 1} starts with data); name the columns there.")
    _refuse_aggregate(label, header)
    if len(records) == 1:
        raise LogError(f"{label} has a header row but no data rows; export a period with requests.")
    rows = tuple(dict(zip(header, record, strict=False)) for record in records[1:])
    place_of: dict[str, tuple[str, ...]] = {name: (f"c{index}",) for index, name in enumerate(header)}
    place_of |= _json_places(place_of, rows)
    rows = tuple(row | _json_values(row, place_of) for row in rows)
    return LogHead(
        label=label,
        kind="csv",
        packed=packed,
        delimiter=delimiter,
        skip_count=skipped,
        cell_count=len(header),
        place_of=place_of,
        rows=rows,
    )


def _delimiter(body: str, label: str) -> str:
    line = re.sub(r'"[^"]*"', "", body.splitlines()[0])
    best = max((",", ";", "\t", "|"), key=line.count)
    if line.count(best) == 0:
        raise LogError(
            f"{label} has a single column (line 1), so it is no table; "
            "separate columns by commas, or write one JSON object a line."
        )
    return best


def _records(body: str, delimiter: str, whole: bool) -> list[list[str]]:
    records = []
    for record in csv.reader(io.StringIO(body, newline=""), delimiter=delimiter):
        if any(record):
            records.append(record)
        if len(records) > HEAD_ROW_COUNT:
            return records
    return records if whole or len(records) < 3 else records[:-1]


def _unique(header: Sequence[str]) -> list[str]:
    """Names for all columns: blanks are numbered, repeats get a suffix."""
    names = list[str]()
    for index, name in enumerate(header):
        base = name or f"column {index + 1}"
        names.append(base if base not in names else f"{base} ({index + 1})")
    return names


def _json_places(
    place_of: Mapping[str, tuple[str, ...]], rows: Iterable[Mapping[str, str]]
) -> dict[str, tuple[str, ...]]:
    """Columns within known JSON-bearing cells of a CSV, such as the metadata of LiteLLM."""
    holders = [name for name in place_of if request_columns.normalised(name) in JSON_COLUMNS]
    places = dict[str, tuple[str, ...]]()
    for row in rows:
        for name in holders:
            for keys, _ in leaves(json_object(row.get(name, "")), ()):
                places[".".join((name, *keys))] = (*place_of[name], *keys)
    return places if len(place_of) + len(places) <= MAX_LOG_COLUMNS else {}


def _json_values(row: Mapping[str, str], place_of: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
    values = dict[str, str]()
    for name in row:
        if request_columns.normalised(name) in JSON_COLUMNS:
            values |= {".".join((name, *keys)): value for keys, value in leaves(json_object(row[name]), ())}
    return {name: value for name, value in values.items() if name in place_of}


def _check_columns(label: str, columns: Sequence[str]) -> None:
    if len(columns) > MAX_LOG_COLUMNS:
        raise LogError(
            f"{label} has {len(columns):,} columns and the limit is {MAX_LOG_COLUMNS}; keep time and token columns."
        )
    if any("\ud800" <= char <= "\udfff" for char in "".join(columns)):
        raise LogError(f"{label}: a column name holds characters that are no text; rename it.")


def _refuse_aggregate(label: str, columns: Sequence[str]) -> None:
    if (reason := request_columns.aggregate_reason(columns)) is not None:
        raise LogError(f"{label} {reason}.")
