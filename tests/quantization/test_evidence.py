"""The sensitivity map: complete, sourced, and with its conflicts kept."""

from calculators.catalog.quantization import TOLERANCE_RANK, sensitivity
from calculators.performance.quantization_recipe import TENSOR_CLASSES
from calculators.quantization.checkpoint_scan import CLASS_PATTERNS
from calculators.quantization.evidence import (
    CACHE_FORMATS,
    MAP_FORMATS,
    TOLERANCE_WORDS,
    carried_over,
    cell_tolerance,
    class_tolerance,
    rows_of,
    sensitivity_takeaway,
    worst_tolerance,
)

KNOWN = sensitivity()


def test_every_cell_is_filled_and_coarser_than_eight_bits_is_never_safer() -> None:
    for row in KNOWN.weights:
        assert (
            TOLERANCE_RANK[worst_tolerance(row.fp8)]
            <= TOLERANCE_RANK[worst_tolerance(row.nvfp4)]
            <= TOLERANCE_RANK[worst_tolerance(row.mxfp4)]
        ), row.name
        assert all(cell_tolerance(row, name) for name in MAP_FORMATS)
    for cache in KNOWN.caches:
        assert TOLERANCE_RANK[worst_tolerance(cache.fp8)] <= min(
            TOLERANCE_RANK[worst_tolerance(cell_tolerance(cache, name))] for name in CACHE_FORMATS[1:]
        )


def test_the_published_order_holds() -> None:
    """Weights of attention tolerate more than down projections, those more than routers; keys less than values."""
    by_name = {row.name: row for row in KNOWN.weights}
    assert worst_tolerance(by_name["query"].int4) == "tolerates"
    assert worst_tolerance(by_name["down"].mxfp4) == "avoid"
    assert worst_tolerance(by_name["router"].int8) == "avoid"
    assert worst_tolerance(by_name["softmax and scores"].nvfp4) == "avoid"
    keys, values = KNOWN.caches
    assert TOLERANCE_RANK[worst_tolerance(keys.mxfp4)] > TOLERANCE_RANK[worst_tolerance(values.mxfp4)]


def test_studies_that_disagree_are_shown_and_not_averaged() -> None:
    up = next(row for row in KNOWN.weights if row.name == "up")
    assert up.mxfp4 == ("caution", "avoid")
    assert worst_tolerance(up.mxfp4) == "avoid"
    assert "conflict" in up.note
    attention = [row for row in KNOWN.weights if row.name in ("query", "key", "value", "attention output")]
    assert {row.nvfp4 for row in attention} == {("tolerates", "caution")}
    assert all("conflict" in row.note for row in attention)


def test_caches_in_nvfp4_are_told_apart_from_those_in_mxfp4() -> None:
    """The maker of the one reports less than 1% lost, SGLang measured the other on hard problems."""
    for row in KNOWN.caches:
        assert row.nvfp4 == ("tolerates", "caution")
        assert TOLERANCE_RANK[worst_tolerance(row.mxfp4)] >= TOLERANCE_RANK[worst_tolerance(row.nvfp4)]
    assert carried_over(KNOWN.caches[0], "int8")


def test_every_scanned_class_of_weights_and_every_class_of_a_recipe_has_its_rows() -> None:
    for kind in {kind for kind, _ in CLASS_PATTERNS} | set(TENSOR_CLASSES):
        assert len(rows_of(kind, KNOWN)) == len(kind.split(",")), kind
    assert rows_of("other", KNOWN) == []
    assert [row.name for row in rows_of("gate, up", KNOWN)] == ["gate", "up"]


def test_cells_without_evidence_of_their_own_say_so() -> None:
    """FP4 was put on single kinds of layers; of the attention's weights in INT8 nobody said anything apart."""
    by_name = {row.name: row for row in KNOWN.weights}
    assert not carried_over(by_name["query"], "nvfp4")
    assert carried_over(by_name["query"], "int8")
    assert carried_over(by_name["lm_head"], "int4")
    assert all(0 < len(row.own) < len(MAP_FORMATS) for row in KNOWN.weights)


def test_no_source_is_only_in_our_notes_and_most_can_be_opened() -> None:
    assert all(source.url and source.url.startswith("https://") for source in KNOWN.sources.values())
    cited = {
        key for row in (*KNOWN.weights, *KNOWN.caches, *KNOWN.conflicts, *KNOWN.whole_model) for key in row.evidence
    }
    assert cited == set(KNOWN.sources)


def test_a_scanned_tensor_is_told_the_strictest_tolerance_of_its_rows() -> None:
    assert class_tolerance("gate, up", "mxfp4", KNOWN) == "avoid"
    assert class_tolerance("query", "nvfp4", KNOWN) == "caution"
    assert class_tolerance("other", "nvfp4", KNOWN) == "not in the map"
    assert set(TOLERANCE_WORDS) == set(TOLERANCE_RANK)


def test_the_takeaway_names_the_classes_to_keep_out_of_four_bit() -> None:
    text = sensitivity_takeaway(KNOWN.weights)
    assert text.startswith("Avoid at least one 4-bit floating-point format for: lm_head")
    assert "down" in text
    assert "query" not in text
