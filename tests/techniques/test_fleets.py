"""Fleets with a set of techniques: sized through one model, so gains never add up."""

from dataclasses import replace

import pytest
from technique_cases import SCENARIOS, all_six, both, fleet

from calculators.scenario.schema import Techniques
from calculators.techniques.effects import cumulative_steps, with_techniques
from calculators.techniques.fleets import best_fleet, busy_gpus, configs_with, refit, same_provider_offers


@pytest.mark.parametrize("name", SCENARIOS)
def test_refitting_the_same_replica_gives_the_fleet_itself(name: str) -> None:
    plan, inputs = fleet(name)
    same = refit(plan, plan.config, inputs)
    assert same is not None
    assert (same.gpus, same.usd_per_month) == (plan.gpus, pytest.approx(plan.rent_usd_per_month))
    assert busy_gpus(same.plan) <= same.gpus


@pytest.mark.parametrize("name", SCENARIOS)
def test_the_best_fleet_of_the_same_model_and_gpu_is_the_verdict_s(name: str) -> None:
    plan, inputs = fleet(name)
    best = best_fleet(plan, inputs)
    assert best is not None
    assert best.usd_per_month == pytest.approx(plan.rent_usd_per_month)


def test_machines_are_those_of_the_same_provider_on_the_same_terms() -> None:
    plan, inputs = fleet("steady-extraction")
    offers = same_provider_offers(plan, inputs)
    terms = {(offer.provider_id, offer.basis, offer.commitment) for offer in offers}
    assert terms == {(plan.offer.provider_id, plan.offer.basis, plan.offer.commitment)}


def test_a_replica_is_split_no_wider_than_the_links_of_its_gpu() -> None:
    plan, _ = fleet("steady-extraction")
    configs = configs_with(plan, Techniques(), ("bf16", "fp8"), (1, 8, 16, 512))
    assert {c.tensor_parallel for c in configs} == {
        n for n in (1, 8, 16, 512) if n <= max(plan.config.gpu.links.domain_gpus, 8)
    }
    assert {c.precision for c in configs} == {"bf16", "fp8"}


def test_more_load_on_a_gpu_never_lowers_its_latency() -> None:
    plan, inputs = fleet("steady-extraction")
    full = refit(plan, plan.config, inputs)
    wider = replace(plan, replicas=plan.replicas * 2)
    idle = refit(wider, plan.config, inputs)
    assert full is not None
    assert idle is not None
    assert idle.tpot_ms <= full.tpot_ms
    assert idle.ttft_ms <= full.ttft_ms


def test_separate_pools_add_the_transfer_of_the_cache_to_the_first_token() -> None:
    _, apart = both(all_six("steady-extraction")["disaggregation"])
    assert apart.plan.prefill_replicas > 0
    assert apart.ttft_ms > 0


def test_what_each_saves_alone_does_not_add_up_to_what_all_save_together() -> None:
    """Headline gains must never be added or multiplied: this fleet is the counter-example."""
    plan, inputs = fleet("peaky-at-scale", speculation=True, kv_cache="fp8")
    made = [step.state for step in cumulative_steps(plan, inputs)]
    assert made[0] is not None
    assert made[-1] is not None
    together = made[0].usd_per_month - made[-1].usd_per_month
    bare = Techniques(prefix_caching=False, quantization=False)
    alone = 0.0
    for chosen in ({"prefix_caching": True}, {"quantization": True, "kv_cache": "fp8"}, {"speculation": True}):
        scenario = with_techniques(inputs.scenario, bare.model_copy(update=chosen))
        one = best_fleet(plan, replace(inputs, scenario=scenario))
        assert one is not None
        alone += made[0].usd_per_month - one.usd_per_month
    assert together > 0
    assert alone != pytest.approx(together, rel=0.01)
