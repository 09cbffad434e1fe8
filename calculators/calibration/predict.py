"""Predicted throughput and latency of benchmark runs: `python -m calculators throughput POINTS.csv`.

One row is one run of an inference engine. Only its configuration is read; an empty cell means unknown. A row that cannot
be predicted is reported with the reason, never dropped.
"""

import csv
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from calculators.calibration.arrival_modes import BenchmarkConfig, Doubt, DoubtCode, PredictedRates, predict_rates
from calculators.calibration.configurations import PREDICTION_COLUMNS, PredictionStatus, parse_point
from calculators.calibration.pool_runs import pool_rates, with_drafts
from calculators.catalog.catalog import Catalog
from calculators.errors import DataError
from calculators.performance.memory_sum import default_context_tok, held_requests, kv_requests
from calculators.performance.replica import ReplicaConfig, replica_arrays
from calculators.performance.stated_range import FigureRange, config_traits, figure_ranges, load_traits
from calculators.units import BYTES_PER_GIB, percent

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
    memory: "PredictedMemory | None" = None
    traits: frozenset[str] = frozenset()
    """What the range of its figures rests on."""
    ranges: Mapping[str, FigureRange] = field(default_factory=dict)
    """By figure: the range within which 80% of measured runs of this kind lie."""


@dataclass(frozen=True, slots=True)
class PredictedMemory:
    """What a row's replica holds. `reason`: why it does not fit; empty where it does."""

    weights_gib_per_gpu: float
    kv_capacity_tok: float
    """Of the whole replica, in requests of the row's longest, or else of the model's window."""
    reason: str


def _unsupported(row: str, reason: str, memory: PredictedMemory | None = None) -> Prediction:
    return Prediction(
        row=row,
        output_tok_s_per_gpu=None,
        ttft_ms=None,
        tpot_ms=None,
        status="unsupported",
        reason=reason,
        memory=memory,
    )


def write_predictions(path: Path, predictions: Iterable[Prediction]) -> None:
    """Writes a CSV of predictions, one line each, in their order. Raises DataError when the file cannot be written."""
    try:
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(PREDICTION_COLUMNS)
            for p in predictions:
                writer.writerow(
                    [p.row, *_number_cells(p), p.status, p.reason, *_memory_cells(p.memory), *_range_cells(p)]
                )
    except OSError as error:
        raise DataError(f"{path.name}: cannot be written ({error.strerror}); choose another file") from None


def _figures(p: Prediction) -> tuple[tuple[str, float | None], ...]:
    """Figures by name, in the order of the columns."""
    return (("tok_s", p.output_tok_s_per_gpu), ("ttft_ms", p.ttft_ms), ("tpot_ms", p.tpot_ms))


def _number_cells(p: Prediction) -> list[str]:
    return [f"{value:.6g}" if value is not None else "" for _, value in _figures(p)]


def _range_cells(p: Prediction) -> list[str]:
    """Low and high end of each figure; empty where it is not predicted."""
    ends = [(value / p.ranges[name].down, value * p.ranges[name].up) if value else () for name, value in _figures(p)]
    return [cell for both in ends for cell in ([f"{end:.6g}" for end in both] or ["", ""])]


def _memory_cells(memory: PredictedMemory | None) -> tuple[str, str, str]:
    """Weights of a GPU, tokens of the replica, and whether it fits; empty where the configuration is not known."""
    if memory is None:
        return "", "", ""
    fits = "no" if memory.reason else "yes"
    return f"{memory.weights_gib_per_gpu:.4g}", f"{memory.kv_capacity_tok:.0f}", fits


