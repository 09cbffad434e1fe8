"""The cheapest option of each type, by what compliance says of it."""

import plotly.graph_objects as go

from calculators.compliance.assessment import ComplianceAssessment
from calculators.compliance.operator_check import PATH_WORDS
from calculators.units import usd
from pages.shared.figures.frame import frame

PATH_STATUS = {"allowed": ("Allowed", "#000003"), "ask": ("To ask", "#000004"), "blocked": ("Blocked", "#888888")}


def path_chart(assessment: ComplianceAssessment) -> go.Figure:
    """Monthly cost of the cheapest option of each type, by whether it is allowed."""
    kinds = [kind for kind in PATH_WORDS if any(p.path.kind == kind and p.usd_per_month for p in assessment.paths)]
    costs = {(kind, status): _cheapest(assessment, kind, status) for kind in kinds for status in PATH_STATUS}
    figure = go.Figure()
    for status, (name, color) in PATH_STATUS.items():
        shown = [(PATH_WORDS[kind], cost) for kind in kinds if (cost := costs[kind, status]) is not None]
        if not shown:
            continue
        figure.add_trace(
            go.Bar(
                y=[words for words, _ in shown],
                x=[cost for _, cost in shown],
                name=name,
                orientation="h",
                marker={"color": color},
                text=[usd(cost) for _, cost in shown],
                textposition="outside",
                cliponaxis=False,
                hovertemplate="%{y}<br>%{text}/month<extra>" + name + "</extra>",
            )
        )
    most = max((cost for cost in costs.values() if cost is not None), default=1.0)
    figure.update_xaxes(title="Cheapest option, USD/month", tickprefix="$", exponentformat="SI", range=[0, most * 1.15])
    figure.update_yaxes(autorange="reversed")
    return frame(figure, 120 + 70 * max(len(kinds), 1))


def _cheapest(assessment: ComplianceAssessment, kind: str, status: str) -> float | None:
    costs = (p.usd_per_month for p in assessment.paths if p.path.kind == kind and p.path.status == status)
    return min((cost for cost in costs if cost is not None), default=None)
