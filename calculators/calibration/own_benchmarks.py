"""Corrections of the speed model by benchmarks of the user's own servers.

Each benchmark is compared with the model of the replica that a fleet would consist of, at the load that was sent, and gives
up to three gaps ln(measured / modeled), which are applied apart: on published runs the gap of TPOT says little of TTFT.

    decode        TPOT; of a single client without it, the time of its tokens
    first token   TTFT, where it is not the length of a queue
    throughput    output tok/s or requests/s; without them, TPOT

Throughput without a latency is a capacity: what the replica carries is scaled to it, and its latencies stay modeled at each
share of that capacity. `own_likeness` says how much of a gap other loads, configurations and models take over.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from calculators.calibration.arrival_modes import ArrivalKind, BenchmarkConfig, PredictedRates, predict_rates
from calculators.calibration.own_likeness import (
    FIRST_TOKEN_LIKENESS,
    STEP_LIKENESS,
    Applied,
    Differences,
    FigureLikeness,
    gaps_applied,
    likeness,
)
from calculators.catalog.catalog import Catalog
from calculators.catalog.launches import Launch
from calculators.performance.replica import ReplicaConfig, replica_arrays
from calculators.performance.stated_range import SEVERAL_GPUS, range_ratio, traits_ratio
from calculators.performance.step_time import MAX_BATCH
from calculators.scenario.demand import Array
from calculators.scenario.measurement import OwnMeasurement

KEPT_UP_FRAC = 0.9
"""Share of the requests sent that must be answered; below it TTFT is the length of a queue, and throughput a capacity."""
_OUTLIER_RATIO = 3.0
"""Ratios of three or more runs of one configuration and load are clipped to this factor around their median."""

_QUEUE_TTFT = "TTFT is left out, since requests waited for a free slot and it is the length of a queue"
_UNSTABLE_TTFT = "TTFT is left out, since the model does not carry this load and predicts none"
_NO_LIMIT = "throughput is left out, since the server answered all that was sent, which shows no limit"


@dataclass(frozen=True, slots=True)
class Gap:
    """One figure as predicted, as measured, and `after` all corrections. ms or output tok/s of the replica."""

    predicted: float
    measured: float
    after: float

    @property
    def ratio(self) -> float:
        """Measured over predicted."""
        return self.measured / self.predicted


@dataclass(frozen=True, slots=True)
class OwnComparison:
    """A benchmark against the model. A figure is None where it was not measured or is not defined for such a run."""

    measurement: OwnMeasurement
    tpot_ms: Gap | None
    ttft_ms: Gap | None
    output_tok_s: Gap | None
    batch: float = math.nan
    """Requests at once: clients, or those in decode."""
    unused: tuple[str, ...] = ()
    """Why a figure that was measured could not be used, a clause each."""
    problem: str = ""
    """Why nothing could be compared; empty: something was compared."""

    @property
    def decode_gap(self) -> float:
        """ln(measured / modeled) time of a decode step; NaN: not measured."""
        if self.tpot_ms is not None:
            return math.log(self.tpot_ms.ratio)
        is_alone = self.measurement.load == "clients" and self.batch <= 1  # nobody waits: its tok/s are its latency
        return -math.log(self.output_tok_s.ratio) if self.output_tok_s is not None and is_alone else math.nan

    @property
    def first_token_gap(self) -> float:
        """ln(measured / modeled) TTFT; NaN: not measured."""
        return math.log(self.ttft_ms.ratio) if self.ttft_ms else math.nan

    @property
    def throughput_gap(self) -> float:
        """ln(measured / modeled) time per output token of the replica; NaN: not measured."""
        return -math.log(self.output_tok_s.ratio) if self.output_tok_s else self.decode_gap


@dataclass(frozen=True, slots=True)
class Ratios:
    """Measured over modeled times, and the remaining relative error (80%). Arrays (n, b): replicas, batches."""

    throughput: Array
    decode: Array
    first_token: Array
    error_frac: Array
    """Of the throughput."""
    latency_error_frac: Array


@dataclass(frozen=True, slots=True)
class OwnFit:
    """Corrections from the user's benchmarks, and how each compares with the model."""

    comparisons: tuple[OwnComparison, ...]
    used: tuple[tuple[OwnComparison, ReplicaConfig], ...]
    """Those that correct something, with the replica that was measured."""
    model_error_frac: Callable[[ReplicaConfig], float]
    """80th percentile error of the uncorrected model."""
    fitted_error_frac: float
    """The same on GPUs of which many runs were fitted."""

    def ratios(self, configs: Sequence[ReplicaConfig], input_tok: float, output_tok: float, batch: Array) -> Ratios:
        """Ratios (n, b) of each replica at each batch of an attention rank and stage, given as (b,) or (n, b)."""
        at = np.broadcast_to(batch, (len(configs), np.shape(batch)[-1]))
        error = np.broadcast_to(np.log1p([[self.model_error_frac(config)] for config in configs]), at.shape)
        if not self.used:
            ones, error_frac = np.ones(at.shape), np.expm1(error)
            return Ratios(ones, ones, ones, error_frac, error_frac)
        differences = _differences(
            configs, [config for _, config in self.used], self._loads(), at, input_tok, output_tok
        )
        throughput, decode, first = (
            self._applied(figure, differences, like, error)
            for figure, like in (
                ("throughput_gap", STEP_LIKENESS),
                ("decode_gap", STEP_LIKENESS),
                ("first_token_gap", FIRST_TOKEN_LIKENESS),
            )
        )
        return Ratios(
            throughput=np.exp(throughput.log_ratio),
            decode=np.exp(decode.log_ratio),
            first_token=np.exp(first.log_ratio),
            error_frac=np.expm1(throughput.log_range),
            latency_error_frac=np.expm1(decode.log_range),
        )

    def _loads(self) -> Array:
        """(p, 3): logarithms of requests at once, input tokens and output tokens."""
        return np.log([(c.batch, c.measurement.input_tok, c.measurement.output_tok) for c, _ in self.used])

    def _applied(self, figure: str, differences: Differences, like: FigureLikeness, error_log: Array) -> Applied:
        gaps = _clipped([getattr(c, figure) for c, _ in self.used], [_condition(c) for c, _ in self.used])
        own_error_log = math.log1p(self.fitted_error_frac)
        return gaps_applied(gaps, likeness(differences, like), differences.is_model, own_error_log, error_log)

    def applies_to(self, config: ReplicaConfig) -> bool:
        """Whether a benchmark of this model on this GPU was given."""
        return any(config.model is one.model and config.gpu is one.gpu for _, one in self.used)


