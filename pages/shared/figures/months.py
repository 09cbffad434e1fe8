"""Cumulative cash of each option by month."""

from collections.abc import Sequence
from datetime import date

import numpy as np
import plotly.graph_objects as go

from calculators.horizon.months import OptionMonths
from calculators.options.option import Option, OptionKind
from calculators.report.horizon_text import uses_own_gpus
from calculators.units import MONTHS_PER_YEAR, month_name, usd
from pages.shared.figures.cost import DASH, NAME, SLOT
from pages.shared.figures.frame import frame, safe

DASHES = {**DASH, "own_hardware": "14px,4px"}
"""Rented and purchased fleets stand side by side here, in the color of self-hosting."""
SHORT_SPAN_MONTHS = 24
HEIGHT = 380


def cash_chart(shown: Sequence[OptionMonths], start: date) -> go.Figure:
    """What has been paid by the end of each month, one line for each option. Month 0: paid at once."""
    figure = go.Figure([_line(one, start) for one in sorted(shown, key=lambda one: -one.tco_usd)])
    months = len(shown[0].cost_usd)
    step = 3 if months <= SHORT_SPAN_MONTHS else MONTHS_PER_YEAR if months > 5 * MONTHS_PER_YEAR else 6
    figure.update_xaxes(title="End of month (0: paid at the start)", dtick=step, range=[0, months])
    figure.update_yaxes(title="Cumulative cash, USD", tickprefix="$", exponentformat="SI", rangemode="tozero")
    return frame(figure, HEIGHT)


def option_name(option: Option) -> str:
    """An option by its kind."""
    return "Self-hosted (your GPUs, then rented)" if uses_own_gpus(option) else NAME[option.kind]


def _line(one: OptionMonths, start: date) -> go.Scatter:
    kind: OptionKind = one.option.kind
    total = np.cumsum(one.cash_usd)
    months = np.arange(len(total))
    return go.Scatter(
        x=months,
        y=total,
        name=safe(option_name(one.option)),
        mode="lines",
        line={"color": SLOT[kind], "width": 2 if one.option.is_buy else 3, "dash": DASHES[kind]},
        text=[
            f"{safe(one.option.label)}<br>{'at the start' if month == 0 else f'end of {month_name(start, month - 1)}'}: {usd(paid)}"
            for month, paid in zip(months.tolist(), total.tolist(), strict=True)
        ],
        hovertemplate="%{text}<extra></extra>",
    )
