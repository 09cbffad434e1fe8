"""Benchmark runs of the user's servers, from the result files of load generators.

Reads `vllm bench serve --save-result`, SGLang `bench_serving`, GuideLLM reports (version 2) and AIPerf
`profile_export.jsonl`. Unknown stays None, never 0. Only numbers and the names of model and engine are read; prompts and
generated texts are skipped, and no message repeats them.
"""

import json
import math
import re
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path

from calculators.errors import DataError
from calculators.logs.benchmark_fields import (
    Arrival,
    BenchmarkRun,
    JsonObject,
    LatencyStatistics,
    benchmark_number,
    benchmark_text,
    completed_requests,
    nested_object,
    required_number,
)
from calculators.logs.benchmark_nested import aiperf_run, guidellm_runs

MAX_BENCHMARK_BYTES = 100_000_000
MAX_CONTAINERS = 2_000_000
MAX_VALUES = 10_000_000
MAX_RUNS = 1_000
BENCHMARK_FORMATS = (
    "the JSON of 'vllm bench serve --save-result', JSON lines of SGLang bench_serving, a GuideLLM report "
    "or AIPerf's profile_export.jsonl"
)
ENGINES = ("vllm", "sglang", "tensorrt", "trt")
"""Words in a `backend` that name the server; 'openai' names only its interface."""


def read_benchmark(source: Path | bytes, name: str) -> tuple[BenchmarkRun, ...]:
    """Every run in the file, in its order. Raises DataError naming the file, the field, the value and the remedy."""
    rows = tuple(_objects(_text(source, name), name))
    kinds = [_kind(row, name) for row in rows]
    requests = [row for row, kind in zip(rows, kinds, strict=True) if kind == "aiperf"]
    runs = [aiperf_run(requests, name)] if requests else []
    summaries = [(row, kind) for row, kind in zip(rows, kinds, strict=True) if kind != "aiperf"]
    for ordinal, (row, kind) in enumerate(summaries, start=1):
        label = name if len(summaries) == 1 else f"{name}, run {ordinal}"
        runs += guidellm_runs(row, label) if kind == "guidellm" else [_summary(row, label, kind)]
        if len(runs) > MAX_RUNS:
            raise DataError(f"{name}: more than the {MAX_RUNS:,} runs allowed; split the file")
    return tuple(runs)


# --- the file ------------------------------------------------------------------------------------------------------


def _text(source: Path | bytes, name: str) -> str:
    size = len(source) if isinstance(source, bytes) else source.stat().st_size
    if size > MAX_BENCHMARK_BYTES:
        raise DataError(
            f"{name}: {size:,} bytes is more than the {MAX_BENCHMARK_BYTES:,} allowed; save it without per-request details"
        )
    content = source if isinstance(source, bytes) else source.read_bytes()
    if not content.strip():
        raise DataError(f"{name}: the file is empty; drop {BENCHMARK_FORMATS}")
    opened = content.count(b"[") + content.count(b"{")
    if opened > MAX_CONTAINERS or content.count(b",") > MAX_VALUES:
        raise DataError(f"{name}: holds too many values to read; save it without per-request details")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise DataError(f"{name}: not UTF-8 text; drop {BENCHMARK_FORMATS}") from None
    if "\0" in text:
        raise DataError(f"{name}: holds NUL bytes, so it is no text file; drop {BENCHMARK_FORMATS}")
    return text


def _objects(text: str, name: str) -> Iterator[JsonObject]:
    """The JSON objects of a file that may hold several, one after another or in a list."""
    decoder, space, at = json.JSONDecoder(), re.compile(r"[\s,]*"), 0
    any_result = False
    while (at := _after(space, text, at)) < len(text):
        start = at
        try:
            value, at = decoder.raw_decode(text, at)
        except json.JSONDecodeError as error:
            raise DataError(f"{name}:{error.lineno}: not valid JSON, or cut off; save the result again") from None
        except (RecursionError, ValueError):
            raise DataError(
                f"{name}:{_line(text, start)}: nested too deeply, or a number too long, to be read"
            ) from None
        for row in value if isinstance(value, list) else [value]:
            if not isinstance(row, dict):
                raise DataError(
                    f"{name}:{_line(text, start)}: holds a plain value where a result should be; drop {BENCHMARK_FORMATS}"
                )
            any_result = True
            yield row
    if not any_result:
        raise DataError(f"{name}: holds no result; drop {BENCHMARK_FORMATS}")


def _line(text: str, at: int) -> int:
    """Number of the line, from 1; counted for messages only, because counting for each object takes quadratic time."""
    return text.count("\n", 0, at) + 1


def _after(pattern: re.Pattern[str], text: str, at: int) -> int:
    match = pattern.match(text, at)
    return match.end() if match else at


