"""How far the speed model is off: every published row it was compared with, in the fit and left out of it."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from calculators.calibration import accuracy
from calculators.catalog.glossary import help_text
from calculators.units import percent
from pages.shared.figures.frame import frame, safe
from pages.shared.state import catalog, escape

METRICS = {
    "tpot_ms": ("Time per token", "ms"),
    "tok_s": ("Tokens a second", "tok/s per GPU"),
    "ttft_ms": ("First token", "ms"),
}
PROTOCOLS = {
    "unseen_model": "Its model left out of the fit",
    "unseen_gpu": "Its GPU left out",
    "predicted": "In the fit",
}


@st.cache_resource(max_entries=1, show_spinner="Predicting every published run …")
def rows(digest: str) -> accuracy.Rows:
    return accuracy.accuracy_rows(catalog())


found, fit = rows(catalog().digest), catalog().efficiencies
left, right = st.columns(2)
metric = left.segmented_control(
    "Figure",
    list(METRICS),
    format_func=lambda m: METRICS[m][0],
    default="tpot_ms",
    key="view_metric",
    required=True,
    help=help_text("predicted figure"),
)
protocol = right.segmented_control(
    "Prediction",
    list(PROTOCOLS),
    format_func=PROTOCOLS.get,
    default="unseen_model",
    key="view_protocol",
    required=True,
    help=help_text("held-out prediction"),
)
title, unit = METRICS[metric]
counted, kept_out = accuracy.judged(found, metric), found.kept_out[metric]
predicted, measured = getattr(found, protocol)[metric], found.measured[metric]
overall = accuracy.errors(predicted[counted], measured[counted])
sentence = (
    f"{title}: off by {percent(overall.median_frac)} at the median and {percent(overall.p90_frac)} at the 90th percentile over "
    f"{overall.count:,} published runs, {PROTOCOLS[protocol][0].lower()}{PROTOCOLS[protocol][1:]}."
)
st.subheader(escape(sentence))
cells = st.columns(4)
cells[0].metric("Median error", percent(overall.median_frac), border=True, help=help_text("median error"))
cells[1].metric("90th percentile", percent(overall.p90_frac), border=True, help=help_text("90th percentile error"))
cells[2].metric(
    "Bias",
    f"{overall.bias_frac:+.1%}",
    border=True,
    help=help_text("prediction bias"),
)
unmarked = accuracy.errors(predicted[counted & (found.status == "ok")], measured[counted & (found.status == "ok")])
cells[3].metric(
    "Off by more than 3×, unmarked",
    f"{unmarked.beyond_3x_count}",
    border=True,
    help=f"Of the {unmarked.count:,} runs that the model does not itself call an extrapolation; of all {overall.count:,}: {overall.beyond_3x_count}.",
)

shown = counted & np.isfinite(predicted) & np.isfinite(measured) & (measured > 0)
takeaway = "Points on the grey line are exact; between the dotted ones a prediction is within a factor of two."
st.markdown(f"**{takeaway}**")
figure = go.Figure()
low, high = (float(f(measured[shown])) for f in (np.min, np.max)) if shown.any() else (1.0, 10.0)
for factor, dash in ((1.0, "solid"), (2.0, "dot"), (0.5, "dot")):
    figure.add_trace(
        go.Scatter(
            x=[low, high],
            y=[low * factor, high * factor],
            mode="lines",
            line={"color": "#888888", "dash": dash, "width": 1},
            showlegend=False,
            hoverinfo="skip",
        )
    )
engines = pd.Series(found.engine[shown]).value_counts().index[:5]
for i, engine in enumerate(engines, start=1):
    mine = shown & (found.engine == engine)
    words = [
        safe(f"{m} on {g}, row {r}")
        for m, g, r in zip(found.model[mine], found.gpu[mine], found.row[mine], strict=True)
    ]
    figure.add_trace(
        go.Scattergl(
            x=measured[mine],
            y=predicted[mine],
            mode="markers",
            name=safe(engine or "not stated"),
            text=words,
            marker={"size": 5, "opacity": 0.6, "color": f"#{i:06d}"},
            hovertemplate="%{text}<br>measured %{x:,.3g}, predicted %{y:,.3g} " + unit + "<extra></extra>",
        )
    )
figure.update_xaxes(type="log", title=f"Measured, {unit}", dtick=1)
figure.update_yaxes(type="log", title=f"Predicted, {unit}", dtick=1)
st.plotly_chart(frame(figure, 460), alt=f"{sentence} {takeaway}", key="accuracy_chart")

st.subheader("Where it is good, and where not")
BY = {"source": "Source", "engine": "Engine", "gpu": "GPU", "model": "Model"}
by = st.segmented_control(
    "By",
    list(BY),
    default="source",
    key="view_by",
    help=help_text("error breakdown"),
    required=True,
    format_func=lambda name: BY[name],
)
table = []
for name in sorted(set(getattr(found, by)[counted])):
    mine = counted & (getattr(found, by) == name)
    e = accuracy.errors(predicted[mine], measured[mine])
    if e.count:
        table.append(
            {
                BY[by]: name or "not stated",
                "Runs": e.count,
                "Median": e.median_frac,
                "80th percentile": e.p80_frac,
                "90th percentile": e.p90_frac,
                "Bias": e.bias_frac,
                "Beyond 3×": e.beyond_3x_count,
            }
        )
st.dataframe(
    pd.DataFrame(table).sort_values("Runs", ascending=False) if table else pd.DataFrame(),
    hide_index=True,
    column_config={
        name: st.column_config.NumberColumn(format="percent")
        for name in ("Median", "80th percentile", "90th percentile", "Bias")
    },
)

st.subheader("How it was measured, and what the app claims")
st.markdown(escape(fit.protocol))
st.markdown(
    "The model says of its own predictions when they are extrapolations: engines, GPUs, lengths or batches outside the measured ranges, or a cache almost full. Those rows are marked *extrapolated* below."
)
claimed = next(r for r in fit.ranges if r.figure == metric)
coverage = []
for status, ratio in (("ok", claimed.ok_ratio), ("extrapolated", claimed.extrapolated_ratio)):
    of_status = counted & (found.status == status)
    held = accuracy.covered_frac(found.unseen_model[metric][of_status], measured[of_status], ratio)
    held_gpu = accuracy.covered_frac(found.unseen_gpu[metric][of_status], measured[of_status], ratio)
    coverage.append(
        {
            "Prediction is": status,
            "Range: a factor of": ratio,
            "Holds, models left out": held,
            "Holds, GPUs left out": held_gpu,
        }
    )
st.markdown("**The stated 80% range of this figure, and how many left-out runs it really held**")
st.dataframe(
    pd.DataFrame(coverage),
    hide_index=True,
    column_config={
        name: st.column_config.NumberColumn(format="percent")
        for name in ("Holds, models left out", "Holds, GPUs left out")
    },
)

with st.expander("Every row"):
    every = pd.DataFrame(
        {
            "Row": found.row,
            "Source": found.source,
            "Engine": found.engine,
            "Model": found.model,
            "GPU": found.gpu,
            f"Measured, {unit}": measured,
            f"Predicted, {unit}": predicted,
            "Status": found.status,
            "Why": found.reason,
            "Kept out of the fit": kept_out,
            "Link": found.url,
        }
    )
    st.dataframe(
        every, hide_index=True, height=420, column_config={"Link": st.column_config.LinkColumn(display_text="open")}
    )
with st.expander("Rows kept out of the fit, and why"):
    reasons = pd.Series(kept_out[kept_out != ""]).value_counts()
    st.dataframe(pd.DataFrame({"Rows": reasons.values, "Why": reasons.index}), hide_index=True)
