"""Recipes of released checkpoints: which one is taken, and what it stores in what."""

import pytest

from calculators.catalog.load import load_catalog
from calculators.performance.quantization_recipe import recipe_weights
from calculators.performance.released_checkpoints import checkpoint_recipe, released_checkpoint, replicated_bytes

LIVE = load_catalog()


def test_an_engine_takes_its_own_checkpoint_where_there_is_one() -> None:
    model = LIVE.model("llama-3.1-405b")
    names = {engine: released_checkpoint(model, "fp8", engine) for engine in ("vllm", "tensorrt-llm-2024")}
    assert {engine: c.hf_id.split("/")[0] for engine, c in names.items() if c} == {
        "vllm": "meta-llama",
        "tensorrt-llm-2024": "nvidia",
    }
    assert released_checkpoint(model, "int4") is None


def test_nvfp4_of_deepseek_keeps_attention_but_not_its_output_in_16_bit() -> None:
    checkpoint = released_checkpoint(LIVE.model("deepseek-v3.1"), "nvfp4")
    assert checkpoint is not None
    recipe = checkpoint_recipe(checkpoint)
    assert (recipe.query, recipe.attention_output, recipe.gate, recipe.experts) == ("bf16", "nvfp4", "nvfp4", "nvfp4")
    assert (recipe.router, recipe.lm_head, recipe.embeddings) == ("bf16", "bf16", "bf16")


@pytest.mark.parametrize(("model", "gib"), [("gpt-oss-120b", 60.8), ("gpt-oss-20b", 12.8)])
def test_what_gpt_oss_weighs_on_disk(model: str, gib: float) -> None:
    """60.8 and 12.8 GiB as released."""
    checkpoint = released_checkpoint(LIVE.model(model), "mxfp4")
    assert checkpoint is not None
    stored = recipe_weights(LIVE.model(model).shape, checkpoint_recipe(checkpoint)).stored_bytes
    assert stored / 2**30 == pytest.approx(gib, rel=0.015)


def test_low_rank_projections_and_routers_stay_whole_on_each_gpu() -> None:
    """DeepSeek V3: 61 layers x 7,168 x (1,536 + 576) values in FP8, and 58 routers of 7,168 x 256 in 16 bit."""
    expected = 61 * 7_168 * (1_536 + 576) + 2 * 58 * 7_168 * 256
    assert replicated_bytes(LIVE.model("deepseek-v3"), "fp8") == expected
    assert replicated_bytes(LIVE.model("llama-3.1-8b"), "fp8") == 0


def test_every_checkpoint_is_known_once() -> None:
    names = [c.hf_id for model in LIVE.models.values() for c in model.checkpoints]
    assert len(names) == len(set(names)) > 40
