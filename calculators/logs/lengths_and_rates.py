"""Files that hold only part of a workload: lengths without times, or rates without lengths. Results of benchmarks are refused,
because they say what a server can do and not what users ask for.
"""

import itertools
import re
from array import array
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np

from calculators.logs.aggregate_columns import COLUMNS, START
from calculators.logs.aggregate_rates import rate_column, rate_number
from calculators.logs.aggregate_rows import number
from calculators.logs.aggregate_sums import MIN_ROWS_OF_TOTAL
from calculators.logs.aggregate_times import time_s
from calculators.logs.cell_expressions import MAX_REQUEST_TOK
from calculators.logs.load_series import period_series
from calculators.logs.request_columns import normalised
from calculators.logs.request_file import LogError
from calculators.logs.request_names import NAMES
from calculators.logs.request_statistics import LengthGroup, LengthStatistics, edges_tok, length_figures
from calculators.logs.shown import shown_model
from calculators.logs.usage_questions import UsageQuestion
from calculators.logs.usage_reading import UsageReading
from calculators.logs.usage_share import UsageShare, largest_shares
from calculators.logs.usage_tables import FIRST_ROW_COUNT, Row, UsageTable
from calculators.units import SECONDS_PER_HOUR, plural, significant

LENGTHS: Mapping[str, tuple[str, ...]] = {
    "input": (
        *("inputlens", "numprefilltokens", "prefilltokens", "promptlens", "inputlength", "promptlength", "inputlen"),
        *("promptlen", "isl", *NAMES["input"]),
    ),
    "output": (
        *("outputlens", "numdecodetokens", "decodetokens", "outputlength", "completionlength", "outputlen", "osl"),
        *NAMES["output"],
    ),
}
RATES = (
    *("requestspers", "requestspersecond", "requestrate", "reqpers", "reqs", "rps", "qps", "rate", "requestratereqs"),
    *("requestsperminute", "rpm", "requestspermin"),
)
RATE_STARTS = ("windowstarts", "windowstart", "times", "seconds", "ts", "t", "offsets", *START)
COUNTS = ("requests", "requestcount", "numrequests", "requestscount", "count", "hits", "calls")
MAX_COUNT_COLUMNS = 4
"""A table of counts has a time, a count and little else."""
PER_MINUTE = frozenset({"requestsperminute", "rpm", "requestspermin"})
BENCHMARK_KEYS = frozenset({"requestthroughput", "numprompts", "outputthroughput", "totaltokenthroughput"})
CLOCK_NAMES = re.compile("time|date|creat|stamp|start|arriv|begin|epoch|clock|when|nano")
CLOCKS = frozenset(NAMES["time"]) | frozenset(START)
MAX_ROW_COUNT = 5_000_000
FIRST_DATE_S = 1e9
"""A clock below this counts from the start of the file."""
LENGTHS_ASKED = tuple(
    UsageQuestion(
        text=f"The file has request rates but no lengths. How many {side} tokens has a request on average?",
        answers=(f"a number: it is used as the mean of the {side}",),
        option=f"--{side}-tok-per-request N",
        field=f"{side}_tok_per_request",
    )
    for side in ("input", "output")
)


