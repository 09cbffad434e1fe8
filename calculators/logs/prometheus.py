"""Counters of a server (vLLM, SGLang, OpenTelemetry) as Prometheus and Grafana export them, as sums by period.

A counter only grows, and starts at zero again when its process does: use is the sum of its steps, a fall counting from zero.
"""

import csv
import itertools
import json
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from calculators.logs.aggregate_rows import number, time_s
from calculators.logs.request_file import LogError
from calculators.logs.usage_tables import Row, UsageTable

MAX_COUNTER_BYTES = 48_000_000
FIRST_CHARS = 4_000
COUNTER_NAMES: Mapping[str, tuple[str, ...]] = {
    "inputtokens": (
        *("prompt_tokens_total", "input_tokens_total", "request_prompt_tokens_sum", "prompt_tokens"),
        *("token_usage_sum input", "token_usage_tokens_sum input"),
    ),
    "outputtokens": (
        *("generation_tokens_total", "completion_tokens_total", "output_tokens_total", "request_generation_tokens_sum"),
        *("generation_tokens", "token_usage_sum output", "token_usage_tokens_sum output"),
    ),
    "cachedtokens": ("cached_tokens_total", "prompt_tokens_cached_total", "prefix_cache_hits_total"),
    "requests": (
        *("request_success_total", "num_requests_total", "requests_total", "request_prompt_tokens_count"),
        *("token_usage_count input", "token_usage_tokens_count input"),
    ),
}
"""Names of counters behind their prefix, the preferred first; of OpenTelemetry with the kind of token."""
MODEL_LABELS = ("model_name", "gen_ai_request_model", "gen_ai_response_model", "model")
SAMPLE_LINE = re.compile(r"^([A-Za-z_:][\w:]*)(?:\{(.*)\})?\s+([-+\d.eE]+|NaN|[+-]?Inf)(?:\s+(\d{10,13}))?\s*$")
LABEL_PAIR = re.compile(r'([A-Za-z_]\w*)\s*=\s*"((?:[^"\\]|\\.)*)"')
SERIES_NAME = re.compile(r"^\s*([A-Za-z_:][\w:]*)?\s*(?:\{(.*)\})?\s*$")
QUERY_FUNCTION = re.compile(r"\b(rate|irate|increase|delta|idelta|avg_over_time|histogram_quantile)\s*\(")
EXPORT_COUNTERS = (
    "export the counters themselves over a time, as with /api/v1/query_range?query=vllm:prompt_tokens_total, in one file with "
    "those of the output tokens and of the requests"
)


@dataclass(slots=True)
class _Series:
    """One counter: its labels, and values by seconds since 1970."""

    labels: Mapping[str, str]
    values: dict[float, float] = field(default_factory=dict)


def counter_tables(path: Path, label: str) -> list[UsageTable]:
    """The table of the counters in a file; empty for any other file. Raises LogError for counters without a time, and for
    rates."""
    try:
        if path.stat().st_size > MAX_COUNTER_BYTES:
            return []
        with path.open(encoding="utf-8-sig", newline="") as file:
            head = file.read(FIRST_CHARS)
        if '"resultType"' in head and head.lstrip()[:1] == "{":
            series = _of_api(json.loads(path.read_text(encoding="utf-8-sig")), label)
        elif re.search(r"^# (TYPE|HELP) ", head, re.MULTILINE):
            series = _of_text(path.read_text(encoding="utf-8-sig"), label)
        elif re.search(r"^[^\n]*(_total|_sum)\b", head):
            series = _of_columns(path, label)
        else:
            return []
    except LogError:
        raise
    except (OSError, ValueError, TypeError, KeyError, AttributeError, csv.Error):
        return []
    return _table(series, label) if series else []


def _of_api(document: Any, label: str) -> list[_Series]:
    """Series of an answer of /api/v1/query_range."""
    data = document.get("data") if isinstance(document, dict) else None
    if not isinstance(data, dict) or not isinstance(data.get("result"), list):
        return []
    series = []
    for one in data["result"]:
        labels = {str(name): str(value) for name, value in one.get("metric", {}).items()}
        pairs = one.get("values") or [one["value"]]
        series.append(_Series(labels, {float(at): float(value) for at, value in pairs}))
    if series and not any("__name__" in one.labels for one in series):
        raise LogError(f"{label} holds series of Prometheus without the names of counters; {EXPORT_COUNTERS}.")
    return series


