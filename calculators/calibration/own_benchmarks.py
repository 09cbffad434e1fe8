"""Correcting the speed model by benchmarks of one's own servers.

Each benchmark gives two ratios of measured to modelled time: of a decoding step (TPOT) and of the first token (TTFT). One
does not stand for the other: on published runs the TPOT ratio says nothing about TTFT. They apply to the measured model
on the measured GPU, the more the nearer an operating point is to the benchmark's:

    closeness k = exp(-sum of slope x distance)      requests at once, lengths, parallelism, format
    trust     T = 1 - product of (1 - k)             1 at the point that was measured
    ratio       = exp(T x mean of the logarithms, weighted by k)

Another model on the same GPU is left alone: on published runs, carrying a TPOT ratio over gained nothing and, carried
over whole, made the error larger. (TTFT gained a little, but that was a bias of the model, for its own fit to remove.)
`tools/own_calibration_trial.py` fits the slopes on published runs and prints what a user's few benchmarks gain.
"""

import math
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from calculators.calibration.predict import Prediction, predict
from calculators.catalog.base import Precision
from calculators.catalog.catalog import Catalog
from calculators.catalog.hardware import Gpu
from calculators.errors import DataError
from calculators.logs.benchmark_fields import Measured
from calculators.performance.replica import ReplicaConfig, replica_arrays
from calculators.performance.step_time import largest_batch
from calculators.scenario.demand import Array
from calculators.scenario.schema import OwnMeasurement, parse_measurement
from calculators.units import milliseconds, percent, printable, significant

SLOPES: Array = np.array([0.6, 0.2, 0.2, 0.5, 1.0])
"""Per unit of ln(requests at once), ln(input), ln(output), ln(GPUs of the replica), and for another weight format."""
OUTLIER_RATIO = 3.0
"""A ratio further than this from the median of its model and GPU counts as that far only."""
TRUSTED_ERROR_SHARE = 0.6
"""What is left of the model's error near a measured point, on published runs: 19% of 32% at the 80th percentile."""
P80_SIGMA = 1.2816  # two-sided 80% of a normal distribution
FORMAT_WORDS: dict[str, Precision] = {
    **{"nvfp4": "nvfp4", "mxfp4": "mxfp4", "fp8": "fp8"},
    **{"w8a8": "int8", "int8": "int8", "awq": "int4", "gptq": "int4", "w4a16": "int4", "int4": "int4"},
}
KEPT_UP_FRAC = 0.9  # of the offered requests; below it, the time to the first token is the length of a queue


@dataclass(frozen=True, slots=True)
class Gap:
    """One figure, as modelled and as measured; after: as modelled with all corrections, this one's included."""

    predicted: float
    measured: float
    after: float

    @property
    def ratio(self) -> float:
        return self.measured / self.predicted


@dataclass(frozen=True, slots=True)
class OwnComparison:
    """A benchmark against the model. None: not measured, or not defined for such a run."""

    measurement: OwnMeasurement
    tpot_ms: Gap | None
    ttft_ms: Gap | None
    output_tok_s: Gap | None
    problem: str = ""
    """Why nothing could be compared; empty: something was."""


@dataclass(frozen=True, slots=True)
class Ratios:
    """Measured over modelled times, and the relative error (80th percentile) left. Arrays (n, b): set-ups, batches."""

    decode: Array
    first_token: Array
    error_frac: Array


@dataclass(frozen=True, slots=True)
class _Points:
    """The benchmarks of one model on one GPU. Arrays (p,)."""

    where: Array
    """(p, 4): logarithms of requests at once, input, output and GPUs of the replica."""
    precisions: tuple[Precision, ...]
    decode: Array
    """ln(measured / modelled); NaN: not measured."""
    first_token: Array


