"""Puts fitted coefficients into hardware_profiles/efficiency.yaml, keeping its sources and its order."""

import csv
import gzip
import io
from collections.abc import Mapping
from math import log
from pathlib import Path
from typing import Any, get_args

import numpy as np
import yaml
from scipy import sparse
from scipy.optimize import linprog

from calculators.calibration.accuracy import LEFT_OUT, METRICS, Rows, accuracy_rows, counted_runs
from calculators.calibration.arrival_modes import DoubtCode
from calculators.calibration.pool_accuracy import judged_drafts, judged_pools
from calculators.catalog.catalog import Catalog
from calculators.catalog.efficiency import EngineId
from calculators.catalog.load import load_catalog
from calculators.performance.stated_range import FEW_RUNS, OVER_MACHINES
from tools.measured_rows import Measured

EFFICIENCY = Path(__file__).parent.parent / "hardware_profiles/efficiency.yaml"
HEADER = """\
# Coefficients of calculators/performance/step_time.py, fitted by tools/fit_throughput.py, which also prints those at a
# bound of the fit. Fractions are shares of the data sheet's peak that engines reach. Each field is explained in
# calculators/catalog/efficiency.py.
"""
BETTER_HIGH = ("_frac",)  # coefficients that are better when higher; all others are better when lower
DIGITS = 4
BASE = "vllm"
"""The engine whose range is the base."""
ONE_GPU_ENGINES = ("vllm-2024-rocm",)
"""Measured on GPUs with few runs only: what they are off by is the doubt of such GPUs, whatever the engine."""
UNMEASURED_EXPONENT = 2.0
UNTOLD = {"workers_untold": 4.0}
"""Of 525 published runs whose number of workers is not told, 56% lay within twice the logarithmic range."""
LEAST_RUNS, LEAST_OFF = 40, 1e-4


def write_efficiency(table: Mapping[str, Mapping[str, float]], errors: Mapping[str, float], rows: int) -> None:
    """Writes fitted coefficients by generation and engine, and their held-out errors, into efficiency.yaml."""
    data = yaml.safe_load(EFFICIENCY.read_text(encoding="utf-8"))
    for record in data["efficiencies"]:
        fitted = table.get(record["generation"])
        record.update({c: rounded(v) for c, v in (fitted or worst(table)).items()})
    for record in data["engines"]:
        record.update({c: rounded(v) for c, v in table[record["engine"]].items()})
    data.update({name: rounded(value) for name, value in errors.items()}, fitted_rows_count=rows)
    text = yaml.safe_dump(data, sort_keys=False, width=118, allow_unicode=True)
    EFFICIENCY.write_text(HEADER + text, encoding="utf-8")


def worst(table: Mapping[str, Mapping[str, float]]) -> dict[str, float]:
    """Coefficients for GPUs of no fitted generation: the worst value of each among NVIDIA's generations."""
    known = [table[g] for g in ("hopper", "blackwell", "ampere")]
    return {c: (min if c.endswith(BETTER_HIGH) else max)(t[c] for t in known) for c in known[0]}


def rounded(value: float) -> float:
    return float(f"{value:.{DIGITS}g}")


def write_left_out(data: Measured, by_model: tuple[np.ndarray, ...], by_gpu: tuple[np.ndarray, ...]) -> None:
    """Writes held-out predictions of each row, by a fit without its model and one without its GPU: tok/s per GPU, TTFT and
    TPOT in ms."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    metrics = ("tok_s", "ttft_ms", "tpot_ms")
    writer.writerow(["row", *(f"{kind}_{metric}" for kind in ("model", "gpu") for metric in metrics)])
    scale = (1.0, 1e3, 1e3)
    columns = [values * factor for kind in (by_model, by_gpu) for values, factor in zip(kind, scale, strict=True)]
    for row, *cells in zip(data.row, *columns, strict=True):
        writer.writerow([row, *(f"{cell:.5g}" if np.isfinite(cell) else "" for cell in cells)])
    with LEFT_OUT.open("wb") as file, gzip.GzipFile(fileobj=file, mode="wb", mtime=0, filename="") as packed:
        packed.write(text.getvalue().encode())


def write_ranges() -> None:
    """Writes the ranges that hold 80% of the runs held out by model or by GPU into efficiency.yaml, by what they rest on."""
    data = yaml.safe_load(EFFICIENCY.read_text(encoding="utf-8"))
    rows = accuracy_rows(load_catalog())
    data["ranges"] = _with_every_doubt([_range(rows, metric) for metric in METRICS])
    _write(data)
    stated = load_catalog()
    for one in data["ranges"]:
        one["exponents"] |= _of_techniques(one, stated)
    _write(data)


def _write(data: dict[str, Any]) -> None:
    """Writes efficiency.yaml; what is remembered of the files is forgotten."""
    text = yaml.safe_dump(data, sort_keys=False, width=118, allow_unicode=True)
    EFFICIENCY.write_text(HEADER + text, encoding="utf-8")
    load_catalog.cache_clear()


def _with_every_doubt(ranges: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The ranges with each doubt. A GPU with few runs is as unsure in a figure that was not measured there as in one that was;
    every other doubt that was not measured doubles the range on a logarithmic scale, an assumption."""
    doubts = set(get_args(DoubtCode)) - {OVER_MACHINES}
    worst = max(FEW_RUNS in one["exponents"] and log(one["base_ratio"]) * one["exponents"][FEW_RUNS] for one in ranges)
    for one in ranges:
        few = {FEW_RUNS: rounded(max(worst / log(one["base_ratio"]), 1.0))}
        one["exponents"] = dict.fromkeys(sorted(doubts), UNMEASURED_EXPONENT) | UNTOLD | few | one["exponents"]
    return ranges


