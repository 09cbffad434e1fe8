"""Figures of the two phases: roofline, shares of time, and latency against load."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from calculators.performance.phases import LoadCurve, Phase, Roofline
from calculators.units import FLOPS_PER_TFLOPS
from pages.shared.figures.frame import frame, safe

WALL_SLOT = {"bandwidth": "#000001", "compute": "#000002", "links": "#000004", "overhead": "#000006"}
WALL_NAME = {
    "bandwidth": "memory bandwidth",
    "compute": "arithmetic",
    "links": "links between GPUs",
    "overhead": "launches and scheduler",
}


def roofline(phases: Sequence[Phase], sheet: Roofline, reached: Roofline, height: int = 380) -> go.Figure:
    """Operations a second against operations a byte: under the slope memory limits, under the flat part arithmetic."""
    x = np.geomspace(0.3, 20_000, 200)
    figure = go.Figure()
    for ceiling, name, dash in ((sheet, "Data sheet", "dot"), (reached, "What engines reach of it", "solid")):
        y = np.minimum(ceiling.flops, x * ceiling.bandwidth_bytes_s) / FLOPS_PER_TFLOPS
        figure.add_trace(
            go.Scatter(x=x, y=y, mode="lines", name=name, line={"color": "#888888", "dash": dash, "width": 2})
        )
    for phase in phases:
        figure.add_trace(
            go.Scatter(
                x=[phase.intensity_ratio],
                y=[phase.achieved_flops / FLOPS_PER_TFLOPS],
                mode="markers+text",
                name=safe(phase.name),
                text=[safe(phase.name)],
                textposition="bottom center",
                showlegend=False,
                cliponaxis=False,
                marker={
                    "size": 14,
                    "symbol": "circle" if phase.name.startswith("Decode") else "square",
                    "color": WALL_SLOT[phase.wall],
                },
                hovertemplate="%{x:,.1f} operations a byte<br>%{y:,.1f} TFLOPS<extra>" + safe(phase.name) + "</extra>",
            )
        )
    ridge = reached.ridge_ratio
    figure.add_vline(x=ridge, line={"dash": "dot", "width": 1, "color": "#888888"})
    figure.add_annotation(
        x=float(np.log10(ridge)), y=0.02, yref="paper", text=f"ridge {ridge:,.0f}", showarrow=False, xanchor="left"
    )
    figure.update_xaxes(type="log", title="Operations for each byte moved", tickvals=[1, 10, 100, 1e3, 1e4])
    figure.update_yaxes(type="log", title="TFLOPS of one GPU", dtick=1)
    return frame(figure, height)


def time_shares(phases: Sequence[Phase], height: int = 260) -> go.Figure:
    """What each phase spends its time on, in shares; the colour says which wall."""
    figure = go.Figure()
    names = list(dict.fromkeys(term.name for phase in phases for term in phase.terms if term.time_s > 0))
    labels = [safe(phase.name) for phase in phases]
    for name in names:
        parts = [next((t for t in phase.terms if t.name == name), None) for phase in phases]
        wall = next(part.wall for part in parts if part)
        share = [part.time_s / phase.total_s if part else 0.0 for part, phase in zip(parts, phases, strict=True)]
        figure.add_trace(
            go.Bar(
                y=labels,
                x=share,
                orientation="h",
                name=f"{safe(name)} ({WALL_NAME[wall]})",
                marker={"color": WALL_SLOT[wall], "line": {"width": 1, "color": "rgba(128,128,128,0.6)"}},
                text=[f"{value:.0%}" if value > 0.06 else "" for value in share],
                hovertemplate="%{x:.0%}<extra>" + safe(name) + "</extra>",
            )
        )
    figure.update_layout(barmode="stack", showlegend=True)
    figure.update_xaxes(title="Share of the time", tickformat=".0%", range=[0, 1])
    figure.update_yaxes(autorange="reversed", automargin=True)
    return frame(figure, height)


def load_figure(
    curve: LoadCurve, ttft_target_ms: float | None, tpot_target_ms: float | None, batch: float | None, height: int = 340
) -> go.Figure:
    """TPOT and TTFT against the requests decoding at once, with the targets."""
    figure = make_subplots(rows=1, cols=2, subplot_titles=("Time per token, ms", "Time to the first token, ms"))
    lines = (
        (1, curve.tpot_s, "mean", "#000001", "solid"),
        (1, curve.tpot_p95_s, "p95", "#000001", "dash"),
        (2, curve.ttft_p50_s, "p50", "#000002", "solid"),
        (2, curve.ttft_p95_s, "p95", "#000002", "dash"),
        (2, curve.ttft_p99_s, "p99", "#000002", "dot"),
    )
    for column, values, name, colour, dash in lines:
        label = f"{'TPOT' if column == 1 else 'TTFT'} {name}"
        line = go.Scatter(x=curve.batch, y=values * 1e3, name=label, mode="lines", line={"color": colour, "dash": dash})
        figure.add_trace(line, row=1, col=column)
    for column, target in ((1, tpot_target_ms), (2, ttft_target_ms)):
        if target:
            figure.add_hline(y=target, line={"dash": "dot", "color": "#888888"}, row=1, col=column)
        if batch:
            figure.add_vline(x=batch, line={"dash": "dot", "color": "#888888"}, row=1, col=column)
    figure.update_xaxes(title="Requests decoding at once")
    figure.update_yaxes(rangemode="tozero", row=1, col=1)
    figure.update_yaxes(type="log", dtick=1, row=1, col=2)
    frame(figure, height)
    return figure.update_layout(margin={"t": 40}, legend={"y": -0.28, "yanchor": "top"})
