"""All options over volume, every crossing, and the cost at a chosen volume."""

import pandas as pd
import streamlit as st

from calculators.catalog.glossary import help_text
from calculators.units import count, usd
from pages.shared.figures.cost import cost_bars, crossover_chart, crossover_takeaway
from pages.shared.state import escape, evaluation, evaluation_of
from pages.shared.widgets import cost_table

result = evaluation()
takeaway = crossover_takeaway(result)
st.subheader(escape(takeaway))
every_host = st.toggle("Draw every hosted open model", key="view_every_host", help=help_text("hosted open model"))
st.plotly_chart(crossover_chart(result, height=480, every_host=every_host), alt=takeaway, key="crossover_chart")

st.subheader("Your own fleet against each way to buy")
rows = [
    {
        "Against": option.label,
        "First cheaper at": None if found.first_req_per_month is None else count(found.first_req_per_month),
        "Cheaper for good from": "never" if found.durable_req_per_month is None else count(found.durable_req_per_month),
        "Crossings": len(found.crossings),
        "GPUs must be busy": found.break_even_utilization_ratio,
        "This traffic keeps them busy": found.busy_frac,
        "Why": found.reason,
    }
    for option, found in result.crossovers
]
st.dataframe(
    pd.DataFrame(rows),
    hide_index=True,
    column_config={
        "GPUs must be busy": st.column_config.NumberColumn(
            format="percent",
            help=help_text("break-even utilization"),
        ),
        "This traffic keeps them busy": st.column_config.NumberColumn(
            format="percent", help=help_text("maximum utilization")
        ),
    },
)
st.caption(
    "Volumes are requests a month with the traffic's shape kept. Machines come whole, so the fleet's cost climbs in steps and the curves can cross more than once. "
    + (
        f"With the {result.scenario.hardware.max_gpus} GPUs you allow, at most {count(result.crossover.limit_req_per_month)} requests a month can be served."
        if result.build
        else ""
    )
)

st.subheader("Cost at a chosen volume")
multiple = st.select_slider(
    "Times your volume",
    options=[0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50],
    value=1,
    key="view_multiple",
    help=help_text("volume multiple"),
    format_func=lambda x: f"{x:g}×",
)
if multiple == 1:
    chosen = result
else:
    workload = result.scenario.workload
    scaled = workload.model_copy(update={"requests_per_month": min(workload.requests_per_month * multiple, 1e12)})
    chosen = evaluation_of(result.scenario.model_copy(update={"workload": scaled}))
ranked = sorted(chosen.options, key=lambda option: option.usd_per_month)
options = [option for i, option in enumerate(ranked) if i < 7 or option is chosen.today]
best = options[0]
sentence = f"At {count(chosen.demand.requests_per_month)} requests a month the cheapest is {best.label}, {usd(best.usd_per_month)}."
st.markdown(f"**{escape(sentence)}**")
st.plotly_chart(cost_bars(options), alt=sentence, key="bars")
st.caption(
    "Whiskers: the pessimistic and optimistic case (model error, staffing, platform). All sellers and GPUs are on the Candidates page."
)
picked = st.selectbox(
    "Show every line of",
    range(len(options)),
    format_func=lambda i: options[i].label,
    key="view_option",
    help=help_text("cost line"),
)
cost_table(options[picked])
