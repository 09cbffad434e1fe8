"""Tables of sums in CSV, Parquet or JSON of any nesting, as flat rows by normalized name, one at a time.

A nested key is there twice: by its whole path and by its last part. Lists of objects (pages, buckets, results) become
rows that repeat what stands around them; other lists are left out. Values are text, and "" is null.
"""

import csv
import itertools
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from calculators.logs.cells import thousands_sign
from calculators.logs.json_documents import array_objects, json_text, line_objects
from calculators.logs.log_bytes import START_BYTES, Progress, packing, reported, silent
from calculators.logs.money import in_major_units, money_unit
from calculators.logs.request_columns import normalised
from calculators.logs.request_file import MAX_LOG_COLUMNS
from calculators.logs.usage_headers import (
    DOTTED,
    cell_unit,
    header_names,
)

HEAD_CHARS = 200_000
FIRST_ROW_COUNT = 50
HEADER_LINE_COUNT = 20
"""Titles and comments may stand above the header."""
MAX_JSON_BYTES = 24_000_000
MAX_TABLE_DEPTH = 8
MAX_PARQUET_ROWS = 1_000_000
ROW_LISTS = frozenset(
    (
        *("data", "results", "value", "timeseries", "rows", "items", "records", "buckets", "days", "datapoints"),
        *(
            "daily",
            "weekly",
            "monthly",
            "sessions",
            "blocks",
            "modelbreakdowns",
            "modelbreakdown",
            "metricdataresults",
            "usage",
            "costs",
            "resultsbytime",
            "groups",
            "points",
        ),
    )
)
"""Keys whose lists of objects are rows."""
REPEATED_SUMS = frozenset({"breakdown", "totals", "totalresults", "summary"})
"""Keys that repeat the sums of the rows."""
SIDE_LISTS = frozenset({"timestamps", "values", "inputlens", "outputlens", "errors"})
"""Keys whose lists of plain values run side by side."""
DATE_CELL = re.compile(r"20\d\d[-/.]\d\d?([-/.]\d\d?)?|\d\d?[-/.]\d\d?[-/.]20\d\d")
"""A header of a table with a column for each day or month."""
DELIMITERS = (",", ";", "\t", "|")

Row = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class UsageTable:
    """Names of the columns, and a way to pass over the rows."""

    names: frozenset[str]
    rows: Callable[[], Iterator[Row]]
    is_json: bool = False
    header: tuple[str, ...] = ()
    """Cells of the header line of a CSV as they are written."""
    cells: Callable[[], Iterator[list[str]]] | None = None
    """The cells of each row of a CSV."""
    is_running: bool = False
    """Whether the header says that each row holds the totals so far."""
    files: "tuple[UsageTable, ...]" = ()
    """The tables of several files that this one joins."""


def usage_tables(path: Path, progress: Progress = silent) -> Iterator[UsageTable]:
    """The tables that a file may hold: of JSON one, of CSV one for each line that may be the header. None for a file that is
    no text."""
    for table in _tables(path):
        yield replace(table, rows=partial(_reported_rows, table.rows, progress))


def _reported_rows(rows: Callable[[], Iterator[Row]], progress: Progress) -> Iterator[Row]:
    return reported(rows(), progress, "Reading rows")


def _tables(path: Path) -> Iterator[UsageTable]:
    try:
        with path.open("rb") as packed:
            if packing(packed.read(START_BYTES)) == "parquet":
                yield from _parquet_table(path)
                return
        with path.open(encoding="utf-8-sig", newline="") as file:
            head = file.read(HEAD_CHARS)
    except (OSError, UnicodeDecodeError, pa.ArrowException):
        return
    if head.lstrip()[:1] in ("{", "["):
        yield from _json_table(path, head)
    elif "\x00" not in head:
        yield from _csv_tables(path, head)


def _parquet_table(path: Path) -> Iterator[UsageTable]:
    """The table of a Parquet file of few rows; sums are never many."""
    try:
        file = pq.ParquetFile(path)
    except (pa.ArrowException, OSError):
        return
    if file.metadata.num_rows > MAX_PARQUET_ROWS or any(pa.types.is_nested(kind) for kind in file.schema_arrow.types):
        return
    names, _ = header_names(file.schema_arrow.names)

    def rows() -> Iterator[list[str]]:
        try:
            for batch in file.iter_batches(batch_size=1_000):
                yield from ([json_text(_moment(value)) for value in row.values()] for row in batch.to_pylist())
        except (pa.ArrowException, OSError, ValueError, OverflowError):
            return

    yield UsageTable(frozenset(name for pair in names for name in pair), partial(_named, names, {}, rows))


