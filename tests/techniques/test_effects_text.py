"""Sentences on each effect and on the chosen set."""

from dataclasses import replace
from math import inf

import pytest
from technique_cases import SCENARIOS, all_six, both, fleet, on_mi300x

from calculators.catalog.techniques import TechniqueId
from calculators.scenario.schema import Techniques
from calculators.techniques.effects import CumulativeStep, TechniqueEffect, cumulative_steps, technique_effects
from calculators.techniques.effects_text import (
    SHORT_NAMES,
    effect_text,
    rent_moves,
    step_takeaway,
    technique_takeaway,
    use_text,
    without_fleet,
)
from calculators.techniques.fleets import FleetState


def said(name: str, technique: TechniqueId, **chosen: object) -> str:
    plan, inputs = fleet(name, **chosen)
    return effect_text(all_six(name, **chosen)[technique], plan, inputs)


@pytest.mark.parametrize("name", SCENARIOS)
def test_each_technique_has_a_sentence(name: str) -> None:
    plan, inputs = fleet(name)
    for effect in technique_effects(plan, inputs):
        assert effect_text(effect, plan, inputs).endswith(".")


def test_speculation_that_is_seldom_right_slows_decoding_and_says_from_which_batch() -> None:
    chosen: dict[str, object] = {"acceptance_frac": 0.05, "draft_tok": 8}
    without, drafted = both(all_six("own-servers-at-scale", **chosen)["speculation"])
    assert drafted.tpot_ms > without.tpot_ms
    text = said("own-servers-at-scale", "speculation", **chosen)
    assert "slower from batch" in text
    assert "8 drafted tokens" in text


def test_a_precision_that_is_allowed_and_not_chosen_says_why() -> None:
    plan, inputs = on_mi300x()
    effect = next(one for one in technique_effects(plan, inputs) if one.id == "quantization")
    assert "does not lower the rent" in effect_text(effect, plan, inputs)


def test_disaggregation_says_how_long_the_cache_takes_to_move() -> None:
    assert "GB/s (assumed)" in said("steady-extraction", "disaggregation")


def test_a_missing_side_has_its_sentence() -> None:
    plan, inputs = fleet("steady-extraction")
    assert "meets the targets" in effect_text(TechniqueEffect("disaggregation", False, None, None), plan, inputs)
    one = replace(plan, capacity=replace(plan.capacity, config=replace(plan.config, tensor_parallel=1)))
    assert "larger replica" in effect_text(TechniqueEffect("parallelism", False, None, None), one, inputs)


@pytest.mark.parametrize("technique", ["batching", "speculation"])
def test_one_output_token_leaves_nothing_to_decode(technique: TechniqueId) -> None:
    """The prompt's pass writes the only token: no batch of decodes to share a read of the weights, nothing to draft."""
    plan, inputs = fleet("steady-extraction")
    one = replace(inputs, demand=replace(inputs.demand, output_tok=1.0))
    text = effect_text(TechniqueEffect(technique, False, None, None), plan, one)
    assert text == "Not applicable: with one output token per request there is no decode to speed up."


# --- takeaways ---------------------------------------------------------------------------------------------------


def takeaway(**saved: float) -> str:
    chosen = Techniques(speculation=False, disaggregation=False)
    return technique_takeaway([], saved, chosen)  # type: ignore[arg-type]


def test_the_takeaway_names_the_enabled_technique_that_saves_most_and_a_disabled_one_that_would_help() -> None:
    assert takeaway(prefix_caching=2_000.0, quantization=500.0, speculation=0.0) == (
        "Prefix caching saves the most: without it the cheapest fleet costs $2k/month more; no disabled technique would help."
    )
    assert takeaway(prefix_caching=0.0, speculation=900.0) == (
        "Beyond batching, no enabled technique lowers cost: switching any off leaves the cheapest fleet at the same price; speculative "
        "decoding, now off, would save another $900/month."
    )
    assert takeaway(parallelism=inf).startswith("Without parallelism no fleet qualifies;")


def test_an_enabled_technique_that_costs_money_is_named_before_one_that_saves() -> None:
    chosen = Techniques(disaggregation=True)
    saved: dict[TechniqueId, float] = {"prefix_caching": 500.0, "disaggregation": -2_120.0, "speculation": 0.0}
    assert technique_takeaway([], saved, chosen) == (
        "Disaggregation costs $2.12k/month more: switching it off gives a cheaper fleet; no disabled technique would help."
    )


def test_an_enabled_technique_that_the_fleet_does_not_use_is_allowed_and_not_off() -> None:
    unused = TechniqueEffect("parallelism", False, None, None)
    with_fleet = all_six("steady-extraction")["speculation"].with_it
    assert use_text(replace(unused, with_it=with_fleet), Techniques()) == "allowed, not needed"
    assert use_text(unused, Techniques()) == "allowed, not possible"
    assert use_text(unused, Techniques(parallelism=False)) == "off"
    assert use_text(TechniqueEffect("parallelism", True, None, None), Techniques()) == "used"


def test_a_technique_without_a_fleet_says_why() -> None:
    plan, inputs = fleet("steady-extraction")
    effects = [TechniqueEffect("disaggregation", False, None, None), TechniqueEffect("speculation", False, None, None)]
    assert without_fleet(effects, plan, inputs) == [
        "Disaggregation: No pair of prefill and decode pools for this model on this GPU meets the targets.",
        "Speculative decoding: With it, no fleet of this model on this GPU meets the targets.",
    ]


def test_a_disabled_technique_that_only_lowers_latency_is_named_with_it() -> None:
    without, with_it = both(all_six("steady-extraction")["speculation"])
    effect = TechniqueEffect("speculation", False, without, replace(with_it, usd_per_month=without.usd_per_month))
    text = technique_takeaway([effect], {"speculation": 0.0}, Techniques(speculation=False))
    assert "speculative decoding, not used now, would cut TPOT from" in text


def steps(*states: FleetState | None) -> list[CumulativeStep]:
    ids: tuple[TechniqueId, ...] = ("batching", "prefix_caching", "quantization")
    return [CumulativeStep(technique, state) for technique, state in zip(ids, states, strict=False)]


def test_what_the_chosen_set_saves_is_said_for_every_outcome() -> None:
    plan, inputs = fleet("steady-extraction")
    state = cumulative_steps(plan, inputs)[-1].state
    assert state is not None
    dear, cheap = replace(state, usd_per_month=3_000.0), replace(state, usd_per_month=1_000.0)
    loaded, strained = (replace(dear, req_s_per_gpu=dear.req_s_per_gpu * ratio) for ratio in (1.5, 20.0))
    assert step_takeaway(steps(dear, dear, cheap)).startswith(
        "Together, 2 techniques on top of batching save $2k of $3k/month."
    )
    assert "One technique on top of batching costs $2k/month more" in step_takeaway(steps(cheap, dear))
    assert "1.5 times the load" in step_takeaway(steps(dear, loaded))
    assert step_takeaway(steps(dear, dear)).startswith(
        "One technique on top of batching leaves the rent unchanged. Each"
    )
    assert "without it a replica barely meets its targets" in step_takeaway(steps(dear, strained))
    assert "batching only" in step_takeaway(steps(dear))
    assert "prefix caching makes it possible" in step_takeaway(steps(None, dear))
    assert "serves the peak" in step_takeaway(steps(None, None))
    assert rent_moves(steps(dear, cheap))
    assert not rent_moves(steps(dear, loaded))


def test_every_technique_has_a_short_name() -> None:
    assert set(SHORT_NAMES) == set(all_six("steady-extraction"))
