"""The two nested formats of benchmark results: GuideLLM's report, and AIPerf's line for each request."""

from collections.abc import Sequence

import numpy as np

from calculators.errors import DataError
from calculators.logs.benchmark_fields import (
    Arrival,
    BenchmarkRun,
    JsonObject,
    LatencyStatistics,
    benchmark_number,
    benchmark_text,
    completed_requests,
    mean_or_none,
    nested_object,
    required_number,
)
from calculators.logs.timestamps import LAST_S, utc_day

GUIDELLM_VERSION = 2
MS_PER = {"ns": 1e-6, "us": 1e-3, "µs": 1e-3, "ms": 1.0, "s": 1e3, "sec": 1e3, "seconds": 1e3}


# --- GuideLLM ------------------------------------------------------------------------------------------------------


def guidellm_runs(report: JsonObject, name: str) -> list[BenchmarkRun]:
    """One run for each benchmark of the report."""
    version = benchmark_number(nested_object(report, "metadata"), "version", name)
    if version != GUIDELLM_VERSION:
        stated = "not stated" if version is None else f"{version:g}"
        raise DataError(
            f"{name}: metadata.version is {stated}, and only version {GUIDELLM_VERSION} of GuideLLM's report is read; "
            "run it again with a current GuideLLM"
        )
    benchmarks = [b for b in report["benchmarks"] if isinstance(b, dict)]
    if not benchmarks:
        raise DataError(f"{name}: benchmarks is empty: no run was finished; run GuideLLM again")
    backend = nested_object(report, "config", "spec", "backend")
    many = len(benchmarks) > 1
    return [
        _guidellm_run(b, f"{name}, benchmark {i}" if many else name, backend) for i, b in enumerate(benchmarks, start=1)
    ]


def _guidellm_run(benchmark: JsonObject, name: str, backend: JsonObject) -> BenchmarkRun:
    metrics = nested_object(benchmark, "metrics")
    totals = nested_object(metrics, "request_totals")
    completed, duration_s = completed_requests(totals, "successful", name), required_number(benchmark, "duration", name)
    output_tok = _of_successful(metrics, "output_token_count", name).mean_ms
    cap, rate, arrival = _strategy(nested_object(benchmark, "config", "strategy"), name)
    lost = [benchmark_number(totals, key, name) for key in ("errored", "incomplete")]
    in_flight = benchmark_number(nested_object(metrics, "request_concurrency", "total"), "mean", name)
    return BenchmarkRun(
        name=name,
        tool="GuideLLM",
        arrival=arrival,
        completed_count=completed,
        failed_count=int(sum(count or 0 for count in lost)) if any(count is not None for count in lost) else None,
        duration_s=duration_s,
        input_tok=_of_successful(metrics, "prompt_token_count", name).mean_ms,
        output_tok=output_tok,
        output_tok_s=output_tok * completed / duration_s if output_tok else None,
        served_req_s=completed / duration_s,
        ttft=_of_successful(metrics, "time_to_first_token_ms", name),
        tpot=_of_successful(metrics, "inter_token_latency_ms", name),
        concurrency_count=cap,
        request_rate_req_s=rate,
        in_flight_count=in_flight or None,
        model=benchmark_text(backend, "model")
        or benchmark_text(nested_object(benchmark, "config", "backend"), "model"),
        measured_on=utc_day(benchmark_number(benchmark, "start_time", name)),
    )


def _of_successful(metrics: JsonObject, metric: str, name: str) -> LatencyStatistics:
    """A distribution over the requests that succeeded; where nothing was counted GuideLLM writes zeros."""
    distribution, where = nested_object(metrics, metric, "successful"), f"{name}: {metric}.successful"
    if benchmark_number(distribution, "count", where) == 0:
        return LatencyStatistics()
    tails = nested_object(distribution, "percentiles")
    values = [benchmark_number(distribution, "mean", where), benchmark_number(distribution, "median", where)]
    values += [benchmark_number(tails, "p95", where), benchmark_number(tails, "p99", where)]
    return LatencyStatistics(*(value or None for value in values))


def _strategy(strategy: JsonObject, name: str) -> tuple[float | None, float | None, Arrival]:
    """Most requests at once, requests a second, and what that makes the run. Its rate strategies carry a technical
    limit of thousands, which is not a number of clients."""
    where, kind = f"{name}: config.strategy", benchmark_text(strategy, "type_") or benchmark_text(strategy, "kind")
    if kind == "synchronous":
        return 1.0, None, "closed"
    if kind == "concurrent":
        return (
            benchmark_number(strategy, "streams", where) or required_number(strategy, "max_concurrency", where),
            None,
            "closed",
        )
    if kind in ("constant", "poisson"):
        return None, required_number(strategy, "rate", where), "open"
    return None, None, "all_at_once" if kind == "throughput" else "unknown"


