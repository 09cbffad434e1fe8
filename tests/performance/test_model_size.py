"""Parameters, weights, caches and GPU memory, against arithmetic by hand."""

import pytest

from calculators.catalog.base import Precision
from calculators.catalog.catalog import Catalog
from calculators.catalog.models import Model
from calculators.performance.model_size import (
    INDEX_ELEMENT_BYTES,
    kept_entries,
    kv_bytes,
    kv_bytes_per_layer_tok,
    parameters,
    read_entries,
    stored_bytes,
    visible_bytes,
)


def test_parameters_of_llama_70b_by_hand(catalog: Catalog) -> None:
    """80 layers, hidden 8192, 64 query and 8 KV heads of 128, MLP 28672, vocabulary 128256, two tables."""
    counts = parameters(catalog.model("llama-3.3-70b").shape)
    assert counts.attention == 80 * 8192 * 128 * (2 * 64 + 2 * 8)
    assert counts.dense_mlp == 80 * 3 * 8192 * 28672
    assert counts.embeddings == 2 * 128256 * 8192
    assert counts.total == counts.attention + counts.dense_mlp + counts.embeddings
    assert counts.active == counts.total - 128256 * 8192  # the input table is looked up, not multiplied by
    assert counts.experts == counts.active_experts == 0


def test_experts_of_gpt_oss_by_hand(catalog: Catalog) -> None:
    """36 layers of 128 experts, 4 of them for each token, each 3 matrices of 2880 x 2880."""
    counts = parameters(catalog.model("gpt-oss-120b").shape)
    assert counts.experts == 36 * 128 * 3 * 2880 * 2880
    assert counts.active_experts == counts.experts * 4 / 128
    assert counts.dense_mlp == 36 * 2880 * 128  # the routers


def weights_gb(model: Model, precision: Precision) -> float:
    return stored_bytes(parameters(model.shape), precision) / 1e9


def test_weights_of_llama_70b_in_gigabytes(catalog: Catalog) -> None:
    model = catalog.model("llama-3.3-70b")
    assert weights_gb(model, "bf16") == pytest.approx(141.1, abs=0.1)
    assert weights_gb(model, "fp8") == pytest.approx(72.7, abs=0.1)  # tables stay in 16 bit
    assert weights_gb(model, "int4") < weights_gb(model, "nvfp4") < weights_gb(model, "fp8")


def test_a_format_without_a_known_checkpoint_is_every_linear_layer(live_catalog: Catalog) -> None:
    """Llama 3.1 405B in MXFP4 is 215 GB and runs on one GPU of 288 GB; only gpt-oss keeps attention in 16 bit, and says so."""
    assert weights_gb(live_catalog.model("llama-3.1-405b"), "mxfp4") == pytest.approx(222, rel=0.03)


def test_the_latent_of_deepseek_v3_by_hand(live_catalog: Catalog) -> None:
    """(512 latent + 64 rope) x 2 bytes x 61 layers = 70,272 bytes a token; heads do not come into it."""
    shape = live_catalog.model("deepseek-v3").shape
    assert kv_bytes_per_layer_tok(shape) == 1_152
    assert float(kv_bytes(shape, 1)) == 70_272


@pytest.mark.parametrize(
    ("model", "full", "sliding"), [("gemma-4-31b", 81_920, 819_200), ("gemma-4-26b-a4b", 20_480, 204_800)]
)
def test_full_layers_with_their_own_heads_by_hand(live_catalog: Catalog, model: str, full: int, sliding: int) -> None:
    """Gemma 4 31B: 10 full layers of 4 heads x 512 x 2 (K and V) x 2 bytes, 50 sliding ones of 16 x 256 x 2 x 2 bytes; of the
    second: 5 of 2 x 512, 25 of 8 x 256. A token beyond the window adds to the full layers only."""
    shape = live_catalog.model(model).shape
    assert float(kv_bytes(shape, 1)) == full + sliding
    assert float(kv_bytes(shape, 5_001) - kv_bytes(shape, 5_000)) == full


def test_an_entry_for_several_tokens_takes_its_part_of_each_by_hand(live_catalog: Catalog) -> None:
    """DeepSeek V4 Flash: 21 layers with 512 values for 4 tokens, 20 with 512 for 128, and 21 index keys of 128 for 4; the two
    layers of a window of 128 tokens are full by then."""
    shape = live_catalog.model("deepseek-v4-flash").shape
    grown = float(kv_bytes(shape, 1_280) - kv_bytes(shape, 640))
    assert grown == 640 * (1024 * (21 / 4 + 20 / 128) + 128 * INDEX_ELEMENT_BYTES * 21 / 4)


def test_deepseek_v4_pro_caches_about_a_tenth_of_v3_2_at_a_million_tokens(live_catalog: Catalog) -> None:
    """The maker's own figure is 10%."""
    pro, before = (float(kv_bytes(live_catalog.model(m).shape, 1e6)) for m in ("deepseek-v4-pro", "deepseek-v3.2"))
    assert pro / before == pytest.approx(0.10, abs=0.02)


def test_layers_that_read_the_cache_of_another_keep_none(live_catalog: Catalog) -> None:
    """DeepSeek V4.1 Flash keeps 2.5 entries of 512 values a token, and four index keys of 128; 38 layers read."""
    shape = live_catalog.model("deepseek-v4.1-flash").shape
    assert kept_entries(shape) == 2.5
    assert read_entries(shape) == 38
    assert float(kv_bytes(shape, 1_001) - kv_bytes(shape, 1_000)) == 2.5 * 1024 + 4 * 128 * INDEX_ELEMENT_BYTES


def test_latent_experts_work_on_a_narrower_state_by_hand(live_catalog: Catalog) -> None:
    """Nemotron 3 Super: 40 layers of 512 experts of 2 matrices between 1,024 and 2,688, of which 22 work for a token; two
    projections between 4,096 and 1,024; a shared expert of 5,376 on the hidden state; a router."""
    counts = parameters(live_catalog.model("nemotron-3-super-120b-a12b").shape)
    assert counts.experts == 40 * 512 * 2 * 1024 * 2688
    assert counts.dense_mlp == 40 * 4096 * (2 * 5376 + 512 + 2 * 1024)
    assert counts.active / 1e9 == pytest.approx(12, rel=0.03)


@pytest.mark.parametrize(("context", "counted"), [(127, 127), (128, 128), (129, 128), (10_000, 128)])
def test_sliding_layers_stop_at_their_window(catalog: Catalog, context: float, counted: float) -> None:
    """gpt-oss-120b: 18 full and 18 sliding layers, window 128, 8 KV heads of 64: 2,048 bytes a layer and token."""
    assert float(kv_bytes(catalog.model("gpt-oss-120b").shape, context)) == 2_048 * 18 * (context + counted)


def test_visible_memory_is_what_nvidia_smi_shows(catalog: Catalog) -> None:
    """H100 80 GB: 81,559 MiB. L40S 48 GB with error correction on: 46,068 MiB."""
    assert visible_bytes(catalog.gpu("h100-sxm")) / 2**20 == pytest.approx(81_559, rel=0.005)
    assert visible_bytes(catalog.gpu("l40s")) / 2**20 == pytest.approx(46_068, rel=0.005)
