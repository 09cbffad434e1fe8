"""Caveats of the terms that machines and API spend are committed for, and of what purchased servers sell for."""

from calculators.catalog.prices import Ownership
from calculators.fleet.owned_servers import residual_frac
from calculators.fleet.plan import FleetPlan
from calculators.options.commitment import committed_spend
from calculators.scenario.inputs import Inputs
from calculators.scenario.own_prices import TYPED
from calculators.scenario.schema import Scenario
from calculators.units import MONTHS_PER_YEAR, percent, plural, usd


def term_caveats(plan: FleetPlan, inputs: Inputs) -> list[str]:
    """What the term of the GPUs means: spot may be taken away, and a commitment may outlast the horizon."""
    offer, horizon = plan.offer, inputs.scenario.operations.horizon_months
    if offer.is_spot:
        return [
            f"The GPUs from {offer.provider} are spot: the provider may take them back at any time, and the price may change. "
            f"No availability is assumed for them{although_needed(inputs.scenario)}."
        ]
    term = offer.commitment_months or 1
    if left := -horizon % term:
        longer = f", longer than your horizon of {plural(horizon, 'month')}" if term > horizon else ""
        return [
            f"The GPU price from {offer.provider} is for a commitment of {plural(term, 'month')}{longer}. The rent of "
            f"{usd(plan.rent_usd_per_month * left)} for the {plural(left, 'month')} after your horizon is counted."
        ]
    if offer.is_owned:
        book, age = inputs.catalog.ownership, horizon / MONTHS_PER_YEAR
        worth = percent(residual_frac(age, book))
        return [
            f"Purchased servers are sold at the end of your horizon of {plural(horizon, 'month')}; one bought today then brings "
            f"{worth} of its price ({_residual_trust(book)})."
        ]
    return []


def _residual_trust(book: Ownership) -> str:
    """How far to trust what servers sell for."""
    one = next(iter(book.residual_frac_by_year.values()))
    return "your figure" if one.source == TYPED else f"{one.confidence} confidence"


def commitment_caveats(inputs: Inputs) -> list[str]:
    """What of committed spend is left when the horizon ends."""
    committed = committed_spend(inputs)
    left = committed.months - committed.horizon_months
    if left <= 0 or not committed.usd_per_month:
        return []
    return [
        f"Your commitment to {committed.seller} runs {plural(left, 'month')} beyond your horizon. What leaving would leave unused "
        f"then, up to {usd(left * committed.usd_per_month)}, is not counted."
    ]


def although_needed(scenario: Scenario) -> str:
    """The availability that is needed, as a clause; empty where none is stated."""
    needed = scenario.evidence.needed_uptime_frac
    return f", although you need {percent(needed)}" if needed is not None else ""