def fit_own_benchmarks(measurements: Sequence[OwnMeasurement], catalog: Catalog, launch: Launch = "tuned") -> OwnFit:
    """Corrections from the user's benchmarks, of the speed that their launch is modeled with. Raises UnknownId for a model or GPU
    that the catalog does not have."""
    configs = [measured_config(m, catalog) for m in measurements]
    together = zip(measurements, configs, _predict(measurements, configs, catalog, launch), strict=True)
    before = [_compare(m, config, *predicted) for m, config, predicted in together]
    used = tuple((c, config) for c, config in zip(before, configs, strict=True) if not c.problem)
    fitted_ratio = traits_ratio("tok_s", frozenset(("vllm", SEVERAL_GPUS)), catalog)
    fitted = OwnFit(tuple(before), used, lambda c: range_ratio("tok_s", c, catalog) - 1, fitted_ratio - 1)
    after = tuple(_after(c, config, fitted) for c, config in zip(before, configs, strict=True))
    return replace(fitted, comparisons=after)


def measured_config(m: OwnMeasurement, catalog: Catalog) -> ReplicaConfig:
    """The replica that was measured, as a fleet's would be modeled. Raises UnknownId."""
    return ReplicaConfig(catalog.model(m.model), catalog.gpu(m.gpu), m.precision, m.tensor_parallel)


@dataclass(frozen=True, slots=True)
class _Modeled:
    """One prediction of a replica: output tok/s of all its GPUs, times in ms; None where not defined."""

    tok_s: float | None
    ttft_ms: float | None
    tpot_ms: float | None
    room: float
    """Requests whose KV caches fit at once."""


