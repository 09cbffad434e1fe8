"""The cheapest option on each kind of path."""

import plotly.graph_objects as go

from calculators.compliance.assessment import ComplianceAssessment
from calculators.compliance.operator_check import PATH_WORDS
from calculators.units import usd
from pages.shared.figures.frame import frame

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
