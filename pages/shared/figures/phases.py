"""Figures of prefill and decode: roofline, shares of time, and latency against load."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from calculators.report.phase_text import TERM_WORDS, phase_name
from calculators.report.phase_view import PhaseView
from calculators.scenario.demand import Array
from calculators.units import FLOPS_PER_TFLOPS, count, milliseconds, percent, significant
from pages.shared.figures.frame import frame, logarithmic, safe

COLOR = {"bandwidth": "#000001", "compute": "#000002", "links": "#000004", "overhead": "#000006"}
"""Theme slot of each bottleneck."""
GRAY = "#888888"
PATTERNS = ("", "/", ".", "x")
"""Terms that need the same resource share its color and differ in pattern."""
DECADES = tuple(10.0**power for power in range(-2, 6))
STEPS = tuple(digit * 10.0**power for power in range(7) for digit in (1, 2, 5))


def roofline_figure(view: PhaseView, height: int = 380) -> go.Figure:
    """TFLOPS of each phase against its arithmetic intensity, under the GPU's rooflines."""
    x = np.geomspace(0.3, 20_000, 200)
    figure = go.Figure()
    for line, name, dash in ((view.sheet, "Data sheet", "dot"), (view.achieved, "Achieved by tuned engines", "solid")):
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
        alike = [other for other, needed in terms.items() if needed == bottleneck]
        pattern = {
            "shape": PATTERNS[alike.index(kind)],
            "fillmode": "overlay",
            "fgcolor": "rgba(255,255,255,0.55)",
            "size": 6,
        }
        shares = [phase.share_frac(kind) for phase in phases]
        figure.add_trace(
            go.Bar(
                y=[safe(phase_name(phase)) for phase in phases],
                x=shares,
                orientation="h",
                name=TERM_WORDS[kind],
                marker={
                    "color": COLOR[bottleneck],
                    "pattern": pattern,
                    "line": {"width": 1, "color": "rgba(128,128,128,0.6)"},
                },
                textangle=0,
                insidetextanchor="middle",
                text=[percent(share) if share > 0.06 else "" for share in shares],
                customdata=[percent(share) for share in shares],
                hovertemplate="%{customdata}<extra>" + TERM_WORDS[kind] + "</extra>",
            )
        )
    figure.update_layout(barmode="stack", showlegend=True)
    figure.update_xaxes(title="Share of time", tickformat=".0%", range=[0, 1], dtick=0.25, ticklabeloverflow="allow")
    figure.update_yaxes(autorange="reversed", automargin=True)
    return frame(figure, height).update_layout(margin_r=30)


def load_figures(view: PhaseView) -> dict[str, go.Figure]:
    """TPOT and TTFT against the batch, with the targets and the batch of the highest load within them."""
    curve, targets = view.curve, view.inputs.scenario.targets
    tpot = (("TPOT mean", curve.tpot_s, "solid"), ("TPOT p95", curve.tpot_p95_s, "dash"))
    ttft = (
        ("TTFT p50", curve.ttft_p50_s, "solid"),
        ("TTFT p95", curve.ttft_p95_s, "dash"),
        ("TTFT p99", curve.ttft_p99_s, "dot"),
    )
    return {
        "TPOT": _load_figure(view, tpot, "#000001", targets.tpot_ms).update_yaxes(
            title="TPOT (ms)", rangemode="tozero"
        ),
        "TTFT": _load_figure(view, ttft, "#000002", targets.ttft_p95_ms).update_yaxes(
            title="TTFT (ms)", **logarithmic(STEPS)
        ),
    }


def _load_figure(
    view: PhaseView, lines: Sequence[tuple[str, Array, str]], color: str, target_ms: float | None, height: int = 320
) -> go.Figure:
    """Lines of one latency (name, seconds, dash) against the batch."""
    figure, gray = go.Figure(), {"dash": "dot", "color": GRAY}
    for name, values_s, dash in lines:
        points = zip(values_s, view.curve.batch, strict=True)
        figure.add_trace(
            go.Scatter(
                x=view.curve.batch,
                y=values_s * 1e3,
                name=name,
                mode="lines",
                line={"color": color, "dash": dash},
                customdata=[f"{milliseconds(s * 1e3)} at batch {count(round(b))}" for s, b in points],
                hovertemplate="%{customdata}<extra>" + name + "</extra>",
            )
        )
    if target_ms:
        figure.add_hline(y=target_ms, line=gray)
    if view.capacity:
        figure.add_vline(x=view.capacity.batch, line=gray)
    figure.update_xaxes(title="Batch size")
    return frame(figure, height)
