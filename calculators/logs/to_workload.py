"""A request log's figures as the `workload:` block of a scenario file.

The block holds what `Workload` accepts and nothing else, so it can be pasted as it is. What a scenario has no key for
(rows, period, percentiles, all peaks, notes) stands above it as comments, one line each.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import numpy as np
import yaml
from pydantic import ValidationError

from calculators.catalog.load_peaks import load_peaks
from calculators.errors import data_error
from calculators.logs.aggregate_times import DAY_S
from calculators.logs.growth_fit import fit_growth
from calculators.logs.load_series import LoadSeries
from calculators.logs.peak_estimate import WEEK_S, PeakEstimate, SeenPeak, peak_estimate
from calculators.logs.request_log import UsageSummary, span_text
from calculators.logs.request_statistics import LengthStatistics, Peak
from calculators.scenario.schema import Basis, LengthCell, Workload
from calculators.scenario.traffic_range import chance_ratio, joint_ratio
from calculators.units import HOURS_PER_MONTH, SECONDS_PER_MONTH, count, plural, printable

COMMENT_CHARS = 500
NOT_IN_LOG = ("cacheable_frac", "self_hit_frac", "deferrable_frac", "growth_per_month_frac")


MEASURED_SPAN_S = WEEK_S


HOUR_S = 3_600
SATURDAY = 5
NARROW_FRAC = 0.1
HOURLY_DECIMALS = 5  # links stay short
MAX_PEAK_RATIO = 10_000.0
SIZING_WINDOW_S = 60  # targets of a second or two leave no time to average over longer


def log_workload(summary: UsageSummary, before: Workload, window_s: int = SIZING_WINDOW_S) -> Workload:
    """The log's figures with their ranges in place of the workload's; what a log cannot say (growth, deferrable share) is
    kept.

    Requests a month = rate x 730 h. Only a log of a week shows the rhythm of the days: from a shorter one the month is
    assumed to repeat it, and its peak is estimated. Raises DataError for a figure that no scenario may hold.
    """
    peak = week_peak(summary, window_s)
    requests_basis: Basis = "measured" if summary.span_s >= MEASURED_SPAN_S else "assumed"
    figures = {
        "source": f"log:{summary.name}",
        "requests_per_month": summary.request_rate_req_s * SECONDS_PER_MONTH,
        "requests_basis": requests_basis,
        "requests_range_per_month": log_month(summary),
        "sample_requests": summary.used_row_count,
        "input_tok": summary.input_tok.mean_tok,
        "output_tok": summary.output_tok.mean_tok,
        "input_p95_tok": max(summary.input_tok.p95_tok, 1.0),
        "output_p95_tok": max(summary.output_tok.p95_tok, 1.0),
        "lengths_basis": "measured",
        "p95_basis": None,
        "cells": [_cell(cell.share_frac, cell.input_tok, cell.output_tok) for cell in summary.cells],
        **peak_figures_of(peak),
        "active_h_per_month": HOURS_PER_MONTH,
        "hourly_frac": [round(frac, HOURLY_DECIMALS) for frac in summary.hourly_frac],
        **growth_figures(summary.series),
    }
    try:
        return Workload.model_validate(
            {**before.model_dump(), **figures, **_cache_figures(summary, before), **_batch_figures(summary)}
        )
    except ValidationError as error:
        raise data_error(error, Workload, lambda _: f"{summary.name}: ") from None


def growth_figures(series: LoadSeries | None) -> dict[str, Any]:
    """The growth that a log tells; nothing where it cannot tell one, so that the user's own stays."""
    fit = fit_growth(series)
    if fit is None:
        return {}
    growth = {"growth_per_month_frac": fit.per_month_frac, "growth_basis": "measured"}
    range_frac = {"growth_range_frac": (fit.low_frac, fit.high_frac)}
    return {**growth, **range_frac, "growth_low_frac": None, "growth_high_frac": None}


