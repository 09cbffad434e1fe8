"""Caveats: prices, speeds, techniques, workload, conditions and growth."""

from typing import Any

import pytest
from signals_by_name import CATALOG, run
from support import scenario

from calculators.decision.caveats import caveats, contract_conditions, growth_note
from calculators.scenario.inputs import Inputs


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"hardware": {"throughput_factor": 0.5}}, "Modeled throughput is multiplied by 0.5"),
        ({"techniques": {"kv_cache": "fp8"}}, "assumes an FP8 KV cache"),
        ({"techniques": {"disaggregation": True}}, "assumes prefill/decode disaggregation"),
        ({"techniques": {"speculation": True}}, "assumes speculative decoding"),
        ({"techniques": {"prefix_caching": False}}, "Prefix caching on the fleet is switched off"),
        ({"workload": {"cached_basis": "assumed"}}, "cache hit rate today is not known"),
        ({"workload": {"deferrable_frac": 0.25}}, "25% of requests can wait 24 hours"),
    ],
)
def test_what_the_fleet_assumes_is_said(changes: dict[str, Any], words: str) -> None:
    assert any(words in note for note in run(**changes).caveats)


def test_a_peak_that_does_not_act_is_no_caveat() -> None:
    """When everything can wait, the fleet is sized for the mean load, whatever the peak."""
    assert any("Fleet size depends on it" in note for note in run(workload={"peak_basis": "typed"}).caveats)
    waiting = run(workload={"peak_basis": "typed", "deferrable_frac": 1.0})
    assert not any("Fleet size depends on it" in note for note in waiting.caveats)


def test_caveats_of_apis_alone_say_nothing_of_a_fleet() -> None:
    found = run()
    apis = [option for option in found.options if option.is_buy]
    notes = caveats(Inputs.of(scenario(), CATALOG), found.today, apis)
    assert not any("GPU" in note for note in notes)


def test_conditions_are_those_of_the_winners_operator() -> None:
    found = run(compliance={"requirements": ["air-gap"]})
    notes = contract_conditions(found.verdict.winner, found.assessment)
    assert notes
    assert all(" is allowed on this condition: " in note for note in notes)
    assert contract_conditions(found.verdict.winner, run().assessment) == []


def test_growth_reaches_break_even_in_whole_months() -> None:
    """Ten percent a month: 1.1^8 = 2.14 is the first to pass 2."""
    crossover = run(candidates=[{"model": "llama-3.1-8b", "gate": "accepted"}]).crossover
    durable = crossover.durable_req_per_month
    assert durable is not None
    growing = scenario(workload={"requests_per_month": durable / 2, "growth_per_month_frac": 0.1})
    assert growth_note(growing, crossover) == [
        "At 10% growth per month, volume reaches break-even in 8 months at today's prices."
    ]
    assert growth_note(scenario(workload={"requests_per_month": durable / 2}), crossover) == []
