"""Steps in volume and growth: the volume of each month, and what is refused."""

from datetime import date
from typing import Any

import numpy as np
import pytest
from support import scenario

from calculators.errors import DataError
from calculators.scenario.demand import horizon_growth
from calculators.scenario.schema import Scenario, parse_scenario

START = date(2026, 12, 1)


def _with(growth: float = 0.0, **outlook: Any) -> Scenario:
    return scenario(as_of=START, workload={"growth_per_month_frac": growth}, outlook=outlook)


def test_volume_grows_every_month_from_todays() -> None:
    assert horizon_growth(_with(0.1), 4) == pytest.approx([1, 1.1, 1.21, 1.331])
    assert (horizon_growth(_with(), 12) == 1).all()


def test_a_step_counts_from_its_day_in_the_month_in_which_it_falls_for_the_rest_of_it() -> None:
    """73 days are 2.4 months of 730 hours: of the third month 60% are left."""
    step = {"from_day": date(2027, 2, 12), "ratio": 1.5}
    assert horizon_growth(_with(volume_steps=[step]), 5) == pytest.approx([1, 1, 1.3, 1.5, 1.5])


def test_steps_multiply_with_each_other_and_with_growth() -> None:
    """73 and 146 days are 2.4 and 4.8 months: of the third month 60% are left, of the fifth 20%."""
    steps = [{"from_day": date(2027, 2, 12), "ratio": 2}, {"from_day": date(2027, 4, 26), "ratio": 0.5}]
    stepped = [1, 1, 1.6, 2, 1.8, 1]
    assert horizon_growth(_with(volume_steps=steps), 6) == pytest.approx(stepped)
    grown = [ratio * 1.1**month for month, ratio in enumerate(stepped)]
    assert horizon_growth(_with(0.1, volume_steps=steps), 6) == pytest.approx(grown)


def test_todays_volume_already_has_the_steps_before_it() -> None:
    past = [{"from_day": day, "ratio": 3} for day in (date(2020, 1, 1), date(2026, 11, 30), START)]
    assert np.array_equal(horizon_growth(_with(volume_steps=past), 12), np.ones(12))


def test_a_step_beyond_the_horizon_changes_nothing() -> None:
    late = {"from_day": date(2090, 1, 1), "ratio": 9}
    assert np.array_equal(horizon_growth(_with(volume_steps=[late]), 36), np.ones(36))


@pytest.mark.parametrize(
    ("outlook", "told"),
    [
        ({"volume_steps": [{"from_day": "2027-01-01", "ratio": 2}] * 2}, "lists 2027-01-01 twice; keep one"),
        ({"volume_steps": [{"from_day": "2027-01-01", "ratio": 0}]}, "Volume over before"),
        ({"rent_change_per_year_frac": -1}, "GPU rent change per year"),
        ({"discount_per_year_frac": 2}, "Discount rate per year"),
        ({"hiring_weeks": -1}, "Hiring before self-hosting starts"),
    ],
)
def test_what_cannot_be_is_refused_with_its_label(outlook: dict[str, Any], told: str) -> None:
    plain = scenario().model_dump(mode="json")
    with pytest.raises(DataError, match=told):
        parse_scenario(plain | {"outlook": plain["outlook"] | outlook})
