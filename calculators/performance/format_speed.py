"""What a format of weights or of the KV cache costs besides the bytes that it takes, and what it gains in arithmetic.

Weights in a format that the GPU does not multiply are expanded to 16 bit on the way: fewer bytes are read, but the arithmetic
is slower than that of 16-bit weights. So FP8 on A100 is faster with few requests at once, and slower with many. Numbers:
hardware_profiles/speed_rules.yaml.
"""

from collections.abc import Mapping

from calculators.catalog.base import Precision
from calculators.catalog.efficiency import Efficiency, EngineId
from calculators.catalog.engine_memory import engine_family
from calculators.catalog.hardware import Gpu
from calculators.catalog.speed_rules import SpeedRules

EXPANDED: tuple[Precision, ...] = ("fp8", "int4")
"""Formats whose kernels for GPUs without their arithmetic are slower than 16 bit. MXFP4 on Hopper is in the fit itself."""


def arithmetic_numbers(gpu: Gpu, precision: Precision, fit: Efficiency, rules: SpeedRules) -> dict[str, float]:
    """Peak FLOP/s of the weights' precision, and the share achieved relative to 16 bit."""
    peak = gpu.dense_flops(precision)
    if peak > gpu.dense_flops("bf16"):
        frac = fit.format_compute_frac(precision)
    else:
        frac = rules.expanded_compute_frac.central if precision in EXPANDED else 1.0
    return {"peak_flops": peak, "format_compute_frac": frac}


def unpacking_us(precision: Precision, moe_layers: float, rules: SpeedRules) -> float:
    """Time of a step that kernels for INT4 experts take more than others, whatever the batch."""
    return rules.int4_expert_us.central * moe_layers if precision == "int4" else 0.0


def cache_ratios(gpu: Gpu, engine: EngineId, element_bytes: float, rules: SpeedRules) -> Mapping[str, float]:
    """Time of attention relative to what its bytes and arithmetic take. TensorRT-LLM's runs with such a cache are in the fit, as
    are Blackwell's."""
    is_fitted = engine.startswith("tensorrt") or gpu.dense_flops("mxfp4") > gpu.dense_flops("bf16")
    is_narrow = element_bytes < 2 and not is_fitted
    return {
        "cache_read_ratio": rules.narrow_cache_read_ratio.central if is_narrow else 1.0,
        "cache_prompt_ratio": rules.narrow_cache_prompt_ratio.central if is_narrow else 1.0,
    }


def verify_walk_us(gpu: Gpu, engine: EngineId, full_layers: int, rules: SpeedRules) -> float:
    """Time that each cached token takes at least, in all layers, where a cache of which several tokens are verified is not split over
    the GPU: in FlashAttention-2, which vLLM takes before Hopper. 0: it is split."""
    is_walked = engine_family(engine) == "vllm" and gpu.generation in ("ampere", "ada")
    return rules.verify_walk_ns.central / 1e3 * full_layers if is_walked else 0.0
