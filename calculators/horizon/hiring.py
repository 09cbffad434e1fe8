"""When hiring is paid: the recruiting fee when people start, and their pay from then until a fleet serves."""

from math import ceil

import numpy as np

from calculators.fleet.hiring import Hiring, hiring_of
from calculators.options.option import Option
from calculators.scenario.demand import Array
from calculators.scenario.inputs import Inputs
from calculators.units import WEEKS_PER_MONTH


def starts_month(hiring: Hiring, serves_month: float) -> float:
    """Months until the hires start: in time to have ramped up when the fleet serves, so that a later delivery puts hiring off."""
    return round(max(serves_month - hiring.ramp_up_weeks / WEEKS_PER_MONTH, 0.0), 9)


def hiring_cash_usd(hiring: Hiring, serves_month: float, months: int) -> Array:
    """What is paid now and at the end of each month (h + 1,): the fee in the month in which the hires start, and their pay from then
    until the fleet serves. What falls after the horizon is left out."""
    starts, begins = starts_month(hiring, serves_month), np.arange(months)
    paid = np.clip(np.minimum(serves_month, begins + 1) - np.maximum(starts, begins), 0.0, None)
    cash = np.append(0.0, hiring.pay_usd_per_month * paid)
    if starts <= months:
        cash[ceil(starts)] += hiring.recruiting_usd
    return cash


def without_hiring(option: Option, cost: Array) -> Array:
    """Cost of each month (h,) without the hiring that is spread over them."""
    return cost - sum(line.usd_per_month for line in option.lines if line.kind == "hiring")


def with_hiring(option: Option, cost: Array, cash: Array, serves_month: float, inputs: Inputs) -> tuple[Array, Array]:
    """Cost (h,) and cash (h + 1,) of a fleet with its hiring: spread evenly, and paid when it falls."""
    hiring = hiring_of(inputs) if option.plan else None
    if hiring is None:
        return cost, cash
    paid = hiring_cash_usd(hiring, serves_month, len(cost))
    return cost + paid.sum() / len(cost), cash + paid
