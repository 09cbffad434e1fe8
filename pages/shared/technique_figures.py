"""What techniques do, as figures: a matrix of technique by phase, the chosen set step by step, the shortest list."""

import textwrap
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from math import inf, isfinite, isinf, log2
from typing import Any

import plotly.graph_objects as go

from calculators.catalog.techniques import TechniqueId
from calculators.scenario.schema import Techniques
from calculators.techniques.advice import TechniqueAdvice
from calculators.techniques.effects import CumulativeStep, FleetState, TechniqueEffect, is_on
from calculators.units import milliseconds, percent, significant, usd
from pages.shared.figures.frame import frame, safe

SHORT = {
    "batching": "Batching",
    "prefix_caching": "Prefix caching",
    "quantization": "Quantization",
    "speculation": "Speculation",
    "parallelism": "Parallelism",
    "disaggregation": "Disaggregation",
}
COLUMNS = (
    ("Prefill:<br>TTFT", "ttft_ms", milliseconds, False),
    ("Decode:<br>TPOT", "tpot_ms", milliseconds, False),
    ("Both: load<br>a GPU", "req_s_per_gpu", lambda rate: f"{significant(rate)} requests/s", True),
    ("Fleet:<br>rent", "usd_per_month", usd, False),
)
SCALE = ((0.0, "#e07a6a"), (0.45, "#c3c7cd"), (0.55, "#c3c7cd"), (1.0, "#59b899"))
"""Worse, the same, better; each cell says it in figures too."""
SAME_FRAC = 0.005
FAR_RATIO = 10.0
"""A gain in load beyond it means that the other side is at the edge of a target."""
FULL_COLOUR = 1.0  # a doubling or halving


def change(before: FleetState | None, after: FleetState | None, field: str, words: Callable[[Any], str]) -> str:
    """Without and with it, in one cell."""
    cells = ["no fleet" if state is None else _said(getattr(state, field), words) for state in (before, after)]
    return cells[0] if cells[0] == cells[1] else f"{cells[0]} → {cells[1]}"


def _said(value: Any, words: Callable[[Any], str]) -> str:
    return "overloaded" if value == inf else words(value)


def _value(state: FleetState | None, field: str, more_is_better: bool) -> float:
    """What should fall."""
    if state is None:
        return inf
    value = float(getattr(state, field))
    return 1 / value if more_is_better and value > 0 else value


def _cell(effect: TechniqueEffect, field: str, more_is_better: bool) -> tuple[float, str]:
    """How far it is better (positive) in doublings, and the change in words."""
    was, now = (_value(state, field, more_is_better) for state in (effect.without, effect.with_it))
    if was == now:
        return 0.0, "–"
    if isinf(was):
        return FULL_COLOUR, "overloaded<br>without" if effect.without else "no fleet<br>without"
    if isinf(now):
        return -FULL_COLOUR, "overloaded<br>with it" if effect.with_it else "no fleet<br>with it"
    ratio = was / now if more_is_better else now / was
    shown = "–" if abs(ratio - 1) < SAME_FRAC else f"{'+' if ratio > 1 else '−'}{percent(abs(ratio - 1))}"
    if ratio >= 3:
        shown = f"× {significant(ratio, 2)}"
    return max(min(log2(was / now), FULL_COLOUR), -FULL_COLOUR), shown


