"""The words of a compliance assessment: what it leaves, what it costs, and the takeaway of its chart."""

from collections.abc import Sequence

from calculators.compliance.assessment import ComplianceAssessment, PricedPath, Relaxation
from calculators.units import capital, plural_or_no, usd


def assessment_sentence(assessment: ComplianceAssessment) -> str:
    """How many options are allowed, to be asked and blocked, and what compliance costs."""
    allowed, ask, blocked = (len(assessment.with_status(status)) for status in ("allowed", "ask", "blocked"))
    return f"{counts_words(allowed, ask, blocked)}. {premium_sentence(assessment)}"


def counts_words(allowed_count: int, ask_count: int, blocked_count: int) -> str:
    """How many options have each status, as the start of a sentence."""
    asked, blocked = (number or "none" for number in (ask_count, blocked_count))
    return capital(f"{plural_or_no(allowed_count, 'option')} confirmed, {asked} to ask, {blocked} blocked")


def shared_condition(reasons: Sequence[str]) -> str:
    """The condition with which reasons such as 'HIPAA requires a signed agreement: offered' begin, if it is always the
    same one; empty otherwise."""
    openings = (part.partition(": ")[0] for reason in reasons for part in reason.split("; "))
    conditions = {opening for opening in openings if " requires " in opening}
    return conditions.pop() if len(conditions) == 1 else ""


def without_condition(reason: str, condition: str) -> str:
    """A reason without the condition that stands above all of them."""
    short = reason.removeprefix(f"{condition}: ")
    return f"{short[:1].upper()}{short[1:]}"


def premium_sentence(assessment: ComplianceAssessment) -> str:
    """What compliance costs, in a sentence."""
    premium = assessment.premium_usd_per_month
    if premium is None:
        return "No allowed option has a public price."
    return f"Compliance costs {usd(premium)}/month." if premium >= 0.5 else "Compliance costs nothing."


def price_words(path: PricedPath) -> str:
    """The monthly cost of a path; in words where it has none."""
    if path.barred_by:
        return f"not without {path.barred_by}"
    return "no public price" if path.usd_per_month is None else usd(path.usd_per_month)


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
