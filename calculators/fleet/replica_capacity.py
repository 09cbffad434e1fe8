"""Highest load of one replica of each configuration within the latency targets; here technique switches reach the model."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, replace
from math import isinf
from typing import Literal

import numpy as np

from calculators.calibration.own_benchmarks import OwnFit, fit_own_benchmarks
from calculators.catalog.catalog import Catalog
from calculators.catalog.launches import Launches, LaunchRamp, LaunchSpeed
from calculators.fleet.capacity_text import (
    LIMIT_WORDS,
    NO_KV_CACHE,
    CapacityLimit,
    tpot_missed,
    ttft_missed,
    weights_do_not_fit,
)
from calculators.performance import disaggregation
from calculators.performance.links import SERVER_GPUS
from calculators.performance.max_load import BATCH_COLUMN, LoadSearch, Stop, highest_loads, latencies_ms
from calculators.performance.replica import ReplicaArrays, ReplicaConfig, replica_arrays, replica_memory
from calculators.performance.request_mix import NOT_SHARED, RequestMix, SharedPrefixes, request_mix
from calculators.performance.speculation import Drafts, drafts
from calculators.performance.step_time import first_token_overhead_s
from calculators.scenario.demand import Array, Demand
from calculators.scenario.inputs import Inputs
from calculators.scenario.schema import Scenario, Targets, Techniques
from calculators.units import BYTES_PER_GB

_LIMITS: dict[Stop, CapacityLimit] = {
    Stop.TPOT: "tpot_target",
    Stop.TTFT: "ttft_target",
    Stop.PREFILL: "prefill_time",
    Stop.UNDRAFTED: "undrafted_load",
}


BATCH_ROUNDS = 3
"""The speed of a launch depends on the batch, and the batch on it: it moves by less than 1% after so many rounds."""


@dataclass(frozen=True, slots=True)
class Capacity:
    """The highest load at which one replica meets the targets, with the latencies there."""

    config: ReplicaConfig
    req_s: float
    batch: float
    """Requests that decode together: on each attention rank and in each pipeline stage."""
    tpot_ms: float
    ttft_p95_ms: float
    limit: CapacityLimit
    """The binding constraint: what keeps it from serving more."""
    speed_error_sign: float = 0.0
    """Assumed model error: +1 = faster by the 80th-percentile error, 0 = as modeled, -1 = slower by it."""
    prefill_req_s: float = np.inf
    """Load of a prefill worker, or of those in as many GPUs; infinite without a prefill pool."""
    prefill_config: ReplicaConfig | None = None
    """A prefill worker, with prefill/decode disaggregation: of the same model in the same precision, in its own layout."""

    @property
    def req_s_per_gpu(self) -> float:
        """Load of one GPU."""
        return self.req_s / self.config.gpus_count

    @property
    def least_replicas(self) -> int:
        """Of each pool one, in replicas of as many GPUs as a decode replica: 1 without a prefill pool."""
        return 1 if isinf(self.prefill_req_s) else 1 + self.prefill_size

    @property
    def prefill_workers(self) -> int:
        """Prefill workers in the GPUs of one decode replica; 1 without a prefill pool, or where one takes more GPUs."""
        return max(self.config.gpus_count // self.prefill_config.gpus_count, 1) if self.prefill_config else 1

    @property
    def prefill_size(self) -> int:
        """Decode replicas in the GPUs of one prefill worker; 1 without a prefill pool, or where it takes no more."""
        return max(self.prefill_config.gpus_count // self.config.gpus_count, 1) if self.prefill_config else 1

    @property
    def limit_words(self) -> str:
        """The binding constraint in words, to follow "the"."""
        return LIMIT_WORDS[self.limit]


Constraint = Literal["context", "weights", "kv_cache", "tpot", "ttft", "no_offer", "gpu_limit"]
CONSTRAINTS: tuple[Constraint, ...] = ("context", "weights", "kv_cache", "tpot", "ttft", "no_offer", "gpu_limit")
"""The constraints in the order in which a configuration meets them; the later one fails, the nearer it came."""


@dataclass(frozen=True, slots=True)
class Infeasible:
    """A configuration that cannot serve this workload, the constraint it failed, and the sentence that says so."""

    config: ReplicaConfig
    constraint: Constraint
    why: str
    miss_ratio: float = np.inf
    """The figure that misses over what it may be: the nearer to 1, the nearer it came."""

    @property
    def passed_count(self) -> int:
        """How many constraints it met before the one it failed."""
        return CONSTRAINTS.index(self.constraint)


def request_mix_of(demand: Demand, hit_frac: float, shared: SharedPrefixes = NOT_SHARED) -> RequestMix:
    """The request mix that one replica serves: the demand's lengths, with this share of input tokens cached."""
    return request_mix(demand.lengths, hit_frac, shared=shared)


