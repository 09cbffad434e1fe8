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

from calculators.logs.aggregate_rows import number
from calculators.logs.aggregate_times import time_s
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
GROWTH_QUERY = re.compile(
    r"\b(rate|increase)\s*\(\s*([A-Za-z_:][\w:]*)\s*(?:\{([^{}]*)\})?\s*\[\s*(?:(\d+)(ms|[smhd])|\$\w+)\s*\]\s*\)"
)
"""Growth of a counter, a second or in a window."""
WINDOW_UNITS_S = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3_600.0, "d": 86_400.0}
STANDING, DIFFERENCE = "standingcounter", "counterdifference"
"""Columns that mark what counters stood at, and what they grew by."""
EXPORT_COUNTERS = (
    "export the counters themselves over a time, as with /api/v1/query_range?query=vllm:prompt_tokens_total, in one file with "
    "those of the output tokens and of the requests"
)


@dataclass(slots=True)
class _Series:
    """One counter: its labels, and values by seconds since 1970."""

    labels: Mapping[str, str]
    values: dict[float, float] = field(default_factory=dict)
    window_s: float | None = None
    """What a query made of it: 0, growth a second; more, growth in the seconds before; None, the counter itself."""


def counter_tables(path: Path, label: str) -> list[UsageTable]:
    """The table of the counters in a file, or of their growth; empty for any other file. What counters stand at, without a
    time, is a table without dates. Raises LogError for what other queries made of counters."""
    try:
        if path.stat().st_size > MAX_COUNTER_BYTES:
            return []
        with path.open(encoding="utf-8-sig", newline="") as file:
            head = file.read(FIRST_CHARS)
        if '"resultType"' in head and head.lstrip()[:1] == "{":
            series = _of_api(json.loads(path.read_text(encoding="utf-8-sig")), label)
        elif '"schema"' in head and '"fields"' in head:
            series = _of_frames(json.loads(path.read_text(encoding="utf-8-sig")))
        elif re.search(r"^# (TYPE|HELP) ", head, re.MULTILINE):
            series = _of_text(path.read_text(encoding="utf-8-sig"))
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


def _of_frames(document: Any) -> list[_Series]:
    """Series of the frames that Grafana shows of a panel or of its queries: times beside values, and the query."""
    series = []
    for frame in _frames(document):
        schema, columns = frame["schema"], frame["data"]["values"]
        told = re.search(r"Expr: ([^\n]+)", str(schema.get("meta", {}).get("executedQueryString", "")))
        times = [float(at) / 1e3 for at in columns[0]]
        for place, column in list(enumerate(schema["fields"]))[1:]:
            named = [str(column.get("config", {}).get("displayNameFromDS", "")), str(column.get("name", ""))]
            one = next(filter(_quantity_of, map(_named_series, (*named, told[1] if told else ""))), _named_series(""))
            one.labels = {**one.labels, **column.get("labels", {})}
            one.values = {
                at: float(value) for at, value in zip(times, columns[place], strict=False) if value is not None
            }
            series.append(one)
    return series


def _frames(value: Any) -> Iterator[dict[str, Any]]:
    """The frames anywhere in a document."""
    if isinstance(value, dict) and {"schema", "data"} <= set(value):
        yield value
    elif isinstance(value, dict | list):
        for child in value.values() if isinstance(value, dict) else value:
            yield from _frames(child)


def _named_series(name: str) -> _Series:
    """A series without values by its name: of a counter with labels, or of a query of its growth."""
    if (query := GROWTH_QUERY.search(name)) is not None:
        kind, counter, labels, width, unit = query.groups()
        window_s = 0.0 if kind == "rate" else float(width) * WINDOW_UNITS_S[unit] if width else None
        if window_s is not None:
            after = name[query.end() :]
            return _Series({"__name__": counter, **_labels(labels or ""), **_labels(after)}, window_s=window_s)
    match = SERIES_NAME.match(name)
    return _Series({**({"__name__": match[1]} if match and match[1] else {}), **_labels((match and match[2]) or "")})


def _of_text(text: str) -> list[_Series]:
    """Series of the text that a server shows at /metrics: each line with its time, or else at the time 0."""
    series = dict[tuple[str, str], _Series]()
    for line in text.splitlines():
        match = SAMPLE_LINE.match(line)
        if match is None:
            continue
        name, labels, value, at = match.groups()
        one = series.setdefault((name, labels or ""), _Series({"__name__": name, **_labels(labels or "")}))
        one.values[float(at or 0) / (1e3 if at and len(at) > 10 else 1)] = float(value)
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
    series = [_named_series(name) for name in header[1:]]
    made = (name for name, one in zip(header[1:], series, strict=True) if one.window_s is None)
    if any(QUERY_FUNCTION.search(name) and re.search("token", name) for name in made):
        raise LogError(
            f"{label} holds what a query made of counters, in a way that does not tell use; {EXPORT_COUNTERS}."
        )
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


