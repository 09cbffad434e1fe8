"""How much a benchmark of the user's own server says of another load, another configuration and another model.

A gap is ln(measured / modeled). Part of it is the model's own error, which is peculiar to a configuration and a load; what
lies beyond that error comes from the server itself (its launch, its software, how it was measured), and its siblings share
it. Of benchmarks with gaps g, at a target that is as like them as k:

    likeness  k = configuration's share x (l + (1 - l) exp(-sum of slope x distance))     distance in ln(load)
    weight    w = k / (1 - k)              infinite at the benchmark itself, which is therefore met
    trust     T = 1 - product of (1 - k)   1 at the benchmark itself
    gap       g = mean of g weighted by w
    own       e = g within +-E, the model's error on GPUs that were fitted; the rest x = g - e is the server's
    applied   a = T e + S x                S: 1 for the measured model, `OTHER_MODEL_FRAC` for others on that GPU
    range     R = E sqrt(1 - (1 - r^2) T^2) + (1 - S) (M - E) + (1 - T) |x| / 2
              r: `MEASURED_ERROR_FRAC`     M: the model's error on this GPU, which is wider where few runs were fitted

Constants of k are rounded from fits on published runs (those of TTFT on half of the models each, which agreed); the gain hardly
depends on them (`tools/own_calibration_trial.py`). Published runs hold no gap of several times, so that S and the widening by
x are assumptions.
"""

from typing import NamedTuple

import numpy as np

from calculators.scenario.demand import Array

OTHER_MODEL_FRAC = 0.7
"""Share of what lies beyond the model's error that other models on the measured GPU take over."""
MEASURED_ERROR_FRAC = 0.3
"""Share of the model's error that remains at a measured point: no run is repeated exactly. What sqrt(1 - T^2) adds to it held
80% of published runs of one configuration, at every distance in load."""
_NEARLY_ONE = 1 - 1e-9


class FigureLikeness(NamedTuple):
    """How like two operating points are in one figure."""

    lasting_frac: float
    """What is left at any distance in load."""
    slopes: tuple[float, float, float]
    """Per unit of ln(concurrency), ln(input tokens) and ln(output tokens)."""
    split_frac: float
    """Of another number of GPUs per replica, or another layout."""
    precision_frac: float
    """Of another weight precision."""
    model_frac: float
    """Of another model on the same GPU."""


STEP_LIKENESS = FigureLikeness(0.25, (0.22, 0.07, 0.10), 0.45, 0.25, 0.05)
"""Of decode steps and of throughput."""
FIRST_TOKEN_LIKENESS = FigureLikeness(0.5, (0.2, 1.0, 0.04), 0.6, 0.5, 0.05)


class Differences(NamedTuple):
    """How targets differ from benchmarks. Arrays (n, b, p) or broadcastable to it: replicas, batches, benchmarks."""

    load: Array
    """(n, b, p, 3) distances in ln(concurrency), ln(input tokens), ln(output tokens)."""
    is_split: Array
    is_precision: Array
    is_model: Array
    is_gpu: Array


class Applied(NamedTuple):
    """What benchmarks change at each target, arrays (n, b)."""

    log_ratio: Array
    """ln(measured / modeled) time that is applied."""
    log_range: Array
    """Half width of the 80% range around the corrected figure, as a logarithm."""


def likeness(differences: Differences, figure: FigureLikeness) -> Array:
    """Likeness (n, b, p) of each benchmark to each target, from 0 to 1; 0 on another GPU."""
    d = differences
    near = np.exp(-(d.load @ np.array(figure.slopes)))
    at_load = figure.lasting_frac + (1 - figure.lasting_frac) * near
    shares = [(d.is_split, figure.split_frac), (d.is_precision, figure.precision_frac), (d.is_model, figure.model_frac)]
    return np.asarray(
        at_load * np.prod([np.where(is_other, share, 1.0) for is_other, share in shares], 0) * (1 - d.is_gpu)
    )


def gaps_applied(gaps: Array, like: Array, is_model: Array, own_error_log: float, error_log: Array) -> Applied:
    """What benchmarks with `gaps` (p,), NaN: not measured, change at targets as like as `like` (n, b, p).

    `is_model` (n, b, p): 1 for another model. `own_error_log`: the model's error E; `error_log` (n, b): its error M on each
    GPU. Monotone in each gap: a faster benchmark never slows any target.
    """
    known = np.isfinite(gaps)
    if not known.any():
        return Applied(np.zeros(error_log.shape), error_log)
    k, gap = like[..., known], gaps[known]
    weight = k / (1 - np.minimum(k, _NEARLY_ONE))
    share = np.where(weight.sum(-1, keepdims=True) > 0, weight / np.maximum(weight.sum(-1, keepdims=True), 1e-300), 0.0)
    mean = share @ gap
    spread = np.sqrt(np.maximum(share @ gap**2 - mean**2, 0.0))
    trust = 1 - np.prod(1 - k, axis=-1)
    own = np.clip(mean, -own_error_log, own_error_log)
    beyond = mean - own
    taken = (share * np.where(is_model[..., known], OTHER_MODEL_FRAC, 1.0)).sum(-1)
    left = own_error_log * np.sqrt(1 - (1 - MEASURED_ERROR_FRAC**2) * trust**2)
    wider = (1 - taken) * np.maximum(error_log - own_error_log, 0.0) + (1 - trust) * np.abs(beyond) / 2
    return Applied(trust * own + taken * beyond, np.maximum(left + wider, _P80_SIGMA * spread))


_P80_SIGMA = 1.2816  # two-sided 80% interval of a normal distribution
