"""Formats without their own arithmetic read less and multiply slower; INT4 experts and FP8 caches cost a little of their own."""

import numpy as np
import pytest

from calculators.catalog.base import Precision
from calculators.catalog.efficiency import EngineId
from calculators.catalog.load import load_catalog
from calculators.performance.format_speed import arithmetic_numbers, cache_ratios, unpacking_us, verify_walk_us
from calculators.performance.replica import ReplicaConfig, replica_arrays
from calculators.performance.step_time import step_s

LIVE = load_catalog()
RULES, NONE = LIVE.speed_rules, np.zeros(1)


def step_ms(precision: Precision, batch: float, gpu: str = "a100-80gb-sxm", prompt_tok: float = 0) -> float:
    config = ReplicaConfig(LIVE.model("qwen3-14b"), LIVE.gpu(gpu), precision, 1)
    m = replica_arrays([config], LIVE)
    return float(step_s(m, np.array([batch]), np.array([300.0]), np.array([prompt_tok]), np.array([150.0]))[0, 0]) * 1e3


@pytest.mark.parametrize("precision", ["fp8", "int4"])
def test_narrow_weights_are_faster_alone_and_slower_over_a_prompt_where_they_must_be_expanded(
    precision: Precision,
) -> None:
    assert step_ms(precision, 1) < 0.8 * step_ms("bf16", 1)
    assert step_ms(precision, 256, prompt_tok=4096) > step_ms("bf16", 256, prompt_tok=4096)


def test_where_the_gpu_multiplies_in_fp8_it_is_faster_throughout() -> None:
    assert step_ms("fp8", 256, "h100-sxm", 4096) < step_ms("bf16", 256, "h100-sxm", 4096)


def test_native_formats_keep_the_fitted_share_and_mxfp4_on_hopper_is_in_the_fit() -> None:
    h100, a100 = LIVE.gpu("h100-sxm"), LIVE.gpu("a100-80gb-sxm")
    fit = LIVE.efficiency(h100)
    assert arithmetic_numbers(h100, "fp8", fit, RULES)["format_compute_frac"] == fit.fp8_compute_frac
    assert arithmetic_numbers(h100, "mxfp4", fit, RULES)["format_compute_frac"] == 1.0
    expanded = arithmetic_numbers(a100, "fp8", LIVE.efficiency(a100), RULES)
    assert expanded == {
        "peak_flops": a100.dense_flops("bf16"),
        "format_compute_frac": RULES.expanded_compute_frac.central,
    }


def test_only_int4_experts_wait_for_their_kernels() -> None:
    assert unpacking_us("int4", 58, RULES) == 58 * RULES.int4_expert_us.central
    assert unpacking_us("fp8", 58, RULES) == 0
    assert unpacking_us("int4", 0, RULES) == 0


def test_a_narrow_cache_costs_time_of_its_own_only_before_blackwell_and_not_in_tensorrt() -> None:
    h100, b200 = LIVE.gpu("h100-sxm"), LIVE.gpu("b200-sxm")
    assert min(cache_ratios(h100, "vllm", 1.0, RULES).values()) > 1
    for gpu, engine, element_bytes in (
        (h100, "vllm", 2.0),
        (h100, "tensorrt-llm", 1.0),
        (b200, "vllm", 1.0),
    ):
        assert set(cache_ratios(gpu, engine, element_bytes, RULES).values()) == {1.0}  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("gpu", "engine", "walks"),
    [
        ("a100-80gb-sxm", "vllm", True),
        ("l40s", "vllm", True),
        ("h100-sxm", "vllm", False),
        ("a100-80gb-sxm", "sglang", False),
    ],
)
def test_vllm_walks_a_verified_cache_in_one_block_before_hopper(gpu: str, engine: EngineId, walks: bool) -> None:
    walk_us = verify_walk_us(LIVE.gpu(gpu), engine, 32, RULES)
    assert walk_us == pytest.approx(0.045 * 32 if walks else 0.0)
