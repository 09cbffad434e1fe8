"""What each option costs over the months of the horizon, when that is paid, and what the totals rest on."""

import streamlit as st

from calculators.catalog.glossary import help_text
from calculators.report.capacity_ways import ways_sentence
from calculators.report.horizon_text import (
    cash_takeaway,
    horizon_sentence,
    self_hosting_sentence,
)
from calculators.report.horizon_view import shown_months
from calculators.report.horizon_what_if import cheaper_api, cheaper_api_sentence, growth_ends, growth_sentence
from pages.shared.components.capacity import ways_table
from pages.shared.components.months import assumptions_table, months_download, token_table, totals_table
from pages.shared.components.outlook import outlook_inputs
from pages.shared.figures.months import cash_chart
from pages.shared.state import catalog, escape, evaluation, evaluation_of, ways
from pages.shared.widgets import workload_line

first_screen, details = st.container(), st.container()
# The inputs are drawn before the evaluation, so that a value it refuses can be corrected here.
with st.expander("Change the outlook", icon=":material/tune:"):
    st.caption("An empty field uses the expected value in gray. Growth and steps in volume are on the Workload page.")
    outlook_inputs()

with first_screen:
    result = evaluation()
    shown = shown_months(result)
    st.subheader(escape(horizon_sentence(result)))
    st.markdown(escape(self_hosting_sentence(result)))
    st.markdown(escape(growth_sentence(result, [evaluation_of(one) for one in growth_ends(result.scenario)])))
    if cheaper := cheaper_api(result.scenario, catalog().outlook):
        st.markdown(escape(cheaper_api_sentence(result, evaluation_of(cheaper))))
    takeaway = cash_takeaway(shown, result)
    st.markdown(f"**{escape(takeaway)}**")
    st.plotly_chart(cash_chart(shown, result.scenario.as_of), alt=takeaway, key="cash_chart")

with details:
    every = st.toggle("Show every option", key="view_every_total", help=help_text("total cost of ownership"))
    listed = result.horizon.options if every and result.horizon.options else shown
    totals_table(listed, result, is_every=every)
    token_table(listed, result, is_every=every)
    months_download(result)

if result.build is not None:
    held = ways(result)
    st.subheader("Ways to hold the capacity")
    st.markdown(escape(ways_sentence(held, result.horizon.months)))
    ways_table(held, result.horizon.months)
    st.caption(
        "Each way has its own cheapest fleet, for the model of the cheapest self-hosted option, as if it served from the first "
        "month; the totals above also count the API that serves until then. Which terms the verdict "
        "compares is chosen on the Candidates page; a mix of terms is on the page Load by hour."
    )

st.subheader("What is assumed")
st.caption(escape(workload_line(result.scenario)))
assumptions_table(result)
