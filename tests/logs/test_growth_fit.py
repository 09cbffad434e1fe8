"""Growth from a log: told where the log supports it, and only there."""

from datetime import UTC, datetime

import numpy as np
import pytest
from support import scenario

from calculators.logs.growth_fit import LEAST_WEEKS, WEEKS_PER_MONTH, fit_growth
from calculators.logs.load_series import LoadSeries
from calculators.logs.to_workload import growth_figures
from calculators.scenario.schema import Workload

DAY_S = 86_400.0


def _days(weeks: int, per_week: float, noise: float = 0.0, seed: int = 1) -> LoadSeries:
    """Daily requests of so many weeks that grow evenly, with a weekend each week, and a cut day at either end."""
    week = np.repeat(np.arange(weeks), 7)
    shape = np.tile([1.0, 1.1, 1.1, 1.0, 0.9, 0.4, 0.3], weeks)
    chance = np.exp(np.random.default_rng(seed).normal(0, noise, weeks))[week]
    days = 1_000 * (1 + per_week) ** week * shape * chance
    return LoadSeries(datetime(2026, 1, 1, tzinfo=UTC), DAY_S, (3.0, *days.tolist(), 5.0), None)


def test_even_growth_is_found_whatever_the_days_of_the_week_look_like() -> None:
    fit = fit_growth(_days(12, 0.02))
    assert fit is not None
    assert fit.per_month_frac == pytest.approx(1.02**WEEKS_PER_MONTH - 1, rel=1e-6)
    assert fit.weeks == 12
    assert "12 whole weeks" in fit.words


def test_a_range_holds_the_true_growth_nineteen_times_of_twenty() -> None:
    truth = 1.03**WEEKS_PER_MONTH - 1
    fits = [fit_growth(_days(16, 0.03, noise=0.05, seed=seed)) for seed in range(200)]
    held = [fit.low_frac <= truth <= fit.high_frac for fit in fits if fit is not None]
    assert len(held) > 190
    assert np.mean(held) >= 0.9


@pytest.mark.parametrize(
    "series",
    [
        None,
        _days(LEAST_WEEKS - 1, 0.05),
        _days(20, 0.0, noise=0.1),
        _days(12, 0.9),
        LoadSeries(datetime(2026, 1, 1, tzinfo=UTC), DAY_S, None, (1,) * 90),
        LoadSeries(datetime(2026, 1, 1, tzinfo=UTC), DAY_S, (0.0,) * 90, None),
    ],
    ids=["no series", "seven weeks", "no growth", "more than a scenario holds", "no requests", "empty weeks"],
)
def test_a_log_that_cannot_tell_growth_tells_none(series: LoadSeries | None) -> None:
    assert fit_growth(series) is None


def test_falling_volume_is_growth_below_zero() -> None:
    fit = fit_growth(_days(12, -0.03, noise=0.01))
    assert fit is not None
    assert fit.high_frac < 0


def test_the_growth_of_a_log_takes_the_place_of_the_range_that_the_user_entered() -> None:
    """A range of 20% to 30% a month would refuse the growth that the log tells."""
    typed = {"growth_per_month_frac": 0.25, "growth_low_frac": 0.2, "growth_high_frac": 0.3}
    before = scenario(workload=typed).workload.model_dump()
    after = Workload.model_validate({**before, **growth_figures(_days(12, 0.01, noise=0.01))})
    low, high = after.growth_range
    assert low < after.growth_per_month_frac < high < 0.2
    assert Workload.model_validate({**before, **growth_figures(_days(7, 0.02))}).growth_range == (0.2, 0.3)
