"""Results in, Plotly figures out. No Streamlit here, no arithmetic beyond scaling; each figure has its sentence."""

import html
from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from calculators.compliance.assessment import ComplianceAssessment
from calculators.compliance.operator_check import PATH_WORDS
from calculators.decision.crossover import step_volumes
from calculators.evaluate import Curve, Evaluation, curves, volume_grid
from calculators.options.option import Option
from calculators.scenario.demand import Array
from calculators.units import count, significant, usd

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


def safe(text: str) -> str:
    """Plotly reads a little HTML in titles, labels and hovers."""
    return html.escape(text)


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


def frame(figure: go.Figure, height: int) -> go.Figure:
    figure.update_layout(
        height=height,
        margin={"l": 10, "r": 10, "t": 28, "b": 10},
        legend={"orientation": "h", "yanchor": "bottom", "y": 1.06, "x": 0},
        hovermode="closest",
    )
    return figure


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
    names = list(dict.fromkeys(line.name for option in options for line in option.lines))
    figure = go.Figure()
    for i, name in enumerate(names):
        values = [sum(line.usd_per_month for line in option.lines if line.name == name) for option in options]
        figure.add_trace(
            go.Bar(
                y=labels,
                x=values,
                name=name,
                orientation="h",
                marker={"color": f"#{_SLOTS.get(name, 6 + i % 4):06d}"},
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


_SLOTS = {
    "API bill": 1,
    "GPU rent": 2,
    "Servers you own": 2,
    "People": 5,
    "Gateway, logs, monitoring": 6,
    "Evaluation and migration": 4,
    "Egress": 9,
}


def _wrap(text: str, width: int = 30) -> str:
    import textwrap

    return "\n".join(textwrap.wrap(text, width))


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
            line={"shape": "hv", "color": "#000002", "dash": "dash"},
        )
    )
    figure.update_xaxes(
        type="log", title="Input length, tokens", tickvals=[10, 30, 100, 300, 1e3, 3e3, 1e4, 3e4, 1e5, 3e5, 1e6]
    )
    figure.update_yaxes(title="Share at or below", tickformat=".0%")
    return frame(figure, height)


def arrivals_chart(counts: Sequence[float], step_s: float, height: int = 240) -> go.Figure:
    """Requests a second over the log."""
    whole = counts[:-1] if len(counts) > 2 else counts  # the last step is rarely a full one
    rate = np.asarray(whole, dtype=float) / step_s
    hours = np.arange(rate.size) * step_s / 3_600
    unit, scale = ("minutes", 60.0) if hours[-1:] < 3 else ("hours", 1.0)
    figure = go.Figure(
        go.Scatter(
            x=hours * scale, y=rate, mode="lines", line={"shape": "hv", "color": "#000001"}, name="Requests a second"
        )
    )
    figure.add_hline(y=float(rate.mean()), line={"dash": "dot", "width": 1.5, "color": "#888888"})
    figure.update_xaxes(title=f"Time since the first request, {unit}")
    figure.update_yaxes(title="Requests a second", rangemode="tozero")
    return frame(figure, height)


PATH_STATUS = {"allowed": ("Allowed", "#000003"), "ask": ("To ask", "#000004"), "blocked": ("Blocked", "#888888")}


def path_chart(assessment: ComplianceAssessment) -> go.Figure:
    """The cheapest way on each kind of path, by whether it is allowed."""
    kinds = [kind for kind in PATH_WORDS if any(p.path.kind == kind and p.usd_per_month for p in assessment.paths)]
    figure = go.Figure()
    for status, (name, colour) in PATH_STATUS.items():
        best = {kind: _cheapest(assessment, kind, status) for kind in kinds}
        shown = [kind for kind in kinds if best[kind] is not None]
        if not shown:
            continue
        figure.add_trace(
            go.Bar(
                y=[PATH_WORDS[kind] for kind in shown],
                x=[amount for kind in shown if (amount := best[kind]) is not None],
                name=name,
                orientation="h",
                marker={"color": colour},
                text=[usd(amount) for kind in shown if (amount := best[kind]) is not None],
                textposition="outside",
                cliponaxis=False,
                hovertemplate="%{y}<br>%{x:$,.0f}/month<extra>" + name + "</extra>",
            )
        )
    top = max((t for k in kinds for s in PATH_STATUS if (t := _cheapest(assessment, k, s)) is not None), default=1.0)
    figure.update_xaxes(title="Cheapest there, USD a month", range=[0, top * 1.15])
    figure.update_yaxes(autorange="reversed")
    return frame(figure, 120 + 70 * max(len(kinds), 1))


def _cheapest(assessment: ComplianceAssessment, kind: str, status: str) -> float | None:
    found = [p.usd_per_month for p in assessment.paths if p.path.kind == kind and p.path.status == status]
    return min((amount for amount in found if amount is not None), default=None)


def path_takeaway(assessment: ComplianceAssessment) -> str:
    """What the chart of paths shows, in a sentence."""
    cheapest_allowed, cheapest, premium = (
        assessment.cheapest_allowed,
        assessment.cheapest,
        assessment.premium_usd_per_month,
    )
    if cheapest_allowed is None or premium is None or cheapest_allowed.usd_per_month is None or cheapest is None:
        return "No path with a known price is known to be allowed."
    cost = f"{cheapest_allowed.label} at {usd(cheapest_allowed.usd_per_month)}/month"
    if premium < 0.5:
        return f"The cheapest path of all is allowed: {cost}."
    return f"The cheapest allowed path is {cost}, {usd(premium)} more than the cheapest of all, {cheapest.label}."
