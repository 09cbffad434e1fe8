"""When hiring is paid, by hand: one person at 120,000 a year, a fee of 24,000, 6.5 weeks (1.5 months) of ramp-up."""

import numpy as np
import pytest
from support import scenario

from calculators.catalog.catalog import Catalog
from calculators.evaluate import evaluate
from calculators.fleet.hiring import Hiring
from calculators.horizon.hiring import hiring_cash_usd, starts_month

ONE = Hiring(1.0, 120_000.0, hiring_weeks=13.0, ramp_up_weeks=6.5, recruiting_frac=0.2)


@pytest.mark.parametrize(
    ("serves", "cash"),
    [
        (1.5, [24_000, 10_000, 5_000, 0]),  # starts now
        (2.0, [0, 5_000 + 24_000, 10_000, 0]),  # starts in the middle of month 1
        (2.5, [0, 24_000, 10_000, 5_000]),  # starts at the end of month 1
        (3.5, [0, 0, 24_000, 10_000 + 5_000]),  # half a month of pay falls after the horizon, and is due at its end
        (4.5, [0, 0, 0, 24_000 + 15_000]),  # starts at the very end of it
    ],
)
def test_the_fee_falls_when_people_start_and_their_pay_until_the_fleet_serves(serves: float, cash: list[float]) -> None:
    assert hiring_cash_usd(ONE, serves, 3) == pytest.approx(np.array(cash))


def test_everything_is_paid() -> None:
    for serves in np.linspace(1.5, 36, 70).tolist():
        assert hiring_cash_usd(ONE, serves, 36).sum() == pytest.approx(ONE.usd)


def test_a_later_delivery_puts_hiring_off() -> None:
    assert starts_month(ONE, 4.5) == 3.0
    assert starts_month(ONE, 6.0) == 4.5


def test_purchased_servers_that_come_later_than_people_pay_them_from_then_on(catalog: Catalog) -> None:
    """Servers after 26 weeks, 6 months: people start after 4.5, and are paid half of month 5 and all of month 6."""
    role = {"name": "SRE", "fte": 1, "hires_fte": 1, "usd_per_year": 120_000}
    found = evaluate(
        scenario(
            api={"hosted_sellers": ["nobody"]},
            hardware={"include_owned": True},
            operations={"roles": [role], "horizon_months": 36, "migration_weeks": 0},
            outlook={"hiring_weeks": 13, "ramp_up_weeks": 6.5, "hiring_cost_frac": 0.2, "server_lead_weeks": 26},
        ),
        catalog,
    ).horizon
    cash = {one.option.kind: one.cash_usd for one in found.options}
    assert cash["own_hardware"][3:6] == pytest.approx([11_000, 11_000, 11_000 + 5_000 + 24_000])
    assert cash["own_hardware"][6] == pytest.approx(11_000 + 10_000 + 362_560)
    assert cash["self_host"][3:5] == pytest.approx([11_000 + 24_000, 11_000 + 10_000])
