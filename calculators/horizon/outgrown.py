"""A fleet that serves today and that volume outgrows within the horizon: in which month, and what would carry it, tried."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from calculators.fleet.staircase import gpus_needed, rents_matrix
from calculators.horizon.months import Horizon
from calculators.options.changed_options import ChangedOptions
from calculators.options.feasibility import feasibility_matrix
from calculators.options.loosenings import MOST_GPUS
from calculators.options.month_path import own_generation_ratio
from calculators.options.option import LinearCost, Option, best_build
from calculators.options.remedies import no_fleet
from calculators.options.shortlist import AllowedOptions, PricedProduct
from calculators.scenario.change import Change
from calculators.scenario.demand import at_volume
from calculators.scenario.inputs import Inputs
from calculators.units import count, plural


@dataclass(frozen=True, slots=True)
class Outgrown:
    """The cheapest self-hosted option of today, where volume outgrows it within the horizon."""

    month: int
    """The first that it does not carry, counted from 1."""
    why: str
    remedy: str
    changes: tuple[Change, ...] = ()
    """Changes of the scenario with which a fleet carries every month, tried."""

    @property
    def words(self) -> str:
        """Both as sentences."""
        return f"{self.why} {self.remedy}"


def outgrown(
    ranked: Sequence[Option], horizon: Horizon, allowed: AllowedOptions, buys: tuple[PricedProduct, ...], inputs: Inputs
) -> Outgrown | None:
    """What becomes of the cheapest self-hosted option of `ranked`; None where it carries every month. `buys`:
    every API option before compliance."""
    build = best_build(ranked)
    if build is None or build.plan is None:
        return None
    mine = horizon.of(build)
    if mine is not None and mine.outgrown_month is None:
        return None
    volumes = horizon.requests * own_generation_ratio(inputs, horizon.months)
    group = build.plan.config.model.id, build.plan.offer.is_owned
    stairs = [one for one in allowed.stairs if one.group == group]
    carried = np.isfinite(rents_matrix(stairs, volumes)).any(axis=0)
    month, most = int(np.argmin(carried)), int(np.argmax(volumes))
    needed = float(gpus_needed(stairs, volumes[most]).min())
    limit = inputs.scenario.hardware.max_gpus
    than = f"and the maximum is {count(limit)}" if needed > limit else "more than you have and may rent"
    why = f"Volume outgrows {build.label} in month {month + 1}: month {most + 1} needs {plural(needed, 'GPU')}, {than}."
    carry = (o.option for o in horizon.options if o.option.is_build and o.outgrown_month is None)
    other = next(carry, None)
    if other is not None:
        return Outgrown(month + 1, why, f"{other.label} carries every month.")
    if needed > MOST_GPUS:
        return Outgrown(month + 1, why, f"That is beyond the {MOST_GPUS:,} GPUs that may be entered.")
    peak = Inputs.of(at_volume(inputs.scenario, volumes[most]), inputs.catalog)
    there = ChangedOptions.of(peak, buys).allowed({})
    missing = no_fleet(feasibility_matrix(there, LinearCost(0.0, 0.0), peak), there, buys, peak)
    if missing is None:
        return Outgrown(month + 1, why, "Another self-hosted configuration carries every month.")
    return Outgrown(month + 1, why, missing.remedy, missing.changes)
