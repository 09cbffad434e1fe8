"""First screen: the answer in one sentence, four numbers, the crossover, and what would change it."""

import pandas as pd
import streamlit as st

from calculators.catalog.glossary import expanded
from calculators.decision.switching_values import nearest_switching_value
from calculators.units import count, usd
from pages.shared.figures.cost import crossover_chart, crossover_takeaway, shown_options
from pages.shared.log_upload import log_upload
from pages.shared.state import catalog, escape, evaluation
from pages.shared.widgets import cost_table, source_line, usd_range, workload_line

result = evaluation()
verdict, build, buy = result.verdict, result.build, result.buy

EXAMPLE = "log:azure_conversation_2023.csv"
SURENESS = {
    "clear": (":material/verified:", "Clear: it holds over the ranges of modelled speed and staffing."),
    "leaning": (
        ":material/trending_up:",
        "Leaning: the central figures are clear, but the ranges of the two best overlap.",
    ),
    "too_close": (":material/balance:", "Too close to call with what is known."),
}

origin, replace = st.columns([3, 1], vertical_alignment="center")
example = "Example, not your traffic. " if result.scenario.workload.source == EXAMPLE else ""
origin.caption(escape(f"{example}{workload_line(result.scenario)} Today's API: {result.today.label}."))
with replace.popover("Use your own", icon=":material/upload_file:", width="stretch"):
    log_upload()
    st.caption(
        "Or type it, or pick a typical product, on the Workload page; your API and models on the Candidates page."
    )
st.subheader(escape(verdict.sentence))
icon, words = SURENESS[verdict.sureness]
st.markdown(f"{icon} {words}")


def delta(amount: float) -> str:
    """Streamlit reads the direction from an ASCII sign."""
    return f"{'-' if amount < 0 else '+'}{usd(abs(amount))} against today"


cells = st.columns(4)
cells[0].metric(
    "You pay a month",
    usd(result.today.usd_per_month),
    border=True,
    height="stretch",
    help=escape(result.today.label),
)
may_buy = result.today_allowed or buy is not result.today
cells[1].metric(
    "Best way to buy",
    usd(buy.usd_per_month) if may_buy else "no price",
    border=True,
    height="stretch",
    delta=None if buy is result.today else delta(buy.usd_per_month - result.today.usd_per_month),
    delta_color="inverse",
    help=escape(
        buy.label
        if may_buy
        else "No seller of tokens with a public price is known to be allowed under your requirements."
    ),
)
cells[2].metric(
    "Cheapest own fleet",
    usd(build.usd_per_month) if build else "none",
    border=True,
    height="stretch",
    delta=delta(build.usd_per_month - result.today.usd_per_month) if build else None,
    delta_color="inverse",
    help=escape(build.label if build else verdict.reason),
)
found = result.crossover
durable = found.durable_req_per_month
cells[3].metric(
    "Own fleet wins from",
    "never" if durable is None else f"{count(durable)} req." if durable > 0 else "any volume",
    border=True,
    height="stretch",
    help=escape(f"Requests a month, against the cheapest way to buy at each volume. Why: {found.reason}."),
)

signal_words = "Signals to leave the API: " + ", ".join(
    f"{s.name.lower()} {s.status.replace('_', ' ')}" for s in result.signals.exit_signals
)
open_points = [k.name.lower() for k in result.signals.preconditions if k.holds is not True]
signal_words += f". Not settled yet: {', '.join(open_points)}." if open_points else "."
takeaway = crossover_takeaway(result)
st.markdown(f"**{escape(takeaway)}**")
st.plotly_chart(crossover_chart(result), alt=takeaway, key="verdict_chart")
st.markdown(escape(verdict.reason))

if not result.today_allowed:
    st.warning(
        "What you pay today is not allowed as it is, or not known to be, under the requirements on the Signals and compliance page.",
        icon=":material/gavel:",
    )
st.markdown(escape(f"{signal_words} {result.review}"))

if result.switching_values:
    st.subheader("What would change the answer")
    st.caption(
        escape(
            f"Each alone, the value at which {build.label if build else 'a fleet'} and {buy.label} cost the same; the nearest first."
        )
    )
    first = nearest_switching_value(result.switching_values)
    rows = [(f.what, f.now, f.flips_at) for f in (*first, *(f for f in result.switching_values if f not in first))]
    st.table(
        pd.DataFrame([map(escape, row) for row in rows], columns=["Input", "Now", "Answer changes at"]),
        hide_index=True,
        border="horizontal",
    )

if verdict.assumptions or result.notes:
    st.subheader("Taken on trust")
    for note in (*verdict.assumptions, *result.notes):
        st.markdown(f"- {escape(note)}")

st.subheader("Where every number comes from")
for option in shown_options(result):
    with st.expander(escape(f"{option.label}: {usd(option.usd_per_month)}/month ({usd_range(option)})")):
        cost_table(option)
        if option.plan:
            capacity, config = option.plan.capacity, option.plan.config
            st.markdown(
                escape(
                    f"One replica ({config.label}) carries {capacity.req_s:.2f} requests a second with {capacity.batch:.0f} in flight: "
                    f"{expanded('TPOT')} {capacity.tpot_ms:.0f} ms, {expanded('TTFT')} p95 {capacity.ttft_p95_ms:.0f} ms; the binding constraint is the {capacity.limit_words}. "
                    f"The peak is {result.demand.peak_req_s:.2f} requests a second: {option.plan.replicas_words}."
                )
            )
            st.caption(
                f"GPU profile: {source_line(config.gpu.sources[config.gpu.memory.source])} · model shape: {source_line(config.model.sources[config.model.shape.source])}"
            )
        if option.bill:
            rates = option.bill.rates[0]
            st.markdown(
                escape(
                    f"Per million tokens: ${rates.input_usd_per_mtok:g} input, ${rates.cache_read_usd_per_mtok:g} cached, "
                    f"${rates.output_usd_per_mtok:g} output. A request costs ${option.bill.usd_per_request:.5f}."
                )
            )
fit = catalog().efficiencies
tpot = next(found for found in fit.ranges if found.figure == "tpot_ms")
st.caption(
    escape(
        f"Speeds are modelled. On published runs of models the fit had never seen, times per token were off by "
        f"{fit.tpot_error_median_frac:.0%} at the median; the ranges above take them a factor of {tpot.ok_ratio:.2f} either way, "
        f"{tpot.extrapolated_ratio:.2f} on GPUs with few measured runs. See Model accuracy."
    )
)
