"""The inputs that the decision rests on, each with its range, the winning side over it, and the scenario at one value."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from math import log
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from calculators.fleet.operating_costs import engineer_usd_per_year, self_host_fte, staffing_usd_per_month
from calculators.options.cost_curves import OptionCurves
from calculators.options.ranking import curves_of
from calculators.options.routing import easy_frac
from calculators.options.shortlist import AllowedOptions
from calculators.options.what_if import NO_MOVES, PriceMoves, allowed_again, curves_at_throughput
from calculators.scenario.demand import Array, at_volume
from calculators.scenario.inputs import Inputs
from calculators.scenario.schema import Scenario

Field = Literal["volume", "today_price", "price", "rent", "server_price", "speed", "peak", "staffing", "easy_frac"]
Sides = NDArray[np.intp]
"""Position in `SIDES` of the winner at each value; -1 where nothing serves."""
FARTHEST_RATIO = 100.0
"""Values further off than this factor are not told: nobody would meet them."""
STEP_RATIO = 1.02
FARTHEST_SPEED_RATIO, SPEED_STEP_RATIO = 8.0, 1.2
"""Of the throughput, which is sized anew at each step."""
MAX_VOLUME, MAX_PEAK_RATIO, MAX_FTE, SPEED_BOUNDS = 1e12, 1e4, 1e3, (0.01, 10.0)
"""What the scenario accepts."""


@dataclass(frozen=True, slots=True)
class VariedInput:
    """One input: its value, its least and greatest one, the winning side over it, and the scenario at one value."""

    field: Field
    now: float
    bounds: tuple[float, float]
    sides: Callable[[Array], Sides]
    changed: Callable[[float], tuple[Scenario, PriceMoves]]
    """The scenario and the prices at a value."""
    step_ratio: float = STEP_RATIO
    farthest_ratio: float = FARTHEST_RATIO
    sections: int = 24
    """Into how many parts a stretch is divided at once; two where a value is as expensive as its sizing."""

    def values(self, rising: bool) -> Array:
        """Values away from today's, nearest first, in steps; the last one is the bound where that is within reach."""
        least, greatest = self.bounds
        steps = np.arange(1, round(log(self.farthest_ratio) / log(self.step_ratio)) + 1)
        start = self.now or greatest / self.farthest_ratio
        values = start * self.step_ratio ** (steps if rising else -steps)
        inside = np.asarray(values[values < greatest] if rising else values[values > least], dtype=float)
        end = greatest if rising else least
        return np.append(inside, end) if inside.size < values.size and end != self.now else inside


def varied_inputs(allowed: AllowedOptions, inputs: Inputs) -> list[VariedInput]:
    """The inputs that can be varied while these options are allowed."""
    curves = curves_of(allowed, inputs)
    kinds = {option.kind for option in curves.api.sold}
    owned = {one.offer.is_owned for one in allowed.stairs}
    prices: tuple[tuple[Field, str, bool], ...] = (
        ("today_price", "today_price_ratio", bool(kinds - {"hosted_open"})),
        ("price", "hosted_price_ratio", "hosted_open" in kinds),
        ("rent", "rent_ratio", False in owned),
        ("server_price", "server_ratio", True in owned),
    )
    varied = [varied_volume(curves), *(_price(field, ratio, curves) for field, ratio, is_there in prices if is_there)]
    if curves.api.routes:
        varied.append(_easy(curves))
    if allowed.stairs:
        varied += [_peak(curves), *_staffing(curves)]
    return [*varied, *_speed(inputs)]


def varied_volume(curves: OptionCurves, farthest_ratio: float = FARTHEST_RATIO) -> VariedInput:
    """Requests per month."""
    scenario = curves.inputs.scenario
    return VariedInput(
        field="volume",
        now=scenario.workload.requests_per_month,
        bounds=(1.0, MAX_VOLUME),
        sides=lambda values: curves.sides(curves.points(values.size, requests_per_month=values)),
        changed=lambda value: (at_volume(scenario, value), NO_MOVES),
        farthest_ratio=farthest_ratio,
    )


