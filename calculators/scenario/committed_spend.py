"""Spend that a contract commits to at one seller: what of it an API bill leaves unused."""

from dataclasses import dataclass, replace

import numpy as np

from calculators.scenario.demand import Array


@dataclass(frozen=True, slots=True)
class CommittedSpend:
    """A commitment at today's API provider, and how an option uses it up."""

    usd_per_month: float = 0.0
    months: int = 0
    """For which it lasts."""
    horizon_months: int = 1
    seller: str = ""
    """Name of the provider."""
    bill_frac: float | Array = 0.0
    """Share of the option's API bill that goes to this provider."""
    month_ratio: float | Array = 1.0
    """What of the spread amount falls into the month or months in question, as of `paid_ratio`."""

    @property
    def months_paid(self) -> int:
        """Months of the horizon for which it lasts."""
        return min(self.months, self.horizon_months)

    def spent_usd(self, bill_usd: float | Array) -> Array:
        """What of an API bill uses it up, USD/month: no more than is committed. Same shape as the bill."""
        return np.minimum(np.asarray(bill_usd) * self.bill_frac, self.usd_per_month)

    def unused_usd(self, bill_usd: float | Array) -> Array:
        """What is paid for nothing besides an API bill: max(0, committed - spent there), USD/month, for the months that it
        lasts, spread evenly over the horizon. Same shape as the bill."""
        spread_ratio = self.months_paid / self.horizon_months * self.month_ratio
        return np.asarray((self.usd_per_month - self.spent_usd(bill_usd)) * spread_ratio)

    def paid_ratio(self, months: int) -> Array:
        """What is paid in each month (months,) over what is spread evenly over the horizon: none once it has ended."""
        lasts = np.arange(months) < self.months
        return np.asarray(lasts * (self.horizon_months / max(self.months_paid, 1)), dtype=float)


NOTHING_COMMITTED = CommittedSpend()


def used_by_both(
    hard: CommittedSpend, easy: CommittedSpend, hard_usd: float | Array, easy_usd: float | Array
) -> CommittedSpend:
    """The commitment, that of `easy`, as two bills together use it up; of the same shape both."""
    if easy is NOTHING_COMMITTED:
        return easy
    spent_usd = hard_usd * hard.bill_frac + easy_usd * easy.bill_frac
    return replace(easy, bill_frac=spent_usd / np.maximum(hard_usd + easy_usd, 1e-300))
