"""What techniques do, as figures: a matrix of technique by phase, the chosen set step by step, the shortest list."""

import textwrap
from collections.abc import Callable, Sequence
from itertools import pairwise
from math import floor, inf, isfinite, isinf, log2, log10

import plotly.graph_objects as go

from calculators.catalog.techniques import TechniqueId
from calculators.techniques.advice import TechniqueAdvice
from calculators.techniques.effects import CumulativeStep, TechniqueEffect
from calculators.techniques.effects_text import SHORT_NAMES, rent_moves
from calculators.techniques.fleets import FleetState
from calculators.techniques.fleets_text import SAME_FRAC, side_by_side
from calculators.units import milliseconds, percent, plural, significant, usd
from pages.shared.figures.frame import frame, safe

COLUMNS = (
    ("Prefill:<br>TTFT", "ttft_ms", False),
    ("Decode:<br>TPOT", "tpot_ms", False),
    ("Both: load<br>per GPU", "req_s_per_gpu", True),
    ("Fleet:<br>rent", "usd_per_month", False),
)
"""Heading, figure of a fleet, and whether more is better."""
BETTER, WORSE, SAME, TOTAL = "#59b899", "#e07a6a", "#c3c7cd", "#000002"
SCALE = [[0.0, WORSE], [0.45, SAME], [0.55, SAME], [1.0, BETTER]]
OVER = "over<br>capacity"
FULL_COLOUR = 1.0
"""A doubling or halving has the full color."""
METRICS: dict[str, tuple[str, str, Callable[[float], str]]] = {
    "ttft": ("ttft_ms", "TTFT p95", milliseconds),
    "tpot": ("tpot_ms", "TPOT", milliseconds),
    "cost": ("usd_per_month", "Rent, USD/month", usd),
}


def technique_matrix(effects: Sequence[TechniqueEffect], used: Sequence[str]) -> go.Figure:
    """Techniques down, phases and fleet across: each cell compares with and without, all else equal. `used`: for each
    technique whether the fleet uses it, in words."""
    cells = [[_cell(e, field, more) for _, field, more in COLUMNS] for e in effects]
    figure = go.Figure(
        go.Heatmap(
            x=[name for name, *_ in COLUMNS],
            y=[f"{_name(e.id)}<br><b>{_wrapped(words)}</b>" for e, words in zip(effects, used, strict=True)],
            z=[[better for better, _ in line] for line in cells],
            text=[[text for _, text in line] for line in cells],
            customdata=[[side_by_side(e.without, e.with_it, field) for _, field, _ in COLUMNS] for e in effects],
            texttemplate="%{text}",
            textfont={"size": 13, "color": "#101010"},
            zmin=-FULL_COLOUR,
            zmax=FULL_COLOUR,
            colorscale=SCALE,
            showscale=False,
            xgap=2,
            ygap=2,
            hovertemplate="%{y}: %{customdata}<extra></extra>",
        )
    )
    figure.update_yaxes(autorange="reversed")
    figure.update_xaxes(side="top")
    return frame(figure, 460)


def _cell(effect: TechniqueEffect, field: str, more_is_better: bool) -> tuple[float, str]:
    """How far it is better (positive) in doublings, and the change in words."""
    was, now = (_falling(state, field, more_is_better) for state in (effect.without, effect.with_it))
    if was == now:
        return 0.0, "–"
    if isinf(was):
        return FULL_COLOUR, f"{OVER if effect.without else 'infeasible'}<br>without it"
    if isinf(now):
        return -FULL_COLOUR, f"{OVER if effect.with_it else 'infeasible'}<br>with it"
    ratio = was / now if more_is_better else now / was
    shown = "–" if abs(ratio - 1) < SAME_FRAC else f"{'+' if ratio > 1 else '−'}{percent(abs(ratio - 1))}"
    if ratio >= 3:
        shown = f"{significant(ratio, 2)}x"
    return max(min(log2(was / now), FULL_COLOUR), -FULL_COLOUR), shown


def _falling(state: FleetState | None, field: str, more_is_better: bool) -> float:
    """A figure turned so that less is better; infinite without a fleet."""
    if state is None:
        return inf
    value = float(getattr(state, field))
    return 1 / value if more_is_better and value > 0 else value


