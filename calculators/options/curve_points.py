"""Points at which the costs of the options are computed: values of the inputs that vary."""

from dataclasses import dataclass

import numpy as np

from calculators.scenario.demand import Array


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

    def rows(self, start: int, end: int) -> "Points":
        """The points from `start` to before `end`."""
        return Points(**{name: getattr(self, name)[start:end] for name in self.__slots__})


def tiled(ratios: Array, at: Points) -> Array:
    """Ratios (k, h) of the months at monthly points (k, t x h)."""
    return np.tile(ratios, (1, at.requests_per_month.size // ratios.shape[1]))
