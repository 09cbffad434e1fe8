"""Monthly cost over volume, and by line."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from calculators.decision.crossover import step_volumes
from calculators.evaluate import Curve, Evaluation, curves, volume_grid
from calculators.fleet.operating_costs import CostKind
from calculators.options.option import Option
from calculators.scenario.demand import Array
from calculators.units import count, significant, usd
from pages.shared.figures.frame import frame, safe

# Placeholders that the browser swaps for the theme's colours, light or dark: one meaning, one slot, everywhere.
SLOT = {
    "api_today": "#000001",
    "self_host": "#000002",
    "own_hardware": "#000002",
    "hosted_open": "#000003",
    "api_optimised": "#000004",
    "resold_api": "#000004",
    "hybrid": "#000005",
}
DASH = {
    "api_today": "solid",
    "self_host": "solid",
    "own_hardware": "solid",
    "hosted_open": "dash",
    "api_optimised": "dot",
    "resold_api": "dot",
    "hybrid": "dashdot",
}
NAME = {
    "api_today": "API today",
    "api_optimised": "API, discounts used",
    "resold_api": "Same model, other contract",
    "hybrid": "Own base load, rest bought",
    "hosted_open": "Hosted open model",
    "self_host": "Own fleet (rented)",
    "own_hardware": "Own fleet (bought)",
}


def shown_options(evaluation: Evaluation) -> list[Option]:
    """Today, discounted, the cheapest host and the cheapest fleet: one of each kind."""
    first: dict[str, Option] = {}
    for option in sorted(evaluation.options, key=lambda option: option.usd_per_month):
        kind = "self_host" if option.is_build else option.kind
        first.setdefault(kind, option)
    kinds = ("api_today", "api_optimised", "resold_api", "hosted_open", "self_host", "hybrid")
    return [first[kind] for kind in kinds if kind in first]


def crossover_chart(evaluation: Evaluation, height: int = 400, every_host: bool = False) -> go.Figure:
    """Monthly cost of each way against volume, both axes logarithmic, steps drawn as steps."""
    grid = _volumes(evaluation)
    keep = evaluation.options if every_host else shown_options(evaluation)
    figure = go.Figure()
    for curve in curves(evaluation, grid):
        if any(curve.option is option for option in keep):
            figure.add_trace(_line(curve, grid, curve.option.label if every_host else NAME[curve.option.kind]))
    _mark_volume(figure, evaluation.demand.requests_per_month)
    for option, found in evaluation.crossovers:
        durable = found.durable_req_per_month
        if durable and grid[0] <= durable <= grid[-1] and any(option is kept for kept in keep):
            figure.add_trace(_marker(durable, _bought_usd(option, durable), option))
    volume_ticks, usd_ticks = _ticks(grid), _ticks([1.0, 1e9])
    figure.update_xaxes(
        type="log", title="Requests a month", tickvals=volume_ticks, ticktext=[count(v) for v in volume_ticks]
    )
    figure.update_yaxes(
        type="log", title="Cost a month, USD", tickvals=usd_ticks, ticktext=[_usd_tick(v) for v in usd_ticks]
    )
    return frame(figure, height)


def _volumes(evaluation: Evaluation) -> Array:
    """A log grid with both sides of every step of the staircases."""
    grid = volume_grid(evaluation.demand, evaluation.stairs, evaluation.crossover.durable_req_per_month or 0.0)
    if not evaluation.stairs:
        return grid
    jumps = step_volumes(evaluation.stairs, float(grid[-1]))
    jumps = jumps[(jumps > grid[0])][:400]
    return np.unique(np.concatenate([grid, jumps, jumps * 1.0001]))


def _line(curve: Curve, grid: Array, name: str) -> go.Scatter:
    kind = curve.option.kind
    return go.Scatter(
        x=grid,
        y=np.where(np.isfinite(curve.usd_per_month), curve.usd_per_month, np.nan),
        name=safe(name),
        mode="lines",
        line={"color": SLOT[kind], "width": 3 if curve.option.is_build else 2, "dash": DASH[kind]},
        hovertemplate="%{x:,.3s} requests a month<br>%{y:$,.0f}/month<extra>" + safe(name) + "</extra>",
    )


def _mark_volume(figure: go.Figure, now: float) -> None:
    """A dotted line at the user's own volume."""
    figure.add_vline(x=now, line={"dash": "dot", "width": 1.5, "color": "#888888"})
    label = {"text": f"You: {count(now)}", "showarrow": False, "font": {"size": 13}}
    figure.add_annotation(x=float(np.log10(now)), y=1, yref="paper", yanchor="bottom", **label)


