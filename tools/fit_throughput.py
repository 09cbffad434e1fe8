"""Fit the throughput model's coefficients to measured rows, and say how well it predicts rows it has not seen.

    python tools/fit_throughput.py MEASURED.csv

A development tool (needs scipy). It writes nothing: it prints the coefficients as they stand in
hardware_profiles/efficiency.yaml, and the errors in the fit, with whole models left out and with whole GPUs left out.
"""

import csv
import sys
from dataclasses import dataclass, fields, replace
from pathlib import Path

import numpy as np
from scipy.optimize import least_squares

from calculators.catalog import Catalog, load_catalog
from calculators.point_rows import Point, parse_point
from calculators.points import solve
from calculators.records import Efficiency
from calculators.throughput import Machine, machine

SHARED = ("layer_overhead_parallel_us", "step_overhead_us", "request_overhead_us", "collective_latency_us")
SHARED += ("prefill_attention_frac", "prefill_interference_frac", "first_token_overhead_ms")
BOUNDS = {  # lowest, start, highest: physical limits, not wishes
    "compute_frac": (0.25, 0.6, 0.9),
    "weight_bandwidth_frac": (0.4, 0.85, 0.93),
    "kv_bandwidth_frac": (0.25, 0.75, 0.93),
    "layer_overhead_us": (1, 40, 150),
    "layer_overhead_moe_us": (0, 25, 150),
    "link_frac": (0.2, 0.5, 0.9),
    "layer_overhead_parallel_us": (0, 10, 100),
    "step_overhead_us": (100, 200, 5000),
    "request_overhead_us": (0, 5, 100),
    "collective_latency_us": (3, 4, 40),
    "prefill_attention_frac": (0.3, 0.4, 0.9),
    "prefill_interference_frac": (0.85, 0.9, 1.0),
    "first_token_overhead_ms": (10, 40, 60),
}
GENERATIONS = {  # the coefficients a generation has of its own; the others are Hopper's
    "hopper": tuple(name for name in BOUNDS if name not in SHARED),
    "blackwell": (
        "compute_frac",
        "weight_bandwidth_frac",
        "kv_bandwidth_frac",
        "layer_overhead_us",
        "layer_overhead_moe_us",
        "link_frac",
    ),
    "ampere": ("compute_frac", "weight_bandwidth_frac", "layer_overhead_us"),
    "cdna3": ("compute_frac", "kv_bandwidth_frac", "layer_overhead_us", "link_frac"),
}
BORROWED = {"ada": "hopper", "cdna4": "cdna3"}  # no rows, or next to none
PRIOR_LOG = 0.25
"""How far, in natural-log units, a generation may sit from Hopper before it costs as much as a row 30 % off."""
KNEE = 0.15  # log error from which a row counts linearly, not squared
TTFT_WEIGHT, LITTLE_WEIGHT = 0.05, 0.7


@dataclass
class Measured:
    """Rows as arrays (n,); NaN where a row does not say."""

    points: list[Point]
    machine: Machine
    generation: np.ndarray
    model: np.ndarray
    shape: np.ndarray
    """Names models that are the same network, such as DeepSeek V3 and R1: they must be left out together."""
    gpu: np.ndarray
    source: np.ndarray
    tpot_s: np.ndarray
    ttft_s: np.ndarray
    tok_s: np.ndarray
    weight: np.ndarray


def usable(row: dict[str, str]) -> bool:
    """Quality A and B, without the rows whose own documentation doubts them."""
    noisy = row["model"].startswith("Llama-3.1-8B") and row["gpu"].startswith("H200") and "aiconf" in row["source"]
    sweep = row["source"].startswith("InferenceX exp") and (
        float(row["isl"]) > 9000 or float(row["concurrency_or_batch"]) > 16
    )
    old = row["source"].startswith("Argonne") and row["engine"] != "TensorRT-LLM"
    plain = not row["spec_decode"].startswith("on") and "disagg" not in row["scenario"]
    return row["quality"] in "AB" and plain and not (noisy or sweep or old)


