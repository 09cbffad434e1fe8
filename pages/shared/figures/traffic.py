"""Lengths of requests."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from pages.shared.figures.frame import frame, logarithmic

LENGTH_TICKS = tuple(digit * 10.0**power for power in range(1, 7) for digit in (1, 3))


def length_chart(
    inputs: Sequence[float], outputs: Sequence[float], shares: Sequence[float], height: int = 280
) -> go.Figure:
    """Share of requests and of tokens by input length: half of the requests can be a tenth of the work."""
    order = np.argsort(inputs)
    x = np.asarray(inputs)[order]
    requests, tokens = np.asarray(shares)[order], (np.asarray(inputs) * np.asarray(shares))[order]
    figure = go.Figure()
    figure.add_trace(
        go.Scatter(x=x, y=np.cumsum(requests), name="Requests", mode="lines", line={"shape": "hv", "color": "#000001"})
    )
    figure.add_trace(
        go.Scatter(
            x=x,
            y=np.cumsum(tokens) / tokens.sum(),
            name="Input tokens",
            mode="lines",
            line={"shape": "hv", "color": "#000003", "dash": "dash"},
        )
    )
    figure.update_xaxes(title="Input length, tokens", **logarithmic(LENGTH_TICKS))
    figure.update_yaxes(title="Share at or below", tickformat=".0%")
    return frame(figure, height)
