"""Latencies of an API as the user measured them: one line a request, read into 95th percentiles."""

import csv
import io
from dataclasses import dataclass

import numpy as np

from calculators.errors import DataError
from calculators.units import listed, plural

MAX_LATENCY_BYTES = 20_000_000
MAX_LATENCY_ROWS = 500_000
MAX_LATENCY_COLUMNS = 200
MAX_MS = 3_600_000.0
MIN_ROWS = 20
"""Below it a 95th percentile is the slowest request."""
LATENCY_COLUMNS = {
    "ttft_ms": ("ttft_ms", 1.0),
    "ttft_s": ("ttft_ms", 1e3),
    "tpot_ms": ("tpot_ms", 1.0),
    "tpot_s": ("tpot_ms", 1e3),
}
"""Columns of a file: what they measure and their unit in ms. `itl` is another name of `tpot`."""


@dataclass(frozen=True, slots=True)
class LatencySample:
    """95th percentiles of TTFT and TPOT in ms; None where the file has no such column."""

    requests_count: int
    failed_count: int
    """Cells that hold no time, such as "timeout": they do not count in the percentiles."""
    columns: tuple[str, ...]
    """What was read."""
    ttft_p95_ms: float | None
    tpot_p95_ms: float | None

    @property
    def words(self) -> str:
        failed = f", {self.failed_count:,} without a time" if self.failed_count else ""
        return f"{plural(self.requests_count, 'request')}{failed}, from {listed(self.columns)}"


def read_latencies(content: bytes, name: str) -> LatencySample:
    """A CSV with `ttft_ms` or `ttft_s`, and perhaps `tpot_ms` or `tpot_s`. Raises DataError."""
    if len(content) > MAX_LATENCY_BYTES:
        raise DataError(f"{name}: larger than {MAX_LATENCY_BYTES // 1_000_000} MB; upload a sample of the requests")
    columns, rows = _table(content, name)
    measures = {c: LATENCY_COLUMNS[_key(c)] for c in columns if _key(c) in LATENCY_COLUMNS}
    if not measures:
        raise DataError(f"{name}: no column ttft_ms, ttft_s, tpot_ms or tpot_s; name one so in the first line")
    if len({what for what, _ in measures.values()}) < sum(_key(c) in LATENCY_COLUMNS for c in columns):
        raise DataError(f"{name}: two columns for one time; keep one")
    p95: dict[str, float] = {}
    failed = 0
    for column, (what, scale) in measures.items():
        values, without = _numbers(rows, column, name)
        failed = max(failed, without)
        if len(values) >= MIN_ROWS:
            p95[what] = float(np.quantile(values, 0.95)) * scale
            if p95[what] > MAX_MS:
                raise DataError(f"{name}: {column}: {p95[what]:,.0f} ms at the 95th percentile; check the unit")
    if not p95:
        raise DataError(f"{name}: fewer than {MIN_ROWS} measured requests; a 95th percentile needs more")
    return LatencySample(len(rows), failed, tuple(measures), p95.get("ttft_ms"), p95.get("tpot_ms"))


def _table(content: bytes, name: str) -> tuple[list[str], list[dict[str, str]]]:
    """Columns of a file separated by commas, semicolons or tabs, and the cells of those that hold times."""
    try:
        text = content.decode("utf-8-sig")
        first = text.partition("\n")[0]
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=max(",;\t", key=first.count))
        columns = next((row for row in reader if row), [])
        if len(columns) > MAX_LATENCY_COLUMNS:
            raise DataError(f"{name}: more than {MAX_LATENCY_COLUMNS} columns; keep those with the times")
        wanted = {at: column for at, column in enumerate(columns) if _key(column) in LATENCY_COLUMNS}
        rows, wide = list[dict[str, str]](), 0
        for row in filter(None, reader):
            rows.append({column: row[at] for at, column in wanted.items() if at < len(row)})
            wide = wide or (len(row) > len(columns) and len(rows) + 1)
            if len(rows) > MAX_LATENCY_ROWS:
                break
    except (UnicodeDecodeError, csv.Error):
        raise DataError(f"{name}: not a CSV file; save the list as CSV in UTF-8") from None
    if len(rows) > MAX_LATENCY_ROWS:
        raise DataError(f"{name}: more than {MAX_LATENCY_ROWS:,} lines; upload a sample of the requests")
    if wide:
        raise DataError(f"{name}: line {wide} has more cells than the first line; write decimals with a point")
    return columns, rows


def _key(column: str) -> str:
    plain = column.strip().lower().replace("time_to_first_token", "ttft").replace("time_per_output_token", "tpot")
    return plain.replace("inter_token_latency", "tpot").replace("itl", "tpot")


def _numbers(rows: list[dict[str, str]], column: str, name: str) -> tuple[list[float], int]:
    """The times of a column, and how many cells hold words instead; an empty cell is a request that was not measured."""
    values, failed = [], 0
    for line, row in enumerate(rows, start=2):
        cell = (row.get(column) or "").strip()
        if not cell:
            continue
        try:
            value = float(cell.replace("_", "?"))
        except ValueError:
            failed += 1
            continue
        if not 0 < value < 1e9:
            raise DataError(f"{name}: line {line}: {column} is {cell[:20]}; times are above zero")
        values.append(value)
    return values, failed