def measured(path: Path, catalog: Catalog) -> Measured:
    with path.open(newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if usable(row)]
    parsed = [(row, parse_point(row, catalog)) for row in rows]
    kept = [
        (r, p)
        for r, p in parsed
        if isinstance(p, Point)
        and (number(r, "tpot_ms_mean", "tpot_ms_median") > 0 or number(r, "output_tok_s_per_gpu") > 0)
    ]
    m = machine([p.setup for _, p in kept], catalog)
    fits = (m.kv_room_bytes > 0)[:, 0]
    kept, m = [k for k, ok in zip(kept, fits, strict=True) if ok], m.rows(fits)
    rows, points = [r for r, _ in kept], [p for _, p in kept]
    tpot = np.array([number(r, "tpot_ms_mean", "tpot_ms_median") for r in rows]) / 1e3
    ttft = np.array([number(r, "ttft_ms_mean") for r in rows]) / 1e3
    published = np.array([number(r, "output_tok_s_per_gpu") for r in rows])
    output = np.array([p.output_tok for p in points])
    gpu_batch = np.array([p.batch / p.setup.tensor_parallel for p in points])
    little = gpu_batch * output / (ttft + (output - 1) * tpot)  # closed loops: output tokens a second and GPU
    groups = [(r["source"], r["engine"], p.setup.model.id, p.setup.gpu.id, p.setup.precision) for r, p in kept]
    count = {g: groups.count(g) for g in set(groups)}
    return Measured(
        points=points,
        machine=m,
        generation=np.array([p.setup.gpu.generation for p in points]),
        model=np.array([p.setup.model.id for p in points]),
        shape=np.array([shape_name(p) for p in points]),
        gpu=np.array([p.setup.gpu.id for p in points]),
        source=np.array([r["source"].split(" ")[0] for r in rows]),
        tpot_s=tpot,
        ttft_s=ttft,
        tok_s=np.where(np.isnan(published), little, published),
        weight=np.array([count[g] ** -0.5 for g in groups]),
    )


def shape_name(point: Point) -> str:
    s = point.setup.model.shape
    return f"{s.layers} x {s.hidden_size}, {s.mlp.experts or 0} experts"


def number(row: dict[str, str], *names: str) -> float:
    return next((float(row[name]) for name in names if row[name]), float("nan"))


def coefficients(x: np.ndarray, names: list[tuple[str, str]]) -> dict[str, dict[str, float]]:
    """{generation: {coefficient: value}}; Hopper's where a generation has none of its own."""
    free = dict(zip(names, x.tolist(), strict=True))
    table = {g: {c: free.get((g, c), free[("hopper", c)]) for c in BOUNDS} for g in GENERATIONS}
    return {**table, **{g: table[like] for g, like in BORROWED.items()}}


def with_coefficients(data: Measured, table: dict[str, dict[str, float]]) -> Machine:
    m = data.machine

    def column(name: str) -> np.ndarray:
        return np.array([table[g][name] for g in data.generation])[:, None]

    parallel = m.tensor_parallel_count * m.attention_ranks_count > 1
    layer = (
        column("layer_overhead_us")
        + column("layer_overhead_moe_us") * m.is_moe
        + column("layer_overhead_parallel_us") * parallel
    )
    direct = {f.name: column(f.name) for f in fields(Machine) if f.name in BOUNDS}
    micro = {f"{n}_s": column(f"{n}_us") * 1e-6 for n in ("step_overhead", "request_overhead", "collective_latency")}
    first = column("first_token_overhead_ms") * 1e-3
    return replace(m, layer_overhead_s=layer * 1e-6, first_token_overhead_s=first, **direct, **micro)


