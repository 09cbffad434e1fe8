"""Cost of a purchased GPU over the horizon, by hand from the fixed catalog's round numbers: an H100 costs 40,000 and a tenth for
network and spares, 3% to install, 1 kW x 182.50 a month, and after its first year 7% of 44,000 / 12 = 256.67 a month."""

import pytest
from support import scenario

from calculators.catalog.catalog import Catalog
from calculators.fleet.owned_servers import own_wait_months, owned_usd_per_gpu_h, residual_frac
from calculators.scenario.schema import Scenario

MAINTENANCE = 44_000 * 0.07 / 12


def over(months: int, lead_weeks: float = 0.0, hiring_weeks: float = 0.0) -> Scenario:
    outlook = {"server_lead_weeks": lead_weeks, "hiring_weeks": hiring_weeks}
    return scenario(operations={"horizon_months": months}, outlook=outlook)


def test_a_bought_gpu_by_the_hour_by_hand(catalog: Catalog) -> None:
    """Two years: 45,320 less 40% of 44,000, space and power of 24 months, maintenance of 12: 35,180 over 24 x 730 hours."""
    rate = owned_usd_per_gpu_h("h100-sxm", over(24), catalog)
    assert rate == pytest.approx((45_320 - 17_600 + 24 * 182.5 + 12 * MAINTENANCE) / 24 / 730)
    assert rate == pytest.approx(2.0080, abs=0.0001)


def test_what_waits_for_delivery_is_younger_at_the_end_and_costs_only_while_in_use(catalog: Catalog) -> None:
    """26 weeks are 6 months: 18 months old it sells for 55%."""
    rate = owned_usd_per_gpu_h("h100-sxm", over(24, lead_weeks=26), catalog)
    assert rate == pytest.approx((45_320 - 24_200 + 18 * 182.5 + 6 * MAINTENANCE) / 18 / 730)
    assert owned_usd_per_gpu_h("h100-sxm", over(24, hiring_weeks=26), catalog) == rate
    assert own_wait_months(over(24, 26, 13), catalog) == pytest.approx(6)


def test_a_server_is_bought_again_at_the_end_of_its_life(catalog: Catalog) -> None:
    """Five years at a life of four: the first sells for 20%, the second after a year for 70% and is not maintained yet."""
    rate = owned_usd_per_gpu_h("h100-sxm", over(60), catalog)
    bought, sold = 2 * 45_320, 8_800 + 30_800
    assert rate == pytest.approx((bought - sold + 60 * 182.5 + 36 * MAINTENANCE) / 60 / 730)


def test_servers_that_never_arrive_within_the_horizon_are_priced_as_if_they_were_there(catalog: Catalog) -> None:
    late, now = over(12, lead_weeks=60), over(12)
    assert owned_usd_per_gpu_h("h100-sxm", late, catalog) == owned_usd_per_gpu_h("h100-sxm", now, catalog)


@pytest.mark.parametrize(("years", "frac"), [(0, 1), (1, 0.7), (2, 0.4), (3, 0.3), (4, 0.2), (9, 0.2)])
def test_a_server_sells_for_less_the_older_it_is(catalog: Catalog, years: float, frac: float) -> None:
    """40% after two years and 20% after four in the fixed catalog, straight lines between."""
    assert residual_frac(years, catalog.ownership) == pytest.approx(frac)


def test_a_gpu_without_a_power_figure_takes_the_hungriest(catalog: Catalog) -> None:
    """l40s: $10,000, no power figure: 2 kW of the mi300x."""
    rate = owned_usd_per_gpu_h("l40s", over(12), catalog)
    assert rate == pytest.approx((11_000 * (1.03 - 0.7) / 12 + 2 * 182.5) / 730)
