"""Sentences of the prefill and decode view: the field's words and one number format."""

from dataclasses import replace
from typing import get_args

import pytest
from support import FIXED_ROOT, scenario

from calculators.catalog.load import load_catalog
from calculators.performance.phases import Bottleneck, TermKind
from calculators.performance.stated_range import FigureRange
from calculators.report import phase_text as text
from calculators.report.phase_view import PhaseView, ReplicaChoice, phase_view
from calculators.scenario.inputs import Inputs

CATALOG = load_catalog(FIXED_ROOT)


def view(**changes: dict[str, object]) -> PhaseView:
    choice = ReplicaChoice(CATALOG.model("llama-3.3-70b"), CATALOG.gpu("h100-sxm"), "fp8", 2)
    seen = phase_view(choice, Inputs.of(scenario(**changes), CATALOG))
    assert isinstance(seen, PhaseView)
    return seen


def test_every_code_has_words() -> None:
    for words in (text.BOTTLENECK_WORDS, text.BOUND_WORDS, text.PHASE_REMEDIES):
        assert set(words) == set(get_args(Bottleneck))
    assert set(text.TERM_WORDS) == set(get_args(TermKind))
    assert len(set(text.TERM_WORDS.values())) == len(text.TERM_WORDS)


def test_the_headline_names_what_bounds_each_phase() -> None:
    assert text.headline(view()).startswith("Prefill is compute-bound; decode is memory-bandwidth-bound. ")


def test_each_batch_is_said_to_be_a_load() -> None:
    seen = view()
    assert seen.capacity is not None
    batch = f"{round(seen.capacity.batch)}"
    limit = seen.capacity.limit_words
    heading = f"At the highest load within your targets (batch {batch}); the binding constraint is the {limit}"
    assert text.load_heading(seen) == heading
    assert f"a decode step of batch {batch} takes" in text.headline(seen)
    assert f"Batch {batch}: the highest load within your targets." in text.roofline_note(seen)
    assert text.load_heading(replace(seen, capacity=None)) == "No load meets your latency targets."
    assert text.roofline_note(replace(seen, capacity=None)).startswith("At data-sheet rates")


def test_the_conditions_say_what_the_figures_are_for() -> None:
    replica, peak = text.conditions(view())
    assert replica.startswith("One replica: ")
    assert "TTFT (time to first token) p95" in peak
    assert any("own measurement" in line for line in text.conditions(view(hardware={"throughput_factor": 0.8})))


def test_an_engine_as_it_ships_is_told_once_and_which_line_is_a_tuned_ones() -> None:
    shipped = [line for line in text.conditions(view(hardware={"launch": "as_shipped"})) if "tuned one" in line]
    assert len(shipped) == 1
    assert "decode steps take 1." in shipped[0]
    assert not any("tuned one" in line for line in text.conditions(view()))


def test_a_missed_target_is_said_in_words_and_has_no_range() -> None:
    assert text.latency_words(None) == "over target"
    assert text.range_words(None, FigureRange(2.0, 2.0)) is None
    assert text.range_words(100.0, None) is None
    assert text.range_words(100.0, FigureRange(2.0, 3.0)) == "80%: 50 ms to 300 ms"


def test_takeaways_carry_the_figures_of_the_view() -> None:
    seen = view()
    assert "FLOP (floating-point operations) per byte" in text.roofline_takeaway(seen)
    assert "At data-sheet rates, reading FP8 weights" in text.roofline_note(seen)
    assert "of decode time goes to memory bandwidth" in text.shares_takeaway(seen)
    assert text.remedy_sentence(seen.prefill).startswith("To speed up prefill (TTFT), ")
    assert "near the batch limit of " in text.load_takeaway(seen)
    assert text.phase_name(seen.decode_alone) == "Decode, batch 1"


@pytest.mark.parametrize(("techniques", "says"), [({}, False), ({"speculation": True}, True)])
def test_the_note_on_the_curves_names_what_they_leave_out(techniques: dict[str, object], says: bool) -> None:
    assert ("speculative decoding" in text.load_note(view(techniques=techniques))) is says
