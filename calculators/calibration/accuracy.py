"""How good the throughput model is: predicted against measured for every published row, in the fit and left out."""

import csv
import gzip
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

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
METRICS = ("tpot_ms", "tok_s", "ttft_ms")
Names = NDArray[np.str_]


@dataclass(frozen=True, slots=True)
class Rows:
    """Published runs as arrays (n,); NaN where a run does not say or the model cannot."""

    row: NDArray[np.int64]
    source: Names
    url: Names
    engine: Names
    model: Names
    gpu: Names
    status: Names
    """As the model says of its own prediction: ok, extrapolated or unsupported."""
    reason: Names
    kept_out: Mapping[str, Names]
    """For each metric: why it is neither fitted nor counted; empty: it is both."""
    measured: Mapping[str, Array]
    predicted: Mapping[str, Array]
    """By coefficients that have seen the row."""
    unseen_model: Mapping[str, Array]
    """By a fit without the row's model."""
    unseen_gpu: Mapping[str, Array]


@dataclass(frozen=True, slots=True)
class Errors:
    """Of relative errors |predicted / measured - 1|; bias is the median with its sign."""

    count: int
    median_frac: float
    p80_frac: float
    p90_frac: float
    bias_frac: float
    beyond_3x_count: int


def errors(predicted: Array, measured: Array) -> Errors:
    """Over the entries where both are known. NaN when there is none."""
    known = np.isfinite(predicted) & np.isfinite(measured) & (measured > 0) & (predicted > 0)
    if not known.any():
        return Errors(0, *(float("nan"),) * 4, 0)
    ratio = predicted[known] / measured[known]
    size = np.abs(ratio - 1)
    median, p80, p90 = (float(q) for q in np.quantile(size, (0.5, 0.8, 0.9)))
    return Errors(
        int(known.sum()), median, p80, p90, float(np.median(ratio) - 1), int((np.abs(np.log(ratio)) > np.log(3)).sum())
    )


def range_ratio(predicted: Array, measured: Array, coverage_frac: float = 0.8) -> float:
    """The factor either way that holds so many of the measured values; NaN when none is known."""
    known = np.isfinite(predicted) & np.isfinite(measured) & (measured > 0) & (predicted > 0)
    if not known.any():
        return float("nan")
    return float(np.exp(np.quantile(np.abs(np.log(predicted[known] / measured[known])), coverage_frac)))


def covered_frac(predicted: Array, measured: Array, ratio: float) -> float:
    """Share of measured values within that factor of the predicted ones."""
    known = np.isfinite(predicted) & np.isfinite(measured) & (measured > 0) & (predicted > 0)
    return (
        float(np.mean(np.abs(np.log(predicted[known] / measured[known])) <= np.log(ratio)))
        if known.any()
        else float("nan")
    )


def accuracy_rows(catalog: Catalog) -> Rows:
    """Every published row, with what the model says of it."""
    table = read_table(MEASURED)
    found = predict(table, catalog)
    kept_out = excluded_rows()
    unseen = {int(r["row"]): r for r in read_table(LEFT_OUT)} if LEFT_OUT.is_file() else {}
    predicted = {
        "tpot_ms": _array([p.tpot_ms for p in found]),
        "tok_s": _array([p.output_tok_s_per_gpu for p in found]),
        "ttft_ms": _array([p.ttft_ms for p in found]),
    }
    return Rows(
        row=np.array([int(r["row"]) for r in table]),
        source=np.array([r["source"] for r in table]),
        url=np.array([r["source_url"] for r in table]),
        engine=np.array([r["engine"] for r in table]),
        model=np.array([r["model"] for r in table]),
        gpu=np.array([r["gpu"] for r in table]),
        status=np.array([p.status for p in found]),
        reason=np.array([p.reason for p in found]),
        kept_out={metric: np.array([_kept_out(r, kept_out[metric]) for r in table]) for metric in METRICS},
        measured=_measured(table, catalog),
        predicted=predicted,
        unseen_model={metric: _unseen(table, unseen, f"model_{metric}") for metric in METRICS},
        unseen_gpu={metric: _unseen(table, unseen, f"gpu_{metric}") for metric in METRICS},
    )


def judged(found: Rows, metric: str) -> NDArray[np.bool_]:
    """Rows that count for a metric: predicted, of a quality that is fitted, not kept out."""
    return np.asarray((found.kept_out[metric] == "") & (found.status != "unsupported"))


def excluded_rows() -> dict[str, dict[int, str]]:
    """{metric: {row: reason}} of what is kept out of the fit: whole rows, or only their time to first token."""
    value, _ = parse_yaml(EXCLUDED.read_bytes(), EXCLUDED.name)
    groups = value["excluded"]
    every = {row: group["reason"] for group in groups if group["what"] == "all" for row in group["rows"]}
    first = {row: group["reason"] for group in groups if group["what"] == "ttft" for row in group["rows"]}
    return {"tpot_ms": every, "tok_s": every, "ttft_ms": first | every}


def read_table(path: Path) -> list[dict[str, str]]:
    """A gzipped CSV of this folder."""
    with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _kept_out(row: Mapping[str, str], reasons: Mapping[int, str]) -> str:
    if row["quality"] == "C":
        return "quality C: ambiguous at its source"
    if row["spec_decode"].startswith("on"):
        return "speculative decoding is on"
    return reasons.get(int(row["row"]), "")


def _measured(table: Sequence[Mapping[str, str]], catalog: Catalog) -> dict[str, Array]:
    """Published figures; where a closed loop gives no tokens a second, by Little's law from its times."""
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
