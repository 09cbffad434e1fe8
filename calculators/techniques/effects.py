"""What each of the six techniques does to the scenario's fleet: with it and without it, through the same speed model.

Continuous batching is in every engine, and so in the baseline: it is counted once.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import inf

from calculators.catalog.base import Precision
from calculators.catalog.catalog import Catalog
from calculators.catalog.load import ROOT, load_sourced
from calculators.catalog.techniques import TechniqueId, TechniquesFile
from calculators.evaluate import Evaluation, evaluate
from calculators.fleet.candidate_configs import allowed_splits, precisions
from calculators.fleet.plan import FleetPlan
from calculators.performance.replica import ReplicaConfig
from calculators.scenario.inputs import Inputs
from calculators.scenario.schema import Scenario, Techniques
from calculators.techniques.fleets import FleetState, best_fleet, cheapest, configs_with, refit

ORDER: tuple[TechniqueId, ...] = (
    *("batching", "prefix_caching", "quantization", "speculation", "parallelism", "disaggregation"),
)
DEFAULT_CAP = 256


def techniques() -> TechniquesFile:
    """technique_data/techniques.yaml. Raises DataError naming file, line and field."""
    return load_sourced(ROOT / "technique_data/techniques.yaml", TechniquesFile)


@dataclass(frozen=True, slots=True)
class TechniqueEffect:
    """One technique on this fleet, all else equal: model, GPU, provider, precision, split and the other switches."""

    id: TechniqueId
    is_used: bool
    """Whether the verdict's fleet uses it: then that fleet is the side with it, otherwise the side without."""
    without: FleetState | None
    with_it: FleetState | None
    """None: no fleet of this model on this GPU serves the peak within the targets."""

    @property
    def saves_usd_per_month(self) -> float:
        """Rent; infinite if there is no fleet without it, minus infinite if there is none with it."""
        if self.with_it is None:
            return -inf if self.without else 0.0
        return self.without.usd_per_month - self.with_it.usd_per_month if self.without else inf


def is_used(technique: TechniqueId, plan: FleetPlan, scenario: Scenario) -> bool:
    """Whether the fleet uses what the switch allows: a coarser precision and a split may be tried and not chosen."""
    config = plan.config
    match technique:
        case "quantization":
            return config.precision != config.model.published.native_precision or scenario.techniques.kv_cache == "fp8"
        case "parallelism":
            return config.gpus_count > 1
        case _:
            return is_on(scenario.techniques, technique)


def is_on(chosen: Techniques, technique: TechniqueId) -> bool:
    """Whether the technique's switch is on."""
    match technique:
        case "batching":
            return chosen.batch_cap > 1
        case "quantization":
            return chosen.quantization or chosen.kv_cache == "fp8"
        case _:
            return bool(getattr(chosen, technique))


def switched(chosen: Techniques, technique: TechniqueId, on: bool) -> Techniques:
    """`chosen` with one technique switched on or off; unchanged if it already is."""
    if is_on(chosen, technique) is on:
        return chosen
    match technique:
        case "batching":
            return chosen.model_copy(update={"batch_cap": DEFAULT_CAP if on else 1})
        case "quantization":
            return chosen.model_copy(update={"quantization": on, **({} if on else {"kv_cache": "bf16"})})
        case _:
            return chosen.model_copy(update={technique: on})


def with_techniques(scenario: Scenario, chosen: Techniques) -> Scenario:
    """The scenario with these switches."""
    return scenario.model_copy(update={"techniques": chosen})


def technique_effects(plan: FleetPlan, inputs: Inputs) -> list[TechniqueEffect]:
    """The effect of all six techniques on the verdict's fleet `plan`, in the order of the file."""
    now = refit(plan, plan.config, inputs)
    effects = []
    for technique in ORDER:
        used = is_used(technique, plan, inputs.scenario)
        other, configs = _counterpart(technique, used, plan, inputs.scenario)
        changed = cheapest(configs, plan, replace(inputs, scenario=other))
        if changed is None and technique not in ("batching", "parallelism"):
            changed = best_fleet(plan, replace(inputs, scenario=other))  # with any precision and split
        without, with_it = (changed, now) if used else (now, changed)
        effects.append(TechniqueEffect(technique, used, without, with_it))
    return effects


