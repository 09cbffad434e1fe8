"""What a recipe does to the verdict's own fleet: memory, speed and dollars, before and after."""

from dataclasses import dataclass, replace
from math import inf

import numpy as np

from calculators.catalog.base import Precision
from calculators.fleet.plan import FleetPlan
from calculators.fleet.replica_capacity import allowed_splits
from calculators.performance.quantization_recipe import Recipe, unpacked
from calculators.performance.replica import ReplicaConfig, config_weights, replica_arrays, with_recipe
from calculators.performance.step_time import cache_bytes
from calculators.scenario.inputs import Inputs
from calculators.scenario.schema import Scenario
from calculators.techniques.fleets import FleetState, refit
from calculators.units import percent, usd


@dataclass(frozen=True, slots=True)
class ServedFleet:
    """One way to store the model, on the same GPUs."""

    config: ReplicaConfig
    weights_bytes: float
    """One replica's, all its GPUs together."""
    weights_bytes_per_gpu: float
    kv_room_tok: float
    """Tokens of cache that one replica holds, in requests as long as this workload's mean; 0: the weights do not fit."""
    state: FleetState | None
    """The fleet at the scenario's peak. None: no fleet of this replica carries it within the targets."""


@dataclass(frozen=True, slots=True)
class RecipeEffect:
    before: ServedFleet
    after: ServedFleet
    unpacked: tuple[Precision, ...]
    """Formats that this GPU has no arithmetic for: they save memory and are multiplied in 16 bit."""

    @property
    def saves_usd_per_month(self) -> float | None:
        """Rent; None where there is no fleet on one side."""
        if self.before.state is None or self.after.state is None:
            return None
        return self.before.state.usd_per_month - self.after.state.usd_per_month


def recipe_effect(plan: FleetPlan, recipe: Recipe, inputs: Inputs) -> RecipeEffect:
    """The verdict's replica as it is, and the cheapest one on the same GPU with the recipe in place of its format and
    cache: fewer bytes may need fewer GPUs. Of equally cheap ones, the verdict's own split."""
    before = _served(plan, plan.config, inputs)
    stored = with_recipe(plan.config, recipe)
    resplit = [replace(stored, tensor_parallel=n) for n in _other_splits(stored, inputs.scenario)]
    every = [_served(plan, config, inputs) for config in (stored, *resplit)]
    after = min(every, key=lambda s: (s.state.usd_per_month, 0.0) if s.state else (inf, -s.kv_room_tok))
    return RecipeEffect(before, after, unpacked(plan.config.gpu, plan.config.model.shape, recipe))


def _served(plan: FleetPlan, config: ReplicaConfig, inputs: Inputs) -> ServedFleet:
    held, length = config_weights(config).stored_bytes, inputs.demand.input_tok + inputs.demand.output_tok
    m = replica_arrays([config], inputs.catalog)
    room = float(m.kv_room_bytes[0, 0])
    each_bytes = float((cache_bytes(m, np.array([length])) + m.state_bytes)[0, 0])
    ranks = config.attention_ranks * config.pipeline_stages
    state = refit(plan, config, inputs) if room > 0 else None
    return ServedFleet(config, held, held / config.gpus_count, max(room, 0.0) / each_bytes * length * ranks, state)


def _other_splits(config: ReplicaConfig, scenario: Scenario) -> list[int]:
    """Other numbers of GPUs to split a replica over; whole experts on each GPU bind it to the number it has."""
    if not scenario.techniques.parallelism or config.expert_ranks > 1:
        return []
    return [n for n in allowed_splits(config.gpu, scenario.techniques) if n != config.tensor_parallel]


def worth_sentence(found: RecipeEffect, name: str) -> str:
    """What the recipe is worth, in words."""
    if found.after.state is None:
        fits = found.after.kv_room_tok > 0
        why = "no machine of this landlord serves it within the targets" if fits else "its weights do not fit this GPU"
        return f"{name} makes no fleet here: {why}."
    saved = found.saves_usd_per_month
    if saved is None:
        return f"{name} makes a fleet for {usd(found.after.state.usd_per_month)}/month where there was none."
    if abs(saved) < 0.5:
        return f"{name} changes no rent: {usd(found.after.state.usd_per_month)}/month{_carries(found)}."
    word = "saves" if saved > 0 else "costs"
    return f"{name} {word} {usd(abs(saved))} of rent a month{'' if saved > 0 else ' more'}."


def _carries(found: RecipeEffect) -> str:
    """What whole machines hide: how much more each GPU could carry."""
    if found.before.state is None or found.after.state is None:
        return ""
    gain = found.after.state.req_s_per_gpu / found.before.state.req_s_per_gpu - 1
    return f", and each GPU carries {percent(abs(gain))} {'more' if gain > 0 else 'less'}" if abs(gain) >= 0.01 else ""
