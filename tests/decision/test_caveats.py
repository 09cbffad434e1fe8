"""Caveats: prices, speeds, techniques, workload, conditions and growth."""

from typing import Any

import pytest
from signals_by_name import CATALOG, run
from support import scenario

from calculators.decision.caveats import caveats, contract_conditions, growth_note
from calculators.scenario.inputs import Inputs
from calculators.units import count


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"hardware": {"throughput_factor": 0.5}}, "Modeled throughput is multiplied by 0.5"),
        ({"techniques": {"kv_cache": "fp8"}}, "assumes an FP8 KV cache"),
        ({"techniques": {"disaggregation": True}}, "assumes prefill/decode disaggregation"),
        ({"techniques": {"speculation": True}}, "assumes speculative decoding"),
        ({"techniques": {"prefix_caching": False}}, "Prefix caching on the fleet is switched off"),
        ({"workload": {"cached_basis": "assumed"}}, "cache hit rate today is not known"),
    ],
)
def test_what_the_fleet_assumes_is_said(changes: dict[str, Any], words: str) -> None:
    assert any(words in note for note in run(**changes).caveats)


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
        f"At +10% volume per month, it reaches the break-even volume of {count(durable)} requests/month in 8 months at "
        "today's prices."
    ]
    assert growth_note(scenario(workload={"requests_per_month": durable / 2}), crossover) == []
    shrinking = scenario(workload={"requests_per_month": durable * 1.5, "growth_per_month_frac": -0.1})
    [falls] = growth_note(shrinking, crossover)  # 1.5 x 0.9^4 = 0.984 is the first below 1
    assert falls.startswith("At −10% volume per month, it falls below the break-even volume of ")
    assert "in 4 months" in falls
