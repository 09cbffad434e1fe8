"""Load over time in few enough points to draw: requests, tokens and spend by steps of the clock, in UTC."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import ibis.expr.types as ir
import numpy as np

from calculators.logs.cell_expressions import US_PER_S
from calculators.logs.log_engine import LogEngine
from calculators.units import SECONDS_PER_HOUR

MAX_POINTS = 750
MIN_POINTS, MIN_REQUESTS_PER_POINT = 24, 5
"""Fewer requests a point make no picture, as long as there are so many points."""
_HOUR_S = SECONDS_PER_HOUR
_DAY_S = 24 * _HOUR_S
STEPS_S = (60.0, 300.0, 900.0, _HOUR_S, 3 * _HOUR_S, _DAY_S)
"""The first that is fine enough: a day by 5 minutes, a week by quarter hours, a month by hours."""
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class LoadSeries:
    """Amounts of each step from `start` on; None where the file does not have them."""

    start: datetime
    step_s: float
    requests: tuple[float, ...] | None
    tokens: tuple[int, ...] | None
    spend_usd: tuple[float, ...] | None = None


def series_step_s(span_s: float, period_s: float = 0.0, request_count: float = math.inf) -> float:
    """Seconds of one point of a series over so long a span: a multiple of `period_s`, and no finer than the requests fill."""
    least_s = max(span_s / (MAX_POINTS - 2), min(span_s / MIN_POINTS, MIN_REQUESTS_PER_POINT * span_s / request_count))
    step_s = next((step for step in STEPS_S if step >= least_s), math.ceil(least_s / _DAY_S) * _DAY_S)
    return math.ceil(step_s / period_s) * period_s if period_s else step_s


def request_series(engine: LogEngine, table: ir.Table, totals: Mapping[str, int]) -> LoadSeries:
    """The series of a table of requests, by whole steps of the clock. `totals`: their number `n`, and `start` and `end` in
    microseconds."""
    rows: Any = table
    start_us, end_us = totals["start"], totals["end"]
    step_s = series_step_s((end_us - start_us) / US_PER_S, request_count=totals["n"])
    step_us = round(step_s) * US_PER_S
    first, last = start_us // step_us, end_us // step_us
    grouped = rows.group_by(step=rows.time_us // step_us - first).aggregate(
        requests=rows.count(), tokens=(rows.input_tok + rows.output_tok).sum(), spend_usd=rows.spend_usd.sum()
    )
    records = engine.rows(grouped)
    spends = [record["spend_usd"] for record in records]
    has_spend = any(spend is not None for spend in spends) and all(spend == spend for spend in spends)  # no NaN
    return LoadSeries(
        start=EPOCH + timedelta(microseconds=first * step_us),
        step_s=step_s,
        requests=_filled(records, "requests", last - first + 1),
        tokens=tuple(map(int, _filled(records, "tokens", last - first + 1))),
        spend_usd=_filled(records, "spend_usd", last - first + 1) if has_spend else None,
    )


def _filled(records: Sequence[Mapping[str, Any]], name: str, point_count: int) -> tuple[float, ...]:
    """The amounts of all steps; those without requests hold 0."""
    values = np.zeros(point_count)
    for record in records:
        values[record["step"]] += record[name] or 0.0
    return tuple(values.tolist())


def period_series(
    amounts_of: Mapping[float, Mapping[str, float]], start_s: float, end_s: float, width_s: float
) -> LoadSeries:
    """The series of sums: by start of a period in seconds since 1970 its requests, tokens and spend, where known."""
    step_s = max(width_s, series_step_s(end_s - start_s, width_s))
    point_count = max(1, round((end_s - start_s) / step_s))
    whole = round if step_s == width_s else int  # months are not all of one width
    records = [
        {**amounts, "step": min(whole((at - start_s) / step_s), point_count - 1)}
        for at, amounts in amounts_of.items()
        if amounts
    ]
    known = {name for record in records for name in record}

    def values(name: str) -> tuple[float, ...] | None:
        rows = [{"step": record["step"], name: record.get(name)} for record in records]
        return _filled(rows, name, point_count) if name in known else None

    tokens = values("tokens")
    return LoadSeries(
        start=EPOCH + timedelta(seconds=start_s),
        step_s=step_s,
        requests=values("requests"),
        tokens=None if tokens is None else tuple(round(value) for value in tokens),
        spend_usd=values("spend"),
    )