def shared_prefixes(scenario: Scenario) -> SharedPrefixes:
    """What requests have in common, of what a replica finds in its prefix cache."""
    return SharedPrefixes(scenario.workload.shared_hit_frac, scenario.workload.shared_prefixes)


@dataclass(frozen=True, slots=True)
class SizingCase:
    """What a replica has to serve, and with what: the same for every configuration."""

    traffic: RequestMix
    targets: Targets
    techniques: Techniques = Techniques()  # noqa: RUF009
    factor: float = 1.0
    """Measured over modeled speed, set by hand."""
    own: OwnFit | None = None
    """Corrections by the user's benchmarks."""
    launches: Launches | None = None
    """What engines lose as they ship; None: they are tuned."""
    kv_transfer_tok: float = 0.0
    """Tokens whose KV cache crosses a network before the first token."""
    allow_slot_queue: bool = True
    """Whether requests may queue for a slot, as in `LoadSearch`."""


def capacities(
    configs: Sequence[ReplicaConfig], case: SizingCase, catalog: Catalog, speed_error_sign: float | Array = 0.0
) -> tuple[list[Capacity], list[Infeasible]]:
    """Capacity of each configuration within the targets, and the configurations that have none.

    `speed_error_sign`: as in `Capacity`, one for all configurations or an array (n,).
    """
    if not configs:
        return [], []
    every = replica_arrays(configs, catalog)
    room = np.asarray(every.kv_room_bytes[:, 0] > 0)
    infeasible = _too_big([s for s, fits in zip(configs, room, strict=True) if not fits], catalog)
    fitting = [s for s, fits in zip(configs, room, strict=True) if fits]
    if not fitting:
        return [], infeasible
    signs = np.broadcast_to(speed_error_sign, len(configs))[room]
    best = _highest_loads(every.rows(room), fitting, case, catalog, signs[:, None])
    feasible: list[Capacity] = []
    for config, row, sign in zip(fitting, best.tolist(), signs.tolist(), strict=True):
        slots, possible, req_s, batch, tpot_ms, ttft_ms, stop = row
        if possible:
            full: CapacityLimit = "kv_cache" if slots < case.techniques.batch_cap else "batch_cap"  # what limits slots
            reached = Capacity(
                config=config,
                req_s=req_s,
                batch=batch,
                tpot_ms=tpot_ms,
                ttft_p95_ms=ttft_ms,
                limit=_LIMITS.get(Stop(int(stop)), full),
                speed_error_sign=sign,
            )
            feasible.append(reached)
        else:
            infeasible.append(_misses(config, slots, tpot_ms, ttft_ms, case.targets))
    return feasible, infeasible


