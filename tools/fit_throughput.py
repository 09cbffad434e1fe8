"""Fits the throughput model's coefficients to measured runs, and reports its errors on runs that the fit never saw.

    python -m tools.fit_throughput MEASURED.csv             the coefficients, and their errors in the fit
    python -m tools.fit_throughput MEASURED.csv --report    also with whole models, GPUs and sources held out
    python -m tools.fit_throughput MEASURED.csv --write     writes them into hardware_profiles/efficiency.yaml

A development tool (needs scipy).
"""

import argparse
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from scipy.optimize import least_squares

from calculators.calibration.accuracy import MEASURED
from calculators.calibration.arrival_modes import predict_rates
from calculators.catalog.load import load_catalog
from calculators.performance.replica import COEFFICIENTS, ReplicaArrays
from tools.measured_rows import Measured, measured
from tools.throughput_report import quantiles, table_of_errors, table_of_reports
from tools.write_efficiency import write_efficiency, write_left_out

Name = tuple[str, str]
"""A GPU generation or engine, and a coefficient."""
Table = dict[str, dict[str, float]]


@dataclass(frozen=True)
class Range:
    """Physical limits of a coefficient, and its prior value without data."""

    low: float
    start: float
    high: float


GENERATION = {
    "compute_frac": Range(0.3, 0.7, 0.95),
    "fp8_compute_frac": Range(0.5, 0.85, 1.0),
    "fp4_compute_frac": Range(0.3, 0.65, 1.0),
    "gemm_pad_tok": Range(1, 24, 256),
    "weight_bandwidth_frac": Range(0.5, 0.88, 0.95),
    "expert_compute_frac": Range(0.15, 0.35, 0.9),
    "expert_bandwidth_frac": Range(0.3, 0.85, 0.95),
    "expert_half_width": Range(1, 130, 1000),
    "expert_pad_tok": Range(1, 16, 64),
    "expert_passes": Range(0.05, 8.0, 40.0),
    "pick_evenness": Range(0.2, 1.0, 20.0),
    "four_bit_read_frac": Range(0.4, 0.78, 1.0),
    "kv_bandwidth_frac": Range(0.25, 0.82, 0.95),
    "prefill_attention_frac": Range(0.1, 0.6, 0.9),
    "link_frac": Range(0.2, 0.5, 0.9),
    "kernel_us": Range(0.5, 4.5, 15),
    "layer_overhead_parallel_us": Range(0.5, 8, 100),
    "collective_latency_us": Range(1, 4, 40),
}
ENGINE = {
    "kernel_factor": Range(0.5, 1.0, 6.0),
    "multiply_factor": Range(1.0, 3.0, 30.0),
    "launch_factor": Range(0.5, 1.0, 5.0),
    "parallel_factor": Range(0.1, 1.0, 10.0),
    "link_factor": Range(0.3, 1.0, 3.0),
    "group_read_exponent": Range(0.001, 0.3, 1.0),
    "step_overhead_us": Range(50, 350, 30000),
    "request_overhead_us": Range(0.5, 8, 300),
    "first_token_overhead_ms": Range(0.5, 5, 300),
    "first_token_kernel_us": Range(0.5, 40, 300),
    "first_token_own_ratio": Range(0.9, 1.3, 4.0),
    "first_token_others_ratio": Range(0.005, 0.06, 0.6),
}
SHARED = ("gemm_pad_tok", "expert_half_width", "expert_pad_tok", "fp8_compute_frac", "fp4_compute_frac")
SHARED += ("expert_passes", "pick_evenness", "four_bit_read_frac")
SHARED += ("collective_latency_us", "layer_overhead_parallel_us", "prefill_attention_frac")
OWN = {
    "hopper": tuple(GENERATION),
    "blackwell": tuple(name for name in GENERATION if name not in SHARED),
    "ampere": ("compute_frac", "weight_bandwidth_frac", "kv_bandwidth_frac", "kernel_us", "link_frac"),
    "cdna3": ("compute_frac", "kv_bandwidth_frac", "kernel_us", "link_frac"),
}
BORROWED = {"ada": "hopper", "cdna4": "cdna3"}  # no runs, or almost none
ENGINES = ("vllm", "sglang", "tensorrt-llm", "tensorrt-llm-2024", "vllm-2024", "vllm-2024-rocm", "deepspeed")
FIXED: dict[Name, float] = {
    ("tensorrt-llm", "kernel_factor"): 1.0,
    ("tensorrt-llm", "launch_factor"): 1.0,
    ("vllm", "parallel_factor"): 1.0,
    ("vllm", "link_factor"): 1.0,
}
"""TensorRT-LLM is the reference for the other engines, and no current engine reads a cache twice."""
FIXED |= {
    (engine, "group_read_exponent"): 0.0
    for engine in ("vllm", "sglang", "tensorrt-llm", "tensorrt-llm-2024", "deepspeed")
}
FIXED |= {(engine, "multiply_factor"): 1.0 for engine in ("vllm", "sglang", "tensorrt-llm", "tensorrt-llm-2024")}
FIXED |= {
    (e, c): FIRST
    for e in ("tensorrt-llm-2024", "vllm-2024", "vllm-2024-rocm", "deepspeed")
    for c, FIRST in (
        ("first_token_overhead_ms", 10.0),
        ("first_token_kernel_us", 40.0),
        ("first_token_own_ratio", 2.0),
        ("first_token_others_ratio", 0.1),
    )
}
NAMES: tuple[Name, ...] = (
    *((g, c) for g, own in OWN.items() for c in own),
    *((e, c) for e in ENGINES for c in ENGINE if (e, c) not in FIXED),
)
PRIOR_LOG = {"hopper": 0.5, "blackwell": 0.25, "ampere": 0.25, "cdna3": 0.25}
"""Log distance of a coefficient from its prior value, or of a generation from Hopper, that costs as much as a run that is
30% off."""
PRIOR_WEIGHT = 0.3
KNEE = 0.10  # log error from which a run counts linearly instead of squared
TTFT_WEIGHT, LITTLE_WEIGHT = 0.3, 0.7


