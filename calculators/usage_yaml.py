"""A request log's figures as the `workload:` block of a scenario file.

The block holds what `Workload` accepts and nothing else, so it can be pasted as it is. What a scenario has no key for
(rows, period, percentiles, all peaks, notes) stands above it as comments, one line each.
"""

import yaml

from calculators.scenario import Workload
from calculators.starting_points import log_workload
from calculators.usage_figures import Lengths, Peak
from calculators.usage_file import clean
from calculators.usage_log import UsageSummary, span_text

COMMENT_CHAR_COUNT = 500
NOT_IN_LOG = ("cacheable_frac", "self_hit_frac", "deferrable_frac", "growth_per_month_frac")


def to_workload_yaml(summary: UsageSummary) -> str:
    """The block with its comments. Raises DataError for a figure that no scenario may hold."""
    unknown = Workload(  # the required figures are all replaced by the log's
        requests_per_month=1, input_tok=1, output_tok=1, input_p95_tok=1, output_p95_tok=1, cached_basis="assumed"
    )
    plain = log_workload(summary, unknown).model_dump(mode="json")
    comments = "".join(f"# {clean(line, COMMENT_CHAR_COUNT)}\n" for line in _comments(summary))
    return comments + yaml.safe_dump({"workload": plain}, sort_keys=False, allow_unicode=True, width=120)


def _comments(summary: UsageSummary) -> list[str]:
    unknown = [key for key in ("cached_frac", "cache_write_frac") if getattr(summary, key) is None]
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
        *(f"Note: {note}" for note in summary.notes),
        f"Not from the log, so check them: {', '.join((*unknown, *NOT_IN_LOG))}",
    ]


def _lengths(lengths: Lengths) -> str:
    return (
        f"mean {lengths.mean_tok:,.1f}, median {lengths.p50_tok:,.1f}, 95th percentile {lengths.p95_tok:,.1f}, "
        f"99th {lengths.p99_tok:,.1f}, most {lengths.max_tok:,.0f}"
    )


def _peak(peak: Peak) -> str:
    return (
        f"Peak of {peak.window_s:,} s windows over the mean: {peak.ratio:.4g} in requests, {peak.tokens_ratio:.4g} in "
        f"tokens ({peak.basis}). {peak.why}"
    )
