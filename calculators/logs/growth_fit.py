"""Growth of volume from a log, where it is long and steady enough to tell: an even growth of the whole weeks that it covers."""

from dataclasses import dataclass

import numpy as np

from calculators.logs.load_series import LoadSeries
from calculators.logs.peak_estimate import WEEK_S
from calculators.units import WEEKS_PER_MONTH, percent, plural

LEAST_WEEKS = 8
"""Fewer whole weeks tell no growth from a busy week."""
Z_95, FEW_POINTS = 1.96, 2.5
"""Standard errors on either side of a slope that hold 95 of 100: 1.96 of many points, and 2.5 / degrees of freedom more of few,
which is Student's t within 0.03 from 6 degrees on."""
MOST_PER_MONTH, LEAST_PER_MONTH = 1.0, -0.5
"""What a scenario may hold."""


@dataclass(frozen=True, slots=True)
class GrowthFit:
    """Even growth a month of the weekly volume, with its 95% range."""

    per_month_frac: float
    low_frac: float
    high_frac: float
    weeks: int

    @property
    def words(self) -> str:
        """The fit in a sentence."""
        span = f"{percent(self.low_frac)} to {percent(self.high_frac)}"
        return f"Volume grew by {percent(self.per_month_frac)} a month ({span}) over {plural(self.weeks, 'whole week')} of the log."


def fit_growth(series: LoadSeries | None) -> GrowthFit | None:
    """The growth of a series; None where it covers fewer than `LEAST_WEEKS` whole weeks, where one of them is empty, or where the
    range holds no growth as well."""
    weekly = _weekly(series)
    if len(weekly) < LEAST_WEEKS or (weekly <= 0).any():
        return None
    week, logs = np.arange(len(weekly)), np.log(weekly)
    slope, level = np.polyfit(week, logs, 1)
    rest = logs - (level + slope * week)
    error = float(np.sqrt((rest @ rest) / (len(week) - 2) / ((week - week.mean()) ** 2).sum()))
    reach = (Z_95 + FEW_POINTS / (len(week) - 2)) * error
    ends = [_per_month(slope + side * reach) for side in (-1, 0, 1)]
    if ends[0] <= 0 <= ends[2] or not LEAST_PER_MONTH <= ends[0] <= ends[2] <= MOST_PER_MONTH:
        return None
    return GrowthFit(ends[1], ends[0], ends[2], len(weekly))


def _per_month(slope_per_week: float) -> float:
    """Growth a month of a logarithmic slope a week."""
    return float(np.expm1(slope_per_week * WEEKS_PER_MONTH))


def _weekly(series: LoadSeries | None) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Requests of each whole week, oldest first; the first and last step may be cut and count in no week."""
    if series is None or series.requests is None or not series.step_s or WEEK_S % series.step_s:
        return np.zeros(0)
    each = int(WEEK_S // series.step_s)
    inner = np.array(series.requests[1:-1], dtype=float)
    weeks = len(inner) // each
    return np.asarray(inner[len(inner) - weeks * each :].reshape(weeks, each).sum(axis=1))