def _predict(
    measurements: Sequence[OwnMeasurement], configs: Sequence[ReplicaConfig], catalog: Catalog, launch: Launch
) -> list[tuple[_Modeled, _Modeled, _Modeled]]:
    """Three predictions per benchmark: of the run as it was sent, of steps at its number of requests, and of as many
    requests as fit."""
    points = [
        BenchmarkConfig(
            config=config,
            kind=kind,
            input_tok=m.input_tok,
            output_tok=m.output_tok,
            batch=math.nan if batch is None else batch,
            request_rate=m.request_rate_req_s or math.inf,
            batch_cap=float(MAX_BATCH),
            requests=math.inf,
            lengths="untold",
            doubts=(),
            launch=launch,
        )
        for m, config in zip(measurements, configs, strict=True)
        for kind, batch in _runs(m)
    ]
    if not points:
        return []
    rates = predict_rates(replica_arrays([p.config for p in points], catalog), points)
    launched = np.ones(len(points))
    if launch == "as_shipped":
        at_once = np.fmin(np.fmin([p.batch for p in points], rates.room), [p.batch_cap for p in points])
        ramp = catalog.launches.ramp([p.config.engine for p in points], [p.config.gpu for p in points])
        launched = ramp.at(at_once[:, None])[:, 0]
    rates = replace(rates, output_tok_s_per_gpu=rates.output_tok_s_per_gpu * launched, tpot_s=rates.tpot_s / launched)
    every = _modeled(rates, points)
    return list(zip(every[::3], every[1::3], every[2::3], strict=True))


def _runs(m: OwnMeasurement) -> tuple[tuple[ArrivalKind, float | None], ...]:
    """Arrival mode and number of requests at once of the three predictions."""
    at_once = _at_once(m)
    sent: tuple[ArrivalKind, float | None] = ("saturated", at_once)
    if m.load == "clients":
        return ("closed", at_once), ("closed", at_once), ("saturated", None)
    return ("open", None) if m.load == "rate" else sent, sent, ("saturated", None)


def _at_once(m: OwnMeasurement) -> float | None:
    """Requests at once, as stated or by Little's law: requests/s x output tokens x TPOT; None: neither is known."""
    if m.concurrency_count is not None or not m.request_rate_req_s or not m.tpot_ms:
        return m.concurrency_count
    return m.request_rate_req_s * m.output_tok * m.tpot_ms / 1e3


def _modeled(rates: PredictedRates, points: Sequence[BenchmarkConfig]) -> list[_Modeled]:
    columns = (rates.output_tok_s_per_gpu, rates.ttft_s * 1e3, rates.tpot_s * 1e3, rates.room)
    return [
        _Modeled(_known(per_gpu * point.config.gpus_count), _known(ttft), _known(tpot), room)
        for point, per_gpu, ttft, tpot, room in zip(points, *(column.tolist() for column in columns), strict=True)
    ]


def _known(value: float) -> float | None:
    return value if math.isfinite(value) and value > 0 else None


def _compare(m: OwnMeasurement, config: ReplicaConfig, run: _Modeled, step: _Modeled, most: _Modeled) -> OwnComparison:
    """Benchmark against its predictions. TTFT is left out where it is the length of a queue, and throughput where it is
    only what was sent."""
    if run.room <= 0:
        problem = f"the weights do not fit on {config.gpus_count}× {config.gpu.name}"
        return OwnComparison(m, None, None, None, problem=problem)
    modeled = (m.request_rate_req_s or math.inf) * m.output_tok * (run.tpot_ms or math.inf) / 1e3
    at_once = (_at_once(m) or modeled) if _keeps_up(m) else math.inf
    queued = m.load == "full" or not _keeps_up(m) or (m.load == "clients" and at_once > run.room)
    figures = {"clients": run, "full": step if m.concurrency_count else most, "rate": most}
    tok_s = _gap(figures[m.load].tok_s, m.tok_s)
    shows_no_limit = tok_s is not None and m.load == "rate" and _keeps_up(m) and tok_s.ratio < 1
    ttft = _gap(None if queued else run.ttft_ms, m.ttft_ms)
    unused = (
        *([_QUEUE_TTFT if queued else _UNSTABLE_TTFT] if m.ttft_ms and ttft is None else []),
        *([_NO_LIMIT] if shows_no_limit else []),
    )
    tpot = _gap(step.tpot_ms, m.tpot_ms)
    tok_s = None if shows_no_limit else tok_s
    nothing = tpot is None and ttft is None and tok_s is None
    problem = "; ".join(unused) or "the model predicts none of its figures"
    batch = max(min(at_once, run.room, MAX_BATCH if math.isinf(at_once) else math.inf), 1.0)
    return OwnComparison(
        measurement=m,
        tpot_ms=tpot,
        ttft_ms=ttft,
        output_tok_s=tok_s,
        batch=batch,
        unused=unused,
        problem=problem if nothing else "",
    )


