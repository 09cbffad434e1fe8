"""What tuning an engine for the model and the GPU would be worth to a fleet."""

from dataclasses import replace

from calculators.fleet.plan import FleetPlan, fleet_plan
from calculators.fleet.replica_capacity import launch_speed, scenario_case
from calculators.fleet.sizing import sized
from calculators.fleet.staircase import staircases_on
from calculators.scenario.inputs import Inputs
from calculators.units import percent, usd

LEAST_TUNING_FRAC = 0.01
"""A smaller saving is told as none."""


def tuned_rent_usd(plan: FleetPlan, inputs: Inputs) -> float:
    """Rent in USD/month of the same replicas on the same machines with a tuned engine; the fleet's own where those carry no
    more."""
    hardware = inputs.scenario.hardware.model_copy(update={"launch": "tuned"})
    tuned = replace(inputs, scenario=inputs.scenario.model_copy(update={"hardware": hardware}))
    worker = plan.capacity.prefill_config
    able, _ = sized([plan.config, *([worker] if worker else [])], tuned)
    fleets = [
        fleet_plan(one, inputs.demand.requests_per_month)
        for one in staircases_on([c for c in able if c.config is plan.config], [plan.offer], tuned)
    ]
    return min((f.rent_usd_per_month for f in fleets if f), default=plan.rent_usd_per_month)


def launch_words(plan: FleetPlan, inputs: Inputs) -> str:
    """How the engine of a fleet is taken to be launched, and what tuning would be worth; empty where nothing is taken."""
    speed = launch_speed(plan.config, scenario_case(inputs))
    if speed is None:
        return ""
    saved = plan.rent_usd_per_month - tuned_rent_usd(plan, inputs)
    is_less = saved > LEAST_TUNING_FRAC * plan.rent_usd_per_month
    worth = f"cost {usd(saved)}/month less" if is_less else "need as many machines"
    return (
        f"The engine runs as it ships, at {percent(speed.central)} of the speed of a tuned one under load ({percent(speed.low)} "
        f"to {percent(speed.high)}; {speed.confidence} confidence). Tuned for this model and GPU, the same fleet would {worth}."
    )
