"""Predictions for a list of measured or planned configurations: `python -m calculators throughput POINTS.csv`.

One row is one run of an inference engine. Only its configuration is read; a blank cell means unknown. A row that cannot
be predicted is reported with the reason, never dropped.
"""

import csv
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from calculators.calibration.arrival_modes import BenchmarkConfig, predict_rates
from calculators.calibration.configurations import COLUMNS, PredictionStatus, parse_point
from calculators.catalog.catalog import Catalog
from calculators.errors import DataError
from calculators.performance.replica import replica_arrays

CACHE_LIMIT_FRAC = 0.45
"""Beyond it the time to first token of left-out runs was off by more than 3x in one of five, below in one of seventy."""


@dataclass(frozen=True, slots=True)
class Prediction:
    """One line of the answer; times in milliseconds, as in the question. None: not predicted."""

    row: str
    output_tok_s_per_gpu: float | None
    ttft_ms: float | None
    tpot_ms: float | None
    status: PredictionStatus
    reason: str


def write_predictions(path: Path, predictions: Iterable[Prediction]) -> None:
    """One line for each prediction, in their order. Raises DataError."""
    try:
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(COLUMNS)
            for p in predictions:
                numbers = (
                    f"{value:.6g}" if value is not None else ""
                    for value in (p.output_tok_s_per_gpu, p.ttft_ms, p.tpot_ms)
                )
                writer.writerow([p.row, *numbers, p.status, p.reason])
    except OSError as error:
        raise DataError(f"{path.name}: cannot be written: {error.strerror}") from None


# --- one row's configuration ---------------------------------------------------------------------------------------


def predict(rows: Sequence[Mapping[str, str]], catalog: Catalog) -> list[Prediction]:
    """One prediction for each row, in the order of the rows."""
    parsed = [parse_point(row, catalog) for row in rows]
    points = [p for p in parsed if isinstance(p, BenchmarkConfig)]
    answers = iter(_answers(points, catalog))
    return [
        _prediction(row.get("row") or str(number), p, next(answers))
        if isinstance(p, BenchmarkConfig)
        else Prediction(row.get("row") or str(number), None, None, None, "unsupported", p)
        for number, (row, p) in enumerate(zip(rows, parsed, strict=True), start=1)
    ]


def _answers(points: Sequence[BenchmarkConfig], catalog: Catalog) -> list[tuple[float, float, float, float]]:
    if not points:
        return []
    a = predict_rates(replica_arrays([p.config for p in points], catalog), points)
    return list(zip(*(x.tolist() for x in (a.output_tok_s_per_gpu, a.ttft_s, a.tpot_s, a.room)), strict=True))


def _prediction(name: str, point: BenchmarkConfig, answer: tuple[float, float, float, float]) -> Prediction:
    output, ttft, tpot, room = answer
    if room <= 0:
        config = point.config
        return Prediction(
            name, None, None, None, "unsupported", f"the weights do not fit on {config.gpus_count}x {config.gpu.name}"
        )
    doubts = (*point.doubts, *_room_doubts(point, room))
    status: PredictionStatus = "extrapolated" if doubts else "ok"
    return Prediction(name, _known(output), _known(ttft, 1e3), _known(tpot, 1e3), status, "; ".join(doubts))


def _room_doubts(point: BenchmarkConfig, room: float) -> Iterable[str]:
    """Near the end of the cache's room the engine's settings decide who waits and for how long."""
    if room < 1:
        yield "the cache of one request does not quite fit"
    elif point.kind in ("closed", "static") and point.batch > CACHE_LIMIT_FRAC * room:
        yield f"the requests at once fill more than {CACHE_LIMIT_FRAC:.0%} of the cache"


def _known(value: float, factor: float = 1.0) -> float | None:
    return value * factor if math.isfinite(value) else None
