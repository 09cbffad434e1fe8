"""Sentences on where the memory of each GPU goes."""

import pytest

from calculators.calibration.memory_reports import MemoryErrors, judged_reports, memory_reports
from calculators.catalog.catalog import Catalog
from calculators.performance.gpu_memory import MemorySettings
from calculators.performance.memory_sum import MemorySum, memory_sum
from calculators.performance.replica import ReplicaConfig
from calculators.report.memory_text import (
    MEMORY_NAMES,
    fits_words,
    memory_accuracy_sentence,
    memory_note,
    memory_takeaway,
    window_note,
)


def told(catalog: Catalog, tensor_parallel: int, context_tok: float | None = None) -> tuple[ReplicaConfig, MemorySum]:
    memory = MemorySettings(context_tok=context_tok)
    config = ReplicaConfig(
        catalog.model("llama-3.3-70b"), catalog.gpu("h100-sxm"), "bf16", tensor_parallel, memory=memory
    )
    return config, memory_sum(config, catalog)


def test_the_takeaway_adds_up(live_catalog: Catalog) -> None:
    config, found = told(live_catalog, 4)
    sentence = memory_takeaway(found)
    for gib in (found.visible_gib, found.weights_gib, found.kv_room_gib):
        assert f"{gib:.1f} GiB" in sentence
    assert [line.name for line in found.lines] == list(MEMORY_NAMES)
    assert "vLLM from version 0.21" in memory_note(config, found, live_catalog)


def test_what_does_not_fit_says_so(live_catalog: Catalog) -> None:
    _, found = told(live_catalog, 1)
    assert "leave nothing" in memory_takeaway(found)
    assert window_note(found).startswith("Nothing is left")


@pytest.mark.parametrize(
    ("context_tok", "start"), [(8_192.0, "Compare"), (1_000_000.0, "A request of the model's whole")]
)
def test_a_window_too_long_gets_its_limit(live_catalog: Catalog, context_tok: float, start: str) -> None:
    _, found = told(live_catalog, 4, context_tok)
    assert window_note(found).startswith(start)
    if not found.fits:
        assert memory_sum(told(live_catalog, 4, found.longest_tok * 0.999)[0], live_catalog).fits


def test_the_sentence_on_accuracy_counts_starts(live_catalog: Catalog) -> None:
    judged = judged_reports(memory_reports(live_catalog), live_catalog)
    assert f"Memory of {len(judged)} logged starts" in memory_accuracy_sentence(judged)
    nan = float("nan")
    none = MemoryErrors(
        reports_count=1,
        weights_median_frac=nan,
        weights_p90_frac=nan,
        room_median_frac=nan,
        room_p90_frac=nan,
        fits_right_count=0,
        fits_count=0,
        open_count=0,
    )
    assert fits_words(none) == "not told"
