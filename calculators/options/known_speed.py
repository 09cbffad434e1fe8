"""Fleets of which the speed is measured or validated lead over those of which it is extrapolated, where both cost the same
within the model's error."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from calculators.calibration.own_benchmarks import OwnFit
from calculators.catalog.catalog import Catalog
from calculators.fleet.replica_capacity import speed_correction
from calculators.fleet.staircase import Staircase
from calculators.performance.replica import ReplicaConfig
from calculators.scenario.demand import Array
from calculators.scenario.inputs import Inputs


def has_known_speed(config: ReplicaConfig, own: OwnFit | None, catalog: Catalog) -> bool:
    """Whether the user measured this model on this GPU, or published runs validate the model there: many runs of its
    generation, and no network between the GPUs of a replica."""
    is_measured = own is not None and own.applies_to(config)
    return is_measured or (not catalog.is_extrapolated(config.gpu) and not config.is_over_machines)


def led_by_known(stairs: Sequence[Staircase], rents_usd: Array, inputs: Inputs) -> NDArray[np.bool_]:
    """(s,) True for each fleet of extrapolated speed that is cheaper at today's volume than the cheapest of known speed of
    its model, rented or purchased, where the cheapest of them is so by less than the model's error.

    `rents_usd` (s,): at today's volume; inf where it is not to be compared.
    """
    error_ratio = next(r.ok_ratio for r in inputs.catalog.efficiencies.ranges if r.figure == "tpot_ms")
    groups: dict[tuple[str, bool], list[int]] = {}
    for i in np.flatnonzero(np.isfinite(rents_usd)).tolist():
        groups.setdefault((stairs[i].capacity.config.model.id, stairs[i].offer.is_owned), []).append(i)
    configs = {id(stairs[i].capacity.config): stairs[i].capacity.config for group in groups.values() for i in group}
    _, own = speed_correction(inputs.scenario, inputs.catalog)
    known = {key: has_known_speed(config, own, inputs.catalog) for key, config in configs.items()}
    is_led = np.zeros(len(stairs), dtype=bool)
    for group in groups.values():
        surest = min((rents_usd[i] for i in group if known[id(stairs[i].capacity.config)]), default=np.inf)
        cheaper = [i for i in group if rents_usd[i] < surest and not known[id(stairs[i].capacity.config)]]
        if cheaper and np.isfinite(surest) and surest <= error_ratio * rents_usd[cheaper].min():
            is_led[cheaper] = True
    return is_led