def _kind(row: JsonObject, name: str) -> str:
    """Which tool wrote this object."""
    if isinstance(row.get("benchmarks"), list):
        return "guidellm"
    if isinstance(row.get("metadata"), dict) and isinstance(row.get("metrics"), dict):
        return "aiperf"
    if "completed" in row and "duration" in row:
        of_vllm = {"tokenizer_id", "num_prompts", "model_id"}
        return "vllm" if of_vllm & row.keys() else "sglang"
    if isinstance(row.get("time_to_first_token"), dict) or "input_config" in row:
        raise DataError(f"{name}: this is the summary of AIPerf or GenAI-Perf; drop its profile_export.jsonl instead")
    raise DataError(f"{name}: not a benchmark result that can be read; drop {BENCHMARK_FORMATS}")


# --- fields --------------------------------------------------------------------------------------------------------


def engine_of(backend: str | None) -> str | None:
    """Name of the engine, where the load generator states it; else None."""
    lowered = (backend or "").lower()
    engine = next((name for name in ENGINES if name in lowered), None)
    return "tensorrt-llm" if engine in ("tensorrt", "trt") else engine


# --- vLLM and SGLang: one flat object a run ------------------------------------------------------------------------


def _summary(row: JsonObject, name: str, kind: str) -> BenchmarkRun:
    completed, duration_s = completed_requests(row, "completed", name), required_number(row, "duration", name)
    output_total = benchmark_number(row, "total_output_tokens", name, above_zero=True)
    input_total = benchmark_number(row, "total_input_tokens", name)
    stated = benchmark_number(row, "output_throughput", name, above_zero=True)
    cap, rate, arrival = _arrival(row, name)
    server = nested_object(row, "server_info")
    return BenchmarkRun(
        name=name,
        tool="SGLang bench_serving" if kind == "sglang" else "vLLM bench serve",
        arrival=arrival,
        completed_count=completed,
        failed_count=_failed(row, completed, name),
        duration_s=duration_s,
        input_tok=input_total / completed if input_total else None,
        output_tok=output_total / completed if output_total else None,
        output_tok_s=stated or (output_total / duration_s if output_total else None),
        served_req_s=completed / duration_s,
        ttft=_stats(row, "ttft", name),
        tpot=_stats(row, "tpot", name),
        concurrency_count=cap,
        request_rate_req_s=rate,
        in_flight_count=benchmark_number(row, "concurrency", name),
        goodput_req_s=benchmark_number(row, "request_goodput:", name) or benchmark_number(row, "request_goodput", name),
        engine=engine_of(benchmark_text(row, "backend") or benchmark_text(row, "endpoint_type")),
        engine_version=benchmark_text(server, "version"),
        model=benchmark_text(row, "model_id") or benchmark_text(server, "model_path"),
        tensor_parallel=_whole(server, "tp_size", name),
        measured_on=_day(benchmark_text(row, "date")),
        notes=_notes(row, name),
    )


def _stats(row: JsonObject, what: str, name: str) -> LatencyStatistics:
    """A time of zero is one that the tool could not measure: without streaming there is no first token."""
    figures = (benchmark_number(row, f"{part}_{what}_ms", name) or None for part in ("mean", "median", "p95", "p99"))
    return LatencyStatistics(*figures)


def _arrival(row: JsonObject, name: str) -> tuple[float | None, float | None, Arrival]:
    """Most requests at once, requests a second (None: no limit, or not stated), and what that makes the run."""
    cap = benchmark_number(row, "max_concurrency", name, above_zero=True)
    rate = row.get("request_rate")
    unlimited = rate == math.inf or (isinstance(rate, str) and rate.strip().lower() in ("inf", "infinity"))
    if unlimited or (rate is None and cap is not None):
        return cap, None, "closed" if cap is not None else "all_at_once"
    if rate is None or isinstance(rate, str):  # SGLang writes 'trace' when it replays one
        return cap, None, "unknown"
    return cap, benchmark_number(row, "request_rate", name, above_zero=True), "open"


def _failed(row: JsonObject, completed: int, name: str) -> int | None:
    if (stated := benchmark_number(row, "failed", name)) is not None:
        return int(stated)
    offered, errors = benchmark_number(row, "num_prompts", name), row.get("errors")
    if offered is not None:
        return max(int(offered) - completed, 0)
    return sum(bool(error) for error in errors) if isinstance(errors, list) else None


def _whole(row: JsonObject, key: str, name: str) -> int | None:
    value = benchmark_number(row, key, name, above_zero=True)
    return None if value is None else int(value)


def _day(text: str | None) -> date | None:
    """vLLM writes 20241109-150547."""
    try:
        return datetime.strptime((text or "")[:8], "%Y%m%d").date()
    except ValueError:
        return None


def _notes(row: JsonObject, name: str) -> tuple[str, ...]:
    """What makes a run unlike those the model predicts."""
    accepted = benchmark_number(row, "accept_length", name)
    hits = benchmark_number(nested_object(row, "cache_report"), "cache_hit_rate_pct", name)
    notes: list[str] = []
    if accepted is not None and accepted > 1.05:
        notes.append(f"speculative decoding was on ({accepted:.2g} tokens a step)")
    if hits is not None and hits > 5:
        notes.append(f"{hits:.0f}% of the prompts came from the prefix cache")
    return tuple(notes)
