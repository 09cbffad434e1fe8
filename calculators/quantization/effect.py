"""What a recipe does to the verdict's fleet: memory, speed and rent, before and after."""

from dataclasses import dataclass, replace
from math import inf

import numpy as np

from calculators.catalog.base import Precision
from calculators.fleet.candidate_configs import allowed_splits
from calculators.fleet.plan import FleetPlan
from calculators.performance.quantization_recipe import Recipe, unpacked_precisions
from calculators.performance.replica import ReplicaConfig, config_weights, replica_arrays, with_recipe
from calculators.performance.step_time import cache_bytes
from calculators.scenario.inputs import Inputs
from calculators.scenario.schema import Scenario
from calculators.techniques.fleets import FleetState, refit


@dataclass(frozen=True, slots=True)
class ServedFleet:
    """The verdict's model stored in one recipe, on the same kind of GPU."""

    config: ReplicaConfig
    weights_bytes: float
    """Of one replica, all its GPUs together."""
    weights_bytes_per_gpu: float
    kv_room_tok: float
    """KV-cache capacity of one replica in tokens, for requests of the workload's mean length; 0: the weights do not fit."""
    state: FleetState | None
    """The fleet at the scenario's peak. None: no fleet of this replica meets the targets."""


@dataclass(frozen=True, slots=True)
class RecipeEffect:
    """The verdict's fleet before and after a recipe."""

    before: ServedFleet
    after: ServedFleet
    unpacked: tuple[Precision, ...]
    """Formats that this GPU does not compute in: they save memory and are multiplied in 16 bit."""

    @property
    def saves_usd_per_month(self) -> float | None:
        """Rent; None if one side has no fleet."""
        if self.before.state is None or self.after.state is None:
            return None
        return self.before.state.usd_per_month - self.after.state.usd_per_month


def recipe_effect(plan: FleetPlan, recipe: Recipe, inputs: Inputs) -> RecipeEffect:
    """The verdict's replica before, and after it the cheapest replica on the same GPU with the recipe as its precision and
    KV cache; fewer bytes may need fewer GPUs. On equal rent the verdict's split stays."""
    before = _served(plan, plan.config, inputs)
    stored = with_recipe(plan.config, recipe)
    resplit = [replace(stored, tensor_parallel=n) for n in _other_splits(stored, inputs.scenario)]
    every = [_served(plan, config, inputs) for config in (stored, *resplit)]
    after = min(every, key=lambda s: (s.state.usd_per_month, 0.0) if s.state else (inf, -s.kv_room_tok))
    return RecipeEffect(before, after, unpacked_precisions(plan.config.gpu, plan.config.model.shape, recipe))


def verdict_effect(plan: FleetPlan, inputs: Inputs) -> RecipeEffect:
    """The verdict's own recipe, which changes nothing. It counts the router with the other layers, as no recipe does."""
    as_it_is = _served(plan, plan.config, inputs)
    return RecipeEffect(as_it_is, as_it_is, ())


def _served(plan: FleetPlan, config: ReplicaConfig, inputs: Inputs) -> ServedFleet:
    held, length = config_weights(config).stored_bytes, inputs.demand.input_tok + inputs.demand.output_tok
    m = replica_arrays([config], inputs.catalog)
    room = float(m.kv_room_bytes[0, 0])
    each_bytes = float((cache_bytes(m, np.array([length])) + m.state_bytes)[0, 0])
    ranks = config.attention_ranks * config.pipeline_stages
    state = refit(plan, config, inputs) if room > 0 else None
    return ServedFleet(
        config=config,
        weights_bytes=held,
        weights_bytes_per_gpu=held / config.gpus_count,
        kv_room_tok=max(room, 0.0) / each_bytes * length * ranks,
        state=state,
    )


def _other_splits(config: ReplicaConfig, scenario: Scenario) -> list[int]:
    """Other numbers of GPUs per replica; with expert parallelism the number stays."""
    if not scenario.techniques.parallelism or config.expert_ranks > 1 or config.pipeline_stages > 1:
        return []
    return [n for n in allowed_splits(config.gpu, scenario.techniques) if n != config.tensor_parallel]