def week_peak(summary: UsageSummary, window_s: int = SIZING_WINDOW_S) -> PeakEstimate:
    """The peak of a week: measured where the log covers one, else estimated with the rhythm of services of its size."""
    peak, hour = (next(p for p in summary.peaks if p.window_s == width_s) for width_s in (window_s, HOUR_S))
    seen = SeenPeak(
        ratio=peak.ratio,
        hour_ratio=hour.ratio,
        window_s=SIZING_WINDOW_S,
        span_s=summary.span_s,
        rate_req_s=summary.request_rate_req_s,
        basis=peak.basis,
    )
    return peak_estimate(seen)


def peak_figures_of(peak: PeakEstimate) -> dict[str, object]:
    """The peak of a workload with its range, as far as a scenario goes."""
    low, central, high = (
        min(max(ratio, 1.0), MAX_PEAK_RATIO) for ratio in (peak.low_ratio, peak.central_ratio, peak.high_ratio)
    )
    return {"peak_ratio": central, "peak_basis": peak.basis, "peak_range_ratio": (low, high)}


def _cache_figures(summary: UsageSummary, before: Workload) -> dict[str, object]:
    """What the log says of caching; nothing when it does not."""
    if summary.cached_frac is None:
        return {}
    return {
        "cached_frac": summary.cached_frac,
        "cached_basis": "measured",
        "cache_write_frac": summary.cache_write_frac or 0.0,
        "cacheable_frac": max(summary.cached_frac, before.cacheable_frac),
    }


def _batch_figures(summary: UsageSummary) -> dict[str, object]:
    """The share that waited for the batch tier, which the peaks leave out."""
    if not summary.batch_count:
        return {}
    frac = summary.batch_count / summary.used_row_count
    return {"batch_frac": frac, "deferrable_frac": frac}


def _cell(share_frac: float, input_tok: float, output_tok: float) -> LengthCell:
    """Six significant figures: links stay short, and no price is known better."""
    share, inputs, outputs = (float(f"{value:.6g}") for value in (share_frac, input_tok, output_tok))
    return LengthCell(share_frac=share, input_tok=inputs, output_tok=outputs)


def to_workload_yaml(summary: UsageSummary) -> str:
    """The block with its comments. Raises DataError for a figure that no scenario may hold."""
    unknown = Workload(  # the required figures are all replaced by the log's
        requests_per_month=1, input_tok=1, output_tok=1, input_p95_tok=1, output_p95_tok=1, cached_basis="assumed"
    )
    plain = log_workload(summary, unknown).model_dump(mode="json")
    comments = "".join(f"# {printable(line, COMMENT_CHARS)}\n" for line in _comments(summary))
    return comments + yaml.safe_dump({"workload": plain}, sort_keys=False, allow_unicode=True, width=120)


def _comments(summary: UsageSummary) -> list[str]:
    unknown = [key for key in ("cached_frac", "cache_write_frac") if getattr(summary, key) is None]
    growth = fit_growth(summary.series)
    unknown += [key for key in NOT_IN_LOG if growth is None or key != "growth_per_month_frac"]
    cached = "unknown" if summary.cached_frac is None else f"{summary.cached_frac:.2%} of the input tokens"
    return [
        f"From the request log {summary.name}",
        f"sha256 {summary.sha256}",
        f"Rows: {summary.row_count:,} in the file, {summary.used_row_count:,} used",
        f"Span: {summary.start.isoformat()} to {summary.end.isoformat()}, {span_text(summary.span_s)}",
        f"Rate: {summary.request_rate_req_s:.6g} requests a second on average",
        f"Input tokens of a request: {_lengths(summary.input_tok)}",
        f"Output tokens of a request: {_lengths(summary.output_tok)}",
        f"Cache reads: {cached}",
        *(_peak(peak) for peak in summary.peaks),
        f"{week_peak(summary).basis.capitalize()}: {week_peak(summary).why}",
        *log_month_texts(summary),
        *([growth.words] if growth else []),
        *(f"Note: {note}" for note in summary.notes),
        *(f"Assumed: {words}" for words in summary.assumed),
        f"Not from the log, so check them: {', '.join(unknown)}",
    ]