def _moment(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value


# --- JSON ------------------------------------------------------------------------------------------------------------


def _json_table(path: Path, head: str) -> Iterator[UsageTable]:
    written = re.findall(r'"([^"\\]{1,80})"\s*:', head)
    keys = {normalised(name) for name in written} | ({"date"} if any(map(DATE_CELL.fullmatch, written)) else set())
    objects = array_objects(head, FIRST_ROW_COUNT) if "[" in head else []
    for document in (*objects, *line_objects(head, FIRST_ROW_COUNT)):
        keys |= {name for row in exploded(document, {}) for name in row}
    if path.stat().st_size <= MAX_JSON_BYTES:
        yield UsageTable(frozenset(keys), lambda: _json_rows(path), is_json=True)


def _json_rows(path: Path) -> Iterator[Row]:
    try:
        for document in _documents(path.read_text(encoding="utf-8-sig")):
            yield from exploded(document, {})
    except (UnicodeDecodeError, RecursionError):
        return


def _documents(text: str) -> Iterator[Any]:
    """Every JSON document of a text, one after the other, up to the first that cannot be read."""
    decoder, position, between = json.JSONDecoder(), 0, re.compile(r"[\s,]*")
    while (start := between.match(text, position)) is not None and start.end() < len(text):
        try:
            document, position = decoder.raw_decode(text, start.end())
        except ValueError:
            return
        yield document


def exploded(value: Any, above: Row, depth: int = MAX_TABLE_DEPTH) -> Iterator[Row]:
    """Rows of a document; each repeats the plain values of the objects around it. An empty list is one row of those."""
    if depth == 0:
        return
    if isinstance(value, list):
        for child in value:
            yield from exploded(child, above, depth - 1)
    elif isinstance(value, dict):
        value = {"rows": value} if _is_by_date(value) else value
        lists = [key for key, child in value.items() if _holds_rows(key, child)]
        flat = {**above, **_flat({key: child for key, child in value.items() if key not in lists})}
        if not lists:
            yield from _series(value, flat)
        for key in lists:
            children = _listed(value[key])
            yield from exploded(children, flat, depth - 1) if children else (flat,)


def _holds_rows(key: str, child: Any) -> bool:
    if isinstance(child, dict):
        if _is_by_date(child):
            return True
        return key == "projects" and all(isinstance(part, list) for part in child.values())
    return isinstance(child, list) and normalised(key) in ROW_LISTS and all(isinstance(part, dict) for part in child)


def _is_by_date(value: Mapping[str, Any]) -> bool:
    """Whether an object has an object for each of some dates."""
    return bool(value) and all(DATE_CELL.fullmatch(key) and isinstance(child, dict) for key, child in value.items())


def _listed(children: list[Any] | dict[str, Any]) -> list[Any]:
    if not isinstance(children, dict):
        return children
    return (
        [{"date": key, **child} for key, child in children.items()]
        if _is_by_date(children)
        else list(children.values())
    )


def _series(value: Mapping[str, Any], flat: Row) -> Iterator[Row]:
    """One row for each place of lists that run side by side (times and values, lengths of requests), else the row itself."""
    sides = {
        name: child
        for key, child in value.items()
        if (name := normalised(key)) in SIDE_LISTS and isinstance(child, list)
    }
    if len(sides) < 2:
        yield flat
        return
    for cells in itertools.zip_longest(*sides.values()):
        yield {**flat, **dict(zip(sides, map(json_text, cells), strict=True))}


def _flat(value: Mapping[str, Any]) -> dict[str, str]:
    """Values by whole path, and by last part where no path has that name."""
    by_path = dict(_paths(value, ()))
    by_tail = dict(reversed([(path[-1], text) for path, text in by_path.items()]))
    return by_tail | {"".join(path): text for path, text in by_path.items()}


def _paths(value: Mapping[str, Any], above: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str]]:
    for key, child in value.items():
        name = normalised(str(key))
        path = (*above, *(map(normalised, str(key).split(".")) if DOTTED.fullmatch(str(key)) else (name,)))
        if name in REPEATED_SUMS or len(path) > MAX_TABLE_DEPTH:
            continue
        if name == "metadatavalues" and isinstance(child, list):
            yield from (((dimension,), text) for dimension, text in _dimensions(child))
        elif isinstance(child, dict):
            yield from _paths(child, path)
        elif isinstance(child, list):
            yield from ((path, text) for text in _list_texts(name, child))
        else:
            unit = money_unit(str(key))
            yield path, in_major_units(unit, json_text(child))
            if not unit.is_plain:
                yield (*above, "cost"), in_major_units(unit, json_text(child))