def _bought_usd(option: Option, volume: float) -> float:
    """What a way to buy costs at another volume: the bill scales, people do not."""
    assert option.bill is not None
    return option.usd_per_month - option.bill.usd_per_month + option.bill.usd_per_request * volume


def _marker(volume: float, cost: float, option: Option) -> go.Scatter:
    return go.Scatter(
        x=[volume],
        y=[cost],
        mode="markers",
        showlegend=False,
        marker={"size": 11, "symbol": "diamond", "color": SLOT["self_host"]},
        hovertemplate=f"From {count(volume)} requests a month on your own fleet is cheaper than {safe(option.label)}<extra></extra>",
    )


def _ticks(grid: Sequence[float] | np.ndarray) -> list[float]:
    low, high = int(np.floor(np.log10(grid[0]))), int(np.ceil(np.log10(grid[-1])))
    return [10.0**power for power in range(low, high + 1)]


def _usd_tick(value: float) -> str:
    size, letter = next(((s, t) for s, t in ((1e9, "B"), (1e6, "M"), (1e3, "k")) if value >= s), (1.0, ""))
    return f"${value / size:,.0f}{letter}"


def crossover_takeaway(evaluation: Evaluation) -> str:
    """What the chart shows, in a sentence: the caption and the alternative text."""
    found = evaluation.crossover
    if evaluation.build is not None and not any(o.is_buy for o in evaluation.allowed):
        return "No way to buy is allowed: today's API is drawn for comparison only."
    if evaluation.build is None:
        return "No fleet of your own qualifies, so only the ways to buy are drawn."
    if found.kind == "always":
        return "Your own fleet is cheaper than any way to buy at every volume of this shape."
    durable = found.durable_req_per_month
    if found.kind == "crosses" and durable is not None:
        again = (
            f" The curves cross {len(found.crossings)} times, because machines come whole."
            if len(found.crossings) > 2
            else ""
        )
        until = (
            f", up to the {count(found.until_req_per_month)} your GPU limit allows" if found.until_req_per_month else ""
        )
        multiple = significant(durable / evaluation.demand.requests_per_month, 2)
        return (
            f"Your own fleet stays cheaper than any way to buy from {count(durable)} requests a month on{until}: "
            f"{multiple} times your volume.{again}"
        )
    if found.kind == "crosses":
        return "Your own fleet is cheaper than any way to buy at some volumes only."
    return f"Your own fleet never becomes the cheapest: {found.reason}."


def cost_bars(options: Sequence[Option], height: int = 0) -> go.Figure:
    """Monthly cost of each option, stacked by line, with the range as a whisker."""
    options = list(reversed(options))
    labels = [f"{safe(_wrap(o.label)).replace(chr(10), '<br>')}<br><b>{usd(o.usd_per_month)}</b>" for o in options]
    names = {line.kind: line.name for option in options for line in option.lines}
    figure = go.Figure()
    for kind, name in names.items():
        values = [sum(line.usd_per_month for line in option.lines if line.kind == kind) for option in options]
        figure.add_trace(
            go.Bar(
                y=labels,
                x=values,
                name=name,
                orientation="h",
                marker={"color": f"#{_SLOTS[kind]:06d}"},
                hovertemplate="%{x:$,.0f}/month<extra>" + safe(name) + "</extra>",
            )
        )
    totals = [option.usd_per_month for option in options]
    most = max(totals)  # an endless whisker would flatten every bar
    figure.add_trace(
        go.Scatter(
            y=labels,
            x=totals,
            mode="markers",
            showlegend=False,
            hoverinfo="skip",
            marker={"size": 1, "color": "#888888"},
            error_x={
                "type": "data",
                "array": [min(o.high_usd_per_month, most * 1.6) - o.usd_per_month for o in options],
                "arrayminus": [o.usd_per_month - o.low_usd_per_month for o in options],
                "thickness": 1.5,
                "color": "#888888",
            },
        )
    )
    figure.update_layout(barmode="stack")
    figure.update_xaxes(title="Cost a month, USD", tickprefix="$", exponentformat="SI", range=[0, most * 1.65])
    figure.update_yaxes(automargin=True)
    return frame(figure, height or 150 + 78 * len(options))


_SLOTS: dict[CostKind, int] = {
    "api": 1,
    "overflow_api": 7,
    "gpu_rental": 2,
    "owned_servers": 2,
    "staffing": 5,
    "platform": 6,
    "migration": 4,
    "network_egress": 9,
}


def _wrap(text: str, width: int = 30) -> str:
    import textwrap

    return "\n".join(textwrap.wrap(text, width))