def log_month(summary: UsageSummary) -> tuple[float, float]:
    """The least and the most requests per month that a log leaves open."""
    return month_range(
        summary.request_rate_req_s * SECONDS_PER_MONTH,
        summary.span_s,
        chance_ratio(summary.used_row_count, arrival_variance_ratio(summary.per_minute_requests)),
        summary.start,
    )


def arrival_variance_ratio(counts: Sequence[int]) -> float:
    """Variance over mean of the requests in equal windows, of which the last one may be cut short: 1 where requests are
    independent, more where they come in bursts; at least 1."""
    full = np.array(counts[:-1], dtype=float)
    return max(1.0, float(full.var(ddof=1) / full.mean())) if full.size > 1 and full.any() else 1.0


def month_range(requests_per_month: float, span_s: float, chance: float, start: datetime | None) -> tuple[float, float]:
    """The least and the most requests per month that a log leaves open: chance, a factor, and below a week the rhythm of the
    days that it does not show. Without a date (`start`), it is taken for one of a working day."""
    rhythm_low, rhythm_high = (1.0, 1.0) if span_s >= MEASURED_SPAN_S else _rhythm(span_s, start)
    low = requests_per_month / joint_ratio(rhythm_low, chance)
    return max(low, 1.0), requests_per_month * joint_ratio(rhythm_high, chance)


def _rhythm(span_s: float, start: datetime | None) -> tuple[float, float]:
    """Mean rate of a week over that of a log."""
    peaks = load_peaks()
    if span_s >= DAY_S:
        month = peaks.month_over_hour
    else:
        month = peaks.month_over_weekend_hour if _is_weekend(start) else peaks.month_over_workday_hour
    return month.low, month.high


def _is_weekend(start: datetime | None) -> bool:
    return start is not None and start.weekday() >= SATURDAY


def month_texts(
    requests_per_month: float, ends: tuple[float, float], seen: tuple[float, float], start: datetime | None
) -> list[str]:
    """The range `ends` of a month's volume in a sentence; nothing where it is narrow. `seen`: requests and seconds."""
    (low, high), (request_count, span_s) = ends, seen
    if high - low <= NARROW_FRAC * requests_per_month:
        return []
    origin = f"{plural(request_count, 'request')} in {span_text(span_s)}"
    text = f"Requests per month: {count(requests_per_month)}, range {count(low)} to {count(high)}, from {origin}."
    if span_s >= DAY_S:
        return [text]
    if _is_weekend(start):
        return [f"{text} The upper end is that of a service which rests on weekends."]
    return [f"{text} The lower end is that of a service which is used in office hours, and was then."]


def log_month_texts(summary: UsageSummary) -> list[str]:
    """The range of the month of a log in a sentence; nothing where it is narrow."""
    requests_per_month = summary.request_rate_req_s * SECONDS_PER_MONTH
    return month_texts(requests_per_month, log_month(summary), (summary.used_row_count, summary.span_s), summary.start)


def _lengths(lengths: LengthStatistics) -> str:
    return (
        f"mean {lengths.mean_tok:,.1f}, median {lengths.p50_tok:,.1f}, 95th percentile {lengths.p95_tok:,.1f}, "
        f"99th {lengths.p99_tok:,.1f}, most {lengths.max_tok:,.0f}"
    )


def _peak(peak: Peak) -> str:
    return (
        f"Peak of {peak.window_s:,} s windows over the mean: {peak.ratio:.4g} in requests, {peak.tokens_ratio:.4g} in "
        f"tokens ({peak.basis}). {peak.why}"
    )
