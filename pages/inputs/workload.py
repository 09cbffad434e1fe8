"""The traffic: from a log, a preset, or typed."""

import pandas as pd
import streamlit as st

from calculators.errors import DataError
from calculators.scenario.defaults import preset_targets, preset_workload
from calculators.scenario.demand import demand_of
from calculators.units import count, percent, significant
from pages.shared.figures.traffic import arrivals_chart, length_chart
from pages.shared.log_upload import log_upload
from pages.shared.state import catalog, escape, scenario
from pages.shared.widgets import BASIS_WORDS, number, percent_slider, workload_line

presets = catalog().presets


def use_preset(preset_id: str) -> None:
    """A preset's figures become the inputs."""
    preset = presets[preset_id]
    for section, record in (("workload", preset_workload(preset)), ("targets", preset_targets(preset))):
        for field, value in record.model_dump(mode="json").items():
            st.session_state[f"{section}.{field}"] = value
    st.session_state["name"] = preset.name
    st.session_state.pop("log_summary", None)


try:
    before = scenario()
    demand = demand_of(before.workload)
    st.subheader(
        escape(
            f"{count(demand.requests_per_month)} requests a month, {count(demand.input_tok)} tokens in and {count(demand.output_tok)} out each; "
            f"{significant(demand.peak_req_s)} a second at the peak."
        )
    )
    st.caption(escape(workload_line(before)))
except DataError as error:
    st.error(escape(str(error)), icon=":material/error:")

log, typical = st.columns([3, 2], gap="large")
with log:
    st.markdown("**From a request log**")
    log_upload()
with typical:
    st.markdown("**From a typical product**")
    with st.container(horizontal=True):
        for preset in presets.values():
            st.button(preset.name, key=f"preset_{preset.id}", help=preset.what, on_click=use_preset, args=(preset.id,))
    st.caption("Replaces the figures below. Presets are assumptions, except the chat lengths, which were measured.")

state = st.session_state
st.subheader("Figures")
st.caption("Type over any of them: it is then marked as yours.")
volume, size, cache = st.columns(3, gap="large")
with volume:
    st.markdown("**How much**")
    number(
        "workload.requests_per_month",
        "workload.requests_basis",
        step=1000.0,
        format="%.0f",
    )
    st.caption(f"{count(state['workload.requests_per_month'] or 0)}, {BASIS_WORDS[state['workload.requests_basis']]}")
    number(
        "workload.peak_ratio",
        "workload.peak_basis",
        step=0.1,
    )
    st.caption(BASIS_WORDS[state["workload.peak_basis"]])
    number(
        "workload.active_h_per_month",
        step=10.0,
    )
    percent_slider("workload.growth_per_month_frac")
with size:
    st.markdown("**How long**")
    number(
        "workload.input_tok",
        "workload.lengths_basis",
        step=10.0,
        format="%.0f",
    )
    number(
        "workload.input_p95_tok",
        "workload.lengths_basis",
        step=10.0,
        format="%.0f",
    )
    number(
        "workload.output_tok",
        "workload.lengths_basis",
        step=10.0,
        format="%.0f",
    )
    number(
        "workload.output_p95_tok",
        "workload.lengths_basis",
        step=10.0,
        format="%.0f",
    )
    st.caption(BASIS_WORDS[state["workload.lengths_basis"]])
with cache:
    st.markdown("**How repetitive, how urgent**")
    percent_slider("workload.cached_frac", "workload.cached_basis")
    st.caption(BASIS_WORDS[state["workload.cached_basis"]])
    percent_slider(
        "workload.cacheable_frac",
    )
    percent_slider(
        "workload.self_hit_frac",
    )
    percent_slider("workload.deferrable_frac")
    st.caption("These three are assumed, or estimated from the log, until you set them.")

st.subheader("Latency the product needs")
st.caption("Assumed until you set them.")
first, token, _ = st.columns(3, gap="large")
with first:
    number(
        "targets.ttft_p95_ms",
        step=100.0,
        format="%.0f",
    )
with token:
    number(
        "targets.tpot_ms",
        step=5.0,
    )

cells = state["workload.cells"]
if cells:
    shares, inputs, outputs = ([cell[name] for cell in cells] for name in ("share_frac", "input_tok", "output_tok"))
    long = sum(s for s, i in zip(shares, inputs, strict=True) if i > state["workload.input_tok"])
    heavy = sum(s * i for s, i in zip(shares, inputs, strict=True) if i > state["workload.input_tok"]) / sum(
        s * i for s, i in zip(shares, inputs, strict=True)
    )
    sentence = (
        f"{percent(long)} of the requests are longer than the mean and carry {percent(heavy)} of the input tokens."
    )
    st.subheader("Lengths in the log")
    st.markdown(escape(sentence))
    st.plotly_chart(length_chart(inputs, outputs, shares), alt=sentence, key="lengths")

summary = state.get("log_summary")
if summary:
    st.subheader("The log")
    rows = [
        {
            "Tokens a request": name,
            **{
                word: summary[field][f"{short}_tok"]
                for short, word in (
                    ("mean", "Mean"),
                    ("p50", "Median"),
                    ("p95", "95th"),
                    ("p99", "99th"),
                    ("max", "Longest"),
                )
            },
        }
        for name, field in (("Input", "input_tok"), ("Output", "output_tok"))
    ]
    left, right = st.columns(2, gap="large")
    left.dataframe(pd.DataFrame(rows).style.format(precision=0, thousands=","), hide_index=True)
    right.dataframe(
        pd.DataFrame(
            [
                {
                    "Window": f"{p['window_s'] // 60} min",
                    "Peak over mean, requests": p["ratio"],
                    "tokens": p["tokens_ratio"],
                    "How sure": p["basis"],
                    "Why": p["why"],
                }
                for p in summary["peaks"]
            ]
        ),
        hide_index=True,
        column_config={
            name: st.column_config.NumberColumn(format="%.2f") for name in ("Peak over mean, requests", "tokens")
        },
    )
    step = summary.get("step_s") or summary.get("per_minute_step_s") or 60
    series = summary["per_minute_requests"]
    busiest = f"The busiest minute carries {summary['peaks'][0]['ratio']:.2f} times the mean."
    st.markdown(escape(busiest))
    st.plotly_chart(arrivals_chart(series, step), alt=busiest, key="arrivals")
    for note in summary["notes"]:
        st.markdown(f"- {escape(note)}")