def _of_techniques(stated: dict[str, Any], catalog: Catalog) -> dict[str, float]:
    """Exponents of separate pools and of drafts with which the range of a figure holds 80% of the published runs that have them,
    in one machine or rack; at least as wide as that of a plain replica."""
    judged, metric, exponents = judged_pools(catalog), stated["figure"], {}
    near = ~judged.over_machines
    off = np.abs(np.log(judged.predicted[metric][near] / judged.measured[metric][near]))
    exponents["separate_pools"] = _exponent(stated, "separate_pools", off, np.log(judged.range_ratio[metric][near]))
    drafted = judged_drafts(catalog)
    off = np.abs(np.log(drafted.predicted / drafted.measured))
    if metric != "ttft_ms":
        exponents["speculation"] = _exponent(stated, "speculation", off, np.log(drafted.range_ratio))
    return exponents


def _exponent(stated: dict[str, Any], doubt: str, off: np.ndarray, range_log: np.ndarray) -> float:
    """The exponent of a doubt that makes ranges, which hold it as it is stated now, hold 80% of what `off` is."""
    known, now = np.isfinite(off), stated["exponents"][doubt]
    return rounded(max(float(np.quantile(off[known] * now / range_log[known], 0.8)), 1.0))


def _range(rows: Rows, metric: str) -> dict[str, Any]:
    """Base and exponents of one figure, by quantile regression of ln |ln(predicted / measured)| on the traits."""
    counted = counted_runs(rows, metric) & np.isfinite(rows.measured[metric])
    off, traits, within = [], [], []
    for kind in (rows.unseen_model, rows.unseen_gpu):
        known = counted & np.isfinite(kind[metric]) & (kind[metric] > 0)
        off.append(np.abs(np.log(kind[metric][known] / rows.measured[metric][known])))
        traits += [rows.traits[i] for i in np.flatnonzero(known)]
        within.append(rows.status[known] == "ok")
    size, is_ok = np.maximum(np.concatenate(off), LEAST_OFF), np.concatenate(within)
    known_traits = sorted(set().union(*traits) - {BASE, *ONE_GPU_ENGINES})
    names = [t for t in known_traits if sum(t in each for each in traits) >= LEAST_RUNS]
    table = np.array([[1.0, *(float(t in each) for t in names)] for each in traits])
    logs = quantile_regression(table, np.log(size), 0.8)
    doubts = set(get_args(DoubtCode))
    for place, name in enumerate(names, start=1):
        logs[place] = max(logs[place], 0.0) if name in doubts else logs[place]
    widths, exponents = np.exp(table @ logs), {t: np.exp(w) for t, w in zip(names, logs[1:].tolist(), strict=True)}
    for engine in sorted(
        set(get_args(EngineId)) - {*ONE_GPU_ENGINES}
    ):  # so that the range holds for each engine, whatever else its runs have in common
        mine = is_ok & np.array([engine in each for each in traits])
        if mine.sum() >= LEAST_RUNS:
            exponents[engine] = exponents.get(engine, 1.0) * np.quantile(size[mine] / widths[mine], 0.8)
    return {
        "figure": metric,
        "base_ratio": rounded(np.exp(np.exp(logs[0]))),
        "exponents": {t: rounded(w) for t, w in exponents.items()},
        "ok_rows_count": int((counted & (rows.status == "ok")).sum()),
        "extrapolated_rows_count": int((counted & (rows.status == "extrapolated")).sum()),
    }


def quantile_regression(table: np.ndarray, values: np.ndarray, quantile: float) -> np.ndarray:
    """Coefficients (k,) of the linear `quantile` of `values` (n,) by `table` (n, k): the linear program of Koenker and Bassett,
    "Regression quantiles", Econometrica 46, 1978."""
    n, k = table.shape
    split = sparse.hstack(
        [sparse.csr_matrix(table), -sparse.csr_matrix(table), sparse.identity(n), -sparse.identity(n)]
    )
    cost = np.concatenate([np.zeros(2 * k), np.full(n, quantile), np.full(n, 1 - quantile)])
    x = linprog(cost, A_eq=split.tocsr(), b_eq=values, bounds=(0, None), method="highs").x
    return np.asarray(x[:k] - x[k : 2 * k])


if __name__ == "__main__":
    write_ranges()
