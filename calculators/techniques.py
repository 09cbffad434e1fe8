"""What each of the six techniques does to this scenario's own fleet: with it and without it, through the same model.

The fleet is the cheapest one of the verdict. Continuous batching is in it already and is shown against one request at a
time; what a technique adds to the others is never the product of headline gains, for batching uses up the idle arithmetic
that speculation lives on, and cached prompts are prefill that no pool need compute.
"""

from dataclasses import dataclass, replace
from math import ceil, inf
from typing import Annotated, Literal

import numpy as np
from pydantic import Field

from calculators import disaggregation, fleet, latency, options, speculation
from calculators.catalog import ROOT, Catalog
from calculators.fleet import Plan
from calculators.leases import leases
from calculators.machine import Setup, machine
from calculators.records import Precision, Sourced, SourcedFile
from calculators.scenario import Scenario
from calculators.tails import ttft_percentile_s
from calculators.throughput import Machine, prefill_s, step_s
from calculators.workload import Demand
from calculators.yaml_files import load_record

PATH = ROOT / "technique_data/techniques.yaml"
TechniqueId = Literal["batching", "prefix_caching", "quantization", "speculation", "parallelism", "disaggregation"]
Words = Annotated[str, Field(max_length=400)]
FINER: dict[Precision, Precision] = {"fp8": "bf16", "int8": "bf16", "int4": "fp8", "nvfp4": "fp8", "mxfp4": "fp8"}
COARSER: dict[Precision, Precision] = {"bf16": "fp8", "fp8": "nvfp4", "int8": "int4"}
TRANSFER_BYTES_S = 400e9 / 8
"""Caches between pools cross a 400 Gb/s network."""


class Technique(Sourced):
    """What it is, what it needs and what it forces."""

    id: TechniqueId
    name: Words
    phases: tuple[Literal["prefill", "decode"], ...]
    metrics: tuple[Words, ...]
    mechanism: Words
    requires: Words
    forces: Words
    avoid: Words
    """When not to use it."""
    published: Words
    """Gains of others, elsewhere."""


class Techniques(SourcedFile):
    techniques: tuple[Technique, ...] = Field(min_length=6, max_length=6)


def techniques() -> Techniques:
    """The file. Raises DataError naming file, line and field."""
    return load_record(PATH, Techniques)


@dataclass(frozen=True, slots=True)
class State:
    """A fleet with or without a technique."""

    ttft_ms: float
    """95th percentile, with the load on each replica that the verdict's fleet has at the peak; infinite: beyond it."""
    tpot_ms: float
    req_s_per_gpu: float
    """What it carries within the targets."""
    gpus: int
    usd_per_month: float


@dataclass(frozen=True, slots=True)
class Effect:
    """One technique on this fleet."""

    id: TechniqueId
    without: State | None
    with_it: State | None
    words: str
    """What is compared, and what stands out."""


def effects(
    plan: Plan, scenario: Scenario, need: Demand, catalog: Catalog, acceptance_frac: float = 0.7, draft_count: int = 3
) -> list[Effect]:
    """All six, in the order of the file. `plan` is the fleet of the verdict."""
    m = machine([plan.setup], catalog)
    now = refit(plan, plan.setup, scenario, need, catalog)
    assert now is not None  # it is the fleet that was chosen
    return [
        _batching(m, plan, need, now),
        _caching(plan, scenario, need, catalog, now),
        _quantization(plan, scenario, need, catalog, now),
        _speculation(m, plan, need, now, acceptance_frac, draft_count),
        _parallelism(plan, scenario, need, catalog, now),
        _disaggregation(m, plan, scenario, need, now),
    ]


def _latencies_ms(
    setup: Setup, rate_req_s: float, need: Demand, hit_frac: float, catalog: Catalog
) -> tuple[float, float]:
    """TTFT at the 95th percentile and mean TPOT of one replica at a rate; infinite where it cannot carry it."""
    ready = latency.replica(machine([setup], catalog), fleet.traffic(need, hit_frac))
    if rate_req_s >= float(latency.largest_req_s(ready)[0, 0]):
        return inf, inf
    found = latency.at_rate(ready, np.array([[rate_req_s]]))
    ttft = ttft_percentile_s(found, 0.95)
    return float(np.asarray(ttft).reshape(-1)[0]) * 1e3, float(found.tpot_s.reshape(-1)[0]) * 1e3


def refit(
    plan: Plan, setup: Setup, scenario: Scenario, need: Demand, catalog: Catalog, hit_frac: float | None = None
) -> State | None:
    """The same peak on the same kind of GPU with another setup, or with other cache hits. None: no fleet carries it."""
    hit = scenario.workload.self_hit_frac if hit_frac is None else hit_frac
    factor, own = options.speed(scenario, catalog)
    found, _ = fleet.capacities([setup], fleet.traffic(need, hit), scenario.targets, catalog, factor, own)
    holds = plan.lease.replicas_per_machine(setup.tensor_parallel) > 0
    machines = [plan.lease] if holds else leases(setup.gpu, scenario, catalog)
    stairs = fleet.staircases_on(found, machines, scenario, catalog, options.peak_s_per_month(scenario))
    plans = [p for p in (fleet.plan(s, need.requests_per_month) for s in stairs) if p is not None]
    if not plans:
        return None
    best = min(plans, key=lambda p: p.rent_usd_per_month)
    each_req_s = need.peak_req_s / plan.replicas
    ttft, tpot = _latencies_ms(setup, each_req_s, need, hit, catalog)
    per_gpu = best.capacity.req_s / setup.tensor_parallel
    return State(ttft, tpot, per_gpu, best.gpus, best.rent_usd_per_month)


