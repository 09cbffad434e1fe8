"""The layout that all figures share, and text made safe for Plotly."""

import html
from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go

from calculators.units import count


def safe(text: str) -> str:
    """Plotly reads a little HTML in titles, labels and hovers."""
    return html.escape(text)


TOUCHED = ["zoom", "pan", "select", "lasso", "zoomin", "zoomout", "autoscale", "resetscale"]
"""Buttons of a figure that a phone always shows, above the legend; dragging zooms and a double click resets without them."""


def frame(figure: go.Figure, height: int) -> go.Figure:
    figure.update_layout(
        height=height,
        margin={"l": 10, "r": 10, "t": 28, "b": 10},
        legend={"orientation": "h", "yanchor": "bottom", "y": 1.06, "x": 0},
        hovermode="closest",
        modebar={"remove": TOUCHED},
    )
    figure.update_xaxes(separatethousands=True)
    figure.update_yaxes(separatethousands=True)
    return figure


def logarithmic(ticks: Sequence[float]) -> dict[str, Any]:
    """A logarithmic axis with these ticks, written as everywhere."""
    return {"type": "log", "tickvals": ticks, "ticktext": [count(tick) for tick in ticks]}
