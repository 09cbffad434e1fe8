"""The stated range of a prediction: how far off 80 of 100 measured runs of its kind were."""

from collections.abc import Collection
from functools import lru_cache

from calculators.catalog.catalog import Catalog
from calculators.performance.replica import ReplicaConfig

EXPERTS, SEVERAL_GPUS, ALONE, CROWD = "experts", "several_gpus", "alone", "crowd"
"""Traits that widen or narrow a range besides the engine and the doubts of a prediction."""
FEW_RUNS, OVER_MACHINES = "few_runs", "over_machines"
ALONE_BATCH, CROWD_BATCH = 2.0, 64.0
"""Fewer requests at once than this are one alone, as many or more are a crowd."""


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
