"""The content of packed logs in pieces: gzip, zstd, bz2, zip and tar (all logs inside, joined), and xlsx as CSV."""

import io
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path, PurePosixPath
from typing import IO, Any

import pyarrow as pa

from calculators.logs.log_bytes import CHUNK_BYTES, MAX_UNPACK_RATIO, MAX_UNPACKED_BYTES, MIN_BOMB_BYTES, LogError
from calculators.logs.log_bytes import packing as packing_of
from calculators.logs.workbook import workbook_chunks

MAX_MEMBERS = 10_000
DATA_SUFFIXES = frozenset(
    {".csv", ".tsv", ".txt", ".json", ".jsonl", ".ndjson", ".log", ".gz", ".zst", ".bz2", ".parquet", ".xlsx"}
)
STREAMS = ("gzip", "zstd", "bz2")

Member = tuple[str, Callable[[], IO[bytes]]]


def archive_chunks(path: Path, kind: str, label: str) -> Iterator[bytes]:
    """The unpacked content of the file, in pieces of about 1 MB. Raises LogError."""
    try:
        if kind in STREAMS:
            with path.open("rb") as file:
                yield from _pieces(_unpacked(file, kind))
        elif kind == "tar":
            with tarfile.open(path, "r:") as archive:
                yield from _joined(_tar_members(archive), label)
        else:
            with zipfile.ZipFile(path) as archive:
                yield from _zip_chunks(archive, label, path.stat().st_size)
    except NotImplementedError as error:  # of zipfile, for a method such as Deflate64
        raise LogError(
            f"{label} is packed by a method that is not read here; pack it as an ordinary zip or gzip."
        ) from error
    except (OSError, EOFError, zlib.error, zipfile.BadZipFile, tarfile.TarError) as error:
        reason = f"{label} is a broken or truncated {kind} archive; download or compress it again."
        raise LogError(reason) from error  # Arrow raises OSError too


def _unpacked(file: IO[bytes], kind: str) -> Any:
    """A stream of unpacked bytes; Arrow reads gzip, zstd and bz2, several parts one after another too."""
    return pa.CompressedInputStream(pa.PythonFile(file, "r"), kind)


def _pieces(stream: Any) -> Iterator[bytes]:
    while chunk := stream.read(CHUNK_BYTES):
        yield bytes(chunk)


def _zip_chunks(archive: zipfile.ZipFile, label: str, packed_bytes: int) -> Iterator[bytes]:
    infos = archive.infolist()
    if any(info.flag_bits & 1 for info in infos):
        raise LogError(f"{label} is a zip archive with a password; unpack it first.")
    size_bytes = sum(info.file_size for info in infos)
    too_dense = size_bytes > MIN_BOMB_BYTES and size_bytes > MAX_UNPACK_RATIO * packed_bytes
    if size_bytes > MAX_UNPACKED_BYTES or too_dense:
        raise LogError(
            f"{label} unpacks to {size_bytes / 1e6:,.0f} MB, beyond the limit; take a shorter period or fewer columns."
        )
    names = {info.filename for info in infos}
    if "xl/workbook.xml" in names:
        return workbook_chunks(archive, label)
    if names & {"mimetype", "word/document.xml", "[Content_Types].xml"}:
        raise LogError(f"{label} is an office document but no .xlsx workbook; save the table as CSV (UTF-8).")
    return _joined([(info.filename, partial(archive.open, info)) for info in infos if not info.is_dir()], label)


def _tar_members(archive: tarfile.TarFile) -> list[Member]:
    def opened(info: tarfile.TarInfo) -> Callable[[], IO[bytes]]:
        return lambda: archive.extractfile(info) or io.BytesIO()

    return [(info.name, opened(info)) for info in archive if info.isreg()]


def _joined(members: list[Member], label: str) -> Iterator[bytes]:
    """All logs of an archive as one: JSON one after another, tables of one header under it."""
    chosen = _data_members(members)
    if not chosen:
        raise LogError(f"{label} holds no file; pack the log again.")
    if len(chosen) > MAX_MEMBERS:
        raise LogError(f"{label} holds {len(chosen):,} files and the limit is {MAX_MEMBERS:,}; take a shorter period.")
    if len(chosen) == 1:
        with chosen[0][1]() as file:
            yield from _pieces(file)
        return
    header: bytes | None = None
    for _, opener in chosen:
        with opener() as raw, _member_stream(raw, label) as stream:
            pieces = _pieces(stream)
            first = next(pieces, b"").removeprefix(b"\xef\xbb\xbf").lstrip()
            if not first:
                continue
            if first[:1] not in b"{[":
                line, _, rest = first.partition(b"\n")
                if header is not None and line.rstrip() != header:
                    raise LogError(
                        f"{label} holds tables with different columns; unpack it and read one kind at a time."
                    )
                first, header = (first if header is None else rest), line.rstrip()
            yield first
            yield from pieces
            yield b"\n"


def _data_members(members: list[Member]) -> list[Member]:
    """The logs among the files of an archive, by name; all of them when no name tells."""
    shown = [m for m in members if not any(part.startswith((".", "__MACOSX")) for part in PurePosixPath(m[0]).parts)]
    named = [member for member in shown if PurePosixPath(member[0]).suffix.lower() in DATA_SUFFIXES]
    named = [member for member in named if not member[0].lower().endswith(".txt")] or named  # a read-me beside the logs
    return sorted(named or shown, key=lambda member: member[0])


@contextmanager
def _member_stream(raw: IO[bytes], label: str) -> Iterator[Any]:
    """A file within an archive, unpacked if it is packed itself."""
    buffered = io.BufferedReader(raw)  # type: ignore[type-var]
    kind = packing_of(buffered.peek(16)[:16])
    if kind == "":
        yield buffered
    elif kind in STREAMS:
        yield _unpacked(buffered, kind)
    else:
        raise LogError(f"{label} holds several {kind} files; unpack it and read them one at a time.")
