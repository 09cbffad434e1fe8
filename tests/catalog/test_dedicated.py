"""Prices of dedicated endpoints: of GPUs in the catalog, dated, with a source."""

from datetime import date

from calculators.catalog.catalog import Catalog
from calculators.catalog.dedicated import dedicated_endpoints


def test_every_endpoint_is_of_a_known_gpu_and_dated(live_catalog: Catalog) -> None:
    for one in dedicated_endpoints().endpoints:
        assert one.gpu in live_catalog.gpus
        assert date(2025, 1, 1) < one.seen <= date.today()
        assert one.source in dedicated_endpoints().sources


def test_the_cheapest_of_each_gpu_is_taken() -> None:
    every, cheapest = dedicated_endpoints().endpoints, dedicated_endpoints().cheapest()
    assert cheapest["h100-sxm"].usd_per_gpu_h == min(one.usd_per_gpu_h for one in every if one.gpu == "h100-sxm")
    assert set(cheapest) == {one.gpu for one in every}
