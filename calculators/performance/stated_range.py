"""The stated range of a prediction: how far off 80 of 100 measured runs of its kind were."""

from collections.abc import Collection
from dataclasses import dataclass
from functools import lru_cache
from math import exp, hypot, log

from calculators.catalog.catalog import Catalog
from calculators.catalog.launches import Launch
from calculators.performance.replica import ReplicaConfig

EXPERTS, SEVERAL_GPUS, ALONE, CROWD = "experts", "several_gpus", "alone", "crowd"
"""Traits that widen or narrow a range besides the engine and the doubts of a prediction."""
FEW_RUNS, OVER_MACHINES = "few_runs", "over_machines"
ALONE_BATCH, CROWD_BATCH = 2.0, 64.0
"""Fewer requests at once than this are one alone, as many or more are a crowd."""


PREDICTED_FIGURES = ("tok_s", "ttft_ms", "tpot_ms")


@dataclass(frozen=True, slots=True)
class FigureRange:
    """Factors from a predicted figure down to the low end of its 80% range, and up to the high end."""

    down: float
    up: float


def figure_ranges(
    traits: frozenset[str], config: ReplicaConfig, launch: Launch | None, catalog: Catalog
) -> dict[str, FigureRange]:
    """The range of each figure of a run with these traits. A launch that is not known to be tuned has a doubt of its own; one
    that is not told may be slower than the tuned one that is predicted, never faster."""
    shipped = catalog.launches.of(config.engine, config.gpu) if launch != "tuned" else None
    usual, best = (shipped.central, shipped.high) if shipped and launch else (1.0, 1.0)
    slower, faster = (log(usual / shipped.low), log(best / usual)) if shipped else (0.0, 0.0)
    ranges = {}
    for figure in PREDICTED_FIGURES:
        own = log(traits_ratio(figure, traits, catalog))
        slow, fast = exp(hypot(own, slower)), exp(hypot(own, faster))
        ranges[figure] = FigureRange(slow, fast) if figure == "tok_s" else FigureRange(fast, slow)
    return ranges


def config_traits(config: ReplicaConfig, catalog: Catalog) -> tuple[str, ...]:
    """What the range of a replica's speed depends on: engine, kind of model, GPUs, and whether few runs were measured."""
    traits = {
        EXPERTS: bool(config.model.shape.mlp.experts),
        SEVERAL_GPUS: config.gpus_count > 1,
        FEW_RUNS: catalog.is_extrapolated(config.gpu),
        OVER_MACHINES: config.is_over_machines,
    }
    return (config.engine, *(name for name, applies in traits.items() if applies))


def load_traits(batch: float) -> tuple[str, ...]:
    """What the range depends on at so many requests at once."""
    return (ALONE,) if batch < ALONE_BATCH else (CROWD,) if batch >= CROWD_BATCH else ()


def range_ratio(figure: str, config: ReplicaConfig, catalog: Catalog, more: Collection[str] = ()) -> float:
    """The factor either way within which 80% of measured runs of this kind lie; `more`: doubts and traits of a run. A network
    between machines widens it by the exponent of hardware_profiles/links.yaml."""
    return traits_ratio(figure, frozenset((*config_traits(config, catalog), *more)), catalog)


@lru_cache(maxsize=4_096)
def traits_ratio(figure: str, traits: frozenset[str], catalog: Catalog) -> float:
    """As of `range_ratio`, by the names of what a prediction rests on."""
    stated = next(one for one in catalog.efficiencies.ranges if one.figure == figure)
    exponent = catalog.links.range_exponent.central if OVER_MACHINES in traits else 1.0
    return float(stated.of(traits) ** exponent)
