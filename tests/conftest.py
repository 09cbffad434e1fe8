"""Two catalogs: a small fixed one for golden numbers, and the live one for everything that must hold on real data."""

import pytest
from hypothesis import HealthCheck, settings
from support import FIXED_ROOT

from calculators.catalog.catalog import Catalog
from calculators.catalog.load import load_catalog

# No test is timed, none fails by chance, and none because the machine is busy.
settings.register_profile("repeatable", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("repeatable")


@pytest.fixture(scope="session")
def catalog() -> Catalog:
    return load_catalog(FIXED_ROOT)


@pytest.fixture(scope="session")
def live_catalog() -> Catalog:
    return load_catalog()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """One line that says which tests were left out and how to get them."""
    left_out = [report for report in terminalreporter.stats.get("skipped", []) if "/browser/" in report.nodeid]
    if left_out:
        reason = str(left_out[0].longrepr[2]).removeprefix("Skipped: ")
        terminalreporter.write_line(f"{len(left_out)} browser tests left out: {reason}.")