# --- AIPerf --------------------------------------------------------------------------------------------------------


def aiperf_run(rows: Sequence[JsonObject], name: str) -> BenchmarkRun:
    """All requests of the profiling phase as one run. The export does not say how many clients there were, so the mean
    number in flight stands for it."""
    kept = [
        row
        for row in rows
        if (benchmark_text(nested_object(row, "metadata"), "benchmark_phase") or "profiling") == "profiling"
    ]
    good = [row for row in kept if not row.get("error")]
    if not good:
        raise DataError(f"{name}: none of its {len(rows):,} requests succeeded in the profiling phase; run it again")
    ends = np.array([_span_ns(row, name) for row in good])
    duration_s = float(ends[:, 1].max() - ends[:, 0].min()) / 1e9
    if duration_s <= 0:
        raise DataError(f"{name}: request_start_ns and request_end_ns span no time; export the run again")
    input_tok = mean_or_none(_values(good, "input_sequence_length", name))
    output_tok = mean_or_none(_values(good, "output_sequence_length", name))
    in_flight = float((ends[:, 1] - ends[:, 0]).sum()) / 1e9 / duration_s
    return BenchmarkRun(
        name=name,
        tool="AIPerf",
        arrival="unknown",
        completed_count=len(good),
        failed_count=len(kept) - len(good),
        duration_s=duration_s,
        input_tok=input_tok or None,
        output_tok=output_tok or None,
        output_tok_s=output_tok * len(good) / duration_s if output_tok else None,
        served_req_s=len(good) / duration_s,
        ttft=_spread(_values(good, "time_to_first_token", name)),
        tpot=_spread(_tpot_ms(good, name)),
        in_flight_count=in_flight,
        model=next((m for row in good if (m := benchmark_text(nested_object(row, "metadata"), "model_name"))), None),
        measured_on=utc_day(float(ends[:, 0].min()) / 1e9),
    )


def _span_ns(row: JsonObject, name: str) -> tuple[float, float]:
    """Start and end; large integers, so not through `benchmark_number`."""
    metadata, times_ns = nested_object(row, "metadata"), []
    for key in ("request_start_ns", "request_end_ns"):
        value = metadata.get(key)
        if not isinstance(value, int) or isinstance(value, bool) or not 0 < value < LAST_S * 1e9:
            raise DataError(f"{name}: metadata.{key} is not a time in nanoseconds; export the run again")
        times_ns.append(float(value))
    if times_ns[1] < times_ns[0]:
        raise DataError(f"{name}: metadata.request_end_ns is before request_start_ns; export the run again")
    return times_ns[0], times_ns[1]


def _values(rows: Sequence[JsonObject], metric: str, name: str) -> list[float]:
    """A metric of every request that has it, times in milliseconds."""
    values = (_value(row, metric, name) for row in rows)
    return [value for value in values if value is not None]


def _value(row: JsonObject, metric: str, name: str) -> float | None:
    holder = nested_object(row, "metrics", metric)
    value = benchmark_number(holder, "value", f"{name}: metrics.{metric}")
    if value is None or metric.endswith("sequence_length"):
        return value
    unit = benchmark_text(holder, "unit") or "ms"
    if unit not in MS_PER:
        raise DataError(f"{name}: metrics.{metric}.unit {unit[:20]!r} is not one of {', '.join(MS_PER)}")
    return value * MS_PER[unit]


def _tpot_ms(rows: Sequence[JsonObject], name: str) -> list[float]:
    """As exported; else what is left after the first token, over the tokens after it."""
    if stated := _values(rows, "inter_token_latency", name):
        return stated
    values_ms = []
    for row in rows:
        whole, first = _value(row, "request_latency", name), _value(row, "time_to_first_token", name)
        tokens = _value(row, "output_sequence_length", name)
        if whole is not None and first is not None and tokens is not None and tokens > 1 and whole > first:
            values_ms.append((whole - first) / (tokens - 1))
    return values_ms


def _spread(values_ms: Sequence[float]) -> LatencyStatistics:
    if not values_ms or max(values_ms) <= 0:
        return LatencyStatistics()
    median, p95, p99 = (float(x) for x in np.quantile(np.array(values_ms), (0.5, 0.95, 0.99)))
    return LatencyStatistics(mean_or_none(values_ms), median or None, p95 or None, p99 or None)
