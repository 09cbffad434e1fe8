"""One run of a load generator, and how its fields are read: shared by the flat and the nested formats."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

from calculators.errors import DataError
from calculators.units import printable

MAX_NUMBER = 1e12
_SHOWN_CHARS = 30
Arrival = Literal["closed", "open", "all_at_once", "unknown"]
JsonObject = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class LatencyStatistics:
    """A time over the requests of a run. None: the file does not say."""

    mean_ms: float | None = None
    median_ms: float | None = None
    p95_ms: float | None = None
    p99_ms: float | None = None


@dataclass(frozen=True, slots=True)
class BenchmarkRun:
    """One run of a load generator."""

    name: str
    tool: str
    arrival: Arrival
    """closed: so many clients, each waiting for its answer; open: at a rate; all_at_once: no limit of either."""
    completed_count: int
    failed_count: int | None
    duration_s: float
    input_tok: float | None
    """Mean prompt of the requests that succeeded."""
    output_tok: float | None
    output_tok_s: float | None
    served_req_s: float
    ttft: LatencyStatistics
    tpot: LatencyStatistics
    """Time per output token after the first."""
    concurrency_count: float | None = None
    """Most requests the load generator kept in flight."""
    request_rate_req_s: float | None = None
    in_flight_count: float | None = None
    """Requests in flight on average."""
    goodput_req_s: float | None = None
    engine: str | None = None
    engine_version: str | None = None
    model: str | None = None
    tensor_parallel: int | None = None
    measured_on: date | None = None
    notes: tuple[str, ...] = ()


def benchmark_number(row: JsonObject, key: str, name: str, above_zero: bool = False) -> float | None:
    """A number that is finite and not negative; None where the key is absent or null."""
    value = row.get(key)
    if value is None:
        return None
    usable = isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= MAX_NUMBER
    if not usable or (above_zero and value == 0):
        what = "above 0" if above_zero else "of at least 0"
        raise DataError(f"{name}: {key}: {_shown(value)} is not a number {what}; measure again, or remove the run")
    return float(value)


def required_number(row: JsonObject, key: str, name: str) -> float:
    """A number above zero without which a run says nothing."""
    value = benchmark_number(row, key, name, above_zero=True)
    if value is None:
        raise DataError(f"{name}: {key} is missing; save the complete result of the load generator")
    return value


def completed_requests(row: JsonObject, key: str, name: str) -> int:
    """Number of requests that succeeded. Raises DataError where it is missing or 0."""
    value = benchmark_number(row, key, name)
    if value is None:
        raise DataError(f"{name}: {key} is missing; save the complete result of the load generator")
    if value < 1:
        raise DataError(f"{name}: {key} is {value:g}: no request succeeded, so nothing was measured; run it again")
    return int(value)


def benchmark_text(row: JsonObject, key: str) -> str | None:
    """A short name; None when absent, or no text."""
    value = row.get(key)
    return printable(value)[:120] or None if isinstance(value, str) else None


def nested_object(row: JsonObject, *keys: str) -> JsonObject:
    """A nested object; empty where any part of the way is missing."""
    for key in keys:
        value = row.get(key)
        if not isinstance(value, dict):
            return {}
        row = value
    return row


def _shown(value: object) -> str:
    if isinstance(value, list | dict):
        return "a list or object"
    if isinstance(value, int) and abs(value) > MAX_NUMBER:
        return "a number of more than 12 digits"
    return printable(repr(value), _SHOWN_CHARS)


def mean_or_none(values: Sequence[float]) -> float | None:
    """The mean; None of nothing."""
    return sum(values) / len(values) if values else None
