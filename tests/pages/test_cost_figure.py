"""The cost chart on a phone: labels near an end of the axis stand on the inner side."""

from types import SimpleNamespace
from typing import Any, get_args

import numpy as np
import plotly.graph_objects as go
import pytest

from calculators.fleet.operating_costs import CostKind
from pages.shared.figures import cost

GRID = np.array([1e3, 1e9])


@pytest.mark.parametrize(
    ("volume", "kind", "position"),
    [
        (1e6, "api_optimised", "bottom right"),
        (9e8, "api_optimised", "bottom left"),
        (2e3, "api_today", "top right"),
        (9e8, "api_today", "top left"),
    ],
)
def test_a_break_even_is_labeled_inside_of_the_chart(volume: float, kind: str, position: str) -> None:
    option: Any = SimpleNamespace(kind=kind, label="x", usd_per_month_at=lambda _: 1.0)
    assert cost._marker(volume, option, GRID, is_labeled=True).textposition == position


@pytest.mark.parametrize(("now", "side"), [(1e6, "center"), (9e8, "right"), (2e3, "left")])
def test_the_label_of_the_volume_stays_inside(now: float, side: str) -> None:
    figure = go.Figure()
    cost._mark_volume(figure, now, GRID)
    assert figure.layout.annotations[0].xanchor == side


def test_every_kind_of_cost_has_a_color() -> None:
    assert set(cost.COST_SLOT) == set(get_args(CostKind))
