"""Corrections of the speed model by benchmarks of the user's own servers.

Each benchmark gives two ratios of measured to modeled time: of a decode step (TPOT) and of the first token (TTFT). They
are applied separately, because on published runs the TPOT ratio says nothing about TTFT. They apply to the measured model
on the measured GPU, more so the closer an operating point is to the benchmark's:

    closeness k = exp(-sum of slope x distance)      distance in concurrency, lengths, parallelism, precision
    trust     T = 1 - product of (1 - k)             1 at the measured point
    ratio       = exp(T x mean of the logarithms, weighted by k)

Another model on the same GPU is not corrected: on published runs, transferring a TPOT ratio gained nothing and, in full,
made the error larger. (Transferring TTFT gained a little, but that was a bias for the model's own fit to remove.)
`tools/own_calibration_trial.py` fits the slopes on published runs and prints what a user's few benchmarks gain.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from calculators.calibration.predict import Prediction, predict
from calculators.catalog.base import Precision
from calculators.catalog.catalog import Catalog
from calculators.performance.replica import ReplicaConfig, replica_arrays
from calculators.performance.step_time import largest_batch
from calculators.scenario.demand import Array
from calculators.scenario.measurement import OwnMeasurement

SLOPES: Array = np.array([0.6, 0.2, 0.2, 0.5, 1.0])
"""Per unit of ln(concurrency), ln(input), ln(output) and ln(GPUs per replica), and for another weight precision."""
_OUTLIER_RATIO = 3.0
"""Ratios are clipped to this factor around the median of their model and GPU."""
TRUSTED_ERROR_SHARE = 0.6
"""Share of the model's error that remains at a measured point: on published runs 19% of 32% at the 80th percentile."""
_P80_SIGMA = 1.2816  # two-sided 80% interval of a normal distribution


@dataclass(frozen=True, slots=True)
class Gap:
    """One figure as predicted, as measured, and `after` all corrections. ms or output tok/s."""

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
    problem: str = ""
    """Why nothing could be compared; empty: something was compared."""


@dataclass(frozen=True, slots=True)
class Ratios:
    """Measured over modeled times, and the remaining relative error (80th percentile). Arrays (n, b): replicas, batches."""

    decode: Array
    first_token: Array
    error_frac: Array


@dataclass(frozen=True, slots=True)
class _Points:
    """Benchmarks of one model on one GPU. Arrays (p,)."""

    where: Array
    """(p, 4): logarithms of concurrency, input, output and GPUs per replica."""
    precisions: tuple[Precision, ...]
    decode: Array
    """ln(measured / modeled TPOT); NaN: not measured."""
    first_token: Array
    """ln(measured / modeled TTFT); NaN: not measured."""


@dataclass(frozen=True, slots=True)
class OwnFit:
    """Corrections from the user's benchmarks, and how each compares with the model."""

    comparisons: tuple[OwnComparison, ...]
    points: dict[tuple[str, str], _Points]
    """By ids of model and GPU."""
    model_error_frac: Callable[[ReplicaConfig], float]
    """80th percentile error of the uncorrected model."""

    def ratios(self, configs: Sequence[ReplicaConfig], input_tok: float, output_tok: float, batch: Array) -> Ratios:
        """Ratios (n, b) of each replica at each batch, given as (b,) or (n, b)."""
        at = np.broadcast_to(batch, (len(configs), np.shape(batch)[-1]))
        error_frac = {key: self.model_error_frac(gpu) for key, gpu in {id(c.gpu): c.gpu for c in configs}.items()}
        modeled = np.broadcast_to([[error_frac[id(c.gpu)]] for c in configs], at.shape)
        ratios = Ratios(np.ones(at.shape), np.ones(at.shape), modeled.copy())
        for i, config in enumerate(configs if self.points else ()):
            points, model_error_frac = self.points.get((config.model.id, config.gpu.id)), error_frac[id(config.gpu)]
            if points is not None:
                rest = np.log([input_tok, output_tok, config.gpus_count])
                target = np.column_stack([np.log(at[i]), np.tile(rest, (at.shape[1], 1))])
                close = _closeness(points, target, config.precision)
                ratios.decode[i], trust, spread = _blend(points.decode, close)
                ratios.first_token[i] = _blend(points.first_token, close)[0]
                left = model_error_frac * (1 - (1 - TRUSTED_ERROR_SHARE) * trust**2)
                ratios.error_frac[i] = np.maximum(left, np.exp(_P80_SIGMA * spread) - 1)
        return ratios

    def applies_to(self, config: ReplicaConfig) -> bool:
        """Whether a benchmark of this model on this GPU was given."""
        return (config.model.id, config.gpu.id) in self.points


