"""What people reported of memory told wrongly: one case for each kind of fault."""

from dataclasses import replace

import pytest

from calculators.catalog.load import load_catalog
from calculators.fleet.candidate_configs import replica_config
from calculators.performance.gpu_memory import MemorySettings
from calculators.performance.memory_sum import memory_sum
from calculators.performance.replica import ReplicaConfig, replica_arrays
from calculators.scenario.schema import Techniques

LIVE = load_catalog()


def test_a_fleet_that_drafts_with_layers_of_its_own_holds_fewer_requests() -> None:
    """DeepSeek V3 in FP8 on 8 H200: the layer weighs 1.3 GiB on each GPU, and caches as much as each of 61 others."""
    model, gpu = LIVE.model("deepseek-v3"), LIVE.gpu("h200-sxm")
    plain, drafting = (replica_config(model, gpu, "fp8", 8, Techniques(speculation=on)) for on in (False, True))
    rooms = replica_arrays([plain, drafting], LIVE).kv_room_bytes[:, 0] / 2**30
    assert rooms[1] == pytest.approx((rooms[0] - 1.34) * 61 / 62, rel=0.01)


def test_consumer_cards_lose_little_to_communication() -> None:
    """Qwen3.6 35B in NVFP4 on two RTX 5090: 16.58 GiB for the cache (vLLM 0.25.1), where NVLink's buffers would leave 15.2."""
    memory = MemorySettings(version="0.25.1", batched_tok=8_192, sequences_count=1, context_tok=262_144)
    config = ReplicaConfig(LIVE.model("qwen3.6-35b-a3b"), LIVE.gpu("rtx-5090"), "nvfp4", 2, memory=memory)
    assert memory_sum(config, LIVE).kv_room_gib == pytest.approx(16.58, rel=0.05)


def test_a_checkpoint_of_experts_alone_is_heavier_than_its_format_says() -> None:
    """Llama 4 Maverick FP8 on 8 H200: 48.87 GiB; Kimi K3 in MXFP4 on 16: 129.75."""
    maverick = ReplicaConfig(LIVE.model("llama-4-maverick"), LIVE.gpu("h200-sxm"), "fp8", 8)
    kimi = ReplicaConfig(LIVE.model("kimi-k3"), LIVE.gpu("h200-sxm"), "mxfp4", 16)
    assert memory_sum(maverick, LIVE).weights_gib == pytest.approx(48.87, rel=0.02)
    assert memory_sum(kimi, LIVE).weights_gib == pytest.approx(129.75, rel=0.06)


def test_a_million_token_window_that_did_not_start_on_eight_h200_is_not_told_to_fit() -> None:
    """GLM-5.3 in FP8 with its native window (vLLM recipes 893): 25.94 GiB were left, and it needed more."""
    memory = MemorySettings(version="0.28.0", context_tok=1_048_576)
    glm = ReplicaConfig(LIVE.model("glm-5.3"), LIVE.gpu("h200-sxm"), "fp8", 8, kv_element_bytes=1.0, memory=memory)
    assert memory_sum(glm, LIVE).verdict != "yes"
    shorter = replace(glm, memory=replace(memory, context_tok=131_072))
    assert memory_sum(shorter, LIVE).verdict == "yes"


def test_the_first_engine_left_more_on_small_cards_than_on_an_h100() -> None:
    """Llama 3.1 8B on one RTX 3090 with vLLM 0.6.4 (issue 10517): 20,000 tokens ran, 29,000 did not."""
    config = ReplicaConfig(
        LIVE.model("llama-3.1-8b"), LIVE.gpu("rtx-3090"), "bf16", 1, memory=MemorySettings(version="0.6.4")
    )
    told = [
        memory_sum(replace(config, memory=replace(config.memory, context_tok=length)), LIVE)
        for length in (20_000.0, 29_000.0)
    ]
    assert [sum_.verdict for sum_ in told] == ["yes", "no"]
