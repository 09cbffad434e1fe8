"""Is it time to self-host, what would make it time, and which options do the requirements allow?"""

import streamlit as st

from calculators.compliance.assessment_text import assessment_sentence, path_takeaway
from calculators.decision.signals import met_sentence
from pages.shared.components.signals import (
    api_inputs,
    compliance_metrics,
    fact_inputs,
    fact_list,
    need_inputs,
    path_tabs,
    relaxation_table,
    requirement_meanings,
    requirements_input,
    signal_cards,
)
from pages.shared.figures.compliance import path_chart
from pages.shared.state import escape, evaluation

headline = st.container()
requirements_input()
answer, inputs = st.container(), st.container()
with inputs:  # drawn before the evaluation, so that a value it refuses can be corrected here
    st.subheader("Measurements and needs")
    for column, section in zip(st.columns(3, gap="large"), (api_inputs, need_inputs, fact_inputs), strict=True):
        with column:
            section()

result = evaluation()
assessment, signals = result.assessment, result.signals
sentence = met_sentence(signals)
if assessment.requirements:
    sentence += f" Under your requirements: {assessment_sentence(assessment)}"
headline.subheader(escape(sentence))

with answer:
    if signals.open_preconditions:
        names = ", ".join(item.name.lower() for item in signals.open_preconditions)
        advice = " Until these are settled, keep paying per token." if result.today_allowed else ""
        st.markdown(escape(f"Preconditions still open: {names}.{advice}"))
    signal_cards(signals.exit_signals)

    if assessment.requirements:
        st.subheader("Options under your requirements")
        compliance_metrics(assessment)
        takeaway = path_takeaway(assessment)
        st.markdown(f"**{escape(takeaway)}**")
        st.plotly_chart(path_chart(assessment), alt=takeaway, key="path_chart")
        st.markdown(
            "A requirement often rules out one provider, seldom all of them: the same open model from another host, or the "
            "same closed model through a cloud, may remain. This is not legal advice."
        )
        path_tabs(assessment)
        if assessment.relaxations:
            st.markdown("**If one requirement were dropped**")
            relaxation_table(assessment)
        with st.expander("What each requirement means"):
            requirement_meanings(assessment)
    else:
        st.info(
            "No compliance requirement is set, so every option is open. Pick what applies above; options that violate it are "
            "removed before costs are compared."
        )

left, right = st.columns(2, gap="large")
with left:
    fact_list("Preconditions", signals.preconditions)
with right:
    fact_list("Supporting factors", signals.supporting)