def technique_matrix(effects: Sequence[TechniqueEffect]) -> go.Figure:
    """Techniques down, phases and what follows across: with it against without it, all else as it is."""
    cells = [[_cell(e, field, more) for _, field, _, more in COLUMNS] for e in effects]
    hover = [[change(e.without, e.with_it, field, words) for _, field, words, _ in COLUMNS] for e in effects]
    figure = go.Figure(
        go.Heatmap(
            x=[name for name, *_ in COLUMNS],
            y=[f"{SHORT[e.id]}<br><b>{'used' if e.is_used else 'not used'}</b>" for e in effects],
            z=[[better for better, _ in line] for line in cells],
            text=[[words for _, words in line] for line in cells],
            customdata=hover,
            texttemplate="%{text}",
            textfont={"size": 13, "color": "#101010"},
            zmin=-FULL_COLOUR,
            zmax=FULL_COLOUR,
            colorscale=[list(stop) for stop in SCALE],
            showscale=False,
            xgap=2,
            ygap=2,
            hovertemplate="%{y}: %{customdata}<extra></extra>",
        )
    )
    figure.update_yaxes(autorange="reversed")
    figure.update_xaxes(side="top")
    return frame(figure, 400)


def technique_takeaway(
    effects: Sequence[TechniqueEffect], saved: Mapping[TechniqueId, float], names: Mapping[str, str], chosen: Techniques
) -> str:
    """What is worth most of what is on, and of what is off. `saved`: of the cheapest fleet of all, by switch."""
    on = {t: usd for t, usd in saved.items() if is_on(chosen, t)}
    best = max(on, key=lambda t: on[t], default=None)
    if best is None or on[best] < 0.5:
        first = "No switch that is on makes the cheapest fleet cheaper: without it another of the same price would do"
    elif isinf(on[best]):
        first = f"Without {names[best].lower()} no fleet would qualify at all"
    else:
        first = f"{names[best]} is worth most: without it the cheapest fleet costs {usd(on[best])} more a month"
    off = {t: usd for t, usd in saved.items() if not is_on(chosen, t)}
    return f"{first}; {_best_off([e for e in effects if e.id in off], off, names)}."


def _best_off(effects: Sequence[TechniqueEffect], saved: Mapping[TechniqueId, float], names: Mapping[str, str]) -> str:
    best = max(saved, key=lambda t: saved[t], default=None)
    if best is not None and 0.5 <= saved[best] < inf:
        return f"{names[best].lower()}, now off, would save another {usd(saved[best])}"
    for field, what in (("tpot_ms", "TPOT"), ("ttft_ms", "TTFT")):
        for e in effects:
            if e.without and e.with_it and e.saves_usd_per_month > -0.5:
                was, now = getattr(e.without, field), getattr(e.with_it, field)
                if isfinite(was) and now < 0.9 * was:
                    return f"{names[e.id].lower()}, not used now, would take {what} from {milliseconds(was)} to {milliseconds(now)} at the same rent"
    return "none that is off would pay"


def step_chart(steps: Sequence[CumulativeStep]) -> go.Figure:
    """A waterfall from batching alone to the chosen set: of rent, or where that does not move of the load a GPU carries."""
    states = [step.state for step in steps if step.state]
    by_rent = rent_moves(steps)
    values = [s.usd_per_month if by_rent else s.req_s_per_gpu for s in states]
    words = usd if by_rent else significant
    moves = [values[0], *(after - before for before, after in pairwise(values)), 0.0]
    texts = [words(values[0]), *(_delta(move, words) for move in moves[1:-1]), words(values[-1])]
    better, worse = {"marker": {"color": "#59b899"}}, {"marker": {"color": "#e07a6a"}}
    figure = go.Figure(
        go.Waterfall(
            x=[*(_step_name(step) for step in steps if step.state), "Chosen set"],
            y=moves,
            measure=["absolute", *("relative" for _ in moves[1:-1]), "total"],
            text=[f"{t}<br>{s.gpus} GPUs" for t, s in zip(texts, [*states, states[-1]], strict=True)],
            textposition="outside",
            cliponaxis=False,
            connector={"line": {"color": "#888888", "width": 1}},
            increasing=worse if by_rent else better,
            decreasing=better if by_rent else worse,
            totals={"marker": {"color": "#000002"}},
            hovertemplate="%{x}: %{text}<extra></extra>",
        )
    )
    title = "Rent a month, USD" if by_rent else "Requests/s that a GPU carries"
    figure.update_yaxes(title=title, tickprefix="$" if by_rent else "", range=[0, max(values) * 1.25])
    figure.update_layout(showlegend=False)
    return frame(figure, 380)