def fit_own_benchmarks(measurements: Sequence[OwnMeasurement], catalog: Catalog) -> OwnFit:
    """Corrections from the user's benchmarks. Raises UnknownId for a model or GPU that the catalog does not have."""
    configs = [_config(m, catalog) for m in measurements]
    together = zip(measurements, configs, _predict(measurements, catalog), strict=True)
    before = [_compare(m, _room(m, config, catalog), *predicted) for m, config, predicted in together]
    grouped: dict[tuple[str, str], list[OwnComparison]] = {}
    for comparison in before:
        m = comparison.measurement
        if not comparison.problem:
            grouped.setdefault((catalog.model(m.model).id, catalog.gpu(m.gpu).id), []).append(comparison)
    points = {key: _points(group) for key, group in grouped.items()}
    bare = OwnFit((), points, lambda config: range_ratio("tok_s", config, catalog) - 1)
    return OwnFit(tuple(_after(c, bare, catalog) for c in before), points, bare.model_error_frac)


def _predict(measurements: Sequence[OwnMeasurement], catalog: Catalog) -> list[tuple[Prediction, Prediction]]:
    """Two predictions per benchmark: of a step at its concurrency, and of the whole run by its arrival mode."""
    rows = []
    for m in measurements:
        common = {
            "model": m.model,
            "gpu": m.gpu,
            "engine": m.engine,
            "weight_dtype": m.precision,
            "tp": str(m.tensor_parallel),
            "n_gpu": str(m.tensor_parallel),
            "isl": repr(m.input_tok),
            "osl": repr(m.output_tok),
        }
        at_once = {**common, "concurrency_or_batch": repr(m.concurrency_count)}
        closed = {**at_once, "scenario": "closed loop"}
        steady = {**at_once, "scenario": "offline"}
        rate = {**common, "scenario": "open loop", "request_rate": repr(m.request_rate_req_s or 1.0)}
        rows += [closed, closed] if m.arrival == "closed" else [steady, rate]
    predictions = predict(rows, catalog)
    return list(zip(predictions[::2], predictions[1::2], strict=True))


def _config(m: OwnMeasurement, catalog: Catalog) -> ReplicaConfig:
    return ReplicaConfig(catalog.model(m.model), catalog.gpu(m.gpu), m.precision, m.tensor_parallel)


def _room(m: OwnMeasurement, config: ReplicaConfig, catalog: Catalog) -> float:
    """Requests whose KV caches fit at once; further clients queue."""
    lengths = np.asarray(m.input_tok), np.asarray(m.output_tok)
    return float(largest_batch(replica_arrays([config], catalog), *lengths, np.inf)[0, 0])