def _of_text(text: str, label: str) -> list[_Series]:
    """Series of the text that a server shows at /metrics, taken more than once, each line with its time."""
    series = dict[tuple[str, str], _Series]()
    for line in text.splitlines():
        match = SAMPLE_LINE.match(line)
        if match is None:
            continue
        name, labels, value, at = match.groups()
        one = series.setdefault((name, labels or ""), _Series({"__name__": name, **_labels(labels or "")}))
        one.values[float(at or 0) / (1e3 if at and len(at) > 10 else 1)] = float(value)
    if any(_quantity(one.labels) for one in series.values()) and all(
        set(one.values) == {0.0} for one in series.values()
    ):
        raise LogError(f"{label} shows what the counters stood at once, without a time; {EXPORT_COUNTERS}.")
    return list(series.values())


def _labels(text: str) -> dict[str, str]:
    return dict(LABEL_PAIR.findall(text))


def _of_columns(path: Path, label: str) -> list[_Series]:
    """Series of a CSV of Grafana: a column of times, and one for each counter."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(line for line in file if not line.startswith("sep=")))
    header, *body = rows
    if not header or header[0].strip().lower() not in ("time", "timestamp", "date"):
        return []
    if any(QUERY_FUNCTION.search(name) and re.search("token", name) for name in header):
        raise LogError(f"{label} holds rates or steps that a query made of counters; {EXPORT_COUNTERS}.")
    matches = [SERIES_NAME.match(name) for name in header[1:]]
    series = [_Series({**({"__name__": m[1]} if m and m[1] else {}), **_labels((m and m[2]) or "")}) for m in matches]
    for cells in body:
        at = time_s(cells[0]) if cells else None
        for one, cell in zip(series, cells[1:], strict=False):
            if at is not None and (value := number(cell)) is not None:
                one.values[at] = value
    return series


# --- use -------------------------------------------------------------------------------------------------------------


def _quantity(labels: Mapping[str, str]) -> tuple[str, int] | None:
    """What a counter counts, and how far back its name stands among those of the same; None for any other."""
    kind = labels.get("gen_ai_token_type", "")
    name = f"{labels.get('__name__', '')} {kind}".strip()
    for quantity, known in COUNTER_NAMES.items():
        for rank, counter in enumerate(known):
            if re.search(rf"(^|[:_]){re.escape(counter)}$", name):
                return quantity, rank
    return None


def _table(series: list[_Series], label: str) -> list[UsageTable]:
    told = [(quantity, one) for one in series if (quantity := _quantity(one.labels)) is not None]
    if not {"inputtokens", "outputtokens"} <= {quantity for (quantity, _), _ in told}:
        return []
    best = {quantity: min(rank for (name, rank), _ in told if name == quantity) for (quantity, _), _ in told}
    used = [(quantity, one) for (quantity, rank), one in told if rank == best[quantity]]
    times = sorted({at for _, one in used for at in one.values})
    if len(times) < 2:
        raise LogError(f"{label} shows what the counters stood at once; {EXPORT_COUNTERS}.")
    names = frozenset({"prometheuscounter", "starttime", "endtime", "model", *COUNTER_NAMES})
    return [UsageTable(names, lambda: _rows(used, times))]


def _rows(used: list[tuple[str, _Series]], times: list[float]) -> Iterator[Row]:
    """One row for each step between two times and model."""
    steps = defaultdict[tuple[float, str], dict[str, float]](lambda: defaultdict(float))
    before_of = dict(zip(times[1:], times, strict=False))
    for quantity, one in used:
        model = next((one.labels[name] for name in MODEL_LABELS if one.labels.get(name)), "")
        for at, grown in _growth(one.values, times[0]):
            steps[at, model][quantity] += grown
    for (at, model), amounts in sorted(steps.items()):
        period = {"prometheuscounter": "1", "starttime": str(before_of[at]), "endtime": str(at), "model": model}
        yield period | {name: str(amount) for name, amount in amounts.items()}


def _growth(values: Mapping[float, float], first_s: float) -> Iterator[tuple[float, float]]:
    """By time, how much a counter grew since its last value. One that appears later than others, or falls, began at zero."""
    ordered = sorted(values.items())
    if ordered and ordered[0][0] > first_s:
        yield ordered[0]
    for (_, before), (at, value) in itertools.pairwise(ordered):
        yield at, value - before if value >= before else value
