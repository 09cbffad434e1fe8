"""The sensitivity map and what a scan measured, as figures, with the cells of a recipe outlined."""

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import plotly.graph_objects as go

from calculators.catalog.quantization import TOLERANCE_RANK, Sensitivity, SensitivityRow
from calculators.quantization.evidence import carried_over, cell_tolerance, worst_tolerance
from pages.shared.figures.frame import frame, safe

WORDS = {"tolerates": "ok", "caution": "caution", "poison": "poison", "none": "–"}
COLOURS = (
    (0.0, "#9e9e9e"),
    (0.25, "#9e9e9e"),
    (0.25, "#35b38d"),
    (0.5, "#35b38d"),
    (0.5, "#e6a817"),
    (0.75, "#e6a817"),
    (0.75, "#e8697b"),
    (1.0, "#e8697b"),
)
"""Grey, green, amber, red: what does not apply, bears it, needs an evaluation, poisons. The words are in each cell too."""
DECIBELS = ((0.0, "#e8697b"), (0.45, "#e6a817"), (0.8, "#35b38d"), (1.0, "#35b38d"))
INK = "#101010"
ROW_PX, HEAD_PX = 36, 60

Cells = Collection[tuple[str, str]]
"""(Row, format) of each chosen cell."""


def sensitivity_chart(rows: Sequence[SensitivityRow], formats: Sequence[str], chosen: Cells = ()) -> go.Figure:
    """Classes down, formats across; the worst of two verdicts colours a cell, both are written in it. A star: carried over
    from the nearest row. Chosen cells are outlined and bold."""
    text = [[_words(row, name, (row.name, name) in chosen) for name in formats] for row in rows]
    colour = [[TOLERANCE_RANK[worst_tolerance(cell_tolerance(row, name))] for name in formats] for row in rows]
    scale: dict[str, Any] = {"zmin": -1.5, "zmax": 2.5, "colorscale": [list(stop) for stop in COLOURS]}
    return _grid([row.name for row in rows], formats, colour, text, chosen, scale)


def _words(row: SensitivityRow, name: str, is_chosen: bool) -> str:
    said = "/<br>".join(WORDS[word] for word in cell_tolerance(row, name))
    star = "*" if carried_over(row, name) and said != WORDS["none"] else ""
    return f"<b>{said}{star}</b>" if is_chosen else said + star


def measured_chart(found: Mapping[str, Mapping[str, float]], formats: Sequence[str], chosen: Cells = ()) -> go.Figure:
    """The least decibels of each class of a scanned checkpoint in each format."""
    text = [
        [f"<b>{_db(line[name])}</b>" if (kind, name) in chosen else _db(line[name]) for name in formats]
        for kind, line in found.items()
    ]
    colour = [[max(min(line[name], 60.0), 0.0) for name in formats] for line in found.values()]
    scale: dict[str, Any] = {"zmin": 0, "zmax": 45, "colorscale": [list(stop) for stop in DECIBELS]}
    return _grid(list(found), formats, colour, text, chosen, scale)


def _db(value: float) -> str:
    return "exact" if value > 150 else "nothing left" if value < -150 else f"{value:.0f} dB"


def _grid(
    names: Sequence[str],
    formats: Sequence[str],
    colour: list[list[float]],
    text: list[list[str]],
    chosen: Cells,
    scale: dict[str, Any],
) -> go.Figure:
    figure = go.Figure(
        go.Heatmap(
            x=[name.upper() for name in formats],
            y=list(range(len(names))),
            z=colour,
            text=text,
            texttemplate="%{text}",
            textfont={"size": 12, "color": INK},
            customdata=[[safe(name)] * len(formats) for name in names],
            showscale=False,
            xgap=2,
            ygap=2,
            hovertemplate="%{customdata}, %{x}: %{text}<extra></extra>",
            **scale,
        )
    )
    for row, name in enumerate(names):
        for column, weight_format in enumerate(formats):
            if (name, weight_format) in chosen:
                box = {"x0": column - 0.45, "x1": column + 0.45, "y0": row - 0.43, "y1": row + 0.43}
                figure.add_shape(type="rect", **box, line={"color": INK, "width": 2.5})
    labels = [_wrapped(safe(name)) for name in names]
    figure.update_yaxes(autorange="reversed", tickvals=list(range(len(names))), ticktext=labels)
    figure.update_xaxes(side="top", fixedrange=True, tickangle=0)
    return frame(figure, HEAD_PX + ROW_PX * len(names))


def _wrapped(name: str) -> str:
    """Long names on two lines, parted near the middle, so that the cells keep their room on a telephone."""
    spaces = [at for at, char in enumerate(name) if char == " "]
    if len(name) <= 12 or not spaces:
        return name
    at = min(spaces, key=lambda space: abs(2 * space - len(name)))
    return f"{name[:at]}<br>{name[at + 1 :]}"


def sensitivity_takeaway(known: Sensitivity) -> str:
    """Which classes any study calls poison in a four-bit format."""
    named = [
        row.name
        for row in known.weights
        if worst_tolerance(row.nvfp4) == "poison" or worst_tolerance(row.mxfp4) == "poison"
    ]
    return f"Poisoned by some four-bit format: {', '.join(named)}."
