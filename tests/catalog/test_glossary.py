"""The glossary: complete entries in plain words, with sources that exist."""

import re
from pathlib import Path

import pytest

from calculators.catalog.glossary import Glossary, Term, definition, expanded, glossary, help_text
from calculators.catalog.load import load_catalog
from calculators.catalog.yaml_reader import parse_record
from calculators.errors import DataError, UnknownId
from calculators.scenario.schema import Scenario

TERMS = glossary().terms
INPUTS = [term for term in TERMS if term.get or term.inputs]
ABBREVIATIONS = [term.abbreviation for term in TERMS if term.abbreviation]
NOT_TYPED = {
    *("workload.source", "workload.cells", "workload.cache_write_frac"),
    *(f"workload.{name}_basis" for name in ("requests", "lengths", "p95", "cached", "peak", "growth")),
    *("api.paid_source", "evidence.api_latency_source"),
}
"""Where values came from, and what only a log or a file sets."""


def name_of(term: Term) -> str:
    return term.term


@pytest.mark.parametrize("term", TERMS, ids=name_of)
def test_a_definition_is_one_sentence_of_at_most_thirty_words(term: Term) -> None:
    assert term.definition.endswith(".")
    assert not re.search(r"[.!?] [A-Z]", term.definition)
    assert len(term.definition.split()) <= 30
    assert term.definition[0].isupper() or term.definition[0].isdigit()


@pytest.mark.parametrize("term", INPUTS, ids=name_of)
def test_an_input_says_how_to_get_it_and_what_it_does(term: Term) -> None:
    for text in (term.get, term.effect):
        assert text is not None
        assert text.endswith(".")


def test_every_field_of_a_scenario_that_a_person_fills_has_a_term() -> None:
    sections = [name for name, kind in Scenario.model_fields.items() if hasattr(kind.annotation, "model_fields")]
    fields = {
        f"{section}.{field}"
        for section in sections
        for field in Scenario.model_fields[section].annotation.model_fields  # type: ignore[union-attr]
    }
    explained = {field for term in TERMS for field in term.inputs}
    assert explained - fields == {"candidates"}
    assert fields - explained == NOT_TYPED


def test_every_source_is_used_and_has_an_address_unless_it_is_our_own() -> None:
    sources = glossary().sources
    assert {term.source for term in TERMS} == set(sources)
    assert [key for key, source in sources.items() if not (source.url or "").startswith("https://")] == ["crossover"]


@pytest.mark.parametrize("abbreviation", ABBREVIATIONS)
def test_every_abbreviation_is_expanded(abbreviation: str) -> None:
    words = expanded(abbreviation)
    assert words.startswith(f"{abbreviation} (")
    assert len(words) > 2 * len(abbreviation) + 3 or abbreviation == "evals"


def test_a_term_is_found_by_its_name_its_abbreviation_and_its_aliases() -> None:
    assert expanded("ttft") == "TTFT (time to first token)"
    assert definition("Time to first token") is definition("TTFT")
    assert definition("workload.peak_ratio") is definition("peak-to-average ratio")
    assert definition("exit signal") is definition("trigger for self-hosting")


def test_the_help_of_an_input_has_all_four_parts() -> None:
    parts = help_text("Peak-to-average ratio").split("\n\n")
    assert [part.split(":")[0] for part in parts[1:]] == ["Unit", "How to get it", "Effect"]
    assert parts[0].startswith("The peak-to-average ratio is")
    assert help_text("prefill").count("\n\n") == 1


@pytest.mark.parametrize("look_up", [definition, help_text, expanded])
def test_an_unknown_term_is_refused_with_the_file_to_add_it_to(look_up: object) -> None:
    with pytest.raises(UnknownId, match=r"glossary/terms\.yaml"):
        look_up("no such term")  # type: ignore[operator]


def test_a_term_without_abbreviation_has_no_expansion() -> None:
    with pytest.raises(UnknownId, match="is no abbreviation"):
        expanded("prefill")


@pytest.mark.parametrize(
    ("entry", "complaint"),
    [
        (
            "{term: a, group: traffic, definition: A., source: s}, {term: A, group: cost, definition: B., source: s}",
            "a",
        ),
        ("{term: a, group: traffic, definition: 'A costs $1.', source: s}", "pattern"),
        ("{term: a, group: weather, definition: A., source: s}", "traffic"),
        ("{term: a, group: traffic, definition: A., source: s, meaning: b}", "not a known key"),
    ],
)
def test_a_broken_entry_is_refused(entry: str, complaint: str) -> None:
    text = f"terms: [{entry}]\nsources: {{s: {{title: t, accessed: 2026-11-29, kind: derived}}}}\n"
    with pytest.raises(DataError, match=complaint):
        parse_record(text.encode(), Glossary, "terms.yaml")


def test_words_are_no_data(tmp_path: Path) -> None:
    """Rewording an entry must not make saved links warn of changed prices."""
    import shutil

    from calculators.catalog.load import ROOT, _digest

    for folder in ("pricing_data", "glossary"):
        shutil.copytree(ROOT / folder, tmp_path / folder)
    before = _digest(tmp_path)
    (tmp_path / "glossary/terms.yaml").write_text("changed", encoding="utf-8")
    assert _digest(tmp_path) == before
    assert load_catalog().digest
