"""Options that self-host: the cheapest rented fleet, and the cheapest purchased one, for each open model."""

from collections.abc import Sequence

import numpy as np

from calculators.fleet.leading_fleets import by_group, lead_ratios
from calculators.fleet.machine_offers import MachineOffer
from calculators.fleet.operating_costs import ESTIMATE_BASIS, USER_BASIS, CostLine
from calculators.fleet.plan import FleetPlan, fleet_plan
from calculators.fleet.sizing import Sized, searched_configs, sized
from calculators.fleet.staircase import FleetGroup, Staircase
from calculators.options.context_window import by_context
from calculators.options.option import LinearCost, Option, with_range
from calculators.options.speed_range import SpeedBounds, rent_range_usd
from calculators.performance.replica import ReplicaConfig
from calculators.scenario.demand import Array, Demand
from calculators.scenario.inputs import Inputs
from calculators.units import usd


def size_candidates(inputs: Inputs, configs: Sequence[ReplicaConfig] | None = None) -> Sized:
    """Capacity of every candidate configuration within the targets, or of these `configs`, and the infeasible ones."""
    every = searched_configs(inputs) if configs is None else configs
    configs, infeasible = by_context(every, inputs.scenario.workload)
    able, unable = sized(configs, inputs)
    return able, (*infeasible, *unable)


def build_options(
    staircases: Sequence[Staircase], rents_usd: Array, bounds: SpeedBounds, lines: tuple[CostLine, ...], inputs: Inputs
) -> list[Option]:
    """The rented fleet that leads, and the purchased one, for each model.

    `rents_usd` (s,): rent of each staircase at today's volume. `lines`: what self-hosting costs besides the GPUs.
    """
    best: dict[FleetGroup, int] = {}
    order = np.argsort(rents_usd / lead_ratios(staircases), kind="stable")
    for i in order[np.isfinite(rents_usd[order])].tolist():
        best.setdefault(staircases[i].group, i)
    return [_build_option(staircases[i], bounds, lines, inputs) for i in best.values()]


def partial_builds(
    staircases: Sequence[Staircase], rents_usd: Array, lines: tuple[CostLine, ...], inputs: Inputs
) -> list[tuple[Option, Staircase]]:
    """For each model of which no fleet carries the whole load within the GPU limit, the one with the cheapest request, as
    many machines as allowed: what a base load may run on."""
    partial = []
    for members in by_group(staircases).values():
        some = [staircases[i] for i in members if staircases[i].carries_any]
        if some and not np.isfinite(rents_usd[members]).any():
            best = min(some, key=lambda one: one.usd_per_request_fully_loaded / one.lead_ratio)
            plan = FleetPlan.for_machines(best, best.max_machines, best.limit_req_per_month)
            rent = plan.rent_usd_per_month
            partial.append((_option_of(plan, (rent, rent), lines, inputs), best))
    return partial


def _build_option(staircase: Staircase, bounds: SpeedBounds, lines: tuple[CostLine, ...], inputs: Inputs) -> Option:
    volume = inputs.demand.requests_per_month
    plan = fleet_plan(staircase, volume)
    assert plan is not None
    return _option_of(plan, rent_range_usd(staircase, bounds, volume), lines, inputs)


def _option_of(plan: FleetPlan, range_usd: tuple[float, float], lines: tuple[CostLine, ...], inputs: Inputs) -> Option:
    """The option of a fleet, `range_usd`: its rent at the optimistic and at the pessimistic speed."""
    model, offer, (low, high) = plan.config.model, plan.offer, range_usd
    rent = CostLine(
        kind="owned_servers" if offer.is_owned else "gpu_rental",
        usd_per_month=plan.rent_usd_per_month,
        low_usd_per_month=min(low, plan.rent_usd_per_month),
        high_usd_per_month=max(high, plan.rent_usd_per_month),
        basis=_rent_basis(offer),
        source=offer.source,
        note=rent_note(plan),
    )
    return with_range(
        Option(
            kind="own_hardware" if offer.is_owned else "self_host",
            label=f"{model.name} self-hosted on {plan.label}",
            lines=(rent, *lines),
            model=model.name,
            operator=offer.provider_id,
            gate=inputs.gate_of(model),
            plan=plan,
        )
    )


def _rent_basis(offer: MachineOffer) -> str:
    known = {"yours": USER_BASIS, "owned": ESTIMATE_BASIS, "held": USER_BASIS}
    price = "your price" if offer.is_yours else "list price"
    return known.get(offer.basis, f"{price}{offer.term_in_brackets}, {offer.trust_words}")


def rent_note(plan: FleetPlan) -> str:
    """The rent's calculation in words."""
    each = f" in each of {plan.regions} regions" if plan.regions > 1 else ""
    held = plan.held_machines
    counted = f"counted at {usd(plan.held_usd_per_month)}/month" if plan.held_usd_per_month else "paid for anyway"
    price = f"${plan.offer.usd_per_gpu_h:.2f}/GPU-hour{plan.offer.term_in_brackets}"
    if held == plan.machines:
        return f"{plan.gpus}× {plan.config.gpu.name} that you already have, {counted}"
    yours = f", {held} of them yours ({counted}), the others" if held else ""
    return f"{plan.machines} × {plan.offer.machine}{each}{yours} at {price}, 730 hours/month"


def self_host_line(lines: tuple[CostLine, ...], demand: Demand) -> LinearCost:
    """Cost of self-hosting besides the GPUs over volume: network egress grows with it, the other lines do not."""
    egress = sum(line.usd_per_month for line in lines if line.kind == "network_egress")
    return LinearCost(egress / demand.requests_per_month, sum(line.usd_per_month for line in lines) - egress)
