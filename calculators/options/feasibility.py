"""Feasibility of each model on each GPU: the cheapest fleet, or the constraint that rules it out."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from math import inf
from typing import Literal

import numpy as np

from calculators.fleet.leading_fleets import lead_ratios, leading_rents_usd
from calculators.fleet.plan import FleetPlan, fleet_plan
from calculators.fleet.replica_capacity import CONSTRAINTS, Constraint, Infeasible
from calculators.fleet.staircase import Staircase, gpus_needed
from calculators.options.context_window import partly_held_words
from calculators.options.option import LinearCost
from calculators.options.shortlist import AllowedOptions, BarredFleet
from calculators.performance.replica import ReplicaConfig
from calculators.scenario.inputs import Inputs
from calculators.units import count, plural, usd

RowConstraint = Constraint | Literal["not_allowed"]
"""A constraint of a fleet, or the compliance requirements."""


@dataclass(frozen=True, slots=True)
class Feasibility:
    """The cheapest fleet of one model on one GPU, or the constraint that rules it out."""

    model: str
    gpu: str
    plan: FleetPlan | None
    usd_per_month: float | None
    why: str
    """How far it is from the cheapest, or why it is infeasible."""
    constraint: RowConstraint | None = None
    """The constraint that it fails; None where there is a fleet."""
    miss_ratio: float = inf
    """As of `Infeasible`: the figure that misses over what it may be."""

    @property
    def passed_count(self) -> int:
        """How many of the constraints that come before the GPU limit it meets."""
        return CONSTRAINTS.index("gpu_limit" if self.constraint in (None, "not_allowed") else self.constraint)

    @property
    def stage(self) -> int:
        """The number that other programs read: 0 for weights that do not fit, and so on; -1 for a context window, since
        that check was added before the others."""
        return self.passed_count - 1


def feasibility_matrix(left: AllowedOptions, line: LinearCost, inputs: Inputs) -> tuple[Feasibility, ...]:
    """One row for each model and GPU, cheapest first, infeasible ones last.

    `line`: what self-hosting costs besides the GPUs. An infeasible row gives the constraint of the configuration that came
    nearest: the one that met most of them, and missed the next by least.
    """
    rows = (_misses(left.infeasible) | _not_allowed(left.barred) | _plans(left, line, inputs)).values()
    best = 0.0
    if left.has_fleet:
        rent = leading_rents_usd(left.stairs, left.rents_usd[:, None])
        best = float((rent + line.usd_per_month(np.array([inputs.demand.requests_per_month])))[0])
    return tuple(
        sorted(
            (_with_gap(o, best, inputs) for o in rows),
            key=lambda o: (o.usd_per_month is None, o.usd_per_month or 0.0, o.model, o.gpu),
        )
    )


def _names(config: ReplicaConfig) -> tuple[str, str]:
    return config.model.name, config.gpu.name


def _plans(left: AllowedOptions, line: LinearCost, inputs: Inputs) -> dict[tuple[str, str], Feasibility]:
    """The cheapest fleet by model and GPU."""
    volume, cheapest = inputs.demand.requests_per_month, dict[tuple[str, str], int]()
    for i in np.argsort(left.rents_usd / lead_ratios(left.stairs), kind="stable").tolist():
        cheapest.setdefault(_names(left.stairs[i].capacity.config), i)
    cheapest |= _smallest(left.stairs, {key for key, i in cheapest.items() if np.isinf(left.rents_usd[i])}, inputs)
    rest = float(line.usd_per_month(np.asarray(volume)))
    rows = {}
    for (model, gpu), i in cheapest.items():
        plan = fleet_plan(left.stairs[i], volume)
        rows[model, gpu] = Feasibility(
            model=model,
            gpu=gpu,
            plan=plan,
            usd_per_month=float(left.rents_usd[i]) + rest if plan else None,
            why="" if plan else _beyond(left.stairs[i], volume, inputs),
            constraint=None if plan else _limit(left.stairs[i], inputs),
            miss_ratio=inf if plan else gpus_needed([left.stairs[i]], volume)[0] / _most_gpus(left.stairs[i], inputs),
        )
    return rows


def _smallest(stairs: Sequence[Staircase], pairs: set[tuple[str, str]], inputs: Inputs) -> dict[tuple[str, str], int]:
    """Of these models and GPUs, the fleet that carries the volume with the fewest GPUs beyond those that may be used."""
    places = [i for i, one in enumerate(stairs) if _names(one.capacity.config) in pairs] if pairs else []
    if not places:
        return {}
    needed = gpus_needed([stairs[i] for i in places], inputs.demand.requests_per_month)
    smallest: dict[tuple[str, str], int] = {}
    for k in np.argsort(needed / [_most_gpus(stairs[i], inputs) for i in places], kind="stable").tolist():
        smallest.setdefault(_names(stairs[places[k]].capacity.config), places[k])
    return smallest


def _most_gpus(staircase: Staircase, inputs: Inputs) -> int:
    """GPUs that may be used: the user's limit, or those that are there where no more can be rented."""
    held = staircase.held.count * staircase.gpus_per_step if staircase.held else 0
    limit = inputs.scenario.hardware.max_gpus
    return min(held, limit) if staircase.offer.basis == "held" else limit


