"""Cost of all options over volume, every crossing, and the cost at a chosen volume."""

import streamlit as st

from calculators.catalog.glossary import help_text
from calculators.evaluate import scaled_scenario
from pages.shared.components.crossover import (
    VOLUME_UNITS,
    cheapest_options,
    crossover_table,
    limit_sentence,
    volume_sentence,
)
from pages.shared.figures.cost import cost_bars, crossover_chart
from pages.shared.state import escape, evaluation, evaluation_of
from pages.shared.widgets import cost_table

result = evaluation()
st.subheader(escape(result.takeaway))
every_host = st.toggle("Show every hosted open model", key="view_every_host", help=help_text("hosted open model"))
chart = crossover_chart(result, height=480, every_host=every_host)
st.plotly_chart(chart, alt=result.takeaway, key="crossover_chart")

st.subheader("Self-hosting vs. each API option")
unit = st.segmented_control(
    "Volumes in",
    VOLUME_UNITS,
    default=VOLUME_UNITS[0],
    required=True,
    key="view_volume_unit",
    help=help_text("break-even volume"),
)
crossover_table(result, unit)
st.caption(
    "Volume changes, the shape of the traffic stays. Capacity is added in whole servers, so the cost of self-hosting rises in "
    f"steps and the curves can cross more than once. {limit_sentence(result)}"
)

st.subheader("Cost at a chosen volume")
multiple = st.select_slider(
    "Multiple of your volume",
    options=[0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50],
    value=1,
    key="view_multiple",
    help=help_text("volume multiple"),
    format_func=lambda x: f"{x:g}×",
)
chosen = result if multiple == 1 else evaluation_of(scaled_scenario(result.scenario, multiple))
options = cheapest_options(chosen)
sentence = volume_sentence(chosen)
st.markdown(f"**{escape(sentence)}**")
st.plotly_chart(cost_bars(chosen, options), alt=sentence, key="bars")
st.caption(
    "Error bars: optimistic to pessimistic case (throughput error, staffing, tooling). All providers and GPUs are on the "
    "Candidates page."
)
picked = st.selectbox(
    "Cost breakdown of",
    range(len(options)),
    format_func=lambda i: chosen.label_of(options[i]),
    key="view_option",
    help=help_text("cost line"),
)
cost_table(options[picked])
