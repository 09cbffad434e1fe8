"""Which layouts are tried for which weights."""

import pytest

from calculators.catalog.load import load_catalog
from calculators.fleet.replica_layouts import Layout, cached_heads, wide_layouts

LIVE = load_catalog()


def layouts(model: str, gpu: str, weights_gb: float) -> list[tuple[int, int, int]]:
    found = wide_layouts(LIVE.model(model), LIVE.gpu(gpu), weights_gb * 1e9, LIVE.links)
    return [(one.tensor_parallel, one.attention_ranks, one.pipeline_stages) for one in found]


@pytest.mark.parametrize(
    ("model", "heads"), [("deepseek-v3", 1), ("qwen3-235b-a22b", 4), ("llama-3.3-70b", 8), ("llama-2-7b", 8)]
)
def test_a_cache_splits_over_its_heads_at_most(model: str, heads: int) -> None:
    assert cached_heads(LIVE.model(model).shape) == heads


def test_weights_beyond_a_server_go_over_machines_in_stages_or_by_experts() -> None:
    assert layouts("deepseek-v3", "h100-sxm", 671) == [(1, 16, 1), (1, 32, 1), (1, 64, 1), (8, 1, 2)]
    assert layouts("llama-3.1-405b", "a100-80gb-sxm", 810) == [(8, 1, 2)]
    assert layouts("kimi-k2", "a100-40gb-sxm", 1030) == [(1, 32, 1), (1, 64, 1), (8, 1, 8)]


def test_attention_ranks_are_tried_where_a_server_would_copy_the_cache() -> None:
    assert (1, 8, 1) in layouts("deepseek-v3", "h200-sxm", 671)
    assert (4, 2, 1) in layouts("qwen3-235b-a22b", "h100-sxm", 400)
    assert layouts("gpt-oss-120b", "h100-sxm", 65) == []


def test_little_weights_are_not_spread() -> None:
    assert layouts("deepseek-v3", "b300-sxm", 380) == [(1, 8, 1)]
    assert layouts("llama-3.3-70b", "h100-sxm", 140) == []


def test_a_gpu_without_a_network_stays_within_its_machine() -> None:
    assert layouts("deepseek-v3", "l40s", 671) == []
    assert layouts("llama-3.1-405b", "rtx-pro-6000", 810) == []


def test_the_gpus_of_a_layout_are_counted() -> None:
    assert Layout(8, 2, 4).gpus_count == 64
