"""The words of a compliance assessment: what it leaves, what it costs, and the takeaway of its chart."""

from calculators.compliance.assessment import ComplianceAssessment, Relaxation
from calculators.units import plural, usd


def assessment_sentence(assessment: ComplianceAssessment) -> str:
    """How many options are allowed, to be asked and blocked, and what compliance costs."""
    allowed, ask, blocked = (len(assessment.with_status(status)) for status in ("allowed", "ask", "blocked"))
    return f"{plural(allowed, 'option')} allowed, {ask} to ask, {blocked} blocked. {premium_sentence(assessment)}"


def premium_sentence(assessment: ComplianceAssessment) -> str:
    """What compliance costs, in a sentence."""
    premium = assessment.premium_usd_per_month
    if premium is None:
        return "No allowed option has a public price."
    return f"Compliance costs {usd(premium)}/month." if premium >= 0.5 else "Compliance costs nothing."


def path_takeaway(assessment: ComplianceAssessment) -> str:
    """What the chart of options by type shows, in a sentence: its caption and its alternative text."""
    allowed, cheapest, premium = assessment.cheapest_allowed, assessment.cheapest, assessment.premium_usd_per_month
    if allowed is None or allowed.usd_per_month is None or cheapest is None or premium is None:
        return "No option with a public price is known to be allowed."
    cost = f"{allowed.label} at {usd(allowed.usd_per_month)}/month"
    if premium < 0.5:
        return f"The cheapest option overall is allowed: {cost}."
    return f"The cheapest allowed option is {cost}, {usd(premium)} more than the cheapest overall, {cheapest.label}."


def relaxation_words(relaxation: Relaxation) -> str:
    """The cheapest allowed option once one requirement is dropped."""
    if relaxation.usd_per_month is None:
        return "none with a public price"
    return f"{relaxation.label}, {usd(relaxation.usd_per_month)}/month"
