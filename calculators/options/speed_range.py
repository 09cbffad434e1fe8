"""Staircases and rents if the model's throughput were off by its 80th-percentile error, either way."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from calculators.fleet.sizing import sized
from calculators.fleet.staircase import Staircase, rents_matrix, staircases_on
from calculators.scenario.demand import Array
from calculators.scenario.inputs import Inputs

RESIZED_CONFIGS = 60  # how many of the cheapest configurations are sized again at both speed bounds
GPUS_OF_A_MODEL = 5
"""On how many GPUs each model is sized again: one that misses a target if slower leaves others that do not."""


@dataclass(frozen=True, slots=True)
class SpeedBounds:
    """Staircases if every throughput were higher or lower than modeled by its 80th-percentile error."""

    optimistic: tuple[Staircase, ...]
    pessimistic: tuple[Staircase, ...]


def size_at_speed_bounds(
    staircases: Sequence[Staircase], rents_usd: Array, envelope: Sequence[Staircase], inputs: Inputs
) -> SpeedBounds:
    """The relevant configurations sized again at both speed bounds: those of the cheapest fleets at today's volume, of each
    model's cheapest on its cheapest GPUs, and of the lower cost envelope.

    `rents_usd` (s,): rent of each staircase at today's volume.
    """
    if not staircases:
        return SpeedBounds((), ())
    order = np.argsort(rents_usd, kind="stable")
    by_cost = [staircases[i] for i in order.tolist()]
    near = (*by_cost[:RESIZED_CONFIGS], *_of_each_model(by_cost), *envelope)
    pools = [config for s in near for config in (s.capacity.config, s.capacity.prefill_config) if config is not None]
    configs = list({id(config): config for config in pools}.values())
    resized, _ = sized(2 * configs, inputs, np.repeat((1.0, -1.0), len(configs)))
    offers = {id(s.offer): s.offer for s in staircases}.values()
    again = staircases_on(resized, offers, inputs)
    faster, slower = (tuple(s for s in again if s.capacity.speed_error_sign == sign) for sign in (1.0, -1.0))
    return SpeedBounds(faster, slower)


def _of_each_model(by_cost: Iterable[Staircase]) -> list[Staircase]:
    """The cheapest fleet of each model, rented and purchased, on each of its `GPUS_OF_A_MODEL` cheapest GPUs."""
    kept: dict[tuple[str, bool], dict[str, Staircase]] = {}
    for one in by_cost:
        by_gpu = kept.setdefault((one.capacity.config.model.id, one.offer.is_owned), {})
        if len(by_gpu) < GPUS_OF_A_MODEL:
            by_gpu.setdefault(one.offer.gpu_id, one)
    return [one for by_gpu in kept.values() for one in by_gpu.values()]


def rent_range_usd(chosen: Staircase, bounds: SpeedBounds, requests_per_month: float) -> tuple[float, float]:
    """Rent of the cheapest fleet of the chosen one's model at the optimistic and at the pessimistic speed; infinite where
    no fleet within the GPU limit carries the volume."""
    return (
        _least_rent_usd(chosen, bounds.optimistic, requests_per_month),
        _least_rent_usd(chosen, bounds.pessimistic, requests_per_month),
    )


def _least_rent_usd(chosen: Staircase, staircases: Sequence[Staircase], requests_per_month: float) -> float:
    model, owned = chosen.capacity.config.model, chosen.offer.is_owned
    same = [s for s in staircases if s.capacity.config.model is model and s.offer.is_owned is owned]
    return float(rents_matrix(same, np.array([requests_per_month])).min()) if same else np.inf
