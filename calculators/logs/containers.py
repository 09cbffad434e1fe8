"""A log as one plain file, whatever it came packed in (gzip, zstd, bz2, zip, tar, xlsx) or encoded as.

`plain_file` gives UTF-8 text or Parquet. What has to be unpacked or rewritten goes into a file without a name, which is gone
with the process, even when that is killed. Sizes are checked before and while unpacking. Refusals are LogErrors.
"""

import codecs
import contextlib
import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Literal

from calculators.logs.archives import archive_chunks
from calculators.logs.column_words import unaccented
from calculators.logs.log_bytes import (
    CHUNK_BYTES,
    MAX_UNPACK_RATIO,
    MAX_UNPACKED_BYTES,
    MIN_BOMB_BYTES,
    START_BYTES,
    ContentCheck,
    LogError,
    NotUtf8,
    Progress,
    check_content,
    check_size,
    plain_kind,
)
from calculators.logs.scratch import scratch_file
from calculators.logs.word_lists import STEMS

MAX_LAYERS = 3
"""A zip of a tar of gzip files is the deepest that is unpacked."""
ENCODINGS: Mapping[str, str] = {
    "cp1252": "Windows-1252 (Latin-1)",
    "cp1250": "Windows-1250 (Central European)",
    "gb18030": "GB18030 (Chinese)",
    "big5": "Big5 (Chinese)",
    "cp932": "Shift JIS (Japanese)",
    "euc_jp": "EUC-JP (Japanese)",
    "cp949": "EUC-KR (Korean)",
}
"""Of text that is not UTF-8, the first where none tells."""
TEXT_KINDS = ("text", "utf-16", "utf-16-le", "utf-16-be")


@dataclass(frozen=True, slots=True)
class PlainFile:
    """A file that Python and DuckDB can open: UTF-8 text or Parquet. Keep the record for as long as `path` is used."""

    path: Path
    kind: Literal["text", "parquet"]
    check: ContentCheck
    notes: tuple[str, ...]
    """What was done to the file, as sentences."""
    file: IO[bytes] | None = None
    """The file without a name behind `path`; None: `path` is the file that was given."""


def plain_file(path: Path, label: str, progress: Progress | None = None) -> PlainFile:
    """The log at `path` as UTF-8 text or Parquet. Raises LogError for what is no log, too large or broken."""
    report: Progress = progress or (lambda _fraction, _text: None)
    check_size(path, label)
    where, file = path, None
    for _ in range(MAX_LAYERS + 1):
        kind = plain_kind(where, label)
        if kind in (*TEXT_KINDS, "parquet"):
            break
        packed_bytes = where.stat().st_size
        where, file = unlinked(archive_chunks(where, kind, label), label, packed_bytes, report)
    else:
        raise LogError(f"{label} is packed more than {MAX_LAYERS} times; unpack it first.")
    if kind == "parquet":
        return PlainFile(where, "parquet", ContentCheck(_digest(path), 0, 0, 0), (), file)
    read = _text(PlainFile(where, "text", ContentCheck("", 0, 0, 0), (), file), kind, label, report)
    return read if read.file is None else replace(read, check=replace(read.check, sha256=_digest(path)))


def unlinked(
    chunks: Iterator[bytes], label: str, packed_bytes: int = 0, report: Progress = lambda _fraction, _text: None
) -> tuple[Path, IO[bytes]]:
    """A file without a name that holds the chunks, and the path by which this process opens it. It goes when the file is
    closed. `packed_bytes`, when known, limits the size by its ratio."""
    file, path = scratch_file()
    size_bytes = 0
    try:
        for chunk in chunks:
            report(0.0, f"Unpacking the file: {size_bytes / 1e6:,.0f} MB")
            size_bytes += len(chunk)
            _check_bomb(label, packed_bytes, size_bytes)
            file.write(chunk)
        file.flush()
    except OSError as error:  # those of reading are LogErrors by now
        raise LogError(
            f"{label} does not fit into the temporary folder ({size_bytes / 1e6:,.0f} MB so far); free some space there."
        ) from error
    return path, file


def _check_bomb(label: str, packed_bytes: int, size_bytes: int) -> None:
    ratio = size_bytes / packed_bytes if packed_bytes else 0.0
    if size_bytes > MAX_UNPACKED_BYTES or (size_bytes > MIN_BOMB_BYTES and ratio > MAX_UNPACK_RATIO):
        raise LogError(
            f"{label} unpacks to more than {size_bytes / 1e6:,.0f} MB ({ratio:,.0f} times its size), beyond "
            "the limit; take a shorter period or fewer columns."
        )


def _text(given: PlainFile, kind: str, label: str, report: Progress) -> PlainFile:
    """The file as UTF-8 text, checked. Text that is not UTF-8 is taken for the encoding in which its first lines hold known
    words, else for Windows-1252, the usual other one."""
    if kind != "text":
        given = _recoded(given, kind, label, "The text is UTF-16.")
    try:
        return replace(given, check=check_content(given.path, label, report))
    except NotUtf8 as error:
        encoding = _other_encoding(given.path)
        try:
            given = _recoded(given, encoding, label, f"The text is not UTF-8; it was read as {ENCODINGS[encoding]}.")
        except LogError:
            raise error from None
    return replace(given, check=check_content(given.path, label, report))


def _other_encoding(path: Path) -> str:
    """The encoding in which the start of a file holds the most words known from headers of other languages; of several that of
    Western Europe."""
    with path.open("rb") as file:
        start = file.read(START_BYTES)
    counts = dict.fromkeys(ENCODINGS, 0)
    for encoding in ENCODINGS:
        with contextlib.suppress(UnicodeError):
            text = unaccented(codecs.getincrementaldecoder(encoding)().decode(start))
            counts[encoding] = sum(stem in text for stem in STEMS)
    return max(counts, key=lambda encoding: counts[encoding])


def _recoded(given: PlainFile, encoding: str, label: str, note: str) -> PlainFile:
    decoder = codecs.getincrementaldecoder(encoding)()

    def chunks() -> Iterator[bytes]:
        with given.path.open("rb") as file:
            while chunk := file.read(CHUNK_BYTES):
                yield decoder.decode(chunk).encode()
            yield decoder.decode(b"", True).encode()

    try:
        where, file = unlinked(chunks(), label)
    except UnicodeError as error:
        raise LogError(f"{label} is broken {encoding.upper()} text; save it as UTF-8.") from error
    return replace(given, path=where, file=file, notes=(*given.notes, note))


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
