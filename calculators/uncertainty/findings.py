"""What finding out one input would be worth, and which inputs the decision follows."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from SALib.analyze import rbd_fast

from calculators.options.cost_curves import OptionCurves
from calculators.scenario.demand import Array
from calculators.uncertainty.outcomes import Outcomes, outcomes_of
from calculators.uncertainty.samples import points_at
from calculators.uncertainty.spreads import Spread

BINS = 50
"""Stretches of an input's samples in which it counts as known."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One uncertain input and the decision."""

    spread: Spread
    worth_usd: float
    """What knowing it before deciding saves on average over the horizon: the expected value of partial perfect information (Raiffa and
    Schlaifer, 1961)."""
    index_frac: float
    """Share of the variance of the gap between building and buying that it alone explains: the first-order index of Sobol, by RBD-FAST
    (Tarantola et al., 2006)."""
    low_gap_usd: float | None
    """What self-hosting costs more than buying over the horizon at the low end of its range, all else as expected; None where not
    both are allowed and serve."""
    high_gap_usd: float | None


def findings(outcomes: Outcomes, ratios: Array, spreads: Sequence[Spread], curves: OptionCurves) -> tuple[Finding, ...]:
    """Every uncertain input, the one worth most first. `ratios` (d, n): as of `sampled_ratios`, of these `outcomes`."""
    if not spreads:
        return ()
    indices = _indices(gap_usd(outcomes), ratios)
    ends = np.ones((len(spreads), 2 * len(spreads)))
    for place, one in enumerate(spreads):
        ends[place, 2 * place : 2 * place + 2] = one.low_ratio, one.high_ratio
    gaps = gap_usd(outcomes_of(outcomes.options, curves, points_at(ends, spreads, curves)))
    every = [
        Finding(
            one,
            worth_of_knowing_usd(outcomes.total_usd, row),
            float(index),
            _finite(gaps[2 * i]),
            _finite(gaps[2 * i + 1]),
        )
        for i, (one, row, index) in enumerate(zip(spreads, ratios, indices, strict=True))
    ]
    return tuple(sorted(every, key=lambda one: (-one.worth_usd, -one.index_frac)))


def _finite(usd: float) -> float | None:
    return float(usd) if np.isfinite(usd) else None


def worth_of_knowing_everything_usd(total_usd: Array) -> float:
    """What deciding at each sample would save on average against the best choice for all (o, n): the expected value of perfect
    information."""
    return float(total_usd.mean(axis=1).min() - total_usd.min(axis=0).mean())


def worth_of_knowing_usd(total_usd: Array, known: Array) -> float:
    """What deciding with one input known saves on average: the lowest mean of all samples less the mean of the lowest means of
    the stretches of its values. `total_usd` (o, n), `known` (n,)."""
    if np.ptp(known) == 0:
        return 0.0
    order = np.argsort(known, kind="stable")
    stretches = np.array_split(total_usd[:, order], BINS, axis=1)
    means = np.array([part.mean(axis=1) for part in stretches])
    sizes = np.array([part.shape[1] for part in stretches])
    best_known = float((means.min(axis=1) * sizes).sum() / sizes.sum())
    return max(float(total_usd.mean(axis=1).min()) - best_known, 0.0)


def gap_usd(outcomes: Outcomes) -> Array:
    """What the cheapest option on a fleet costs more over the horizon than the cheapest API option (n,); nan without either."""
    buys = np.array([option.is_buy for option in outcomes.options], dtype=bool)
    if buys.all() or not buys.any():
        return np.full(outcomes.month_usd.shape[1], np.nan)
    total = outcomes.total_usd
    return np.asarray(total[~buys].min(axis=0) - total[buys].min(axis=0))


def _indices(gap: Array, ratios: Array) -> Array:
    """First-order indices (d,); zeros where there is no gap, or it never moves."""
    finite = np.isfinite(gap)
    if finite.sum() < len(gap) / 2 or np.ptp(gap[finite]) == 0:
        return np.zeros(len(ratios))
    problem = {"num_vars": len(ratios), "names": [str(i) for i in range(len(ratios))], "bounds": [[0, 1]] * len(ratios)}
    analysis = rbd_fast.analyze(problem, ratios[:, finite].T, gap[finite], num_resamples=2, seed=1)
    return np.asarray(np.clip(np.asarray(analysis["S1"], dtype=float), 0.0, 1.0))
