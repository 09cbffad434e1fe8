"""What one replica of each set-up serves within the latency targets, with the techniques that the scenario uses: the one
place where its switches reach the speed model."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import isinf

import numpy as np

from calculators.calibration.own_benchmarks import OwnFit, fit_own_benchmarks
from calculators.catalog.base import Precision
from calculators.catalog.catalog import Catalog
from calculators.catalog.hardware import Gpu
from calculators.catalog.models import Model
from calculators.performance import disaggregation
from calculators.performance.max_load import BATCH_COLUMN, highest_loads, latencies_ms
from calculators.performance.quantization_recipe import KV_BITS
from calculators.performance.replica import ReplicaArrays, ReplicaConfig, replica_arrays, weights_of
from calculators.performance.request_mix import RequestMix, request_mix
from calculators.performance.speculation import drafts
from calculators.scenario.demand import Array, Demand
from calculators.scenario.inputs import Inputs
from calculators.scenario.schema import Hardware, Scenario, Targets, Techniques
from calculators.units import BYTES_PER_GB, milliseconds

TENSOR_PARALLEL = (1, 2, 4, 8)
# From most to least precise; a released checkpoint is never "upcast" to sell it as something better.
_FINENESS: dict[Precision, int] = {"bf16": 16, "fp8": 8, "int8": 8, "nvfp4": 4, "mxfp4": 4, "int4": 4}


@dataclass(frozen=True, slots=True)
class Capacity:
    """The busiest point at which one replica still meets the targets."""

    config: ReplicaConfig
    req_s: float
    batch: float
    tpot_ms: float
    ttft_p95_ms: float
    limit: str
    """What stops it from serving more."""
    speed_error_sign: float = 0.0
    """By how many of its 80th-percentile errors it was taken to be faster: 1, 0 or -1 (slower)."""
    prefill_req_s: float = np.inf
    """Of a prefill replica, where prompts are computed on a pool of their own; infinite: the same replica does both."""

    @property
    def pools_count(self) -> int:
        return 1 if isinf(self.prefill_req_s) else 2


@dataclass(frozen=True, slots=True)
class Infeasible:
    """A setup that cannot serve this workload, and why. `stage` counts how far it got."""

    config: ReplicaConfig
    stage: int
    why: str


def candidate_configs(scenario: Scenario, catalog: Catalog) -> list[ReplicaConfig]:
    """Every model x GPU x format x parallelism worth trying. In an order of its own: numpy rounds a row's last digit by
    the rows beside it, and the order in which candidates are listed must change nothing."""
    accepted = [catalog.model(c.model) for c in scenario.candidates if c.gate != "not_acceptable"]
    models = sorted(accepted, key=lambda model: model.id)
    splits = TENSOR_PARALLEL if scenario.techniques.parallelism else TENSOR_PARALLEL[:1]
    return [
        replica_config(model, gpu, precision, tp, scenario.techniques)
        for model in models
        for gpu in searched_gpus(scenario.hardware, catalog)
        for precision in precisions(model, scenario)
        for tp in splits
        if tp <= max(gpu.links.domain_gpus, 8)
    ]


def replica_config(
    model: Model, gpu: Gpu, precision: Precision, tensor_parallel: int, techniques: Techniques
) -> ReplicaConfig:
    """One replica as the techniques have it. Experts are spread whole where they divide evenly."""
    whole = techniques.expert_parallelism and model.shape.mlp.experts and not model.shape.mlp.experts % tensor_parallel
    return ReplicaConfig(
        model,
        gpu,
        precision,
        tensor_parallel,
        kv_element_bytes=KV_BITS[techniques.kv_cache] / 8,
        expert_ranks=tensor_parallel if whole else 1,
    )


def searched_gpus(hardware: Hardware, catalog: Catalog) -> list[Gpu]:
    """The GPUs the user named, or all that are not gaming cards."""
    if hardware.gpus:
        return [catalog.gpu(gpu) for gpu in hardware.gpus]
    return [gpu for gpu in catalog.gpus.values() if not gpu.consumer]


def precisions(model: Model, scenario: Scenario) -> list[Precision]:
    """The released format, and allowed ones that are coarser. MXFP4 only where the model was trained in it."""
    native = model.published.native_precision
    allowed = scenario.hardware.precisions if scenario.techniques.quantization else ()
    coarser = [p for p in allowed if _FINENESS[p] < _FINENESS[native] and p != "mxfp4"]
    return [native, *coarser]


def traffic(demand: Demand, hit_frac: float) -> RequestMix:
    """The workload as one replica sees it: its lengths, and arrivals at random within the peak it is sized for."""
    return request_mix(demand.lengths, hit_frac)


def capacities(
    configs: Sequence[ReplicaConfig],
    traffic: RequestMix,
    targets: Targets,
    catalog: Catalog,
    factor: float = 1.0,
    own: OwnFit | None = None,
    speed_error_sign: float | Array = 0.0,
    techniques: Techniques = Techniques(),  # noqa: B008
    kv_transfer_tok: float = 0.0,
    allow_slot_queue: bool = True,
) -> tuple[list[Capacity], list[Infeasible]]:
    """The highest load of each setup within the targets, and the setups that have none.

    `factor`: own over modelled speed, by hand; above 1 everything is faster. `own`: corrections by own benchmarks, and
    `speed_error_sign`, one for all or one for each setup: 1 if it were faster by its 80th-percentile error, -1 if slower.
    `kv_transfer_tok`: tokens whose cache crosses a network before the first token. `allow_slot_queue`: as of `highest_loads`.
    """
    if not configs:
        return [], []
    every = replica_arrays(configs, catalog)
    room = np.asarray(every.kv_room_bytes[:, 0] > 0)
    infeasible = _too_big([s for s, fits in zip(configs, room, strict=True) if not fits])
    fitting = [s for s, fits in zip(configs, room, strict=True) if fits]
    if not fitting:
        return [], infeasible
    offs = np.broadcast_to(speed_error_sign, len(configs))[room]
    best = _highest_loads(
        every.rows(room),
        fitting,
        traffic,
        targets,
        catalog,
        factor,
        own,
        offs[:, None],
        techniques,
        kv_transfer_tok,
        allow_slot_queue,
    )
    found: list[Capacity] = []
    for config, row, speed_off in zip(fitting, best.tolist(), offs.tolist(), strict=True):
        slots, possible, req_s, batch, tpot_ms, ttft_ms, stop = row
        if possible:
            why = _limit(slots, int(stop), techniques.batch_cap)
            found.append(Capacity(config, req_s, batch, tpot_ms, ttft_ms, why, speed_off))
        else:
            infeasible.append(_misses(config, slots, tpot_ms, ttft_ms, targets))
    return found, infeasible


def _highest_loads(
    m: ReplicaArrays,
    configs: Sequence[ReplicaConfig],
    traffic: RequestMix,
    targets: Targets,
    catalog: Catalog,
    factor: float,
    own: OwnFit | None,
    speed_error_sign: Array,
    techniques: Techniques,
    kv_transfer_tok: float,
    allow_slot_queue: bool,
) -> Array:
    """Corrections by own benchmarks depend on the load, and the load on them: the second pass takes that of the first."""
    drafted = drafts(configs, techniques, catalog, speed_error_sign[:, 0]) if techniques.speculation else None
    moved_s = disaggregation.transfer_s(configs, kv_transfer_tok, catalog) if kv_transfer_tok else 0.0

    def loads(batch: Array) -> Array:
        at = measured_speed_ratios(configs, traffic, batch, factor, own, speed_error_sign)
        return highest_loads(m, traffic, targets, *at, techniques.batch_cap, drafted, moved_s, allow_slot_queue)

    best = loads(np.ones_like(speed_error_sign))
    if own is None or not own.points:
        return best
    return loads(np.maximum(best[:, BATCH_COLUMN : BATCH_COLUMN + 1], 1.0))


def measured_speed_ratios(
    configs: Sequence[ReplicaConfig],
    traffic: RequestMix,
    batch: Array,
    factor: float,
    own: OwnFit | None,
    speed_error_sign: Array,
) -> tuple[Array, Array]:
    """Own over modelled speed (n, 1) of everything, and of the first token."""
    if own is None:
        return np.full(speed_error_sign.shape, factor), np.full(speed_error_sign.shape, factor)
    output_tok = traffic.decode_tok + 1
    ratios = own.ratios(configs, float(traffic.held_tok @ traffic.share_frac) - output_tok, output_tok, batch)
    speed = factor * (1 + ratios.error_frac) ** speed_error_sign
    return speed / ratios.decode, speed / ratios.first_token


def _limit(slots: float, stop: int, batch_cap: int) -> str:
    full = "KV-cache memory" if slots < batch_cap else "engine's batch cap"
    without = "load that a replica carries without drafts"
    return {1: "TPOT target", 2: "TTFT target", 4: "time prompts take", 5: without}.get(stop, full)


def _too_big(configs: Sequence[ReplicaConfig]) -> list[Infeasible]:
    infeasible = []
    for config, held in zip(configs, weights_of(configs), strict=True):
        weights_gb, have_gb = held.stored_bytes / BYTES_PER_GB, config.gpu.memory.capacity_gb * config.tensor_parallel
        why = f"does not fit: {weights_gb:,.0f} GB of weights in {have_gb:,.0f} GB of GPU memory, of which about 90% is usable"
        infeasible.append(Infeasible(config, 0, why))
    return infeasible


def _misses(config: ReplicaConfig, slots: float, tpot_ms: float, ttft_ms: float, targets: Targets) -> Infeasible:
    if slots < 1:
        return Infeasible(config, 1, "the weights fit, but no memory is left for one request's KV cache")
    if targets.tpot_ms and tpot_ms > targets.tpot_ms:
        return Infeasible(
            config, 2, f"TPOT {milliseconds(tpot_ms)} even alone; the target is {milliseconds(targets.tpot_ms)}"
        )
    target = milliseconds(targets.ttft_p95_ms or np.inf)
    return Infeasible(config, 3, f"TTFT p95 {milliseconds(ttft_ms)} even when nearly idle; the target is {target}")


def replica_capacities(
    configs: Sequence[ReplicaConfig], inputs: Inputs, speed_error_sign: float | Array = 0.0
) -> tuple[list[Capacity], list[Infeasible]]:
    """Capacity of each, and those that cannot serve, with the reason. `speed_error_sign`: as of `capacities`."""
    factor, own = speed_correction(inputs.scenario, inputs.catalog)

    def of(
        mix: RequestMix, targets: Targets, kv_transfer_tok: float = 0.0, allow_slot_queue: bool = True
    ) -> tuple[list[Capacity], list[Infeasible]]:
        return capacities(
            configs,
            mix,
            targets,
            inputs.catalog,
            factor,
            own,
            speed_error_sign,
            inputs.scenario.techniques,
            kv_transfer_tok,
            allow_slot_queue,
        )

    hit = hit_frac(inputs.scenario)
    if not inputs.scenario.techniques.disaggregation:
        return of(traffic(inputs.demand, hit), inputs.scenario.targets)
    first, then = (
        Targets(ttft_p95_ms=inputs.scenario.targets.ttft_p95_ms, tpot_ms=None),
        inputs.scenario.targets.tpot_ms,
    )
    prompts = of(disaggregation.prompts_only(inputs.demand.lengths, hit), first, inputs.demand.input_p95_tok)
    # a wait for a slot of the decode pool stands behind the first token, where no target would show it
    any_target = inputs.scenario.targets.ttft_p95_ms is not None or then is not None
    tokens = of(
        disaggregation.tokens_only(inputs.demand.lengths), Targets(ttft_p95_ms=None, tpot_ms=then), 0.0, not any_target
    )
    return _joined(prompts[0], tokens[0]), _once(prompts[1], tokens[1])


def hit_frac(scenario: Scenario) -> float:
    """Share of input tokens that own servers find cached."""
    return scenario.workload.self_hit_frac if scenario.techniques.prefix_caching else 0.0


def speed_correction(scenario: Scenario, catalog: Catalog) -> tuple[float, OwnFit | None]:
    """What corrects the modelled speed: a factor set by hand, or else own benchmarks (none: the model's error only)."""
    factor = scenario.hardware.throughput_factor
    own = None if factor != 1.0 else fit_own_benchmarks(scenario.hardware.own_measurements, catalog)
    return factor, own


def at_load_ms(
    config: ReplicaConfig, mix: RequestMix, req_s: float, scenario: Scenario, catalog: Catalog
) -> tuple[float, float]:
    """TTFT at the 95th percentile and mean TPOT of one replica at a rate; infinite where it cannot carry it."""
    techniques, speed_error_sign = scenario.techniques, np.zeros((1, 1))
    drafted = drafts([config], techniques, catalog, speed_error_sign[:, 0]) if techniques.speculation else None
    m, rate, batch = replica_arrays([config], catalog), np.array([[req_s]]), np.ones((1, 1))
    speed_ratios = measured_speed_ratios([config], mix, batch, *speed_correction(scenario, catalog), speed_error_sign)
    ttft, tpot = latencies_ms(m, mix, rate / speed_ratios[0], techniques.batch_cap, drafted)
    return float((ttft / speed_ratios[1])[0, 0]), float((tpot / speed_ratios[0])[0, 0])


def _joined(prefill: Sequence[Capacity], decode: Sequence[Capacity]) -> list[Capacity]:
    """Set-ups that can do both, with the rates of a replica of either pool."""
    prompts = {(id(c.config), c.speed_error_sign): c for c in prefill}
    return [
        replace(d, prefill_req_s=p.req_s, ttft_p95_ms=p.ttft_p95_ms)
        for d in decode
        if (p := prompts.get((id(d.config), d.speed_error_sign))) is not None
    ]


def _once(prefill: Sequence[Infeasible], decode: Sequence[Infeasible]) -> list[Infeasible]:
    """Set-ups that cannot do one of the two, each once."""
    return list({id(m.config): m for m in (*decode, *prefill)}.values())