@dataclass(frozen=True, slots=True)
class OwnFit:
    """What own benchmarks change."""

    comparisons: tuple[OwnComparison, ...]
    points: dict[tuple[str, str], _Points]
    """By ids of model and GPU."""
    model_error_frac: Callable[[Gpu], float]

    def ratios(self, configs: Sequence[ReplicaConfig], input_tok: float, output_tok: float, batch: Array) -> Ratios:
        """For each set-up (n) at each batch (b,) or (n, b)."""
        at = np.broadcast_to(batch, (len(configs), np.shape(batch)[-1]))
        error_frac = {key: self.model_error_frac(gpu) for key, gpu in {id(c.gpu): c.gpu for c in configs}.items()}
        modeled = np.broadcast_to([[error_frac[id(c.gpu)]] for c in configs], at.shape)
        found = Ratios(np.ones(at.shape), np.ones(at.shape), modeled.copy())
        for i, config in enumerate(configs if self.points else ()):
            points, model_error_frac = self.points.get((config.model.id, config.gpu.id)), error_frac[id(config.gpu)]
            if points is not None:
                rest = np.log([input_tok, output_tok, config.gpus_count])
                target = np.column_stack([np.log(at[i]), np.tile(rest, (at.shape[1], 1))])
                close = _closeness(points, target, config.precision)
                found.decode[i], trust, spread = _blend(points.decode, close)
                found.first_token[i] = _blend(points.first_token, close)[0]
                left = model_error_frac * (1 - (1 - TRUSTED_ERROR_SHARE) * trust**2)
                found.error_frac[i] = np.maximum(left, np.exp(P80_SIGMA * spread) - 1)
        return found

    def applies_to(self, config: ReplicaConfig) -> bool:
        return (config.model.id, config.gpu.id) in self.points


def fit(measurements: Sequence[OwnMeasurement], catalog: Catalog) -> OwnFit:
    """Raises UnknownId when a measurement names a model or GPU that the catalog does not hold."""
    configs = [_setup(m, catalog) for m in measurements]
    together = zip(measurements, configs, _predict(measurements, catalog), strict=True)
    before = [_compare(m, _room(m, config, catalog), *predicted) for m, config, predicted in together]
    grouped: dict[tuple[str, str], list[OwnComparison]] = {}
    for comparison in before:
        m = comparison.measurement
        if not comparison.problem:
            grouped.setdefault((catalog.model(m.model).id, catalog.gpu(m.gpu).id), []).append(comparison)
    points = {key: _points(group) for key, group in grouped.items()}
    bare = OwnFit((), points, lambda gpu: catalog.range_ratio("tpot_ms", gpu) - 1)
    return OwnFit(tuple(_after(c, bare, catalog) for c in before), points, bare.model_error_frac)


# --- measured against modelled -------------------------------------------------------------------------------------


def _predict(measurements: Sequence[OwnMeasurement], catalog: Catalog) -> list[tuple[Prediction, Prediction]]:
    """The step at so many requests at once, and the whole run by the way its requests arrived."""
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
    found = predict(rows, catalog)
    return list(zip(found[::2], found[1::2], strict=True))


def _setup(m: OwnMeasurement, catalog: Catalog) -> ReplicaConfig:
    return ReplicaConfig(catalog.model(m.model), catalog.gpu(m.gpu), m.precision, m.tensor_parallel)


def _room(m: OwnMeasurement, config: ReplicaConfig, catalog: Catalog) -> float:
    """Requests whose caches fit at once; more clients than that queue."""
    lengths = np.asarray(m.input_tok), np.asarray(m.output_tok)
    return float(largest_batch(replica_arrays([config], catalog), *lengths, np.inf)[0, 0])


def _compare(m: OwnMeasurement, room: float, step: Prediction, run: Prediction) -> OwnComparison:
    """The time to the first token is left out where it is the length of a queue."""
    modelled_tok_s = step.output_tok_s_per_gpu
    modelled_tok_s = modelled_tok_s * m.tensor_parallel if modelled_tok_s and m.arrival == "closed" else None
    queued = m.concurrency_count > room or (m.arrival == "open" and m.request_rate_req_s is None)
    tpot, ttft = _gap(step.tpot_ms, m.tpot_ms), _gap(None if queued else run.ttft_ms, m.ttft_ms)
    tok_s = _gap(modelled_tok_s, m.output_tok_s)
    problem = step.reason if step.status == "unsupported" else ""
    if not problem and tpot is None and ttft is None and tok_s is None:
        problem = "the model predicts none of the figures that it gives"
    return OwnComparison(m, tpot, ttft, tok_s, problem)


