"""The sheets with usage of an .xlsx workbook, as CSV text. Cells are read one after another, never all at once."""

import csv
import io
import itertools
import re
import zipfile
from collections.abc import Iterator, Mapping
from xml.etree import ElementTree as ET

from calculators.logs.log_bytes import LogError
from calculators.logs.request_file import MAX_LOG_COLUMNS, known_role_count

MAX_SHARED_CHARS = 200_000_000
MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
CHUNK_ROW_COUNT = 1_000
LOOKED_AT_SHEET_ROWS = 50
"""Titles may stand above the header."""


def workbook_chunks(archive: zipfile.ZipFile, label: str) -> Iterator[bytes]:
    """The rows of the sheets with usage, else of the first that has a table, as CSV. Raises LogError."""
    try:
        if re.search(rb'date1904="(1|true)"', archive.read("xl/workbook.xml")):
            raise LogError(f"{label} counts days from 1904; save the sheet as CSV (UTF-8).")
        words = _shared_words(archive, label)
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
    """The sheets whose header names usage, all of one header; else the first with two rows, wide ones before others."""
    usage = [name for name, rows in sheets.items() if rows and known_role_count(rows[_header(rows)]) >= 2]
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


def _rows(archive: zipfile.ZipFile, name: str, words: list[str], label: str) -> Iterator[list[str]]:
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


def _cell_text(cell: ET.Element, words: list[str]) -> str:
    if cell.get("t") == "inlineStr":
        return "".join(part.text or "" for part in cell.iter(f"{MAIN}t"))
    value = cell.findtext(f"{MAIN}v") or ""
    return words[int(value)] if cell.get("t") == "s" and value else value
