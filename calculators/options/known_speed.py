"""A fleet of which the speed is measured or validated is to be run first, before one of which it is extrapolated, where both
cost the same within the model's error. Costs, curves, order and winner stay those of the cheapest."""

from dataclasses import replace

import numpy as np

from calculators.calibration.own_benchmarks import OwnFit
from calculators.catalog.catalog import Catalog
from calculators.fleet.replica_capacity import speed_correction
from calculators.options.build import build_options
from calculators.options.option import Option
from calculators.options.shortlist import AllowedOptions
from calculators.options.speed_range import SpeedBounds
from calculators.performance.replica import ReplicaConfig
from calculators.performance.stated_range import range_ratio
from calculators.scenario.inputs import Inputs
from calculators.units import usd


def has_known_speed(config: ReplicaConfig, own: OwnFit | None, catalog: Catalog) -> bool:
    """Whether the user measured this model on this GPU, or published runs validate the model there: many runs of its
    generation, and no network between the GPUs of a replica."""
    is_measured = own is not None and own.applies_to(config)
    return is_measured or (not catalog.is_extrapolated(config.gpu) and not config.is_over_machines)


def surer_build(cheapest: Option | None, allowed: AllowedOptions, bounds: SpeedBounds, inputs: Inputs) -> Option | None:
    """The cheapest fleet of known speed of the same model, rented or purchased as `cheapest` is, where that is a fleet of
    extrapolated speed and rents for less by no more than the model's error; else None."""
    if cheapest is None or not cheapest.is_build or cheapest.plan is None:
        return None
    _, own = speed_correction(inputs.scenario, inputs.catalog)
    model, owned = cheapest.plan.config.model, cheapest.plan.offer.is_owned
    if has_known_speed(cheapest.plan.config, own, inputs.catalog):
        return None
    kept = [
        i
        for i, one in enumerate(allowed.stairs)
        if one.capacity.config.model is model
        and one.offer.is_owned is owned
        and has_known_speed(one.capacity.config, own, inputs.catalog)
    ]
    stairs, rents = [allowed.stairs[i] for i in kept], np.asarray(allowed.rents_usd[kept])
    surer = next(iter(build_options(stairs, rents, bounds, allowed.lines, inputs)), None)
    if surer is None or surer.plan is None:
        return None
    error_ratio = range_ratio("tok_s", surer.plan.config, inputs.catalog)
    if surer.plan.rent_usd_per_month > error_ratio * cheapest.plan.rent_usd_per_month:
        return None
    mean = cheapest.horizon_usd_per_month
    scale = surer.usd_per_month / cheapest.usd_per_month
    return replace(surer, horizon_usd_per_month=None if mean is None else mean * scale)


def saving_sentence(surer: Option | None, cheapest: Option | None) -> str:
    """Which fleet to run first, and what the cheaper one of extrapolated speed would save; empty where they are one."""
    if surer is None or surer.plan is None or cheapest is None or cheapest.plan is None:
        return ""
    less = usd(max(surer.usd_per_month - cheapest.usd_per_month, 0.0))
    return (
        f"Run {surer.plan.config.label} first, at {usd(surer.usd_per_month)}/month: its speed is measured by you or validated by "
        f"published runs, and it costs the same within the model's error. The speed on {cheapest.plan.config.gpu.name} is "
        f"extrapolated; if it holds, it saves {less}/month."
    )
