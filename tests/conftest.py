"""Two catalogs: a small fixed one for golden numbers, and the live one for everything that must hold on real data."""

from pathlib import Path

import pytest

from calculators.catalog import Catalog, load_catalog

FIXED_ROOT = Path(__file__).parent / "data" / "catalog"


@pytest.fixture(scope="session")
def catalog() -> Catalog:
    return load_catalog(FIXED_ROOT)


@pytest.fixture(scope="session")
def live_catalog() -> Catalog:
    return load_catalog()
