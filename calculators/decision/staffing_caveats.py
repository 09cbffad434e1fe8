"""Caveats of the people who run a fleet: too few for a rotation on call, and still to be hired."""

from calculators.fleet.hiring import hiring_of
from calculators.fleet.operating_costs import self_host_fte
from calculators.scenario.inputs import Inputs
from calculators.units import HOURS_PER_MONTH, percent, plural, significant, usd

DAY_SERVICE_H_PER_MONTH = HOURS_PER_MONTH / 2
"""A service that is used in at most twelve hours a day can wait at night."""


def staffing_caveats(inputs: Inputs) -> list[str]:
    """What a careful reader should know of the staffing of a fleet."""
    return _on_call_notes(inputs) + _hiring_notes(inputs)


def _on_call_notes(inputs: Inputs) -> list[str]:
    """That the availability needed takes more people on call at night than the staffing has. Their cost is not added."""
    scenario, rules = inputs.scenario, inputs.catalog.ownership
    needed, people = scenario.evidence.needed_uptime_frac, rules.on_call_people
    fte = self_host_fte(scenario.operations, rules)
    if (
        needed is None
        or needed < rules.on_call_uptime_frac.central
        or scenario.workload.active_h_per_month <= DAY_SERVICE_H_PER_MONTH
        or fte >= people.central
    ):
        return []
    return [
        f"{percent(needed)} availability needs people on call at night. {rules.sources[people.source].listing} recommends at least "
        f"{significant(people.central)} in one rotation around the clock, or {significant(people.low)} at each of two sites; your staffing is "
        f"{significant(fte)}. Share the rotation with another team, or add people: their cost is not included."
    ]


def _hiring_notes(inputs: Inputs) -> list[str]:
    """How long people still to be hired take, whose figures these are, and what they cost until a fleet serves."""
    hiring, outlook = hiring_of(inputs), inputs.scenario.outlook
    if hiring is None:
        return []
    waits = [
        f"{plural(weeks, 'week')} of {what} ({'expected' if typed is None else 'your figure'})"
        for weeks, what, typed in (
            (hiring.hiring_weeks, "hiring", outlook.hiring_weeks),
            (hiring.ramp_up_weeks, "ramp-up", outlook.ramp_up_weeks),
        )
    ]
    return [
        f"{significant(hiring.hires_fte)} FTE still to be hired take {' and '.join(waits)}. Until then an API is paid in the totals over the "
        f"horizon; recruiting and the pay of the ramp-up cost {usd(hiring.usd)} once."
    ]
