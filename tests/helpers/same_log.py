"""One table in every format, packing and division that a team may export it in."""

import bz2
import csv
import gzip
import io
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
from malformed_packed import zipped, zstd

ROUTES = (
    "csv",
    "semicolon",
    "utf16",
    "gzip",
    "zstd",
    "bz2",
    "zip",
    "lines",
    "array",
    "parquet",
    "texts",
    "parts",
    "overlap",
)


def routed(folder: Path, route: str, text: str) -> list[Path]:
    """The files that hold the CSV `text` by this route."""
    rows = list(csv.DictReader(io.StringIO(text)))
    if route == "parts":
        return [_file(folder, f"{number}.csv", _table(rows[number::3]).encode()) for number in range(3)]
    if route == "overlap":
        half = len(rows) // 2
        parts = (rows[: half + 50], rows[half:])
        return [_file(folder, f"{number}.csv", _table(part).encode()) for number, part in enumerate(parts)]
    content = text.encode()
    made = {
        "csv": lambda: content,
        "semicolon": lambda: text.replace(",", ";").encode(),
        "utf16": lambda: text.encode("utf-16"),
        "gzip": lambda: gzip.compress(content),
        "zstd": lambda: zstd(content),
        "bz2": lambda: bz2.compress(content),
        "zip": lambda: zipped({"log.csv": content}),
        "lines": lambda: "".join(json.dumps(row) + "\n" for row in rows).encode(),
        "array": lambda: json.dumps(rows, indent=1).encode(),
        "parquet": lambda: _parquet(pa.csv.read_csv(io.BytesIO(content))),
        "texts": lambda: _parquet(pa.Table.from_pylist(rows)),
    }
    return [_file(folder, "log", made[route]())]


def _file(folder: Path, name: str, content: bytes) -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


def _table(rows: list[dict[str, str]]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def _parquet(table: pa.Table) -> bytes:
    packed = pa.BufferOutputStream()
    pq.write_table(table, packed)
    return packed.getvalue().to_pybytes()
