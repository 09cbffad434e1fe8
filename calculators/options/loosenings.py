"""The inputs that may be loosened so that a fleet becomes possible, and the least that works of each."""

from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import ceil, floor, inf, log10
from typing import Any, TypeVar

import numpy as np

from calculators.catalog.base import COMMITMENT_LABELS, Confidence, Precision
from calculators.catalog.launches import LAUNCH_LABELS
from calculators.fleet.replica_capacity import CONSTRAINTS, Constraint
from calculators.fleet.staircase import gpus_needed
from calculators.options.changed_options import ChangedOptions, Values
from calculators.options.feasibility import RowConstraint
from calculators.scenario.change import Change, input_label
from calculators.scenario.demand import needed_context_tok
from calculators.scenario.schema import Candidate, Scenario, Techniques
from calculators.units import listed, significant

_Number = TypeVar("_Number", int, float)
MOST_GPUS = 10_000
OLDEST_DAYS = 10_000
LONGEST_MS: Mapping[str, float] = {"targets.tpot_ms": 10_000, "targets.ttft_p95_ms": 600_000}
LEVELS: tuple[Confidence, ...] = ("high", "medium", "low")
PRECISIONS: tuple[Precision, ...] = ("fp8", "int8", "nvfp4", "int4")
"""That may be added to the released one, the finest first."""
NAMED = 4
"""Values of one input that are tried."""
CANDIDATES_TRIED = 8
CANDIDATE_EFFORT = 6.0
MOST_BATCH: int = Techniques.model_fields["batch_cap"].default


@dataclass(frozen=True, slots=True, eq=False)
class Loosening:
    """One input, and how far it may be loosened."""

    name: str
    """Of the field, as 'hardware.max_gpus'."""
    loosest: Callable[[Scenario, float], Any]
    """Its loosest value; of a number, at most so many times the present one."""
    steps: Callable[[ChangedOptions], Iterator[Change]]
    """What to ask for, the least first, where the loosest value works."""
    effort: float | None = None
    """What it asks for, as the factor on a limit or target that asks for as much: our judgement. None: it is such a factor."""

    def values(self, scenario: Scenario, most_ratio: float = inf) -> Values:
        """The loosest value; empty where it has that already."""
        value = self.loosest(scenario, most_ratio)
        return {self.name: value} if value != present(scenario, self.name) else {}

    def told(self, options: ChangedOptions) -> Change | None:
        """The least that works; None where nothing does."""
        values = self.values(options.scenario)
        if not values or not options.works(values):
            return None
        return next((change for change in self.steps(options) if options.works(change.values)), None)

    def effort_of(self, change: Change, scenario: Scenario) -> float:
        """What a change asks for, as of `effort`; infinite where a target is given up."""
        value = change.values[self.name]
        if self.effort is not None:
            return self.effort
        return inf if value is None else float(value / present(scenario, self.name))


def present(scenario: Scenario, name: str) -> Any:
    """The value of a field, as 'hardware.max_gpus'."""
    section, _, of_section = name.partition(".")
    return getattr(getattr(scenario, section), of_section)


# --- one better value ------------------------------------------------------------------------------------------------


def _set_to(name: str, value: Any, words: str, effort: float) -> Loosening:
    return Loosening(name, lambda *_: value, lambda _: iter([Change({name: value}, words)]), effort)


def _switched(name: str, effort: float, is_on: bool = True) -> Loosening:
    return _set_to(name, is_on, f"switch {'on' if is_on else 'off'} {input_label(name)}", effort)


MARKETPLACES = _switched("hardware.include_marketplaces", 2.0)
OWNED = _switched("hardware.include_owned", 3.0)
QUANTIZATION = _switched("techniques.quantization", 1.5)
PARALLELISM = _switched("techniques.parallelism", 1.5)
PREFIX_CACHING = _switched("techniques.prefix_caching", 1.5)
SPECULATION = _switched("techniques.speculation", 2.5)
ONE_POOL = _switched("techniques.disaggregation", 2.0, is_on=False)
KV_CACHE = _set_to("techniques.kv_cache", "fp8", f"set {input_label('techniques.kv_cache')} to FP8", 2.5)
TUNED_LAUNCH = _set_to(
    "hardware.launch", "tuned", f"set {input_label('hardware.launch')} to {LAUNCH_LABELS['tuned']}", 2.0
)


def _batch_steps(_: ChangedOptions) -> Iterator[Change]:
    yield Change({BATCH_CAP.name: MOST_BATCH}, f"raise {input_label(BATCH_CAP.name)} to {MOST_BATCH}")


BATCH_CAP = Loosening(
    "techniques.batch_cap", lambda scenario, _: max(scenario.techniques.batch_cap, MOST_BATCH), _batch_steps, 1.5
)


# --- numbers ---------------------------------------------------------------------------------------------------------


