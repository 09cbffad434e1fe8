"""Model accuracy: how far predictions are from every published run, held out of the fit and in it."""

import streamlit as st

from calculators.calibration import accuracy
from calculators.calibration import accuracy_text as text
from calculators.calibration.field_reports import JudgedFigure, field_reports, judged_figures
from calculators.calibration.memory_reports import JudgedReport, judged_reports, memory_reports
from calculators.calibration.pool_accuracy import JudgedPools, draft_speedups, judged_pools
from calculators.catalog.glossary import help_text
from calculators.report.memory_text import memory_accuracy_sentence
from pages.shared.components.accuracy import (
    breakdown_table,
    coverage_table,
    error_metrics,
    excluded_table,
    pools_table,
    runs_table,
)
from pages.shared.components.field_reports import field_reports_list, field_reports_table
from pages.shared.components.memory import memory_reports_list, memory_reports_table
from pages.shared.components.technique_pairs import technique_gains
from pages.shared.figures.accuracy import accuracy_figure
from pages.shared.state import catalog, escape


@st.cache_resource(max_entries=1, show_spinner="Predicting every published run …")
def published_runs(digest: str) -> accuracy.Rows:
    return accuracy.accuracy_rows(catalog())


@st.cache_resource(max_entries=1, show_spinner="Comparing logged starts …")
def logged_memory(digest: str) -> list[JudgedReport]:
    return judged_reports(memory_reports(catalog()), catalog())


@st.cache_resource(max_entries=1, show_spinner="Predicting runs with separate pools …")
def pool_runs(digest: str) -> tuple[JudgedPools, accuracy.Errors]:
    return judged_pools(catalog()), accuracy.errors(*draft_speedups(catalog()))


@st.cache_resource(max_entries=1, show_spinner="Predicting reported speeds …")
def reported_speed(digest: str) -> list[JudgedFigure]:
    return judged_figures(field_reports(), catalog())


rows, fit = published_runs(catalog().digest), catalog().efficiencies
left, right = st.columns(2)
metric = left.segmented_control(
    "Predicted figure",
    list(text.METRIC_WORDS),
    format_func=text.METRIC_WORDS.get,
    default="tpot_ms",
    key="view_metric",
    required=True,
    help=help_text("predicted figure"),
)
protocol = right.segmented_control(
    "Published runs",
    list(text.PROTOCOL_WORDS),
    format_func=text.PROTOCOL_WORDS.get,
    default="unseen_model",
    key="view_protocol",
    required=True,
    help=help_text("held-out prediction"),
)
overall = accuracy.protocol_errors(rows, metric, protocol, accuracy.counted_runs(rows, metric))
sentence = text.accuracy_sentence(metric, protocol, overall)
st.subheader(escape(sentence))
error_metrics(rows, metric, protocol)

st.markdown(f"**{escape(text.SCATTER_TAKEAWAY)}**")
figure = accuracy_figure(rows, metric, protocol)
st.plotly_chart(figure, alt=f"{sentence} {text.SCATTER_TAKEAWAY}", key="accuracy_chart")

st.subheader("Errors by source, engine, GPU and model")
breakdown = st.segmented_control(
    "Group by",
    list(text.BREAKDOWN_WORDS),
    format_func=text.BREAKDOWN_WORDS.get,
    default="source",
    key="view_by",
    required=True,
    help=help_text("error breakdown"),
)
breakdown_table(rows, metric, protocol, breakdown)

st.subheader("Method and stated ranges")
st.markdown("\n".join(f"- {escape(point)}" for point in fit.protocol))
st.markdown(escape(text.STATUS_NOTE))
st.markdown(f"**{escape(text.COVERAGE_TAKEAWAY)}**")
coverage_table(rows, metric)

st.subheader("Separate pools and drafts")
pools, speedups = pool_runs(catalog().digest)
st.markdown(f"**{escape(text.pools_sentence(pools))}**")
pools_table(pools, metric)
st.markdown(escape(text.drafts_sentence(speedups)))

st.subheader("Gains by technique")
technique_gains()

st.subheader("Speeds that others report")
reported = reported_speed(catalog().digest)
st.markdown(f"**{escape(text.field_sentence(reported))}**")
field_reports_table(reported)
with st.expander("All reported figures"):
    field_reports_list(reported)

st.subheader("GPU memory")
judged = logged_memory(catalog().digest)
st.markdown(f"**{escape(memory_accuracy_sentence(judged))}**")
memory_reports_table(judged)
with st.expander("All logged starts"):
    memory_reports_list(judged)

with st.expander("All published runs"):
    runs_table(rows, metric, protocol)
with st.expander("Runs excluded from the fit, and why"):
    excluded_table(rows, metric)
