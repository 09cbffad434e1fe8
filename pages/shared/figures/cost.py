"""Monthly cost over volume, and by line."""

import textwrap
from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from calculators.decision.crossover import step_volumes
from calculators.decision.curves import Curve, volume_grid
from calculators.evaluate import Evaluation
from calculators.options.option import Option
from calculators.scenario.demand import Array
from calculators.units import count, usd
from pages.shared.figures.frame import frame, safe

# Placeholders that the browser swaps for the theme's colors, light or dark: one meaning, one slot, everywhere.
SLOT = {
    "api_today": "#000001",
    "self_host": "#000002",
    "own_hardware": "#000002",
    "step_down": "#000006",
    "hosted_open": "#000003",
    "routed_api": "#000007",
    "api_optimised": "#000004",
    "resold_api": "#000004",
    "hybrid": "#000005",
}
DASH = {
    "api_today": "solid",
    "self_host": "solid",
    "own_hardware": "solid",
    "step_down": "longdash",
    "hosted_open": "dash",
    "routed_api": "longdashdot",
    "api_optimised": "dot",
    "resold_api": "dot",
    "hybrid": "dashdot",
}
NAME = {
    "api_today": "Current API",
    "api_optimised": "Current API with discounts",
    "resold_api": "Same model through another seller",
    "hybrid": "Hybrid (self-hosted base, API overflow)",
    "step_down": "Cheaper model of the same maker",
    "hosted_open": "Hosted open model",
    "routed_api": "Small model for easy requests",
    "self_host": "Self-hosted (rented GPUs)",
    "own_hardware": "Self-hosted (purchased servers)",
}
BREAK_EVEN_WITH = {
    "api_today": ("current<br>API", "top left"),
    "api_optimised": ("API with<br>discounts", "bottom right"),
    "resold_api": ("other<br>seller", "bottom left"),
    "step_down": ("cheaper<br>model", "top right"),
    "hosted_open": ("hosted<br>open model", "top left"),
    "routed_api": ("easy requests<br>routed", "bottom left"),
}
"""Label of a break-even with each kind of API option, and where it stands beside the mark, off the curves."""
KINDS = ("api_today", "api_optimised", "resold_api", "step_down", "hosted_open", "routed_api", "self_host", "hybrid")
COST_SLOT = {
    "api": 1,
    "overflow_api": 7,
    "easy_api": 8,
    "gpu_rental": 2,
    "owned_servers": 2,
    "staffing": 5,
    "platform": 6,
    "migration": 4,
    "hiring": 3,
    "network_egress": 9,
    "unused_commitment": 8,
}
MOST_STEPS = 400
EDGE_FRAC, LABEL_FRAC = 0.15, 0.4
"""How near an end of the axis a label would be cut on a phone: the volume above the chart, and a break-even."""


def shown_options(evaluation: Evaluation) -> list[Option]:
    """The cheapest option of each kind: today's API, with discounts, a hosted model, a fleet, a hybrid; and the winner."""
    first: dict[str, Option] = {}
    winner = evaluation.verdict.winner
    for option in sorted(evaluation.options, key=lambda option: (option is not winner, option.usd_per_month)):
        first.setdefault("self_host" if option.is_build else option.kind, option)
    return [first[kind] for kind in KINDS if kind in first]


def crossover_chart(evaluation: Evaluation, height: int = 400, every_host: bool = False) -> go.Figure:
    """Monthly cost of each option against volume, both axes logarithmic, steps drawn as steps."""
    grid = _volumes(evaluation)
    keep = evaluation.options if every_host else shown_options(evaluation)
    figure = go.Figure()
    for curve in evaluation.curves(grid):
        if any(curve.option is option for option in keep):
            figure.add_trace(_line(curve, grid, curve.option.label if every_host else NAME[curve.option.kind]))
    _mark_volume(figure, evaluation.demand.requests_per_month, grid)
    labeled = list[tuple[str, float]]()
    for option, crossover in evaluation.crossovers:
        durable = crossover.durable_req_per_month
        if durable and grid[0] <= durable <= grid[-1] and any(option is kept for kept in keep):
            level, at = BREAK_EVEN_WITH[option.kind][1].split()[0], _place_frac(durable, grid)
            has_room = all(other != level or abs(at - place) >= LABEL_FRAC for other, place in labeled)
            figure.add_trace(_marker(durable, option, grid, is_labeled=not every_host and has_room))
            labeled += [(level, at)] * has_room
    _log_axes(figure, grid)
    return frame(figure, height)


def _volumes(evaluation: Evaluation) -> Array:
    """A log grid with both sides of every step of the staircases."""
    staircases = evaluation.envelope_staircases
    grid = volume_grid(evaluation.demand, staircases, evaluation.crossover.durable_req_per_month or 0.0)
    if not staircases:
        return grid
    jumps = step_volumes(staircases, float(grid[-1]))
    jumps = jumps[(jumps > grid[0])][:MOST_STEPS]
    return np.unique(np.concatenate([grid, jumps, jumps * 1.0001]))


