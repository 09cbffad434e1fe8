"""Which fleet of a group leads: the cheapest, where one of known speed counts as cheaper by its `lead_ratio`."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from calculators.fleet.staircase import FleetGroup, Staircase, staircase_columns, undercut_positions
from calculators.scenario.demand import Array


def by_group(staircases: Sequence[Staircase]) -> dict[FleetGroup, list[int]]:
    """Positions of staircases by their group."""
    groups: dict[FleetGroup, list[int]] = {}
    for i, one in enumerate(staircases):
        groups.setdefault(one.group, []).append(i)
    return groups


def lead_ratios(staircases: Sequence[Staircase]) -> Array:
    """`lead_ratio` of each (s,)."""
    return np.array([one.lead_ratio for one in staircases])


def leading_positions(staircases: Sequence[Staircase], rents_usd: Array) -> NDArray[np.intp]:
    """Position (v,) of the cheapest of the fleets that lead: in each group the one whose rent over its `lead_ratio` is least.

    `rents_usd` (s, v): of each staircase at each volume.
    """
    leads = lead_ratios(staircases)
    groups = [np.array(members) for members in by_group(staircases).values()]
    first = np.array([members[np.argmin(rents_usd[members] / leads[members, None], axis=0)] for members in groups])
    cheapest = np.argmin(np.take_along_axis(rents_usd, first, axis=0), axis=0)
    return np.asarray(np.take_along_axis(first, cheapest[None], axis=0)[0])


def leading_rents_usd(staircases: Sequence[Staircase], rents_usd: Array) -> Array:
    """Rent (v,) of the fleets of `leading_positions`."""
    leading = leading_positions(staircases, rents_usd)
    return np.asarray(np.take_along_axis(rents_usd, leading[None], axis=0)[0])


def worth_comparing(staircases: Sequence[Staircase]) -> list[int]:
    """Positions of the staircases that are the cheapest of their group at some volume and price: one that another undercuts is
    left out, where both hold the weights in one format, and both are rented without a commitment or both are paid for to the
    end. A coarser format never takes the place of a finer one that costs the same, and one of known speed counts as cheaper by
    its `lead_ratio`."""
    columns, alike = staircase_columns(staircases), dict[tuple[FleetGroup, str, bool], list[int]]()
    columns[4] /= lead_ratios(staircases)
    for i, one in enumerate(staircases):
        alike.setdefault((one.group, one.capacity.config.precision, one.offer.is_committed), []).append(i)
    left_out = {members[k] for members in alike.values() for k in undercut_positions(columns[:, members])}
    return [i for i in range(len(staircases)) if i not in left_out]
