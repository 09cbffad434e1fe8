"""Sums of cash over months: present value, payback, internal rate of return, the most cash needed.

Flows are arrays (months + 1,) in USD: entry 0 is paid now, entry m at the end of month m. Money out is negative. Equations as of
Brealey, Myers and Allen, Principles of Corporate Finance, chapters 2 and 5.
"""

import numpy as np
import numpy_financial as npf
from numpy.typing import NDArray

from calculators.scenario.demand import Array
from calculators.units import MONTHS_PER_YEAR


def monthly_rate_frac(per_year_frac: float) -> float:
    """The rate of a month that compounds to that of a year: (1 + r) ^ (1/12) - 1."""
    return float((1 + per_year_frac) ** (1 / MONTHS_PER_YEAR) - 1)


def discounted(flows_usd: Array, per_year_frac: float) -> Array:
    """Each flow's value now: flow / (1 + r) ^ (month / 12). Same shape."""
    return np.asarray(flows_usd / (1 + per_year_frac) ** (np.arange(len(flows_usd)) / MONTHS_PER_YEAR))


def net_present_value_usd(flows_usd: Array, per_year_frac: float) -> float:
    """Net present value: the sum of the discounted flows."""
    return float(discounted(flows_usd, per_year_frac).sum())


def payback_month(flows_usd: Array) -> int | None:
    """The first month from which the flows so far are never below zero again; 0: at once. None: not within the months, which
    includes a payback that later flows undo."""
    behind = np.flatnonzero(_is_behind(flows_usd))
    if not behind.size:
        return 0
    last = int(behind[-1])
    return last + 1 if last + 1 < len(flows_usd) else None


def first_payback_month(flows_usd: Array) -> int | None:
    """The first month in which what was paid out is back, whether or not it stays; None: in no month."""
    behind = _is_behind(flows_usd)
    if not behind.any():
        return 0
    begun = int(np.argmax(behind))
    back = np.flatnonzero(~behind[begun:])
    return begun + int(back[0]) if back.size else None


def _is_behind(flows_usd: Array) -> NDArray[np.bool_]:
    """Whether the flows so far are below zero, by more than what sums of their size are rounded by. Same shape."""
    rounding_usd = max(1e-6, 1e-12 * float(np.abs(flows_usd).sum()))
    return np.asarray(np.cumsum(flows_usd) < -rounding_usd)


def return_per_year_frac(flows_usd: Array) -> float | None:
    """Internal rate of return a year: the rate at which the present value is zero. None where flows do not change sign exactly once,
    since then no rate or several do."""
    signs = np.sign(flows_usd[np.abs(flows_usd) > 1e-9])
    if np.count_nonzero(np.diff(signs)) != 1:
        return None
    month = float(npf.irr(flows_usd))
    return None if np.isnan(month) else (1 + month) ** MONTHS_PER_YEAR - 1


def peak_cash_usd(flows_usd: Array) -> float:
    """The most that is paid out before anything comes back: the lowest point of the sum so far, as a positive amount."""
    return float(max(-np.cumsum(flows_usd).min(), 0.0))


def lease_usd_per_month(price_usd: float, per_year_frac: float, months: int, residual_usd: float = 0.0) -> float:
    """Even payments at the end of each month that repay a price less what is left at the end, with interest."""
    return float(-npf.pmt(monthly_rate_frac(per_year_frac), months, price_usd, -residual_usd))
