"""Tables of the throughput model's errors: by source, engine, GPU and model; `python -m tools.throughput_report` prints those
on runs with separate pools and with drafts."""

import numpy as np

from calculators.calibration.accuracy import METRICS, errors
from calculators.calibration.field_reports import ReportHits, field_reports, hits, hits_by_kind, judged_figures
from calculators.calibration.pool_accuracy import draft_speedups, judged_pools
from calculators.catalog.catalog import Catalog
from calculators.catalog.load import load_catalog
from tools.measured_rows import Measured


def quantiles(
    predicted: np.ndarray, truth: np.ndarray, chosen: np.ndarray, which: tuple[float, ...]
) -> tuple[float, ...]:
    """Quantiles of the absolute relative error."""
    ratio = predicted[chosen] / truth[chosen] - 1
    return tuple(float(q) for q in np.quantile(np.abs(ratio[np.isfinite(ratio)]), which))


def error(predicted: np.ndarray, truth: np.ndarray, chosen: np.ndarray) -> str:
    """Number of runs, then median, 80th and 90th percentile of the absolute relative error, and its signed median."""
    ratio = predicted[chosen] / truth[chosen] - 1
    ratio = ratio[np.isfinite(ratio)]
    if not ratio.size:
        return f"{'-':>33}"
    size = np.abs(ratio)
    spread = " ".join(f"{np.quantile(size, q):6.3f}" for q in (0.5, 0.8, 0.9))
    return f"{ratio.size:5d} {spread} {np.median(ratio):+6.3f}"


def table_of_errors(title: str, data: Measured, predicted: tuple[np.ndarray, ...]) -> None:
    """Prints the errors of TPOT, throughput and TTFT by group."""
    tok_s, ttft, tpot = predicted
    print(f"\n{title}: runs, median, p80, p90 and bias of the error of TPOT | throughput | TTFT")
    clean = ~data.excluded
    groups = [("all", clean), ("excluded", data.excluded)]
    for what in ("source", "engine", "gpu", "model"):
        names = getattr(data, what)
        groups += [(f"{what} {name}", clean & (names == name)) for name in sorted(set(names))]
    for name, chosen in groups:
        columns = ((tpot, data.tpot_s), (tok_s, data.tok_s), (ttft, data.ttft_s))
        print(f"{name[:34]:34}", " | ".join(error(p, t, chosen) for p, t in columns))


def table_of_pools() -> None:
    """Prints the errors on runs with separate pools by GPU, engine and drafts, and on pairs with and without drafts."""
    catalog = load_catalog()
    judged = judged_pools(catalog)
    print(
        "Separate pools, in the fit: runs, then median, p90, bias and share in the range of the verdict of TPOT | throughput | TTFT"
    )
    for group in (*judged.groups, None):
        parts = [(judged.errors(metric, group), judged.in_range_frac(metric, group)) for metric in METRICS]
        columns = (f"{e.median_frac:6.3f} {e.p90_frac:6.3f} {e.bias_frac:+6.3f} {held:5.2f}" for e, held in parts)
        print(f"{group or 'all':34}{parts[0][0].count:5d}", " | ".join(columns))
    pairs = errors(*draft_speedups(catalog))
    print(
        f"{'speedup by drafts':34}{pairs.count:5d} {pairs.median_frac:6.3f} {pairs.p90_frac:6.3f} {pairs.bias_frac:+6.3f}"
    )


def table_of_reports(catalog: Catalog) -> None:
    """Prints by kind how many figures that others report lie within the stated range, with the coefficients of the catalog."""
    judged = judged_figures(field_reports(), catalog)
    print("\nReported speeds within the stated range | of them held out | median error and bias")
    for kind, one in (*hits_by_kind(judged).items(), ("all", hits(judged))):
        print(f"{kind[:40]:40}", _hits(one))


def _hits(one: ReportHits) -> str:
    return (
        f"{one.right_count:4d} of {one.told_count:3d} | {one.held_out_right_count:3d} of {one.held_out_count:3d} | "
        f"{one.median_error_frac:6.3f} {one.bias_frac:+6.3f}"
    )


if __name__ == "__main__":
    table_of_pools()
