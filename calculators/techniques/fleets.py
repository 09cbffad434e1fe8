"""Fleets of the verdict's model on the verdict's GPU from the same provider, sized anew for each set of techniques.

Every technique goes through the same speed model, so effects combine as they do in an engine, never as a product of headline
gains: batching uses the idle compute that speculative decoding needs, and cached prompts need no prefill pool.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from calculators.catalog.base import Precision
from calculators.fleet.candidate_configs import allowed_splits, candidate_configs, resized
from calculators.fleet.machine_offers import MachineOffer, machine_offers
from calculators.fleet.plan import FleetPlan, fleet_plan
from calculators.fleet.replica_capacity import at_load_ms, replica_capacities, request_mix_of, shared_prefixes
from calculators.fleet.staircase import staircases_on
from calculators.performance.disaggregation import prompts_only, tokens_only, transfer_s
from calculators.performance.replica import ReplicaConfig
from calculators.scenario.inputs import Inputs
from calculators.scenario.schema import Scenario, Techniques


@dataclass(frozen=True, slots=True)
class FleetState:
    """A fleet that serves the peak within the targets: latency, capacity and rent."""

    ttft_ms: float
    """95th percentile at the load per GPU of the reference fleet at the peak; infinite: over capacity."""
    tpot_ms: float
    """Mean, at the same load."""
    req_s_per_gpu: float
    """Highest load per GPU within the targets."""
    gpus: int
    usd_per_month: float
    """Rent."""
    plan: FleetPlan


def configs_with(
    plan: FleetPlan, techniques: Techniques, precisions: Sequence[Precision], splits: Sequence[int]
) -> list[ReplicaConfig]:
    """Replicas of the plan's model on its GPU: each precision over each number of GPUs in `splits` that its links allow;
    in the plan's own layout over as many as it has."""
    own = plan.config
    return [
        resized(own, precision, split, techniques)
        for precision in precisions
        for split in splits
        if split in (*allowed_splits(own.gpu), own.gpus_count)
    ]


def best_fleet(plan: FleetPlan, inputs: Inputs) -> FleetState | None:
    """The cheapest fleet of the plan's model on its GPU from its provider, with the scenario's techniques; None if none
    serves the peak within the targets."""
    return cheapest(candidate_configs(_only(plan, inputs), inputs.catalog), plan, inputs)


def refit(plan: FleetPlan, config: ReplicaConfig, inputs: Inputs) -> FleetState | None:
    """The fleet of one replica configuration on the plan's offers; None if it cannot serve the peak within the targets."""
    return cheapest([config, *_prefill_worker(plan, config)], plan, inputs)


def _prefill_worker(plan: FleetPlan, config: ReplicaConfig) -> list[ReplicaConfig]:
    """The plan's prefill worker where it has a layout of its own, stored as `config` is."""
    worker = plan.capacity.prefill_config
    if worker is None or worker.gpus_count == plan.config.gpus_count:
        return []
    return [replace(worker, precision=config.precision, recipe=config.recipe, kv_element_bytes=config.kv_element_bytes)]


def cheapest(configs: list[ReplicaConfig], plan: FleetPlan, inputs: Inputs) -> FleetState | None:
    """The cheapest fleet of any of `configs` for the scenario's peak, on offers of the plan's provider; None if none
    serves. Latencies are at the load per GPU that `plan` has at the peak."""
    able, _ = replica_capacities(configs, inputs)
    staircases = staircases_on(able, same_provider_offers(plan, inputs), inputs)
    plans = [p for s in staircases if (p := fleet_plan(s, inputs.demand.requests_per_month)) is not None]
    if not plans:
        return None
    best = min(plans, key=lambda p: p.rent_usd_per_month)
    ttft_ms, tpot_ms = _latencies_ms(best, busy_gpus(plan), inputs)
    return FleetState(
        ttft_ms=ttft_ms,
        tpot_ms=tpot_ms,
        req_s_per_gpu=_rate_per_gpu(best),
        gpus=best.gpus,
        usd_per_month=best.rent_usd_per_month,
        plan=best,
    )


def busy_gpus(plan: FleetPlan) -> int:
    """GPUs that the peak needs, per region; spares and unused GPUs of a machine are not counted."""
    return plan.busy_replicas * plan.config.gpus_count


def same_provider_offers(plan: FleetPlan, inputs: Inputs) -> list[MachineOffer]:
    """Machines of the plan's GPU from its provider on its terms (basis and commitment)."""
    same = [
        offer
        for offer in machine_offers(plan.config.gpu, inputs.scenario, inputs.catalog)
        if (offer.provider_id, offer.basis, offer.commitment) == _terms(plan.offer)
    ]
    return same or [plan.offer]


def _terms(offer: MachineOffer) -> tuple[str, str, str]:
    return offer.provider_id, offer.basis, offer.commitment


def _rate_per_gpu(plan: FleetPlan) -> float:
    """Highest requests/s per GPU over all pools, each filled to its own target."""
    capacity = plan.capacity
    return 1 / (1 / capacity.req_s + capacity.prefill_size / capacity.prefill_req_s) / plan.config.gpus_count


def _only(plan: FleetPlan, inputs: Inputs) -> Scenario:
    """The scenario with the plan's model and GPU as its only candidates."""
    kept = tuple(c for c in inputs.scenario.candidates if inputs.catalog.model(c.model) is plan.config.model)
    hardware = inputs.scenario.hardware.model_copy(update={"gpus": (plan.config.gpu.id,)})
    return inputs.scenario.model_copy(update={"candidates": kept, "hardware": hardware})


def _latencies_ms(plan: FleetPlan, reference_gpus: int, inputs: Inputs) -> tuple[float, float]:
    """TTFT (95th percentile) and mean TPOT in ms at the load per GPU of `reference_gpus` at the peak. Separate prefill and
    decode pools are at the load of their fleet."""
    demand, scenario, catalog, config = inputs.demand, inputs.scenario, inputs.catalog, plan.config
    hit, shared = scenario.own_hit_frac, shared_prefixes(scenario)
    if not plan.prefill_replicas:
        each = demand.peak_req_s / reference_gpus * config.gpus_count
        return at_load_ms(config, request_mix_of(demand, hit, shared), each, scenario, catalog)
    worker, each = plan.capacity.prefill_config or config, demand.peak_req_s / plan.prefill_workers
    first, _ = at_load_ms(worker, prompts_only(demand.lengths, hit, shared), each, scenario, catalog)
    _, then = at_load_ms(config, tokens_only(demand.lengths), demand.peak_req_s / plan.replicas, scenario, catalog)
    return first + kv_transfer_ms(config, inputs), then


def kv_transfer_ms(config: ReplicaConfig, inputs: Inputs) -> float:
    """Time in ms to move the KV cache of a long (95th percentile) prompt from the prefill to the decode pool."""
    return float(transfer_s([config], inputs.demand.input_p95_tok, inputs.catalog)[0, 0]) * 1e3