def limits(name: Name) -> Range:
    """Limits and prior value of a coefficient."""
    return GENERATION[name[1]] if name[1] in GENERATION else ENGINE[name[1]]


def coefficients(x: np.ndarray) -> Table:
    """Coefficients by generation or engine; Hopper's where a generation has no own coefficient."""
    free = dict(zip(NAMES, x.tolist(), strict=True)) | FIXED
    table = {g: {c: free.get((g, c), free[("hopper", c)]) for c in GENERATION} for g in OWN}
    table |= {g: table[like] for g, like in BORROWED.items()}
    return table | {e: {c: free[(e, c)] for c in ENGINE} for e in ENGINES}


def with_coefficients(data: Measured, table: Table) -> ReplicaArrays:
    """Replicas of the runs with these coefficients instead of the catalog's."""
    columns = {}
    for name in COEFFICIENTS:
        groups, index = data.engine_groups if name in ENGINE else data.generation_groups
        columns[name] = np.array([table[g][name] for g in groups])[index][:, None]
    formats = np.array(
        [[1.0, table[g]["fp8_compute_frac"], table[g]["fp4_compute_frac"]] for g in data.generation_groups[0]]
    )
    native = formats[data.generation_groups[1], data.format][:, None]
    frac = np.where(data.format[:, None] > 0, native, data.machine.format_compute_frac)
    return replace(data.machine, format_compute_frac=frac, **columns)