def _counterpart(
    technique: TechniqueId, used: bool, plan: FleetPlan, scenario: Scenario
) -> tuple[Scenario, list[ReplicaConfig]]:
    """The other side of the comparison: the scenario with the technique switched, and the replicas to try. Without
    batching there is no TTFT target: hardly anything would meet one, which would flatter batching."""
    chosen = switched(scenario.techniques, technique, not used)
    if technique == "batching" and used:
        patient = scenario.targets.model_copy(update={"ttft_p95_ms": None})
        scenario = scenario.model_copy(update={"targets": patient})
    formats: tuple[Precision, ...] = (plan.config.precision,)
    splits: tuple[int, ...] = (plan.config.gpus_count,)
    native = plan.config.model.published.native_precision
    if technique == "quantization":
        allowed = tuple(p for p in precisions(plan.config.model, scenario) if p != native)
        formats = (native,) if used else allowed or (native,)
        splits = tuple(dict.fromkeys((*allowed_splits(plan.config.gpu, chosen), *splits)))
    elif technique == "parallelism":
        splits = allowed_splits(plan.config.gpu, chosen)[0 if used else 1 :]
    return with_techniques(scenario, chosen), configs_with(plan, chosen, formats, splits)


def switched_saves_usd(result: Evaluation, catalog: Catalog) -> dict[TechniqueId, float]:
    """Savings per month of each switch on the cheapest self-hosted option, whatever its model, GPU or precision: its cost
    with the switch off minus its cost with it on. Infinite if only one of the two has a fleet."""

    def least(scenario: Scenario) -> float:
        build = evaluate(scenario, catalog).build
        return build.usd_per_month if build else inf

    saved: dict[TechniqueId, float] = {}
    now = result.build.usd_per_month if result.build else inf
    for technique in ORDER[1:]:
        on = is_on(result.scenario.techniques, technique)
        flipped = switched(result.scenario.techniques, technique, not on)
        other = least(with_techniques(result.scenario, flipped))
        without, with_it = (other, now) if on else (now, other)
        saved[technique] = 0.0 if without == with_it else without - with_it
    return saved


# --- the chosen set ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CumulativeStep:
    """One more technique on top of those before it."""

    id: TechniqueId
    state: FleetState | None
    """The fleet from here on; None: it cannot serve the peak yet."""


def cumulative_steps(plan: FleetPlan, inputs: Inputs) -> list[CumulativeStep]:
    """Fleets from batching alone to the chosen set, one technique at a time; the last is the verdict's fleet. If the
    model does not fit one GPU, its split over several belongs to the start."""
    chosen = [t for t in ORDER if t != "batching" and is_used(t, plan, inputs.scenario)]
    used: list[TechniqueId] = []
    start = _with_only(used, plan, inputs)
    if start is None and "parallelism" in chosen:
        chosen.remove("parallelism")
        used.append("parallelism")
        start = _with_only(used, plan, inputs)
    steps = [CumulativeStep("batching", start)]
    for technique in chosen:
        used.append(technique)
        steps.append(CumulativeStep(technique, _with_only(used, plan, inputs)))
    return steps


def _with_only(used: Sequence[TechniqueId], plan: FleetPlan, inputs: Inputs) -> FleetState | None:
    """The fleet with batching and only these techniques."""
    chosen = inputs.scenario.techniques
    for technique in ORDER[1:]:
        if technique not in used:
            chosen = switched(chosen, technique, False)
    config = plan.config
    precision = config.precision if "quantization" in used else config.model.published.native_precision
    split = config.gpus_count if "parallelism" in used else 1
    configs = configs_with(plan, chosen, (precision,), (split,))
    return cheapest(configs, plan, replace(inputs, scenario=with_techniques(inputs.scenario, chosen)))
