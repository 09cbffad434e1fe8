"""Two catalogs: a small fixed one for golden numbers, and the live one for everything that must hold on real data."""

import pytest
from support import FIXED_ROOT

from calculators.catalog import Catalog, load_catalog


@pytest.fixture(scope="session")
def catalog() -> Catalog:
    return load_catalog(FIXED_ROOT)


@pytest.fixture(scope="session")
def live_catalog() -> Catalog:
    return load_catalog()
