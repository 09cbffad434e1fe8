"""Caveats: prices, speeds, techniques, workload, conditions and growth."""

from datetime import date
from typing import Any

import pytest
from signals_by_name import CATALOG, listed_notes, run
from support import scenario

from calculators.api.seller_terms import seller_terms
from calculators.catalog.catalog import Catalog
from calculators.catalog.load import load_catalog
from calculators.decision.caveats import caveats, contract_conditions, growth_note
from calculators.evaluate import evaluate
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
        ({"workload": {"deferrable_frac": 0.25}}, "25% of requests can wait 24 hours"),
    ],
)
def test_what_the_fleet_assumes_is_said(changes: dict[str, Any], words: str) -> None:
    assert any(words in note for note in run(**changes).caveats)


def test_a_superseded_candidate_is_said_unless_its_successor_is_compared_too() -> None:
    catalog = load_catalog()

    def said(*models: str, gate: str = "assumed") -> list[str]:
        chosen = [{"model": model, "gate": gate} for model in models]
        asked = scenario(candidates=chosen, api={"provider": "openai", "model": "gpt-5.4"})
        return [note for note in evaluate(asked, catalog).caveats if "is superseded by" in note]

    assert said("glm-5.1") == [
        "GLM-5.1 is superseded by GLM-5.3, of the same family and about the same size (CloudBase, end of the GLM-5 models, "
        "2026-10-09). Compare that one too."
    ]
    assert said("glm-5.1", "glm-5.3") == said("gpt-oss-120b") == said("glm-5.1", gate="not_acceptable") == []


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
    assert growth_note(growing, crossover, run().options) == [
        f"At +10% volume per month, it reaches the break-even volume of {count(durable)} requests/month in 8 months at "
        "today's prices."
    ]
    assert growth_note(scenario(workload={"requests_per_month": durable / 2}), crossover, run().options) == []
    shrinking = scenario(workload={"requests_per_month": durable * 1.5, "growth_per_month_frac": -0.1})
    [falls] = growth_note(shrinking, crossover, run().options)  # 1.5 x 0.9^4 = 0.984 is the first below 1
    assert falls.startswith("At −10% volume per month, it falls below the break-even volume of ")
    assert "in 4 months" in falls


def test_old_token_prices_are_told_with_their_day() -> None:
    """An invented price of 2026-11-01, read half a year and a day later."""
    asked = scenario().model_copy(update={"as_of": date(2027, 5, 1)})
    told = [note for note in evaluate(asked, CATALOG).caveats if note.startswith("The token price of ")]
    assert told
    assert all("was last read on 2026-11-01, 181 days ago." in note for note in told)
    assert not any("was last read" in note for note in run().caveats)


def test_an_old_gpu_price_is_told_with_its_day_and_trusted_less() -> None:
    asked = scenario(hardware={"rent_usd_per_gpu_h": {}}).model_copy(update={"as_of": date(2027, 5, 1)})
    build = evaluate(asked, CATALOG).build
    assert build is not None
    rent = next(line for line in build.lines if line.kind == "gpu_rental")
    assert "medium confidence" in rent.basis  # high when it was new
    text = " ".join(evaluate(asked, CATALOG).caveats)
    assert "was last seen on 2026-11-01, 181 days ago; no newer price of this GPU is allowed" in text


def test_a_saving_by_caching_names_the_hit_rate_it_is_priced_at() -> None:
    """Only where the cheapest API option counts on more cache reads than today's."""

    def notes(cacheable_frac: float) -> list[str]:
        asked = scenario(
            api={"provider": "openai", "model": "gpt-5.4"},
            workload={
                **{"input_tok": 4_000, "input_p95_tok": 8_000, "cached_frac": 0.1},
                "cacheable_frac": cacheable_frac,
            },
            candidates=[{"model": "llama-3.3-70b-instruct", "gate": "not_acceptable"}],
        )
        return [note for note in evaluate(asked, load_catalog()).caveats if "achievable hit rate" in note]

    assert notes(0.5) == [
        "Prompt caching is priced at the achievable hit rate of the Workload page, 50% of input tokens (today 10%). Nobody has "
        "measured it."
    ]
    assert notes(0.1) == []


def test_terms_of_the_cheapest_seller_are_told(live_catalog: Catalog) -> None:
    asked = scenario(
        api={"provider": "openai", "model": "gpt-5.4"}, candidates=[{"model": "glm-5.1", "gate": "accepted"}]
    )
    result = evaluate(asked, live_catalog)
    winner = result.verdict.winner
    assert winner.bill is not None
    told = seller_terms(winner.bill, live_catalog)
    assert told
    assert set(told) <= set(result.caveats)


@pytest.mark.parametrize(("input_p95_tok", "is_warned"), [(45_000, True), (4_000, False)])
def test_a_replica_at_the_edge_of_its_memory_is_said_to_need_a_trial(input_p95_tok: int, is_warned: bool) -> None:
    """gpt-oss-120b on one H100: about 3.6 GiB are left, and a request of 45,000 tokens takes 1.6 of them."""
    said = listed_notes(
        workload={"input_tok": 3_000, "input_p95_tok": input_p95_tok},
        candidates=[{"model": "gpt-oss-120b", "gate": "accepted"}],
        hardware={"gpus": ["h100-sxm"]},
        techniques={"parallelism": False},
    )
    assert ("may not start" in said) == is_warned
