"""Accuracy of the throughput model: predicted against measured for every published run, in the fit and held out."""

import csv
import gzip
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from calculators.calibration.arrival_modes import BenchmarkConfig
from calculators.calibration.configurations import parse_point
from calculators.calibration.predict import predict
from calculators.catalog.catalog import Catalog
from calculators.catalog.load import ROOT
from calculators.catalog.yaml_reader import parse_yaml
from calculators.scenario.demand import Array

MEASURED = ROOT / "calibration/measured.csv.gz"
LEFT_OUT = ROOT / "calibration/left_out.csv.gz"
EXCLUDED = ROOT / "calibration/excluded_rows.yaml"
AccuracyMetric = Literal["tpot_ms", "tok_s", "ttft_ms"]
Protocol = Literal["unseen_model", "unseen_gpu", "predicted"]
"""Which fit predicts a run: one without its model, one without its GPU, or the one that has seen it."""
Breakdown = Literal["source", "engine", "gpu", "model"]
METRICS: tuple[AccuracyMetric, ...] = get_args(AccuracyMetric)
Names = NDArray[np.str_]


@dataclass(frozen=True, slots=True)
class Rows:
    """Published runs and their predictions. Arrays (n,), in order of the file; NaN where a run does not say or the model
    cannot predict. Times in ms, throughput in output tok/s per GPU."""

    row: NDArray[np.int64]
    source: Names
    url: Names
    engine: Names
    model: Names
    gpu: Names
    status: Names
    """The model's own label of its prediction: ok, extrapolated or unsupported."""
    reason: Names
    few_runs: NDArray[np.bool_]
    """True where the GPU's generation has few measured runs."""
    ratio: Mapping[str, Array]
    """By metric: the stated range, a factor either way of the prediction."""
    traits: tuple[frozenset[str], ...]
    """What the range of each run rests on."""
    kept_out: Mapping[str, Names]
    """By metric: why a run is neither fitted nor counted; empty text where it is both."""
    measured: Mapping[str, Array]
    predicted: Mapping[str, Array]
    """By the fit that has seen the run."""
    unseen_model: Mapping[str, Array]
    """By a fit without the run's model."""
    unseen_gpu: Mapping[str, Array]
    """By a fit without the run's GPU."""

    def by(self, protocol: Protocol) -> Mapping[str, Array]:
        """Predictions of one protocol, by metric."""
        return {"unseen_model": self.unseen_model, "unseen_gpu": self.unseen_gpu, "predicted": self.predicted}[protocol]

    def names(self, breakdown: Breakdown) -> Names:
        """Source, engine, GPU or model of each run."""
        return {"source": self.source, "engine": self.engine, "gpu": self.gpu, "model": self.model}[breakdown]


@dataclass(frozen=True, slots=True)
class Errors:
    """Statistics of the relative errors |predicted / measured - 1|; the bias is the median of the signed error."""

    count: int
    median_frac: float
    p80_frac: float
    p90_frac: float
    bias_frac: float
    beyond_3x_count: int


def errors(predicted: Array, measured: Array) -> Errors:
    """Errors over the entries of two arrays (n,) where both values are known; NaN where there is none."""
    known = np.isfinite(predicted) & np.isfinite(measured) & (measured > 0) & (predicted > 0)
    ratio = predicted[known] / measured[known] if known.any() else np.array([np.nan])
    median, p80, p90 = (float(q) for q in np.quantile(np.abs(ratio - 1), (0.5, 0.8, 0.9)))
    return Errors(
        count=int(known.sum()),
        median_frac=median,
        p80_frac=p80,
        p90_frac=p90,
        bias_frac=float(np.median(ratio) - 1),
        beyond_3x_count=int((np.abs(np.log(ratio)) > np.log(3)).sum()),
    )


def covered_frac(predicted: Array, measured: Array, ratio: Array | float) -> float:
    """Share of measured values (n,) within a factor `ratio`, one for all or (n,), of the predicted ones; NaN where none is known."""
    known = np.isfinite(predicted) & np.isfinite(measured) & (measured > 0) & (predicted > 0)
    if not known.any():
        return float("nan")
    off = np.abs(np.log(predicted[known] / measured[known]))
    return float(np.mean(off <= np.log(np.broadcast_to(ratio, known.shape)[known])))


def accuracy_rows(catalog: Catalog) -> Rows:
    """Every published run with its predictions. Raises DataError when a file of the calibration folder cannot be read."""
    table = read_table(MEASURED)
    predictions = predict(table, catalog)
    kept_out = excluded_rows()
    unseen = {int(r["row"]): r for r in read_table(LEFT_OUT)} if LEFT_OUT.is_file() else {}
    predicted = {
        "tpot_ms": _array([p.tpot_ms for p in predictions]),
        "tok_s": _array([p.output_tok_s_per_gpu for p in predictions]),
        "ttft_ms": _array([p.ttft_ms for p in predictions]),
    }
    return Rows(
        row=np.array([int(r["row"]) for r in table]),
        source=np.array([r["source"] for r in table]),
        url=np.array([r["source_url"] for r in table]),
        engine=np.array([r["engine"] for r in table]),
        model=np.array([r["model"] for r in table]),
        gpu=np.array([r["gpu"] for r in table]),
        status=np.array([p.status for p in predictions]),
        reason=np.array([p.reason for p in predictions]),
        few_runs=np.array(["few_runs" in p.doubts for p in predictions]),
        ratio={metric: _array([p.ranges[metric].up if p.ranges else None for p in predictions]) for metric in METRICS},
        traits=tuple(p.traits for p in predictions),
        kept_out={metric: np.array([_kept_out(r, kept_out[metric]) for r in table]) for metric in METRICS},
        measured=_measured(table, catalog),
        predicted=predicted,
        unseen_model={metric: _unseen(table, unseen, f"model_{metric}") for metric in METRICS},
        unseen_gpu={metric: _unseen(table, unseen, f"gpu_{metric}") for metric in METRICS},
    )


