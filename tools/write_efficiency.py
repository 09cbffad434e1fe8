"""Puts fitted coefficients into hardware_profiles/efficiency.yaml, keeping its sources and its order."""

import csv
import gzip
import io
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import yaml

from calculators.calibration.accuracy import LEFT_OUT, METRICS, Rows, accuracy_rows, counted_runs, range_ratio
from calculators.catalog.load import load_catalog
from tools.measured_rows import Measured

EFFICIENCY = Path(__file__).parent.parent / "hardware_profiles/efficiency.yaml"
HEADER = """\
# Coefficients of calculators/performance/step_time.py, fitted by tools/fit_throughput.py, which also prints those at a
# bound of the fit. Fractions are shares of the data sheet's peak that engines reach. Each field is explained in
# calculators/catalog/efficiency.py.
"""
BETTER_HIGH = ("_frac",)  # coefficients that are better when higher; all others are better when lower
DIGITS = 4


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
    """Writes the factors that hold 80% of the runs held out by model or by GPU into efficiency.yaml.

    Extrapolated predictions of every figure get the widest of their factors, that of GPUs with few runs among them,
    because such a GPU is unmeasured in every respect.
    """
    rows = accuracy_rows(load_catalog())
    held = {
        (m, s): _unseen_ratio(rows, counted_runs(rows, m) & (rows.status == s), m)
        for m in METRICS
        for s in ("ok", "extrapolated")
    }
    widest = max(
        _unseen_ratio(rows, counted_runs(rows, "tok_s") & rows.few_runs, "tok_s")[0], held["tpot_ms", "extrapolated"][0]
    )
    ranges = []
    for metric in METRICS:
        (ok, ok_count), (outside, outside_count) = held[metric, "ok"], held[metric, "extrapolated"]
        ratios = {"ok_ratio": rounded(ok), "extrapolated_ratio": rounded(max(ok, outside, widest))}
        ranges.append({"figure": metric, **ratios, "ok_rows_count": ok_count, "extrapolated_rows_count": outside_count})
    data = yaml.safe_load(EFFICIENCY.read_text(encoding="utf-8"))
    data["ranges"] = ranges
    EFFICIENCY.write_text(
        HEADER + yaml.safe_dump(data, sort_keys=False, width=118, allow_unicode=True), encoding="utf-8"
    )


def _unseen_ratio(rows: Rows, chosen: np.ndarray, metric: str) -> tuple[float, int]:
    """The factor over both ways of holding out, and the number of runs."""
    measured = rows.measured[metric][chosen]
    unseen = [kind[metric][chosen] for kind in (rows.unseen_model, rows.unseen_gpu)]
    return range_ratio(np.concatenate(unseen), np.concatenate([measured, measured])), int(np.isfinite(measured).sum())


if __name__ == "__main__":
    write_ranges()
