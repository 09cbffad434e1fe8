"""Layers for multi-token prediction: weights and cache."""

import pytest

from calculators.catalog.load import load_catalog
from calculators.performance.draft_layers import draft_cache_ratio, draft_layer_bytes, draft_numbers

LIVE = load_catalog()


def test_the_layer_of_qwen_122b_weighs_what_the_log_says() -> None:
    """75.17 GiB with it and 70.47 without, in an NVFP4 checkpoint that leaves it in 16 bit."""
    assert draft_layer_bytes(LIVE.model("qwen3.5-122b-a10b"), "nvfp4") / 2**30 == pytest.approx(4.7, rel=0.1)


def test_the_layer_of_deepseek_v3_is_the_published_11_5_billion() -> None:
    """The checkpoint's 685B are 671B and 14B of this layer, 2 x 0.93B of which are tables that engines share with the model."""
    assert draft_layer_bytes(LIVE.model("deepseek-v3"), "fp8") / 1e9 == pytest.approx(11.5, rel=0.03)


def test_each_layer_keeps_as_much_as_a_full_attention_layer() -> None:
    assert draft_cache_ratio(LIVE.model("qwen3.6-27b")) == pytest.approx(17 / 16)
    assert draft_cache_ratio(LIVE.model("llama-3.1-8b")) == 1


def test_layers_that_are_off_take_nothing() -> None:
    assert draft_numbers(LIVE.model("deepseek-v3"), "fp8", False) == {"draft_layer_bytes": 0, "draft_cache_ratio": 1}
    assert draft_numbers(LIVE.model("deepseek-v3"), "fp8", True)["draft_layer_bytes"] > 1e10
