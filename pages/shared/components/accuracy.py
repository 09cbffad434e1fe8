"""Key figures and tables of the *Model accuracy* page."""

import numpy as np
import pandas as pd
import streamlit as st

from calculators.calibration.accuracy import (
    AccuracyMetric,
    Breakdown,
    Protocol,
    Rows,
    counted_runs,
    errors_by,
    protocol_errors,
    range_coverage,
)
from calculators.calibration.accuracy_text import (
    BREAKDOWN_WORDS,
    METRIC_UNITS,
    METRIC_WORDS,
    PREDICTION_STATUS_WORDS,
    unflagged_sentence,
)
from calculators.calibration.pool_accuracy import JudgedPools
from calculators.catalog.glossary import help_text
from calculators.units import count, percent, signed_percent, significant


def error_metrics(rows: Rows, metric: AccuracyMetric, protocol: Protocol) -> None:
    """Median error, 90th percentile error, bias, and predictions off by more than a factor of three."""
    counted = counted_runs(rows, metric)
    overall = protocol_errors(rows, metric, protocol, counted)
    within = protocol_errors(rows, metric, protocol, counted & (rows.status == "ok"))
    median, p90, bias, outliers = st.columns(4)
    median.metric("Median error", percent(overall.median_frac), border=True, help=help_text("median error"))
    p90.metric("90th percentile error", percent(overall.p90_frac), border=True, help=help_text("90th percentile error"))
    bias.metric("Bias", signed_percent(overall.bias_frac), border=True, help=help_text("bias"))
    outliers.metric(
        "Off by more than 3x",
        count(within.beyond_3x_count),
        border=True,
        help=unflagged_sentence(within, overall),
    )


def breakdown_table(rows: Rows, metric: AccuracyMetric, protocol: Protocol, breakdown: Breakdown) -> None:
    """Errors of each source, engine, GPU or model."""
    groups = errors_by(rows, metric, protocol, breakdown)
    table = pd.DataFrame(
        {
            BREAKDOWN_WORDS[breakdown]: [name or "not stated" for name in groups],
            "Runs": [errors.count for errors in groups.values()],
            "Median error": [errors.median_frac for errors in groups.values()],
            "80th percentile": [errors.p80_frac for errors in groups.values()],
            "90th percentile": [errors.p90_frac for errors in groups.values()],
            "Bias": [errors.bias_frac for errors in groups.values()],
            "Off by more than 3x": [errors.beyond_3x_count for errors in groups.values()],
        }
    )
    shares = ("Median error", "80th percentile", "90th percentile")
    words = {"Runs": count, **dict.fromkeys(shares, percent), "Bias": signed_percent}
    st.dataframe(table.style.format(words), hide_index=True)


def pools_table(judged: JudgedPools, metric: AccuracyMetric) -> None:
    """Errors on runs with separate pools by GPU, engine and drafts."""
    every: list[str | None] = [*judged.groups, None]
    errors = [judged.errors(metric, group) for group in every]
    table = pd.DataFrame(
        {
            "Runs with separate pools": [group or "All" for group in every],
            "Runs": [e.count for e in errors],
            f"{METRIC_WORDS[metric]}, median error": [percent(e.median_frac) for e in errors],
            "90th percentile": [percent(e.p90_frac) for e in errors],
            "Bias": [signed_percent(e.bias_frac) for e in errors],
            "Within the range of the verdict": [percent(judged.in_range_frac(metric, group)) for group in every],
        }
    )
    st.dataframe(table, hide_index=True)


def coverage_table(rows: Rows, metric: AccuracyMetric) -> None:
    """The stated 80% ranges of a metric by engine, and the share of held-out runs within them."""
    coverage = range_coverage(rows, metric)
    table = pd.DataFrame(
        {
            "Prediction": [PREDICTION_STATUS_WORDS[part.status] for part in coverage],
            "Engine": [part.engine or "all" for part in coverage],
            "Runs": [part.count for part in coverage],
            "80% range, median": [f"within a factor of {significant(part.ratio)}" for part in coverage],
            "Within it, held out by model": [percent(part.unseen_model_frac) for part in coverage],
            "Within it, held out by GPU": [percent(part.unseen_gpu_frac) for part in coverage],
        }
    )
    st.dataframe(table.style.format({"Runs": count}), hide_index=True)


def runs_table(rows: Rows, metric: AccuracyMetric, protocol: Protocol) -> None:
    """Every published run with its measured and predicted value."""
    unit = METRIC_UNITS[metric]
    measured, predicted = f"Measured ({unit})", f"Predicted ({unit})"
    table = pd.DataFrame(
        {
            "Row": rows.row,
            "Source": rows.source,
            "Engine": rows.engine,
            "Model": rows.model,
            "GPU": rows.gpu,
            measured: _rounded(rows.measured[metric]),
            predicted: _rounded(rows.by(protocol)[metric]),
            "Prediction": [PREDICTION_STATUS_WORDS[status] for status in rows.status],
            "Why": rows.reason,
            "Excluded from the fit because": rows.kept_out[metric],
            "Link": rows.url,
        }
    )
    st.dataframe(
        table, hide_index=True, height=420, column_config={"Link": st.column_config.LinkColumn(display_text="open")}
    )


def _rounded(values: np.ndarray) -> list[float]:
    """Values in three significant figures, so that the table sorts and reads alike."""
    return [float(f"{value:.3g}") for value in values]


def excluded_table(rows: Rows, metric: AccuracyMetric) -> None:
    """Reasons why runs are excluded from the fit, the most frequent first."""
    kept_out = rows.kept_out[metric]
    reasons = pd.Series(kept_out[kept_out != ""]).value_counts()
    st.dataframe(pd.DataFrame({"Runs": reasons.values, "Why": reasons.index}), hide_index=True)
