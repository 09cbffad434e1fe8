"""Staircases and rents if the model's throughput were off by its 80th-percentile error, either way."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from calculators.fleet.replica_capacity import replica_capacities
from calculators.fleet.staircase import Staircase, rents_matrix, staircases_on
from calculators.scenario.demand import Array
from calculators.scenario.inputs import Inputs

RESIZED_CONFIGS = 60  # how many of the cheapest configurations are sized again at both speed bounds


@dataclass(frozen=True, slots=True)
class SpeedBounds:
    """Staircases if every throughput were higher or lower than modeled by its 80th-percentile error."""

    optimistic: tuple[Staircase, ...]
    pessimistic: tuple[Staircase, ...]


def size_at_speed_bounds(
    staircases: Sequence[Staircase], rents_usd: Array, envelope: Sequence[Staircase], inputs: Inputs
) -> SpeedBounds:
    """The relevant configurations sized again at both speed bounds: those of the cheapest fleets at today's volume, of the
    cheapest of each model, and of the lower cost envelope.

    `rents_usd` (s,): rent of each staircase at today's volume.
    """
    if not staircases:
        return SpeedBounds((), ())
    order = np.argsort(rents_usd, kind="stable")
    best = {(s.capacity.config.model.id, s.offer.is_owned): s for s in (staircases[i] for i in order[::-1])}
    near = [staircases[i] for i in order[:RESIZED_CONFIGS]]
    sized = [s.capacity for s in (*best.values(), *near, *envelope)]
    pools = [config for c in sized for config in (c.config, c.prefill_config) if config is not None]
    configs = list({id(config): config for config in pools}.values())
    resized, _ = replica_capacities(2 * configs, inputs, np.repeat((1.0, -1.0), len(configs)))
    offers = {id(s.offer): s.offer for s in staircases}.values()
    again = staircases_on(resized, offers, inputs)
    faster, slower = (tuple(s for s in again if s.capacity.speed_error_sign == sign) for sign in (1.0, -1.0))
    return SpeedBounds(faster, slower)


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