def _price(field: Field, ratio_name: str, curves: OptionCurves) -> VariedInput:
    """A factor on the prices of a kind of seller; without one, nothing costs less than nothing."""
    return VariedInput(
        field=field,
        now=1.0,
        bounds=(0.0, np.inf),
        sides=lambda values: curves.sides(curves.points(values.size, **{ratio_name: values})),
        changed=lambda value: (curves.inputs.scenario, PriceMoves(**{ratio_name: value})),
    )


def _peak(curves: OptionCurves) -> VariedInput:
    scenario = curves.inputs.scenario
    return VariedInput(
        field="peak",
        now=scenario.workload.peak_ratio,
        bounds=(1.0, MAX_PEAK_RATIO),
        sides=lambda values: curves.sides(curves.peak_points(values)),
        changed=partial(_with, scenario, "workload", "peak_ratio"),
    )


def _easy(curves: OptionCurves) -> VariedInput:
    """Share of requests that a small model can answer; while it is not known, none."""
    scenario = curves.inputs.scenario
    return VariedInput(
        field="easy_frac",
        now=easy_frac(curves.inputs),
        bounds=(0.0, 1.0),
        sides=lambda values: curves.sides(curves.points(values.size, easy_frac=values)),
        changed=partial(_with, scenario, "workload", "easy_frac"),
    )


def _staffing(curves: OptionCurves) -> list[VariedInput]:
    """People who run a fleet; where roles are given, all of them and their hiring in proportion."""
    operations, ownership = curves.inputs.scenario.operations, curves.inputs.catalog.ownership
    now, pay = self_host_fte(operations, ownership), engineer_usd_per_year(operations, ownership)
    each_usd = curves.staffing_usd_per_month / now if operations.roles else staffing_usd_per_month(1.0, pay)
    if each_usd <= 0:
        return []

    def sides(values: Array) -> Sides:
        return curves.sides(curves.points(values.size, staffing_usd_per_month=each_usd * values))

    changed = partial(_with_fte, curves.inputs.scenario, now)
    return [VariedInput("staffing", now, (0.0, max(MAX_FTE, now)), sides, changed)]


def _with_fte(scenario: Scenario, now: float, value: float) -> tuple[Scenario, PriceMoves]:
    """The scenario with so many people instead of `now`."""
    roles = tuple(
        role.model_copy(update={"fte": role.fte * value / now, "hires_fte": role.hires_fte * value / now})
        for role in scenario.operations.roles
    )
    changed = {"roles": roles} if roles else {"self_host_fte": value}
    return scenario.model_copy(update={"operations": scenario.operations.model_copy(update=changed)}), NO_MOVES


def _speed(inputs: Inputs) -> list[VariedInput]:
    """The throughput override; none where the user's own benchmarks correct the speed, which an override would replace, or
    no throughput gives a fleet."""
    hardware = inputs.scenario.hardware
    if hardware.own_measurements and hardware.throughput_factor == 1.0:
        return []
    changed = partial(_with, inputs.scenario, "hardware", "throughput_factor")
    highest = min(hardware.throughput_factor * FARTHEST_SPEED_RATIO, SPEED_BOUNDS[1])
    fastest = allowed_again(Inputs.of(changed(highest)[0], inputs.catalog))
    if not fastest.stairs:
        return []

    def sides(values: Array) -> Sides:
        each = [
            curves_at_throughput(fastest, Inputs.of(changed(value)[0], inputs.catalog)) for value in values.tolist()
        ]
        return np.array([curves.sides(curves.points(1))[0] for curves in each], dtype=np.intp)

    return [
        VariedInput(
            field="speed",
            now=hardware.throughput_factor,
            bounds=SPEED_BOUNDS,
            sides=sides,
            changed=changed,
            step_ratio=SPEED_STEP_RATIO,
            farthest_ratio=FARTHEST_SPEED_RATIO,
            sections=2,
        )
    ]


def _with(scenario: Scenario, section: str, name: str, value: float) -> tuple[Scenario, PriceMoves]:
    """The scenario with one field changed."""
    part = getattr(scenario, section).model_copy(update={name: value})
    return scenario.model_copy(update={section: part}), NO_MOVES