def predict(rows: Sequence[Mapping[str, str]], catalog: Catalog) -> list[Prediction]:
    """Predictions of all rows, in their order."""
    parsed = [parse_point(row, catalog) for row in rows]
    points = [p for p in parsed if isinstance(p, BenchmarkConfig)]
    answers = iter(zip(_answers(points, catalog), _memories(points, catalog), strict=True))
    return [
        _prediction(row.get("row") or str(number), p, *next(answers), catalog)
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
    return with_drafts(predict_rates(m, points), m, points)


def _memories(points: Sequence[BenchmarkConfig], catalog: Catalog) -> list[PredictedMemory]:
    """Memory of each point's replica. Without a longest request, the row's own lengths have to fit."""
    if not points:
        return []
    configs, window = [p.config for p in points], default_context_tok([p.config for p in points])
    lengths = np.array([[p.config.memory.context_tok or p.input_tok + p.output_tok] for p in points])
    weights, room, asked = kv_requests(configs, lengths, catalog)
    held = held_requests(room, kv_requests(configs, window, catalog)[2], configs)
    return [
        PredictedMemory(w / BYTES_PER_GIB, tokens, _too_little(point.config, r, a))
        for point, w, tokens, r, a in zip(
            points, *(x[:, 0].tolist() for x in (weights, held * window, room, asked)), strict=True
        )
    ]


def _too_little(config: ReplicaConfig, room: float, asked: float) -> str:
    """Why a replica does not start, or its KV cache does not hold one request; empty where it does."""
    if room <= 0:
        return f"the weights do not fit on {config.gpus_count}× {config.gpu.name}"
    if room < asked:
        needs, has = asked / BYTES_PER_GIB, room / BYTES_PER_GIB
        return f"the longest request needs {needs:.2f} GiB of KV cache on each GPU, and {has:.2f} GiB are left"
    return ""


def _prediction(
    name: str,
    point: BenchmarkConfig,
    answer: tuple[float, float, float, float],
    memory: PredictedMemory,
    catalog: Catalog,
) -> Prediction:
    output, ttft, tpot, room = _as_launched(answer, point, catalog)
    if room <= 0:
        return _unsupported(name, _too_little(point.config, 0.0, 1.0), memory)
    doubts = (*point.doubts, *_room_doubts(point, room))
    codes = tuple(doubt.code for doubt in doubts)
    traits = frozenset((*config_traits(point.config, catalog), *codes, *load_traits(point.batch)))
    return Prediction(
        row=name,
        output_tok_s_per_gpu=_known(output),
        ttft_ms=_known(ttft, 1e3),
        tpot_ms=_known(tpot, 1e3),
        status="extrapolated" if doubts else "ok",
        reason="; ".join((*(doubt.text for doubt in doubts), *filter(None, [memory.reason]))),
        doubts=codes,
        memory=memory,
        traits=traits,
        ranges=figure_ranges(traits, point.config, point.launch, catalog),
    )


def _as_launched(
    answer: tuple[float, float, float, float], point: BenchmarkConfig, catalog: Catalog
) -> tuple[float, float, float, float]:
    """The answer at the speed of the launch, the first token left as it is: the model's own speed is a tuned engine's."""
    output, ttft, tpot, room = answer
    if point.launch != "as_shipped":
        return answer
    at_once = np.nanmin([point.batch, room, point.batch_cap])
    speed = float(catalog.launches.ramp([point.config.engine], [point.config.gpu]).at(at_once)[0, 0])
    return output * speed, ttft, tpot / speed, room


def _room_doubts(point: BenchmarkConfig, room: float) -> Iterable[Doubt]:
    """Doubts near the end of the KV cache's room, where settings of the engine decide who waits and for how long."""
    if room < 1:
        yield Doubt("kv_cache_short", "the KV cache of one request does not quite fit")
    elif point.pools is None and point.kind in ("closed", "static") and point.batch > CACHE_LIMIT_FRAC * room:
        yield Doubt("kv_cache_nearly_full", f"the batch fills more than {percent(CACHE_LIMIT_FRAC)} of the KV cache")


def _known(value: float, factor: float = 1.0) -> float | None:
    return value * factor if math.isfinite(value) else None
