"""Opens a request log and looks at its bytes and first rows: text in, `LogHead` out.

What is packed or not UTF-8 was made plain by `containers` before. `read_head` tells CSV from JSON and Parquet, finds the separator and header, and names the columns. Every refusal is a LogError. What a column means is decided in `request_mapping`.
"""

import codecs
import csv
import io
import itertools
import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa
import pyarrow.parquet as pq

from calculators.logs import request_columns
from calculators.logs.cells import is_null
from calculators.logs.json_documents import array_objects, json_object, json_text, leaves, line_objects
from calculators.logs.log_bytes import MAX_LINE_BYTES, MAX_LOG_ROWS, ContentCheck, chunks_of, decoded, plain_kind
from calculators.logs.log_bytes import LogError as LogError
from calculators.logs.log_bytes import Progress as Progress
from calculators.logs.shown import reads_as_name
from calculators.logs.timestamps import is_clock_only, is_date_only, is_written

MAX_LOG_COLUMNS = 500
HEAD_BYTES = 4_000_000
HEAD_ROW_COUNT = 2_000
LATER_PLACES, LATER_LINES, LATER_LAST_BYTES = 32, 20, 4_000
"""Where a long file is looked at again, behind its head."""
MAX_TITLE_LINES = 50
"""Lines before the header that are looked at."""
MAX_HEADER_CHARS = 200
WITH = "\0with"
JOINED_TIME = "date time"
JSON_COLUMNS = frozenset({"metadata", "usage", "usagedetails", "usagemetadata", "fullresponse"})

LogKind = Literal["csv", "lines", "array", "parquet"]
csv.field_size_limit(MAX_LINE_BYTES)


@dataclass(frozen=True, slots=True)
class LogHead:
    """Format and first rows of a log. `place_of`: by column, where DuckDB reads it (its cell, then keys within its JSON); two
    places with WITH between them are a date and its time of day."""

    label: str
    kind: LogKind
    delimiter: str
    skip_count: int
    cell_count: int
    place_of: Mapping[str, tuple[str, ...]]
    rows: tuple[Mapping[str, str], ...]

    def values(self, column: str) -> list[str]:
        return [row.get(column, "") for row in self.rows]


class NoRows(LogError):
    """A header, or an empty list, and no request."""


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


# --- the head: format, columns, first rows -------------------------------------------------------------------------


def read_head(path: Path, label: str) -> LogHead:
    """Format, columns and first rows of a plain file. Raises LogError."""
    if plain_kind(path, label) == "parquet":
        return _parquet_head(path, label)
    data, whole = bytearray(), True
    for chunk in chunks_of(path, label):
        data += chunk
        if len(data) >= HEAD_BYTES:
            whole = False
            break
    decoder = codecs.getincrementaldecoder("utf-8")()
    text = decoded(decoder, bytes(data), label, 0, whole).removeprefix("\ufeff")
    if not text.strip():
        raise LogError(f"{label} holds nothing but white space; export the log again.")
    first = text.lstrip()[0]
    later = _later_lines(path)
    if first in "{[":
        return _json_head(text, label, "array" if first == "[" else "lines", later)
    return _csv_head(text, label, whole, later)


