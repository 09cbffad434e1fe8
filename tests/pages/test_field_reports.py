"""Speeds that others report, by kind, on *Model accuracy*."""

from app_pages import opened, words

from calculators.calibration.field_reports import field_reports


def test_reported_speeds_are_judged_by_kind_and_one_by_one() -> None:
    page = opened("pages/reference/accuracy.py")
    assert not page.exception
    assert "figures that others reported and no fit has seen" in words(page)
    tables = [table.value for table in page.dataframe]
    kinds = next(table for table in tables if "Within the stated range" in table.columns)
    assert {"Drafts", "Equal lengths come in waves"} <= set(kinds["Kind"])
    every = next(table for table in tables if "Why in doubt" in table.columns)
    assert len(every) == len(field_reports())
