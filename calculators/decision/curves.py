"""Monthly cost over volume: the staircases that make the self-hosting curve, a grid of volumes, and the curves on it."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from calculators.decision.crossover import Crossover, envelope_usd_per_month, find_crossovers, on_envelope
from calculators.fleet.staircase import Staircase
from calculators.options.buy import buy_line
from calculators.options.option import LinearCost, Option
from calculators.scenario.demand import Array, Demand
from calculators.scenario.inputs import Inputs


@dataclass(frozen=True, slots=True)
class Curve:
    """Monthly cost of one option over volume. Arrays (v,)."""

    option: Option
    usd_per_month: Array


@dataclass(frozen=True, slots=True)
class SelfHostCost:
    """Cost of self-hosting at any volume: the cheapest of the staircases, plus what a fleet costs besides machines."""

    staircases: tuple[Staircase, ...]
    line: LinearCost


def lower_envelope(staircases: Sequence[Staircase], demand: Demand) -> tuple[Staircase, ...]:
    """The staircases on the lower cost envelope: self-hosting at each volume costs the minimum over these."""
    if not staircases:
        return ()
    most = max(s.limit_req_per_month for s in staircases)
    grid = np.geomspace(min(demand.requests_per_month, most) / 1e4, most, 300)
    return tuple(staircases[i] for i in on_envelope(staircases, np.append(grid, demand.requests_per_month)))


def crossovers_of(
    today: Option, buys: Sequence[Option], self_host: SelfHostCost, inputs: Inputs, routed: Sequence[Option] = ()
) -> tuple[tuple[Option, Crossover], ...]:
    """Crossovers of self-hosting against the cheapest allowed API option at each volume (paired with today's API), then
    against today's API, then against each other API option alone. Where no API option is allowed, today's API stands in.
    `routed`: all that route easy requests, of which `buys` holds those that are options at today's volume."""
    shown = [today, *(b for b in buys if b is not today)]
    lines = [buy_line(option) for option in shown]
    plain = [option for option in buys if option.kind != "routed_api"]
    allowed = [buy_line(option) for option in (*plain, *routed) or shown]
    rivals = [allowed, *([line] for line in lines)]
    crossovers = find_crossovers(self_host.staircases, self_host.line, rivals, inputs.demand.max_utilization_frac)
    return tuple(zip((today, *shown), crossovers, strict=True))


def volume_grid(
    demand: Demand, staircases: Sequence[Staircase], show_req_per_month: float = 0.0, points: int = 240
) -> Array:
    """A log-spaced grid of volumes, (points,), around the user's own that also shows another one, up to what the allowed
    GPUs can serve."""
    most = max((s.limit_req_per_month for s in staircases), default=float("inf"))
    now = demand.requests_per_month
    return np.geomspace(now / 300, max(min(max(now * 30, 3 * show_req_per_month), most), now * 1.01), points)


def cost_curves(buys: Sequence[Option], build: Option | None, self_host: SelfHostCost, grid: Array) -> list[Curve]:
    """Curves of every API option, and of the cheapest self-hosted fleet, over a grid of volumes (v,)."""
    curves = [Curve(option, buy_line(option).usd_per_month(grid)) for option in buys]
    if build is not None:
        curves.append(Curve(build, envelope_usd_per_month(self_host.staircases, self_host.line, grid)))
    return curves
