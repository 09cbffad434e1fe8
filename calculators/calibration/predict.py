"""Predicted throughput and latency of benchmark runs: `python -m calculators throughput POINTS.csv`.

One row is one run of an inference engine. Only its configuration is read; an empty cell means unknown. A row that cannot
be predicted is reported with the reason, never dropped.
"""

import csv
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from calculators.calibration.arrival_modes import BenchmarkConfig, Doubt, DoubtCode, PredictedRates, predict_rates
from calculators.calibration.configurations import PREDICTION_COLUMNS, PredictionStatus, parse_point
from calculators.calibration.pool_runs import pool_rates, with_drafts
from calculators.catalog.catalog import Catalog
from calculators.errors import DataError
from calculators.performance.replica import replica_arrays
from calculators.units import percent

CACHE_LIMIT_FRAC = 0.45
"""Share of the KV cache from which TTFT is extrapolated: above it TTFT of held-out runs was off by more than 3x in one of
five runs, below it in one of seventy."""


@dataclass(frozen=True, slots=True)
class Prediction:
    """Prediction of one row. Throughput in output tok/s per GPU, times in ms; None where not predicted."""

    row: str
    output_tok_s_per_gpu: float | None
    ttft_ms: float | None
    tpot_ms: float | None
    status: PredictionStatus
    reason: str
    """Why it is extrapolated or unsupported; empty: neither."""
    doubts: tuple[DoubtCode, ...] = ()


def _unsupported(row: str, reason: str) -> Prediction:
    return Prediction(
        row=row, output_tok_s_per_gpu=None, ttft_ms=None, tpot_ms=None, status="unsupported", reason=reason
    )


def write_predictions(path: Path, predictions: Iterable[Prediction]) -> None:
    """Writes a CSV of predictions, one line each, in their order. Raises DataError when the file cannot be written."""
    try:
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(PREDICTION_COLUMNS)
            for p in predictions:
                numbers = (
                    f"{value:.6g}" if value is not None else ""
                    for value in (p.output_tok_s_per_gpu, p.ttft_ms, p.tpot_ms)
                )
                writer.writerow([p.row, *numbers, p.status, p.reason])
    except OSError as error:
        raise DataError(f"{path.name}: cannot be written ({error.strerror}); choose another file") from None


def predict(rows: Sequence[Mapping[str, str]], catalog: Catalog) -> list[Prediction]:
    """Predictions of all rows, in their order."""
    parsed = [parse_point(row, catalog) for row in rows]
    points = [p for p in parsed if isinstance(p, BenchmarkConfig)]
    answers = iter(_answers(points, catalog))
    return [
        _prediction(row.get("row") or str(number), p, next(answers))
        if isinstance(p, BenchmarkConfig)
        else _unsupported(row.get("row") or str(number), p)
        for number, (row, p) in enumerate(zip(rows, parsed, strict=True), start=1)
    ]


def _answers(points: Sequence[BenchmarkConfig], catalog: Catalog) -> list[tuple[float, float, float, float]]:
    """Throughput per GPU, TTFT, TPOT and room of each run."""
    answers = np.full((len(points), 4), np.nan)
    apart = np.array([p.pools is not None for p in points], dtype=bool)
    drafted = np.array([p.draft_tok > 0 for p in points], dtype=bool) & ~apart
    for chosen, rates_of in ((apart, pool_rates), (drafted, _drafted), (~apart & ~drafted, _plain)):
        some = [point for point, is_chosen in zip(points, chosen.tolist(), strict=True) if is_chosen]
        if some:
            rates = rates_of(some, catalog)
            answers[chosen] = np.stack([rates.output_tok_s_per_gpu, rates.ttft_s, rates.tpot_s, rates.room], axis=1)
    return [(output, ttft, tpot, room) for output, ttft, tpot, room in answers.tolist()]


def _plain(points: Sequence[BenchmarkConfig], catalog: Catalog) -> PredictedRates:
    return predict_rates(replica_arrays([p.config for p in points], catalog), points)


def _drafted(points: Sequence[BenchmarkConfig], catalog: Catalog) -> PredictedRates:
    m = replica_arrays([p.config for p in points], catalog)
    return with_drafts(predict_rates(m, points), m, points, catalog)


def _prediction(name: str, point: BenchmarkConfig, answer: tuple[float, float, float, float]) -> Prediction:
    output, ttft, tpot, room = answer
    if room <= 0:
        return _unsupported(name, f"the weights do not fit on {point.config.gpus_count}× {point.config.gpu.name}")
    doubts = (*point.doubts, *_room_doubts(point, room))
    return Prediction(
        row=name,
        output_tok_s_per_gpu=_known(output),
        ttft_ms=_known(ttft, 1e3),
        tpot_ms=_known(tpot, 1e3),
        status="extrapolated" if doubts else "ok",
        reason="; ".join(doubt.text for doubt in doubts),
        doubts=tuple(doubt.code for doubt in doubts),
    )


def _room_doubts(point: BenchmarkConfig, room: float) -> Iterable[Doubt]:
    """Doubts near the end of the KV cache's room, where settings of the engine decide who waits and for how long."""
    if room < 1:
        yield Doubt("kv_cache_short", "the KV cache of one request does not quite fit")
    elif point.pools is None and point.kind in ("closed", "static") and point.batch > CACHE_LIMIT_FRAC * room:
        yield Doubt("kv_cache_nearly_full", f"the batch fills more than {percent(CACHE_LIMIT_FRAC)} of the KV cache")


def _known(value: float, factor: float = 1.0) -> float | None:
    return value * factor if math.isfinite(value) else None