def _gpu_limit_steps(options: ChangedOptions) -> Iterator[Change]:
    stairs = options.allowed({GPU_LIMIT.name: MOST_GPUS}).stairs
    needed = np.unique(gpus_needed(stairs, options.inputs.demand.requests_per_month))
    for gpus in needed[needed <= MOST_GPUS][:NAMED].astype(int).tolist():
        yield Change({GPU_LIMIT.name: gpus}, f"raise {input_label(GPU_LIMIT.name)} to {gpus:,}")


GPU_LIMIT = Loosening(
    "hardware.max_gpus",
    lambda scenario, most_ratio: int(min(scenario.hardware.max_gpus * most_ratio, MOST_GPUS)),
    _gpu_limit_steps,
)


def _target(name: str, constraint: Constraint) -> Loosening:
    """A latency target, relaxed to the least value of two figures that works."""

    def loosest(scenario: Scenario, most_ratio: float) -> float | None:
        target_ms = present(scenario, name)
        return None if target_ms is None or most_ratio == inf else min(target_ms * most_ratio, LONGEST_MS[name])

    def steps(options: ChangedOptions) -> Iterator[Change]:
        values = two_figures(_best_ms(constraint, present(options.scenario, name), options), LONGEST_MS[name])
        place = _first(values, lambda value: options.works({name: value}))
        if place < len(values):
            yield Change({name: values[place]}, f"raise {input_label(name)} to {significant(values[place])}")
        yield Change({name: None}, f"clear {input_label(name)}")

    return Loosening(name, loosest, steps)


def _best_ms(constraint: Constraint, target_ms: float, options: ChangedOptions) -> float:
    """What every configuration that comes to this constraint misses it by at least, in milliseconds; the target where one meets it."""
    allowed, place = options.allowed({}), CONSTRAINTS.index(constraint)
    if allowed.stairs or any(one.passed_count > place for one in allowed.infeasible):
        return target_ms
    return target_ms * min((one.miss_ratio for one in allowed.infeasible if one.passed_count == place), default=1.0)


def _first(values: Sequence[_Number], works: Callable[[_Number], bool]) -> int:
    """Place of the first value that works, where all after it do: with few tries where that is near the start."""
    low, step = 0, 1
    while low + step <= len(values) and not works(values[low + step - 1]):
        low, step = low + step, step * 2
    return bisect_left(values, True, low, min(low + step - 1, len(values)), key=works)


def two_figures(above: float, most: float) -> list[float]:
    """The numbers of two significant figures from one on, up to `most`."""
    decades = range(floor(log10(above)), ceil(log10(most)) + 1)
    numbers = (round(first * 10.0 ** (decade - 1), 6) for decade in decades for first in range(10, 100))
    return [number for number in numbers if above <= number <= most]


TPOT, TTFT = _target("targets.tpot_ms", "tpot"), _target("targets.ttft_p95_ms", "ttft")


def _age_steps(options: ChangedOptions) -> Iterator[Change]:
    seen = {one.offer.seen for one in options.fleets({AGE.name: OLDEST_DAYS}) if not one.offer.is_owned}
    for day in sorted((day for day in seen if day is not None), reverse=True)[:NAMED]:
        days = (options.scenario.as_of - day).days
        yield Change({AGE.name: days}, f"raise {input_label(AGE.name)} to {days:,}")


AGE = Loosening("hardware.max_rent_age_days", lambda *_: OLDEST_DAYS, _age_steps, 1.5)


def _spares_steps(options: ChangedOptions) -> Iterator[Change]:
    fewer = list(reversed(range(options.scenario.operations.spare_replicas)))
    spares = fewer[_first(fewer, lambda spares: options.works({SPARES.name: spares}))]
    yield Change({SPARES.name: spares}, f"lower {input_label(SPARES.name)} to {spares}")


SPARES = Loosening("operations.spare_replicas", lambda *_: 0, _spares_steps, 4.0)


def _regions_steps(options: ChangedOptions) -> Iterator[Change]:
    yield Change({REGIONS.name: 1}, f"set {input_label(REGIONS.name)} to 1")


REGIONS = Loosening("operations.regions", lambda *_: 1, _regions_steps, 6.0)


# --- lists -----------------------------------------------------------------------------------------------------------


def _any_of(name: str, best: Callable[[ChangedOptions, Values], Sequence[tuple[str, str]]]) -> Loosening:
    """A list that allows everything where it is empty. `best`: what serves then, by id and name, the cheapest first."""

    def steps(options: ChangedOptions) -> Iterator[Change]:
        chosen = present(options.scenario, name)
        for id, shown in [one for one in best(options, {name: ()}) if one[0] not in chosen][:NAMED]:
            yield Change({name: (*chosen, id)}, f"add {shown} to {input_label(name)}")

    return Loosening(name, lambda *_: (), steps, 1.5)


def _providers(options: ChangedOptions, values: Values) -> Sequence[tuple[str, str]]:
    offers, known = (one.offer for one in options.fleets(values)), options.inputs.catalog.rent_providers
    return list(dict.fromkeys((o.provider_id, o.provider) for o in offers if o.provider_id in known))


def _gpus(options: ChangedOptions, values: Values) -> Sequence[tuple[str, str]]:
    gpus = (one.capacity.config.gpu for one in options.fleets(values))
    return list(dict.fromkeys((gpu.id, gpu.name) for gpu in gpus))


