"""Where self-hosting and buying cost the same: every crossing, found exactly, or the reason there is none.

Buying costs a x volume + A, and with committed spend the greater of two such lines, the cheapest of several API options.
Self-hosting costs a x' volume + F plus the cheapest of several staircases of whole machines. Between two steps, or two
changes of the cheapest line, both are straight, so each stretch holds at most one crossing and all are found by visiting
every stretch: nothing is read off a grid.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from calculators.fleet.leading_fleets import by_group, lead_ratios, leading_positions, leading_rents_usd
from calculators.fleet.staircase import OwnVolumes, Staircase, rents_at, rents_matrix, steps_of_each
from calculators.options.option import LinearCost
from calculators.scenario.demand import Array
from calculators.units import multiple_of, percent

CrossoverKind = Literal["always", "crosses", "never", "out_of_reach", "no_fleet"]


@dataclass(frozen=True, slots=True)
class Crossing:
    """A volume at which self-hosting and buying cost the same, and the side that is cheaper above it."""

    requests_per_month: float
    cheaper_above: Literal["build", "buy"]


@dataclass(frozen=True, slots=True)
class Crossover:
    """Break-even of self-hosting against one or more API options. Volumes are requests per month of unchanged shape."""

    kind: CrossoverKind
    crossings: tuple[Crossing, ...]
    first_req_per_month: float | None
    durable_req_per_month: float | None
    """From there on self-hosting stays cheaper, as far as the allowed GPUs reach."""
    until_req_per_month: float | None
    """Where the GPU limit ends that stretch early, because more expensive GPUs would have to take over."""
    break_even_utilization_ratio: float
    """The average GPU utilization at which the rent of a request alone costs what the API charges, at any volume; 1 or more:
    impossible."""
    break_even_busy_frac: float | None
    """Break-even utilization: how busy, on average, the fleet is that breaks even for good, or else at first, with all its costs:
    staffing, spares and whole machines. None: none breaks even, or all do."""
    busy_frac: float
    """Maximum utilization of a fleet sized for the peak: active hours / all hours / peak-to-average ratio."""
    limit_req_per_month: float
    """The most the allowed GPUs can serve."""
    reason: str


@dataclass(frozen=True, slots=True)
class _Stretches:
    """Volumes between which nothing about machines or sellers changes. Arrays (t,), ascending."""

    starts: Array
    ends: Array
    machines_usd: Array
    """The cheapest rent on each stretch."""

    @property
    def limit_req_per_month(self) -> float:
        return float(self.ends[-1])


def find_crossovers(
    stairs: Sequence[Staircase], build: LinearCost, rivals: Sequence[Sequence[LinearCost]], busy_frac: float
) -> list[Crossover]:
    """Compare the cheapest staircase plus `build` with the cheapest of each of `rivals`, one or more API options, over all
    volumes the GPUs can serve.

    `busy_frac`: mean over peak load, all month; a fleet sized for the peak is never busier on average.
    """
    if not stairs:
        return [_no_fleet(busy_frac)] * len(rivals)
    flat = _stretches(stairs, step_volumes(stairs, max(s.limit_req_per_month for s in stairs)))
    return [_find(stairs, flat, build, buys, busy_frac) for buys in rivals]


def _no_fleet(busy_frac: float) -> Crossover:
    return Crossover(
        kind="no_fleet",
        crossings=(),
        first_req_per_month=None,
        durable_req_per_month=None,
        until_req_per_month=None,
        break_even_utilization_ratio=float("inf"),
        break_even_busy_frac=None,
        busy_frac=busy_frac,
        limit_req_per_month=0.0,
        reason=_reason("no_fleet", float("inf"), busy_frac),
    )


def _find(
    stairs: Sequence[Staircase], flat: _Stretches, build: LinearCost, buys: Sequence[LinearCost], busy_frac: float
) -> Crossover:
    limit = flat.limit_req_per_month
    shape_ratio = loaded_usd_per_request(stairs, build) / min(buy.usd_per_request for buy in buys)
    kinks = _kinks(buys, limit)
    if kinks.size:
        flat = _stretches(stairs, np.unique(np.concatenate([flat.ends, kinks])))
    crossings, starts_cheaper = _crossings(flat, build, buys)
    kind = _kind(crossings, starts_cheaper, shape_ratio * busy_frac, busy_frac)
    durable, until = _durable(crossings, starts_cheaper, stairs)
    into_build = [c.requests_per_month for c in crossings if c.cheaper_above == "build"]
    busy = _busy_at(stairs, durable or next(iter(into_build), None), busy_frac)
    return Crossover(
        kind=kind,
        crossings=tuple(crossings),
        first_req_per_month=0.0 if starts_cheaper else (into_build[0] if into_build else None),
        durable_req_per_month=durable,
        until_req_per_month=until,
        break_even_utilization_ratio=shape_ratio * busy_frac,
        break_even_busy_frac=busy,
        busy_frac=busy_frac,
        limit_req_per_month=limit,
        reason=_reason(kind, shape_ratio * busy_frac, busy_frac, busy),
    )


def loaded_usd_per_request(stairs: Sequence[Staircase], build: LinearCost) -> float:
    """What a request costs on the best machines that lead when the peak fills them exactly: no volume can do better."""
    full = np.array([[s.usd_per_request_fully_loaded] for s in stairs])
    return float(leading_rents_usd(stairs, full)[0]) + build.usd_per_request


def _busy_at(stairs: Sequence[Staircase], requests_per_month: float | None, busy_frac: float) -> float | None:
    """Average utilization of the fleet that is the cheapest just above a volume: requests over those that all its replicas, spares
    and room in whole machines included, would carry all month."""
    if not requests_per_month:
        return None
    volume = np.array([requests_per_month * (1 + 1e-9)])
    fleet = stairs[int(leading_positions(stairs, rents_matrix(stairs, volume))[0])]
    replicas = float(fleet.machines(volume)[0]) * fleet.replicas_per_machine
    return requests_per_month / (replicas * fleet.requests_per_replica) * busy_frac


def _durable(
    crossings: Sequence[Crossing], starts_cheaper: bool, stairs: Sequence[Staircase]
) -> tuple[float | None, float | None]:
    """Start of the last stretch on which self-hosting is cheaper, and its end where that is only the GPU limit."""
    if not crossings:
        return (0.0, None) if starts_cheaper else (None, None)
    last = crossings[-1]
    if last.cheaper_above == "build":
        return last.requests_per_month, None
    at_limit = any(abs(s.limit_req_per_month / last.requests_per_month - 1) < 1e-9 for s in stairs)
    if not at_limit:
        return None, None
    return (crossings[-2].requests_per_month if len(crossings) > 1 else 0.0), last.requests_per_month


def envelope_usd_per_month(stairs: Sequence[Staircase], build: LinearCost, requests_per_month: Array) -> Array:
    """The cheapest self-hosted cost at each volume; inf where the GPU limit is passed. Shape (v,)."""
    rents = leading_rents_usd(stairs, rents_matrix(stairs, requests_per_month))
    return np.asarray(rents + build.usd_per_month(requests_per_month))


def on_envelope(stairs: Sequence[Staircase], volumes: Array) -> list[int]:
    """Indices of staircases that together cost at every volume what all of them do: within each group that is the cheapest at
    some volume, those that lead at some volume."""
    leads = lead_ratios(stairs)
    if (leads == leads[0]).all():
        return _cheapest_somewhere(stairs, stairs, volumes)
    groups, most = by_group(stairs), leads.copy()
    for members in groups.values():
        most[members] = leads[members].max()
    # the fleet that leads a group costs no less than any of it over its lead, and no more than any times what it leads by
    low, high = _at_prices(stairs, 1 / leads), _at_prices(stairs, most / leads)
    cheapest = {stairs[i].group for i in _cheapest_somewhere(low, high, volumes)}
    chosen = []
    for members in (groups[group] for group in cheapest):
        of_group = [low[i] for i in members]
        chosen += [members[place] for place in _cheapest_somewhere(of_group, of_group, volumes)]
    return sorted(chosen)


def _at_prices(stairs: Sequence[Staircase], ratios: Array) -> list[Staircase]:
    """The staircases at so many times (s,) the price of their machines."""
    return [
        replace(s, machine_usd_per_month=s.machine_usd_per_month * r)
        for s, r in zip(stairs, ratios.tolist(), strict=True)
    ]


def _cheapest_somewhere(low: Sequence[Staircase], high: Sequence[Staircase], volumes: Array) -> list[int]:
    """Indices of staircases that may be the cheapest at some volume, where each costs at least `low` and at most `high`: those
    that are the cheapest at one of `volumes`, the one with the best slope, and every other one below all of these somewhere."""
    rivals = _cheapest_of_a_kind(low)
    rents = rents_matrix([high[i] for i in rivals], volumes)
    winners = {rivals[place] for place in np.argmin(rents, axis=0)[np.isfinite(rents.min(axis=0))].tolist()}
    best = int(np.argmin([s.usd_per_request_fully_loaded for s in high]))
    chosen = sorted(winners | {best})
    contenders = [low[i] for i in rivals]
    ends = _step_ends(contenders, high[best])
    envelope = rents_matrix([high[i] for i in chosen], ends.requests_per_month).min(axis=0)
    below = ends.where(rents_at(contenders, ends) < envelope).stairs
    return sorted({*chosen, *(rivals[place] for place in below.tolist())})


def _cheapest_of_a_kind(stairs: Sequence[Staircase]) -> list[int]:
    """Of the same replica on machines of the same size, all but the cheapest are never worth having."""
    cheapest: dict[tuple[int, int, int], int] = {}
    for i in sorted(range(len(stairs)), key=lambda i: stairs[i].machine_usd_per_month):
        cheapest.setdefault((id(stairs[i].capacity), stairs[i].replicas_per_machine, stairs[i].max_machines), i)
    return sorted(cheapest.values())


def _step_ends(stairs: Sequence[Staircase], best: Staircase) -> OwnVolumes:
    """Volumes at which to look whether each of `stairs` is below others: just before its steps, as it is flat up to there
    while the others can only have risen. Beyond `reach` the `best` slope has made good for its spares, rounding up, and what
    machines that are already there save."""
    rise = np.array([s.usd_per_request_fully_loaded for s in stairs]) - best.usd_per_request_fully_loaded
    head_start = best.machine_usd_per_month * (
        1 + (best.capacity.least_replicas + best.spare_replicas) / best.replicas_per_machine
    )
    saved = np.array(
        [s.held.count * max(s.machine_usd_per_month - s.held.usd_per_month, 0.0) if s.held else 0.0 for s in stairs]
    )
    reach = np.divide(head_start + saved, rise, out=np.full(rise.shape, np.inf), where=rise > 0)
    limit, best_limit = np.array([s.limit_req_per_month for s in stairs]), best.limit_req_per_month
    steps = steps_of_each(stairs, np.where(limit > best_limit, limit, np.minimum(limit, reach)))
    looked_at = (steps.requests_per_month <= reach[steps.stairs]) | (steps.requests_per_month > best_limit)
    ends = steps.where(looked_at)
    return OwnVolumes(ends.stairs, ends.requests_per_month * (1 - 1e-12))


def step_volumes(stairs: Sequence[Staircase], up_to: float) -> Array:
    """Every volume at which some staircase adds a machine, ascending."""
    steps = steps_of_each(stairs, np.full(len(stairs), up_to)).requests_per_month
    return np.unique(np.append(steps, up_to))


def buy_usd_per_month(buys: Sequence[LinearCost], requests_per_month: Array) -> Array:
    """Cost of the cheapest API option at each volume. Shape (v,)."""
    return np.asarray(np.min([buy.usd_per_month(requests_per_month) for buy in buys], axis=0))


def _kinks(buys: Sequence[LinearCost], limit: float) -> Array:
    """Volumes at which two lines of API options cost the same: only there can the cheapest one change, or its slope."""
    lines = [line for buy in buys for line in buy.lines]
    meet = [
        (a.fixed_usd_per_month - b.fixed_usd_per_month) / (b.usd_per_request - a.usd_per_request)
        for i, a in enumerate(lines)
        for b in lines[:i]
        if a.usd_per_request != b.usd_per_request
    ]
    return np.array([volume for volume in meet if 0 < volume < limit])


def _stretches(stairs: Sequence[Staircase], ends: Array) -> _Stretches:
    """The machines of a stretch (start, end] are those of its middle; at its start only their number jumps."""
    starts = np.concatenate([[0.0], ends[:-1]])
    return _Stretches(starts, ends, leading_rents_usd(stairs, rents_matrix(stairs, (starts + ends) / 2)))


def _crossings(flat: _Stretches, build: LinearCost, buys: Sequence[LinearCost]) -> tuple[list[Crossing], bool]:
    """All crossings, ascending, and whether self-hosting is cheaper at the very lowest volumes."""
    starts, ends, machines_usd = flat.starts, flat.ends, flat.machines_usd
    at_start = buy_usd_per_month(buys, starts) - build.usd_per_month(starts) - machines_usd
    at_end = buy_usd_per_month(buys, ends) - build.usd_per_month(ends) - machines_usd
    cheaper = np.column_stack([at_start, at_end]).ravel() > 0  # start, end, start, end, ... of every stretch
    crossings: list[Crossing] = []
    for i in np.flatnonzero(cheaper[1:] != cheaper[:-1]):
        stretch, jump = divmod(int(i), 2)
        share = 1.0 if jump else at_start[stretch] / (at_start[stretch] - at_end[stretch])
        volume = starts[stretch] + share * (ends[stretch] - starts[stretch])
        crossings.append(Crossing(float(volume), "build" if cheaper[i + 1] else "buy"))
    return crossings, bool(cheaper[0])


def _kind(
    crossings: Sequence[Crossing], starts_cheaper: bool, break_even_utilization_ratio: float, busy_frac: float
) -> CrossoverKind:
    if crossings:
        return "crosses"
    if starts_cheaper:
        return "always"
    return "never" if break_even_utilization_ratio >= min(1.0, busy_frac) else "out_of_reach"


def _reason(
    kind: CrossoverKind, break_even_utilization_ratio: float, busy_frac: float, busy: float | None = None
) -> str:
    """Why, as a clause that begins with self-hosting. `busy`: as of `Crossover.break_even_busy_frac`."""
    needed, most = percent(break_even_utilization_ratio), percent(busy_frac)
    match kind:
        case "no_fleet":
            return "self-hosting has no configuration that meets the targets"
        case "always":
            return "self-hosting breaks even at any utilization"
        case "crosses":
            at = f"at {percent(busy)} average GPU utilization" if busy is not None else "at some volumes only"
            return f"self-hosting breaks even {at}; a fleet sized for your peak averages up to {most}"
        case "never" if break_even_utilization_ratio >= 1:
            times = multiple_of(break_even_utilization_ratio, "the API price per request")
            return f"self-hosting costs {times} even at 100% GPU utilization"
        case "never":
            return (
                f"self-hosting needs {needed} GPU utilization, but a fleet sized for your peak averages {most} at most"
            )
    return "self-hosting would break even beyond your GPU limit"
