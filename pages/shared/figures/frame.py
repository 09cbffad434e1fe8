"""The layout that all figures share, and text made safe for Plotly."""

import html

import plotly.graph_objects as go


def safe(text: str) -> str:
    """Plotly reads a little HTML in titles, labels and hovers."""
    return html.escape(text)


def frame(figure: go.Figure, height: int) -> go.Figure:
    figure.update_layout(
        height=height,
        margin={"l": 10, "r": 10, "t": 28, "b": 10},
        legend={"orientation": "h", "yanchor": "bottom", "y": 1.06, "x": 0},
        hovermode="closest",
    )
    return figure
