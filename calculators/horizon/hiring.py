"""When hiring is paid: the recruiting fee when people start, and their pay from then until a fleet serves."""

from math import ceil

import numpy as np

from calculators.fleet.hiring import Hiring
from calculators.scenario.demand import Array
from calculators.units import WEEKS_PER_MONTH


def starts_month(hiring: Hiring, serves_month: float) -> float:
    """Months until the hires start: in time to have ramped up when the fleet serves, so that a later delivery puts hiring off."""
    return round(max(serves_month - hiring.ramp_up_weeks / WEEKS_PER_MONTH, 0.0), 9)


def hiring_cash_usd(hiring: Hiring, serves_month: float, months: int) -> Array:
    """What is paid now and at the end of each month (h + 1,): the fee in the month in which the hires start, and their pay from then
    until the fleet serves. What falls after the horizon is due at its end."""
    starts, begins = starts_month(hiring, serves_month), np.arange(months)
    paid = np.clip(np.minimum(serves_month, begins + 1) - np.maximum(starts, begins), 0.0, None)
    cash = np.append(0.0, hiring.pay_usd_per_month * paid)
    cash[min(ceil(starts), months)] += hiring.recruiting_usd
    cash[-1] += hiring.usd - cash.sum()
    return cash
