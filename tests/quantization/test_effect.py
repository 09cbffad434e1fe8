"""A recipe on the verdict's own fleet: before and after through the same model."""

from dataclasses import replace

import pytest
from model_by_hand import DRIVER_BYTES, SHARE, beside_bytes, uniform, weight_bytes
from support import scenario

from calculators.catalog.catalog import Catalog
from calculators.evaluate import Evaluation, evaluate
from calculators.fleet.plan import FleetPlan
from calculators.performance.quantization_recipe import PRESETS, Recipe
from calculators.quantization.effect import RecipeEffect, recipe_effect, verdict_effect
from calculators.scenario.inputs import Inputs


@pytest.fixture(scope="module")
def result(catalog: Catalog) -> Evaluation:
    """Llama 3.3 70B in FP8 on H100."""
    return evaluate(scenario(), catalog)


def _plan(result: Evaluation) -> FleetPlan:
    assert result.build is not None
    assert result.build.plan is not None
    return result.build.plan


def _effect(result: Evaluation, recipe: Recipe, catalog: Catalog) -> RecipeEffect:
    return recipe_effect(_plan(result), recipe, Inputs(result.scenario, result.demand, catalog))


def test_before_is_the_fleet_of_the_verdict(result: Evaluation, catalog: Catalog) -> None:
    plan = _plan(result)
    before = _effect(result, Recipe(), catalog).before
    assert before.weights_bytes == weight_bytes(plan.config.model.shape, plan.config.precision)
    assert before.weights_bytes_per_gpu == before.weights_bytes / plan.config.tensor_parallel
    assert before.state is not None
    assert before.state.gpus == plan.gpus
    assert before.state.usd_per_month == pytest.approx(plan.rent_usd_per_month)


def test_the_recipe_of_the_verdict_changes_nothing(result: Evaluation, catalog: Catalog) -> None:
    same = _effect(result, uniform(_plan(result).config.precision), catalog)
    assert same.before.state is not None
    assert same.after.state is not None
    assert same.after.weights_bytes == pytest.approx(same.before.weights_bytes)
    assert same.after.kv_room_tok == pytest.approx(same.before.kv_room_tok)
    for field in ("ttft_ms", "tpot_ms", "req_s_per_gpu", "gpus", "usd_per_month"):
        assert getattr(same.after.state, field) == pytest.approx(getattr(same.before.state, field)), field
    assert same.saves_usd_per_month == pytest.approx(0)


def test_fewer_bytes_leave_more_room_and_never_cost_more(result: Evaluation, catalog: Catalog) -> None:
    """INT4 weights and an FP8 cache against 16 bit, where all of them fit some split."""
    wide = _effect(result, Recipe(), catalog)
    small = _effect(result, replace(PRESETS["INT4 weight-only"], keys="fp8", values="fp8"), catalog)
    assert small.after.weights_bytes < wide.after.weights_bytes
    each = [e.after.kv_room_tok / e.after.config.gpus_count for e in (wide, small)]
    assert each[0] < each[1]
    assert wide.after.state is not None
    assert small.after.state is not None
    assert small.after.state.usd_per_month <= wide.after.state.usd_per_month
    assert small.unpacked == ("int4",)
    assert wide.unpacked == ()


def test_the_room_in_tokens_by_hand(result: Evaluation, catalog: Catalog) -> None:
    """Llama 70B caches 80 layers x 8 heads x (128 + 128) x 2 bytes = 327,680 bytes a token."""
    before = _effect(result, Recipe(), catalog).before
    per_gpu_bytes = before.kv_room_tok * 327_680 / before.config.tensor_parallel
    usable = (80e9 * 1.07 - DRIVER_BYTES) * SHARE - beside_bytes(
        before.config.model.shape, before.config.tensor_parallel
    )
    assert per_gpu_bytes == pytest.approx(usable - before.weights_bytes_per_gpu, rel=1e-9)


def test_a_recipe_that_fits_nowhere_says_so(result: Evaluation, catalog: Catalog) -> None:
    tiny = catalog.gpu("h100-sxm").model_copy(
        update={"memory": catalog.gpu("h100-sxm").memory.model_copy(update={"capacity_gb": 10.0})}
    )
    plan = _plan(result)
    config = replace(plan.config, gpu=tiny)
    small = replace(plan, capacity=replace(plan.capacity, config=config))
    nowhere = recipe_effect(small, Recipe(), Inputs(result.scenario, result.demand, catalog))
    assert nowhere.after.state is None
    assert nowhere.after.kv_room_tok == 0
    assert nowhere.saves_usd_per_month is None


def test_the_verdict_s_own_recipe_changes_nothing(result: Evaluation, catalog: Catalog) -> None:
    effect = verdict_effect(_plan(result), Inputs(result.scenario, result.demand, catalog))
    assert effect.before is effect.after
    assert effect.saves_usd_per_month == 0
    assert effect.unpacked == ()