def rent_moves(steps: Sequence[CumulativeStep]) -> bool:
    """Whether any step changes the rent."""
    rents = [step.state.usd_per_month for step in steps if step.state]
    return max(rents) - min(rents) > 0.5


def _step_name(step: CumulativeStep) -> str:
    return "Batching alone" if step.id == "batching" else SHORT[step.id]


def _delta(value: float, words: Callable[[float], str]) -> str:
    if abs(value) < 1e-9:
        return "no change"
    return f"+{words(value)}" if value > 0 else f"−{words(-value)}"


def step_takeaway(steps: Sequence[CumulativeStep]) -> str:
    """What the chosen set saves together."""
    first, last = steps[0].state, steps[-1].state
    if first is None or last is None:
        missing = next((SHORT[s.id].lower() for s in steps if s.state), "any")
        return f"With batching alone no fleet of this model on this GPU serves the peak; from {missing} on one does."
    many = len(steps) - 1
    if many == 0:
        return "Batching alone makes this fleet; no other technique is in use."
    who, s = (
        (f"Together, {many} techniques beside batching", "") if many > 1 else ("One technique beside batching", "s")
    )
    return f"{who} {_worth(first, last, s)}. Each is sized on top of those before it."


def _worth(first: FleetState, last: FleetState, s: str) -> str:
    """What lies between two fleets; `s` ends the verb of one technique."""
    saved, load = first.usd_per_month - last.usd_per_month, last.req_s_per_gpu / first.req_s_per_gpu
    if saved > 0.5:
        return f"save{s} {usd(saved)} of {usd(first.usd_per_month)}/month"
    if saved < -0.5:
        return f"cost{s} {usd(-saved)}/month more"
    if load > FAR_RATIO:
        return f"leave{s} the rent as it is, but without a replica hardly meets its targets"
    return f"leave{s} the rent as it is, though a GPU carries {significant(load)} times the load: whole machines"


def list_chart(advice: TechniqueAdvice) -> go.Figure:
    """The failing metric from the base line through each technique that is kept, at the load of its own fleet."""
    kept = advice.kept
    states = [advice.baseline, *(t.before for t in kept[1:]), advice.state]
    names = ["Base line", *(f"+ {t.move.name}" for t in kept)]
    field, title, words = METRICS.get(advice.metric or "cost", METRICS["cost"])
    shown = [(name, state) for name, state in zip(names, states, strict=True) if state is not None]
    figure = go.Figure(
        go.Bar(
            x=[_wrapped(name) for name, _ in shown],
            y=[_finite(getattr(state, field)) for _, state in shown],
            text=[
                f"<b>{words(getattr(state, field))}</b><br>{state.gpus} GPUs"
                + ("" if field == "usd_per_month" else f", {usd(state.usd_per_month)}")
                for _, state in shown
            ],
            textposition="outside",
            cliponaxis=False,
            marker={"color": ["#c3c7cd", *("#59b899" for _ in shown[1:])]},
            width=0.5,
            hovertemplate="%{x}: %{text}<extra></extra>",
        )
    )
    most = max((_finite(getattr(state, field)) for _, state in shown), default=1.0)
    figure.update_yaxes(title=title, range=[0, most * 1.3])
    return frame(figure, 360)


def _finite(value: float) -> float:
    return value if isfinite(value) else 0.0


METRICS: dict[str, tuple[str, str, Callable[[float], str]]] = {
    "ttft": ("ttft_ms", "TTFT p95, ms", milliseconds),
    "tpot": ("tpot_ms", "TPOT, ms", milliseconds),
    "cost": ("usd_per_month", "Rent a month, USD", usd),
}


def _wrapped(name: str) -> str:
    return "<br>".join(textwrap.wrap(safe(name), 18))
