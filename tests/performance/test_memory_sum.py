"""The memory of one GPU line by line, golden cases from logs, and the capacity as vLLM prints it."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calculators.catalog.base import Precision
from calculators.catalog.load import load_catalog
from calculators.performance.gpu_memory import MemorySettings
from calculators.performance.memory_sum import MemorySum, memory_sum, vllm_line
from calculators.performance.replica import ReplicaConfig

LIVE = load_catalog()


def told(model: str, gpu: str, precision: Precision, tp: int = 1, **set_by_user: object) -> MemorySum:
    memory = MemorySettings(**set_by_user)  # type: ignore[arg-type]
    return memory_sum(ReplicaConfig(LIVE.model(model), LIVE.gpu(gpu), precision, tp, memory=memory), LIVE)


def test_the_lines_add_up_to_the_visible_memory() -> None:
    found = told("llama-3.1-8b", "h100-sxm", "bf16")
    assert sum(line.gib for line in found.lines) == pytest.approx(found.visible_gib)
    assert [line.name for line in found.lines] == [
        *("weights", "draft model", "KV cache", "activations", "CUDA graphs", "buffers", "unused")
    ]


def test_the_log_of_llama_8b_on_vllm_0_19_is_met() -> None:
    """GPU KV cache size: 476,016 tokens; Maximum concurrency for 8,192 tokens per request: 58.11x (logged)."""
    found = told("llama-3.1-8b", "h100-sxm", "bf16", version="0.19.0", utilization_frac=0.95, context_tok=8_192)
    assert found.kv_capacity_tok == pytest.approx(476_016, rel=0.01)
    assert vllm_line(found, 1).startswith("GPU KV cache size: 47")
    assert f"Maximum concurrency for 8,192 tokens per request: {found.concurrency:.2f}x" in vllm_line(found, 1)


def test_a_draft_model_takes_its_share_from_the_cache() -> None:
    alone, drafted = (told("llama-3.3-70b", "h100-sxm", "fp8", 4, draft_gib=gib) for gib in (0.0, 8.0))
    assert alone.kv_room_gib - drafted.kv_room_gib == pytest.approx(2.0)


def test_weights_are_those_of_the_checkpoint_and_not_all_in_its_format() -> None:
    """Llama 3.1 405B FP8 of Meta keeps attention in 16 bit: 57.75 GiB a GPU of eight, not 47.7 (vLLM issue 6746)."""
    assert told("llama-3.1-405b", "h100-sxm", "fp8", 8).weights_gib == pytest.approx(57.75, rel=0.03)


def test_a_flat_two_gigabytes_beside_the_weights_are_not_enough() -> None:
    """gpt-oss-120b did not start on one H100 at 0.90 with vLLM 0.10.1 (issue 23278): 2.14 GiB were missing."""
    found = told("gpt-oss-120b", "h100-sxm", "mxfp4", version="0.10.1")
    assert not found.fits
    assert "leave nothing" in found.reason


def test_a_window_that_does_not_fit_is_told_with_the_longest_that_does() -> None:
    """gpt-oss-120b on one H100 at 0.95 (issue 27508): 1.71 GiB were left for requests of 131,072 tokens."""
    found = told("gpt-oss-120b", "h100-sxm", "mxfp4", version="0.11.0", utilization_frac=0.95)
    assert found.kv_room_gib > 0
    assert not found.fits
    assert "131k tokens" in found.reason
    assert told("gpt-oss-120b", "h100-sxm", "mxfp4", version="0.11.0", utilization_frac=0.95, context_tok=16_000).fits


def test_a_405b_in_mxfp4_fits_one_gpu_of_288_gb() -> None:
    """It ran (vLLM pull request 25135)."""
    assert told("llama-3.1-405b", "mi355x", "mxfp4", context_tok=4_096).fits


def test_sparse_latent_attention_in_fp8_keeps_scales_and_a_rope_key() -> None:
    """DeepSeek V3.2: (656 + 128 + 4) x 61 layers = 48,068 bytes a token; SGLang logs 48,071."""
    config = ReplicaConfig(LIVE.model("deepseek-v3.2"), LIVE.gpu("b200-sxm"), "fp8", 8, kv_element_bytes=1.0)
    found = memory_sum(config, LIVE)
    assert found.kv_request_gib * 2**30 / found.context_tok == pytest.approx(48_071, rel=0.002)


def test_indexer_keys_beside_grouped_attention_are_in_16_bit() -> None:
    """MiniMax M3 on 8 GPUs: 60 layers x 1 head x 256 x 2 and 57 keys of 128 x 2 bytes a token and GPU."""
    found = told("minimax-m3", "b200-sxm", "nvfp4", 8)
    assert found.kv_request_gib * 2**30 / found.context_tok == pytest.approx(60 * 512 + 57 * 256, rel=1e-6)


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from(("llama-3.3-70b", "gpt-oss-120b", "deepseek-v3.2", "gemma-3-27b", "qwen3.6-35b-a3b")),
    st.sampled_from(("h100-sxm", "b200-sxm", "l40s", "mi300x")),
    st.sampled_from(("vllm", "sglang", "tensorrt-llm", "vllm-2024")),
    st.sampled_from((1, 2, 8)),
    st.integers(64, 1_000_000),
    st.floats(1.0, 100.0),
)
def test_a_longer_context_never_fits_where_a_shorter_did_not(
    model: str, gpu: str, engine: str, tp: int, context: int, more_ratio: float
) -> None:
    settings_ = MemorySettings(context_tok=float(context), batched_tok=2_048)
    short = ReplicaConfig(LIVE.model(model), LIVE.gpu(gpu), "fp8", tp, engine=engine, memory=settings_)  # type: ignore[arg-type]
    long = replace(short, memory=replace(settings_, context_tok=context * more_ratio))
    assert memory_sum(short, LIVE).fits >= memory_sum(long, LIVE).fits
