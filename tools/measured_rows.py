"""Measured runs as arrays, for fitting and judging the throughput model."""

from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path

import numpy as np
import yaml

from calculators.calibration.accuracy import read_table
from calculators.calibration.arrival_modes import BenchmarkConfig
from calculators.calibration.configurations import parse_point
from calculators.catalog.catalog import Catalog
from calculators.performance.replica import ReplicaArrays, replica_arrays

EXCLUDED = Path(__file__).parent.parent / "calibration/excluded_rows.yaml"
FORMATS = {"fp8": 1, "int8": 1, "nvfp4": 2, "mxfp4": 2}


@dataclass
class Measured:
    """Measured runs as arrays (n,); NaN where a run does not say. Times in s, throughput in output tok/s per GPU."""

    points: list[BenchmarkConfig]
    machine: ReplicaArrays
    row: np.ndarray
    model: np.ndarray
    shape: np.ndarray
    """Network of each run; models of one network, such as DeepSeek V3 and R1, must be held out together."""
    gpu: np.ndarray
    source: np.ndarray
    tpot_s: np.ndarray
    ttft_s: np.ndarray
    tok_s: np.ndarray
    weight: np.ndarray
    excluded: np.ndarray
    ttft_excluded: np.ndarray
    format: np.ndarray
    """Arithmetic of the weights: 0 in 16 bit, 1 in 8 bit, 2 in 4 bit."""

    @cached_property
    def generation_groups(self) -> tuple[list[str], np.ndarray]:
        return _grouped([p.config.gpu.generation for p in self.points])

    @cached_property
    def engine_groups(self) -> tuple[list[str], np.ndarray]:
        return _grouped([p.config.engine for p in self.points])

    @property
    def engine(self) -> np.ndarray:
        return np.array([p.config.engine for p in self.points])

    def subset(self, keep: np.ndarray) -> "Measured":
        arrays = {f.name: getattr(self, f.name)[keep] for f in fields(self) if f.name not in ("points", "machine")}
        return Measured([p for p, k in zip(self.points, keep, strict=True) if k], self.machine.rows(keep), **arrays)


def _grouped(names: list[str]) -> tuple[list[str], np.ndarray]:
    groups = sorted(set(names))
    return groups, np.array([groups.index(n) for n in names])


def measured(path: Path, catalog: Catalog) -> Measured:
    """Runs of quality A and B that can be predicted, without speculative decoding and disaggregation."""
    rows = [row for row in read_table(path) if row["quality"] in "AB" and not row["spec_decode"].startswith("on")]
    parsed = [(row, parse_point(row, catalog)) for row in rows]
    kept = [(r, p) for r, p in parsed if isinstance(p, BenchmarkConfig) and _has_answer(r) and _is_fitted(p, catalog)]
    m = replica_arrays([p.config for _, p in kept], catalog)
    fits = (m.kv_room_bytes > 0)[:, 0]
    kept, m = [k for k, ok in zip(kept, fits, strict=True) if ok], m.rows(fits)
    rows, points = [r for r, _ in kept], [p for _, p in kept]
    tpot = np.array([number(r, "tpot_ms_mean", "tpot_ms_median") for r in rows]) / 1e3
    ttft = np.array([number(r, "ttft_ms_mean", "ttft_ms_median") for r in rows]) / 1e3
    published = np.array([number(r, "output_tok_s_per_gpu") for r in rows])
    output = np.array([p.output_tok for p in points])
    gpu_batch = np.array([p.batch / p.config.tensor_parallel for p in points])
    little = gpu_batch * output / (ttft + (output - 1) * tpot)  # closed loops: output tokens a second and GPU
    groups = [(r["source"], r["engine"], p.config.model.id, p.config.gpu.id, p.config.precision) for r, p in kept]
    count = {g: groups.count(g) for g in set(groups)}
    excluded = excluded_rows()
    return Measured(
        points=points,
        machine=m,
        row=np.array([int(r["row"]) for r in rows]),
        model=np.array([p.config.model.id for p in points]),
        shape=np.array([shape_name(p) for p in points]),
        gpu=np.array([p.config.gpu.id for p in points]),
        source=np.array([r["source"].split(" ")[0] for r in rows]),
        tpot_s=tpot,
        ttft_s=ttft,
        tok_s=np.where(np.isnan(published), little, published),
        weight=np.array([count[g] ** -0.5 for g in groups]),
        excluded=np.array([excluded.get(int(r["row"])) == "all" for r in rows]),
        ttft_excluded=np.array([excluded.get(int(r["row"])) == "ttft" for r in rows]),
        format=np.array([_format(p) for p in points]),
    )


def excluded_rows() -> dict[int, str]:
    """What of a run is excluded from the fit, "all" or "ttft", by row number."""
    if not EXCLUDED.is_file():
        return {}
    groups = yaml.safe_load(EXCLUDED.read_text(encoding="utf-8"))["excluded"]
    return {row: group["what"] for group in groups for row in group["rows"]}


def shape_name(point: BenchmarkConfig) -> str:
    s = point.config.model.shape
    return f"{s.layers} x {s.hidden_size}, {s.mlp.experts or 0} experts"


def number(row: dict[str, str], *names: str) -> float:
    return next((float(row[name]) for name in names if row[name]), float("nan"))


def _is_fitted(point: BenchmarkConfig, catalog: Catalog) -> bool:
    """Whether the GPU's generation has coefficients of its own to fit."""
    return catalog.efficiency(point.config.gpu).generation == point.config.gpu.generation


def _has_answer(row: dict[str, str]) -> bool:
    return number(row, "tpot_ms_mean", "tpot_ms_median") > 0 or number(row, "output_tok_s_per_gpu") > 0


def _format(point: BenchmarkConfig) -> int:
    config = point.config
    native = config.gpu.dense_flops(config.precision) > config.gpu.dense_flops("bf16")
    return FORMATS.get(config.precision, 0) if native else 0
