"""Risk and effect of a recipe in words, for every outcome."""

from dataclasses import replace

import pytest
from options_by_hand import hand_made_buy
from support import scenario

from calculators.catalog.catalog import Catalog
from calculators.catalog.load import load_catalog
from calculators.catalog.quantization import sensitivity
from calculators.evaluate import evaluate
from calculators.fleet.plan import FleetPlan
from calculators.performance.quantization_recipe import PRESETS, Recipe
from calculators.quantization.effect import RecipeEffect, ServedFleet, recipe_effect
from calculators.quantization.recipe_risk import recipe_risks, released_risks
from calculators.quantization.recipe_text import (
    risk_detail,
    risk_heading,
    risk_sentence,
    served_sentence,
    unpacked_text,
    worth_sentence,
)
from calculators.scenario.inputs import Inputs
from calculators.techniques.fleets import FleetState
from calculators.units import usd

KNOWN = sensitivity()
LIVE = load_catalog()
LLAMA, GPT_OSS = LIVE.model("llama-3.3-70b"), LIVE.model("gpt-oss-120b")
PLANTED = Recipe(lm_head="nvfp4", up="mxfp4", down="int8", query="fp8", keys="int2", values="fp8", edge_blocks="bf16")


@pytest.fixture(scope="module")
def fleet(catalog: Catalog) -> tuple[FleetPlan, Inputs]:
    """Llama 3.3 70B in FP8 on H100."""
    result = evaluate(scenario(), catalog)
    assert result.build is not None
    assert result.build.plan is not None
    return result.build.plan, Inputs(result.scenario, result.demand, catalog)


def test_the_sentence_lists_what_to_avoid_first_and_then_what_to_evaluate() -> None:
    risks = recipe_risks(PLANTED, LLAMA, KNOWN)
    assert risk_sentence(risks) == (
        "3 choices to avoid: lm_head in NVFP4; up in MXFP4; keys in INT2. 1 choice to evaluate: down in INT8."
    )
    assert risk_sentence(risks[-1:]) == "1 choice to evaluate: down in INT8."


def test_what_the_model_was_released_in_is_excused() -> None:
    excused = released_risks(PRESETS["MXFP4 experts only"], GPT_OSS, KNOWN)
    assert risk_sentence([], excused) == (
        "Nothing to avoid or evaluate; cells with a star have no direct evidence. The map's warnings do not apply to "
        "first and last blocks and experts in MXFP4: the model was released that way."
    )


def test_each_risk_has_its_heading_and_evidence() -> None:
    lm_head, up, *_ = recipe_risks(PLANTED, LLAMA, KNOWN)
    assert risk_heading(lm_head) == "lm_head in NVFP4: avoid"
    assert risk_heading(up) == "up in MXFP4: evaluate or avoid (studies disagree)"
    assert "Low confidence, inferred from the nearest row or format." in risk_detail(lm_head, None)
    assert risk_detail(up, 14.6).endswith("Low confidence. Your checkpoint keeps 15 dB at worst.")


def test_every_outcome_has_its_sentence(fleet: tuple[FleetPlan, Inputs]) -> None:
    one = recipe_effect(fleet[0], Recipe(), fleet[1])
    assert one.before.state is not None
    cheap, dear = (replace(one.before.state, usd_per_month=usd) for usd in (1_000.0, 3_000.0))
    loaded = replace(dear, req_s_per_gpu=dear.req_s_per_gpu * 1.5)

    def sentence(before: FleetState | None, after: FleetState | None, room_tok: float = 1.0) -> str:
        sides = [ServedFleet(one.before.config, 1.0, 1.0, room_tok, state) for state in (before, after)]
        return worth_sentence(RecipeEffect(sides[0], sides[1], ()), "INT4")

    assert sentence(dear, cheap) == "INT4 saves $2k/month of rent."
    assert sentence(cheap, dear) == "INT4 adds $2k/month of rent."
    assert sentence(dear, dear) == "INT4 does not change the rent: $3k/month."
    assert sentence(dear, loaded) == "INT4 does not change the rent: $3k/month, and each GPU carries 50% more."
    assert sentence(None, cheap) == "INT4 makes self-hosting feasible at $1k/month."
    assert sentence(cheap, None) == "INT4 is infeasible here: no server of this provider meets the targets."
    assert sentence(cheap, None, 0.0) == "INT4 is infeasible here: its weights do not fit this GPU."


def test_formats_that_save_memory_only_are_named(fleet: tuple[FleetPlan, Inputs]) -> None:
    small = recipe_effect(fleet[0], PRESETS["INT4 weight-only"], fleet[1])
    assert "INT4: saves memory and bandwidth, but is multiplied in 16 bit" in unpacked_text(small, fleet[0])
    assert unpacked_text(recipe_effect(fleet[0], Recipe(), fleet[1]), fleet[0]) == ""
    assumed = unpacked_text(replace(small, unpacked=("fp8",)), fleet[0])
    assert assumed.endswith("The verdict assumes FP8 activations, and so this GPU's higher rate.")


def test_a_verdict_that_does_not_self_host_serves_nothing(fleet: tuple[FleetPlan, Inputs], catalog: Catalog) -> None:
    plan, _ = fleet
    rent = usd(plan.rent_usd_per_month)
    build = evaluate(scenario(), catalog).build
    assert served_sentence(plan, build) == f"The verdict serves {plan.config.model.name} in FP8; GPU rent {rent}/month"
    for other in (None, hand_made_buy("api_today", 100)):
        assert served_sentence(plan, other).startswith(f"If you self-hosted: {plan.config.model.name} in FP8;")
