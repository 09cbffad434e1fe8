"""The bytes of a log: their size, packing, encoding and line length. Every refusal is a LogError."""

import codecs
import hashlib
import io
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from calculators.errors import DataError

MAX_LOG_BYTES = 4e9  # the file as it lies on disk
MAX_UNPACKED_BYTES = 4e9
MAX_UNPACK_RATIO = 200.0  # unpacked:packed; real logs stay below 30
MIN_BOMB_BYTES = 10e6  # the ratio only counts above this size
MAX_LINE_BYTES = 2_000_000
MAX_LOG_ROWS = 50_000_000
CHUNK_BYTES = 1_000_000
START_BYTES = 1_024
PACKINGS = (
    (b"\x1f\x8b", "gzip"),
    (b"\x28\xb5\x2f\xfd", "zstd"),
    (b"BZh", "bz2"),
    (b"PK\x03\x04", "zip"),
    (b"PAR1", "parquet"),
)
OTHER_BINARIES = (b"%PDF", b"\xfd7zXZ", b"7z\xbc\xaf", b"Rar!", b"PK\x05\x06")

REPORT_EVERY_COUNT = 10_000

Progress = Callable[[float, str], None]
Item = TypeVar("Item")


class LogError(DataError):
    """A log that cannot be used. The message names the file, the place, the value and what to do about it."""


class NotUtf8(LogError):
    """Text in another encoding than UTF-8."""


@dataclass(frozen=True, slots=True)
class ContentCheck:
    """Digest of a log as it was given, and its numbers of quotes, line feeds and carriage returns."""

    sha256: str
    quote_count: int
    line_count: int
    return_count: int


def silent(_fraction: float, _text: str) -> None:
    """A report that nobody reads."""


def reported(items: Iterable[Item], progress: Progress, what: str) -> Iterator[Item]:
    """The items. How many there are is told every so often; what the report raises ends the reading."""
    for count, item in enumerate(items):
        if count % REPORT_EVERY_COUNT == 0:
            progress(0.4, f"{what}: {count:,}")
        yield item


def check_size(path: Path, label: str) -> int:
    """Size in bytes of a file that can be read. Raises LogError."""
    try:
        size_bytes = path.stat().st_size
        is_file = path.is_file()
        with path.open("rb") if is_file else io.BytesIO():
            pass
    except (OSError, ValueError) as error:
        raise LogError(f"{label} cannot be opened; check the name and the permissions.") from error
    if not is_file:
        raise LogError(f"{label} is not a file; name one CSV, JSON-lines or Parquet file.")
    if size_bytes == 0:
        raise LogError(f"{label} is empty (0 bytes); export the log again.")
    if size_bytes > MAX_LOG_BYTES:
        raise LogError(
            f"{label} has {size_bytes / 1e6:,.0f} MB and the limit is {MAX_LOG_BYTES / 1e6:,.0f} MB; "
            "keep only time, input and output columns, compress it, or take a shorter period."
        )
    return size_bytes


def packing(start: bytes) -> str:
    """How a file is packed, by its first bytes: "gzip", "zstd", "bz2", "zip", "tar", "parquet" or "" for not."""
    for magic, kind in PACKINGS:
        if start.startswith(magic):
            return kind
    return "tar" if start[257:262] == b"ustar" else ""


def plain_kind(path: Path, label: str) -> str:
    """The packing of a file, or the encoding of its text: "text" for UTF-8 or alike. Raises LogError for anything else."""
    with path.open("rb") as file:
        start = file.read(START_BYTES)
    if kind := packing(start):
        return kind
    if start.startswith(b"\xd0\xcf\x11\xe0"):
        raise LogError(f"{label} is an old Excel workbook (.xls); save it as .xlsx or as CSV (UTF-8).")
    if start.startswith(OTHER_BINARIES):
        raise LogError(f"{label} is a PDF or packed as xz, 7z or rar; export it as CSV or JSON lines, or unpack it.")
    if start.removeprefix(codecs.BOM_UTF8).lstrip()[:1] == b"<":
        raise LogError(f"{label} is a web page or XML, perhaps a sign-in page; download the export itself.")
    return _encoding(start)