def _compare(m: OwnMeasurement, room: float, step: Prediction, run: Prediction) -> OwnComparison:
    """Benchmark against its predictions. TTFT is left out where it is the length of a queue."""
    modeled_tok_s = step.output_tok_s_per_gpu
    modeled_tok_s = modeled_tok_s * m.tensor_parallel if modeled_tok_s and m.arrival == "closed" else None
    queued = m.concurrency_count > room or (m.arrival == "open" and m.request_rate_req_s is None)
    tpot, ttft = _gap(step.tpot_ms, m.tpot_ms), _gap(None if queued else run.ttft_ms, m.ttft_ms)
    tok_s = _gap(modeled_tok_s, m.output_tok_s)
    problem = step.reason if step.status == "unsupported" else ""
    if not problem and tpot is None and ttft is None and tok_s is None:
        problem = "the model predicts none of its figures"
    return OwnComparison(m, tpot, ttft, tok_s, problem)


def _gap(predicted: float | None, measured: float | None) -> Gap | None:
    return Gap(predicted, measured, predicted) if predicted and measured else None


def _points(group: Sequence[OwnComparison]) -> _Points:
    measured = [c.measurement for c in group]
    where = [(m.concurrency_count, m.input_tok, m.output_tok, float(m.tensor_parallel)) for m in measured]
    return _Points(
        where=np.log(np.array(where)),
        precisions=tuple(m.precision for m in measured),
        decode=_clipped([_decode_log(c) for c in group]),
        first_token=_clipped([math.log(c.ttft_ms.ratio) if c.ttft_ms else math.nan for c in group]),
    )


def _decode_log(c: OwnComparison) -> float:
    """ln(measured / modeled) time of a decode step: from TPOT, else from throughput, else NaN."""
    if c.tpot_ms is not None:
        return math.log(c.tpot_ms.ratio)
    return -math.log(c.output_tok_s.ratio) if c.output_tok_s is not None else math.nan


def _clipped(logs: Sequence[float]) -> Array:
    """Logarithms (p,) clipped around their median, if there are three or more, so that one broken run counts little."""
    values = np.array(logs, dtype=float)
    if np.isfinite(values).sum() < 3:
        return values
    middle, reach = float(np.nanmedian(values)), math.log(_OUTLIER_RATIO)
    return np.asarray(np.clip(values, middle - reach, middle + reach))


def _closeness(points: _Points, target: Array, precision: Precision) -> Array:
    """Closeness (b, p) of each benchmark to each target (b, 4)."""
    distance = np.abs(target[:, None, :] - points.where[None, :, :]) @ SLOPES[:4]
    other_format = np.array([p != precision for p in points.precisions], dtype=float)
    return np.asarray(np.exp(-(distance + SLOPES[4] * other_format)))


def _blend(logs: Array, close: Array) -> tuple[Array, Array, Array]:
    """Ratio, trust and spread of the logarithms at each target, arrays (b,)."""
    known = np.isfinite(logs)
    if not known.any():
        return np.ones(len(close)), np.zeros(len(close)), np.zeros(len(close))
    k, values = close[:, known], logs[known]
    trust = 1 - np.prod(1 - k, axis=1)
    weight = k.sum(axis=1)
    mean = np.divide(k @ values, weight, out=np.zeros(len(k)), where=weight > 0)
    around = np.divide(k @ values**2, weight, out=np.zeros(len(k)), where=weight > 0) - mean**2
    return np.exp(trust * mean), trust, np.sqrt(np.maximum(around, 0.0))


def _after(c: OwnComparison, fitted: OwnFit, catalog: Catalog) -> OwnComparison:
    """Comparison with the corrected model's figures at the same point."""
    m = c.measurement
    if c.problem:
        return c
    ratios = fitted.ratios([_config(m, catalog)], m.input_tok, m.output_tok, np.array([m.concurrency_count]))
    decode, first = float(ratios.decode[0, 0]), float(ratios.first_token[0, 0])
    tpot_ms, ttft_ms = _corrected(c.tpot_ms, decode), _corrected(c.ttft_ms, first)
    return OwnComparison(m, tpot_ms, ttft_ms, _corrected(c.output_tok_s, 1 / decode))


def _corrected(gap: Gap | None, ratio: float) -> Gap | None:
    return Gap(gap.predicted, gap.measured, gap.predicted * ratio) if gap else None