def _highest_loads(
    m: ReplicaArrays, configs: Sequence[ReplicaConfig], case: SizingCase, catalog: Catalog, speed_error_sign: Array
) -> Array:
    """Highest loads (n, columns), as of `highest_loads`. Corrections by the user's benchmarks depend on the batch, and the
    batch on them: a second pass takes the batch of the first."""
    techniques = case.techniques
    drafted = drafts(configs, techniques, catalog, speed_error_sign[:, 0]) if techniques.speculation else None
    before_s = first_token_overhead_s(m)
    if case.kv_transfer_tok:
        before_s = before_s + disaggregation.transfer_s(configs, case.kv_transfer_tok, catalog)
    launch = _launch_ramp(configs, case.launches)

    def loads(batch: Array) -> Array:
        speed, tpot_speed, first_token_speed = _corrections(configs, case, batch, speed_error_sign)
        search = LoadSearch(
            targets=case.targets,
            speed_ratio=speed,
            tpot_speed_ratio=tpot_speed,
            first_token_speed_ratio=first_token_speed,
            launch=launch,
            batch_cap=techniques.batch_cap,
            drafts=drafted,
            before_s=before_s,
            allow_slot_queue=case.allow_slot_queue,
        )
        return highest_loads(m, case.traffic, search)

    best = loads(np.ones_like(speed_error_sign))
    if case.own is None or not case.own.used:
        return best
    return loads(np.maximum(best[:, BATCH_COLUMN : BATCH_COLUMN + 1], 1.0))


def measured_speed_ratios(
    configs: Sequence[ReplicaConfig], case: SizingCase, batch: Array, speed_error_sign: Array
) -> tuple[Array, Array, Array]:
    """Measured over modeled speed (n, b) at each `batch` (b,) or (n, b): of throughput, of the tokens after the first, and of
    the first one. The one rule for every speed of a self-hosted fleet: the user's correction, and what an engine loses as it ships.
    """
    more, sooner, first_token = _corrections(configs, case, batch, speed_error_sign)
    ramp = _launch_ramp(configs, case.launches)
    launched = ramp.at(batch) if ramp else 1.0
    return more * launched, sooner * launched, first_token


def _corrections(
    configs: Sequence[ReplicaConfig], case: SizingCase, batch: Array, speed_error_sign: Array
) -> tuple[Array, Array, Array]:
    """As of `measured_speed_ratios`, over the speed of the launch. Ratios that are alike at every batch are (n, 1)."""
    doubt = _launch_doubt(configs, case.launches, speed_error_sign)
    if case.own is None:
        return (case.factor * np.ones_like(doubt),) * 3
    output_tok = case.traffic.decode_tok + 1
    input_tok = float(case.traffic.held_tok @ case.traffic.share_frac) - output_tok
    ratios = case.own.ratios(configs, input_tok, output_tok, batch)
    # a benchmark tells how fast the launch is
    doubt = np.where([[case.own.applies_to(s)] for s in configs], 0.0, doubt)
    more, sooner = (
        np.exp(speed_error_sign * np.hypot(np.log1p(error_frac), doubt))
        for error_frac in (ratios.error_frac, ratios.latency_error_frac)
    )
    return more / ratios.throughput, sooner / ratios.decode, sooner / ratios.first_token


def launch_speed(config: ReplicaConfig, case: SizingCase) -> LaunchSpeed | None:
    """The speed that a replica's engine is taken to have as it ships over the tuned one; None where it is tuned, where nothing is
    known, or where the user's benchmark tells how fast theirs is."""
    is_measured = case.own is not None and case.own.applies_to(config)
    return None if case.launches is None or is_measured else case.launches.of(config.engine, config.gpu)


def _launch_ramp(configs: Sequence[ReplicaConfig], launches: Launches | None) -> LaunchRamp | None:
    """What each replica's engine loses as it ships; None where all are tuned."""
    return launches.ramp([s.engine for s in configs], [s.gpu for s in configs]) if launches else None


def _launch_doubt(configs: Sequence[ReplicaConfig], launches: Launches | None, speed_error_sign: Array) -> Array:
    """The logarithm of the range of a launch's speed (n, 1), to the side of `speed_error_sign`."""
    known = [launches.of(s.engine, s.gpu) if launches else None for s in configs]
    sides = np.array([[one.low, one.central, one.high] if one else [1.0, 1.0, 1.0] for one in known])
    low, central, high = (sides[:, side, None] for side in range(3))
    return np.asarray(np.log(np.where(speed_error_sign > 0, high / central, central / low)))


