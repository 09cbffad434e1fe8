"""Notes on a request log: what was left out, how it was read, and where one figure for all misleads."""

import itertools
import re
from collections.abc import Mapping, Sequence
from datetime import datetime

from calculators.logs import request_columns
from calculators.logs.cell_expressions import US_PER_S
from calculators.logs.log_engine import Counts
from calculators.logs.request_rows import LogSource
from calculators.logs.summer_time import local_time_note, order_note
from calculators.logs.usage_share import UsageShare
from calculators.units import count, percent, plural

UNLIKE_RATIO = 100
"""Mean lengths of two models so far apart make one mixture of lengths that neither has."""
UNLIKE_MIN_FRAC = 0.01


def load_notes(totals: Mapping[str, int]) -> list[str]:
    """Notes on the requests that count."""
    span_s = (totals["end"] - totals["start"]) / US_PER_S
    notes = []
    if span_s < 86_400:
        notes.append(f"The log covers {span_text(span_s)}; daily and weekly peaks are not included.")
    for name, what in (("no_input", "no input"), ("no_output", "no output")):
        if totals[name]:
            notes.append(f"{plural(totals[name], 'request')} with {what} tokens kept.")
    if totals["batch"]:
        share = percent(totals["batch"] / totals["n"])
        left_out = " They are in the tokens and the rate, not in the peaks." if totals["batch"] < totals["n"] else ""
        notes.append(f"{share} of the requests went through the batch or flex tier.{left_out}")
    return notes


def plan_notes(source: LogSource) -> list[str]:
    """Notes on columns that were added up."""
    notes = []
    if source.plan.input_excludes_cache:
        notes.append("The input column excludes cached tokens; they were added.")
    if "reasoning" in source.plan.role_of:
        notes.append("Reasoning tokens are in a separate column; they were added to the output tokens.")
    if "tool_input" in source.plan.role_of:
        notes.append("Tokens of tool results are in a separate column; they were added to the input tokens.")
    return notes


def model_notes(models: Sequence[UsageShare]) -> list[str]:
    """A warning where one mixture of lengths stands for models that are far apart."""
    request_count = sum(model.requests or 0 for model in models)
    large = [model for model in models if (model.requests or 0) >= UNLIKE_MIN_FRAC * request_count]
    for what in ("input", "output"):
        means = {model.value: (getattr(model, f"{what}_tok") or 0) / (model.requests or 1) for model in large}
        means = {name: mean for name, mean in means.items() if mean > 0}
        if not means:
            continue
        short, long = min(means, key=lambda name: means[name]), max(means, key=lambda name: means[name])
        if means[long] >= UNLIKE_RATIO * means[short]:
            return [
                f"The models differ widely: {count(means[short])} {what} tokens a request for {short}, "
                f"{count(means[long])} for {long}. One mixture of lengths fits neither; read each model by itself (Use only, --only model=NAME)."
            ]
    return []


def drop_notes(dropped: Mapping[str, int]) -> list[str]:
    """One note on all rows that were left out; empty when none was."""
    if not dropped:
        return []
    parts = ", ".join(f"{n:,} ({reason})" for reason, n in dropped.items())
    return [f"Excluded rows: {parts}."]


def clock_notes(source: LogSource) -> list[str]:
    """Notes on the clock and the order of the rows."""
    notes, values = [], source.head.values(source.plan.role_of["time"])
    if source.plan.unit is not None:
        notes.append(f"Timestamps are relative, in {source.plan.unit[0]} from 0; the dates shown are placeholders.")
    keys = [_sort_key(value) for value in values if re.search(r"\d", value)]
    is_sorted = all(earlier <= later for earlier, later in itertools.pairwise(keys))
    if not is_sorted and _order_note(source) is None:
        notes.append("The rows are not sorted by time; this does not affect the results.")
    return notes


def load_assumptions(empty_minute_count: int) -> list[str]:
    """What is assumed of minutes without a request."""
    if not empty_minute_count:
        return []
    return [f"{plural(empty_minute_count, 'minute')} without requests count as zero load."]


def names_zone(source: LogSource) -> bool:
    """Whether the times are moments: with a time zone, or counted from 1970."""
    times = source.head.values(source.plan.role_of["time"])
    return source.plan.unit is None and not any(map(request_columns.is_naive, times))


def clock_assumptions(source: LogSource) -> list[str]:
    """What is assumed of the clock: a time zone that the times do not name, a unit that the column does not name."""
    if source.plan.unit is not None:
        unit, sure = source.plan.unit
        return (
            []
            if sure
            else [
                f"The clock counts {'milliseconds' if unit == 'ms' else 'seconds'}, which its column does not say; check it."
            ]
        )
    return [] if names_zone(source) else ["No time zone in the timestamps; UTC assumed."]


def summer_time_notes(source: LogSource, start: datetime, requests_per_minute: Counts) -> list[str]:
    """A warning where times without a zone look local."""
    naive = any(map(request_columns.is_naive, source.head.values(source.plan.role_of["time"])))
    note = (local_time_note(start, requests_per_minute) or _order_note(source)) if naive else None
    return [note] if note else []


def _order_note(source: LogSource) -> str | None:
    values = source.head.values(source.plan.role_of["time"])
    return order_note(values, source.plan.times.day_first) if any(map(request_columns.is_naive, values)) else None


def _sort_key(value: str) -> tuple[float, str]:
    try:
        return float(value), ""
    except ValueError:
        return 0.0, value


def span_text(span_s: float) -> str:
    """A duration in words: 90 s, 20 minutes, 3.5 hours."""
    if span_s < 120:
        return f"{span_s:,.0f} s"
    return f"{span_s / 60:,.0f} minutes" if span_s < 7_200 else plural(span_s / 3_600, "hour")
