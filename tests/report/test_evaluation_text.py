"""The same Evaluation as text and as JSON."""

from datetime import date
from typing import Any

import pytest
from support import scenario

from calculators.catalog.catalog import Catalog
from calculators.catalog.load import load_catalog
from calculators.evaluate import evaluate, sensitivity_of
from calculators.fleet.machine_offers import machine_offers
from calculators.report.decision_record import freeze
from calculators.report.evaluation_text import break_even_volume, configurations_takeaway, offer_terms, to_text
from calculators.report.horizon_text import winner_line
from calculators.report.record_page import to_markdown

CASES = [{}, {"hardware": {"include_owned": True}}, {"targets": {"tpot_ms": 0.1}}, {"api": {"model": "closed-dated"}}]


@pytest.mark.parametrize("changes", CASES)
def test_the_text_says_the_verdict_every_option_and_the_state_of_the_data(
    catalog: Catalog, changes: dict[str, Any]
) -> None:
    found = evaluate(scenario(**changes), catalog)
    sensitivity = sensitivity_of(found, catalog)
    text = to_text(found, sensitivity)
    assert text.splitlines()[0] == found.verdict.sentence
    assert "Load by hour" not in text
    assert "\nLoad by hour: so much.\n" in to_text(found, sensitivity, beside=["Load by hour: so much."])
    assert winner_line(found) in text
    assert "net present value" in text or found.verdict.winner is found.today
    for option in found.options:
        assert option.label in text
    assert f"Data version {catalog.digest} (2026-11-23)." in text
    assert ("Sensitivity (what would change" in text) is bool(sensitivity.values)
    assert all(row.flips_at in text and row.becomes in text for row in sensitivity.rows)


def test_todays_api_is_marked_where_the_requirements_bar_it() -> None:
    """In the text, and in the table of the record: blocked by a rule, or not known to be allowed."""
    today = {"api": {"provider": "openai", "model": "gpt-5.4"}}
    real = load_catalog()
    for requirement, mark in (("no-third-party", "not allowed"), ("pci", "not known to be allowed")):
        found = evaluate(scenario(**today, compliance={"requirements": [requirement]}), real)
        label = f"gpt-5.4 on OpenAI ({mark} under your requirements)"
        [row] = [
            line for line in to_text(found, sensitivity_of(found, real)).splitlines() if line.endswith("requirements)")
        ]
        assert row.endswith(f"  {label}")
        assert label in to_markdown(freeze(found, sensitivity_of(found, real), date(2026, 11, 23)))
    found = evaluate(scenario(**today), real)
    assert "under your requirements" not in to_text(found, sensitivity_of(found, real))


def test_every_cost_line_of_a_list_price_has_a_source(catalog: Catalog) -> None:
    lines = [line for option in evaluate(scenario(), catalog).options for line in option.lines]
    assert {line.name for line in lines if line.source is not None} >= {
        "API spend",
        "GPU rental",
        "Staffing (engineers)",
        "Network egress",
        "Migration",
    }


def test_the_terms_of_a_lease_in_a_line(catalog: Catalog) -> None:
    listed = scenario(hardware={"rent_usd_per_gpu_h": {}})
    terms = offer_terms(machine_offers(catalog.gpu("h100-sxm"), listed, catalog)[0])
    assert terms == "8-GPU server at Eights, on-demand, seen 2026-11-01 (high confidence, one listing)"


def test_the_takeaway_of_the_configurations_names_the_cheapest_or_that_there_is_none(catalog: Catalog) -> None:
    rows = evaluate(scenario(), catalog).feasibility
    feasible = [row for row in rows if row.plan]
    text = configurations_takeaway(rows)
    assert text.startswith(f"{len(feasible)} of {len(rows)} pairs of a model and a GPU meet the targets. Cheapest: ")
    assert f"{feasible[0].model} on {feasible[0].gpu}, $" in text
    none = [row for row in rows if not row.plan]
    assert configurations_takeaway(none).endswith("is feasible.")


def test_the_text_lists_first_and_permanent_break_even(catalog: Catalog) -> None:
    found = evaluate(scenario(candidates=[{"model": "llama-3.1-8b", "gate": "accepted"}]), catalog)
    text = to_text(found, sensitivity_of(found, catalog))
    first, durable = found.crossover.first_req_per_month, found.crossover.durable_req_per_month
    line = next(
        line for line in text.splitlines() if line.startswith("  Against the cheapest API option at each volume: ")
    )
    assert f"first {break_even_volume(first)}, permanent {break_even_volume(durable)}" in line
    assert line.endswith("busy there on average")
    assert [break_even_volume(v) for v in (None, 0.0, 1.0, 4.5e6)] == [
        "never",
        "any volume",
        "1 request/month",
        "4.5M requests/month",
    ]
    nothing = evaluate(scenario(targets={"tpot_ms": 0.1}), catalog)
    assert "Break-even volume" not in to_text(nothing, sensitivity_of(nothing, catalog))
