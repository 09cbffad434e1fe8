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
    config = ReplicaConfig(
        LIVE.model("deepseek-v3.2"), LIVE.gpu("b200-sxm"), "fp8", 8, kv_element_bytes=1.0, engine="sglang"
    )
    found = memory_sum(config, LIVE)
    assert found.kv_request_gib * 2**30 / found.context_tok == pytest.approx(48_071, rel=0.002)


def test_vllm_reads_a_plain_fp8_cache_for_sparse_latent_attention_on_b200() -> None:
    """DeepSeek V3.2 NVFP4 on 8 B200 (vLLM 0.18): 110.95 GiB for 2,758,336 tokens, 43,189 bytes each."""
    config = ReplicaConfig(LIVE.model("deepseek-v3.2"), LIVE.gpu("b200-sxm"), "nvfp4", 8, kv_element_bytes=1.0)
    found = memory_sum(config, LIVE)
    assert found.kv_request_gib * 2**30 / found.context_tok == pytest.approx(43_189, rel=0.002)


def test_pooled_attention_holds_few_short_requests_and_many_long_ones() -> None:
    """DeepSeek V4 Flash in attention ranks on 8 B200 (vLLM issue 51454): 156.9 requests of a million tokens. V4 Pro on 8 H200:
    4.2 GiB for a request of 8,192 tokens, as little as for one of half a million."""
    memory = MemorySettings(version="0.25.0", utilization_frac=0.95, batched_tok=8_192, context_tok=1_048_576)
    flash = ReplicaConfig(
        model=LIVE.model("deepseek-v4-flash"),
        gpu=LIVE.gpu("b200-sxm"),
        precision="mxfp4",
        tensor_parallel=1,
        attention_ranks=8,
        kv_element_bytes=1.0,
        expert_ranks=8,
        memory=memory,
    )
    assert memory_sum(flash, LIVE).concurrency == pytest.approx(156.9, rel=0.15)
    pro = told("deepseek-v4-pro", "h200-sxm", "mxfp4", 8, batched_tok=8_192, context_tok=8_192)
    assert pro.kv_request_gib == pytest.approx(4.2, rel=0.2)


def test_layers_for_drafting_take_weights_and_cache_where_they_are_on() -> None:
    """GLM-5.1 NVFP4 on 8 RTX PRO 6000: 341,504 tokens without, 319,232 with (one layer more of 78, and its weights)."""
    off, on = (
        told("glm-5.1", "rtx-pro-6000", "nvfp4", 8, draft_layers=is_on, context_tok=202_752) for is_on in (False, True)
    )
    assert on.kv_request_gib / off.kv_request_gib == pytest.approx(79 / 78)
    assert 0.5 < off.kv_room_gib - on.kv_room_gib < 3
    assert told("llama-3.3-70b", "h100-sxm", "fp8", 2, draft_layers=True) == told("llama-3.3-70b", "h100-sxm", "fp8", 2)


def test_a_start_near_the_edge_is_left_open_and_one_far_from_it_is_not() -> None:
    """gpt-oss-120b on one H100 at 0.95: ran with 16,000 tokens, missed 131,072 by 2.8 of 79 GiB (llm-d pull request 732, vLLM
    issue 27508). Llama 70B in FP8 did not fit one H100, and fits two."""
    edge = told("gpt-oss-120b", "h100-sxm", "mxfp4", version="0.11.0", utilization_frac=0.95, context_tok=131_072)
    assert edge.verdict == "open"
    assert told("llama-3.3-70b", "h100-sxm", "fp8", 1, version="0.11.0", context_tok=16_000).verdict == "no"
    assert told("llama-3.3-70b", "h100-sxm", "fp8", 2, version="0.11.0", context_tok=16_000).verdict == "yes"


def test_groups_of_32_weigh_more_than_groups_of_128() -> None:
    """Kimi K2.5 in INT4 on 8 H200: 72.02 GiB (vLLM 0.18), 5.5 less with the scales of groups of 128."""
    assert told("kimi-k2.5", "h200-sxm", "int4", 8).weights_gib == pytest.approx(72.02, rel=0.02)


def test_towers_for_images_are_whole_on_every_gpu() -> None:
    """Ministral 3 14B in 16 bit on 8 H200: 4.03 GiB (vLLM 0.13), of which 0.8 are not split."""
    assert told("ministral-3-14b", "h200-sxm", "bf16", 8).weights_gib == pytest.approx(4.03, rel=0.05)


def test_sglang_keeps_room_for_linear_states_and_for_towers() -> None:
    """Qwen3.8 27B FP8 on one MI355X at 0.85: 1,543,256 tokens. Kimi K2.5 on 8 MI355X: a default share of 0.826."""
    settings_ = MemorySettings(version="0.5.15", utilization_frac=0.85, context_tok=262_144)
    qwen = ReplicaConfig(LIVE.model("qwen3.8-27b"), LIVE.gpu("mi355x"), "fp8", 1, engine="sglang", memory=settings_)
    assert memory_sum(qwen, LIVE).kv_capacity_tok == pytest.approx(1_543_256, rel=0.25)
    kimi = ReplicaConfig(LIVE.model("kimi-k2.5"), LIVE.gpu("mi355x"), "int4", 8, engine="sglang")
    assert memory_sum(kimi, LIVE).share_frac == pytest.approx(0.826, abs=0.02)


def test_unpacking_a_long_fp8_cache_takes_gigabytes_on_hopper() -> None:
    """vLLM's FlashMLA sparse workspace: 5 x 1,048,576 x 576 x 2 bytes for GLM-5.3 on H200; it was 7 GiB short (recipes 893)."""
    glm, gpu = LIVE.model("glm-5.3"), LIVE.gpu("h200-sxm")
    rooms = [
        memory_sum(
            ReplicaConfig(glm, gpu, "fp8", 8, kv_element_bytes=size, memory=MemorySettings(context_tok=1_048_576)), LIVE
        ).kv_room_gib
        for size in (2.0, 1.0)
    ]
    assert 2 < rooms[0] - rooms[1] < 5.7


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
