"""Changes of a scenario that are asked for, by the labels and pages of their inputs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from calculators.scenario.schema import Scenario, label
from calculators.units import capital, listed

PAGE_TITLES: Mapping[str, str] = {
    "targets": "Workload",
    "hardware": "Candidates",
    "candidates": "Candidates",
    "operations": "Candidates",
    "operations.regions": "Signals and compliance",
    "techniques": "Six techniques",
    "compliance": "Signals and compliance",
}
"""The page of an input, or of every other input of a section."""


@dataclass(frozen=True, slots=True)
class Change:
    """Values to put into a scenario, and the clause that asks for them."""

    values: Mapping[str, Any]
    """By field, as 'hardware.max_gpus' or 'candidates'."""
    words: str = ""

    def applied(self, scenario: Scenario) -> Scenario:
        """The scenario with the values in place."""
        for field, value in self.values.items():
            section, _, name = field.partition(".")
            if name:
                value = getattr(scenario, section).model_copy(update={name: value})
            scenario = scenario.model_copy(update={section: value})
        return scenario

    @property
    def page(self) -> str:
        """Title of the page of its input."""
        field = next(iter(self.values))
        return PAGE_TITLES.get(field) or PAGE_TITLES[field.partition(".")[0]]


def input_label(field: str) -> str:
    """Label on the screen of an input, without what an empty one means."""
    return label(field).partition(" (empty")[0]


def asked(changes: Sequence[Change]) -> str:
    """Changes as one sentence, those of one page together; empty for none."""
    by_page: dict[str, list[str]] = {}
    for change in changes:
        by_page.setdefault(change.page, []).append(change.words)
    clauses = [f"{listed(words)} on the {page} page" for page, words in by_page.items()]
    return capital(f"{listed(clauses, ', and').replace(' , and', ', and')}.") if clauses else ""
