"""How a replica may be split over GPUs: over those of one server, or over several machines where that pays.

Two things make more GPUs pay. Weights that one server does not hold must be split over machines: in pipeline stages, which
exchange little, or with every expert on one GPU. And where tensor parallelism would keep a copy of each KV cache on every
GPU (multi-head latent attention has one head to share, others few), attention ranks that serve their own requests hold
several times as many; they share the experts (DeepSeek-V3, arXiv:2412.19437, section 3.4).
"""

from dataclasses import dataclass

from calculators.catalog.hardware import Gpu
from calculators.catalog.models import Model, Shape
from calculators.catalog.networks import Links
from calculators.performance.links import SERVER_GPUS, island_gpus

MACHINES_GPUS = (16, 32, 64)
"""Sizes of replicas beyond one server."""
SPREAD_FRAC = 0.25
"""Twice as many GPUs may pay while the weights take more than this share of each one's memory: below it, little room for
caches is left to gain."""
FULL_FRAC = 0.8
"""Share of the memory from which weights may not leave room for what an engine needs besides."""


@dataclass(frozen=True, slots=True)
class Layout:
    """Parallelism of a replica, as in `ReplicaConfig`."""

    tensor_parallel: int
    attention_ranks: int = 1
    pipeline_stages: int = 1

    @property
    def gpus_count(self) -> int:
        """GPUs of the replica."""
        return self.tensor_parallel * self.attention_ranks * self.pipeline_stages


def cached_heads(shape: Shape) -> int:
    """GPUs over which tensor parallelism splits a KV cache without copies, a power of two up to a server's."""
    heads = 1 if shape.attention.kind == "mla" else shape.attention.kv_heads
    return next(split for split in (8, 4, 2, 1) if split <= heads)


def wide_layouts(model: Model, gpu: Gpu, weights_bytes: float, links: Links) -> list[Layout]:
    """Layouts with attention ranks or over several machines that may pay for these weights; no others, so that the search
    stays short."""
    filled = weights_bytes / gpu.memory_bytes  # as many GPUs
    split, experts = cached_heads(model.shape), model.shape.mlp.experts or 0
    if filled <= SPREAD_FRAC * SERVER_GPUS and filled <= split:
        return []
    layouts = list[Layout]()
    if experts and split < SERVER_GPUS <= gpu.links.domain_gpus and split < filled < SERVER_GPUS:
        layouts.append(Layout(split, SERVER_GPUS // split))
    joined = island_gpus(gpu) if links.network(gpu.id) is None else max(MACHINES_GPUS)
    sizes = [gpus for gpus in MACHINES_GPUS if gpus <= joined and filled < gpus]
    if experts:
        spread = [gpus for gpus in sizes if filled > SPREAD_FRAC * gpus / 2 and experts % gpus == 0]
        layouts += [Layout(split, gpus // split) for gpus in spread]
    if filled > FULL_FRAC * SERVER_GPUS:
        layouts += [Layout(SERVER_GPUS, 1, gpus // SERVER_GPUS) for gpus in sizes if filled < FULL_FRAC * gpus][:1]
    return layouts
