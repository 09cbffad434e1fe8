"""Logged memory of GPUs against the model's: the errors that the page and the docs tell."""

from pathlib import Path

import pytest

from calculators.calibration.memory_reports import (
    JudgedReport,
    errors_by_kind,
    judged_reports,
    memory_errors,
    memory_reports,
)
from calculators.catalog.catalog import Catalog
from calculators.errors import DataError


@pytest.fixture(scope="module")
def judged(live_catalog: Catalog) -> list[JudgedReport]:
    return judged_reports(memory_reports(live_catalog), live_catalog)


def test_every_report_has_an_address_a_day_and_a_kind(live_catalog: Catalog) -> None:
    reports = memory_reports(live_catalog)
    assert len(reports) >= 50
    assert all(r.url.startswith("https://") and len(r.seen) == 10 and r.kind for r in reports)


def test_weights_and_capacity_are_off_by_little(judged: list[JudgedReport]) -> None:
    overall = memory_errors(judged)
    assert overall.weights_median_frac < 0.02
    assert overall.weights_p90_frac < 0.10
    assert overall.room_median_frac < 0.05
    assert overall.room_p90_frac < 0.25


def test_what_ran_is_not_called_impossible(judged: list[JudgedReport]) -> None:
    ran = [j for j in judged if j.report.started]
    assert len(ran) > 30
    assert [j.report.name for j in ran if not j.told.fits] == []


def test_what_did_not_start_is_not_called_fitting_but_for_one(judged: list[JudgedReport]) -> None:
    """One ran out of memory after its cache was laid out, at 0.95, where the log does not say what else was on the GPU."""
    failed = [j for j in judged if j.report.started is False]
    assert len(failed) >= 7
    assert sum(j.told.fits for j in failed) <= 1


def test_kinds_cover_every_report_once(judged: list[JudgedReport]) -> None:
    assert sum(e.reports_count for e in errors_by_kind(judged).values()) == len(judged)


def test_a_missing_file_is_named(live_catalog: Catalog, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"none\.csv"):
        memory_reports(live_catalog, tmp_path / "none.csv")
