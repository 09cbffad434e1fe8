"""Cells of a workbook."""

from xml.etree import ElementTree as ET

import pytest

from calculators.logs.workbook import MAIN, _cell_text, _chosen, _column, _Words


@pytest.mark.parametrize(("reference", "at"), [("A1", 0), ("C12", 2), ("AB3", 27), ("", 4)])
def test_columns_by_letters_or_one_after_another(reference: str, at: int) -> None:
    assert _column(reference, 4 if not reference else 0) == at


def test_texts_are_shared_or_in_the_cell_and_numbers_as_they_are() -> None:
    shared, number, inline = ET.Element("c", t="s"), ET.Element("c"), ET.Element("c", t="inlineStr")
    ET.SubElement(shared, f"{MAIN}v").text, ET.SubElement(number, f"{MAIN}v").text = "1", "46300.375"
    ET.SubElement(inline, f"{MAIN}t").text = "tokens"
    assert [_cell_text(cell, _Words(["a", "b"])) for cell in (shared, number, inline)] == ["b", "46300.375", "tokens"]


def test_dates_that_count_from_1904_are_moved_and_other_numbers_not() -> None:
    date, count = ET.Element("c", s="1"), ET.Element("c", s="0")
    ET.SubElement(date, f"{MAIN}v").text, ET.SubElement(count, f"{MAIN}v").text = "44817.5", "44817"
    assert [_cell_text(cell, _Words([], frozenset("1"))) for cell in (date, count)] == ["46279.5", "44817"]


def test_the_sheet_of_requests_counts_before_one_of_sums() -> None:
    sums, requests = [["model", "input_tokens", "output_tokens"]], [["time", "input_tokens", "output_tokens"]]
    assert _chosen({"sums": sums, "requests": requests}, "x") == ["requests"]
