"""Prefill and decode: which resource bounds each phase of one replica, and what would make it faster."""

import streamlit as st

from calculators.report import phase_text as text
from calculators.report.memory_view import memory_view
from calculators.report.phase_view import PhaseView, phase_view
from calculators.scenario.inputs import Inputs
from pages.shared.components.memory import memory_section
from pages.shared.components.phases import capacity_metrics, pick_replica
from pages.shared.figures.phases import load_figures, roofline_figure, time_shares_figure
from pages.shared.state import catalog, escape, evaluation

result = evaluation()
head = st.container()
view = phase_view(pick_replica(result), Inputs(result.scenario, result.demand, catalog()))

if not isinstance(view, PhaseView):
    with head:
        st.subheader(escape(text.infeasible_headline(view)))
        st.markdown(escape(f"Reason: {view.why}."))
    memory_section(memory_view(view.config, catalog()))
    st.stop()

with head:
    st.subheader(escape(text.headline(view)))
    for condition in text.conditions(view):
        st.caption(escape(condition))
    capacity_metrics(view)

takeaway = text.roofline_takeaway(view)
st.markdown(f"**{escape(takeaway)}**")
st.plotly_chart(roofline_figure(view), alt=takeaway, key="roofline")
st.caption(escape(text.roofline_note(view)))

takeaway = text.shares_takeaway(view)
st.markdown(f"**{escape(takeaway)}**")
st.plotly_chart(time_shares_figure(view), alt=takeaway, key="shares")
left, right = st.columns(2, gap="large")
left.markdown(escape(text.remedy_sentence(view.prefill)))
right.markdown(escape(text.remedy_sentence(view.decode)))

takeaway = text.load_takeaway(view)
st.markdown(f"**{escape(takeaway)}**")
for column, (metric, figure) in zip(st.columns(2), load_figures(view).items(), strict=True):
    column.plotly_chart(figure, alt=f"{metric} against the batch. {takeaway}", key=f"load_{metric.lower()}")
st.caption(escape(text.load_note(view)))

memory_section(memory_view(view.config, catalog()))
