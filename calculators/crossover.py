"""Where self-hosting and buying cost the same: every crossing, found exactly, or the reason there is none.

Buying costs a x volume + A. Self-hosting costs a x' volume + F plus the cheapest of several staircases of whole
machines. Between two steps both are straight lines, so each stretch holds at most one crossing and all are found by
visiting every step: nothing is read off a grid.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from calculators.fleet import Staircase, rents_matrix
from calculators.units import percent
from calculators.workload import Array

Kind = Literal["always", "crosses", "never", "out_of_reach", "no_fleet"]


@dataclass(frozen=True, slots=True)
class Line:
    """A cost that is linear in volume."""

    usd_per_request: float
    fixed_usd_per_month: float

    def usd_per_month(self, requests_per_month: Array) -> Array:
        return self.fixed_usd_per_month + self.usd_per_request * requests_per_month


@dataclass(frozen=True, slots=True)
class Crossing:
    requests_per_month: float
    cheaper_above: Literal["build", "buy"]


@dataclass(frozen=True, slots=True)
class Crossover:
    """Volumes are requests a month with the traffic's shape kept. `durable`: from there to the GPU limit (and, where
    the slope says so, forever) self-hosting stays cheaper."""

    kind: Kind
    crossings: tuple[Crossing, ...]
    first_req_per_month: float | None
    durable_req_per_month: float | None
    break_even_utilisation_ratio: float
    """Cost of a request on perfectly loaded machines over its price when bought; 1 or more: the API wins at any volume."""
    limit_req_per_month: float
    """The most the allowed GPUs can serve."""
    reason: str


def find(stairs: Sequence[Staircase], build: Line, buy: Line) -> Crossover:
    """Compare the cheapest staircase plus `build` with `buy` over all volumes the allowed GPUs can serve."""
    if not stairs:
        return Crossover(
            "no_fleet",
            (),
            None,
            None,
            float("inf"),
            0.0,
            "no fleet meets the targets, so there is nothing to cross over to",
        )
    limit = max(s.limit_req_per_month for s in stairs)
    utilisation = break_even_utilisation(stairs, build, buy)
    crossings, starts_cheaper = _crossings(stairs, build, buy, limit)
    ends_cheaper = crossings[-1].cheaper_above == "build" if crossings else starts_cheaper
    kind, reason = _kind(crossings, starts_cheaper, utilisation, build, buy)
    into_build = [c.requests_per_month for c in crossings if c.cheaper_above == "build"]
    return Crossover(
        kind=kind,
        crossings=tuple(crossings),
        first_req_per_month=0.0 if starts_cheaper else (into_build[0] if into_build else None),
        durable_req_per_month=(into_build[-1] if into_build else 0.0) if ends_cheaper else None,
        break_even_utilisation_ratio=utilisation,
        limit_req_per_month=limit,
        reason=reason,
    )


def break_even_utilisation(stairs: Sequence[Staircase], build: Line, buy: Line) -> float:
    """u* = fully loaded self-hosted cost of a request / its price when bought, for the best machines."""
    loaded = min(s.usd_per_request_fully_loaded for s in stairs) + build.usd_per_request
    return loaded / buy.usd_per_request if buy.usd_per_request > 0 else float("inf")


def envelope_usd_per_month(stairs: Sequence[Staircase], build: Line, requests_per_month: Array) -> Array:
    """The cheapest self-hosted cost at each volume; inf where the GPU limit is passed. Shape (v,)."""
    return np.asarray(rents_matrix(stairs, requests_per_month).min(axis=0) + build.usd_per_month(requests_per_month))


def useful(stairs: Sequence[Staircase], volumes: Array) -> list[int]:
    """Indices of staircases that together are as cheap as all of them at every volume: those that are cheapest at one
    of `volumes`, the one with the best slope, and every other one that is below all of these somewhere."""
    rents = rents_matrix(stairs, volumes)
    winners = set(np.argmin(rents, axis=0)[np.isfinite(rents.min(axis=0))].tolist())
    best = int(np.argmin([s.usd_per_request_fully_loaded for s in stairs]))
    chosen = sorted(winners | {best})
    rivals = _cheapest_of_a_kind(stairs)
    ends = [_step_ends(stairs[i], stairs[best]) for i in rivals]
    envelope = rents_matrix([stairs[i] for i in chosen], np.concatenate(ends)).min(axis=0)
    parts = np.split(envelope, np.cumsum([len(e) for e in ends])[:-1])
    below = [i for i, e, usd in zip(rivals, ends, parts, strict=True) if (rents_matrix([stairs[i]], e)[0] < usd).any()]
    return sorted({*chosen, *below})


def _cheapest_of_a_kind(stairs: Sequence[Staircase]) -> list[int]:
    """Of the same replica on machines of the same size, all but the cheapest are never worth having."""
    found: dict[tuple[int, int, int], int] = {}
    for i in sorted(range(len(stairs)), key=lambda i: stairs[i].machine_usd_per_month):
        found.setdefault((id(stairs[i].capacity), stairs[i].replicas_per_machine, stairs[i].max_machines), i)
    return list(found.values())


def _step_ends(stairs: Staircase, best: Staircase) -> Array:
    """Volumes at which to look whether `stairs` is below others: just before its steps, as it is flat up to there while
    the others can only have risen. Beyond `reach` the `best` slope has made good for its spares and rounding up."""
    rise = stairs.usd_per_request_fully_loaded - best.usd_per_request_fully_loaded
    head_start = best.machine_usd_per_month * (1 + (1 + best.spare_replicas) / best.replicas_per_machine)
    reach = head_start / rise if rise > 0 else float("inf")
    limit, best_limit = stairs.limit_req_per_month, best.limit_req_per_month
    ends = stairs.steps_req_per_month(limit if limit > best_limit else min(limit, reach))
    return np.asarray(ends[(ends <= reach) | (ends > best_limit)] * (1 - 1e-12))


def steps(stairs: Sequence[Staircase], up_to: float) -> Array:
    """Every volume at which some staircase adds a machine, ascending."""
    return np.unique(np.concatenate([s.steps_req_per_month(up_to) for s in stairs] + [np.array([up_to])]))


def _crossings(stairs: Sequence[Staircase], build: Line, buy: Line, limit: float) -> tuple[list[Crossing], bool]:
    """All crossings up to `limit`, ascending, and whether self-hosting is cheaper at the very lowest volumes."""
    ends = steps(stairs, limit)
    starts = np.concatenate([[0.0], ends[:-1]])
    inside = (starts + ends) / 2
    machines_usd = rents_matrix(stairs, inside).min(axis=0)  # constant within each stretch (starts, ends]
    at_start = buy.usd_per_month(starts) - build.usd_per_month(starts) - machines_usd
    at_end = buy.usd_per_month(ends) - build.usd_per_month(ends) - machines_usd
    slope = buy.usd_per_request - build.usd_per_request
    cheaper = np.column_stack([at_start, at_end]).ravel() > 0  # start, end, start, end, ... of every stretch
    found: list[Crossing] = []
    for i in np.flatnonzero(cheaper[1:] != cheaper[:-1]):
        stretch, jump = divmod(int(i), 2)
        volume = starts[stretch + 1] if jump else starts[stretch] - at_start[stretch] / slope
        found.append(Crossing(float(volume), "build" if cheaper[i + 1] else "buy"))
    return found, bool(cheaper[0])


def _kind(
    crossings: Sequence[Crossing], starts_cheaper: bool, utilisation: float, build: Line, buy: Line
) -> tuple[Kind, str]:
    if starts_cheaper and not crossings:
        return "always", "self-hosting is cheaper at every volume"
    if crossings:
        return "crosses", f"perfectly loaded, a request costs {percent(utilisation)} of its price when bought"
    if utilisation >= 1:
        return "never", (
            f"even perfectly loaded, a request costs {utilisation:.2f} times its price when bought: no volume makes up for that"
        )
    return "out_of_reach", "the curves would only cross beyond the number of GPUs you allow"
