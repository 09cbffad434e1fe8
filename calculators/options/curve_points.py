"""Points at which the costs of the options are computed: values of the inputs that vary."""

from dataclasses import dataclass, replace

import numpy as np

from calculators.scenario.demand import Array
from calculators.units import MONTHS_PER_YEAR


@dataclass(frozen=True, slots=True)
class Points:
    """Values of the inputs that vary. Arrays (t,); ratios are to today's value."""

    requests_per_month: Array
    peak_ratio: Array
    capacity_ratio: Array
    """Requests per month that a replica carries: inverse to the peak."""
    rent_ratio: Array
    server_ratio: Array
    today_price_ratio: Array
    bill_ratio: Array
    """Of the price of today's API as it is billed, which a reseller does not go by."""
    hosted_price_ratio: Array
    staffing_usd_per_month: Array
    easy_frac: Array
    """Share of requests that go to a small model, where one is good enough for them."""

    volume_ratio_per_month: Array
    """Growth over the expected one: a factor that compounds every month."""
    today_ratio_per_year: Array
    """Drift of the prices of closed models over the expected one, as of `hosted_ratio_per_year` and `rent_ratio_per_year`."""
    hosted_ratio_per_year: Array
    rent_ratio_per_year: Array

    def in_months(self, volume_ratio: Array, need_ratio: Array, month: Array) -> "Points":
        """The points in each of some months (t x h,). Arrays (h,): volume and machines of a request over today's, and months from now."""
        points, months = self.requests_per_month.size, month.size
        every = Points(**{name: np.repeat(getattr(self, name), months) for name in Points.__slots__})
        ahead = np.tile(month, points)
        years = ahead / MONTHS_PER_YEAR
        return replace(
            every,
            requests_per_month=every.requests_per_month
            * np.tile(volume_ratio, points)
            * every.volume_ratio_per_month**ahead,
            capacity_ratio=every.capacity_ratio / np.tile(need_ratio, points),
            today_price_ratio=every.today_price_ratio * every.today_ratio_per_year**years,
            hosted_price_ratio=every.hosted_price_ratio * every.hosted_ratio_per_year**years,
            rent_ratio=every.rent_ratio * every.rent_ratio_per_year**years,
        )

    def at_volume(self, ratio: float) -> "Points":
        """The points at so many times their volume."""
        return replace(self, requests_per_month=self.requests_per_month * ratio)

    def rows(self, start: int, end: int) -> "Points":
        """The points from `start` to before `end`."""
        return Points(**{name: getattr(self, name)[start:end] for name in self.__slots__})


def tiled(ratios: Array, at: Points) -> Array:
    """Ratios (k, h) of the months at monthly points (k, t x h)."""
    return np.tile(ratios, (1, at.requests_per_month.size // ratios.shape[1]))
