"""JSON documents of a text one after the other, however they are written: by line, pretty-printed, in one array, separated by
commas, or behind the prefix of a log line. Memory holds one document at a time.
"""

import gzip
import io
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from calculators.logs.log_lines import line_object, python_object

CHUNK_CHARS = 1_000_000
MAX_DOCUMENT_CHARS = 64_000_000
MAX_DOCUMENT_VALUES = 2_000_000
"""Of lists, objects and values in one document: each takes 50 to 200 bytes of memory."""
MAX_PREFIX_CHARS = 400
MAX_BROKEN_RUN = 1_000
"""Broken objects one after the other, after which the rest is given up."""
_BETWEEN = re.compile(r"[\s,\x1e]*")
_PREFIX_TIME = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?")


class DocumentTooLarge(ValueError):
    """One JSON document is larger than what is read at once."""


@contextmanager
def opened(path: Path) -> Iterator[io.TextIOBase]:
    """The text of a file, gunzipped if need be; bytes that are no UTF-8 are replaced."""
    with path.open("rb") as file:
        packed = file.read(2) == b"\x1f\x8b"
        file.seek(0)
        inner: Any = gzip.open(file) if packed else file  # noqa: SIM115  closed with the file
        yield io.TextIOWrapper(inner, encoding="utf-8-sig", errors="replace")


def documents(text: io.TextIOBase) -> Iterator[Any]:
    """Each document; the elements of an outer array one by one. Text between them is passed over, a broken one is None.

    Raises DocumentTooLarge."""
    decoder, buffer, place, ended, broken_run = json.JSONDecoder(), "", 0, False, 0
    while True:
        place = _start(buffer, place)
        if place < len(buffer):
            try:
                document, place = _decoded(decoder, buffer, place)
                yield document
                broken_run = 0
                continue
            except (ValueError, RecursionError) as error:
                skipped, end = _line(buffer, place)
                if ended or (end < len(buffer) and not _is_cut(error, buffer)):
                    yield from _behind_prefix(skipped)
                    place, broken_run = end, broken_run + skipped.startswith(("{", "["))
                    ended = ended or broken_run > MAX_BROKEN_RUN
                    if broken_run <= MAX_BROKEN_RUN:
                        continue
        if ended:
            return
        if len(buffer) - place > MAX_DOCUMENT_CHARS or value_count(buffer) > MAX_DOCUMENT_VALUES:
            raise DocumentTooLarge
        more = text.read(max(CHUNK_CHARS, len(buffer) - place))
        ended = not more
        buffer, place = buffer[place:] + more, 0


def value_count(text: str) -> int:
    """At most so many lists, objects and values are in a JSON text."""
    return sum(map(text.count, "[{,"))


def _decoded(decoder: json.JSONDecoder, buffer: str, place: int) -> tuple[Any, int]:
    if buffer[place] not in "{[":
        raise ValueError("text")
    return decoder.raw_decode(buffer, place)


def _start(buffer: str, place: int) -> int:
    """Where the next document begins: behind spaces, commas and the brackets of an outer array of objects."""
    while True:
        between = _BETWEEN.match(buffer, place)
        place = between.end() if between else place
        if buffer.startswith("]", place) or re.compile(r"\[\s*\{").match(buffer, place):
            place += 1
        else:
            return place


def _is_cut(error: Exception, buffer: str) -> bool:
    """Whether a document is only cut off by the end of what was read so far."""
    if not isinstance(error, json.JSONDecodeError):
        return False
    return error.msg.startswith("Unterminated") or error.pos >= len(buffer) - 16


def _line(buffer: str, place: int) -> tuple[str, int]:
    end = buffer.find("\n", place)
    end = len(buffer) if end < 0 else end + 1
    return buffer[place:end], end


def _behind_prefix(line: str) -> Iterator[Any]:
    """The object at the end of a line of text, with the time of the text before it, or its names and values; None for a broken
    object."""
    start = line.find("{")
    document = _quoted_object(line) if line.startswith('"{') else None
    if document is None and 0 < start <= MAX_PREFIX_CHARS:
        try:
            document = json.loads(line[start:])
        except (ValueError, RecursionError):
            document = None
    if document is None and start >= 0 and line[start + 1 : start + 2] == "'":
        document = python_object(line[start:])
    if isinstance(document, dict):
        moment = _PREFIX_TIME.search(line[:start])
        yield document | ({"prefix_time": moment.group()} if moment else {})
    elif (told := line_object(line)) is not None:
        yield told
    elif line.startswith("{"):
        yield None


def _quoted_object(line: str) -> Any:
    """The object that a line holds as a JSON text, quotes and all; None for none."""
    try:
        return json.loads(json.loads(line.strip().rstrip(",")))
    except (ValueError, RecursionError, TypeError):
        return None
