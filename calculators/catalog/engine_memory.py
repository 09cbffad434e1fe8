"""Records of hardware_profiles/engine_memory.yaml: how an inference engine divides the memory of a GPU, by version."""

from functools import cache
from typing import Annotated, Literal

from pydantic import Field

from calculators.catalog.base import Fraction, NotNegative, PositiveCount, Record, Sourced, SourcedFile
from calculators.catalog.efficiency import EngineId

Version = tuple[int, ...]
EngineFamily = Literal["vllm", "sglang", "tensorrt-llm", "deepspeed"]
MemoryRule = Literal["share", "static", "rest"]


class EngineMemory(Sourced):
    """Defaults of one engine from `since` on, until the next entry of it, and the coefficients of performance/gpu_memory.

    `rule`: what the setting is a share of. share: all visible memory, everything included (vLLM). static: the memory that is
    free before the weights load, for weights and cache alone (SGLang). rest: what is free after a trial run (TensorRT-LLM).
    """

    engine: EngineFamily
    since: str
    ids: tuple[EngineId, ...] = ()
    """The engines of the throughput model that are this entry."""
    rule: MemoryRule
    utilization_frac: Fraction | None
    """Default of the setting; None: SGLang's rule by the size of the GPU."""
    batched_tok: PositiveCount | None
    """Tokens of the largest batch on GPUs of less than 70 GiB and on the A100; None: the model's context."""
    batched_large_tok: PositiveCount | None
    """The same on larger ones."""
    sequences_count: PositiveCount
    sequences_large_count: PositiveCount
    logit_bytes: NotNegative
    """Bytes of sampling for each of the batch's sequences and each entry of the vocabulary."""
    expert_copies_ratio: NotNegative
    """Buffers of routed tokens over their inputs, outputs and widths in 16 bit."""
    base_gib: NotNegative
    buffers_gib: NotNegative
    """Driver and libraries beside PyTorch's memory, on one GPU."""
    buffers_parallel_gib: NotNegative
    """What communication between GPUs adds."""
    buffers_each_gib: NotNegative = 0.0
    """And again for each further GPU."""
    graph_layer_mib: NotNegative
    """CUDA graphs of one layer and one captured batch size, where the engine takes them from the same share; 0: it does not."""
    longest_trial_tok: PositiveCount | None = None
    """Where `batched_tok` is the context: the longest that is tried in one batch."""


class EngineMemoryRange(Record):
    """How far rooms for the KV cache were off on logged figures whose model the fit had not seen."""

    weights_error_median_frac: NotNegative
    weights_error_p90_frac: NotNegative
    room_error_median_frac: NotNegative
    room_error_p90_frac: NotNegative
    room_error_visible_frac: NotNegative
    """The same 90th percentile over the visible memory: it does not grow where little room is left."""
    reports_count: PositiveCount


class EngineMemories(SourcedFile):
    """Entries of each engine, oldest first."""

    engines: Annotated[tuple[EngineMemory, ...], Field(min_length=1)]
    errors: EngineMemoryRange

    def of(self, engine: EngineId, version: str = "") -> EngineMemory:
        """The entry of an engine at a version; without one, the entry that its id names, else the newest."""
        family = engine_family(engine)
        own = [entry for entry in self.engines if entry.engine == family]
        if version:
            return next((e for e in reversed(own) if version_of(e.since) <= version_of(version)), own[0])
        return next((entry for entry in own if engine in entry.ids), own[-1])


@cache
def engine_family(engine: EngineId) -> EngineFamily:
    """The engine without its era."""
    families: tuple[EngineFamily, ...] = ("sglang", "tensorrt-llm", "deepspeed")
    return next((family for family in families if engine.startswith(family)), "vllm")


def version_of(text: str) -> Version:
    """Numbers of a version, as (0, 19, 0); letters and what follows them are left out."""
    numbers: list[int] = []
    for part in text.strip().lower().removeprefix("v").split("."):
        digits = part[: next((i for i, c in enumerate(part) if not c.isdigit()), len(part))]
        if not digits:
            break
        numbers.append(int(digits))
        if digits != part:
            break
    return tuple(numbers)