def _batching(m: Machine, plan: Plan, need: Demand, now: State) -> Effect:
    """One request at a time on each replica: its own prompt, then its tokens."""
    one, none = np.ones(1), np.zeros(1)
    prompt = np.array([need.input_tok])
    first = float(prefill_s(m, none, prompt, prompt, prompt)[0, 0])
    token = float(step_s(m, one, prompt + need.output_tok / 2, none, none)[0, 0])
    replicas = ceil(need.peak_req_s * (first + need.output_tok * token)) + plan.spare_replicas
    gpus = replicas * plan.setup.tensor_parallel * plan.regions
    per_gpu = plan.rent_usd_per_month / plan.gpus
    rate = 1 / (first + need.output_tok * token) / plan.setup.tensor_parallel
    alone = State(first * 1e3, token * 1e3, rate, gpus, gpus * per_gpu)
    words = f"Against one request at a time: up to {plan.capacity.batch:.0f} share each reading of the weights."
    return Effect("batching", alone, now, words)


def _caching(plan: Plan, scenario: Scenario, need: Demand, catalog: Catalog, now: State) -> Effect:
    hit = scenario.workload.self_hit_frac
    without = refit(plan, plan.setup, scenario, need, catalog, 0.0)
    words = f"At the {hit:.0%} of input that your own servers are taken to find cached; see Prompt structure."
    return Effect("prefix_caching", without, now, words)


def _quantization(plan: Plan, scenario: Scenario, need: Demand, catalog: Catalog, now: State) -> Effect:
    """The fleet's format against the next finer one, or where it is the finest against the next coarser."""
    have = plan.setup.precision
    if have in FINER:
        finer = replace(plan.setup, precision=FINER[have])
        words = f"{have.upper()}, as the verdict has it, against {FINER[have].upper()}."
        return Effect("quantization", refit(plan, finer, scenario, need, catalog), now, words)
    coarser = replace(plan.setup, precision=COARSER[have])
    words = f"{COARSER[have].upper()} against {have.upper()}, which the verdict has."
    return Effect("quantization", now, refit(plan, coarser, scenario, need, catalog), words)


def _speculation(m: Machine, plan: Plan, need: Demand, now: State, acceptance: float, count: int) -> Effect:
    """TPOT only: the first token is as before, and the fleet is sized without it."""
    context = need.input_tok + need.output_tok / 2
    batch = np.array([max(need.peak_req_s / plan.replicas * need.output_tok * now.tpot_ms / 1e3, 1.0)])
    gain = float(speculation.speedup_ratio(m, batch, np.array([context]), count, acceptance, DRAFT_COST_FRAC)[0, 0])
    loss = float(speculation.loss_from_batch(m, context, count, acceptance, DRAFT_COST_FRAC)[0])
    where = (
        f"from {loss:.0f} requests at once on it is a loss" if np.isfinite(loss) else "a loss at no batch up to the cap"
    )
    each = speculation.tokens_per_pass(acceptance, count)
    words = f"{count} drafted tokens, {acceptance:.0%} accepted: {each:.2f} tokens a pass, {gain:.2f} times as fast at the peak's batch; {where}."
    return Effect("speculation", now, replace(now, tpot_ms=now.tpot_ms / gain), words)


DRAFT_COST_FRAC = 0.05
"""Of a step of the model, for each drafted token: small heads; assumed."""


def _parallelism(plan: Plan, scenario: Scenario, need: Demand, catalog: Catalog, now: State) -> Effect:
    """The split the verdict chose against the next narrower one that fits, or against a wider one."""
    tp = plan.setup.tensor_parallel
    if tp > 1:
        narrower = refit(plan, replace(plan.setup, tensor_parallel=tp // 2), scenario, need, catalog)
        return Effect("parallelism", narrower, now, f"{tp} GPUs a replica, as the verdict has it, against {tp // 2}.")
    wider = refit(plan, replace(plan.setup, tensor_parallel=2), scenario, need, catalog)
    return Effect("parallelism", now, wider, "2 GPUs a replica against 1, which the verdict has.")


def _disaggregation(m: Machine, plan: Plan, scenario: Scenario, need: Demand, now: State) -> Effect:
    """Both pools are charged, each with the verdict's spares; mean TTFT, for its tails are not modelled."""
    target_s = (scenario.targets.tpot_ms or 1e3) / 1e3
    tp = plan.setup.tensor_parallel
    fresh = need.input_tok * (1 - scenario.workload.self_hit_frac)
    found = disaggregation.pools(m, tp, need.peak_req_s, max(fresh, 1.0), need.output_tok, target_s, TRANSFER_BYTES_S)
    if found is None:
        return Effect("disaggregation", now, None, "No batch of a decode pool meets the target for the time per token.")
    gpus = (found.gpus + 2 * plan.spare_replicas * tp) * plan.regions
    cost = gpus * plan.rent_usd_per_month / plan.gpus
    apart = State(found.ttft_mean_s * 1e3, found.tpot_s * 1e3, need.peak_req_s / found.gpus, gpus, cost)
    words = f"{found.prefill_replicas} prefill and {found.decode_replicas} decode replicas, and spares for both; caches take {found.transfer_s * 1e3:.0f} ms to cross. Mean TTFT; TPOT with decode replicas as full as the target lets them be."
    return Effect("disaggregation", now, apart, words)