def _gap(predicted: float | None, measured: float | None) -> Gap | None:
    return Gap(predicted, measured, predicted) if predicted and measured else None


def _points(group: Sequence[OwnComparison]) -> _Points:
    measured = [c.measurement for c in group]
    where = [(m.concurrency_count, m.input_tok, m.output_tok, float(m.tensor_parallel)) for m in measured]
    return _Points(
        where=np.log(np.array(where)),
        precisions=tuple(m.precision for m in measured),
        decode=_calmed([_decode_log(c) for c in group]),
        first_token=_calmed([math.log(c.ttft_ms.ratio) if c.ttft_ms else math.nan for c in group]),
    )


def _decode_log(c: OwnComparison) -> float:
    """From TPOT; where only tokens a second were measured, from those."""
    if c.tpot_ms is not None:
        return math.log(c.tpot_ms.ratio)
    return -math.log(c.output_tok_s.ratio) if c.output_tok_s is not None else math.nan


def _calmed(logs: Sequence[float]) -> Array:
    """Outliers pulled in: with three or more, one broken run cannot carry the others away."""
    values = np.array(logs, dtype=float)
    if np.isfinite(values).sum() < 3:
        return values
    middle, reach = float(np.nanmedian(values)), math.log(OUTLIER_RATIO)
    return np.asarray(np.clip(values, middle - reach, middle + reach))


def _closeness(points: _Points, target: Array, precision: Precision) -> Array:
    """(b, p): how much each benchmark says about each target (b, 4)."""
    distance = np.abs(target[:, None, :] - points.where[None, :, :]) @ SLOPES[:4]
    other_format = np.array([p != precision for p in points.precisions], dtype=float)
    return np.asarray(np.exp(-(distance + SLOPES[4] * other_format)))


def _blend(logs: Array, close: Array) -> tuple[Array, Array, Array]:
    """Ratio, trust and spread (of the logarithms) at each target (b,)."""
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
    """The comparison with what the corrected model says at the same point."""
    m = c.measurement
    if c.problem:
        return c
    ratios = fitted.ratios([_setup(m, catalog)], m.input_tok, m.output_tok, np.array([m.concurrency_count]))
    decode, first = float(ratios.decode[0, 0]), float(ratios.first_token[0, 0])
    return OwnComparison(
        m, _corrected(c.tpot_ms, decode), _corrected(c.ttft_ms, first), _corrected(c.output_tok_s, 1 / decode)
    )


def _corrected(gap: Gap | None, ratio: float) -> Gap | None:
    return Gap(gap.predicted, gap.measured, gap.predicted * ratio) if gap else None


# --- from a file ---------------------------------------------------------------------------------------------------


def own_measurement(run: Measured, model: str, gpu: str, precision: str, tensor_parallel: int) -> OwnMeasurement:
    """A run with what its file does not say. Raises DataError when it cannot be compared with any prediction."""
    for field, value in (("input tokens", run.input_tok), ("output tokens", run.output_tok)):
        if value is None:
            raise DataError(f"{run.name}: gives no {field} for a request; save the complete result")
    at_once, arrival = _at_once(run)
    queued = run.arrival == "all_at_once" or (
        run.arrival == "open" and run.served_req_s < KEPT_UP_FRAC * (run.request_rate_req_s or 0.0)
    )
    return parse_measurement(
        {
            "source": printable(run.name)[-160:],
            "measured_on": run.measured_on,
            "tool": run.tool,
            "engine": (run.engine or "")[:60],
            "engine_version": (run.engine_version or "")[:60],
            **{"model": model, "gpu": gpu, "precision": precision, "tensor_parallel": tensor_parallel},
            **{"input_tok": run.input_tok, "output_tok": run.output_tok},
            **{"arrival": arrival, "concurrency_count": at_once},
            "request_rate_req_s": run.served_req_s if arrival == "open" and not queued else None,
            "ttft_ms": None if queued else run.ttft.mean_ms or run.ttft.median_ms,
            "tpot_ms": run.tpot.mean_ms or run.tpot.median_ms,
            "output_tok_s": run.output_tok_s,
        }
    )


