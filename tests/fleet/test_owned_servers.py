"""Hourly cost of a purchased GPU, by hand from the fixed catalog's round numbers."""

import pytest

from calculators.catalog.catalog import Catalog
from calculators.fleet.owned_servers import owned_usd_per_gpu_h, residual_frac


def test_a_bought_gpu_by_the_hour_by_hand(catalog: Catalog) -> None:
    """$40,000 + 10% network, less 20% residual, over 48 months = $733.33; 1 kW at $182.50; over 730 hours."""
    rate = owned_usd_per_gpu_h("h100-sxm", catalog.ownership)
    assert rate == pytest.approx((40_000 * 1.1 * 0.8 / 48 + 182.5) / 730)
    assert rate == pytest.approx(1.2546, abs=0.0001)


@pytest.mark.parametrize(("years", "frac"), [(0, 1), (1, 0.7), (2, 0.4), (3, 0.3), (4, 0.2), (9, 0.2)])
def test_a_server_sells_for_less_the_older_it_is(catalog: Catalog, years: float, frac: float) -> None:
    """40% after two years and 20% after four in the fixed catalog, straight lines between."""
    assert residual_frac(years, catalog.ownership) == pytest.approx(frac)


def test_a_gpu_without_a_power_figure_takes_the_hungriest(catalog: Catalog) -> None:
    """l40s: $10,000, no power figure: 2 kW of the mi300x."""
    rate = owned_usd_per_gpu_h("l40s", catalog.ownership)
    assert rate == pytest.approx((10_000 * 1.1 * 0.8 / 48 + 2 * 182.5) / 730)
