"""What a page shows of a replica's memory."""

from dataclasses import dataclass

from calculators.catalog.catalog import Catalog
from calculators.performance.memory_sum import MemoryLine, memory_sum, vllm_line
from calculators.performance.replica import ReplicaConfig
from calculators.report.memory_text import memory_note, memory_takeaway, window_note


@dataclass(frozen=True, slots=True)
class MemoryView:
    """The memory of one GPU of a replica, with its sentences."""

    lines: tuple[MemoryLine, ...]
    visible_gib: float
    takeaway: str
    window_note: str
    vllm_line: str
    """KV capacity as vLLM's log prints it."""
    note: str


def memory_view(config: ReplicaConfig, catalog: Catalog) -> MemoryView:
    """The view of one replica."""
    told = memory_sum(config, catalog)
    return MemoryView(
        lines=told.lines,
        visible_gib=told.visible_gib,
        takeaway=memory_takeaway(told),
        window_note=window_note(told),
        vllm_line=vllm_line(told, config.attention_ranks),
        note=memory_note(config, told, catalog),
    )
