"""What each of the six techniques does to this scenario's own fleet: with it and without it, through the same model.

The fleet is the cheapest of the verdict's model on the verdict's GPU from the same landlord, sized anew for each set of
switches. So effects combine as they do in an engine, never as a product of headline gains: batching uses up the idle
arithmetic that speculation lives on, and cached prompts are prefill that no pool need compute. Continuous batching is in
every engine and so in the base line, counted once.
"""

from dataclasses import dataclass
from math import inf, isfinite

import numpy as np

from calculators import disaggregation, fleet, options, sizing, speculation
from calculators.catalog import ROOT, Catalog
from calculators.fleet import Plan
from calculators.leases import Lease, leases
from calculators.machine import Setup, machine
from calculators.scenario import Scenario, Techniques
from calculators.technique_records import TechniqueId, TechniquesFile
from calculators.units import milliseconds
from calculators.workload import Demand
from calculators.yaml_files import load_record

PATH = ROOT / "technique_data/techniques.yaml"
ORDER: tuple[TechniqueId, ...] = (
    *("batching", "prefix_caching", "quantization", "speculation", "parallelism", "disaggregation"),
)
DEFAULT_CAP = 256


def techniques() -> TechniquesFile:
    """The file. Raises DataError naming file, line and field."""
    return load_record(PATH, TechniquesFile)


@dataclass(frozen=True, slots=True)
class State:
    """A fleet with or without a technique."""

    ttft_ms: float
    """95th percentile at the load on each GPU that the verdict's fleet has at the peak; infinite: beyond it."""
    tpot_ms: float
    req_s_per_gpu: float
    """What it carries within the targets."""
    gpus: int
    usd_per_month: float
    """Rent."""
    plan: Plan


@dataclass(frozen=True, slots=True)
class Effect:
    """One technique on this fleet, all other switches as they are."""

    id: TechniqueId
    is_on: bool
    """In the scenario."""
    without: State | None
    with_it: State | None
    """None: no fleet of this model on this GPU serves the peak within the targets."""
    words: str
    """What is compared, and what stands out."""

    @property
    def saves_usd_per_month(self) -> float:
        """Rent; infinite where there is no fleet without it, minus infinite where there is none with it."""
        if self.with_it is None:
            return -inf if self.without else 0.0
        return self.without.usd_per_month - self.with_it.usd_per_month if self.without else inf


def is_on(chosen: Techniques, technique: TechniqueId) -> bool:
    match technique:
        case "batching":
            return chosen.batch_cap > 1
        case "quantization":
            return chosen.quantization or chosen.kv_cache == "fp8"
        case _:
            return bool(getattr(chosen, technique))


def switched(chosen: Techniques, technique: TechniqueId, on: bool) -> Techniques:
    """The same with one technique on or off; as it is where it is so already."""
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
    return scenario.model_copy(update={"techniques": chosen})


def effects(plan: Plan, scenario: Scenario, need: Demand, catalog: Catalog) -> list[Effect]:
    """All six, in the order of the file. `plan` is the fleet of the verdict."""
    now = best_fleet(plan, scenario, need, catalog)
    found = []
    for technique in ORDER:
        on = is_on(scenario.techniques, technique)
        other = with_techniques(scenario, switched(scenario.techniques, technique, not on))
        changed = best_fleet(plan, other, need, catalog)
        without, with_it = (changed, now) if on else (now, changed)
        found.append(Effect(technique, on, without, with_it, _words(technique, plan, scenario, need, catalog, with_it)))
    return found


# --- fleets ------------------------------------------------------------------------------------------------------


def best_fleet(plan: Plan, scenario: Scenario, need: Demand, catalog: Catalog) -> State | None:
    """The cheapest fleet of the plan's model on its GPU from its landlord, with the scenario's techniques."""
    return cheapest(sizing.setups(_only(plan, scenario, catalog), catalog), plan, scenario, need, catalog)


def refit(plan: Plan, setup: Setup, scenario: Scenario, need: Demand, catalog: Catalog) -> State | None:
    """The fleet of one setup on the same kind of GPU from the same landlord. None: it carries no such peak."""
    return cheapest([setup], plan, scenario, need, catalog)