PROVIDERS, GPUS = _any_of("hardware.rent_providers", _providers), _any_of("hardware.gpus", _gpus)


def _one_more(name: str, labels: Mapping[Any, str], effort: float) -> Loosening:
    """A list to which one of a few values may be added."""

    def added(scenario: Scenario) -> list[Any]:
        return [value for value in labels if value not in present(scenario, name)]

    def steps(options: ChangedOptions) -> Iterator[Change]:
        for value in added(options.scenario):
            values = {name: (*present(options.scenario, name), value)}
            yield Change(values, f"add {labels[value]} to {input_label(name)}")

    return Loosening(name, lambda scenario, _: (*present(scenario, name), *added(scenario)), steps, effort)


COMMITMENT_TERMS = _one_more("hardware.commitments", COMMITMENT_LABELS, 1.5)
PRECISION = _one_more("hardware.precisions", {one: one.upper() for one in PRECISIONS}, 2.0)


def _confidence_steps(options: ChangedOptions) -> Iterator[Change]:
    for level in LEVELS[LEVELS.index(options.scenario.hardware.min_confidence) + 1 :]:
        yield Change({MIN_CONFIDENCE.name: level}, f"lower {input_label(MIN_CONFIDENCE.name)} to {level}")


MIN_CONFIDENCE = Loosening("hardware.min_confidence", lambda *_: LEVELS[-1], _confidence_steps, 1.5)


def _requirements_steps(options: ChangedOptions) -> Iterator[Change]:
    """One dropped; or as few as it takes."""
    chosen = options.scenario.compliance.requirements
    dropped = list(chosen)
    for id in chosen:
        yield _without([id], options)
    for id in chosen:
        fewer = [one for one in dropped if one != id]
        if options.works(_without(fewer, options).values):
            dropped = fewer
    yield _without(dropped, options)


def _without(dropped: Sequence[str], options: ChangedOptions) -> Change:
    names = listed([options.inputs.catalog.requirements[id].name for id in dropped])
    kept = tuple(id for id in options.scenario.compliance.requirements if id not in dropped)
    return Change({REQUIREMENTS.name: kept}, f"drop {names} from {input_label(REQUIREMENTS.name)}")


REQUIREMENTS = Loosening("compliance.requirements", lambda *_: (), _requirements_steps, 50.0)


def more_candidates(options: ChangedOptions) -> Iterator[Change]:
    """Each of the open models that most providers host and that hold the requests, still to be evaluated."""
    catalog, chosen = options.inputs.catalog, options.scenario.candidates
    needed_tok, known = needed_context_tok(options.scenario.workload), {catalog.model(c.model).id for c in chosen}
    able = [
        model
        for model in catalog.models.values()
        if model.id not in known and not model.superseded_by and model.published.window_tok >= needed_tok
    ]
    for model in sorted(able, key=lambda model: -len({hosted.provider for hosted in model.hosted}))[:CANDIDATES_TRIED]:
        words = f"add {model.name}, still to be evaluated, to {input_label('candidates')}"
        yield Change({"candidates": (*chosen, Candidate(model=model.id))}, words)


def alone(change: Change) -> Values:
    """Of a change by `more_candidates` the new candidate without the others."""
    return {"candidates": change.values["candidates"][-1:]}


# --- which of them ---------------------------------------------------------------------------------------------------

OFFERS = (COMMITMENT_TERMS, PROVIDERS, MIN_CONFIDENCE, AGE, MARKETPLACES, OWNED)
SHAPE = (GPUS, PARALLELISM, QUANTIZATION, PRECISION)
NATURAL: tuple[Loosening, ...] = (
    *(GPU_LIMIT, COMMITMENT_TERMS, PROVIDERS, MIN_CONFIDENCE, AGE, MARKETPLACES, *SHAPE, BATCH_CAP, PREFIX_CACHING),
    *(TPOT, TTFT, TUNED_LAUNCH, OWNED, KV_CACHE, SPARES, SPECULATION, ONE_POOL, REGIONS),
)
"""All but the requirements, the most natural first."""
AFTER_SIZING = (*OFFERS, GPU_LIMIT, SPARES, REGIONS, REQUIREMENTS)
"""Those that help only a configuration that meets the targets."""
FITTING: Mapping[RowConstraint, tuple[Loosening, ...]] = {
    "context": (),
    "weights": SHAPE,
    "kv_cache": (*SHAPE, KV_CACHE),
    "tpot": (TPOT, *SHAPE, TUNED_LAUNCH, SPECULATION),
    "ttft": (TTFT, *SHAPE, TUNED_LAUNCH, PREFIX_CACHING),
    "no_offer": (*OFFERS, GPUS),
    "gpu_limit": (GPU_LIMIT, BATCH_CAP, PREFIX_CACHING, ONE_POOL, SPARES, REGIONS),
    "not_allowed": (OWNED, PROVIDERS, GPUS, GPU_LIMIT),
}
"""Of the inputs, those that a configuration fails by this constraint."""
