"""Records of hardware_profiles/efficiency.yaml: the fitted coefficients of the throughput model."""

from collections.abc import Iterable
from math import prod
from typing import Annotated, Literal

from pydantic import Field

from calculators.catalog.base import (
    Fraction,
    NotNegative,
    Positive,
    PositiveCount,
    Precision,
    Record,
    Sourced,
    SourcedFile,
)

EngineId = Literal["vllm", "sglang", "tensorrt-llm", "tensorrt-llm-2024", "vllm-2024", "vllm-2024-rocm", "deepspeed"]


class Efficiency(Sourced):
    """Coefficients of the throughput model for a GPU generation. The terms are those of performance/step_time."""

    generation: str
    compute_frac: Fraction
    fp8_compute_frac: Fraction
    """Share of peak that FP8 and INT8 reach, relative to the share that 16 bit reaches."""
    fp4_compute_frac: Fraction
    gemm_pad_tok: NotNegative
    weight_bandwidth_frac: Fraction
    expert_compute_frac: Fraction
    expert_bandwidth_frac: Fraction
    expert_half_width: NotNegative
    expert_pad_tok: NotNegative
    expert_passes: NotNegative
    """How often the activations of routed tokens cross the memory bus."""
    pick_evenness: Positive
    """Of experts' popularity: 1 / its squared coefficient of variation; infinite when tokens pick at random."""
    four_bit_read_frac: Fraction
    kv_bandwidth_frac: Fraction
    prefill_attention_frac: Fraction
    link_frac: Fraction
    kernel_us: NotNegative
    """Time to launch a kernel and wait for its last block."""
    layer_overhead_parallel_us: NotNegative
    collective_latency_us: NotNegative
    """One all-reduce of a small message between GPUs."""

    def format_compute_frac(self, precision: Precision) -> float:
        """Of the format's peak, relative to 16 bit."""
        if precision in ("nvfp4", "mxfp4"):
            return self.fp4_compute_frac
        return self.fp8_compute_frac if precision in ("fp8", "int8") else 1.0


class EngineFit(Sourced):
    """Overheads and factors of an engine on top of the hardware's time."""

    engine: EngineId
    kernel_factor: Positive
    """Its kernels' time over those of the best engine."""
    multiply_factor: Positive
    """The same for arithmetic alone: libraries that were not tuned for a GPU lose it there first."""
    launch_factor: Positive
    """Kernel launches, relative to an engine that replays CUDA graphs."""
    parallel_factor: Positive
    """Small messages between GPUs, relative to vLLM's."""
    link_factor: Positive
    """Large messages between GPUs, relative to vLLM's."""
    group_read_exponent: NotNegative
    """1: the cache is read again for every query head that shares it; 0: once."""
    step_overhead_us: NotNegative
    request_overhead_us: NotNegative
    """Per decoding request and step: sampling, bookkeeping."""
    first_token_overhead_ms: NotNegative
    """HTTP, tokenizing, scheduling and the like before the first token."""
    first_token_kernel_us: NotNegative
    """Launching one kernel of a prefill, which replays no CUDA graph: the more kernels a model has, the later its first token."""
    first_token_own_ratio: NotNegative
    """In a closed loop: how many times its own prefill a request waits when nobody else is there."""
    first_token_others_ratio: NotNegative
    """And how much of each other client's prefill."""


class ErrorRange(Record):
    """How far measured runs whose model, or whose GPU, the fit had never seen lay from their predictions: a factor either way
    that held 80% of them, wider or narrower by what a prediction rests on."""

    figure: Literal["tpot_ms", "tok_s", "ttft_ms"]
    base_ratio: Annotated[float, Field(ge=1)]
    """Of the engine, kind of model and load that have no exponent."""
    exponents: dict[str, Positive]
    """By trait: how many times wider the range is on a logarithmic scale."""
    ok_rows_count: PositiveCount
    extrapolated_rows_count: PositiveCount

    def of(self, traits: Iterable[str]) -> float:
        """The factor of a prediction with these traits: base ^ product of their exponents."""
        return float(self.base_ratio ** prod(self.exponents.get(trait, 1.0) for trait in traits))


class Efficiencies(SourcedFile):
    """`error_*`: how far predictions were off on measured rows left out of the fit, as a fraction of the measured value."""

    efficiencies: tuple[Efficiency, ...] = Field(min_length=1)
    engines: tuple[EngineFit, ...] = Field(min_length=1)
    tpot_error_median_frac: NotNegative
    tpot_error_p80_frac: NotNegative
    ranges: tuple[ErrorRange, ...] = Field(min_length=3, max_length=3)
    fitted_rows_count: PositiveCount
    protocol: tuple[str, ...] = Field(min_length=1)
    """How the coefficients were fitted and judged: one point each."""
