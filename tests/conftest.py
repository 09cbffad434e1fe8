"""Two catalogs: a small fixed one for golden numbers, and the live one for everything that must hold on real data."""

import pytest
from hypothesis import settings
from support import FIXED_ROOT

from calculators.catalog.load import Catalog, load_catalog

settings.register_profile("repeatable", deadline=None, derandomize=True)  # no test is timed, none fails by chance
settings.load_profile("repeatable")


@pytest.fixture(scope="session")
def catalog() -> Catalog:
    return load_catalog(FIXED_ROOT)


@pytest.fixture(scope="session")
def live_catalog() -> Catalog:
    return load_catalog()
