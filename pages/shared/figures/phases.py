"""Figures of prefill and decode: roofline, shares of time, and latency against load."""

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from calculators.report.phase_text import TERM_WORDS, phase_name
from calculators.report.phase_view import PhaseView
from calculators.units import FLOPS_PER_TFLOPS, count, milliseconds, percent, significant
from pages.shared.figures.frame import frame, logarithmic, safe

COLOR = {"bandwidth": "#000001", "compute": "#000002", "links": "#000004", "overhead": "#000006"}
"""Theme slot of each bottleneck."""
GRAY = "#888888"
DECADES = tuple(10.0**power for power in range(-2, 6))
STEPS = tuple(digit * 10.0**power for power in range(7) for digit in (1, 2, 5))


def roofline_figure(view: PhaseView, height: int = 380) -> go.Figure:
    """TFLOPS of each phase against its arithmetic intensity, under the GPU's rooflines."""
    x = np.geomspace(0.3, 20_000, 200)
    figure = go.Figure()
    for line, name, dash in ((view.sheet, "Data sheet", "dot"), (view.achieved, "Achieved by engines", "solid")):
        style = {"color": GRAY, "dash": dash, "width": 2}
        y = line.attainable_flops(x) / FLOPS_PER_TFLOPS
        figure.add_trace(go.Scatter(x=x, y=y, mode="lines", name=name, line=style, hoverinfo="skip"))
    for phase in view.phases:
        name, tflops = safe(phase_name(phase)), phase.achieved_flops / FLOPS_PER_TFLOPS
        figure.add_trace(
            go.Scatter(
                x=[phase.intensity_ratio],
                y=[tflops],
                mode="markers+text",
                text=[name],
                textposition="bottom center" if phase.kind == "decode" else "middle right",
                showlegend=False,
                cliponaxis=False,
                marker={
                    "size": 14,
                    "symbol": "circle" if phase.kind == "decode" else "square",
                    "color": COLOR[phase.bottleneck],
                },
                customdata=[f"{significant(phase.intensity_ratio)} FLOP/byte, {significant(tflops)} TFLOPS"],
                hovertemplate=f"{name}<br>%{{customdata}}<extra></extra>",
            )
        )
    ridge = view.achieved.ridge_ratio
    figure.add_vline(x=ridge, line={"dash": "dot", "width": 1, "color": GRAY})
    words = {"text": f"ridge point: {significant(ridge)}", "showarrow": False, "xanchor": "left"}
    figure.add_annotation(x=float(np.log10(ridge)), y=0.02, yref="paper", **words)
    figure.update_xaxes(title="Arithmetic intensity (FLOP/byte)", **logarithmic(DECADES))
    figure.update_yaxes(title="TFLOPS per GPU", **logarithmic(DECADES))
    return frame(figure, height)


def time_shares_figure(view: PhaseView, height: int = 330) -> go.Figure:
    """Share of each phase's time by term, colored by the resource that the term needs."""
    figure, phases = go.Figure(), view.phases[::-1]
    terms = {term.kind: term.bottleneck for phase in phases for term in phase.terms if term.time_s > 0}
    for kind, bottleneck in terms.items():
        shares = [phase.share_frac(kind) for phase in phases]
        figure.add_trace(
            go.Bar(
                y=[safe(phase_name(phase)) for phase in phases],
                x=shares,
                orientation="h",
                name=TERM_WORDS[kind],
                marker={"color": COLOR[bottleneck], "line": {"width": 1, "color": "rgba(128,128,128,0.6)"}},
                text=[percent(share) if share > 0.06 else "" for share in shares],
                customdata=[percent(share) for share in shares],
                hovertemplate="%{customdata}<extra>" + TERM_WORDS[kind] + "</extra>",
            )
        )
    figure.update_layout(barmode="stack", showlegend=True)
    figure.update_xaxes(title="Share of time", tickformat=".0%", range=[0, 1])
    figure.update_yaxes(autorange="reversed", automargin=True)
    return frame(figure, height)


def load_figure(view: PhaseView, height: int = 340) -> go.Figure:
    """TPOT and TTFT against the batch, with the targets and the batch of the highest load."""
    figure, curve = make_subplots(rows=1, cols=2, subplot_titles=("TPOT (ms)", "TTFT (ms)")), view.curve
    lines = (
        (1, curve.tpot_s, "TPOT mean", "#000001", "solid"),
        (1, curve.tpot_p95_s, "TPOT p95", "#000001", "dash"),
        (2, curve.ttft_p50_s, "TTFT p50", "#000002", "solid"),
        (2, curve.ttft_p95_s, "TTFT p95", "#000002", "dash"),
        (2, curve.ttft_p99_s, "TTFT p99", "#000002", "dot"),
    )
    for column, values_s, name, color, dash in lines:
        line = go.Scatter(
            x=curve.batch,
            y=values_s * 1e3,
            name=name,
            mode="lines",
            line={"color": color, "dash": dash},
            customdata=[
                f"{milliseconds(s * 1e3)} at batch {count(b)}" for s, b in zip(values_s, curve.batch, strict=True)
            ],
            hovertemplate="%{customdata}<extra>" + name + "</extra>",
        )
        figure.add_trace(line, row=1, col=column)
    targets, gray = view.inputs.scenario.targets, {"dash": "dot", "color": GRAY}
    for column, target_ms in ((1, targets.tpot_ms), (2, targets.ttft_p95_ms)):
        if target_ms:
            figure.add_hline(y=target_ms, line=gray, row=1, col=column)
        if view.capacity:
            figure.add_vline(x=view.capacity.batch, line=gray, row=1, col=column)
    figure.update_xaxes(title="Batch size")
    figure.update_yaxes(rangemode="tozero", row=1, col=1)
    figure.update_yaxes(**logarithmic(STEPS), row=1, col=2)
    frame(figure, height)
    return figure.update_layout(margin={"t": 40}, legend={"y": -0.28, "yanchor": "top"})
