"""Feasibility of each model on each GPU: the cheapest fleet, or the constraint that rules it out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from calculators.fleet.plan import FleetPlan, fleet_plan
from calculators.fleet.replica_capacity import CONSTRAINTS, Constraint, Infeasible
from calculators.options.option import LinearCost
from calculators.options.shortlist import AllowedOptions
from calculators.performance.replica import ReplicaConfig
from calculators.scenario.inputs import Inputs
from calculators.units import plural, usd


@dataclass(frozen=True, slots=True)
class Feasibility:
    """The cheapest fleet of one model on one GPU, or the constraint that rules it out."""

    model: str
    gpu: str
    plan: FleetPlan | None
    usd_per_month: float | None
    why: str
    """How far it is from the cheapest, or why it is infeasible."""
    constraint: Constraint | None = None
    """The constraint that it fails; None where there is a fleet."""

    @property
    def passed_count(self) -> int:
        """How many of the constraints that come before the GPU limit it meets."""
        return CONSTRAINTS.index(self.constraint or "gpu_limit")

    @property
    def stage(self) -> int:
        """The number that other programs read: 0 for weights that do not fit, and so on; -1 for a context window, since
        that check was added before the others."""
        return self.passed_count - 1


def feasibility_matrix(left: AllowedOptions, line: LinearCost, inputs: Inputs) -> tuple[Feasibility, ...]:
    """One row for each model and GPU, cheapest first, infeasible ones last.

    `line`: what self-hosting costs besides the GPUs. An infeasible row gives the constraint of the configuration that met
    most of them.
    """
    rows = (_misses(left.infeasible) | _plans(left, line, inputs)).values()
    best = min((o.usd_per_month for o in rows if o.usd_per_month is not None), default=0.0)
    return tuple(
        sorted(
            (_with_gap(o, best) for o in rows),
            key=lambda o: (o.usd_per_month is None, o.usd_per_month or 0.0, o.model, o.gpu),
        )
    )


def _names(config: ReplicaConfig) -> tuple[str, str]:
    return config.model.name, config.gpu.name


def _plans(left: AllowedOptions, line: LinearCost, inputs: Inputs) -> dict[tuple[str, str], Feasibility]:
    """The cheapest fleet by model and GPU."""
    volume, cheapest = inputs.demand.requests_per_month, dict[tuple[str, str], int]()
    for i in np.argsort(left.rents_usd, kind="stable").tolist():
        cheapest.setdefault(_names(left.stairs[i].capacity.config), i)
    rest = float(line.usd_per_month(np.asarray(volume)))
    beyond = f"needs more than the maximum of {plural(inputs.scenario.hardware.max_gpus, 'GPU')}"
    rows = {}
    for key, i in cheapest.items():
        plan = fleet_plan(left.stairs[i], volume)
        cost = float(left.rents_usd[i]) + rest if plan else None
        model, gpu = key
        rows[key] = Feasibility(
            model=model,
            gpu=gpu,
            plan=plan,
            usd_per_month=cost,
            why="" if plan else beyond,
            constraint=None if plan else "gpu_limit",
        )
    return rows


def _misses(infeasible: Sequence[Infeasible]) -> dict[tuple[str, str], Feasibility]:
    """By model and GPU, the infeasible configuration that met most constraints."""
    furthest: dict[tuple[str, str], Infeasible] = {}
    for one in sorted(infeasible, key=lambda one: -one.passed_count):
        furthest.setdefault(_names(one.config), one)
    return {
        (model, gpu): Feasibility(
            model=model,
            gpu=gpu,
            plan=None,
            usd_per_month=None,
            why=_why(one),
            constraint=one.constraint,
        )
        for (model, gpu), one in furthest.items()
    }


def _why(one: Infeasible) -> str:
    """The reason, after the configuration it is about; a model's context window is that of every configuration."""
    if one.constraint == "context":
        return one.why
    return f"{one.config.tensor_parallel}× {one.config.precision.upper()}: {one.why}"


def _with_gap(outcome: Feasibility, best: float) -> Feasibility:
    if outcome.usd_per_month is None:
        return outcome
    gap = outcome.usd_per_month - best
    return replace(outcome, why="cheapest" if gap <= 0 else f"+{usd(gap)}/month vs. cheapest")


_REMEDIES: Mapping[Constraint, str] = {
    "context": "Add a model with a longer context window on the Candidates page.",
    "weights": "Allow GPUs with more memory, or add a lower weight precision.",
    "kv_cache": "Allow GPUs with more memory, or add a lower weight precision.",
    "tpot": "Relax the TPOT target, or allow faster GPUs.",
    "ttft": "Relax the TTFT target, or allow faster GPUs.",
    "no_offer": "Allow more providers or commitment terms, or lower the minimum price confidence.",
    "gpu_limit": "Raise the maximum GPUs.",
}


def why_no_fleet(rows: Sequence[Feasibility]) -> str:
    """Why nothing can be self-hosted: the configuration that meets most constraints, and the remedy."""
    if not rows:
        return (
            "No candidate open model is selected, or all are marked not acceptable. Select one on the Candidates page."
        )
    if all(row.constraint == "context" for row in rows):
        short = "; ".join({row.model: f"{row.model}: {row.why}" for row in rows}.values())
        return f"No candidate open model holds your requests ({short}). {_REMEDIES['context']}"
    nearest = max(rows, key=lambda row: row.passed_count)
    remedy = _REMEDIES[nearest.constraint or "gpu_limit"]
    return f"The closest is {nearest.model} on {nearest.gpu} ({nearest.why}). {remedy}"