def _line(curve: Curve, grid: Array, name: str) -> go.Scatter:
    kind = curve.option.kind
    return go.Scatter(
        x=grid,
        y=np.where(np.isfinite(curve.usd_per_month), curve.usd_per_month, np.nan),
        name=safe(name),
        mode="lines",
        line={"color": SLOT[kind], "width": 3 if curve.option.is_build else 2, "dash": DASH[kind]},
        text=[
            f"{count(v)} requests/month<br>{usd(cost)}/month" for v, cost in zip(grid, curve.usd_per_month, strict=True)
        ],
        hovertemplate="%{text}<extra>" + safe(name) + "</extra>",
    )


def _place_frac(volume: float, grid: Array) -> float:
    """Where a volume stands on the axis: 0 at its left end, 1 at its right."""
    return float(np.log(volume / grid[0]) / np.log(grid[-1] / grid[0]))


def _mark_volume(figure: go.Figure, now: float, grid: Array) -> None:
    """A dotted line at the user's volume. Near an end its label stands on the inner side, so that a phone does not cut it."""
    figure.add_vline(x=now, line={"dash": "dot", "width": 1.5, "color": "#888888"})
    label = {"text": f"You: {count(now)}", "showarrow": False, "font": {"size": 13}}
    at = _place_frac(now, grid)
    side = "right" if at > 1 - EDGE_FRAC else "left" if at < EDGE_FRAC else "center"
    figure.add_annotation(x=float(np.log10(now)), y=1, yref="paper", yanchor="bottom", xanchor=side, **label)


def _marker(volume: float, option: Option, grid: Array, is_labeled: bool) -> go.Scatter:
    """A diamond where self-hosting breaks even with an option, labeled with the option and the volume; near an end of the axis
    on the inner side, so that a phone does not cut it."""
    words = f"Break-even with {safe(option.label)}: {count(volume)} requests/month"
    rival, position = BREAK_EVEN_WITH[option.kind]
    height, side = position.split()
    at = _place_frac(volume, grid)
    side = "left" if at > 1 - LABEL_FRAC else "right" if at < LABEL_FRAC else side
    return go.Scatter(
        x=[volume],
        y=[option.usd_per_month_at(volume)],
        mode="markers+text" if is_labeled else "markers",
        text=[f"vs. {rival}: {count(volume)}"],
        textposition=f"{height} {side}",
        cliponaxis=False,
        showlegend=False,
        marker={"size": 11, "symbol": "diamond", "color": SLOT["self_host"]},
        hovertemplate=words + "<extra></extra>",
    )


def _log_axes(figure: go.Figure, grid: Array) -> None:
    volumes, costs = _powers_of_ten(grid[0], grid[-1]), _powers_of_ten(1.0, 1e9)
    figure.update_xaxes(type="log", title="Requests/month", tickvals=volumes, ticktext=[count(v) for v in volumes])
    figure.update_yaxes(type="log", title="Cost, USD/month", tickvals=costs, ticktext=[usd(v) for v in costs])


def _powers_of_ten(low: float, high: float) -> list[float]:
    return [10.0**power for power in range(int(np.floor(np.log10(low))), int(np.ceil(np.log10(high))) + 1)]


def cost_bars(evaluation: Evaluation, options: Sequence[Option], height: int = 0) -> go.Figure:
    """Monthly cost of each option, stacked by line, with the range as an error bar."""
    options = list(reversed(options))
    named = [(textwrap.wrap(safe(evaluation.label_of(o)), 30), usd(o.usd_per_month)) for o in options]
    labels = ["<br>".join([*lines, f"<b>{cost}</b>"]) for lines, cost in named]
    names = {line.kind: line.name for option in options for line in option.lines}
    figure = go.Figure([_bar(kind, name, options, labels) for kind, name in names.items()])
    most = max(option.usd_per_month for option in options)
    figure.add_trace(_error_bars(options, labels, most))
    figure.update_layout(barmode="stack")
    figure.update_xaxes(title="Cost, USD/month", tickprefix="$", exponentformat="SI", range=[0, most * 1.65])
    figure.update_yaxes(automargin=True)
    return frame(figure, height or 150 + 78 * len(options))


def _bar(kind: str, name: str, options: Sequence[Option], labels: Sequence[str]) -> go.Bar:
    values = [sum(line.usd_per_month for line in option.lines if line.kind == kind) for option in options]
    return go.Bar(
        y=labels,
        x=values,
        name=name,
        orientation="h",
        marker={"color": f"#{COST_SLOT[kind]:06d}"},
        customdata=[usd(value) for value in values],
        hovertemplate="%{customdata}/month<extra>" + safe(name) + "</extra>",
    )


def _error_bars(options: Sequence[Option], labels: Sequence[str], most: float) -> go.Scatter:
    """Error bars of the totals, cut where they would flatten every bar."""
    return go.Scatter(
        y=labels,
        x=[option.usd_per_month for option in options],
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
