"""A prompt as a bar: its blocks in order, and how often each is found cached; and what is found of each part of a log."""

from collections.abc import Sequence

import plotly.graph_objects as go

from calculators.api.cache_terms import CacheRule
from calculators.prompts.hit_rates import Hits
from calculators.prompts.order import CHANGE_ORDER, Block, ChangeFrequency, Traffic, first_breaker, hit_probability_frac
from calculators.units import percent
from pages.shared.figures.frame import frame, safe

CACHED, LOST, SPOILER = "#1b9e77", "#9e9e9e", "#d95f02"


def prompt_chart(now: Sequence[Block], best: Sequence[Block], traffic: Traffic, cache: CacheRule) -> go.Figure:
    """Two bars, today's order and the best one; green where most requests find the block cached, grey where few do, hatched
    what spoils the rest."""
    figure = go.Figure()
    for label, blocks in (("In the best order", best), ("Today", now)):
        worst: ChangeFrequency = "never"
        breaker = first_breaker(blocks)
        for number, block in enumerate(blocks):
            worst = max(worst, block.changes, key=lambda changes: CHANGE_ORDER[changes])
            _bar(figure, label, block, hit_probability_frac(worst, traffic, cache), number == breaker)
    figure.update_layout(barmode="stack", uniformtext={"mode": "hide", "minsize": 10})
    figure.update_xaxes(title="Tokens<br>green: found cached; hatched: spoils the rest")
    return frame(figure, 210)


def _bar(figure: go.Figure, label: str, block: Block, found: float, spoils: bool) -> None:
    colour = SPOILER if spoils else CACHED if found >= 0.5 else LOST
    figure.add_trace(
        go.Bar(
            y=[label],
            x=[block.tok],
            orientation="h",
            marker={
                "color": colour,
                "line": {"width": 1, "color": SPOILER if spoils else "#ffffff"},
                "pattern": {"shape": "/" if spoils else ""},
            },
            text=safe(block.name),
            textposition="inside",
            insidetextanchor="middle",
            textangle=0,
            textfont={"color": "#101010"},
            showlegend=False,
            hovertemplate=f"{safe(block.name)}: %{{x:,.0f}} tokens, found {percent(found)} of the time"
            f"{', spoils what stands behind it' if spoils else ''}<extra></extra>",
        )
    )
    if spoils:
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
    """The share of each part that is found cached, as sent and in the best order."""
    names = [part.part for part in now.parts][::-1]
    figure = go.Figure()
    for label, hits, colour in (("In the best order", best, CACHED), ("As sent", now, LOST)):
        of = {part.part: part for part in hits.parts}
        shares = [of[name].hit_tok / of[name].tok if name in of else 0.0 for name in names]
        figure.add_trace(
            go.Bar(
                y=[safe(name) for name in names],
                x=shares,
                orientation="h",
                name=label,
                marker={"color": colour},
                text=[percent(share) for share in shares],
                textposition="outside",
                cliponaxis=False,
                customdata=[of[name].tok if name in of else 0 for name in names],
                hovertemplate="%{y}, " + label.lower() + ": %{text} of %{customdata:,} tokens found<extra></extra>",
            )
        )
    figure.update_layout(barmode="group", legend={"traceorder": "reversed"})
    figure.update_xaxes(title="Share of its tokens found cached on the API", tickformat=".0%", range=[0, 1.1])
    return frame(figure, 110 + 55 * len(names))
