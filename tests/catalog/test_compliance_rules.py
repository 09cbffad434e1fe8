"""Requirements and facts about operators."""

from typing import Any

import pytest
from pydantic import ValidationError

from calculators.catalog.catalog import Catalog
from calculators.catalog.compliance_rules import Operators, Requirements


def test_operators_are_looked_up_by_kind_of_path(live_catalog: Catalog) -> None:
    for (path, id), operator in live_catalog.operators.items():
        assert (operator.path, operator.id) == (path, id)


def test_every_fact_that_counts_can_be_looked_up_where_it_was_read(live_catalog: Catalog) -> None:
    file = live_catalog.operators_file
    sources = {fact.source for operator in file.operators for fact in operator.facts.values()}
    assert [id for id in sorted(sources) if not file.sources[id].url and file.sources[id].kind != "assumption"] == []


def test_an_operator_is_listed_once_on_a_path(live_catalog: Catalog) -> None:
    plain: dict[str, Any] = live_catalog.operators_file.model_dump()
    with pytest.raises(ValidationError, match="listed twice on one path"):
        Operators.model_validate(plain | {"operators": [*plain["operators"], plain["operators"][0]]})


@pytest.mark.parametrize(
    ("changes", "message"),
    [({"implies": ["nothing"]}, "implies names no requirement: nothing"), ({}, "is there twice")],
)
def test_requirements_that_contradict_themselves_are_refused(
    live_catalog: Catalog, changes: dict[str, Any], message: str
) -> None:
    plain: dict[str, Any] = live_catalog.requirements_file.model_dump()
    first = plain["requirements"][0]
    added = first | {"id": "another"} | changes if changes else first
    with pytest.raises(ValidationError, match=message):
        Requirements.model_validate(plain | {"requirements": [*plain["requirements"], added]})
