"""Changes that are asked for: put into a scenario, and told with the labels and pages of the screen."""

import re
from pathlib import Path

import pytest
from support import scenario

from calculators.options.loosenings import NATURAL, REQUIREMENTS
from calculators.scenario.change import Change, asked, input_label
from pages.shared.state import page_of

APP = (Path(__file__).parents[2] / "app.py").read_text(encoding="utf-8")
TITLES = dict(re.findall(r'st\.Page\("([^"]+)", title="([^"]+)"', APP))


def test_changes_of_several_sections_are_put_in_place() -> None:
    before = scenario()
    after = Change({"hardware.max_gpus": 7, "targets.tpot_ms": None, "candidates": ()}).applied(before)
    assert (after.hardware.max_gpus, after.targets.tpot_ms, after.candidates) == (7, None, ())
    assert after.hardware.gpus == before.hardware.gpus


def test_changes_of_one_page_are_told_together() -> None:
    gpus, term = Change({"hardware.max_gpus": 8}, "raise A to 8"), Change({"hardware.commitments": ()}, "add B to C")
    target = Change({"targets.tpot_ms": 9}, "raise D to 9")
    assert asked([]) == ""
    assert asked([gpus]) == "Raise A to 8 on the Candidates page."
    assert (
        asked([gpus, target, term])
        == "Raise A to 8 and add B to C on the Candidates page, and raise D to 9 on the Workload page."
    )


@pytest.mark.parametrize("field", ["candidates", *(one.name for one in (*NATURAL, REQUIREMENTS))])
def test_an_input_is_told_with_the_page_on_which_it_is(field: str) -> None:
    page = page_of(field)
    assert page is not None
    assert Change({field: None}).page == TITLES[page]
    assert "(empty" not in input_label(field)
