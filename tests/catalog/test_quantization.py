"""The schema of the sensitivity map: a file that contradicts itself is refused."""

import pytest

from calculators.catalog.quantization import Sensitivity
from calculators.catalog.yaml_reader import parse_record
from calculators.errors import DataError

TEXT = """
weights:
- {class: a, fp8: [tolerates], int8: [caution], int4: [caution], nvfp4: [caution], mxfp4: [avoid], own: [OWN], confidence: low, evidence: [x], note: n}
caches:
- {class: b, fp8: [tolerates], int8: [caution], nvfp4: [caution], mxfp4: [caution], int4: CELL, turboquant: [caution], int2: [avoid], own: [], confidence: low, evidence: [s], note: n}
conflicts: []
whole_model: [{text: t, confidence: low, evidence: [s]}]
sources: {s: {title: t, accessed: 2026-01-01, kind: paper}}
"""


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("OWN", "fp8", "names no source of this file: x"),
        ("OWN", "fp3", "own names no format of this table: fp3"),
        ("CELL", "[avoid, caution]", "the milder one comes first"),
        ("CELL", "[caution, caution]", "two entries in a cell differ"),
    ],
)
def test_a_map_that_contradicts_itself_is_an_error(old: str, new: str, why: str) -> None:
    text = TEXT.replace(old, new).replace("OWN", "fp8").replace("CELL", "[caution]")
    with pytest.raises(DataError, match=why):
        parse_record(text.encode(), Sensitivity, "q.yaml")