def step_chart(steps: Sequence[CumulativeStep]) -> go.Figure:
    """A waterfall from batching alone to the chosen set: of rent or, if that does not move, of load per GPU."""
    states = [step.state for step in steps if step.state]
    by_rent = rent_moves(steps)
    values = [s.usd_per_month if by_rent else s.req_s_per_gpu for s in states]
    write = usd if by_rent else significant
    moves = [values[0], *(after - before for before, after in pairwise(values)), 0.0]
    texts = [write(values[0]), *(_delta(move, write) for move in moves[1:-1]), write(values[-1])]
    figure = go.Figure(
        go.Waterfall(
            x=[*(_step_name(step) for step in steps if step.state), "Chosen set"],
            y=moves,
            measure=["absolute", *("relative" for _ in moves[1:-1]), "total"],
            text=[f"{t}<br>{plural(s.gpus, 'GPU')}" for t, s in zip(texts, [*states, states[-1]], strict=True)],
            textposition="outside",
            cliponaxis=False,
            connector={"line": {"color": "#888888", "width": 1}},
            increasing={"marker": {"color": WORSE if by_rent else BETTER}},
            decreasing={"marker": {"color": BETTER if by_rent else WORSE}},
            totals={"marker": {"color": TOTAL}},
            hovertemplate="%{x}: %{text}<extra></extra>",
        )
    )
    _axis(figure, "Rent, USD/month" if by_rent else "Requests/s per GPU", max(values) * 1.25, write)
    figure.update_layout(showlegend=False)
    return frame(figure, 380)


def _step_name(step: CumulativeStep) -> str:
    return "Batching<br>alone" if step.id == "batching" else _name(step.id, 10)


def _name(technique: TechniqueId, width: int = 14) -> str:
    return _wrapped(SHORT_NAMES[technique], width)


def _wrapped(text: str, width: int = 14) -> str:
    """On two lines if long, for a telephone."""
    return "<br>".join(textwrap.wrap(text, width, break_long_words=False))


def _delta(value: float, write: Callable[[float], str]) -> str:
    if abs(value) < 1e-9:
        return "no change"
    return f"+{write(value)}" if value > 0 else f"−{write(-value)}"


def list_chart(advice: TechniqueAdvice) -> go.Figure:
    """The failing metric from the baseline through each technique that is kept, at the load of the fleet sized with it."""
    kept = advice.kept
    states = [advice.baseline, *(trial.before for trial in kept[1:]), advice.state]
    names = ["Baseline", *(f"+ {trial.move.name}" for trial in kept)]
    field, title, write = METRICS.get(advice.metric or "cost", METRICS["cost"])
    shown = [(name, state) for name, state in zip(names, states, strict=True) if state is not None]
    values = [value if isfinite(value := getattr(state, field)) else 0.0 for _, state in shown]
    figure = go.Figure(
        go.Bar(
            x=["<br>".join(textwrap.wrap(safe(name), 18)) for name, _ in shown],
            y=values,
            text=[_bar_text(state, field, write) for _, state in shown],
            textposition="outside",
            cliponaxis=False,
            marker={"color": [SAME, *(BETTER for _ in shown[1:])]},
            width=0.5,
            hovertemplate="%{x}: %{text}<extra></extra>",
        )
    )
    _axis(figure, title, max(values, default=1.0) * 1.3, write)
    return frame(figure, 360)


def _bar_text(state: FleetState, field: str, write: Callable[[float], str]) -> str:
    value = getattr(state, field)
    figure = write(value) if isfinite(value) else "over capacity"
    rent = "" if field == "usd_per_month" else f", {usd(state.usd_per_month)}/month"
    return f"<b>{figure}</b><br>{plural(state.gpus, 'GPU')}{rent}"


def _axis(figure: go.Figure, title: str, top: float, write: Callable[[float], str]) -> None:
    """A vertical axis from 0 to `top` with some five ticks at round values, written as everywhere."""
    top = top if top > 0 else 1.0
    size = 10.0 ** floor(log10(top / 5))
    step = next(size * factor for factor in (1, 2, 5, 10) if size * factor * 5 >= top)
    ticks = [step * n for n in range(int(top / step) + 1)]
    figure.update_yaxes(title=title, range=[0, top], tickvals=ticks, ticktext=[write(tick) for tick in ticks])
