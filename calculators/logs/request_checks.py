"""Checks of a request log as a whole: tokens, a span of time, a clock that can be right."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import ibis.expr.types as ir

from calculators.logs.cell_expressions import US_PER_S
from calculators.logs.request_file import LogError
from calculators.logs.request_rows import LogSource

MAX_RELATIVE_S = 20 * 366 * 86_400
FIRST_YEAR = 2015


def check_totals(label: str, totals: Mapping[str, int], dropped: Mapping[str, int]) -> None:
    """Raises LogError for rows without tokens or without a span of time."""
    if totals["n"] == 0:
        reasons = ", ".join(f"{reason}: {n:,}" for reason, n in dropped.items()) or "no rows"
        raise LogError(f"{label} has no usable request left ({reasons}); check the mapped columns or the period.")
    if totals["input"] + totals["output"] == 0:
        raise LogError(f"{label}: all token counts are 0; map the columns that hold the tokens.")
    if totals["end"] == totals["start"]:
        what = "a single request" if totals["n"] == 1 else "a single moment for all requests"
        raise LogError(f"{label} has {what}, so no rate can be derived; export a longer period with exact times.")


def check_clock(source: LogSource, table: ir.Table, now: datetime) -> None:
    """Raises LogError for times before 2015, after tomorrow, or beyond a clock that counts from 0."""
    rows: Any = table
    ends = source.engine.rows(rows.aggregate(start=rows.time_us.min(), end=rows.time_us.max()))[0]
    if ends["start"] is None:
        return
    if source.plan.unit is not None:
        if ends["start"] < 0 or ends["end"] > MAX_RELATIVE_S * US_PER_S:
            place = source.place("time", lambda t: (t.time_us < 0) | (t.time_us > MAX_RELATIVE_S * US_PER_S))
            raise LogError(f"{place} does not fit a clock that counts from 0; write dates like 2026-10-05T09:00:00Z.")
        return
    earliest_us = int(datetime(FIRST_YEAR, 1, 1, tzinfo=UTC).timestamp()) * US_PER_S
    latest_us = int((now + timedelta(days=1)).timestamp()) * US_PER_S
    if ends["end"] > latest_us:
        place = source.place("time", lambda t: (t.fault == 0) & (t.time_us > latest_us))
        raise LogError(f"{place} lies in the future; correct the clock or the unit of the time column.")
    if ends["start"] < earliest_us:
        place = source.place("time", lambda t: (t.fault == 0) & (t.time_us < earliest_us))
        raise LogError(f"{place} lies before {FIRST_YEAR}; correct the clock or the unit of the time column.")
