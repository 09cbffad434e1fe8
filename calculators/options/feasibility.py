"""How each model does on each GPU: its cheapest plan, or why there is none."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from calculators.fleet import staircase as fleet
from calculators.fleet.replica_capacity import Infeasible
from calculators.fleet.staircase import FleetPlan
from calculators.options.option import LinearCost
from calculators.options.shortlist import AllowedOptions
from calculators.performance.replica import ReplicaConfig
from calculators.scenario.inputs import Inputs


@dataclass(frozen=True, slots=True)
class Feasibility:
    """How one model does on one GPU: its cheapest plan and cost, or why there is none."""

    model: str
    gpu: str
    plan: FleetPlan | None
    usd_per_month: float | None
    why: str
    stage: int = 5
    """How far it got: 0 does not fit … 5 a plan was found."""


def feasibility(left: AllowedOptions, line: LinearCost, inputs: Inputs) -> tuple[Feasibility, ...]:
    """One row for each model and GPU: the cheapest plan, or the reason of the setup that got furthest."""
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
    """By model and GPU, the cheapest fleet of those that can be rented."""
    volume, cheapest = inputs.demand.requests_per_month, dict[tuple[str, str], int]()
    for i in np.argsort(left.rents_usd, kind="stable").tolist():
        cheapest.setdefault(_names(left.stairs[i].capacity.config), i)
    rest = float(line.usd_per_month(np.asarray(volume)))
    beyond = f"needs more than the {inputs.scenario.hardware.max_gpus} GPUs allowed"
    rows = {}
    for key, i in cheapest.items():
        plan = fleet.fleet_plan(left.stairs[i], volume)
        usd = float(left.rents_usd[i]) + rest if plan else None
        rows[key] = Feasibility(*key, plan, usd, "" if plan else beyond)
    return rows


def _misses(infeasible: Sequence[Infeasible]) -> dict[tuple[str, str], Feasibility]:
    """By model and GPU, the replica that got furthest."""
    furthest: dict[tuple[str, str], Infeasible] = {}
    for one in sorted(infeasible, key=lambda one: -one.stage):
        furthest.setdefault(_names(one.config), one)
    words = {key: f"{one.config.tensor_parallel}× {one.config.precision.upper()}" for key, one in furthest.items()}
    return {key: Feasibility(*key, None, None, f"{words[key]}: {one.why}", one.stage) for key, one in furthest.items()}


def _with_gap(outcome: Feasibility, best: float) -> Feasibility:
    if outcome.usd_per_month is None:
        return outcome
    gap = outcome.usd_per_month - best
    why = "cheapest" if gap <= 0 else f"${gap:,.0f}/month dearer than the cheapest"
    return Feasibility(outcome.model, outcome.gpu, outcome.plan, outcome.usd_per_month, why)


def why_no_fleet(feasibility: Sequence[Feasibility]) -> str:
    """The nearest miss and its remedy, for when nothing can be served."""
    if not feasibility:
        return "no open model is accepted as a stand-in. Accept one on the Candidates page to compare."
    nearest = max(feasibility, key=lambda outcome: outcome.stage)
    remedy = {
        0: "Allow GPUs with more memory, or a coarser weight format.",
        1: "Allow GPUs with more memory, or a coarser weight format.",
        2: "Relax the target for the time per token, or allow faster GPUs.",
        3: "Relax the target for the first token, or allow faster GPUs.",
        4: "Allow other providers, terms, or prices of lower confidence.",
        5: "Allow more GPUs.",
    }[nearest.stage]
    return f"the nearest miss is {nearest.model} on {nearest.gpu}, {nearest.why}. {remedy}"
