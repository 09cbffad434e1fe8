"""Benchmarks of one configuration that cannot both be right: their gaps to the model lie further apart than those of
published runs of one configuration do."""

import math
from dataclasses import dataclass
from itertools import combinations
from typing import Literal

import numpy as np

from calculators.calibration.own_benchmarks import OwnComparison, OwnFit
from calculators.calibration.own_likeness import (
    FIRST_TOKEN_LIKENESS,
    STEP_LIKENESS,
    Differences,
    FigureLikeness,
    likeness,
)
from calculators.performance.replica import ReplicaConfig

MeasuredFigure = Literal["tpot", "ttft", "throughput"]
_FIGURES: dict[MeasuredFigure, tuple[str, FigureLikeness, float]] = {
    "tpot": ("decode_gap", STEP_LIKENESS, 1.25),
    "ttft": ("first_token_gap", FIRST_TOKEN_LIKENESS, 2.0),
    "throughput": ("throughput_gap", STEP_LIKENESS, 1.25),
}
"""Attribute of the comparison, likeness between loads, and the ratio that a repeated run may be off by: of published ones,
one of a hundred was, and one of twenty for TTFT."""
_TIMES_ERROR = 5.0
"""How many times the model's error, beside that ratio, runs at other loads may lie apart."""


@dataclass(frozen=True, slots=True)
class OwnContradiction:
    """Two benchmarks that contradict each other in one figure, by their places in the list."""

    first: int
    second: int
    figure: MeasuredFigure
    ratio: float
    """How many times as slow the second is as the first, each against the model at its own load."""


def contradictions(fitted: OwnFit) -> tuple[OwnContradiction, ...]:
    """Every pair of benchmarks that contradict each other, in the first of their figures that does."""
    configs = {id(c.measurement): config for c, config in fitted.used}
    placed = [(n, c, configs[id(c.measurement)]) for n, c in enumerate(fitted.comparisons) if not c.problem]
    every = []
    for (i, one, config), (j, other, other_config) in combinations(placed, 2):
        if _shape(config) == _shape(other_config):
            apart = ((figure, *_apart(one, other, figure, fitted.fitted_error_frac)) for figure in _FIGURES)
            every += [OwnContradiction(i, j, figure, math.exp(gap)) for figure, gap, most in apart if abs(gap) > most][
                :1
            ]
    return tuple(every)


def _shape(config: ReplicaConfig) -> tuple[object, ...]:
    return config.model.id, config.gpu.id, config.precision, config.tensor_parallel


def _apart(one: OwnComparison, other: OwnComparison, figure: MeasuredFigure, error_frac: float) -> tuple[float, float]:
    """How far apart two gaps are, NaN where one is not known, and how far they may be."""
    attribute, like, repeated_ratio = _FIGURES[figure]
    loads = [np.log([c.batch, c.measurement.input_tok, c.measurement.output_tok]) for c in (one, other)]
    no = np.zeros((1, 1, 1))
    k = float(likeness(Differences(np.abs(loads[0] - loads[1])[None, None, None], no, no, no, no), like)[0, 0, 0])
    most = math.hypot(math.log(repeated_ratio), _TIMES_ERROR * math.log1p(error_frac) * math.sqrt(max(1 - k * k, 0.0)))
    return getattr(other, attribute) - getattr(one, attribute), most
