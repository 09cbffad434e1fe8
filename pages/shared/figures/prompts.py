"""Figures of prompts: blocks in order with their cache hit probability, and hit rates by part of a log."""

from collections.abc import Sequence

import plotly.graph_objects as go

from calculators.api.cache_terms import CacheRule
from calculators.prompts.hit_rates import Hits
from calculators.prompts.order import CHANGE_ORDER, Block, ChangeFrequency, Traffic, first_breaker, hit_probability_frac
from calculators.units import percent
from pages.shared.figures.frame import frame, safe

CACHED, LOST, BREAKER = "#1b9e77", "#9e9e9e", "#d95f02"


def prompt_chart(now: Sequence[Block], best: Sequence[Block], traffic: Traffic, cache: CacheRule) -> go.Figure:
    """Two bars, today's order and the best one: green blocks are mostly cached, gray ones mostly not, and the hatched block
    breaks the cache for everything after it."""
    figure = go.Figure()
    for label, blocks in (("In the best order", best), ("Today", now)):
        worst: ChangeFrequency = "never"
        breaker = first_breaker(blocks)
        for number, block in enumerate(blocks):
            worst = max(worst, block.changes, key=lambda changes: CHANGE_ORDER[changes])
            _bar(figure, label, block, hit_probability_frac(worst, traffic, cache), number == breaker)
    figure.update_layout(barmode="stack", uniformtext={"mode": "hide", "minsize": 10})
    figure.update_xaxes(title="Input tokens")
    return frame(figure, 210)


def _bar(figure: go.Figure, label: str, block: Block, hit_frac: float, breaks: bool) -> None:
    color = BREAKER if breaks else CACHED if hit_frac >= 0.5 else LOST
    figure.add_trace(
        go.Bar(
            y=[label],
            x=[block.tok],
            orientation="h",
            marker={
                "color": color,
                "line": {"width": 1, "color": BREAKER if breaks else "#ffffff"},
                "pattern": {"shape": "/" if breaks else ""},
            },
            text=safe(block.name),
            textposition="inside",
            insidetextanchor="middle",
            textangle=0,
            textfont={"color": "#101010"},
            showlegend=False,
            hovertemplate=f"{safe(block.name)}: %{{x:,.0f}} tokens, cached in {percent(hit_frac)} of requests"
            f"{', breaks the cache for everything after it' if breaks else ''}<extra></extra>",
        )
    )
    if breaks:
        figure.add_annotation(
            x=sum(trace.x[0] for trace in figure.data if trace.y[0] == label) - block.tok / 2,
            y=label,
            yshift=38,
            text=f"▼ {safe(block.name)}",
            showarrow=False,
            xanchor="left",
            xshift=-6,
        )


def parts_chart(now: Hits, best: Hits) -> go.Figure:
    """Cache hit rate of each part of the prompt, as sent and in the best order."""
    names = [part.part for part in now.parts][::-1]
    figure = go.Figure()
    for label, hits, color in (("In the best order", best, CACHED), ("As sent", now, LOST)):
        of = {part.part: part for part in hits.parts}
        shares = [of[name].hit_tok / of[name].tok if name in of else 0.0 for name in names]
        figure.add_trace(
            go.Bar(
                y=[safe(name) for name in names],
                x=shares,
                orientation="h",
                name=label,
                marker={"color": color},
                text=[percent(share) for share in shares],
                textposition="outside",
                cliponaxis=False,
                customdata=[of[name].tok if name in of else 0 for name in names],
                hovertemplate="%{y}, " + label.lower() + ": %{text} of %{customdata:,} tokens cached<extra></extra>",
            )
        )
    figure.update_layout(barmode="group", legend={"traceorder": "reversed"})
    figure.update_xaxes(title="API cache hit rate of each part", tickformat=".0%", range=[0, 1.1])
    return frame(figure, 110 + 55 * len(names))
