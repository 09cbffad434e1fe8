"""Usage of a file: load and spend over time, and the shares of models, teams and keys."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import plotly.graph_objects as go
from plotly.subplots import make_subplots

from calculators.logs.request_checks import FIRST_YEAR
from calculators.units import count, percent, usd
from pages.shared.figures.frame import frame, safe

MAX_BARS = 62
LABEL_CHARS = 34
SLOTS = {"Requests": "#000001", "Tokens": "#000003", "Spend": "#000002"}
"""One meaning, one color, in every chart of usage."""


def load_chart(series: Mapping[str, Any], per: str, height: int = 360) -> go.Figure:
    """Requests and tokens of each step of time, one above the other; `per` is the step in words."""
    panels = [(name, series[name.lower()]) for name in ("Requests", "Tokens") if series[name.lower()] is not None]
    figure = make_subplots(rows=len(panels), cols=1, shared_xaxes=True, vertical_spacing=0.08)
    for row, (name, values) in enumerate(panels, start=1):
        texts = [f"{count(value)} {name.lower()}" for value in values]
        figure.add_trace(_over_time(series, values, SLOTS[name], texts), row, 1)
        figure.update_yaxes(title=f"{name}/{per.replace('minutes', 'min')}", rangemode="tozero", row=row, col=1)
    edges = _edges(series, len(panels[0][1]))
    figure.update_xaxes(range=[edges[0], edges[-1]])
    figure.update_xaxes(title=time_title(series), row=len(panels), col=1)
    figure.update_layout(showlegend=False, bargap=0.15)
    return frame(figure, height if len(panels) > 1 else height // 2 + 60)


def spend_chart(series: Mapping[str, Any], per: str, height: int = 240) -> go.Figure:
    """Spend of each step of time."""
    values = series["spend_usd"]
    figure = go.Figure(_over_time(series, values, SLOTS["Spend"], [usd(value) for value in values]))
    edges = _edges(series, len(values))
    figure.update_xaxes(title=time_title(series), range=[edges[0], edges[-1]])
    figure.update_yaxes(title=f"Spend, USD/{per.replace('minutes', 'min')}", rangemode="tozero", tickprefix="$")
    figure.update_layout(showlegend=False, bargap=0.15)
    return frame(figure, height)


def is_dated(series: Mapping[str, Any]) -> bool:
    """Whether the file has dates, and no clock that counts from 0."""
    return datetime.fromisoformat(series["start"]).year >= FIRST_YEAR


def time_title(series: Mapping[str, Any]) -> str:
    return "Time, UTC" if is_dated(series) else "Time since the start, hours"


def _over_time(
    series: Mapping[str, Any], values: Sequence[float], slot: str, texts: Sequence[str]
) -> go.Bar | go.Scatter:
    """Bars where there are few, else a filled line of steps."""
    edges, hover = _edges(series, len(values)), {"text": texts, "hovertemplate": "%{x}<br>%{text}<extra></extra>"}
    if len(values) <= MAX_BARS:
        width = (
            series["step_s"] * 1e3 if is_dated(series) else series["step_s"] / 3_600
        )  # Plotly's milliseconds, or hours
        bar = {"offset": 0, "width": width * 0.9, "marker": {"color": slot}, "textposition": "none"}
        return go.Bar(x=edges[:-1], y=values, **bar, **hover)
    line = {"shape": "hv", "color": slot, "width": 1.2}
    return go.Scatter(x=edges, y=(*values, values[-1]), mode="lines", line=line, fill="tozeroy", **hover)


def _edges(series: Mapping[str, Any], step_count: int) -> list[Any]:
    """Starts of all steps and the end of the last: dates in UTC, or hours."""
    start = datetime.fromisoformat(series["start"]).replace(tzinfo=None)
    if is_dated(series):
        return [start + timedelta(seconds=series["step_s"] * number) for number in range(step_count + 1)]
    return [series["step_s"] * number / 3_600 for number in range(step_count + 1)]


def share_chart(shares: Mapping[str, Mapping[str, float]], height: int = 0) -> go.Figure:
    """Bars of each value's share (from 0 to 1) of requests, tokens and spend, the first value on top."""
    labels = {value: safe(value if len(value) <= LABEL_CHARS else f"{value[:LABEL_CHARS]}…") for value in shares}
    kinds = [kind for kind in SLOTS if any(kind in share for share in shares.values())]
    figure = go.Figure()
    for kind in kinds:
        known = {value: share[kind] for value, share in shares.items() if kind in share}
        figure.add_trace(
            go.Bar(
                y=[labels[value] for value in known],
                x=list(known.values()),
                name=kind,
                orientation="h",
                marker={"color": SLOTS[kind]},
                text=[percent(share) for share in known.values()],
                textposition="outside",
                cliponaxis=False,
                hovertemplate="%{y}: %{text}<extra>" + kind + "</extra>",
            )
        )
    most = max((share for values in shares.values() for share in values.values()), default=1.0)
    figure.update_layout(barmode="group", bargap=0.25)
    figure.update_xaxes(title="Share of the traffic read", tickformat=".0%", range=[0, most * 1.18])
    figure.update_yaxes(automargin=True, autorange="reversed")
    return frame(figure, height or 110 + (16 + 15 * len(kinds)) * len(shares))