def counted_runs(rows: Rows, metric: str) -> NDArray[np.bool_]:
    """Runs (n,) that count for a metric: supported by the model, and not kept out of the fit."""
    return np.asarray((rows.kept_out[metric] == "") & (rows.status != "unsupported"))


def protocol_errors(rows: Rows, metric: str, protocol: Protocol, chosen: NDArray[np.bool_]) -> Errors:
    """Errors of one metric under one protocol over the runs in `chosen` (n,)."""
    return errors(rows.by(protocol)[metric][chosen], rows.measured[metric][chosen])


def errors_by(rows: Rows, metric: str, protocol: Protocol, breakdown: Breakdown) -> dict[str, Errors]:
    """Errors of each source, engine, GPU or model with at least one counted run, the one with the most runs first."""
    counted, names = counted_runs(rows, metric), rows.names(breakdown)
    groups = {
        str(name): protocol_errors(rows, metric, protocol, counted & (names == name))
        for name in np.unique(names[counted])
    }
    return dict(sorted(((n, e) for n, e in groups.items() if e.count), key=lambda pair: -pair[1].count))


@dataclass(frozen=True, slots=True)
class RangeCoverage:
    """The stated 80% ranges of a group of runs, and the share of held-out runs that they held."""

    status: str
    engine: str
    """Empty: all."""
    count: int
    ratio: float
    """The median over the group."""
    unseen_model_frac: float
    unseen_gpu_frac: float


def range_coverage(rows: Rows, metric: AccuracyMetric) -> list[RangeCoverage]:
    """Coverage of one metric's stated ranges: of supported predictions by engine, then of extrapolated ones."""
    counted = counted_runs(rows, metric) & np.isfinite(rows.measured[metric])
    within = counted & (rows.status == "ok")
    engines, runs = np.unique(rows.engine[within], return_counts=True)
    groups = [("ok", "", within)]
    groups += [("ok", str(engines[i]), within & (rows.engine == engines[i])) for i in np.argsort(-runs, kind="stable")]
    groups.append(("extrapolated", "", counted & (rows.status == "extrapolated")))
    return [_coverage(rows, metric, *group) for group in groups if group[2].any()]


def _coverage(rows: Rows, metric: str, status: str, engine: str, chosen: NDArray[np.bool_]) -> RangeCoverage:
    ratio, measured = rows.ratio[metric][chosen], rows.measured[metric][chosen]
    by_model, by_gpu = (
        covered_frac(kind[metric][chosen], measured, ratio) for kind in (rows.unseen_model, rows.unseen_gpu)
    )
    return RangeCoverage(
        status=status,
        engine=engine,
        count=int(chosen.sum()),
        ratio=float(np.median(ratio)),
        unseen_model_frac=by_model,
        unseen_gpu_frac=by_gpu,
    )


def excluded_rows() -> dict[str, dict[int, str]]:
    """Reasons by metric and row number for what is kept out of the fit: whole runs, or only their TTFT."""
    value, _ = parse_yaml(EXCLUDED.read_bytes(), EXCLUDED.name)
    groups = value["excluded"]
    every = {row: group["reason"] for group in groups if group["what"] == "all" for row in group["rows"]}
    first = {row: group["reason"] for group in groups if group["what"] == "ttft" for row in group["rows"]}
    return {"tpot_ms": every, "tok_s": every, "ttft_ms": first | every}


def read_table(path: Path) -> list[dict[str, str]]:
    """Rows of a gzipped CSV file, every cell as text."""
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _kept_out(row: Mapping[str, str], reasons: Mapping[int, str]) -> str:
    if row["quality"] == "C":
        return "quality C: ambiguous at its source"
    if row["spec_decode"].startswith("on"):
        return "speculative decoding is on"
    return reasons.get(int(row["row"]), "")


def _measured(table: Sequence[Mapping[str, str]], catalog: Catalog) -> dict[str, Array]:
    """Published figures by metric, arrays (n,). Where a closed loop gives no throughput: by Little's law from its times."""
    tpot, ttft = _column(table, "tpot_ms_mean", "tpot_ms_median"), _column(table, "ttft_ms_mean", "ttft_ms_median")
    published = _column(table, "output_tok_s_per_gpu")
    points = [parse_point(row, catalog) for row in table]
    at_once = _array([p.batch / p.config.tensor_parallel if isinstance(p, BenchmarkConfig) else None for p in points])
    output = _array([p.output_tok if isinstance(p, BenchmarkConfig) else None for p in points])
    by_little = at_once * output / (ttft + (output - 1) * tpot) * 1e3
    return {"tpot_ms": tpot, "ttft_ms": ttft, "tok_s": np.where(np.isfinite(published), published, by_little)}


def _column(table: Sequence[Mapping[str, str]], *names: str) -> Array:
    return _array([next((float(row[name]) for name in names if row[name]), None) for row in table])


def _unseen(table: Sequence[Mapping[str, str]], unseen: Mapping[int, Mapping[str, str]], name: str) -> Array:
    cells = [unseen.get(int(row["row"]), {}).get(name, "") for row in table]
    return _array([float(cell) if cell else None for cell in cells])


def _array(values: Sequence[float | None]) -> Array:
    return np.array([np.nan if value is None else value for value in values], dtype=float)
