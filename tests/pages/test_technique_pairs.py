"""How much faster each technique makes runs, on *Model accuracy*."""

from app_pages import opened, words

from calculators.calibration.technique_pairs import PAIRED_TECHNIQUES


def test_gains_are_judged_by_technique() -> None:
    page = opened("pages/reference/accuracy.py")
    assert not page.exception
    assert "Median error of a gain" in words(page)
    table = next(table.value for table in page.dataframe if "Gain, median error" in table.value)
    assert [name.lower() for name in table["Technique"]] == [name.lower() for name in PAIRED_TECHNIQUES]
    assert (table["Pairs"] >= 3).all()