def predictions(data: Measured, table: dict[str, dict[str, float]]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Output tokens a second and GPU, TTFT, TPOT."""
    answer = solve(with_coefficients(data, table), data.points)
    return answer.output_tok_s_per_gpu, answer.ttft_s, answer.tpot_s


def fit(data: Measured, keep: np.ndarray) -> dict[str, dict[str, float]]:
    """Robust least squares on the logarithms, on the rows in `keep`; generations held near Hopper."""
    names = [("hopper", c) for c in BOUNDS] + [(g, c) for g, own in GENERATIONS.items() if g != "hopper" for c in own]
    low, start, high = np.array([BOUNDS[c] for _, c in names], dtype=float).T
    part = subset(data, keep)

    def residuals(x: np.ndarray) -> np.ndarray:
        table = coefficients(x, names)
        tok_s, ttft, tpot = predictions(part, table)
        with np.errstate(invalid="ignore", divide="ignore"):
            errors = [
                np.log(tpot / part.tpot_s),
                np.log(tok_s / part.tok_s) * np.where(np.isnan(part.tpot_s), 1.0, LITTLE_WEIGHT),
                np.log(ttft / part.ttft_s) * TTFT_WEIGHT,
            ]
        ties = [
            0.3
            / PRIOR_LOG
            * np.log(
                (table[g][c] + 1) / (table["hopper"][c] + 1) if c.endswith("_us") else table[g][c] / table["hopper"][c]
            )
            for g, c in names
            if g != "hopper"
        ]
        return np.concatenate([np.nan_to_num(np.concatenate(errors)) * np.tile(part.weight, 3), ties])

    found = least_squares(
        residuals, start, bounds=(low, high), loss="soft_l1", f_scale=KNEE, x_scale=np.maximum(start, 0.1)
    )
    return coefficients(found.x, names)


def subset(data: Measured, keep: np.ndarray) -> Measured:
    arrays = {f.name: getattr(data, f.name)[keep] for f in fields(Measured) if f.name not in ("points", "machine")}
    return Measured([p for p, k in zip(data.points, keep, strict=True) if k], data.machine.rows(keep), **arrays)


def left_out(data: Measured, by: np.ndarray) -> tuple[np.ndarray, ...]:
    """Predictions of each group of rows by a fit that has not seen the group."""
    result = tuple(np.full(len(by), np.nan) for _ in range(3))
    for group in sorted(set(by)):
        table = fit(data, by != group)
        for total, part in zip(result, predictions(data, table), strict=True):
            total[by == group] = part[by == group]
    return result


def error(predicted: np.ndarray, truth: np.ndarray, chosen: np.ndarray) -> str:
    ratio = predicted[chosen] / truth[chosen] - 1
    ratio = ratio[np.isfinite(ratio)]
    if not ratio.size:
        return f"{'-':>30}"
    size = np.abs(ratio)
    return f"{ratio.size:5d} {np.median(size):7.3f} {np.quantile(size, 0.8):7.3f} {np.median(ratio):+7.3f}"


def table_of_errors(title: str, data: Measured, predicted: tuple[np.ndarray, ...]) -> None:
    tok_s, ttft, tpot = predicted
    print(f"\n{title}: rows, median, 80th percentile and bias of the error of TPOT | tokens/s | TTFT")
    every = np.ones(len(tok_s), dtype=bool)
    groups = [("all", every)] + [(f"source {s}", data.source == s) for s in sorted(set(data.source))]
    groups += [(f"gpu {g}", data.gpu == g) for g in sorted(set(data.gpu))]
    groups += [(f"model {g}", data.model == g) for g in sorted(set(data.model))]
    for name, chosen in groups:
        columns = ((tpot, data.tpot_s), (tok_s, data.tok_s), (ttft, data.ttft_s))
        print(f"{name[:34]:34}", " | ".join(error(p, t, chosen) for p, t in columns))


def main(path: Path) -> None:
    catalog = load_catalog()
    data = measured(path, catalog)
    table = fit(data, np.ones(len(data.points), dtype=bool))
    print(f"{len(data.points)} rows fitted; coefficients by generation:")
    for name in (f for f in Efficiency.model_fields if f in BOUNDS):
        print(f"  {name:28}", "  ".join(f"{g} {table[g][name]:8.3f}" for g in table))
    table_of_errors("In the fit", data, predictions(data, table))
    table_of_errors("Whole models left out", data, left_out(data, data.shape))
    table_of_errors("Whole GPUs left out", data, left_out(data, data.gpu))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
