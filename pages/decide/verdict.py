"""First screen: the recommendation in a sentence, its total, four metrics, cost over volume and over time, and what would change the
decision."""

import streamlit as st

from calculators.decision.signals import triggers_sentence
from calculators.report.horizon_text import cash_takeaway, winner_line
from calculators.report.horizon_view import shown_months
from calculators.report.horizon_what_if import cheaper_api, cheaper_api_sentence, growth_ends, growth_sentence
from pages.shared.components.by_model import by_model_table
from pages.shared.components.verdict import (
    accuracy_sentence,
    cost_breakdown,
    metric_row,
    options_table,
    sensitivity_table,
)
from pages.shared.figures.cost import crossover_chart, shown_options
from pages.shared.figures.months import cash_chart
from pages.shared.log_state import back_buttons
from pages.shared.log_upload import log_upload
from pages.shared.state import catalog, escape, evaluation, evaluation_of, sensitivity
from pages.shared.widgets import workload_line

CONFIDENCE_ICON = {
    "clear": ":material/verified:",
    "leaning": ":material/trending_up:",
    "too_close": ":material/balance:",
}

result = evaluation()
verdict = result.verdict

origin, replace = st.columns([3, 1], vertical_alignment="center")
origin.caption(escape(f"{workload_line(result.scenario)} Current API: {result.today.label}."))
with replace.popover("Use my data", icon=":material/upload_file:", width="stretch"):
    log_upload()
    back_buttons()
    st.caption(
        "Or enter your traffic, or start from a preset, on the Workload page. Pick your API and models on the Candidates page."
    )

st.subheader(escape(verdict.sentence))
st.markdown(f"{CONFIDENCE_ICON[verdict.sureness]} {escape(result.confidence)}")
if total := winner_line(result):
    st.markdown(escape(total))
metric_row(result)

by_volume, over_time = st.tabs(["Break-even by volume", "Cost over time"], key="view_chart", on_change="rerun")
with by_volume:
    st.markdown(f"**{escape(result.takeaway)}**")
    st.plotly_chart(crossover_chart(result), alt=result.takeaway, key="verdict_chart")
if over_time.open:  # drawn, and evaluated at other prices, only when it is looked at
    with over_time:
        shown = shown_months(result)
        takeaway = cash_takeaway(shown, result)
        st.markdown(f"**{escape(takeaway)}**")
        st.plotly_chart(cash_chart(shown, result.scenario.as_of), alt=takeaway, key="verdict_cash_chart")
        st.markdown(escape(growth_sentence(result, [evaluation_of(one) for one in growth_ends(result.scenario)])))
        if cheaper := cheaper_api(result.scenario, catalog().outlook):
            st.markdown(escape(cheaper_api_sentence(result, evaluation_of(cheaper))))
        st.caption(
            "Every option month by month, what the totals rest on, and ways to hold the capacity: page Cost over time."
        )
st.markdown(escape(verdict.reason))
if not result.today_allowed:
    st.warning(escape(f"Your current API is no option: {result.today_barred}."), icon=":material/gavel:")
st.markdown(escape(triggers_sentence(result.signals)))

by_model_table(result)

changes = st.container()  # filled last: every value in it is checked by ranking the options again

if verdict.assumptions or result.caveats:
    st.subheader("Key assumptions")
    for note in (*verdict.assumptions, *result.caveats):
        st.markdown(f"- {escape(note)}")

st.subheader("Cost breakdown and sources")
options_table(result)
for option in shown_options(result):
    cost_breakdown(option, result)
st.caption(escape(accuracy_sentence(result)))

if result.allowed:
    with changes:
        st.subheader("Sensitivity: what would change the decision")
        st.caption(
            "Each input alone, all else equal; closest first. Checked by ranking the options again on either side."
        )
        sensitivity_table(sensitivity(result))