def _too_big(configs: Sequence[ReplicaConfig], catalog: Catalog) -> list[Infeasible]:
    if not configs:
        return []
    terms = replica_memory(configs, catalog)
    weights, left = terms["weights_bytes"], terms["weights_bytes"] + terms["room_bytes"]
    infeasible = []
    for config, held, free in zip(configs, weights[:, 0].tolist(), left[:, 0].tolist(), strict=True):
        gpus = config.gpus_count / BYTES_PER_GB
        memory_gb = config.gpu.memory.capacity_gb * config.gpus_count
        is_joined = config.gpus_count < SERVER_GPUS or catalog.links.network(config.gpu.id) is not None
        why = weights_do_not_fit(held * gpus, memory_gb, max(free, 0.0) * gpus, is_joined)
        infeasible.append(Infeasible(config, "weights", why, held * gpus / memory_gb))
    return infeasible


def _misses(config: ReplicaConfig, slots: float, tpot_ms: float, ttft_ms: float, targets: Targets) -> Infeasible:
    if slots < 1:
        return Infeasible(config, "kv_cache", NO_KV_CACHE)
    if targets.tpot_ms and tpot_ms > targets.tpot_ms:
        return Infeasible(config, "tpot", tpot_missed(tpot_ms, targets.tpot_ms), tpot_ms / targets.tpot_ms)
    target_ms = targets.ttft_p95_ms or np.inf
    return Infeasible(config, "ttft", ttft_missed(ttft_ms, target_ms), ttft_ms / target_ms)


def replica_capacities(
    configs: Sequence[ReplicaConfig], inputs: Inputs, speed_error_sign: float | Array = 0.0
) -> tuple[list[Capacity], list[Infeasible]]:
    """Capacity of each configuration under the scenario's targets and techniques, and the infeasible ones with the reason.

    `speed_error_sign`: as of `capacities`. With prefill/decode disaggregation each pool is sized for its own target.
    """
    scenario, demand, hit = inputs.scenario, inputs.demand, inputs.scenario.own_hit_frac
    case = scenario_case(inputs)
    if not scenario.techniques.disaggregation:
        return capacities(configs, case, inputs.catalog, speed_error_sign)
    configs = [s if s.one_phase else replace(s, one_phase=True) for s in configs]
    ttft_p95_ms, tpot_ms = scenario.targets.ttft_p95_ms, scenario.targets.tpot_ms
    prefill = replace(
        case,
        traffic=disaggregation.prompts_only(demand.lengths, hit, shared_prefixes(scenario)),
        targets=Targets(ttft_p95_ms=ttft_p95_ms, tpot_ms=None),
        kv_transfer_tok=demand.input_p95_tok,
    )
    decode = replace(
        case,
        traffic=disaggregation.tokens_only(demand.lengths),
        targets=Targets(ttft_p95_ms=None, tpot_ms=tpot_ms),
        # a wait for a slot of the decode pool comes after the first token, where no target would show it
        allow_slot_queue=ttft_p95_ms is None and tpot_ms is None,
    )
    prompts, no_prompts = capacities(configs, prefill, inputs.catalog, speed_error_sign)
    tokens, no_tokens = capacities(configs, decode, inputs.catalog, speed_error_sign)
    missed = {id(m.config): m for m in (*no_tokens, *no_prompts)}  # each once, with the decode pool's reason first
    return _joined(prompts, tokens), list(missed.values())


def scenario_case(inputs: Inputs) -> SizingCase:
    """What the scenario asks of a replica that serves its whole request mix."""
    scenario = inputs.scenario
    mix = request_mix_of(inputs.demand, scenario.own_hit_frac, shared_prefixes(scenario))
    return sizing_case(mix, scenario, inputs.catalog)


