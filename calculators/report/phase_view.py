"""Prefill and decode of one replica at the load of an evaluation: everything that the page of that name shows."""

from dataclasses import dataclass
from math import ceil
from typing import Literal

import numpy as np

from calculators.catalog.base import Precision
from calculators.catalog.hardware import Gpu
from calculators.catalog.launches import LaunchSpeed
from calculators.catalog.models import Model
from calculators.evaluate import Evaluation
from calculators.fleet.candidate_configs import TENSOR_PARALLEL, precisions, replica_config, resized
from calculators.fleet.replica_capacity import (
    Capacity,
    Infeasible,
    at_load_ms,
    launch_speed,
    measured_speed_ratios,
    replica_capacities,
    request_mix_of,
    scenario_case,
    shared_prefixes,
    speed_correction,
)
from calculators.performance.model_size import LINEAR_BITS
from calculators.performance.phases import (
    LoadCurve,
    Phase,
    Roofline,
    decode_phase,
    load_curve,
    prefill_phase,
    rooflines,
)
from calculators.performance.replica import ReplicaConfig, replica_arrays
from calculators.performance.stated_range import FigureRange, config_traits, figure_ranges
from calculators.scenario.inputs import Inputs
from calculators.scenario.schema import Scenario, Techniques

SpeedBasis = Literal["modeled", "extrapolated", "measured"]
GPUS_PER_REPLICA = TENSOR_PARALLEL


@dataclass(frozen=True, slots=True)
class ReplicaChoice:
    """The replica to look at."""

    model: Model
    gpu: Gpu
    precision: Precision
    gpus_count: int
    like: ReplicaConfig | None = None
    """The replica whose layout is kept where model, GPU and number of GPUs are its own."""


@dataclass(frozen=True, slots=True)
class PeakLatency:
    """Latency at the scenario's peak, with as few replicas as carry it."""

    req_s: float
    replicas_count: int
    ttft_p95_ms: float
    tpot_ms: float


@dataclass(frozen=True, slots=True)
class PhaseView:
    """Prefill and decode of one replica: capacity, latency, terms of the time, rooflines and the load curve."""

    inputs: Inputs
    config: ReplicaConfig
    speed_basis: SpeedBasis
    launch: LaunchSpeed | None
    """What the engine loses as it ships; None: nothing that is known. All times but `achieved` count it."""
    capacity: Capacity | None
    """None: it misses a target even when nearly idle."""
    at_peak: PeakLatency | None
    """None: it has no capacity, or prefill and decode run on separate pools."""
    ttft_range: FigureRange | None
    """Holds 80% of held-out runs, with the doubt of the engine's launch; None where the speed was measured."""
    tpot_range: FigureRange | None
    prefill: Phase
    decode: Phase
    """At the batch of the highest load."""
    decode_alone: Phase
    """At batch 1."""
    sheet: Roofline
    achieved: Roofline
    full_batch_count: float
    """Batch from which decode is compute-bound on its weights, at data-sheet rates."""
    curve: LoadCurve

    @property
    def phases(self) -> tuple[Phase, ...]:
        """Decode at batch 1, decode at the highest load if that is another batch, and prefill."""
        loaded = (self.decode,) if self.decode.batch > self.decode_alone.batch else ()
        return self.decode_alone, *loaded, self.prefill


def cheapest_choice(evaluation: Evaluation) -> ReplicaChoice | None:
    """The replica of the cheapest self-hosted option; None without one."""
    plan = evaluation.build.plan if evaluation.build else None
    if plan is None:
        return None
    config = plan.config
    return ReplicaChoice(config.model, config.gpu, config.precision, config.gpus_count, config)


def weight_precisions(model: Model, scenario: Scenario) -> list[Precision]:
    """Weight precisions that the scenario allows for a model, the released one first."""
    return precisions(model, scenario)


def _config(choice: ReplicaChoice, techniques: Techniques) -> ReplicaConfig:
    like = choice.like
    if like is not None and like.model is choice.model and like.gpu is choice.gpu:
        return resized(like, choice.precision, choice.gpus_count, techniques)
    return replica_config(choice.model, choice.gpu, choice.precision, choice.gpus_count, techniques)


def phase_view(choice: ReplicaChoice, inputs: Inputs) -> PhaseView | Infeasible:
    """The view of a replica, or why the model does not fit on it."""
    scenario, demand, catalog = inputs.scenario, inputs.demand, inputs.catalog
    config, case = _config(choice, scenario.techniques), scenario_case(inputs)
    capacities, infeasible = replica_capacities([config], inputs)
    m = replica_arrays([config], catalog)
    if float(m.kv_room_bytes[0, 0]) <= 0:
        return infeasible[0]
    capacity = capacities[0] if capacities else None
    mix, basis = case.traffic, speed_basis(config, inputs)
    batch, curve = max(capacity.batch if capacity else 1.0, 1.0), load_curve(m, mix)
    batches = np.concatenate([[batch, 1.0], curve.batch])
    ratios = measured_speed_ratios([config], case, batches, np.zeros((1, 1)))
    more, then, first = (np.broadcast_to(ratio, (1, batches.size))[0] for ratio in ratios)
    sheet, achieved = rooflines(m)
    traits = frozenset(config_traits(config, catalog))
    ranges = {} if basis == "measured" else figure_ranges(traits, config, scenario.hardware.launch, catalog)
    return PhaseView(
        inputs=inputs,
        config=config,
        speed_basis=basis,
        launch=launch_speed(config, case),
        capacity=capacity,
        at_peak=_at_peak(capacity, inputs) if capacity and not scenario.techniques.disaggregation else None,
        ttft_range=ranges.get("ttft_ms"),
        tpot_range=ranges.get("tpot_ms"),
        prefill=prefill_phase(m, demand.input_tok, demand.input_tok * mix.hit_frac).at_speed(float(first[1])),
        decode=decode_phase(m, batch, mix.context_tok).at_speed(float(then[0])),
        decode_alone=decode_phase(m, 1.0, mix.context_tok).at_speed(float(then[1])),
        sheet=sheet,
        achieved=achieved,
        full_batch_count=sheet.full_batch_count(LINEAR_BITS[config.precision] / 8),
        curve=curve.at_speed(more[2:], then[2:], first[2:]),
    )


def speed_basis(config: ReplicaConfig, inputs: Inputs) -> SpeedBasis:
    """What the speed of a replica rests on; measured: by the user."""
    factor, own = speed_correction(inputs.scenario, inputs.catalog)
    if factor != 1.0 or (own is not None and own.applies_to(config)):
        return "measured"
    return "extrapolated" if inputs.catalog.is_extrapolated(config.gpu) else "modeled"


def _at_peak(capacity: Capacity, inputs: Inputs) -> PeakLatency:
    scenario, req_s = inputs.scenario, inputs.demand.peak_req_s
    replicas = ceil(req_s / capacity.req_s)
    mix = request_mix_of(inputs.demand, scenario.own_hit_frac, shared_prefixes(scenario))
    ttft_ms, tpot_ms = at_load_ms(capacity.config, mix, req_s / replicas, scenario, inputs.catalog)
    return PeakLatency(req_s, replicas, ttft_ms, tpot_ms)