def _at_once(run: Measured) -> tuple[float, str]:
    """Requests at once, and how they came. Little's law where the file has no number of clients: output tokens a
    second x seconds a token = requests that were decoding."""
    if run.arrival == "closed" and run.concurrency_count:
        return min(run.concurrency_count, float(run.completed_count)), "closed"
    tpot_ms = run.tpot.mean_ms or run.tpot.median_ms
    if run.output_tok_s and tpot_ms:
        return max(run.output_tok_s * tpot_ms / 1e3, 1.0), "open"
    if run.in_flight_count:
        return max(run.in_flight_count, 1.0), "open"
    raise DataError(
        f"{run.name}: says neither how many requests ran at once nor a time per output token, so no prediction can be "
        "put beside it; measure with a fixed number of clients, for example --max-concurrency 32"
    )


def guess_model(run: Measured, catalog: Catalog) -> str | None:
    """The catalog's id of the model that the file names, if it is certain."""
    name = (run.model or "").strip().rstrip("/").lower()
    bare = re.sub(
        r"-(fp8|bf16|fp16|int8|int4|awq|gptq|nvfp4|mxfp4|w8a8|w4a16|dynamic|instruct|it|kv|hf)(?=-|$)", "", name
    )
    for known in (name, bare):
        for short in (known, known.rsplit("/", 1)[-1]):
            if short in catalog.model_by_alias:
                return catalog.model_by_alias[short]
    return None


def guess_precision(run: Measured, native: Precision) -> Precision:
    """The weight format, from the words that checkpoints carry in their names; else as released."""
    name = (run.model or "").lower()
    return next((precision for word, precision in FORMAT_WORDS.items() if word in name), native)


# --- in words ------------------------------------------------------------------------------------------------------


def comparison_sentences(c: OwnComparison) -> list[str]:
    """What was predicted, what was measured, and what is used from here on."""
    if c.problem:
        return [f"Not used: {c.problem}."]
    times = (("a token", c.tpot_ms), ("to the first token", c.ttft_ms))
    found = [_said(what, gap) for what, gap in times if gap is not None]
    tok_s = c.output_tok_s
    if tok_s is not None:
        found.append(
            f"Output tokens a second: predicted {significant(tok_s.predicted)}, measured {significant(tok_s.measured)}"
            + ("." if found else f"; {significant(tok_s.after)} from here on.")
        )
    return found


def _said(what: str, gap: Gap) -> str:
    off = gap.predicted / gap.measured - 1
    told = f"The model predicted {milliseconds(gap.predicted)} {what}, you measured {milliseconds(gap.measured)}"
    if abs(off) < 0.005:
        return f"{told}: as predicted."
    return f"{told}: it was {percent(abs(off))} too {'fast' if off < 0 else 'slow'}; {milliseconds(gap.after)} from here on."


def measurement_conditions(m: OwnMeasurement) -> str:
    """What was measured, in a line."""
    load = (
        f"{m.concurrency_count:,.0f} clients"
        if m.arrival == "closed"
        else f"{m.concurrency_count:,.0f} decoding at once"
    )
    day = f", {m.measured_on}" if m.measured_on else ""
    tool = " ".join(
        word for word in (m.tool, "against" if m.tool and m.engine else "", m.engine, m.engine_version) if word
    )
    return f"{m.input_tok:,.0f} tokens in, {m.output_tok:,.0f} out, {load} ({tool or 'tool not stated'}{day})"
