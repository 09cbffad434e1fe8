"""What is said where purchased servers or a hybrid are left out, or compared all the same."""

from dataclasses import replace
from typing import Any

import pytest
from options_by_hand import hand_made_build, hand_made_buy
from signals_by_name import CATALOG
from support import scenario

from calculators.catalog.catalog import Catalog
from calculators.catalog.load import ROOT, load_catalog
from calculators.evaluate import evaluate
from calculators.options.compared_text import conditional_notes
from calculators.options.option import with_range
from calculators.options.ranking import Ranking
from calculators.options.shortlist import AllowedOptions, allowed_options, assess_options, enumerate_options
from calculators.scenario.files import read_scenario
from calculators.scenario.inputs import Inputs


def _allowed(*requirements: str, **changes: Any) -> AllowedOptions:
    asked = scenario(
        **{"hardware": {"rent_usd_per_gpu_h": {}}, **changes}, compliance={"requirements": list(requirements)}
    )
    inputs = Inputs.of(asked, CATALOG)
    every = enumerate_options(inputs)
    return allowed_options(every, assess_options(every, inputs), inputs)


def test_servers_compared_for_want_of_anything_else_are_named() -> None:
    assert "because no other option with a price is allowed" in " ".join(
        conditional_notes(_allowed("air-gap"), Ranking(()))
    )


@pytest.mark.parametrize(
    ("cheapest_usd", "words"),
    [
        (10_000, "self-hosting would cost $8k/month today, $2k less than the cheapest option compared"),
        (8_000, None),
        (7_000, None),
    ],
)
def test_servers_left_out_are_named_only_where_they_would_win(cheapest_usd: float, words: str | None) -> None:
    allowed = replace(_allowed(), servers="left_out", servers_usd_per_month=8_000.0)
    notes = conditional_notes(allowed, Ranking((hand_made_buy("api_today", cheapest_usd),)))
    assert len(notes) == bool(words)
    assert (words or "") in " ".join(notes)


def test_included_servers_need_no_words() -> None:
    wanted = _allowed(hardware={"rent_usd_per_gpu_h": {}, "include_owned": True})
    assert wanted.servers == "included"
    assert conditional_notes(wanted, Ranking((hand_made_buy("api_today", 1e9),))) == []


def test_what_servers_left_out_would_cost_is_what_they_cost_once_included() -> None:
    """The remedy of the note, tried."""
    traffic = {"workload": {"requests_per_month": 100_000_000}}
    left_out = _allowed(**traffic)
    included = {"hardware": {"rent_usd_per_gpu_h": {}, "include_owned": True}}
    options = evaluate(scenario(**traffic, **included), CATALOG).options
    [owned] = [option for option in options if option.kind == "own_hardware"]
    assert left_out.servers == "left_out"
    assert left_out.servers_usd_per_month == pytest.approx(owned.usd_per_month)


def test_a_hybrid_within_ten_percent_is_left_out_and_said(catalog: Catalog) -> None:
    """$95 against $100: 5% cheaper."""
    buy, (build, _) = hand_made_buy("hosted_open", 100), hand_made_build(catalog, 110, 10)
    hybrid = with_range(replace(build, kind="hybrid", lines=hand_made_buy("hosted_open", 95).lines, label="both"))
    hidden = " ".join(conditional_notes(_allowed(), Ranking((buy, build), hybrid)))
    assert "A hybrid would be 5% cheaper ($95/month: both). It is left out: hybrids are options only from 10%" in hidden
    assert conditional_notes(_allowed(), Ranking((buy, build))) == []


def test_a_hybrid_that_appears_says_from_when_on() -> None:
    peaky = read_scenario(ROOT / "scenarios/peaky-at-scale.yaml", scenario().as_of)
    notes = " ".join(evaluate(peaky, load_catalog()).caveats)
    assert "cheaper than any other option; hybrids are options only from 10% cheaper" in notes
