"""Words and sentences on the accuracy of the throughput model."""

from collections.abc import Mapping, Sequence

from calculators.calibration.accuracy import METRICS, AccuracyMetric, Breakdown, Errors, Protocol
from calculators.calibration.configurations import PredictionStatus
from calculators.calibration.field_reports import JudgedFigure, ReportedFigure, hits
from calculators.calibration.pool_accuracy import JudgedPools
from calculators.calibration.predict import Prediction
from calculators.calibration.technique_pairs import PairedTechnique, TechniqueErrors
from calculators.units import count, percent

METRIC_WORDS: dict[AccuracyMetric, str] = {"tpot_ms": "TPOT", "tok_s": "Throughput", "ttft_ms": "TTFT"}
METRIC_UNITS: dict[AccuracyMetric, str] = {"tpot_ms": "ms", "tok_s": "output tok/s per GPU", "ttft_ms": "ms"}
PROTOCOL_WORDS: dict[Protocol, str] = {
    "unseen_model": "Held out by model",
    "unseen_gpu": "Held out by GPU",
    "predicted": "In the fit",
}
FIGURE_WORDS: dict[ReportedFigure, str] = {
    "tpot_ms": "TPOT (ms)",
    "ttft_ms": "TTFT (ms)",
    "output_tok_s_per_gpu": "Output tok/s per GPU",
    "speedup": "Speedup by drafts",
}
BREAKDOWN_WORDS: dict[Breakdown, str] = {"source": "Source", "engine": "Engine", "gpu": "GPU", "model": "Model"}
PREDICTION_STATUS_WORDS: dict[PredictionStatus, str] = {
    "ok": "Within the fitted range",
    "extrapolated": "Extrapolated",
    "unsupported": "Not supported",
}
STATUS_NOTE = (
    "The model marks a prediction as extrapolated when engine, GPU, lengths or batch lie outside the fitted runs, or when "
    "the KV cache (key-value cache) is almost full."
)
COVERAGE_TAKEAWAY = (
    "The stated 80% range follows from engine, model, load and doubts; this share of held-out runs lay within it"
)
SCATTER_TAKEAWAY = (
    "Points on the solid line are exact; between the dotted lines a prediction is within a factor of two."
)
_SEEN: dict[Protocol, str] = {
    "unseen_model": "of models that the fit never saw",
    "unseen_gpu": "on GPUs that the fit never saw",
    "predicted": "that the fit has seen",
}


def accuracy_sentence(metric: AccuracyMetric, protocol: Protocol, errors: Errors) -> str:
    """Median and 90th percentile error of one metric under one protocol."""
    return (
        f"{METRIC_WORDS[metric]} predictions are off by {percent(errors.median_frac)} (median) and "
        f"{percent(errors.p90_frac)} (90th percentile) on {count(errors.count)} published runs {_SEEN[protocol]}."
    )


def unflagged_sentence(within: Errors, overall: Errors) -> str:
    """How many predictions are off by more than a factor of three, with and without the extrapolated ones."""
    return (
        f"Of {count(within.count)} runs within the fitted range, {count(within.beyond_3x_count)} are off by more than 3x; "
        f"of all {count(overall.count)} runs, {count(overall.beyond_3x_count)}."
    )


def pools_sentence(judged: JudgedPools) -> str:
    """Median errors on runs with separate pools."""
    tpot, tok_s, ttft = (judged.errors(metric).median_frac for metric in METRICS)
    return (
        f"On {count(judged.group.size)} published runs with separate prefill and decode pools, TPOT is off by "
        f"{percent(tpot)} at the median, throughput by {percent(tok_s)} and TTFT by {percent(ttft)}; all of them were in the "
        "fit of what pools add."
    )


def drafts_sentence(speedups: Errors) -> str:
    """Median error of the speedup by drafts."""
    return (
        f"How much faster drafts make decoding is off by {percent(speedups.median_frac)} at the median and "
        f"{percent(speedups.p90_frac)} at the 90th percentile, on {count(speedups.count)} pairs of runs with and without "
        "multi-token prediction."
    )


FEW_PAIRS = 10
"""Pairs below which the errors of a technique say little."""


def techniques_sentence(by: Mapping[PairedTechnique, TechniqueErrors]) -> str:
    """Median error of the gain by each technique, how many slow-downs were told as gains, and where pairs are few."""
    gains = ", ".join(
        f"by {technique} {percent(one.errors.median_frac)} ({count(one.errors.count)})" for technique, one in by.items()
    )
    slower = sum(one.slower_count for one in by.values())
    wrong = sum(one.slower_told_faster_count for one in by.values())
    few = [technique for technique, one in by.items() if one.errors.count < FEW_PAIRS]
    doubt = f" Fewer than {FEW_PAIRS} pairs say little: {', '.join(few)}." if few else ""
    return (
        f"Median error of a gain, on pairs of runs that differ in nothing else (pairs): {gains}. Of {count(slower)} pairs that "
        f"measured slower with the technique, {count(wrong)} are told as faster beyond the range.{doubt}"
    )


def prediction_counts(predictions: Sequence[Prediction]) -> str:
    """How many predictions lie within the fitted range, are extrapolated and are not supported."""
    statuses = [prediction.status for prediction in predictions]
    return ", ".join(
        f"{count(statuses.count(status))} {words.lower()}" for status, words in PREDICTION_STATUS_WORDS.items()
    )


def field_sentence(judged: Sequence[JudgedFigure]) -> str:
    """How many reported figures lie within the stated range, held out and all."""
    held_out, overall = hits([j for j in judged if j.report.is_held_out]), hits(judged)
    return (
        f"Of {count(overall.told_count)} figures that others reported and no fit has seen, {count(overall.right_count)} lie within the "
        f"stated range; of {count(held_out.held_out_count)} that changed no rule, {count(held_out.held_out_right_count)}"
    )


RIGHT_WORDS = {True: "yes", False: "no", None: "cannot be told"}
