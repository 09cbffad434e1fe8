"""Each term of a GPU's memory by hand, and what must hold of every model on every GPU."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calculators.catalog.base import Precision
from calculators.catalog.hardware import Gpu
from calculators.catalog.load import load_catalog
from calculators.performance.gpu_memory import (
    MemorySettings,
    captured_sizes,
    is_large,
    largest_batch_tok,
    layer_bytes,
    routed_bytes,
    sampling_bytes,
    static_frac,
)
from calculators.performance.memory_sum import memory_sum
from calculators.performance.model_size import visible_bytes
from calculators.performance.replica import ReplicaConfig, replica_arrays, replica_memory

LIVE = load_catalog()
GIB = 2.0**30
engines = st.sampled_from(("vllm", "sglang", "tensorrt-llm", "vllm-2024"))
models = st.sampled_from(("llama-3.3-70b", "gpt-oss-120b", "deepseek-v3.2", "gemma-3-27b", "qwen3.6-35b-a3b"))
gpus = st.sampled_from(("h100-sxm", "b200-sxm", "mi300x", "l40s", "a100-80gb-sxm"))


def with_memory(gpu: Gpu, capacity_gb: float) -> Gpu:
    return gpu.model_copy(update={"memory": gpu.memory.model_copy(update={"capacity_gb": capacity_gb})})


def terms_gib(model: str, gpu: str, precision: Precision, tp: int, settings_: MemorySettings) -> dict[str, float]:
    config = ReplicaConfig(LIVE.model(model), LIVE.gpu(gpu), precision, tp, memory=settings_)
    return {name: float(value.ravel()[0]) / GIB for name, value in replica_memory([config], LIVE).items()}


def test_a_layer_of_llama_8b_takes_what_a_log_of_20_000_tokens_says() -> None:
    """peak_torch_memory 17.06 GiB less 14.99 GiB of weights at 20,000 tokens, 17.98 GiB at 29,000 (vLLM issue 10517)."""
    assert layer_bytes(20_000, 4_096, 14_336) / GIB == pytest.approx(17.06 - 14.99, rel=0.01)
    assert layer_bytes(29_000, 4_096, 14_336) / GIB == pytest.approx(17.98 - 14.99, rel=0.01)


def test_sampling_and_routing_by_hand() -> None:
    assert sampling_bytes(1_024, 128_256, 4) == 1_024 * 128_256 * 4
    assert routed_bytes(8_192, 8, 2_048, 8 * 768) == 2 * 8_192 * (3 * 8 * 768 + 8 * 2_048)


@pytest.mark.parametrize(("sequences", "sizes"), [(1, 3), (4, 4), (128, 35), (256, 51), (1_024, 51)])
def test_graphs_are_captured_at_the_sizes_of_vllm(sequences: int, sizes: int) -> None:
    """1, 2, 4, then each 8 up to 256 and each 16 up to 512: 51 sizes in the logs of 0.19."""
    assert float(captured_sizes(sequences)) == sizes


def test_the_first_engine_tries_the_whole_context_or_chunks() -> None:
    assert float(largest_batch_tok(np.nan, 8_192, 32_768)) == 8_192
    assert float(largest_batch_tok(np.nan, 131_072, 32_768)) == 2_048
    assert float(largest_batch_tok(np.nan, 131_072, np.nan)) == 131_072
    assert float(largest_batch_tok(512, 131_072, 32_768)) == 512


def test_larger_batches_from_70_gib_on_but_not_on_a100() -> None:
    large = {id: is_large(LIVE.gpu(id), visible_bytes(LIVE.gpu(id))) for id in ("h100-sxm", "a100-80gb-sxm", "l40s")}
    assert large == {"h100-sxm": True, "a100-80gb-sxm": False, "l40s": False}


@pytest.mark.parametrize(("gib", "gpus_count", "share"), [(79.2, 1, 0.835), (79.2, 8, 0.817), (139.8, 8, 0.896)])
def test_the_static_share_of_sglang_by_hand(gib: float, gpus_count: int, share: float) -> None:
    """H100 alone: 512 + 1.5 x 8,192 + 2 x 256 + 128 MiB = 13.1 GiB stay free."""
    assert float(static_frac(gib * GIB, gpus_count, 1)) == pytest.approx(share, abs=0.003)


def test_a_version_decides_what_sampling_and_graphs_take() -> None:
    old, middle, new = (
        terms_gib("qwen3-14b", "h100-sxm", "bf16", 1, MemorySettings(version=v)) for v in ("0.16.0", "0.19.0", "0.21.0")
    )
    assert old["activations_bytes"] > 2 * middle["activations_bytes"]
    assert middle["graphs_bytes"] == 0 < new["graphs_bytes"]


def test_the_stage_with_the_head_holds_more_than_an_even_part() -> None:
    """Llama 3.1 8B over 4 stages loads 4.26 GiB on the fullest (pull request 205 of llm-d-planner), not 14.96 / 4."""
    config = ReplicaConfig(LIVE.model("llama-3.1-8b"), LIVE.gpu("h100-sxm"), "bf16", 1, pipeline_stages=4)
    assert float(replica_memory([config], LIVE)["weights_bytes"][0, 0]) / GIB == pytest.approx(4.26, rel=0.01)


def test_the_search_and_the_sum_follow_one_rule() -> None:
    configs = [
        ReplicaConfig(LIVE.model("gpt-oss-120b"), LIVE.gpu(g), "mxfp4", n) for g in ("h100-sxm", "l40s") for n in (1, 8)
    ]
    assert np.array_equal(replica_arrays(configs, LIVE).kv_room_bytes, replica_memory(configs, LIVE)["room_bytes"])


@settings(max_examples=60, deadline=None)
@given(models, gpus, engines, st.sampled_from((1, 2, 8)), st.floats(1.0, 4.0))
def test_more_memory_never_lowers_the_room(model: str, gpu: str, engine: str, tp: int, more_ratio: float) -> None:
    less = ReplicaConfig(LIVE.model(model), LIVE.gpu(gpu), "fp8", tp, engine=engine)  # type: ignore[arg-type]
    # the same settings on both: an engine's defaults grow with the GPU
    less = replace(less, memory=MemorySettings(utilization_frac=0.9, batched_tok=2_048, sequences_count=256))
    more = replace(less, gpu=with_memory(less.gpu, less.gpu.memory.capacity_gb * more_ratio))
    assert memory_sum(more, LIVE).kv_room_gib >= memory_sum(less, LIVE).kv_room_gib
    assert memory_sum(more, LIVE).kv_capacity_tok >= memory_sum(less, LIVE).kv_capacity_tok