def _list_texts(name: str, child: list[Any]) -> list[str]:
    """What is kept of a list that holds no rows: credits of a bill as JSON, the last of several keys, and the only text of
    others."""
    if name == "credits":
        return [json.dumps(child)]
    if name == "keys" and child and all(isinstance(key, str) for key in child):
        return [child[-1]]
    return child if len(child) == 1 and isinstance(child[0], str) else []


def _dimensions(pairs: list[Any]) -> Iterator[tuple[str, str]]:
    """Dimensions of Azure Monitor: a list of names with values."""
    for pair in pairs:
        if isinstance(pair, dict):
            name = pair.get("name")
            yield normalised(str(name.get("value") if isinstance(name, dict) else name)), json_text(pair.get("value"))


# --- CSV -------------------------------------------------------------------------------------------------------------


def _csv_tables(path: Path, head: str) -> Iterator[UsageTable]:
    for index, line in enumerate(re.split(r"\r\n|\n|\r", head)[:HEADER_LINE_COUNT]):
        delimiter = max(DELIMITERS, key=line.count)
        if line.count(delimiter) >= MAX_LOG_COLUMNS:
            continue
        header = _cells(line, delimiter)
        names, is_running = header_names(header)
        units = {place: unit for place, cell in enumerate(header) if (unit := cell_unit(cell)) is not None}
        dates = sum(DATE_CELL.fullmatch(cell) is not None for cell in header[1:])
        if dates >= 2 or sum(1 for name, tail in names if (name or tail) and not name.isdigit()) >= 2:
            continental = delimiter == ";" and _is_continental(head)
            if not continental:
                units |= _grouped(header, units, head, index, delimiter)
            rows = _csv_rows(path, index, delimiter, continental)
            every = frozenset(name for pair in names for name in pair)
            yield UsageTable(
                every, partial(_named, names, units, rows), header=tuple(header), cells=rows, is_running=is_running
            )


def _grouped(
    header: list[str], units: Mapping[int, Callable[[str], str]], head: str, index: int, delimiter: str
) -> dict[int, Callable[[str], str]]:
    """By place, what makes plain counts of tokens whose thousands are grouped by points: no token is a fraction."""
    lines = re.split(r"\r\n|\n|\r", head)[index + 1 : index + 1 + FIRST_ROW_COUNT]
    rows = list(csv.reader(lines, delimiter=delimiter))
    places = (place for place, name in enumerate(header) if "token" in name.lower() and place not in units)
    signs = {place: thousands_sign([row[place] for row in rows if place < len(row)]) for place in places}
    return {place: lambda cell: cell.replace(".", "").replace(",", ".") for place, sign in signs.items() if sign == "."}


def _cells(line: str, delimiter: str) -> list[str]:
    return next(csv.reader([line], delimiter=delimiter), [])


def _named(
    names: list[tuple[str, str]], units: Mapping[int, Callable[[str], str]], rows: Callable[[], Iterator[list[str]]]
) -> Iterator[Row]:
    """Cells by the whole name, and by its usual name, or its part behind the last dot, where no column has that name."""
    tails = [(index, tail) for index, (name, tail) in reversed(list(enumerate(names))) if tail != name]
    wholes = [name for name, _ in names]
    for cells in rows():
        for place, unit in units.items():
            if place < len(cells):
                cells[place] = unit(cells[place])
        row = {tail: cells[index] for index, tail in tails if index < len(cells)}
        row.update(zip(wholes, cells, strict=False))
        yield row


def _csv_rows(path: Path, skipped: int, delimiter: str, continental: bool) -> Callable[[], Iterator[list[str]]]:
    def rows() -> Iterator[list[str]]:
        with path.open(encoding="utf-8-sig", newline="", errors="replace") as file:
            for _ in range(skipped + 1):
                file.readline()
            try:
                for cells in csv.reader(file, delimiter=delimiter):
                    if any(cells):
                        yield [_plain(cell.strip()) for cell in cells] if continental else list(map(str.strip, cells))
            except csv.Error:
                return

    return rows


def _is_continental(head: str) -> bool:
    """Whether numbers have a decimal comma, or dots between thousands and nowhere else."""
    cells = [cell for line in head.splitlines()[1:] for cell in line.split(";")]
    dotted = [cell for cell in cells if re.fullmatch(r"-?\d+\.\d+", cell)]
    comma = any(re.fullmatch(r"-?\d[\d.]*,\d+", cell) for cell in cells)
    return comma or (bool(dotted) and all(re.fullmatch(r"-?\d{1,3}(\.\d{3})+", cell) for cell in dotted))


def _plain(cell: str) -> str:
    if not re.fullmatch(r"-?\d[\d.]*(,\d+)?", cell) or re.fullmatch(r"\d\d?\.\d\d?\.\d{4}", cell):
        return cell
    return cell.replace(".", "").replace(",", ".")
