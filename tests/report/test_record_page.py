"""A record as Markdown and HTML, safe to open."""

import json
from html.parser import HTMLParser
from typing import Any

from support import TODAY, scenario

from calculators.catalog.catalog import Catalog
from calculators.evaluate import evaluate, sensitivity_of
from calculators.report.decision_record import DecisionRecord, freeze, read_record, to_json_text
from calculators.report.record_page import sections, to_html, to_markdown

HOSTILE = "<script>alert(1)</script> | **bold** $x$ [a](http://b)\nsecond line"


def record(catalog: Catalog, dissent: str = "", **changes: Any) -> DecisionRecord:
    evaluation = evaluate(scenario(**changes), catalog)
    return freeze(evaluation, sensitivity_of(evaluation, catalog), TODAY, dissent)


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
        "Triggers for self-hosting",
        "Compliance",
        "Key assumptions",
        "Inputs and prices",
    } <= set(titles)
    assert all(len(row) == len(s.header) for s in sections(record(catalog)) for row in s.rows)


def test_the_decision_tells_its_total_and_records_without_one_still_open(catalog: Catalog) -> None:
    made = record(catalog)
    assert made.over_horizon.startswith("Over ")
    assert made.over_horizon in sections(made)[0].paragraphs
    earlier = {key: value for key, value in json.loads(to_json_text(made)).items() if key != "over_horizon"}
    opened = read_record(json.dumps(earlier).encode(), "record.json")
    assert "" not in sections(opened)[0].paragraphs


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
