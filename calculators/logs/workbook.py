"""The sheets with usage of an .xlsx workbook, as CSV text. Cells are read one after another, never all at once."""

import csv
import io
import itertools
import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from xml.etree import ElementTree as ET

from calculators.logs.log_bytes import LogError
from calculators.logs.request_file import MAX_LOG_COLUMNS, known_role_count

MAX_SHARED_CHARS = 200_000_000
MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
CHUNK_ROW_COUNT = 1_000
DAYS_TO_1904 = 1_462
"""From the day 0 of other workbooks to that of one that counts from 1904."""
BUILT_IN_DATES = frozenset(map(str, (14, 15, 16, 17, 22)))
"""Numbers of formats that show a date."""
LOOKED_AT_SHEET_ROWS = 50
"""Titles may stand above the header."""


@dataclass(frozen=True, slots=True)
class _Words:
    """Texts that the cells of a workbook refer to by number, and styles of its dates that count from 1904."""

    shared: Sequence[str]
    styles_from_1904: frozenset[str] = frozenset()


def workbook_chunks(archive: zipfile.ZipFile, label: str) -> Iterator[bytes]:
    """The rows of the sheets with usage, else of the first that has a table, as CSV. Raises LogError."""
    try:
        words = _Words(_shared_words(archive, label), _date_styles(archive))
        names = [name for name in archive.namelist() if re.fullmatch(r"xl/worksheets/sheet\d+\.xml", name)]
        sheets = {
            name: list(itertools.islice(_rows(archive, name, words, label), LOOKED_AT_SHEET_ROWS))
            for name in sorted(names, key=lambda name: (len(name), name))
        }
        for number, name in enumerate(_chosen(sheets, label)):
            header = _header(sheets[name]) if number else 0
            yield from _csv_chunks(itertools.islice(_rows(archive, name, words, label), header + bool(number), None))
    except LogError:
        raise
    except (ET.ParseError, KeyError, IndexError, ValueError) as error:
        raise LogError(f"{label} is a broken workbook; save the sheet as CSV (UTF-8).") from error


def _chosen(sheets: Mapping[str, list[list[str]]], label: str) -> list[str]:
    """The sheets whose header names usage, all of one header, those of requests before sums; else the first with two rows, wide
    ones before others."""
    known = {name: known_role_count(rows[_header(rows)]) for name, rows in sheets.items() if rows}
    most = max(known.values(), default=0)
    usage = [name for name, count in known.items() if count == most >= 2]
    if len({tuple(sheets[name][_header(sheets[name])]) for name in usage}) > 1:
        raise LogError(f"{label} has several sheets with usage and different columns; save the one that counts as CSV.")
    others = [name for name, rows in sheets.items() if len(rows) > 1]
    others = [name for name in others if max(map(len, sheets[name])) > 1] or others
    if not usage and not others:
        raise LogError(f"{label} has no sheet with a table; export the log again.")
    return usage or others[:1]


def _header(rows: list[list[str]]) -> int:
    """The place of the row that names usage; 0 for none."""
    return next((place for place, row in enumerate(rows) if known_role_count(row) >= 2), 0)


def _csv_chunks(rows: Iterator[list[str]]) -> Iterator[bytes]:
    batch = list[list[str]]()
    for row in rows:
        batch.append(row)
        if len(batch) == CHUNK_ROW_COUNT:
            yield _csv(batch)
            batch = []
    yield _csv(batch)


def _csv(rows: list[list[str]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue().encode(errors="replace")


def _shared_words(archive: zipfile.ZipFile, label: str) -> list[str]:
    """Texts that the cells refer to by number."""
    if "xl/sharedStrings.xml" not in archive.namelist():
        return []
    if archive.getinfo("xl/sharedStrings.xml").file_size > MAX_SHARED_CHARS:
        raise LogError(f"{label} holds too much text; keep only time, input and output columns.")
    words = list[str]()
    with archive.open("xl/sharedStrings.xml") as file:
        for _, element in ET.iterparse(file):  # noqa: S314  Expat limits the growth of entities itself
            if element.tag == f"{MAIN}si":
                words.append("".join(part.text or "" for part in element.iter(f"{MAIN}t")))
                element.clear()
    return words


def _rows(archive: zipfile.ZipFile, name: str, words: _Words, label: str) -> Iterator[list[str]]:
    """Rows that are not blank, each with all cells up to its last."""
    with archive.open(name) as file:
        for _, element in ET.iterparse(file):  # noqa: S314
            if element.tag != f"{MAIN}row":
                continue
            row = list[str]()
            for cell in element.iter(f"{MAIN}c"):
                at = _column(cell.get("r", ""), len(row))
                if at >= MAX_LOG_COLUMNS:
                    raise LogError(f"{label} has more than {MAX_LOG_COLUMNS} columns; keep time and token columns.")
                row += [""] * (at - len(row)) + [_cell_text(cell, words)]
            element.clear()
            if any(row):
                yield row


def _column(reference: str, following: int) -> int:
    """Number of the column of "AB12", from 0; cells without a reference follow one another."""
    letters = re.match(r"[A-Z]{1,3}", reference)
    if letters is None:
        return following
    number = 0
    for letter in letters.group():
        number = number * 26 + ord(letter) - ord("A") + 1
    return max(following, number - 1)


def _cell_text(cell: ET.Element, words: _Words) -> str:
    kind, value = cell.get("t", "n"), cell.findtext(f"{MAIN}v") or ""
    if kind == "inlineStr":
        return "".join(part.text or "" for part in cell.iter(f"{MAIN}t"))
    if kind == "s" and value:
        return words.shared[int(value)]
    is_early = kind == "n" and value and cell.get("s", "0") in words.styles_from_1904
    return str(float(value) + DAYS_TO_1904) if is_early else value


def _date_styles(archive: zipfile.ZipFile) -> frozenset[str]:
    """The numbers of the styles that show a cell as a date, where the workbook counts days from 1904; else none."""
    if not re.search(rb'date1904="(1|true)"', archive.read("xl/workbook.xml")):
        return frozenset()
    root = ET.fromstring(archive.read("xl/styles.xml"))  # noqa: S314  as above
    codes = {one.get("numFmtId", ""): one.get("formatCode", "") for one in root.iter(f"{MAIN}numFmt")}
    dated = {
        number for number, code in codes.items() if re.search("[yd]", re.sub(r'"[^"]*"|\[[^]]*\]', "", code.lower()))
    }
    formats = [one.get("numFmtId", "") for cells in root.iter(f"{MAIN}cellXfs") for one in cells.iter(f"{MAIN}xf")]
    return frozenset(str(at) for at, number in enumerate(formats) if number in dated | BUILT_IN_DATES)
