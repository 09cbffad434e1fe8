"""The frame around every page: inputs in, navigation, the page, inputs out to the link."""

import streamlit as st

from pages.shared import state

st.set_page_config(page_title="Crossover: build or buy your LLM inference", page_icon="docs/icon.svg", layout="wide")
st.logo("docs/logo.svg", size="large")
state.seed()

page = st.navigation(
    {
        "Decide": [
            st.Page("pages/decide/verdict.py", title="Verdict", icon=":material/gavel:", default=True),
            st.Page("pages/decide/crossover.py", title="Crossover", icon=":material/show_chart:"),
            st.Page("pages/decide/months.py", title="Cost over time", icon=":material/calendar_month:"),
            st.Page("pages/decide/load_by_hour.py", title="Load by hour", icon=":material/schedule:"),
            st.Page("pages/decide/signals.py", title="Signals and compliance", icon=":material/notifications:"),
            st.Page("pages/decide/record.py", title="Decision record", icon=":material/description:"),
        ],
        "Inputs": [
            st.Page("pages/inputs/workload.py", title="Workload", icon=":material/stacked_line_chart:"),
            st.Page("pages/inputs/candidates.py", title="Candidates", icon=":material/checklist:"),
        ],
        "Engineer": [
            st.Page("pages/engineer/framework.py", title="Which techniques", icon=":material/route:"),
            st.Page("pages/engineer/phases.py", title="Prefill and decode", icon=":material/memory:"),
            st.Page("pages/engineer/techniques.py", title="Six techniques", icon=":material/speed:"),
            st.Page("pages/engineer/prompt.py", title="Prompt structure", icon=":material/segment:"),
            st.Page("pages/engineer/quantization.py", title="Quantization map", icon=":material/grid_on:"),
            st.Page("pages/engineer/serving.py", title="Serving stack", icon=":material/dns:"),
        ],
        "Reference": [
            st.Page("pages/reference/prices.py", title="Prices and profiles", icon=":material/sell:"),
            st.Page("pages/reference/accuracy.py", title="Model accuracy", icon=":material/target:"),
            st.Page("pages/help/help.py", title="Help", icon=":material/help:", url_path="help"),
        ],
    },
    expanded=True,
)
with st.sidebar:
    st.caption(
        f"Data version {state.catalog().digest[:8]} ({st.session_state['as_of']}). The URL saves your inputs: copy it to share them."
    )
state.show_notice(page.url_path)
state.publish()  # changing pages empties the address; a reload in mid-run must not lose the inputs
page.run()
state.publish()
