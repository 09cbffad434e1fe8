"""Predictions for a list of measured or planned configurations: `python -m calculators throughput POINTS.csv`.

One row is one run of an inference engine. Only its configuration is read; a blank cell means unknown. A row that cannot
be predicted is reported with the reason, never dropped.
"""

import csv
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from calculators.catalog import Catalog, UnknownId
from calculators.memory import KV_ELEMENT_BYTES
from calculators.records import Model, Precision
from calculators.throughput import CHUNK_TOK, Machine, Setup, largest_batch, machine, prefill_s, step_s, tpot_s
from calculators.workload import Array
from calculators.yaml_files import DataError

MAX_FILE_BYTES = 64_000_000
MAX_ROWS = 200_000
REQUIRED = ("model", "gpu", "isl", "osl")
COLUMNS = ("row", "predicted_output_tok_s_per_gpu", "predicted_ttft_ms_mean", "predicted_tpot_ms_mean", "status", "reason")

Status = Literal["ok", "extrapolated", "unsupported"]
Kind = Literal["closed", "saturated", "static", "open"]

PRECISIONS: dict[str, Precision] = {
    "bf16": "bf16",
    "fp16": "bf16",
    "fp16/bf16": "bf16",
    "float16": "bf16",
    "bfloat16": "bf16",
    "fp8": "fp8",
    "int8": "int8",
    "int4": "int4",
    "nvfp4": "nvfp4",
    "fp4": "nvfp4",
    "mxfp4": "mxfp4",
}
KV_BYTES = {"bf16": 2.0, "fp16": 2.0, "fp8": 1.0, "int8": 1.0}


@dataclass(frozen=True, slots=True)
class Point:
    """A row that can be predicted."""

    setup: Setup
    kind: Kind
    input_tok: float
    output_tok: float
    batch: float
    """Requests at once on one attention rank; infinite: as many as fit."""
    request_rate: float
    """Requests a second on one attention rank; infinite: all at once."""
    batch_cap: float
    doubts: tuple[str, ...]
    """Why the prediction is an extrapolation; empty: it is not."""


@dataclass(frozen=True, slots=True)
class Prediction:
    """One line of the answer; times in milliseconds, as in the question. None: not predicted."""

    row: str
    output_tok_s_per_gpu: float | None
    ttft_ms: float | None
    tpot_ms: float | None
    status: Status
    reason: str


def read_points(path: Path) -> list[dict[str, str]]:
    """The rows of a CSV file, every cell as text. Raises DataError."""
    if not path.is_file():
        raise DataError(f"{path.name}: no such file")
    if path.stat().st_size > MAX_FILE_BYTES:
        raise DataError(f"{path.name}: more than the {MAX_FILE_BYTES:,} bytes allowed; split it")
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file, strict=True)
            header = [name.strip() for name in reader.fieldnames or ()]
            _check_header(header, path.name)
            reader.fieldnames = header
            return _rows(reader, path.name)
    except UnicodeDecodeError:
        raise DataError(f"{path.name}: not UTF-8 text; save it as CSV UTF-8") from None
    except csv.Error as error:
        raise DataError(f"{path.name}: not a readable CSV file: {error}") from None


def _check_header(header: Sequence[str], name: str) -> None:
    if not header:
        raise DataError(f"{name}: the file is empty; the first line must name the columns, at least {', '.join(REQUIRED)}")
    missing = [column for column in REQUIRED if column not in header]
    if missing:
        raise DataError(f"{name}:1: missing column{'s' * (len(missing) > 1)} {', '.join(missing)}")
    twice = sorted({column for column in header if header.count(column) > 1})
    if twice:
        raise DataError(f"{name}:1: the column '{twice[0]}' is given twice; keep one")


def _rows(reader: "csv.DictReader[str]", name: str) -> list[dict[str, str]]:
    rows: list[dict[str, str]] = []
    for row in reader:
        if None in row or None in row.values():
            raise DataError(f"{name}:{reader.line_num}: another number of cells than columns; quote cells that hold commas")
        if len(rows) == MAX_ROWS:
            raise DataError(f"{name}: more than the {MAX_ROWS:,} rows allowed; split it")
        rows.append(row)
    return rows


def write_predictions(path: Path, predictions: Iterable[Prediction]) -> None:
    """One line for each prediction, in their order. Raises DataError."""
    try:
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(COLUMNS)
            for p in predictions:
                numbers = (f"{value:.6g}" if value is not None else "" for value in (p.output_tok_s_per_gpu, p.ttft_ms, p.tpot_ms))
                writer.writerow([p.row, *numbers, p.status, p.reason])
    except OSError as error:
        raise DataError(f"{path.name}: cannot be written: {error.strerror}") from None


# --- one row's configuration ---------------------------------------------------------------------------------------


class _Unsupported(Exception):
    """Why a row cannot be predicted."""


def parse_point(row: Mapping[str, str], catalog: Catalog) -> Point | str:
    """The row as a configuration, or why it cannot be predicted."""
    try:
        return _point(row, catalog)
    except (_Unsupported, UnknownId) as error:
        return str(error)


def _point(row: Mapping[str, str], catalog: Catalog) -> Point:
    missing = [name for name in REQUIRED if not _text(row, name)]
    if missing:
        raise _Unsupported(f"{', '.join(missing)}: not given")
    model, gpu = catalog.model(_text(row, "model")), catalog.gpu(_text(row, "gpu"))
    doubts: list[str] = []
    setup = Setup(model, gpu, _precision(row, model, doubts), *_split(row, doubts), kv_element_bytes=_kv_bytes(row))
    kind = _kind(row)
    batch = _number(row, "concurrency_or_batch") or math.inf
    rate = _number(row, "request_rate") or math.inf
    replicas = max((_number(row, "n_gpu") or 0) / setup.gpus_count, 1.0)
    shares = replicas * setup.attention_ranks
    scale = _length_scale(_text(row, "isl_osl_kind"))
    engine = _text(row, "engine")
    if catalog.efficiency(gpu).confidence == "low":
        doubts.append(f"few measured rows on {gpu.generation}")
    if engine and not _known(engine):
        doubts.append(f"nothing was fitted on the engine {engine[:40]}")
    return Point(
        setup=setup,
        kind="saturated" if kind == "closed" and math.isinf(batch) else kind,
        input_tok=_positive(row, "isl") * scale,
        output_tok=_positive(row, "osl") * scale,
        batch=batch / shares,
        request_rate=rate / shares,
        batch_cap=_cap(engine),
        doubts=tuple(doubts),
    )