def _quantity_of(one: _Series) -> tuple[str, int] | None:
    return _quantity(one.labels)


def _table(series: list[_Series], label: str) -> list[UsageTable]:
    told = [(quantity, one) for one in series if (quantity := _quantity(one.labels)) is not None]
    if not {"inputtokens", "outputtokens"} <= {quantity for (quantity, _), _ in told}:
        if any(one.window_s is not None for _, one in told):
            raise LogError(f"{label} holds the growth of some counters alone; {EXPORT_COUNTERS}.")
        return []
    best = {quantity: min(rank for (name, rank), _ in told if name == quantity) for (quantity, _), _ in told}
    used = [(quantity, one) for (quantity, rank), one in told if rank == best[quantity]]
    times = sorted({at for _, one in used for at in one.values})
    if times == [0.0]:
        return [_standing(used)]
    if len(times) < 2:
        raise LogError(f"{label} shows what the counters stood at once; {EXPORT_COUNTERS}.")
    names = frozenset({"prometheuscounter", "starttime", "endtime", "model", *COUNTER_NAMES})
    return [UsageTable(names, lambda: _rows(used, times))]


def _standing(used: list[tuple[str, _Series]]) -> UsageTable:
    """What the counters stood at, by model."""
    rows = defaultdict[str, dict[str, float]](lambda: defaultdict(float))
    for quantity, one in used:
        rows[_model_of(one)][quantity] += one.values[0.0]
    return _undated(STANDING, rows)


def _undated(mark: str, amounts_of: Mapping[str, Mapping[str, float]]) -> UsageTable:
    rows = [
        {mark: "1", "model": model} | {name: str(n) for name, n in sums.items()} for model, sums in amounts_of.items()
    ]
    return UsageTable(frozenset({mark, "model", *COUNTER_NAMES}), lambda: iter(rows))


def counter_difference(files: list[list[UsageTable]], label: str) -> list[list[UsageTable]]:
    """What the counters of several files without times grew by, from the lowest to the highest, as one file; other files as
    they are. Raises LogError where some fell meanwhile."""
    standing = [tables[0] for tables in files if tables and STANDING in tables[0].names]
    if len(standing) < 2 or len(standing) < len(files):
        return files
    stands = [_stand(table) for table in standing]
    first, last = (pick(stands, key=lambda stand: sum(stand.values())) for pick in (min, max))
    grown = {key: last.get(key, 0.0) - first.get(key, 0.0) for key in {*first, *last}}
    if any(amount < 0 for amount in grown.values()):
        raise LogError(
            f"{label}: some counters fell from one file to the other, as after a restart; {EXPORT_COUNTERS}."
        )
    rows = defaultdict[str, dict[str, float]](dict)
    for (model, name), amount in grown.items():
        rows[model][name] = amount
    return [[_undated(DIFFERENCE, rows)]]


def _stand(table: UsageTable) -> dict[tuple[str, str], float]:
    rows = list(table.rows())
    return {(row["model"], name): float(row[name]) for row in rows for name in COUNTER_NAMES if name in row}


def _model_of(one: _Series) -> str:
    return next((one.labels[name] for name in MODEL_LABELS if one.labels.get(name)), "")


def _rows(used: list[tuple[str, _Series]], times: list[float]) -> Iterator[Row]:
    """One row for each step between two times and model."""
    steps = defaultdict[tuple[float, str], dict[str, float]](lambda: defaultdict(float))
    step_s = min(after - before for before, after in itertools.pairwise(times))
    before_of = dict(zip(times, (times[0] - step_s, *times), strict=False))
    for quantity, one in used:
        if one.window_s is not None:  # what lies between two points is as their queries tell
            before_of |= {at: at - step_s for at in one.values}
        for at, grown in _growth(one.values, times[0]) if one.window_s is None else _grown_by(one, step_s):
            steps[at, _model_of(one)][quantity] += grown
    for (at, model), amounts in sorted(steps.items()):
        period = {"prometheuscounter": "1", "starttime": str(before_of[at]), "endtime": str(at), "model": model}
        yield period | {name: str(amount) for name, amount in amounts.items()}


def _grown_by(one: _Series, step_s: float) -> Iterator[tuple[float, float]]:
    """By time, growth in the step before it, of a query that tells growth a second or in a window."""
    for at, value in one.values.items():
        yield at, value * step_s / (one.window_s or 1.0)


def _growth(values: Mapping[float, float], first_s: float) -> Iterator[tuple[float, float]]:
    """By time, how much a counter grew since its last value. One that appears later than others, or falls, began at zero."""
    ordered = sorted(values.items())
    if ordered and ordered[0][0] > first_s:
        yield ordered[0]
    for (_, before), (at, value) in itertools.pairwise(ordered):
        yield at, value - before if value >= before else value
