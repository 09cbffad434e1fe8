"""A prompt as a bar: its blocks in order, and how often each is found cached."""

from collections.abc import Sequence

import plotly.graph_objects as go

from calculators.prompt_order import RANK, Block, Cache, Changes, Traffic, found_frac
from calculators.units import percent
from pages.shared.figures import frame, safe

CACHED, LOST = "#1b9e77", "#9e9e9e"


def prompt_chart(now: Sequence[Block], best: Sequence[Block], traffic: Traffic, cache: Cache) -> go.Figure:
    """Two bars, today's order and the best one; green where most requests find the block cached, grey where few do."""
    figure = go.Figure()
    for label, blocks in (("In the best order", best), ("Today", now)):
        worst: Changes = "never"
        for block in blocks:
            worst = max(worst, block.changes, key=lambda changes: RANK[changes])
            found = found_frac(worst, traffic, cache)
            figure.add_trace(
                go.Bar(
                    y=[label],
                    x=[block.tok],
                    orientation="h",
                    marker={"color": CACHED if found >= 0.5 else LOST, "line": {"width": 1, "color": "#ffffff"}},
                    text=safe(block.name),
                    textposition="inside",
                    insidetextanchor="middle",
                    textangle=0,
                    textfont={"color": "#101010"},
                    showlegend=False,
                    hovertemplate=f"{safe(block.name)}: %{{x:,.0f}} tokens, found {percent(found)} of the time<extra></extra>",
                )
            )
    figure.update_layout(barmode="stack", uniformtext={"mode": "hide", "minsize": 10})
    figure.update_xaxes(title="Tokens, first to last; green: mostly found cached")
    return frame(figure, 210)
