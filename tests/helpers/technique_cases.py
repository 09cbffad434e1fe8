"""Scenarios of the repository with other techniques: their verdict's fleet, the effects on it, and the advice."""

from datetime import date
from functools import cache
from typing import Any

from support import merged

from calculators.catalog.load import ROOT, load_catalog
from calculators.catalog.techniques import MetricId, MoveId
from calculators.evaluate import Evaluation, evaluate
from calculators.fleet.plan import FleetPlan
from calculators.scenario.files import read_scenario
from calculators.scenario.inputs import Inputs
from calculators.scenario.schema import Scenario, Techniques, parse_scenario
from calculators.techniques.advice import Pin, TechniqueAdvice, advise
from calculators.techniques.effects import TechniqueEffect, technique_effects, with_techniques
from calculators.techniques.fleets import FleetState

CATALOG = load_catalog()
TODAY = date(2026, 11, 26)
MXFP4_ONLY = [{"model": "gpt-oss-120b", "gate": "assumed"}]
"""Candidates of which the only one is released in MXFP4."""
SCENARIOS = ("azure-conversation", "steady-extraction", "own-servers-at-scale", "eu-public-sector")


def evaluated(scenario: Scenario) -> Evaluation:
    return _evaluated(scenario.model_dump_json())


@cache
def _evaluated(scenario_json: str) -> Evaluation:
    return evaluate(Scenario.model_validate_json(scenario_json), CATALOG)


def fleet_of(scenario: Scenario) -> tuple[FleetPlan, Inputs]:
    """The verdict's fleet of a scenario that has one, and its inputs."""
    result = evaluated(scenario)
    assert result.build is not None
    assert result.build.plan is not None
    return result.build.plan, Inputs(scenario, result.demand, CATALOG)


def with_switches(name: str, **chosen: object) -> Scenario:
    """A scenario of the repository with these switches, the others as by default."""
    scenario = read_scenario(ROOT / f"scenarios/{name}.yaml", TODAY)
    return with_techniques(scenario, Techniques.model_validate(chosen))


def fleet(name: str, **chosen: object) -> tuple[FleetPlan, Inputs]:
    return fleet_of(with_switches(name, **chosen))


def all_six(name: str, **chosen: object) -> dict[str, TechniqueEffect]:
    return {effect.id: effect for effect in technique_effects(*fleet(name, **chosen))}


def on_mi300x() -> tuple[FleetPlan, Inputs]:
    """A tuned fleet near the crossover on MI300X, which holds the released weights as cheaply as coarser ones."""
    plain = read_scenario(ROOT / "scenarios/near-the-crossover.yaml", TODAY).model_dump(mode="json")
    return fleet_of(parse_scenario(merged(plain, {"hardware": {"gpus": ["mi300x"], "launch": "tuned"}})))


def both(effect: TechniqueEffect) -> tuple[FleetState, FleetState]:
    assert effect.without is not None
    assert effect.with_it is not None
    return effect.without, effect.with_it


def ask(
    name: str, metric: MetricId | None = None, pins: dict[MoveId, Pin] | None = None, **changes: Any
) -> TechniqueAdvice:
    """Advice on a scenario of the repository with changes."""
    plain = read_scenario(ROOT / f"scenarios/{name}.yaml", TODAY).model_dump(mode="json")
    return advise(*fleet_of(parse_scenario(merged(plain, changes))), metric, pins)


def reasons(advice: TechniqueAdvice) -> dict[MoveId, str]:
    return {trial.move.id: trial.reason for trial in advice.tried}


def kept(advice: TechniqueAdvice) -> list[MoveId]:
    return [trial.move.id for trial in advice.kept]