def _keeps_up(m: OwnMeasurement) -> bool:
    """Whether as many requests were answered as were sent, as far as is known."""
    sent, tok_s = m.request_rate_req_s, m.tok_s
    return m.load != "rate" or not sent or not tok_s or tok_s >= KEPT_UP_FRAC * sent * m.output_tok


def _gap(predicted: float | None, measured: float | None) -> Gap | None:
    return Gap(predicted, measured, predicted) if predicted and measured else None


def _condition(c: OwnComparison) -> tuple[object, ...]:
    """Configuration and load: equal for repeated runs."""
    m = c.measurement
    return m.model, m.gpu, m.precision, m.tensor_parallel, m.input_tok, m.output_tok, c.batch


def _clipped(gaps: Sequence[float], conditions: Sequence[tuple[object, ...]]) -> Array:
    """Gaps (p,), those of three or more repeated runs clipped around their median: one broken run then counts little."""
    values, reach = np.array(gaps, dtype=float), math.log(_OUTLIER_RATIO)
    for condition in set(conditions):
        same = np.array([one == condition for one in conditions]) & np.isfinite(values)
        if same.sum() >= 3:
            middle = np.median(values[same])
            values[same] = np.clip(values[same], middle - reach, middle + reach)
    return values


def _differences(
    configs: Sequence[ReplicaConfig],
    measured: Sequence[ReplicaConfig],
    loads: Array,
    batch: Array,
    input_tok: float,
    output_tok: float,
) -> Differences:
    """Differences between replicas at batches (n, b) and the measured ones, at loads (p, 3)."""

    def differ(of: Callable[[ReplicaConfig], object]) -> Array:
        theirs = [of(one) for one in measured]
        return np.array([[of(config) != one for one in theirs] for config in configs], dtype=float)[:, None, :]

    ranks = np.array([[c.attention_ranks * c.pipeline_stages] for c in configs])
    target = np.stack(np.broadcast_arrays(np.log(batch * ranks), math.log(input_tok), math.log(output_tok)), axis=-1)
    return Differences(
        load=np.abs(target[:, :, None, :] - loads),
        is_split=differ(lambda c: (c.tensor_parallel, c.attention_ranks, c.pipeline_stages)),
        is_precision=differ(lambda c: c.precision),
        is_model=differ(lambda c: c.model.id),
        is_gpu=differ(lambda c: c.gpu.id),
    )


def _after(c: OwnComparison, config: ReplicaConfig, fitted: OwnFit) -> OwnComparison:
    """Comparison with the corrected model's figures at the same point."""
    m = c.measurement
    if c.problem:
        return c
    r = fitted.ratios([config], m.input_tok, m.output_tok, np.array([c.batch]))
    throughput, decode, first = (float(ratio[0, 0]) for ratio in (r.throughput, r.decode, r.first_token))
    return replace(
        c,
        tpot_ms=_corrected(c.tpot_ms, decode),
        ttft_ms=_corrected(c.ttft_ms, first),
        output_tok_s=_corrected(c.output_tok_s, 1 / throughput),
    )


def _corrected(gap: Gap | None, ratio: float) -> Gap | None:
    return Gap(gap.predicted, gap.measured, gap.predicted * ratio) if gap else None
