"""The sensitivity maps and the scan of a checkpoint, as figures, with the cells of a recipe outlined."""

from collections.abc import Collection, Mapping, Sequence
from math import inf
from typing import Any

import plotly.graph_objects as go

from calculators.catalog.quantization import TOLERANCE_RANK, SensitivityRow
from calculators.quantization.evidence import TOLERANCE_WORDS, carried_over, cell_tolerance, worst_tolerance
from calculators.units import significant
from pages.shared.figures.frame import frame, safe

GREY, GREEN, AMBER, RED, INK = "#9e9e9e", "#35b38d", "#e6a817", "#e8697b", "#101010"
TOLERANCE_COLOURS = [
    [stop, colour] for first, colour in enumerate((GREY, GREEN, AMBER, RED)) for stop in (first / 4, (first + 1) / 4)
]
"""Not applicable, tolerated, evaluate, avoid. The words are in each cell too."""
DECIBEL_COLOURS = [[0.0, RED], [0.45, AMBER], [0.8, GREEN], [1.0, GREEN]]
AS_RELEASED, NOT_APPLICABLE = "<b>as<br>released</b>", TOLERANCE_RANK["none"]
ROW_PX, HEAD_PX = 36, 60

Cells = Collection[tuple[str, str]]
"""(Row, format) of each cell that the recipe uses."""


def sensitivity_chart(
    rows: Sequence[SensitivityRow], formats: Sequence[str], chosen: Cells = (), released: Cells = ()
) -> go.Figure:
    """Classes down, formats across. The stricter of two tolerances colors a cell, both are written in it; a star: no
    direct evidence. Chosen cells are outlined and bold; those of `released` are as the model's maker made them."""
    text = [
        [
            AS_RELEASED if (row.name, name) in released else _cell_text(row, name, (row.name, name) in chosen)
            for name in formats
        ]
        for row in rows
    ]
    colour = [
        [
            NOT_APPLICABLE
            if (row.name, name) in released
            else TOLERANCE_RANK[worst_tolerance(cell_tolerance(row, name))]
            for name in formats
        ]
        for row in rows
    ]
    scale: dict[str, Any] = {"zmin": -1.5, "zmax": 2.5, "colorscale": TOLERANCE_COLOURS}
    return _grid([row.name for row in rows], formats, chosen, {"z": colour, "text": text, **scale})


def _cell_text(row: SensitivityRow, name: str, is_chosen: bool) -> str:
    cell = cell_tolerance(row, name)
    said = "/<br>".join(TOLERANCE_WORDS[tolerance] for tolerance in cell)
    star = "*" if carried_over(row, name) and cell != ("none",) else ""
    return f"<b>{said}{star}</b>" if is_chosen else said + star


def measured_chart(worst: Mapping[str, Mapping[str, float]], formats: Sequence[str], chosen: Cells = ()) -> go.Figure:
    """The lowest ratio in dB of each class of a scanned checkpoint in each format."""
    text = [
        [f"<b>{_db(line[name])}</b>" if (kind, name) in chosen else _db(line[name]) for name in formats]
        for kind, line in worst.items()
    ]
    colour = [[max(min(line[name], 60.0), 0.0) for name in formats] for line in worst.values()]
    scale: dict[str, Any] = {"zmin": 0, "zmax": 45, "colorscale": DECIBEL_COLOURS}
    return _grid(list(worst), formats, chosen, {"z": colour, "text": text, **scale})


def _db(value: float) -> str:
    return {inf: "exact", -inf: "nothing left"}.get(value) or f"{significant(value)} dB"


def _grid(names: Sequence[str], formats: Sequence[str], chosen: Cells, cells: dict[str, Any]) -> go.Figure:
    """A heat map of `cells` (z, text and color scale) with the chosen ones outlined."""
    figure = go.Figure(
        go.Heatmap(
            x=[name.upper() for name in formats],
            y=list(range(len(names))),
            texttemplate="%{text}",
            textfont={"size": 12, "color": INK},
            customdata=[[safe(name)] * len(formats) for name in names],
            showscale=False,
            xgap=2,
            ygap=2,
            hovertemplate="%{customdata}, %{x}: %{text}<extra></extra>",
            **cells,
        )
    )
    for row, name in enumerate(names):
        for column, stored in enumerate(formats):
            if (name, stored) in chosen:
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
