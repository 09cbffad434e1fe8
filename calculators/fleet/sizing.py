"""Sizing that is remembered: what replicas carry depends on no volume, price, staffing or requirement, which are most of what
a user changes."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache

import numpy as np

from calculators.catalog.catalog import Catalog
from calculators.fleet.candidate_configs import candidate_configs
from calculators.fleet.replica_capacity import Capacity, Infeasible, replica_capacities
from calculators.performance.replica import ReplicaConfig
from calculators.scenario.demand import Array
from calculators.scenario.inputs import Inputs

MOST_REMEMBERED = 2_000
"""More configurations than these at once are not remembered, so that memory is bounded."""
_OF_PRICES = {
    *("rent_providers", "commitments", "min_confidence", "max_rent_age_days", "include_marketplaces", "include_owned"),
    *("own_rents", "purchase", "existing_lens", "max_gpus"),
}
"""Fields of the hardware that say which machines may be had, and for what; not what a replica carries."""
_OF_VOLUME = {
    *("requests_per_month", "requests_range_per_month", "peak_ratio", "peak_range_ratio", "active_h_per_month"),
    *("growth_per_month_frac", "growth_basis", "growth_range_frac", "growth_low_frac", "growth_high_frac"),
}
"""Fields of the workload that say how much traffic there is: the number of replicas follows from them, not what one carries."""
Sized = tuple[tuple[Capacity, ...], tuple[Infeasible, ...]]
"""Capacities of configurations, and those without one."""


@dataclass(frozen=True, slots=True)
class _Question:
    """Everything that an answer depends on; equal to one that asks the same."""

    asked: str
    catalog: Catalog
    config_ids: tuple[int, ...] = ()
    signs: tuple[float, ...] = ()
    inputs: Inputs = field(kw_only=True, compare=False)
    configs: tuple[ReplicaConfig, ...] = field(default=(), compare=False)
    """Kept, so that the ids stay theirs."""


def searched_configs(inputs: Inputs) -> tuple[ReplicaConfig, ...]:
    """Every candidate configuration, as of `candidate_configs`; the same objects each time, while they are remembered."""
    asked = inputs.scenario.model_dump_json(
        include={"hardware", "techniques", "candidates"}, exclude={"hardware": _OF_PRICES}
    )
    return _configs(_Question(asked, inputs.catalog, inputs=inputs))


def sized(configs: Sequence[ReplicaConfig], inputs: Inputs, speed_error_sign: Array | None = None) -> Sized:
    """As of `replica_capacities`; remembered for the same configuration objects. `speed_error_sign` (n,): as modeled where
    None."""
    signs = np.zeros(len(configs)) if speed_error_sign is None else speed_error_sign
    if len(configs) > MOST_REMEMBERED:
        able, unable = replica_capacities(configs, inputs, signs)
        return tuple(able), tuple(unable)
    parts = {"workload", "targets", "techniques", "hardware"}
    asked = inputs.scenario.model_dump_json(include=parts, exclude={"workload": _OF_VOLUME, "hardware": _OF_PRICES})
    ids = tuple(id(config) for config in configs)
    return _sized(_Question(asked, inputs.catalog, ids, tuple(signs.tolist()), inputs=inputs, configs=tuple(configs)))


@lru_cache(maxsize=32)
def _configs(question: _Question) -> tuple[ReplicaConfig, ...]:
    return tuple(candidate_configs(question.inputs.scenario, question.catalog))


@lru_cache(maxsize=64)
def _sized(question: _Question) -> Sized:
    able, unable = replica_capacities(question.configs, question.inputs, np.array(question.signs))
    return tuple(able), tuple(unable)
