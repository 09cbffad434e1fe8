"""The bar of where the memory of one GPU goes."""

import plotly.graph_objects as go

from calculators.report.memory_text import MEMORY_NAMES
from calculators.report.memory_view import MemoryView
from pages.shared.figures.frame import frame

COLORS = {
    "weights": "#000001",
    "draft model": "#000003",
    "KV cache": "#000002",
    "activations": "#000004",
    "CUDA graphs": "#000005",
    "buffers": "#000006",
    "unused": "#bbbbbb",
}
"""Theme slot of each use."""
TOLD_FRAC = 0.04
"""A narrower part has no room for its figure."""


def memory_figure(view: MemoryView, height: int = 300) -> go.Figure:
    """GiB of one GPU by use, as one stacked bar, with room for the names above each other on a phone."""
    figure = go.Figure()
    for line in view.lines:
        size = max(line.gib, 0.0)
        if size < 0.005:
            continue
        name = MEMORY_NAMES[line.name]
        figure.add_trace(
            go.Bar(
                y=["One GPU"],
                x=[size],
                orientation="h",
                name=name,
                marker={"color": COLORS[line.name]},
                text=[f"{size:.1f}" if size > TOLD_FRAC * view.visible_gib else ""],
                textposition="inside",
                insidetextanchor="middle",
                hovertemplate=f"{name}: %{{x:.2f}} GiB<extra></extra>",
            )
        )
    figure.update_layout(barmode="stack", legend_traceorder="normal")
    figure.update_xaxes(title="GiB", range=[0, max(view.visible_gib, sum(max(x.gib, 0.0) for x in view.lines))])
    figure.update_yaxes(showticklabels=False)
    return frame(figure, height)
