"""The figures of a table of parsed requests: lengths, peaks, requests per minute, a joint length table.

DuckDB counts, numpy does the rest. Percentiles come from value counts: exact, and small in memory.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import ibis
import ibis.expr.types as ir
import numpy as np

from calculators.logs.cell_expressions import US_PER_S
from calculators.logs.log_engine import Counts, LogEngine
from calculators.units import HOURS_PER_DAY, plural

MINUTE_S = 60
CELL_QUANTILES = (0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.999)  # 8 bins a side, finer where memory is decided

StatisticsBasis = Literal["measured", "bounded", "assumed"]


@dataclass(frozen=True, slots=True)
class LengthStatistics:
    """Tokens of one request; percentiles are exact, interpolated between neighbours as numpy does by default."""

    mean_tok: float
    p50_tok: float
    p95_tok: float
    p99_tok: float
    max_tok: float


@dataclass(frozen=True, slots=True)
class Peak:
    """Busiest window : mean window, of requests (`ratio`) and of input + output tokens (`tokens_ratio`)."""

    window_s: int
    ratio: float
    tokens_ratio: float
    basis: StatisticsBasis
    why: str


@dataclass(frozen=True, slots=True)
class LengthGroup:
    """A share of the requests with their mean lengths; the shares of all cells sum to 1."""

    share_frac: float
    input_tok: float
    output_tok: float


def length_figures(values_tok: Counts, counts: Counts) -> LengthStatistics:
    """Exact figures from value counts (values ascending) of at least two requests."""
    mean_tok = int((values_tok * counts).sum()) / int(counts.sum())
    p50_tok, p95_tok, p99_tok = (percentile(values_tok, counts, fraction) for fraction in (0.5, 0.95, 0.99))
    return LengthStatistics(mean_tok, p50_tok, p95_tok, p99_tok, float(values_tok[-1]))


def percentile(values: Counts, counts: Counts, fraction: float) -> float:
    """Exact, interpolated between neighbours, from value counts (values ascending)."""
    reach = np.cumsum(counts)
    position = fraction * (int(reach[-1]) - 1)
    places = (math.floor(position), math.ceil(position))
    low, high = (int(values[np.searchsorted(reach, place, "right")]) for place in places)
    return low + (high - low) * (position - math.floor(position))


def value_counts(engine: LogEngine, table: ir.Table, column: str) -> tuple[Counts, Counts]:
    """The distinct values, ascending, and how often each occurs."""
    grouped: Any = table.group_by(value=table[column]).aggregate(n=table.count())
    columns = engine.columns(grouped.order_by("value"))
    return columns["value"], columns["n"]


def edges_tok(values_tok: Counts, counts: Counts) -> list[int]:
    """The lengths that part the cells: the values at CELL_QUANTILES."""
    reach = np.cumsum(counts)
    ranks = [math.ceil(quantile * reach[-1]) for quantile in CELL_QUANTILES]
    return sorted({int(values_tok[np.searchsorted(reach, rank)]) for rank in ranks})


def length_cells(
    engine: LogEngine, table: ir.Table, input_edges: Sequence[int], output_edges: Sequence[int]
) -> list[LengthGroup]:
    """At most 64 cells between the edges; each holds the means of its own requests, so the overall means are exact."""
    binned: Any = table.select(
        "input_tok", "output_tok", i=_bin(table.input_tok, input_edges), o=_bin(table.output_tok, output_edges)
    )
    sums = binned.group_by("i", "o").aggregate(
        n=binned.count(), input_sum=binned.input_tok.sum(), output_sum=binned.output_tok.sum()
    )
    rows = engine.rows(sums.order_by("i", "o"))
    total = sum(row["n"] for row in rows)
    return [LengthGroup(row["n"] / total, row["input_sum"] / row["n"], row["output_sum"] / row["n"]) for row in rows]


def _bin(value: Any, edges: Sequence[int]) -> Any:
    """How many edges the value is above."""
    return ibis.cases(*((value <= edge, number) for number, edge in enumerate(edges)), else_=len(edges))


def per_minute(engine: LogEngine, table: ir.Table, start_us: int, minute_count: int) -> tuple[Counts, Counts]:
    """Requests and tokens of each minute from the first request on; minutes without requests hold 0."""
    minute = (table.time_us - start_us) // (MINUTE_S * US_PER_S)
    tok = (table.input_tok + table.output_tok).sum()
    grouped: Any = table.group_by(minute=minute).aggregate(n=table.count(), tok=tok)
    columns = engine.columns(grouped)
    requests, tokens = np.zeros(minute_count, np.int64), np.zeros(minute_count, np.int64)
    requests[columns["minute"]], tokens[columns["minute"]] = columns["n"], columns["tok"]
    return requests, tokens


def hourly_shares(counts: Counts, start_us: int) -> tuple[float, ...]:
    """Share of a mean day's load in each hour of the day (24,), UTC, from the load of each minute since `start_us` of at
    least a day. An hour that is covered once more than another counts no more."""
    minute = start_us // (MINUTE_S * US_PER_S) + np.arange(len(counts))
    hour = minute // 60 % HOURS_PER_DAY
    rates = np.bincount(hour, counts, HOURS_PER_DAY) / np.bincount(hour, minlength=HOURS_PER_DAY)
    return tuple((rates / rates.sum()).tolist())


def peak_figures(requests: Counts, tokens: Counts, span_s: float, window_s: int) -> Peak:
    """Peak-to-average ratio of requests and of tokens per minute over full windows from the first request on."""
    full_count, window = int(span_s // window_s), plural(window_s / MINUTE_S, "minute")
    if full_count == 0:
        why = f"The log is shorter than {window}; a ratio of 1 is assumed."
        return Peak(window_s, 1.0, 1.0, "assumed", why)
    ratios = [_ratio(window_sums(series, window_s)[:full_count]) for series in (requests, tokens)]
    if window_s <= span_s / 10:
        why = f"Measured over {full_count:,} full windows of {window}."
        return Peak(window_s, ratios[0], ratios[1], "measured", why)
    why = f"Lower bound: the log covers only {plural(full_count, 'full window')} of {window}."
    return Peak(window_s, ratios[0], ratios[1], "bounded" if window_s < span_s else "assumed", why)


def window_sums(series: Counts, window_s: int) -> Counts:
    """Sums over so many seconds (a multiple of 60), the last one perhaps partial."""
    step = window_s // MINUTE_S
    return np.add.reduceat(series, np.arange(0, len(series), step))


def _ratio(sums: Counts) -> float:
    mean = float(sums.mean())
    return max(1.0, float(sums.max()) / mean) if mean > 0 else 1.0
