"""Two catalogs: a small fixed one for golden numbers, and the live one for everything that must hold on real data."""

from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from support import FIXED_ROOT
from xdist.scheduler import LoadScopeScheduling

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


class Shared(LoadScopeScheduling):
    """Browser tests share one app and one Chromium, page tests the pages they read: each kind runs on one worker, from the
    start. All others go where there is room."""

    def _split_scope(self, nodeid: str) -> str:
        return next((folder for folder in ("tests/browser/", "tests/pages/") if nodeid.startswith(folder)), nodeid)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Shared:
    return Shared(config, log)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """One line that says which tests were left out and how to get them."""
    left_out = [report for report in terminalreporter.stats.get("skipped", []) if "/browser/" in report.nodeid]
    if left_out:
        reason = str(left_out[0].longrepr[2]).removeprefix("Skipped: ")
        terminalreporter.write_line(f"{len(left_out)} browser tests left out: {reason}.")
