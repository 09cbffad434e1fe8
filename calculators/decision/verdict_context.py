"""What compliance adds to a verdict, in words."""

from collections.abc import Sequence
from math import inf

from calculators.compliance.assessment import ComplianceAssessment, PricedPath
from calculators.decision.verdict import VerdictContext
from calculators.units import usd


def compliance_context(found: ComplianceAssessment) -> VerdictContext:
    """What compliance adds to the verdict: the cheapest way of all where it is known to be blocked; who may be cheaper
    than everything allowed, once asked; and who is allowed but publishes no price."""
    cheapest, cheapest_allowed = found.cheapest, found.cheapest_allowed
    if not found.requirements or cheapest is None:
        return VerdictContext()
    bar = cheapest_allowed.usd_per_month if cheapest_allowed and cheapest_allowed.usd_per_month is not None else inf
    cheaper = [p for p in found.with_status("ask") if p.usd_per_month is not None and p.usd_per_month < bar]
    forced = cheapest.path.status == "blocked" and (cheapest.usd_per_month or 0.0) < bar
    return VerdictContext(
        forced_by=f"{cheapest.label}, at {usd(cheapest.usd_per_month or 0.0)}" if forced else "",
        why_forced=cheapest.path.deciding[0].words.rstrip(".") if forced else "",
        ask_first=_ask_first(cheaper, bar) + _quote_first(found),
    )


def _ask_first(cheaper: Sequence[PricedPath], bar_usd: float) -> str:
    if not cheaper:
        return ""
    names = list(dict.fromkeys(p.path.name for p in cheaper))
    more = f" and {len(names) - 1} more" if len(names) > 1 else ""
    saves = (
        "" if bar_usd == inf else f": if allowed, up to {usd(bar_usd - (cheaper[0].usd_per_month or 0.0))}/month less"
    )
    return f"Ask {names[0]}{more} first{saves}."


def _quote_first(found: ComplianceAssessment) -> str:
    """Sellers that are allowed and have no public price; a fleet is not built before they are asked for one."""
    names = [
        p.path.name
        for p in found.with_status("allowed")
        if p.usd_per_month is None and p.path.kind in PRICED_ON_REQUEST
    ]
    if not names:
        return ""
    shown = ", ".join(dict.fromkeys(names[:3]))
    return f" Allowed without a public price, so ask for a quote: {shown}."


PRICED_ON_REQUEST = ("government_cloud", "direct_api", "resold_api", "hosted_open", "dedicated")
