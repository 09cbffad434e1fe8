"""The sensitivity map as a figure."""

from collections.abc import Sequence

import plotly.graph_objects as go

from calculators.sensitivity import RANK, Row, Sensitivity, verdict, worst
from pages.shared.figures import frame

WORDS = {"tolerates": "tolerates", "caution": "caution", "poison": "poison", "none": "–"}
COLOURS = (
    (0.0, "#9e9e9e"),
    (0.25, "#9e9e9e"),
    (0.25, "#1b9e77"),
    (0.5, "#1b9e77"),
    (0.5, "#e6a817"),
    (0.75, "#e6a817"),
    (0.75, "#d1495b"),
    (1.0, "#d1495b"),
)
"""Grey, green, amber, red: what does not apply, bears it, needs an evaluation, poisons. The words are in each cell too."""


def sensitivity_chart(rows: Sequence[Row], formats: Sequence[str], height: int) -> go.Figure:
    """Classes down, formats across; the worst of two verdicts colours a cell, both are written in it."""
    cells = [[verdict(row, name) for name in formats] for row in rows]
    figure = go.Figure(
        go.Heatmap(
            x=[name.upper() for name in formats],
            y=[row.name for row in rows],
            z=[[RANK[worst(cell)] for cell in line] for line in cells],
            text=[[" / ".join(WORDS[word] for word in cell) for cell in line] for line in cells],
            texttemplate="%{text}",
            textfont={"size": 13, "color": "#101010"},
            zmin=-1.5,
            zmax=2.5,
            colorscale=[list(stop) for stop in COLOURS],
            showscale=False,
            xgap=2,
            ygap=2,
            hovertemplate="%{y}, %{x}: %{text}<extra></extra>",
        )
    )
    figure.update_yaxes(autorange="reversed")
    figure.update_xaxes(side="top")
    return frame(figure, height)


def sensitivity_takeaway(known: Sensitivity) -> str:
    """Which classes any study calls poison in a four-bit format."""
    named = [row.name for row in known.weights if worst(row.nvfp4) == "poison" or worst(row.mxfp4) == "poison"]
    return f"Poisoned by some four-bit format: {', '.join(named)}."
