"""Definitions of every term the app shows, from `glossary/terms.yaml`: help of labels, expansions of abbreviations.

Words are no data, so the file lies outside the folders that the catalog's digest is made of.
"""

from collections.abc import Mapping
from functools import cache
from typing import Annotated, Literal

from pydantic import Field, model_validator

from calculators.catalog.base import Record, SourcedFile
from calculators.catalog.catalog import alias_key
from calculators.catalog.load import ROOT, load_sourced
from calculators.errors import UnknownId

Group = Literal[
    "traffic", "latency", "cost", "decision", "fleet", "model", "techniques", "prompts", "serving", "compliance"
]
PlainText = Annotated[str, Field(min_length=1, max_length=300, pattern=r"^[^*_\[\]`$<>\\]+$")]
"""Text that Markdown shows as it is written."""
InputField = Annotated[str, Field(pattern=r"^[a-z_]+(\.[a-z0-9_]+)?$")]
"""A scenario field, as 'workload.peak_ratio'."""


class Term(Record):
    """One word of the field: what it means, in which unit, and for an input how to get it and what it does."""

    term: PlainText
    abbreviation: PlainText | None = None
    aliases: tuple[PlainText, ...] = ()
    """Other words on the screen that mean the same."""
    group: Group
    inputs: tuple[InputField, ...] = ()
    """Scenario fields that it explains."""
    definition: PlainText
    unit: PlainText | None = None
    get: PlainText | None = None
    """How to get the value; None: not an input."""
    effect: PlainText | None = None
    """What the input does to the answer; None: not an input."""
    source: str

    @property
    def names(self) -> tuple[str, ...]:
        """Everything the term can be looked up by."""
        return (self.term, *((self.abbreviation,) if self.abbreviation else ()), *self.aliases, *self.inputs)


class Glossary(SourcedFile):
    """All terms, in the order of the Help page."""

    terms: tuple[Term, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _distinct(self) -> "Glossary":
        names = [alias_key(name) for term in self.terms for name in term.names]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"terms: {', '.join(twice)} named twice; a name has one meaning")
        return self


@cache
def glossary() -> Glossary:
    """The glossary, read once. Raises DataError that names file, line and field."""
    return load_sourced(ROOT / "glossary/terms.yaml", Glossary)


def definition(name: str) -> Term:
    """The entry of a term, abbreviation, alias or scenario field, upper or lower case. Raises UnknownId."""
    entry = _by_name().get(alias_key(name))
    if entry is None:
        raise UnknownId(f"'{name[:60]}' is not in the glossary; add it to glossary/terms.yaml.")
    return entry


def help_text(name: str) -> str:
    """Markdown for the `help` of a label: definition, unit, how to get it, effect. Raises UnknownId."""
    entry = definition(name)
    labelled = (("Unit", entry.unit), ("How to get it", entry.get), ("Effect", entry.effect))
    return "\n\n".join([entry.definition, *(f"{label}: {_sentence(text)}" for label, text in labelled if text)])


def expanded(abbreviation: str) -> str:
    """An abbreviation for its first use on a page: 'TTFT (time to first token)'. Raises UnknownId."""
    entry = definition(abbreviation)
    if entry.abbreviation is None:
        raise UnknownId(f"'{abbreviation[:60]}' is no abbreviation; add one to it in glossary/terms.yaml.")
    return f"{entry.abbreviation} ({entry.term})"


@cache
def _by_name() -> Mapping[str, Term]:
    return {alias_key(name): term for term in glossary().terms for name in term.names}


def _sentence(text: str) -> str:
    return text if text.endswith(".") else f"{text}."