def _encoding(start: bytes) -> str:
    """UTF-16 by its mark, or by the zero bytes of plain letters."""
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    even, odd = start[::2], start[1::2]
    if len(odd) >= 4 and odd.count(0) > 0.8 * len(odd) and not even.count(0):
        return "utf-16-le"
    if len(odd) >= 4 and even.count(0) > 0.8 * len(even) and not odd.count(0):
        return "utf-16-be"
    return "text"


def check_content(path: Path, label: str, progress: Progress) -> ContentCheck:
    """One pass over all bytes of a text: encoding, line length, number of lines, digest. Raises LogError."""
    size_bytes = check_size(path, label)
    decoder, digest = codecs.getincrementaldecoder("utf-8")(), hashlib.sha256()
    line_count = read_bytes = run_bytes = quote_count = return_count = 0
    blank = True
    for chunk in chunks_of(path, label):
        if not chunk.isascii() or decoder.getstate()[0] or b"\x00" in chunk or blank:
            text = decoded(decoder, chunk, label, line_count, False)
            blank = blank and not text.lstrip("\ufeff \t\r\n")
        run_bytes = _check_lines(chunk, run_bytes, line_count, label)
        digest.update(chunk)
        line_count += chunk.count(b"\n")
        read_bytes += len(chunk)
        quote_count += chunk.count(b'"') if b'"' in chunk else 0  # to look for one is faster than to count none
        return_count += chunk.count(b"\r") if b"\r" in chunk else 0
        progress(0.4 * min(1.0, read_bytes / size_bytes), "Checking the file")
    decoded(decoder, b"", label, line_count, True)
    if blank:
        raise LogError(f"{label} holds nothing but white space; export the log again.")
    if line_count > MAX_LOG_ROWS:
        raise LogError(f"{label} has more than {MAX_LOG_ROWS:,} lines; take a shorter period.")
    return ContentCheck(digest.hexdigest(), quote_count, line_count, return_count)


def chunks_of(path: Path, label: str) -> Iterator[bytes]:
    """The content in pieces of at most 1 MB."""
    try:
        with path.open("rb") as file:
            while chunk := file.read(CHUNK_BYTES):
                yield chunk
    except OSError as error:
        raise LogError(f"{label} cannot be read; check the permissions.") from error


def decoded(decoder: codecs.IncrementalDecoder, chunk: bytes, label: str, line_count: int, final: bool) -> str:
    """The next piece of a UTF-8 text. Raises LogError, NotUtf8 for another encoding."""
    if b"\x00" in chunk:
        line = line_count + chunk[: chunk.index(b"\x00")].count(b"\n") + 1
        raise LogError(f"{label} holds NUL bytes (line {line}), so it is binary; export it as CSV or JSON lines.")
    try:
        return decoder.decode(chunk, final)
    except UnicodeDecodeError as error:
        line = line_count + error.object[: error.start].count(b"\n") + 1
        raise NotUtf8(f"{label} is not UTF-8 text (line {line}); save it as UTF-8.") from error


def _check_lines(chunk: bytes, run_bytes: int, line_count: int, label: str) -> int:
    """Bytes of the unfinished line at the end of the chunk. Raises LogError when a line is too long."""
    first = chunk.find(b"\n")
    if run_bytes + (len(chunk) if first < 0 else first) > MAX_LINE_BYTES:
        raise LogError(
            f"{label} has a line longer than {MAX_LINE_BYTES / 1e6:,.0f} MB (line {line_count + 1}); "
            "write one request a line, without the prompt text."
        )
    return run_bytes + len(chunk) if first < 0 else len(chunk) - chunk.rfind(b"\n") - 1