def sizing_case(traffic: RequestMix, scenario: Scenario, catalog: Catalog) -> SizingCase:
    """What a scenario asks of a replica that serves `traffic`, with all that corrects the modeled speed."""
    factor, own = speed_correction(scenario, catalog)
    launches = launches_of(scenario, catalog)
    return SizingCase(traffic, scenario.targets, scenario.techniques, factor=factor, own=own, launches=launches)


def speed_correction(scenario: Scenario, catalog: Catalog) -> tuple[float, OwnFit | None]:
    """Correction of the modeled speed: the throughput override, or else a fit to the user's benchmarks."""
    factor = scenario.hardware.throughput_factor
    hardware = scenario.hardware
    return factor, None if factor != 1.0 else fit_own_benchmarks(hardware.own_measurements, catalog, hardware.launch)


def launches_of(scenario: Scenario, catalog: Catalog) -> Launches | None:
    """What engines lose as they ship; None where they are tuned."""
    return catalog.launches if scenario.hardware.launch == "as_shipped" else None


def at_load_ms(
    config: ReplicaConfig, mix: RequestMix, req_s: float, scenario: Scenario, catalog: Catalog
) -> tuple[float, float]:
    """TTFT p95 and mean TPOT in ms of one replica at `req_s`; infinite where it cannot carry that load."""
    techniques, speed_error_sign = scenario.techniques, np.zeros((1, 1))
    case = sizing_case(mix, scenario, catalog)
    drafted = drafts([config], techniques, catalog, speed_error_sign[:, 0]) if techniques.speculation else None
    m, rate = replica_arrays([config], catalog), np.array([[req_s]])

    def settled(drafted: Drafts | None) -> tuple[float, float]:
        batch, each_tok = np.ones((1, 1)), 1 + drafted.draft_tok if drafted else 1
        for _ in range(BATCH_ROUNDS):
            speeds = measured_speed_ratios([config], case, batch * each_tok, speed_error_sign)
            speed, tpot_speed, first_token_speed = speeds
            ttft, tpot, batch = latencies_ms(m, mix, rate / speed, techniques.batch_cap, drafted)
        return float((ttft / first_token_speed)[0, 0]), float((tpot / tpot_speed)[0, 0])

    ttft_ms, tpot_ms = settled(None)  # drafts never change the first token
    ttft_ms += float(first_token_overhead_s(m)[0, 0]) * 1e3
    return ttft_ms, settled(drafted)[1] if drafted else tpot_ms


def _joined(prefill: Sequence[Capacity], decode: Sequence[Capacity]) -> list[Capacity]:
    """Each decode replica with the prefill workers of its GPUs that carry most, and with larger ones if they carry more."""
    workers: dict[Hashable, list[Capacity]] = {}
    for one in prefill:
        workers.setdefault(_of_a_kind(one), []).append(one)
    joined = []
    for d in decode:
        gpus, best, alike = d.config.gpus_count, 0.0, workers.get(_of_a_kind(d), ())
        held = [p for p in alike if gpus % p.config.gpus_count == 0]
        larger = [p for p in alike if p.config.gpus_count % gpus == 0 and p.config.gpus_count > gpus]
        for fitting in (held, larger):
            p = max(fitting, key=lambda p: (p.req_s_per_gpu, p.config is d.config), default=None)
            if p is not None and p.req_s_per_gpu > best:
                best, load = p.req_s_per_gpu, p.req_s * max(gpus // p.config.gpus_count, 1)
                joined.append(replace(d, prefill_req_s=load, ttft_p95_ms=p.ttft_p95_ms, prefill_config=p.config))
    return joined


def _of_a_kind(one: Capacity) -> Hashable:
    """What the replicas of both pools have in common: model, GPU and how weights and caches are stored."""
    c = one.config
    return id(c.model), id(c.gpu), c.precision, id(c.recipe), c.kv_element_bytes, one.speed_error_sign
