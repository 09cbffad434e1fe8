"""The load of a week, and the machines of a mix by how long each is needed."""

import numpy as np
import plotly.graph_objects as go

from calculators.report.mix_view import MixView
from calculators.units import plural, significant
from pages.shared.figures.frame import frame, safe

DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
HOURS = 24
SLOTS = {"already yours": "#000006", "purchased": "#000001", "on demand": "#000004", "spot": "#000005"}
"""Theme slot of each term; the others are reserved."""
RESERVED_SLOTS = ("#000002", "#000003", "#000007")
HEIGHT = 320
FEW = 12
"""So many machines are counted one by one on the axis."""


def week_chart(view: MixView) -> go.Figure:
    """Load of each hour of a week over its mean."""
    ratios = view.week.load_ratio
    hours = np.arange(ratios.size)
    figure = go.Figure(
        go.Scatter(
            x=hours,
            y=ratios,
            mode="lines",
            line={"shape": "hv", "color": "#000001"},
            fill="tozeroy",
            text=[
                f"{DAYS[h // HOURS]}, {h % HOURS}:00: {significant(r, 2)} times the mean" for h, r in enumerate(ratios)
            ],
            hovertemplate="%{text}<extra></extra>",
        )
    )
    figure.update_xaxes(tickvals=[HOURS * day for day in range(len(DAYS))], ticktext=list(DAYS), range=[0, ratios.size])
    figure.update_yaxes(title="Load over its mean", rangemode="tozero")
    return frame(figure, HEIGHT)


def rank_chart(view: MixView) -> go.Figure:
    """Hours a month in which each machine is needed, in the color of its term; what no machine carries is left out."""
    on_h, first, figure = view.mix.question.hours.on_h, 0, go.Figure()
    slots = iter(RESERVED_SLOTS)
    for share in view.mix.shares:
        last = min(first + share.machines * share.term.ranks_count, len(on_h))
        ranks = np.arange(first + 1, last + 1)
        name = share.term.name
        figure.add_trace(
            go.Bar(
                x=ranks,
                y=on_h[first:last],
                name=safe(name),
                marker={"color": SLOTS.get(name) or next(slots, RESERVED_SLOTS[-1])},
                hovertemplate=f"{safe(name)}, rank %{{x}}: %{{y:.0f}} hours a month<extra></extra>",
            )
        )
        first = last
    figure.update_layout(bargap=0.1, showlegend=True)
    figure.update_xaxes(
        title="Machines in the order in which they are switched on",
        tickformat="d",
        dtick=1 if len(on_h) <= FEW else None,
    )
    figure.update_yaxes(title="Hours needed per month", range=[0, 730])
    return frame(figure, HEIGHT)


def rank_takeaway(view: MixView) -> str:
    """What the chart of machines shows, in a sentence."""
    on_h = view.mix.question.hours.on_h[: view.mix.machine_count]
    if not on_h.size:
        return "No machine is worth its price at this load."
    short = int((on_h < 365).sum())
    what = (
        f"{plural(on_h.size, 'machine')} of the smallest size carry it" if on_h.size > 1 else "One machine carries it"
    )
    return f"{what}; {short if short else 'none'} of them {'is' if short == 1 or not short else 'are'} needed in less than half of the hours."
