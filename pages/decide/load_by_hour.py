"""How load moves over the week, which mix of terms carries it at the lowest cost, and what a fleet that follows it costs."""

import streamlit as st

from pages.shared.components.load_by_hour import fleet_choice, mix_table, schedule_table, single_terms_line
from pages.shared.figures.load_by_hour import rank_chart, rank_takeaway, week_chart
from pages.shared.state import escape, evaluation, mix
from pages.shared.widgets import workload_line

result = evaluation()
headline = st.container()
view = mix(result, fleet_choice(result))
if view is None:
    st.subheader("No fleet to size by the hour")
    st.info(escape(result.no_fleet.words if result.no_fleet else "Its machines are not offered on any term."))
    st.stop()

with headline:
    st.subheader(escape(view.headline))
    st.caption(escape(f"{view.configuration}. {workload_line(result.scenario)}"))
    if view.compared:
        st.caption(escape(view.compared))
mix_table(view)
single_terms_line(view)
takeaway = rank_takeaway(view)
st.markdown(f"**{escape(takeaway)}**")
st.plotly_chart(rank_chart(view), alt=takeaway, key="rank_chart")

st.subheader("Fleets that follow the load")
schedule_table(view)

st.subheader("Load over the week")
st.markdown(f"**{escape(view.week_sentence)}**")
st.plotly_chart(week_chart(view), alt=view.week_sentence, key="week_chart")
st.markdown("**What is assumed**")
st.markdown("\n".join(f"- {escape(note)}" for note in view.notes))
