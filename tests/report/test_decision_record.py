"""The decision record: frozen, readable again, comparable, and safe to open."""

import json
from datetime import date
from html.parser import HTMLParser
from typing import Any

import pytest
from support import TODAY, scenario

from calculators.catalog.catalog import Catalog
from calculators.errors import DataError
from calculators.evaluate import evaluate
from calculators.report.decision_record import (
    MAX_DISSENT_CHARS,
    DecisionRecord,
    freeze,
    read_record,
    to_json_text,
)
from calculators.report.record_changes import record_changes
from calculators.report.record_page import sections, to_html, to_markdown
from calculators.units import usd

HOSTILE = "<script>alert(1)</script> | **bold** $x$ [a](http://b)\nsecond line"


def record(catalog: Catalog, dissent: str = "", **changes: Any) -> DecisionRecord:
    return freeze(evaluate(scenario(**changes), catalog), TODAY, dissent)


def test_a_record_survives_its_file_to_the_digit(catalog: Catalog) -> None:
    made = record(catalog, "Too early, says Ann.", compliance={"requirements": ["hipaa"]})
    assert read_record(to_json_text(made).encode(), "r.json") == made


def test_it_holds_every_figure_of_the_page(catalog: Catalog) -> None:
    found = evaluate(scenario(), catalog)
    made = freeze(found, TODAY)
    assert made.choice == found.verdict.sentence
    assert [o.usd_per_month for o in made.options] == [o.usd_per_month for o in found.options]
    assert [s.status for s in made.signals] == [s.status.replace("_", " ") for s in found.signals.exit_signals]
    assert len(made.flips) <= 3
    assert made.review == found.review
    assert all(a.source for a in made.assumptions)
    for text in (to_markdown(made), to_html(made)):
        assert usd(found.options[1].usd_per_month).lstrip("$") in text


def test_it_says_the_same_after_prices_have_moved_and_lists_what_changed(catalog: Catalog) -> None:
    then = record(catalog, api={"discount_frac": 0.2})
    moved = record(catalog)  # the discount ends
    frozen = read_record(to_json_text(then).encode(), "r.json")
    assert to_markdown(frozen) == to_markdown(then)
    found = {c.what: (c.then, c.now) for c in record_changes(frozen, moved)}
    assert found["closed on Test Host"] == ("$8.8k/month", "$11k/month")
    assert record_changes(then, then) == []


def test_an_option_that_is_gone_is_said_to_be(catalog: Catalog) -> None:
    then, now = record(catalog), record(catalog, targets={"tpot_ms": 0.1})
    assert any(c.now == "not available" for c in record_changes(then, now))


class Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.add(tag)


def test_what_people_type_is_text_in_every_form(catalog: Catalog) -> None:
    made = record(catalog, HOSTILE, name=HOSTILE[:100])
    tags = Tags()
    tags.feed(to_html(made))
    assert tags.found <= {
        *[
            "html",
            "head",
            "meta",
            "title",
            "style",
            "body",
            "h1",
            "h2",
            "section",
            "p",
            "table",
            "thead",
            "tbody",
            "tr",
            "th",
            "td",
        ]
    }
    markdown = to_markdown(made)
    assert "<script" not in markdown.replace("\\<", "")
    assert "\\*\\*bold\\*\\*" in markdown
    assert markdown.splitlines()[0].startswith("# ")


def test_sections_come_in_the_order_of_a_decision(catalog: Catalog) -> None:
    titles = [s.title for s in sections(record(catalog))]
    assert titles[0] == "Decision"
    assert titles[-2:] == ["Dissenting views", "Next review"]
    assert {
        "Options considered",
        "Triggers for leaving the API",
        "Compliance",
        "Key assumptions",
        "Inputs and prices",
    } <= set(titles)
    assert all(len(row) == len(s.header) for s in sections(record(catalog)) for row in s.rows)


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


def test_control_characters_and_addresses_of_a_foreign_record_do_nothing(catalog: Catalog) -> None:
    plain = json.loads(to_json_text(record(catalog)))
    plain["trust"] = [
        "see https://evil.example now\r---\r",
        "mail x@evil.example",
        "- a list",
        "1. another",
        "\x1b[2J\u202e",
    ]
    read = read_record(json.dumps(plain).encode(), "r.json")
    lines = to_markdown(read).splitlines()
    assert not any("://evil" in line or "@evil" in line for line in lines)
    assert "\\- a list" in lines
    assert "1\\. another" in lines
    assert "\x1b" not in to_html(read)
    assert "\u202e" not in to_html(read)
    assert "\r" not in to_markdown(read)


def test_numbers_that_are_none_are_refused(catalog: Catalog) -> None:
    text = to_json_text(record(catalog)).replace('"low_usd_per_month": ', '"low_usd_per_month": NaN, "x": ', 1)
    with pytest.raises(DataError, match="low_usd_per_month"):
        read_record(text.encode(), "r.json")


def test_another_winner_of_the_same_kind_is_a_change(catalog: Catalog) -> None:
    one, other = (record(catalog, compliance={"requirements": [r]}) for r in ("gdpr-eu-processing", "air-gap"))
    assert one.kind == other.kind == "forced_by_compliance"
    assert "Cheapest option" in {c.what for c in record_changes(one, other)}
