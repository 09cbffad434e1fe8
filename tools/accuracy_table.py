"""How far the speed model is off, in one table by engine: published runs held out by model and by GPU, separate pools, drafts, pairs
with and without a technique, what others report, and what is left with one own measurement. `make accuracy`.

Each cell: runs, median and 90th percentile of the absolute error, bias, and the share within the stated 80% range.
"""

from collections.abc import Iterable, Mapping

import numpy as np

from calculators.calibration.accuracy import (
    METRICS,
    Rows,
    accuracy_rows,
    counted_runs,
    errors,
)
from calculators.calibration.field_reports import field_reports, judged_figures
from calculators.calibration.pool_accuracy import draft_speedups, judged_drafts, judged_pools
from calculators.calibration.technique_pairs import judged_pairs, technique_errors
from calculators.catalog.catalog import Catalog
from calculators.catalog.load import load_catalog
from calculators.scenario.demand import Array
from tools.own_calibration_trial import after_own_point

ENGINES = ("vLLM", "SGLang", "TensorRT-LLM")
FIGURE_OF = {"tpot_ms": "tpot_ms", "output_tok_s_per_gpu": "tok_s", "ttft_ms": "ttft_ms"}
Figures = Mapping[str, tuple[Array, Array, Array | None]]
"""By metric: predicted, measured, and whether the measured lies within the stated range; None: no range is stated."""


def cell(predicted: Array, measured: Array, is_within: Array | None) -> str:
    """One figure of one group."""
    e = errors(predicted, measured)
    if not e.count:
        return f"{'-':>36}"
    known = np.isfinite(predicted) & np.isfinite(measured)
    held = f"{np.mean(is_within[known]):5.0%}" if is_within is not None else "    -"
    return f"{e.count:5} {e.median_frac:7.1%} {e.p90_frac:7.1%} {e.bias_frac:+7.1%} {held}"


def lines(what: str, engine_of: Array, figures: Figures) -> Iterable[str]:
    """A line for all engines, and one for each."""
    for engine in ("all", *ENGINES):
        chosen = np.ones(engine_of.shape, dtype=bool) if engine == "all" else engine_of == engine
        cells = []
        for metric in METRICS:
            if metric in figures:
                predicted, measured, within = figures[metric]
                cells.append(cell(predicted[chosen], measured[chosen], None if within is None else within[chosen]))
            else:
                cells.append(f"{'-':>36}")
        if any("%" in one for one in cells):
            yield f"{what:34} {engine:13} " + " | ".join(cells)


def plain(rows: Rows) -> Iterable[str]:
    """Runs held out of the fit by model and by GPU, within the fitted range and beyond it."""
    for status in ("ok", "extrapolated"):
        for protocol, name in (("unseen_model", "by model"), ("unseen_gpu", "by GPU")):
            figures = {}
            for metric in METRICS:
                counted = counted_runs(rows, metric) & (rows.status == status)
                told = np.where(counted, rows.by(protocol)[metric], np.nan)  # type: ignore[arg-type]
                off = np.abs(np.log(told / rows.measured[metric]))
                figures[metric] = told, rows.measured[metric], off <= np.log(rows.ratio[metric])
            yield from lines(f"{status}, held out {name}", rows.engine, figures)


def pools(catalog: Catalog) -> Iterable[str]:
    """Runs with separate pools, which their coefficients were set on."""
    judged = judged_pools(catalog)
    engine_of = np.array([name.split(", ")[1].removesuffix(" with drafts") for name in judged.group])
    figures = {}
    for metric in METRICS:
        off = np.abs(np.log(judged.predicted[metric] / judged.measured[metric]))
        figures[metric] = judged.predicted[metric], judged.measured[metric], off <= np.log(judged.range_ratio[metric])
    return lines("separate pools, in the fit", engine_of, figures)


def drafts(catalog: Catalog) -> Iterable[str]:
    """Runs with multi-token prediction, of which SGLang's set how long requests wait for the host, and the speedup of pairs with and without drafts."""
    judged = judged_drafts(catalog)
    within = np.abs(np.log(judged.predicted / judged.measured)) <= np.log(judged.range_ratio)
    figures = {"tpot_ms": (judged.predicted, judged.measured, within)}
    yield from lines("multi-token prediction", judged.engine, figures)
    yield f"{'speedup by drafts, pairs':34} {'all':13} {cell(*draft_speedups(catalog), None)}"


def techniques(catalog: Catalog) -> Iterable[str]:
    """The gain of pairs with and without a technique, and how many slow-downs are told as gains beyond the range."""
    judged = judged_pairs(catalog)
    for technique, told in technique_errors(judged).items():
        gains = np.array([(j.told_ratio, j.pair.gain_ratio) for j in judged if j.pair.technique == technique]).T
        slower = f"slower {told.slower_count}, told faster beyond the range {told.slower_told_faster_count}"
        yield f"{technique + ', pairs':34} {'all':13} {cell(gains[0], gains[1], None)} | {slower}"


def reports(catalog: Catalog) -> Iterable[str]:
    """Figures that others report, none of them in the fit."""
    judged = [one for one in judged_figures(field_reports(), catalog) if one.report.figure in FIGURE_OF]
    for is_held_out, name in ((True, "reported, held out"), (False, "reported, where faults were seen")):
        some = [one for one in judged if one.report.is_held_out is is_held_out]
        figures = {}
        for figure, metric in FIGURE_OF.items():
            mine = np.array([one.report.figure == figure for one in some])
            told = np.array([np.nan if one.told is None else one.told for one in some])
            measured, within = (
                np.array([one.report.measured for one in some]),
                np.array([bool(one.is_right) for one in some]),
            )
            figures[metric] = np.where(mine, told, np.nan), measured, within
        yield from lines(name, np.array([one.report.row["engine"] for one in some]), figures)


def own_points(rows: Rows, catalog: Catalog) -> Iterable[str]:
    """Runs of the same layout at other loads and lengths, with one own measurement, held out by model."""
    by_metric = {metric: after_own_point(rows, catalog, metric) for metric in METRICS}
    for engine in ("all", *ENGINES):
        cells = []
        for metric in METRICS:
            engines, off = by_metric[metric]
            chosen = off[(engines == engine) | (engine == "all")]
            cells.append(cell(np.exp(chosen), np.ones_like(chosen), None))
        yield f"{'with one own point':34} {engine:13} " + " | ".join(cells)


def main() -> None:
    catalog = load_catalog()
    rows = accuracy_rows(catalog)
    heads = (f"{name:>36}" for name in ("TPOT: runs median p90 bias in range", "tok/s per GPU", "TTFT"))
    print(f"{'':48} " + " | ".join(heads))
    parts = (plain(rows), pools(catalog), drafts(catalog), techniques(catalog), reports(catalog))
    for part in (*parts, own_points(rows, catalog)):
        for line in part:
            print(line, flush=True)


if __name__ == "__main__":
    main()
