"""Cells of a workbook."""

from xml.etree import ElementTree as ET

import pytest

from calculators.logs.workbook import MAIN, _cell_text, _column


@pytest.mark.parametrize(("reference", "at"), [("A1", 0), ("C12", 2), ("AB3", 27), ("", 4)])
def test_columns_by_letters_or_one_after_another(reference: str, at: int) -> None:
    assert _column(reference, 4 if not reference else 0) == at


def test_texts_are_shared_or_in_the_cell_and_numbers_as_they_are() -> None:
    shared, number, inline = ET.Element("c", t="s"), ET.Element("c"), ET.Element("c", t="inlineStr")
    ET.SubElement(shared, f"{MAIN}v").text, ET.SubElement(number, f"{MAIN}v").text = "1", "46300.375"
    ET.SubElement(inline, f"{MAIN}t").text = "tokens"
    assert [_cell_text(cell, ["a", "b"]) for cell in (shared, number, inline)] == ["b", "46300.375", "tokens"]
