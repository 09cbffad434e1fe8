"""What every option costs over the horizon at the sampled points: how often it is the cheapest, bands, and regret."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from calculators.options.cost_curves import OptionCurves
from calculators.options.curve_points import Points
from calculators.options.month_path import stretch_ends
from calculators.options.option import Option
from calculators.scenario.demand import Array

MOST_MONTHS = 6
"""Months of the horizon that are told apart at each sample."""
CELLS_AT_ONCE = 300_000
LOW, HIGH = 0.1, 0.9


@dataclass(frozen=True, slots=True)
class Outcomes:
    """Cost of each option at each sample."""

    options: tuple[Option, ...]
    month_usd: Array
    """(o, n, k) of each stretch of the horizon, a month; inf where an option does not serve."""
    months: Array
    """(k,) length of each stretch."""

    @property
    def total_usd(self) -> Array:
        """(o, n) over the horizon."""
        return np.asarray(self.month_usd @ self.months)

    @property
    def probability(self) -> Array:
        """(o,) that an option has the lowest total."""
        return _cheapest_frac(self.total_usd)

    @property
    def probability_by_month(self) -> Array:
        """(o, k) that an option is the cheapest of each stretch."""
        return np.array([_cheapest_frac(self.month_usd[..., k]) for k in range(self.months.size)]).T

    @property
    def total_bands_usd(self) -> Array:
        """(o, 3) p10, p50 and p90 of each total."""
        return np.asarray(np.quantile(self.total_usd, (LOW, 0.5, HIGH), axis=1, method="nearest").T)

    @property
    def cumulative_bands_usd(self) -> Array:
        """(o, k, 3) p10, p50 and p90 of what has been spent by the end of each stretch."""
        spent = np.cumsum(self.month_usd * self.months, axis=2)
        return np.asarray(np.moveaxis(np.quantile(spent, (LOW, 0.5, HIGH), axis=1, method="nearest"), 0, -1))

    @property
    def regret_usd(self) -> Array:
        """(o,) expected regret of choosing an option now: its mean total less the mean of the lowest total at each sample."""
        total = self.total_usd
        return np.asarray((total - total.min(axis=0)).mean(axis=1))


def _cheapest_frac(usd: Array) -> Array:
    """Share of samples (o,) at which each row of (o, n) is the lowest; the first of equals."""
    served = np.isfinite(usd).any(axis=0)
    winners = np.argmin(usd[:, served], axis=0)
    return np.asarray(np.bincount(winners, minlength=len(usd)) / max(usd.shape[1], 1))


def outcomes_of(options: Sequence[Option], curves: OptionCurves, at: Points) -> Outcomes:
    """The outcomes of the ranked `options` at sampled points."""
    path = curves.every_month.thinned(MOST_MONTHS)
    lengths = np.diff(stretch_ends(curves.every_month.months, MOST_MONTHS)).astype(float)
    thinned = replace(curves, path=path)
    parts = [_month_usd(options, thinned, part) for part in _parts(at, thinned)]
    return Outcomes(tuple(options), np.concatenate(parts, axis=1), lengths)


def _parts(at: Points, curves: OptionCurves) -> Iterator[Points]:
    step = max(1, CELLS_AT_ONCE // (max(len(curves.staircases), 1) * curves.path.months))
    return (at.rows(start, start + step) for start in range(0, at.requests_per_month.size, step))


def _month_usd(options: Sequence[Option], curves: OptionCurves, at: Points) -> Array:
    """(o, t, k)."""
    costs = curves.by_month(at)
    buys = {(buy.kind, buy.label): usd for buy, usd in zip(curves.buys, costs.buys_usd, strict=True)}

    def of(option: Option) -> Array:
        if option.plan is None:
            return np.asarray(buys[option.kind, option.label])
        place = curves.groups.index((option.plan.config.model.id, option.plan.offer.is_owned))
        return np.asarray((costs.hybrids if option.kind == "hybrid" else costs.builds).usd[place])

    return np.array([of(option) for option in options])
