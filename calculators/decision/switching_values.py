"""Switching values: for each input alone, the values nearest to today's at which another side of the decision wins.

The sides are staying on today's API, its discounts, another contract, a hosted open model, rented GPUs, purchased servers,
and a fleet for the base load. Values are looked for on the curves that rank the options, in small steps, and narrowed
down; then the options are ranked again just before and just beyond each. A stretch narrower than a step is passed over:
nobody acts on it.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import inf, log

import numpy as np

from calculators.decision.choice import KIND_OF_WINNER, VerdictKind, cheapest_option
from calculators.decision.varied_inputs import Field, VariedInput, varied_inputs
from calculators.fleet.sizing import Sized
from calculators.options.build import size_candidates
from calculators.options.cost_curves import SIDES
from calculators.options.option import Option
from calculators.options.what_if import allowed_again, ranked_again
from calculators.scenario.demand import Array
from calculators.scenario.inputs import Inputs

BESIDE_FRAC = 1e-3
"""How far before and beyond a value the options are ranked again."""
NARROWED_TO_FRAC = 1e-5


@dataclass(frozen=True, slots=True)
class SwitchingValue:
    """One input, its value today, and a value at which another side wins."""

    field: Field
    value_now: float
    value_at: float | None = None
    """In the unit of `value_now`; prices as ratios to today's. None: no value within reach changes the decision."""
    becomes: VerdictKind | None = None
    """The side that wins beyond `value_at`; "cannot_tell" where nothing serves."""
    verified: bool = False
    """Whether the options, ranked again just before and just beyond the value, show the change."""

    @property
    def distance(self) -> float:
        """Distance to the value: the absolute logarithm of the ratio, inf where there is none."""
        if self.value_at is None:
            return inf
        return abs(log(self.value_at / self.value_now)) if self.value_at and self.value_now else 1e9


def switching_values(inputs: Inputs) -> tuple[SwitchingValue, ...]:
    """Switching values of every input that the decision rests on, nearest first; an input without one has an entry too.
    Empty where no option is allowed."""
    sized = size_candidates(inputs)
    side = side_of(ranked_again(inputs, sized=sized))
    values: list[SwitchingValue] = []
    for varied in varied_inputs(allowed_again(inputs, sized=sized), inputs) if side >= 0 else ():
        nearest = [_nearest(varied, side, rising) for rising in (False, True)]
        told = [_checked(value, (varied, side), inputs, sized) for value in nearest if value is not None]
        values += told or [SwitchingValue(varied.field, varied.now)]
    return tuple(sorted(values, key=lambda value: value.distance))


def first_change(varied: VariedInput, side: int, values: Array) -> tuple[float, int] | None:
    """Where the winning side ceases to be `side` along `values`, which lead away from today's, and the side beyond; None
    where it never does for longer than a step."""
    if not values.size:
        return None
    changed = varied.sides(values) != side
    lasting = np.flatnonzero(changed & np.append(changed[1:], True))
    if not lasting.size:
        return None
    place = int(lasting[0])
    before, beyond = (float(values[place - 1]) if place else varied.now), float(values[place])
    new = -1
    while abs(beyond - before) > NARROWED_TO_FRAC * abs(beyond):
        between = np.linspace(before, beyond, varied.sections + 1)[1:]
        sides = varied.sides(between)
        unchanged = np.flatnonzero(sides == side)
        place = int(unchanged[-1]) + 1 if unchanged.size else 0
        if place == between.size:
            return None
        before, beyond, new = (float(between[place - 1]) if place else before), float(between[place]), int(sides[place])
    return beyond, new


def _nearest(varied: VariedInput, side: int, rising: bool) -> SwitchingValue | None:
    change = first_change(varied, side, varied.values(rising))
    if change is None:
        return None
    return SwitchingValue(varied.field, varied.now, change[0], _kind(change[1]))


def _checked(
    value: SwitchingValue, varied_from: tuple[VariedInput, int], inputs: Inputs, sized: Sized
) -> SwitchingValue:
    """The value, verified if the options ranked again show that the side changes there."""
    assert value.value_at is not None
    varied, side = varied_from
    known = None if varied.field == "speed" else sized
    away = 1 if value.value_at > value.value_now else -1
    least, greatest = varied.bounds
    shown = []
    for beside in (-away, away):
        at = min(max(value.value_at * (1 + beside * BESIDE_FRAC), least), greatest)
        scenario, moves = varied.changed(at)
        shown.append(side_of(ranked_again(Inputs.of(scenario, inputs.catalog), moves, known)))
    return replace(value, verified=shown[0] == side and _kind(shown[1]) == value.becomes)


def side_of(options: Sequence[Option]) -> int:
    """Position in `SIDES` of the cheapest option; -1 where there is none."""
    winner = cheapest_option(options)
    return -1 if winner is None else SIDES.index(winner.kind)


def _kind(side: int) -> VerdictKind:
    return "cannot_tell" if side < 0 else KIND_OF_WINNER[SIDES[side]]