def _limit(staircase: Staircase, inputs: Inputs) -> RowConstraint:
    return "gpu_limit" if _most_gpus(staircase, inputs) == inputs.scenario.hardware.max_gpus else "no_offer"


def _beyond(staircase: Staircase, requests_per_month: float, inputs: Inputs) -> str:
    """Why a fleet does not carry the volume."""
    needed, most = float(gpus_needed([staircase], requests_per_month)[0]), _most_gpus(staircase, inputs)
    if _limit(staircase, inputs) == "no_offer":
        return (
            f"needs {plural(needed, 'GPU')}; you have {count(most)}, and no offer for more of them passes your filters"
        )
    return f"needs {plural(needed, 'GPU')}; the maximum is {count(most)}"


def _misses(infeasible: Sequence[Infeasible]) -> dict[tuple[str, str], Feasibility]:
    """By model and GPU, the infeasible configuration that came nearest."""
    furthest: dict[tuple[str, str], Infeasible] = {}
    for one in sorted(infeasible, key=lambda one: (-one.passed_count, one.miss_ratio)):
        furthest.setdefault(_names(one.config), one)
    return {
        (model, gpu): Feasibility(
            model=model,
            gpu=gpu,
            plan=None,
            usd_per_month=None,
            why=_why(one),
            constraint=one.constraint,
            miss_ratio=one.miss_ratio,
        )
        for (model, gpu), one in furthest.items()
    }


def _why(one: Infeasible) -> str:
    """The reason, after the configuration it is about; a model's context window is that of every configuration."""
    if one.constraint == "context":
        return one.why
    return f"{one.config.gpus_count}× {one.config.precision.upper()}: {one.why}"


def _not_allowed(barred: Iterable[BarredFleet]) -> dict[tuple[str, str], Feasibility]:
    """By model and GPU, a fleet that would do, and the requirement that bars it."""
    rows: dict[tuple[str, str], Feasibility] = {}
    for fleet in barred:
        model, gpu = _names(fleet.staircase.capacity.config)
        why = f"{fleet.operator} would do, but {fleet.why}"
        row = Feasibility(
            model=model, gpu=gpu, plan=None, usd_per_month=None, why=why, constraint="not_allowed", miss_ratio=1.0
        )
        rows.setdefault((model, gpu), row)
    return rows


def _with_gap(outcome: Feasibility, best: float, inputs: Inputs) -> Feasibility:
    if outcome.usd_per_month is None or outcome.plan is None:
        return outcome
    gap = outcome.usd_per_month - best
    why = f"+{usd(gap)}/month vs. cheapest" if gap > 0 else "cheapest"
    if gap < 0:
        why = f"-{usd(-gap)}/month; its speed is extrapolated, so one of known speed leads"
    cut = partly_held_words(outcome.plan.config.model.published.window_tok, inputs.scenario.workload)
    return replace(outcome, why=f"{why}; {cut}" if cut else why)
