"""Predictions for a list of measured or planned configurations: `python -m calculators throughput POINTS.csv`.

One row is one run of an inference engine. Only its configuration is read; a blank cell means unknown. A row that cannot
be predicted is reported with the reason, never dropped.
"""

import csv
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from calculators.catalog import Catalog
from calculators.point_rows import BISECTIONS, COLUMNS, Point, Status, parse_point
from calculators.throughput import Machine, closed_loop_s, largest_batch, machine, prefill_s, static_batch_s, tpot_s
from calculators.workload import Array
from calculators.yaml_files import DataError


@dataclass(frozen=True, slots=True)
class Prediction:
    """One line of the answer; times in milliseconds, as in the question. None: not predicted."""

    row: str
    output_tok_s_per_gpu: float | None
    ttft_ms: float | None
    tpot_ms: float | None
    status: Status
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


@dataclass(frozen=True, slots=True)
class Answer:
    """Arrays (n,), one entry a point; NaN: not defined for that kind of run."""

    output_tok_s_per_gpu: Array
    ttft_s: Array
    tpot_s: Array
    room: Array
    """Requests whose caches fit on one attention rank and stage."""


def predict(rows: Sequence[Mapping[str, str]], catalog: Catalog) -> list[Prediction]:
    """One prediction for each row, in the order of the rows."""
    parsed = [parse_point(row, catalog) for row in rows]
    points = [p for p in parsed if isinstance(p, Point)]
    answers = iter(_answers(points, catalog))
    return [
        _prediction(row.get("row") or str(number), p, next(answers))
        if isinstance(p, Point)
        else Prediction(row.get("row") or str(number), None, None, None, "unsupported", p)
        for number, (row, p) in enumerate(zip(rows, parsed, strict=True), start=1)
    ]


def _answers(points: Sequence[Point], catalog: Catalog) -> list[tuple[float, float, float, float]]:
    if not points:
        return []
    a = solve(machine([p.setup for p in points], catalog), points)
    return list(zip(*(x.tolist() for x in (a.output_tok_s_per_gpu, a.ttft_s, a.tpot_s, a.room)), strict=True))


def _prediction(name: str, point: Point, answer: tuple[float, float, float, float]) -> Prediction:
    output, ttft, tpot, room = answer
    if room <= 0:
        setup = point.setup
        return Prediction(
            name, None, None, None, "unsupported", f"the weights do not fit on {setup.gpus_count}x {setup.gpu.name}"
        )
    doubts = point.doubts if room >= 1 else (*point.doubts, "the cache of one request does not quite fit")
    status: Status = "extrapolated" if doubts else "ok"
    return Prediction(name, _known(output), _known(ttft, 1e3), _known(tpot, 1e3), status, "; ".join(doubts))


def _known(value: float, factor: float = 1.0) -> float | None:
    return value * factor if math.isfinite(value) else None


def solve(m: Machine, points: Sequence[Point]) -> Answer:
    """Every point by the rule of its kind; output tokens a second and GPU, TTFT and TPOT."""
    numbers = [(p.input_tok, p.output_tok, p.batch, p.batch_cap, p.request_rate) for p in points]
    given = np.array(numbers, dtype=float).T[:, :, None]  # (5, n, 1): one column a point, as Machine has
    result = np.full((4, len(points)), np.nan)
    kinds = np.array([p.kind for p in points])
    for kind, rule in RULES.items():
        chosen = kinds == kind
        if chosen.any():
            part = m.rows(chosen)
            input_tok, output_tok, batch, cap, rate = given[:, chosen]
            room = largest_batch(part, input_tok, output_tok, np.inf)
            fitting = np.maximum(np.minimum(room, cap), 1.0)
            tok_s, ttft, tpot = rule(part, input_tok, output_tok, batch, fitting, rate)
            shape = (int(chosen.sum()), 1)
            per_gpu = tok_s / part.tensor_parallel_count
            result[:, chosen] = np.stack([np.broadcast_to(x, shape)[:, 0] for x in (per_gpu, ttft, tpot, room)])
    return Answer(*result)


Rates = tuple[Array, Array, Array]
"""Output tokens a second of one attention rank, TTFT, TPOT."""


def _closed(m: Machine, input_tok: Array, output_tok: Array, batch: Array, fitting: Array, rate: Array) -> Rates:
    """`batch` clients in a closed loop; those whose caches do not fit wait for their turn. Rates by Little's law."""
    running = np.minimum(batch, fitting)
    ttft, tpot = closed_loop_s(m, running, input_tok, output_tok)
    req_s = running / (ttft + (output_tok - 1) * tpot)
    return req_s * output_tok, ttft + (batch - running) / req_s, tpot


def _saturated(m: Machine, input_tok: Array, output_tok: Array, batch: Array, fitting: Array, rate: Array) -> Rates:
    """All requests queued at once: as many run as fit. TTFT is then the length of the queue: not defined."""
    running = np.fmin(batch, fitting)
    tpot = tpot_s(m, running, input_tok, output_tok, input_tok)
    return running / tpot, np.full_like(tpot, np.nan), tpot


def _static(m: Machine, input_tok: Array, output_tok: Array, batch: Array, fitting: Array, rate: Array) -> Rates:
    """One batch from start to end; what does not fit runs as another one after it."""
    running = np.minimum(batch, fitting)
    ttft, tpot = static_batch_s(m, running, input_tok, output_tok)
    return running * output_tok / (ttft + (output_tok - 1) * tpot), ttft, tpot


def _open(m: Machine, input_tok: Array, output_tok: Array, batch: Array, fitting: Array, rate: Array) -> Rates:
    """Requests arrive at `rate` at random: the batch at which as many finish, by bisection (more finish of more)."""

    def finished(running: Array) -> Array:
        return running / (output_tok * tpot_s(m, running, input_tok, output_tok, input_tok))

    low, high = np.zeros_like(fitting), np.array(fitting)
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        enough = finished(middle) >= rate
        low, high = np.where(enough, low, middle), np.where(enough, middle, high)
    req_s = np.minimum(rate, finished(fitting))
    tpot = tpot_s(m, np.maximum(high, 1.0), input_tok, output_tok, input_tok)
    own = prefill_s(m, high, input_tok + output_tok / 2, input_tok, input_tok)
    busy = np.minimum(req_s * own, 1 - 1e-9)
    ttft = own * (1 + busy / 2 / (1 - busy)) + m.first_token_overhead_s  # M/D/1: one prefill after another
    return req_s * output_tok, np.where(finished(fitting) >= rate, ttft, np.nan), tpot


RULES = {"closed": _closed, "saturated": _saturated, "static": _static, "open": _open}