def _later_lines(path: Path) -> list[str]:
    """Some lines from all over a long file, behind its first rows: what a column holds may change on the way."""
    with path.open("rb") as file:
        for _ in range(HEAD_ROW_COUNT + MAX_TITLE_LINES):
            file.readline()
        start_byte, size_bytes = file.tell(), path.stat().st_size
        lines = list[bytes]()
        for place in range(LATER_PLACES + 1):
            last = size_bytes - LATER_LAST_BYTES if place == LATER_PLACES else 0
            file.seek(max(start_byte, last, start_byte + (size_bytes - start_byte) * place // LATER_PLACES - last))
            file.readline()
            lines += itertools.islice(iter(file.readline, b""), LATER_LINES)
    return [line.decode(errors="replace").strip("\r\n") for line in lines]


def _json_head(text: str, label: str, kind: LogKind, later: Sequence[str]) -> LogHead:
    documents = array_objects(text, HEAD_ROW_COUNT) if kind == "array" else line_objects(text, HEAD_ROW_COUNT)
    if not documents:
        if re.fullmatch(r"\s*\[\s*\]\s*", text):
            raise NoRows(f"{label} is an empty list; export a period with requests.")
        raise LogError(_document_problem(text, label))
    documents += line_objects("\n".join(line.strip().rstrip(",") for line in later), len(later) or 1)
    rows, place_of = list[Mapping[str, str]](), dict[str, tuple[str, ...]]()
    for document in documents:
        values = dict(leaves(document, ()))
        place_of |= {".".join(keys): ("json", *keys) for keys in values}
        rows.append({".".join(keys): _value(value) for keys, value in values.items()})
    _check_columns(label, tuple(place_of))
    place_of, rows = _with_joined_time(place_of, rows)
    return LogHead(
        label=label,
        kind=kind,
        delimiter="",
        skip_count=0,
        cell_count=1,
        place_of=place_of,
        rows=tuple(rows),
    )


def _document_problem(text: str, label: str) -> str:
    """What to tell when no line is an object."""
    try:
        json.loads(text)
    except RecursionError:
        return f"{label} is JSON nested too deeply; write one flat object a line."
    except ValueError:
        pass
    return f"{label} has no line that is a JSON object (line 1); write one object a line, for example with jq -c '.[]'."


def _parquet_head(path: Path, label: str) -> LogHead:
    try:
        file = pq.ParquetFile(path)
        _check_columns(label, file.schema_arrow.names)
        if file.metadata.num_rows > MAX_LOG_ROWS:
            raise LogError(f"{label} has more than {MAX_LOG_ROWS:,} rows; take a shorter period.")
        batch = next(file.iter_batches(batch_size=HEAD_ROW_COUNT), None)
        records = batch.to_pylist() if batch is not None else []
    except (pa.ArrowException, OSError, ValueError, OverflowError) as error:
        raise LogError(f"{label} is broken Parquet; export it again.") from error
    header = _unique(file.schema_arrow.names)
    if not records:
        raise NoRows(f"{label} has no rows; export a period with requests.")
    rows = [{name: _parquet_text(value) for name, value in zip(header, r.values(), strict=True)} for r in records]
    holders = [name for name in header if all(text[:1] in ("{", "") for row in rows for text in (row[name],))]
    return _table_head(label, "parquet", header, rows, holders)


def _parquet_text(value: Any) -> str:
    """As `open_raw` gives it: microseconds since 1970, or date and time where there is no zone; JSON for nested values."""
    if isinstance(value, datetime):
        since = value - datetime(1970, 1, 1, tzinfo=value.tzinfo and UTC)
        return str(since // timedelta(microseconds=1)) if value.tzinfo else value.isoformat(" ")
    if isinstance(value, list) and value and all(isinstance(pair, tuple) for pair in value):
        value = dict(value)  # a map
    return json.dumps(value, default=str) if isinstance(value, dict | list) else json_text(value)


def _csv_head(text: str, label: str, whole: bool, later: Sequence[str]) -> LogHead:
    skip_count, delimiter, records = _table(text, label, whole)
    header = [cell.strip() for cell in records[0]]
    _check_columns(label, header)
    if not _is_header(header, records[1:]):
        raise LogError(f"{label} has no header row (line {skip_count + 1} starts with data); name the columns there.")
    header = _unique(header)
    if len(records) == 1:
        raise NoRows(f"{label} has a header row but no data rows; export a period with requests.")
    cells = csv.reader((line for line in later if line.count('"') % 2 == 0), delimiter=delimiter)
    records += [record for record in cells if len(record) == len(header)]
    rows = [dict(zip(header, map(_value, record), strict=False)) for record in records[1:]]
    return replace(_table_head(label, "csv", header, rows, []), delimiter=delimiter, skip_count=skip_count)


def _table_head(
    label: str, kind: LogKind, header: Sequence[str], rows: Sequence[Mapping[str, str]], holders: Sequence[str]
) -> LogHead:
    """The head of a table; `holders`: its columns that hold JSON, besides those known by name."""
    place_of: dict[str, tuple[str, ...]] = {name: (f"c{index}",) for index, name in enumerate(header)}
    holders = [*holders, *(name for name in header if request_columns.normalised(name) in JSON_COLUMNS)]
    place_of |= _json_places(place_of, rows, holders)
    place_of, rows = _with_joined_time(place_of, [_json_values(row, place_of, holders) for row in rows])
    return LogHead(
        label=label,
        kind=kind,
        delimiter="",
        skip_count=0,
        cell_count=len(header),
        place_of=place_of,
        rows=tuple(rows),
    )


def _value(cell: str) -> str:
    """The text of a cell; empty for a word that means nothing."""
    return "" if is_null(cell) else cell


def _with_joined_time(
    place_of: Mapping[str, tuple[str, ...]], rows: Sequence[Mapping[str, str]]
) -> tuple[dict[str, tuple[str, ...]], list[Mapping[str, str]]]:
    """A column of dates and one of times of day become one column, unless another has both."""

    def columns(fits: Callable[[str], bool]) -> list[str]:
        cells = {name: [row[name] for row in rows if row.get(name)] for name in place_of}
        return [name for name, values in cells.items() if values and all(map(fits, values))]

    dates, clocks = columns(is_date_only), columns(is_clock_only)
    if len(dates) != 1 or len(clocks) != 1 or columns(lambda text: is_written(text) and not is_date_only(text)):
        return dict(place_of), list(rows)
    (day,), (clock,) = dates, clocks
    joined = {name: place for name, place in place_of.items() if name not in (day, clock)}
    joined[JOINED_TIME] = (*place_of[day], WITH, *place_of[clock])
    return joined, [{**row, JOINED_TIME: f"{row.get(day, '')} {row.get(clock, '')}".strip()} for row in rows]


# --- the table within a text ---------------------------------------------------------------------------------------


def _table(text: str, label: str, whole: bool) -> tuple[int, str, list[list[str]]]:
    """Number of lines before the header (titles, comments, Excel's "sep="), the separator, and the rows from it on."""
    lines = text.split("\n", MAX_TITLE_LINES)[:MAX_TITLE_LINES]
    first = next((index for index, line in enumerate(lines) if not _is_comment(line)), 0)
    if re.match(r"(?i)(insert into|create table|drop table)\b", lines[first]):
        raise LogError(f"{label} is a dump of SQL statements; export the table as CSV or JSON.")
    told = re.fullmatch(r"sep=(.)", lines[first].rstrip("\r"), re.IGNORECASE)
    first += 1 if told else 0
    delimiter = told[1] if told else _delimiter(lines[first:], label)
    body = text.split("\n", first)[-1]
    try:
        records = _records(body, delimiter, whole)
    except csv.Error as error:
        raise LogError(f"{label} cannot be split into columns; quote the text cells or leave them out.") from error
    if not records:
        raise LogError(f"{label} holds no table; export the log again.")
    start = _header_index([record for _, record in records])
    return first + records[start][0], delimiter, [record for _, record in records[start:]]


def _is_comment(line: str) -> bool:
    return not line.strip() or line.startswith(("#", "//", "--"))


def _delimiter(lines: Sequence[str], label: str) -> str:
    """The sign that splits most lines into the same number of cells, more than one."""
    bare = [re.sub(r'"[^"]*"', "", line) for line in lines if line.strip()] or [""]

    def agreement(sign: str) -> tuple[float, int]:
        counts = Counter(sign_count for line in bare if (sign_count := line.count(sign)))
        sign_count, line_count = max(counts.items(), key=lambda item: (item[1], item[0]), default=(0, 0))
        return round(line_count / len(bare), 1), sign_count

    best = max((",", ";", "\t", "|"), key=agreement)
    if agreement(best)[1] == 0:
        raise LogError(
            f"{label} has a single column, so it is no table; separate columns by commas, or write one JSON object a line."
        )
    return best


def _records(body: str, delimiter: str, whole: bool) -> list[tuple[int, list[str]]]:
    """Rows that are not blank, each with the number of lines before it; one with a line feed in quotes is one line."""
    records = list[tuple[int, list[str]]]()
    for line_count, record in enumerate(csv.reader(io.StringIO(body, newline=""), delimiter=delimiter)):
        if any(record):
            records.append((line_count, record))
        if len(records) > HEAD_ROW_COUNT + MAX_TITLE_LINES:
            return records
    return records if whole or len(records) < 3 else records[:-1]


def _header_index(records: Sequence[Sequence[str]]) -> int:
    """Which row names the columns: the first with two roles known by name, else the first as wide as most."""
    for index, record in enumerate(records[:MAX_TITLE_LINES]):
        if known_role_count(record) >= 2:
            return index
    widths = Counter(len(record) for record in records if len(record) > 1)
    width = widths.most_common(1)[0][0] if widths else 0
    return next((index for index, record in enumerate(records[:MAX_TITLE_LINES]) if len(record) == width), 0)


def known_role_count(names: Sequence[str]) -> int:
    """How many of time, input and output the names tell."""
    if len(names) > MAX_LOG_COLUMNS:
        return 0
    short = [name for name in names if len(name) <= MAX_HEADER_CHARS]
    return sum(bool(request_columns.matching_columns(role, short)) for role in ("time", "input", "output"))


def _is_header(names: Sequence[str], rows: Sequence[Sequence[str]]) -> bool:
    """Whether the first row holds names: none of them a number or time, nor what reads
    like a request, with numbers or times below at least one."""
    known = known_role_count(names) >= 2
    if data_count := sum(map(request_columns.is_time, names)):
        return known and 2 * data_count <= len(names)
    if known:
        return True
    if not all(map(reads_as_name, names)):
        return False
    columns = [[row[at] for row in rows if at < len(row) and row[at].strip()] for at in range(len(names))]
    return not rows or any(2 * sum(map(request_columns.is_time, cells)) > len(cells) for cells in columns if cells)


def _unique(header: Sequence[str]) -> list[str]:
    """Names for all columns: blanks are numbered, repeats get a suffix."""
    names = dict[str, None]()  # a set that keeps the order
    for index, name in enumerate(header):
        base = name or f"column {index + 1}"
        names[base if base not in names else f"{base} ({index + 1})"] = None
    return list(names)


def _json_places(
    place_of: Mapping[str, tuple[str, ...]], rows: Iterable[Mapping[str, str]], holders: Sequence[str]
) -> dict[str, tuple[str, ...]]:
    """Columns within JSON-bearing cells of a table, such as the metadata of LiteLLM."""
    places = dict[str, tuple[str, ...]]()
    for row in rows:
        for name in holders:
            for keys, _ in leaves(json_object(row.get(name, "")), ()):
                places[".".join((name, *keys))] = (*place_of[name], *keys)
    return places if len(place_of) + len(places) <= MAX_LOG_COLUMNS else {}


def _json_values(
    row: Mapping[str, str], place_of: Mapping[str, tuple[str, ...]], holders: Sequence[str]
) -> dict[str, str]:
    values = dict(row)
    for name in holders:
        inner = {".".join((name, *keys)): value for keys, value in leaves(json_object(row.get(name, "")), ())}
        values |= {path: _value(value) for path, value in inner.items() if path in place_of}
    return values


def _check_columns(label: str, columns: Sequence[str]) -> None:
    if len(columns) > MAX_LOG_COLUMNS:
        raise LogError(
            f"{label} has {len(columns):,} columns and the limit is {MAX_LOG_COLUMNS}; keep time and token columns."
        )
    if any("\ud800" <= char <= "\udfff" for char in "".join(columns)):
        raise LogError(f"{label}: a column name holds characters that are no text; rename it.")
