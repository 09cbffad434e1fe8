"""Layouts of caches that are not one value after another."""

import pytest

from calculators.catalog.load import load_catalog
from calculators.performance.cache_layout import cached_element_bytes, index_scale_ratio

LIVE = load_catalog()


@pytest.mark.parametrize(
    ("model", "element", "layer_bytes"),
    [("deepseek-v3.2", 1.0, 656), ("deepseek-v3.2", 2.0, 1_152), ("deepseek-v3", 1.0, 576), ("glm-5.2", 1.0, 656)],
)
def test_only_sparse_latents_in_fp8_keep_scales(model: str, element: float, layer_bytes: float) -> None:
    assert 576 * cached_element_bytes(LIVE.model(model).shape, element) == pytest.approx(layer_bytes)


def test_indexer_keys_are_in_fp8_beside_latents_and_in_16_bit_elsewhere() -> None:
    assert index_scale_ratio(LIVE.model("deepseek-v3.2").shape) == 1.0
    assert index_scale_ratio(LIVE.model("minimax-m3").shape) == pytest.approx(2 / (1 + 4 / 128))
