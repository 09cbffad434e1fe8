"""The decision record: frozen, readable again, comparable, and safe to open."""

import json
from datetime import date
from typing import Any

import pytest
from support import TODAY, scenario

from calculators.catalog.catalog import Catalog
from calculators.errors import DataError
from calculators.evaluate import evaluate, sensitivity_of
from calculators.report.decision_record import (
    MAX_DISSENT_CHARS,
    DecisionRecord,
    freeze,
    read_record,
    to_json_text,
)
from calculators.report.record_page import to_html, to_markdown
from calculators.units import usd


def record(catalog: Catalog, dissent: str = "", **changes: Any) -> DecisionRecord:
    evaluation = evaluate(scenario(**changes), catalog)
    return freeze(evaluation, sensitivity_of(evaluation, catalog), TODAY, dissent)


def test_a_record_survives_its_file_to_the_digit(catalog: Catalog) -> None:
    made = record(catalog, "Too early, says Ann.", compliance={"requirements": ["hipaa"]})
    assert read_record(to_json_text(made).encode(), "r.json") == made


def test_it_holds_every_figure_of_the_page(catalog: Catalog) -> None:
    found = evaluate(scenario(), catalog)
    sensitivity = sensitivity_of(found, catalog)
    made = freeze(found, sensitivity, TODAY)
    assert made.choice == found.verdict.sentence
    assert [o.usd_per_month for o in made.options] == [o.usd_per_month for o in found.options]
    assert [s.status for s in made.signals] == [s.status.replace("_", " ") for s in found.signals.exit_signals]
    assert len(made.flips) <= 3
    assert made.review == sensitivity.review
    assert all(a.source for a in made.assumptions)
    for text in (to_markdown(made), to_html(made)):
        assert usd(found.options[1].usd_per_month).lstrip("$") in text


def test_growth_stands_with_its_range_and_with_whose_it_is(catalog: Catalog) -> None:
    def growth(**workload: Any) -> tuple[str, str, str]:
        made = record(catalog, workload=workload)
        row = next(a for a in made.assumptions if a.what == "Growth per month")
        return row.value, row.basis, row.source

    typed = {"growth_per_month_frac": 0.03, "growth_low_frac": -0.02, "growth_high_frac": 0.08}
    assert growth(**typed) == ("3% (−2% to +8%)", "as entered", "as entered")
    log = {"source": "log:x.csv", "growth_basis": "measured", "growth_range_frac": (-0.01, 0.02)}
    assert growth(**log) == ("0% (−1% to +2%)", "measured", "log:x.csv")


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "not a decision record"),
        (b"[]", "not a decision record"),
        (b"{}", "made_on"),
        (b"[" * 100_000, "not a decision record"),
        (b" " * 2_000_001, "larger than"),
    ],
)
def test_a_file_that_is_none_is_refused_with_the_reason(content: bytes, why: str) -> None:
    with pytest.raises(DataError, match=why):
        read_record(content, "r.json")


def test_a_changed_field_is_named(catalog: Catalog) -> None:
    plain = json.loads(to_json_text(record(catalog)))
    plain["scenario"]["workload"]["peak_ratio"] = 0
    with pytest.raises(DataError, match="Peak-to-average ratio must be at least 1"):
        read_record(json.dumps(plain).encode(), "r.json")


def test_a_dissent_has_a_length(catalog: Catalog) -> None:
    with pytest.raises(DataError, match="Dissenting views: "):
        record(catalog, "x" * (MAX_DISSENT_CHARS + 1))
    assert record(catalog, "x" * MAX_DISSENT_CHARS).made_on == date(2026, 11, 23)


def test_numbers_that_are_none_are_refused(catalog: Catalog) -> None:
    text = to_json_text(record(catalog)).replace('"low_usd_per_month": ', '"low_usd_per_month": NaN, "x": ', 1)
    with pytest.raises(DataError, match="low_usd_per_month"):
        read_record(text.encode(), "r.json")
