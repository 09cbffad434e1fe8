"""Whether the decision holds over the ranges of the traffic. Volume, lengths and peak move every option alike or not, so the
options are compared at each point of the ranges, instead of each with its own range.
"""

from collections.abc import Sequence
from dataclasses import replace
from math import log

import numpy as np

from calculators.decision.choice import answer_of
from calculators.decision.switching_values import first_change, side_of
from calculators.decision.varied_inputs import Sides, varied_volume
from calculators.decision.verdict_context import NO_DOUBT, TrafficDoubt, TrafficFigure
from calculators.options.cost_curves import SIDES
from calculators.options.option import CLOSE_FRAC, Option, OptionKind
from calculators.options.traffic_costs import TrafficCosts
from calculators.scenario.demand import Array
from calculators.scenario.schema import Workload
from calculators.scenario.traffic_range import (
    GUESS_RATIO,
    TOLD_RATIO,
    is_guess,
    lengths_ratio,
    too_few_requests,
    volume_ratios,
)

ANSWERS = tuple(dict.fromkeys(answer_of(kind) for kind in SIDES))
ANSWER_OF_SIDE: Sides = np.array([ANSWERS.index(answer_of(kind)) for kind in SIDES] + [-1])
"""By position in `SIDES`; -1 of -1: variants of an answer count as one."""


def traffic_doubt(ranked: Sequence[Option], traffic: TrafficCosts | None, workload: Workload) -> TrafficDoubt:
    """What in the traffic keeps the decision among the allowed options `ranked` from being sure."""
    side = side_of(ranked)
    if side < 0:
        return NO_DOUBT
    few = TrafficDoubt(few_requests=too_few_requests(workload))
    if traffic is None:
        return few
    least = traffic.curves.least_of(traffic.costs)
    changed_by, becomes = _change(least, side, traffic)
    flips_at = _guess_flips_at(least, side, traffic) if is_guess(workload) else None
    return replace(few, changed_by=changed_by, becomes=becomes, guess_flips_at_req_per_month=flips_at)


def _change(least_usd: Array, side: int, traffic: TrafficCosts) -> tuple[tuple[TrafficFigure, ...], OptionKind | None]:
    """The figures that differ from today's at the nearest point where another answer is the cheapest, and that answer;
    nothing where none is. `least_usd`: as of `OptionCurves.least_of`."""
    sides = np.where(np.isfinite(least_usd.min(axis=0)), np.argmin(least_usd, axis=0), -1)
    distance = np.abs(np.log(traffic.token_ratio)) + np.abs(np.log(traffic.peak_ratio))
    distance[ANSWER_OF_SIDE[sides] == ANSWER_OF_SIDE[side]] = np.inf
    place = int(np.argmin(distance))
    if np.isinf(distance[place]):
        return (), None
    figures: list[TrafficFigure] = []
    workload = traffic.curves.inputs.scenario.workload
    if traffic.token_ratio[place] != 1.0:
        low, high = volume_ratios(workload)
        figures += ["volume"] if low < high else []
        figures += ["lengths"] if lengths_ratio(workload) > TOLD_RATIO else []
    figures += ["peak"] if traffic.peak_ratio[place] != 1.0 else []
    return tuple(figures), SIDES[sides[place]] if sides[place] >= 0 else None


def _guess_flips_at(least_usd: Array, side: int, traffic: TrafficCosts) -> float | None:
    """Requests per month at which the answer changes, where at an end of the range another one is clearly cheaper."""
    curves, answer = traffic.curves, int(ANSWER_OF_SIDE[side])
    varied = varied_volume(curves, GUESS_RATIO)
    by_answer = replace(varied, sides=lambda values: ANSWER_OF_SIDE[varied.sides(values)])
    alone = np.flatnonzero(traffic.is_tokens_alone)
    near = list[float]()
    for place, rising in ((alone[0], False), (alone[-1], True)):
        usd = least_usd[:, place]
        if usd.min() < usd[ANSWER_OF_SIDE[:-1] == answer].min() * (1 - CLOSE_FRAC):
            change = first_change(by_answer, answer, varied.values(rising))
            near += [change[0]] if change is not None else []
    return min(near, key=lambda at: abs(log(at / varied.now)), default=None)