@dataclass(frozen=True, slots=True)
class LoadReading(UsageReading):
    """A reading that also holds how load spreads over periods, or lengths over requests. None: the file does not tell."""

    bucket_s: float | None = None
    """Length of one period."""
    peak_ratio: float | None = None
    """Busiest period : mean period, without batch requests."""
    hour_ratio: float | None = None
    """The same of hours, or of periods that are longer."""
    batch_frac: float = 0.0
    """Share of batch requests in all."""
    span_s: float | None = None
    """Time that the file covers where it has no dates."""
    is_count_told: bool = False
    """Whether the user gave the number of requests, in all or by the input of one."""
    input_lengths: LengthStatistics | None = None
    output_lengths: LengthStatistics | None = None
    cells: tuple[LengthGroup, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Plain values, with the length of a period and the busiest one over the mean."""
        return UsageReading.to_json(self) | {"period_s": self.bucket_s, "peak_ratio_at_least": self.peak_ratio}

    @property
    def window_s(self) -> float | None:
        """Seconds from the start to the end of the last period."""
        if self.start is None or self.end is None:
            return self.span_s
        return (self.end - self.start).total_seconds()


def refuse_benchmark(table: UsageTable, label: str) -> None:
    """Raises LogError for the result of a load generator without the requests it sent."""
    summed = {"totalinputtokens", "totaloutputtokens"} <= table.names and table.names & BENCHMARK_KEYS
    if not (table.is_json and (summed or {"benchmarks", "config"} <= table.names)):
        return
    if not {"inputlens", "outputlens"} <= table.names:
        raise LogError(
            f"{label} is the result of a benchmark: it shows what a server can do, not what your users ask for. Hand it in as "
            "a measurement of your server; for the workload export a log or a usage report of production."
        )


# --- lengths ---------------------------------------------------------------------------------------------------------


def read_lengths(table: UsageTable, label: str) -> LoadReading | None:
    """Lengths of requests without their times; None where there is a time, or not both lengths."""
    if table.names & {name for group in COLUMNS["requests"] for name in group}:
        return None  # sums of something else than a period
    columns = {side: next((name for name in names if name in table.names), None) for side, names in LENGTHS.items()}
    inputs, outputs = columns["input"], columns["output"]
    if inputs is None or outputs is None:
        return None
    if {inputs, outputs} != {"inputlens", "outputlens"} and _has_clock(table):
        return None
    pairs, count = _pairs(table.rows(), inputs, outputs, label)
    if count == len(pairs) >= MIN_ROWS_OF_TOTAL and (2 * pairs[-1] == pairs.sum(axis=0)).all():
        pairs, count = pairs[:-1], count - 1  # the last row holds the sums of all others
    return _lengths_reading(pairs, count, label) if len(pairs) >= 2 else None


def _has_clock(table: UsageTable) -> bool:
    """Whether a name or a value of the first rows may be a time, so that the file is a log of requests."""
    if any(CLOCK_NAMES.search(name) for name in table.names) or table.names & CLOCKS:
        return True
    cells = (cell for row in itertools.islice(table.rows(), FIRST_ROW_COUNT) for cell in row.values())
    return any(re.search(r"\d{4}-\d\d-\d\d|\d:\d\d", cell) or (number(cell) or 0) >= FIRST_DATE_S for cell in cells)


def _pairs(rows: Iterable[Row], inputs: str, outputs: str, label: str) -> tuple[Any, int]:
    """Input and output of each request: (n, 2), of more than `MAX_ROW_COUNT` every second, fourth and so on; and how many
    there are."""
    pairs, stride, count = array("q"), 1, 0
    for row in rows:
        input_tok, output_tok = number(row.get(inputs, "")), number(row.get(outputs, ""))
        if row.get("errors"):
            continue
        if input_tok is not None and output_tok is not None and input_tok >= 0 <= output_tok:
            if max(input_tok, output_tok) > MAX_REQUEST_TOK:
                raise LogError(f"{label} has a length of more than {MAX_REQUEST_TOK:,} tokens; remove totals rows.")
            count += 1
            if count % stride == 0:
                pairs.extend((round(input_tok), round(output_tok)))
            if len(pairs) > 2 * MAX_ROW_COUNT:
                pairs, stride = array("q", np.frombuffer(pairs, np.int64).reshape(-1, 2)[::2].tobytes()), 2 * stride
    return np.frombuffer(pairs, np.int64).reshape(-1, 2) if pairs else np.zeros((0, 2), np.int64), count


def _limited(rows: Iterable[Row], before: str, after: str) -> Iterator[Row]:
    """The rows. Raises LogError for more than are read one by one."""
    for row_count, row in enumerate(rows):
        if row_count == MAX_ROW_COUNT:
            raise LogError(f"{before} more than {MAX_ROW_COUNT:,} {after}.")
        yield row


def _lengths_reading(values: Any, request_count: int, label: str) -> LoadReading:
    """`values`: lengths of all requests, or of one in so many."""
    each = request_count / len(values)
    used = f" One in {each:.2g} is used." if len(values) < request_count else ""
    sides = [np.unique(values[:, side], return_counts=True) for side in (0, 1)]
    return LoadReading(
        kind="lengths",
        name=label,
        requests=request_count,
        input_tok=round(int(values[:, 0].sum()) * each),
        cache_read_tok=None,
        cache_write_tok=None,
        output_tok=round(int(values[:, 1].sum()) * each),
        start=None,
        end=None,
        input_lengths=length_figures(*sides[0]),
        output_lengths=length_figures(*sides[1]),
        cells=_cells(values, edges_tok(*sides[0]), edges_tok(*sides[1])),
        read=(f"{label} holds the lengths of {plural(request_count, 'request')} without their times.{used}",),
        missing=("requests per month", "the peak", "cache reads"),
        questions=(
            UsageQuestion(
                text=f"{label} has lengths but no times. How many requests are there in a month?",
                answers=("a number of requests: the lengths are used with it",),
                option="--requests-per-month N",
                field="requests_per_month",
            ),
        ),
    )


def _cells(values: Any, input_edges: list[int], output_edges: list[int]) -> tuple[LengthGroup, ...]:
    """As `request_statistics.length_cells`, of an array of lengths."""
    bins = np.searchsorted(input_edges, values[:, 0]) * 100 + np.searchsorted(output_edges, values[:, 1])
    groups = [values[bins == place] for place in np.unique(bins)]
    return tuple(LengthGroup(len(g) / len(values), float(g[:, 0].mean()), float(g[:, 1].mean())) for g in groups)


# --- rates -----------------------------------------------------------------------------------------------------------


def read_rates(table: UsageTable, label: str) -> LoadReading | None:
    """Requests per second over time, without lengths; None where the table has none. Several models are added."""
    told = {
        normalised(cell): rated[1] for cell in table.header if (rated := rate_column(cell)) and rated[0] == "requests"
    }
    rate = next((name for name in (*RATES, *told, *COUNTS) if name in table.names), None)
    start = next((name for name in RATE_STARTS if name in table.names), None)
    lengths = {name for names in LENGTHS.values() for name in names[:-1]}
    if rate is None or start is None or table.names & lengths:
        return None
    if rate in COUNTS and len(table.names) > MAX_COUNT_COLUMNS:
        return None
    unit_s = told.get(rate) or (60.0 if rate in PER_MINUTE else 1.0)
    by_model = _series(table.rows(), start, (rate, unit_s), label)
    series = defaultdict[float, float](float)
    for (_, at), rate_req_s in by_model.items():
        series[at] += rate_req_s
    if len(series) < 2:
        return None
    if rate in COUNTS:
        width_s = _step_of(series)
        series = defaultdict(float, {at: count / width_s for at, count in series.items()})
        by_model = {key: count / width_s for key, count in by_model.items()}
    return _rates_reading(series, by_model, label)


def _step_of(series: Mapping[float, float]) -> float:
    """The smallest step between starts of windows, in seconds."""
    return min(after - before for before, after in itertools.pairwise(sorted(series)))


def _series(rows: Iterable[Row], start: str, rate: tuple[str, float], label: str) -> dict[tuple[str, float], float]:
    """Requests per second by model and start of window. `rate`: the column and the seconds of its unit."""
    series = defaultdict[tuple[str, float], float](float)
    for row in _limited(rows, f"{label} holds", "request rates; add them up by minute"):
        text = row.get(start, "")
        at, value = number(text), rate_number(row.get(rate[0], ""))
        at = time_s(text) if at is None or at >= FIRST_DATE_S else at
        if at is not None and value is not None and value >= 0:
            series[row.get("model", ""), at] += value / rate[1]
    return dict(series)


def _rates_reading(
    series: Mapping[float, float], by_model: Mapping[tuple[str, float], float], label: str
) -> LoadReading:
    starts = sorted(series)
    width_s = _step_of(series)
    span_s = starts[-1] - starts[0] + width_s
    rates = np.array([series[start] for start in starts])
    requests = float(rates.sum()) * width_s
    hours = defaultdict[float, float](float)
    for start in starts:
        hours[(start - starts[0]) // SECONDS_PER_HOUR] += series[start] * width_s
    hour_count = max(1.0, span_s / SECONDS_PER_HOUR)
    dated = starts[0] > FIRST_DATE_S
    start_at, end_at = (datetime.fromtimestamp(at, UTC) if dated else None for at in (starts[0], starts[-1] + width_s))
    models = _rated_models(by_model, width_s)
    several = (f"The rates of {plural(len(models), 'model')} are added.",) if len(models) > 1 else ()
    return LoadReading(
        kind="rates",
        name=label,
        requests=requests,
        input_tok=None,
        cache_read_tok=None,
        cache_write_tok=None,
        output_tok=None,
        start=start_at,
        end=end_at,
        models=models,
        series=period_series(
            {start: {"requests": series[start] * width_s} for start in starts}, starts[0], starts[0] + span_s, width_s
        ),
        span_s=span_s,
        bucket_s=width_s,
        peak_ratio=max(1.0, float(rates.max()) * span_s / requests) if requests else 1.0,
        hour_ratio=max(1.0, max(hours.values()) * hour_count / requests) if requests else 1.0,
        read=(
            f"{label} holds request rates: {significant(requests / span_s)} requests/s on average, no lengths.",
            *several,
        ),
        missing=("token lengths", "cache reads"),
        questions=LENGTHS_ASKED,
    )


def _rated_models(by_model: Mapping[tuple[str, float], float], width_s: float) -> tuple[UsageShare, ...]:
    requests = defaultdict[str, float](float)
    for (model, _), rate_req_s in by_model.items():
        requests[model] += rate_req_s * width_s
    shares = (
        UsageShare(
            value=shown_model(model),
            requests=total,
            input_tok=None,
            cache_read_tok=None,
            cache_write_tok=None,
            output_tok=None,
            spend_usd=None,
        )
        for model, total in requests.items()
        if model
    )
    return largest_shares(list(shares))
