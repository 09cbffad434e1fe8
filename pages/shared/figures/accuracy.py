"""Predicted against measured figures of the published runs."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from calculators.calibration.accuracy import AccuracyMetric, Protocol, Rows, counted_runs
from calculators.calibration.accuracy_text import METRIC_UNITS
from calculators.units import count, significant
from pages.shared.figures.frame import frame, safe

TICKS = tuple(10.0**power for power in range(-2, 7))
ENGINES_SHOWN = 5


def accuracy_figure(rows: Rows, metric: AccuracyMetric, protocol: Protocol, height: int = 460) -> go.Figure:
    """Every counted run with both values, colored by engine, around the lines of exact and twofold predictions."""
    predicted, measured = rows.by(protocol)[metric], rows.measured[metric]
    shown = counted_runs(rows, metric) & np.isfinite(predicted) & np.isfinite(measured) & (measured > 0)
    unit, figure = METRIC_UNITS[metric], go.Figure()
    ends = np.array([measured[shown].min(), measured[shown].max()] if shown.any() else [1.0, 10.0])
    for factor, dash in ((1.0, "solid"), (2.0, "dot"), (0.5, "dot")):
        style = {"color": "#888888", "dash": dash, "width": 1}
        line = go.Scatter(x=ends, y=ends * factor, mode="lines", line=style, showlegend=False, hoverinfo="skip")
        figure.add_trace(line)
    for slot, engine in enumerate(pd.Series(rows.engine[shown]).value_counts().index[:ENGINES_SHOWN], start=1):
        mine = np.flatnonzero(shown & (rows.engine == engine))
        figure.add_trace(
            go.Scattergl(
                x=measured[mine],
                y=predicted[mine],
                mode="markers",
                name=safe(engine or "engine not stated"),
                text=[
                    f"{safe(f'{rows.model[i]} on {rows.gpu[i]}, row {rows.row[i]}')}<br>measured {significant(measured[i])} "
                    f"{unit}, predicted {significant(predicted[i])} {unit}"
                    for i in mine
                ],
                marker={"size": 5, "opacity": 0.6, "color": f"#{slot:06d}"},
                hovertemplate="%{text}<extra></extra>",
            )
        )
    axis = {"type": "log", "tickvals": TICKS, "ticktext": [count(tick) for tick in TICKS]}
    figure.update_xaxes(title=f"Measured ({unit})", **axis)
    figure.update_yaxes(title=f"Predicted ({unit})", **axis)
    return frame(figure, height)