def cheapest(setups: list[Setup], plan: Plan, scenario: Scenario, need: Demand, catalog: Catalog) -> State | None:
    """Of these setups, for the same peak."""
    found, _ = sizing.sized(setups, scenario, need, catalog)
    seconds = options.peak_s_per_month(scenario)
    stairs = fleet.staircases_on(found, landlord(plan, scenario, catalog), scenario, catalog, seconds)
    plans = [p for p in (fleet.plan(s, need.requests_per_month) for s in stairs) if p is not None]
    if not plans:
        return None
    best = min(plans, key=lambda p: p.rent_usd_per_month)
    ttft, tpot = _latencies_ms(best, busy_gpus(plan), scenario, need, catalog)
    return State(ttft, tpot, _rate_per_gpu(best), best.gpus, best.rent_usd_per_month, best)


def _rate_per_gpu(plan: Plan) -> float:
    """Of all pools together, when each is as full as its target lets it be."""
    capacity = plan.capacity
    return 1 / (1 / capacity.req_s + 1 / capacity.prefill_req_s) / plan.setup.gpus_count


def busy_gpus(plan: Plan) -> int:
    """Those that the peak needs, without spares and what machines have over."""
    return (plan.replicas + plan.prefill_replicas) * plan.setup.gpus_count


def landlord(plan: Plan, scenario: Scenario, catalog: Catalog) -> list[Lease]:
    """Machines of the plan's own landlord, on its terms."""
    same = [
        lease
        for lease in leases(plan.setup.gpu, scenario, catalog)
        if (lease.provider_id, lease.basis, lease.commitment) == _terms(plan.lease)
    ]
    return same or [plan.lease]


def _terms(lease: Lease) -> tuple[str, str, str]:
    return lease.provider_id, lease.basis, lease.commitment


def _only(plan: Plan, scenario: Scenario, catalog: Catalog) -> Scenario:
    """The scenario with no other model or GPU."""
    kept = tuple(c for c in scenario.candidates if catalog.model(c.model) is plan.setup.model)
    hardware = scenario.hardware.model_copy(update={"gpus": (plan.setup.gpu.id,)})
    return scenario.model_copy(update={"candidates": kept, "hardware": hardware})


def _latencies_ms(
    plan: Plan, reference_gpus: int, scenario: Scenario, need: Demand, catalog: Catalog
) -> tuple[float, float]:
    """TTFT at the 95th percentile and mean TPOT with the load on each GPU that the reference has. Two pools are at the load
    of their own fleet."""
    hit, setup = sizing.hit_frac(scenario), plan.setup
    if not plan.prefill_replicas:
        each = need.peak_req_s / reference_gpus * setup.gpus_count
        return sizing.at_load_ms(setup, sizing.traffic(need, hit), each, scenario, catalog)
    prompts, tokens = disaggregation.prompts_only(need.lengths, hit), disaggregation.tokens_only(need.lengths)
    moved_ms = float(disaggregation.transfer_s([setup], need.input_p95_tok, catalog)[0, 0]) * 1e3
    first = sizing.at_load_ms(setup, prompts, need.peak_req_s / plan.prefill_replicas, scenario, catalog)
    then = sizing.at_load_ms(setup, tokens, need.peak_req_s / plan.replicas, scenario, catalog)
    return first[0] + moved_ms, then[1]


# --- the chosen set ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Step:
    """One more technique on top of those before it."""

    id: TechniqueId
    state: State | None
    """The fleet from here on."""