def predictions(data: Measured, table: Table) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Output tok/s per GPU, TTFT in s and TPOT in s: arrays (n,)."""
    answer = predict_rates(with_coefficients(data, table), data.points)
    return answer.output_tok_s_per_gpu, answer.ttft_s, answer.tpot_s


def priors(x: np.ndarray) -> np.ndarray:
    """Log distance of each coefficient from its prior value, or from Hopper's, in units of the prior's width. Kernel times are
    expected to fall from Hopper to Blackwell as they fell from Ampere to Hopper."""
    free = dict(zip(NAMES, x.tolist(), strict=True))
    centre = [free[("hopper", c)] if g in OWN and g != "hopper" else limits((g, c)).start for g, c in NAMES]
    trend = free[("hopper", "kernel_us")] / free[("ampere", "kernel_us")]
    centre[NAMES.index(("blackwell", "kernel_us"))] *= trend
    width = [PRIOR_LOG.get(g, 0.7) for g, _ in NAMES]
    return PRIOR_WEIGHT * np.log(x / np.array(centre)) / np.array(width)


def robust(error: np.ndarray) -> np.ndarray:
    """Errors whose square is the soft L1 loss: squared below the knee, linear above it."""
    return np.sign(error) * KNEE * np.sqrt(2 * (np.sqrt(1 + (error / KNEE) ** 2) - 1))


def fit(data: Measured, keep: np.ndarray, start: np.ndarray | None = None, steps: int = 60) -> np.ndarray:
    """Coefficients by robust least squares on the logarithms of the runs in `keep` that are not excluded."""
    part = data.subset(keep & ~data.excluded)
    ranges = [limits(name) for name in NAMES]
    low, high = (np.log([getattr(r, side) for r in ranges]) for side in ("low", "high"))
    first = np.log([r.start for r in ranges] if start is None else start)

    def residuals(log_x: np.ndarray) -> np.ndarray:
        x = np.exp(log_x)
        tok_s, ttft, tpot = predictions(part, coefficients(x))
        with np.errstate(invalid="ignore", divide="ignore"):
            errors = (
                np.log(tpot / part.tpot_s),
                np.log(tok_s / part.tok_s) * np.where(np.isnan(part.tpot_s), 1.0, LITTLE_WEIGHT),
                np.log(ttft / np.where(part.ttft_excluded, np.nan, part.ttft_s)) * TTFT_WEIGHT,
            )
        return np.concatenate([robust(np.nan_to_num(np.concatenate(errors))) * np.tile(part.weight**0.5, 3), priors(x)])

    result = least_squares(residuals, np.clip(first, low + 1e-6, high - 1e-6), bounds=(low, high), max_nfev=steps)
    return np.exp(result.x)


def others_moved(data: Measured, x: np.ndarray) -> None:
    """Prints how much the median errors of the other sources change when one source is held out of the fit."""
    every = predictions(data, coefficients(x))
    truth = (data.tok_s, data.ttft_s, data.tpot_s)
    for source in sorted(set(data.source)):
        rest = (data.source != source) & ~data.excluded
        less = predictions(data, coefficients(fit(data, data.source != source, x, steps=12)))
        moved = []
        for p, q, t in zip(every, less, truth, strict=True):
            before, after = (
                np.nanmedian(np.abs(v[rest] / t[rest] - 1)) if np.isfinite(t[rest]).any() else np.nan for v in (p, q)
            )
            moved.append(f"{before:.3f} -> {after:.3f}")
        print(f"without {source:16} tokens/s, TTFT, TPOT of the others: {', '.join(moved)}")


def left_out(data: Measured, by: np.ndarray, start: np.ndarray) -> tuple[np.ndarray, ...]:
    """Predictions of each group of runs by a fit that never saw the group."""
    result = tuple(np.full(len(by), np.nan) for _ in range(3))
    for group in sorted(set(by)):
        x = fit(data, by != group, start, steps=12)
        for total, part in zip(result, predictions(data, coefficients(x)), strict=True):
            total[by == group] = part[by == group]
    return result


def print_coefficients(x: np.ndarray) -> None:
    """Prints every coefficient by group, and marks those at a bound."""
    free = dict(zip(NAMES, x.tolist(), strict=True))
    for groups, ranges in ((tuple(OWN), GENERATION), (ENGINES, ENGINE)):
        for c, limit in ranges.items():
            cells = [f"{g} {free[(g, c)]:9.3f}" for g in groups if (g, c) in free]
            stuck = [g for g in groups if (g, c) in free and not limit.low * 1.02 < free[(g, c)] < limit.high * 0.98]
            print(f"  {c:28}", "  ".join(cells), f"  AT BOUND: {', '.join(stuck)}" if stuck else "")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("csv", type=Path, nargs="?", default=MEASURED)
    parser.add_argument("--report", action="store_true")
    parser.add_argument("--sources", action="store_true")
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--left-out", action="store_true", help="write calibration/left_out.csv.gz")
    options = parser.parse_args()
    began = time.monotonic()
    data = measured(options.csv, load_catalog())
    every = np.ones(len(data.points), dtype=bool)
    x = fit(data, every)
    print(f"{int((~data.excluded).sum())} rows fitted of {len(data.points)}, {time.monotonic() - began:.0f} s")
    print_coefficients(x)
    table_of_errors("In the fit", data, predictions(data, coefficients(x)))
    if options.report or options.write or options.left_out:
        unseen = left_out(data, data.shape, x)
        table_of_errors("Whole models held out", data, unseen)
    if options.write:
        median, p80 = quantiles(unseen[2], data.tpot_s, ~data.excluded, (0.5, 0.8))
        errors = {"tpot_error_median_frac": median, "tpot_error_p80_frac": p80}
        write_efficiency(coefficients(x), errors, int((~data.excluded).sum()))
    if options.report or options.left_out:
        unseen_gpu = left_out(data, data.gpu, x)
        table_of_errors("Whole GPUs held out", data, unseen_gpu)
    if options.left_out:
        write_left_out(data, unseen, unseen_gpu)
    if options.sources:
        others_moved(data, x)
    if options.report:
        table_of_reports(load_catalog())
    print(f"{time.monotonic() - began:.0f} s", file=sys.stderr)


if __name__ == "__main__":
    main()
