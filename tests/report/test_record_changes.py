"""What changed between two records: figures and codes, not words."""

from typing import Any

from support import TODAY, scenario

from calculators.catalog.catalog import Catalog
from calculators.evaluate import evaluate, sensitivity_of
from calculators.report.decision_record import DecisionRecord, Flipping, freeze, read_record, to_json_text
from calculators.report.record_changes import changes_choice, record_changes
from calculators.report.record_page import to_markdown


def record(catalog: Catalog, dissent: str = "", **changes: Any) -> DecisionRecord:
    evaluation = evaluate(scenario(**changes), catalog)
    return freeze(evaluation, sensitivity_of(evaluation, catalog), TODAY, dissent)


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


def test_another_winner_of_the_same_kind_is_a_change(catalog: Catalog) -> None:
    one, other = (record(catalog, compliance={"requirements": [r]}) for r in ("gdpr-eu-processing", "air-gap"))
    assert one.kind == other.kind == "forced_by_compliance"
    assert "Cheapest option" in {c.what for c in record_changes(one, other)}


def test_other_words_for_the_same_figures_are_no_change(catalog: Catalog) -> None:
    """A record from when the volume was called otherwise, numbers had spaces and the option was "at" its seller."""
    now = record(catalog)
    labels = {o.label: o.label.replace(" on ", " at ").replace("self-hosted ", "") for o in now.options}
    then = now.model_copy(
        update={
            "choice": "Do not self-host.",
            "winner": labels[now.winner],
            "options": tuple(o.model_copy(update={"label": labels[o.label]}) for o in now.options),
            "flips": (Flipping(what="Volume, requests a month", now="2 M", flips_at="up to 461 M"),),
        }
    )
    today = now.model_copy(update={"flips": (Flipping(what="Requests/month", now="2M", flips_at="461M"),)})
    assert record_changes(then, today) == []
    moved = now.model_copy(update={"flips": (Flipping(what="Requests/month", now="2M", flips_at="480M"),)})
    [change] = record_changes(then, moved)
    assert (change.what, change.then, change.now) == ("Break-even: Requests/month", "up to 461 M", "480M")
    assert not changes_choice([change])


def test_another_winner_changes_the_recommendation(catalog: Catalog) -> None:
    one, other = (record(catalog, compliance={"requirements": [r]}) for r in ("gdpr-eu-processing", "air-gap"))
    assert changes_choice(record_changes(one, other))
