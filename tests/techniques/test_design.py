"""The baseline, and one technique more."""

from dataclasses import replace

import pytest
from technique_cases import ask, fleet

from calculators.catalog.techniques import MoveId
from calculators.fleet.replica_capacity import Capacity, Infeasible
from calculators.scenario.schema import Targets
from calculators.techniques.advice import framework
from calculators.techniques.design import AdviceInputs, applied, baseline, four_bit


def case(name: str = "steady-extraction", **chosen: object) -> AdviceInputs:
    return AdviceInputs(*fleet(name, **chosen), framework())


def test_a_batch_cap_of_one_is_lifted_in_the_baseline() -> None:
    one_offer = {"gpus": ["h100-sxm"], "rent_providers": ["runpod"], "max_gpus": 10_000}
    capped = ask("near-the-crossover", techniques={"batch_cap": 1}, hardware=one_offer)
    plain = ask("near-the-crossover", hardware=one_offer)
    assert capped.baseline is not None
    assert plain.baseline is not None
    assert capped.baseline.usd_per_month == plain.baseline.usd_per_month
    assert capped.design.techniques.batch_cap > 2


def test_how_the_user_would_speculate_is_kept_and_sized() -> None:
    """Using the set must not lose a typed acceptance, nor be judged by another one."""
    good, poor = (
        ask("steady-extraction", "tpot", techniques={"acceptance_frac": share, "draft_tok": 5})
        for share in (0.95, 0.65)
    )
    for advice, share in ((good, 0.95), (poor, 0.65)):
        assert (advice.design.techniques.acceptance_frac, advice.design.techniques.draft_tok) == (share, 5)
    gains = [next(t.gain_frac for t in a.tried if t.move.id == "speculation") for a in (good, poor)]
    assert gains[0] > gains[1]


def test_the_baseline_has_the_released_weights_on_the_fewest_gpus_and_no_further_technique() -> None:
    inputs = case("own-servers-at-scale", speculation=True, kv_cache="fp8")
    design = baseline(inputs)
    assert design.precisions == (inputs.plan.config.model.published.native_precision,)
    assert not design.techniques.speculation
    assert design.techniques.kv_cache == "bf16"
    assert inputs.state(design) is not None


@pytest.mark.parametrize("move", ["prompt_order", "weights_8bit", "kv_fp8", "speculation", "split", "whole_experts"])
def test_each_technique_changes_only_what_it_is_about(move: MoveId) -> None:
    inputs = case()
    before = baseline(inputs)
    after = applied(before, move, inputs, inputs.state(before))
    changed = {
        name
        for name in ("techniques", "precisions", "splits", "hit_frac")
        if getattr(before, name) != getattr(after, name)
    }
    allowed = {
        "prompt_order": {"hit_frac"},
        "weights_8bit": {"precisions", "splits"},
        "kv_fp8": {"techniques"},
        "speculation": {"techniques"},
        "split": {"splits"},
        "whole_experts": {"techniques", "splits"},
    }[move]
    assert changed <= allowed


def test_four_bit_weights_are_in_the_format_that_the_gpu_computes_in() -> None:
    plan, _ = fleet("steady-extraction")
    fast = plan.config.gpu.dense_flops("nvfp4") > plan.config.gpu.dense_flops("fp8")
    assert four_bit(plan) == ("nvfp4" if fast else "int4")


def test_the_largest_replica_is_the_one_that_carries_most_per_gpu_or_the_constraint_that_failed_last() -> None:
    inputs = case()
    largest = inputs.largest(baseline(inputs))
    assert isinstance(largest, Capacity)
    fleet_now = inputs.state(baseline(inputs))
    assert fleet_now is not None
    assert largest.req_s_per_gpu >= fleet_now.req_s_per_gpu * (1 - 1e-9)
    hasty = inputs.inputs.scenario.model_copy(update={"targets": Targets(ttft_p95_ms=None, tpot_ms=0.1)})
    none = replace(inputs, inputs=replace(inputs.inputs, scenario=hasty))
    missed = none.largest(baseline(none))
    assert isinstance(missed, Infeasible)
    assert missed.constraint == "tpot"
    assert "the target is 0.1 ms" in missed.why
