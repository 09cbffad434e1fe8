"""The sensitivity map: complete, sourced, and with its conflicts kept."""

import pytest

from calculators.quantize_scan import CLASSES
from calculators.sensitivity import (
    CACHE_FORMATS,
    RANK,
    WEIGHT_FORMATS,
    Sensitivity,
    row_of,
    sensitivity,
    verdict,
    worst,
)
from calculators.yaml_files import DataError, parse_record

KNOWN = sensitivity()


def test_every_cell_is_filled_and_coarser_than_eight_bits_is_never_safer() -> None:
    for row in KNOWN.weights:
        assert RANK[worst(row.fp8)] <= RANK[worst(row.nvfp4)] <= RANK[worst(row.mxfp4)], row.name
        assert all(verdict(row, name) for name in WEIGHT_FORMATS)
    for cache in KNOWN.caches:
        assert RANK[worst(cache.fp8)] <= min(RANK[worst(verdict(cache, name))] for name in CACHE_FORMATS[1:])


def test_the_published_order_holds() -> None:
    """Weights of attention bear more than down projections, those more than routers; keys less than values."""
    by_name = {row.name: row for row in KNOWN.weights}
    assert worst(by_name["query"].nvfp4) == "tolerates"
    assert worst(by_name["down"].mxfp4) == "poison"
    assert worst(by_name["router"].int8) == "poison"
    assert worst(by_name["softmax and scores"].nvfp4) == "poison"
    keys, values = KNOWN.caches
    assert RANK[worst(keys.fp4)] > RANK[worst(values.fp4)]


def test_studies_that_disagree_are_shown_and_not_averaged() -> None:
    up = next(row for row in KNOWN.weights if row.name == "up")
    assert up.mxfp4 == ("caution", "poison")
    assert worst(up.mxfp4) == "poison"
    assert "conflict" in up.note


def test_every_scanned_class_of_weights_has_a_row() -> None:
    named = {kind for kind, _ in CLASSES} - {"query, key, value"}
    assert all(row_of(kind, KNOWN) is not None for kind in named)
    assert row_of("other", KNOWN) is None


def test_a_source_that_is_not_there_is_an_error() -> None:
    text = """
weights:
- {class: a, fp8: [tolerates], int8: [caution], int4: [caution], nvfp4: [caution], mxfp4: [poison], evidence: [x], note: n}
caches:
- {class: b, fp8: [tolerates], fp4: [caution], int4: [caution], int2: [poison], evidence: [s], note: n}
sources: {s: {title: t, accessed: 2026-01-01, kind: paper}}
"""
    with pytest.raises(DataError, match="evidence names no source of this file: x"):
        parse_record(text.encode(), Sensitivity, "q.yaml")
