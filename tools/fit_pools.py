"""Fits what separate pools add to the throughput model, and prints the errors on models and GPUs that the fit never saw:

    python -m tools.fit_pools

The values are to be written to hardware_profiles/links.yaml (`fused_kernels_frac`) and `FITTED_WAIT` of
calculators/calibration/pool_runs.py by hand. About two minutes.
"""

from dataclasses import replace
from itertools import product

import numpy as np
from numpy.typing import NDArray

from calculators.calibration.accuracy import METRICS, errors, read_table
from calculators.calibration.arrival_modes import BenchmarkConfig
from calculators.calibration.configurations import parse_point
from calculators.calibration.pool_accuracy import POOL_RUNS, JudgedPools, judged_pools
from calculators.calibration.pool_runs import FirstTokenWait, pool_rates
from calculators.catalog.catalog import Catalog
from calculators.catalog.load import load_catalog

FUSED = (0.6, 0.7, 0.8, 0.9)
WAITS = [FirstTokenWait(*x) for x in product((0.9, 1.25, 1.7), (0.1, 0.14, 0.18), (5.0, 10.0, 15.0, 22.0))]
LARGEST_LOG = 1.5
"""Logarithmic errors beyond it count as much as it: runs that failed to fill their pools."""
Answers = dict[str, NDArray[np.float64]]


def with_fused(catalog: Catalog, frac: float) -> Catalog:
    """The catalog with another share of kernels in 4-bit pools."""
    coefficient = catalog.links.fused_kernels_frac.model_copy(update={"central": frac})
    return replace(catalog, links=catalog.links.model_copy(update={"fused_kernels_frac": coefficient}))


def answers(points: list[BenchmarkConfig], catalog: Catalog) -> dict[tuple[float, FirstTokenWait], Answers]:
    """Predictions of all runs with every choice of coefficients."""
    told = {}
    for frac in FUSED:
        changed = with_fused(catalog, frac)
        for wait in WAITS:
            rates = pool_rates(points, changed, wait)
            told[frac, wait] = {
                "tpot_ms": rates.tpot_s * 1e3,
                "tok_s": rates.output_tok_s_per_gpu,
                "ttft_ms": rates.ttft_s * 1e3,
            }
    return told


def loss(told: Answers, judged: JudgedPools, chosen: NDArray[np.bool_]) -> float:
    """Mean absolute logarithmic error of TPOT and TTFT over the runs in `chosen`."""
    logs = [np.abs(np.log(told[m][chosen] / judged.measured[m][chosen])) for m in ("tpot_ms", "ttft_ms")]
    return float(np.mean(np.minimum(logs, LARGEST_LOG)))


def main() -> None:
    """Prints the best coefficients, and the errors with each model and each GPU left out."""
    catalog = load_catalog()
    table = [row for row in read_table(POOL_RUNS) if row["kind"] == "disaggregated"]
    points = [p for row in table if isinstance(p := parse_point(row, catalog), BenchmarkConfig)]
    judged, told = judged_pools(catalog), answers(points, catalog)
    networks = np.array([str(p.config.model.shape.layers) for p in points])  # R1 and V3 are one network
    gpus = np.array([p.config.gpu.id for p in points])
    for name, groups in (("in the fit", np.zeros(len(points))), ("model left out", networks), ("GPU left out", gpus)):
        unseen = {metric: np.full(len(points), np.nan) for metric in METRICS}
        for group in np.unique(groups):
            out = groups == group
            seen = ~out if (~out).any() else out
            best = min(told, key=lambda key: loss(told[key], judged, seen))
            print(name, group, *best)
            for metric in METRICS:
                unseen[metric][out] = told[best][metric][out]
        parts = [errors(unseen[metric], judged.measured[metric]) for metric in METRICS]
        print(name, " | ".join(f"{e.median_frac:.3f} {e.p90_frac:.3f} {e.bias_frac:+.3f}" for e in parts))


if __name__ == "__main__":
    main()
