"""Committed spend at today's API provider: an option that leaves it, or spends less there, still pays the unused rest.

A bill at that provider uses it up, at its own products only: a cloud that resells them is another seller.
"""

from dataclasses import replace

from calculators.api.bill import ApiBill, todays_bill, todays_discount_frac, todays_parts, todays_usage
from calculators.api.rates import api_offer
from calculators.fleet.operating_costs import CostKind, unused_commitment_lines
from calculators.options.option import Option, with_range
from calculators.scenario.committed_spend import NOTHING_COMMITTED, CommittedSpend
from calculators.scenario.inputs import Inputs

API_SPEND: tuple[CostKind, ...] = ("api", "overflow_api", "easy_api")
"""Lines that are billed by the token."""


def committed_spend(inputs: Inputs) -> CommittedSpend:
    """The commitment as it stands for an option that buys nothing at today's provider."""
    api = inputs.scenario.api
    if not api.committed_usd_per_month or not api.committed_months:
        return NOTHING_COMMITTED
    return CommittedSpend(
        usd_per_month=api.committed_usd_per_month,
        months=api.committed_months,
        horizon_months=inputs.scenario.operations.horizon_months,
        seller=api_offer(api.provider, api.model, inputs.catalog).provider_name,
    )


def with_commitment(option: Option, inputs: Inputs) -> Option:
    """An API option that also pays what its bill leaves unused."""
    committed = committed_spend(inputs)
    if committed is NOTHING_COMMITTED:
        return option
    frac = bill_frac_at(inputs.scenario.api.provider, option)
    return with_unused(replace(option, committed=replace(committed, bill_frac=frac)))


def bill_frac_at(provider: str, option: Option) -> float:
    """Share of an API option's bill that goes to a provider; all of a reseller's goes to the reseller."""
    bill = option.bill
    assert bill is not None
    if option.operator != bill.offer.provider:
        return float(option.operator == provider)
    return usd_at(provider, bill) / bill.usd_per_month if bill.usd_per_month else 0.0


def usd_at(provider: str, bill: ApiBill) -> float:
    """What a provider bills of it, USD/month, at its own prices."""
    return sum(part.usd_per_month for part in bill.parts or (bill,) if part.offer.provider == provider)


def with_unused(option: Option) -> Option:
    """The option with the cost line of what it leaves unused of its commitment, after its bill or commitment changed."""
    billed_usd = sum(line.usd_per_month for line in option.lines if line.kind in API_SPEND)
    others = tuple(line for line in option.lines if line.kind != "unused_commitment")
    return with_range(replace(option, lines=(*others, *unused_commitment_lines(option.committed, billed_usd))))


def parts_with_commitment(inputs: Inputs) -> tuple[Inputs, ...]:
    """What each API model in use answers, to be decided alone: the bills of the others use up the commitment first."""
    api, parts = inputs.scenario.api, todays_parts(inputs)
    if not api.mix or not api.committed_usd_per_month:
        return parts
    bills = [todays_bill(part, todays_usage(part, todays_discount_frac(part))) for part in parts]
    spent_usd = [usd_at(api.provider, bill) for bill in bills]
    others_usd = [sum(spent_usd) - usd for usd in spent_usd]
    left_usd = [max(0.0, api.committed_usd_per_month - usd) for usd in others_usd]
    return tuple(
        _committing(part, left if usd else 0.0) for part, left, usd in zip(parts, left_usd, spent_usd, strict=True)
    )


def _committing(part: Inputs, usd_per_month: float) -> Inputs:
    api = part.scenario.api.model_copy(update={"committed_usd_per_month": usd_per_month})
    return replace(part, scenario=part.scenario.model_copy(update={"api": api}))
