"""A base-load fleet with its overflow at an API."""

from dataclasses import replace

import pytest
from options_by_hand import hand_made_build
from support import scenario

from calculators.catalog.catalog import Catalog
from calculators.catalog.load import ROOT, load_catalog
from calculators.evaluate import evaluate
from calculators.fleet.base_load import BaseLoadFleet, base_load_fleets
from calculators.fleet.plan import FleetPlan
from calculators.options.buy import direct_options, hosted_options
from calculators.options.hybrid import hybrid_option, overflow_usd_per_month
from calculators.options.routing import easy_options
from calculators.scenario.files import read_scenario
from calculators.scenario.inputs import Inputs
from calculators.scenario.schema import Candidate, StepDown

PEAKY = {"workload": {"requests_per_month": 1_000_000, "peak_ratio": 6}}


def test_a_smaller_fleet_and_the_overflow_at_the_api_price(catalog: Catalog) -> None:
    inputs = Inputs.of(scenario(**PEAKY), catalog)
    build, stairs = hand_made_build(catalog, 120_000, 5_000)
    [buy] = hosted_options(inputs)
    hybrid = hybrid_option(build, stairs, buy, inputs)
    assert hybrid is not None
    assert hybrid.plan is not None
    assert build.plan is not None
    assert buy.bill is not None
    rent, overflow, *others = hybrid.lines
    assert (rent.kind, overflow.kind) == ("gpu_rental", "overflow_api")
    assert hybrid.plan.machines < build.plan.machines
    assert rent.usd_per_month == pytest.approx(hybrid.plan.machines * 10_000)
    assert 0 < overflow.usd_per_month < buy.bill.usd_per_month
    assert (overflow.low_usd_per_month, overflow.high_usd_per_month) == (
        pytest.approx(overflow.usd_per_month / 2),
        pytest.approx(overflow.usd_per_month * 2),
    )
    assert [line.kind for line in others] == ["staffing", "staffing", "migration"]
    assert (hybrid.also_operator, hybrid.also_model, hybrid.also_gate) == (buy.operator, buy.model, buy.gate)
    machines = f"{hybrid.plan.gpus}× NVIDIA H100 80 GB SXM rented from Test"
    overflow_to = "Llama 3.3 70B Instruct on Test Host for overflow"
    assert hybrid.label == f"Llama self-hosted on {machines} for the base load, {overflow_to}"


def test_a_hybrid_keeps_term_and_regions_in_label_and_note(catalog: Catalog) -> None:
    inputs = Inputs.of(scenario(**PEAKY), catalog)
    build, stairs = hand_made_build(catalog, 120_000, 5_000)
    spot = replace(stairs, offer=replace(stairs.offer, commitment="spot"), regions=2)
    hybrid = hybrid_option(build, spot, hosted_options(inputs)[0], inputs)
    assert hybrid is not None
    assert "rented from Test (spot) in 2 regions for the base load" in hybrid.label
    assert "/GPU-hour (spot), 730 hours/month" in hybrid.lines[0].note


def test_overflow_that_cannot_wait_is_not_billed_in_batch(catalog: Catalog) -> None:
    """A month in which half waits: 8,800 before batch, 6,600 with it. A tenth overflows; a fourth of that can wait."""
    half = {"requests_per_month": 2_000_000, "deferrable_frac": 0.5, "cacheable_frac": 0.0}
    inputs = Inputs.of(scenario(api={"model": "closed-cached"}, workload=half), catalog)
    bill = direct_options(inputs)[1].bill
    assert bill is not None
    assert bill.usd_per_month == pytest.approx(6_600)
    _, stairs = hand_made_build(catalog, 120_000, 5_000)
    base = BaseLoadFleet(FleetPlan.for_machines(stairs, 3, 100_000), overflow_frac=0.1, waiting_frac=0.025)
    usd = overflow_usd_per_month(base, bill)
    assert usd == pytest.approx(0.075 * 8_800 + 0.025 * 4_400)


def test_no_hybrid_where_the_whole_fleet_is_cheaper(catalog: Catalog) -> None:
    inputs = Inputs.of(scenario(**PEAKY), catalog)
    build, stairs = hand_made_build(catalog, 12, 5_000)
    assert hybrid_option(build, stairs, hosted_options(inputs)[0], inputs) is None


def test_easy_overflow_at_the_small_models_price_the_rest_at_the_others(catalog: Catalog) -> None:
    """Every machine of the fleet counts: what it costs is rent, 60% of no hour's peak but of the overflow's shares, by hand."""
    asked = scenario(
        candidates=[{"model": "llama-3.3-70b"}, {"model": "gpt-oss-120b", "gate": "easy_only"}],
        workload=PEAKY["workload"] | {"easy_frac": 0.4},
    )
    inputs = Inputs.of(asked, catalog)
    build, stairs = hand_made_build(catalog, 120_000, 5_000)
    [today], [small] = direct_options(inputs), easy_options(inputs)
    plain = hybrid_option(build, stairs, today, inputs)
    routed = hybrid_option(build, stairs, today, inputs, small)
    assert plain is not None
    assert routed is not None
    assert routed.plan is not None
    rent, overflow, easy, *others = routed.lines
    [base] = [
        base for base in base_load_fleets(stairs, asked.workload, 0.4) if base.plan.machines == routed.plan.machines
    ]
    assert rent.usd_per_month == pytest.approx(10_000 * routed.plan.machines)
    assert overflow.usd_per_month == pytest.approx(5_500 * base.overflow_frac)  # a million requests at `closed`
    assert (easy.kind, easy.usd_per_month) == ("easy_api", pytest.approx(330 * base.easy_overflow_frac))
    assert [line.kind for line in others] == ["staffing", "staffing", "migration"]
    beside_usd = 2_000 + 20_000 / 52
    assert routed.usd_per_month - beside_usd < plain.usd_per_month
    assert routed.label == f"{plain.label.replace(plain.plan.label, routed.plan.label)}, {small.label} for its easy 40%"
    assert (routed.easy_model, routed.easy_frac) == ("gpt-oss 120B", 0.4)
    assert "exceed the fleet's capacity and are easy, taken to be as long as the others" in easy.note


def test_the_verdict_on_a_hybrid_with_a_small_model_says_both() -> None:
    peaky = read_scenario(ROOT / "scenarios/peaky-at-scale.yaml", scenario().as_of)
    failed = [
        StepDown(provider="openai", model=name, gate="not_acceptable") for name in ("gpt-6.1-sol", "gpt-6.1-terra")
    ]
    small = Candidate(model="llama-3.1-8b", gate="easy_only")
    asked = peaky.model_copy(
        update={
            "workload": peaky.workload.model_copy(update={"easy_frac": 0.5}),
            "candidates": (*peaky.candidates, small),
            "api": peaky.api.model_copy(update={"step_downs": tuple(failed)}),
        }
    )
    found, plain = evaluate(asked, load_catalog()), evaluate(peaky, load_catalog())
    winner = found.verdict.winner
    assert winner.usd_per_month <= plain.verdict.winner.usd_per_month * (1 + 1e-9)
    assert (winner.kind, winner.easy_model) == ("hybrid", "Llama 3.1 8B Instruct")
    assert "Self-host the base load and send the overflow to an API, its easy requests to Llama 3.1 8B Instruct:" in (
        found.verdict.sentence
    )
    assert found.horizon.of(winner) is not None
