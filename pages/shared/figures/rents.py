"""Price of a GPU over time."""

from collections.abc import Sequence

import plotly.graph_objects as go

from calculators.report.rent_view import PricePoint
from calculators.units import plural, usd
from pages.shared.figures.frame import frame


def price_history_chart(points: Sequence[PricePoint], height: int = 260) -> go.Figure:
    """The median of the providers on each day, between the lowest and the highest."""
    days = [point.day for point in points]
    high = [point.high_usd_per_gpu_h for point in points]
    low = [point.low_usd_per_gpu_h for point in points]
    edge = {"mode": "lines", "line": {"width": 0, "shape": "hv"}, "hoverinfo": "skip"}
    figure = go.Figure(go.Scatter(x=days, y=high, showlegend=False, **edge))
    figure.add_trace(
        go.Scatter(x=days, y=low, fill="tonexty", fillcolor="rgba(128,128,128,0.25)", name="lowest to highest", **edge)
    )
    figure.add_trace(
        go.Scatter(
            x=days,
            y=[point.median_usd_per_gpu_h for point in points],
            mode="lines+markers",
            name="median provider",
            line={"shape": "hv", "color": "#000001"},
            text=[
                f"{usd(p.median_usd_per_gpu_h)}/GPU-hour, {plural(p.providers_count, 'provider')}<br>"
                f"{usd(p.low_usd_per_gpu_h)} to {usd(p.high_usd_per_gpu_h)}"
                for p in points
            ],
            hovertemplate="%{x}<br>%{text}<extra></extra>",
        )
    )
    figure.update_yaxes(title="USD/GPU-hour", rangemode="tozero", tickprefix="$")
    figure.update_xaxes(title="Day on which a price was seen")
    return frame(figure, height)
