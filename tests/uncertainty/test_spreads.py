"""How far inputs may be off: what is known has no spread, and a range stands for its quantiles."""

from typing import Any

import numpy as np
import pytest
from scipy.special import ndtri
from support import FIXED_ROOT, scenario

from calculators.catalog.load import load_catalog
from calculators.options.ranking import curves_of
from calculators.options.speed_range import SpeedBounds
from calculators.options.what_if import allowed_again
from calculators.scenario.inputs import Inputs
from calculators.uncertainty.spreads import Spread, correlation_matrix, spreads_of

CATALOG = load_catalog(FIXED_ROOT)


def of(**changes: Any) -> dict[str, Spread]:
    inputs = Inputs.of(scenario(**changes), CATALOG)
    return {one.field: one for one in spreads_of(curves_of(allowed_again(inputs), inputs), SpeedBounds((), ()))}


def test_each_end_of_a_range_is_at_its_quantile_and_the_median_at_the_expected_value() -> None:
    """80 of 100 cases lie between half and three times: a tenth below, a tenth above."""
    ratios = Spread("speed", 0.5, 3.0, 0.8).ratios(ndtri(np.array([0.1, 0.5, 0.9])))
    assert ratios == pytest.approx([0.5, 1.0, 3.0])


def test_what_the_user_typed_has_no_spread() -> None:
    assert {"api_price_drift", "hosted_price_drift", "rent_drift", "staffing"} <= of().keys()
    typed = of(
        outlook={
            "api_price_change_per_year_frac": -0.2,
            "hosted_price_change_per_year_frac": 0.0,
            "rent_change_per_year_frac": 0.1,
        },
        operations={"self_host_fte": 1.0, "engineer_usd_per_year": 200_000},
    )
    assert not typed.keys() & {"api_price_drift", "hosted_price_drift", "rent_drift", "staffing"}


def test_growth_is_off_on_one_plus_growth() -> None:
    """5% a month, perhaps 2 or 8: 1.02 / 1.05 and 1.08 / 1.05."""
    growth = of(workload={"growth_per_month_frac": 0.05, "growth_low_frac": 0.02, "growth_high_frac": 0.08})["growth"]
    assert (growth.low_ratio, growth.high_ratio) == pytest.approx((1.02 / 1.05, 1.08 / 1.05))


def test_prices_of_hosts_move_with_rents_and_nothing_else_does() -> None:
    spreads = [Spread(field, 0.5, 2.0, 0.8) for field in ("tokens", "hosted_price_drift", "rent_drift")]
    assert correlation_matrix(spreads).tolist() == [[1, 0, 0], [0, 1, 0.5], [0, 0.5, 1]]


def test_without_fleets_nothing_of_a_fleet_is_uncertain() -> None:
    assert not of(candidates=[{"model": "llama-3.3-70b", "gate": "not_acceptable"}]).keys() & {
        "speed",
        "staffing",
        "rent_drift",
    }