def steps(plan: Plan, scenario: Scenario, need: Demand, catalog: Catalog) -> list[Step]:
    """From a fleet with batching alone to the chosen set, one technique at a time; the last is the verdict's own fleet.
    Where the model does not fit one GPU, its split over several belongs to the start."""
    chosen = [t for t in ORDER if t != "batching" and is_on(scenario.techniques, t)]
    bare = scenario.techniques
    for technique in chosen:
        bare = switched(bare, technique, False)

    def state(of: Techniques) -> State | None:
        return best_fleet(plan, with_techniques(scenario, of), need, catalog)

    start = state(bare)
    if start is None and "parallelism" in chosen:
        bare = bare.model_copy(update={"parallelism": True})
        chosen.remove("parallelism")
        start = state(bare)
    found = [Step("batching", start)]
    for technique in chosen:
        bare = _as_chosen(bare, technique, scenario.techniques)
        found.append(Step(technique, state(bare)))
    return found


def _as_chosen(bare: Techniques, technique: TechniqueId, chosen: Techniques) -> Techniques:
    """One more of the chosen techniques, with its own settings."""
    if technique == "quantization":
        return bare.model_copy(update={"quantization": chosen.quantization, "kv_cache": chosen.kv_cache})
    return switched(bare, technique, True)


# --- words -------------------------------------------------------------------------------------------------------


def _words(
    technique: TechniqueId, plan: Plan, scenario: Scenario, need: Demand, catalog: Catalog, with_it: State | None
) -> str:
    """What is compared, and what stands out."""
    t, made = scenario.techniques, with_it.plan if with_it else None
    match technique:
        case "batching":
            most = (made or plan).capacity.batch
            return f"Up to {most:.0f} requests share each reading of the weights, against one at a time."
        case "prefix_caching":
            return f"At the {scenario.workload.self_hit_frac:.0%} of input that your own servers are taken to find cached; see Prompt structure."
        case "quantization":
            return _quantization_words(plan, scenario, made)
        case "speculation":
            return _speculation_words(made or plan, scenario, need, catalog)
        case "parallelism":
            experts = ", whole experts on each GPU" if t.expert_parallelism else ""
            split = (made or plan).setup.tensor_parallel
            return f"{split} GPUs a replica at most useful{experts}, against one GPU a replica."
        case _:
            return _disaggregation_words(made, need, catalog)


def _quantization_words(plan: Plan, scenario: Scenario, made: Plan | None) -> str:
    released = plan.setup.model.published.native_precision
    cache = "; the cache in FP8" if scenario.techniques.kv_cache == "fp8" else ""
    chosen = made.setup.precision if made else released
    if chosen == released and not cache:
        return f"Released in {released.upper()}; of the formats you allow, none coarser makes this fleet cheaper."
    return (
        f"{chosen.upper()} against the released {released.upper()}{cache}. Evaluate quality on your hardest task first."
    )


def _speculation_words(plan: Plan, scenario: Scenario, need: Demand, catalog: Catalog) -> str:
    t, model = scenario.techniques, plan.setup.model
    context = need.input_tok + need.output_tok / 2
    drafted = speculation.drafts([plan.setup], t, catalog, np.zeros(1))
    m, batch = machine([plan.setup], catalog), max(plan.capacity.batch, 1.0)
    gain = float(speculation.speedup_ratio(m, np.array([batch]), np.array([context]), drafted)[0, 0])
    loss = float(speculation.loss_from_batch(m, context, drafted)[0])
    where = f"a loss from {loss:.0f} at once on" if isfinite(loss) else "a loss at no batch up to the cap"
    each = f"{drafted.tokens_per_pass[0, 0]:.2f} tokens a pass, {speculation.basis_words(model, t, catalog)}"
    return f"{t.draft_tok} drafted, {each}: {gain:.2f} times as fast with {batch:.0f} at once; {where}."


def _disaggregation_words(made: Plan | None, need: Demand, catalog: Catalog) -> str:
    if made is None:
        return "No two pools of this model on this GPU meet the targets."
    moved_ms = float(disaggregation.transfer_s([made.setup], need.input_p95_tok, catalog)[0, 0]) * 1e3
    rate = catalog.technique_rules.transfer_gb_s.central
    return (
        f"{made.prefill_replicas} prefill and {made.replicas} decode replicas, with spares for both; the cache of a long "
        f"prompt takes {milliseconds(moved_ms)} to cross at {rate:g} GB/s, assumed."
    )
