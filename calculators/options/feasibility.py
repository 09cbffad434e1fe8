"""How each model does on each GPU: its cheapest plan, or why there is none."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from calculators.fleet import staircase as fleet
from calculators.fleet.staircase import FleetPlan
from calculators.options.option import LinearCost
from calculators.options.shortlist import AllowedOptions
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
    volume = inputs.demand.requests_per_month
    found: dict[tuple[str, str], Feasibility] = {}
    rest = float(line.usd_per_month(np.asarray(volume)))
    for i in np.argsort(left.rents_usd, kind="stable"):
        s = left.stairs[i]
        key = (s.capacity.config.model.name, s.capacity.config.gpu.name)
        if key not in found and np.isfinite(left.rents_usd[i]):
            found[key] = Feasibility(*key, fleet.fleet_plan(s, volume), float(left.rents_usd[i]) + rest, "")
        elif key not in found:
            found[key] = Feasibility(
                *key, None, None, f"needs more than the {inputs.scenario.hardware.max_gpus} GPUs allowed", 5
            )
    for misfit in sorted(left.infeasible, key=lambda m: -m.stage):
        key = (misfit.config.model.name, misfit.config.gpu.name)
        detail = f"{misfit.config.tensor_parallel}× {misfit.config.precision.upper()}: {misfit.why}"
        found.setdefault(key, Feasibility(*key, None, None, detail, misfit.stage))
    best = min((o.usd_per_month for o in found.values() if o.usd_per_month is not None), default=0.0)
    return tuple(
        sorted(
            (_with_gap(o, best) for o in found.values()),
            key=lambda o: (o.usd_per_month is None, o.usd_per_month or 0.0, o.model, o.gpu),
        )
    )


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
