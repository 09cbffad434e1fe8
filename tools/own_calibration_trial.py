"""Gain from one own measurement, on published runs: `python -m tools.own_calibration_trial`.

Each published run is predicted from one other run of the same source, engine, engine version, model, GPU and weight format, as
`calculators/calibration/own_likeness.py` applies it. Printed by engine, before and after: of runs of the same layout (other
loads and lengths), of the same lengths too (other loads only), and of any layout. `left out` are predictions of a fit without
the run's model, which is what a user of a new model has; `in the fit` are those that the product makes.
"""

import random
import sys
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from calculators.calibration.accuracy import MEASURED, METRICS, Rows, accuracy_rows, counted_runs, read_table
from calculators.calibration.arrival_modes import BenchmarkConfig
from calculators.calibration.configurations import parse_point
from calculators.calibration.own_likeness import (
    FIRST_TOKEN_LIKENESS,
    STEP_LIKENESS,
    Differences,
    gaps_applied,
    likeness,
)
from calculators.catalog.catalog import Catalog
from calculators.catalog.load import load_catalog
from calculators.performance.stated_range import SEVERAL_GPUS, traits_ratio
from calculators.scenario.demand import Array

OWN_RUNS = 6
"""Own measurements tried for each run at most."""
GOALS = {"tpot_ms": 0.07, "tok_s": 0.065, "ttft_ms": 0.16}
PROTOCOLS = {"unseen_model": "left out", "predicted": "in the fit"}
ENGINES = ("all", "vLLM", "SGLang", "TensorRT-LLM")
GROUPS = {"any layout": False, "same layout": True}


def usable(rows: Rows, catalog: Catalog, metric: str) -> dict[int, tuple[dict[str, str], BenchmarkConfig]]:
    """Runs by their place that a user's server is like: counted, at a stated load, without drafts and pools."""
    runs = {}
    for n, row in enumerate(read_table(MEASURED)):
        point = parse_point(row, catalog)
        if not isinstance(point, str) and not point.draft_tok and point.pools is None and np.isfinite(point.batch):
            runs[n] = row, point
    counted = counted_runs(rows, metric)
    return {n: run for n, run in runs.items() if counted[n]}


def layout(point: BenchmarkConfig) -> tuple[int, ...]:
    c = point.config
    return c.tensor_parallel, c.attention_ranks, c.pipeline_stages, c.expert_ranks


def pairs(
    runs: dict[int, tuple[dict[str, str], BenchmarkConfig]], known: Array, same_layout: bool
) -> list[tuple[int, int]]:
    """(own measurement, run to predict), up to `OWN_RUNS` own measurements of each."""
    groups: dict[tuple[Any, ...], list[int]] = defaultdict(list)
    for n, (row, point) in runs.items():
        if known[n]:
            config = point.config
            key = (
                row["source"],
                row["engine"],
                row["engine_version"],
                config.model.id,
                config.gpu.id,
                config.precision,
            )
            groups[(*key, layout(point) if same_layout else ())].append(n)
    pick, every = random.Random(1), []
    for group in groups.values():
        for target in group:
            others = [n for n in group if n != target]
            every += [(n, target) for n in pick.sample(others, min(OWN_RUNS, len(others)))]
    return every


def corrected(
    gaps: Array, points: Sequence[BenchmarkConfig], own: Array, target: Array, metric: str, error: float
) -> Array:
    """ln(measured / modeled) that each own measurement applies to its run, (pairs,)."""
    figure = FIRST_TOKEN_LIKENESS if metric == "ttft_ms" else STEP_LIKENESS
    loads = np.log([(p.batch * p.config.attention_ranks, p.input_tok, p.output_tok) for p in points])
    split = np.array([layout(points[i]) != layout(points[j]) for i, j in zip(own, target, strict=True)], dtype=float)
    no = np.zeros((len(own), 1, 1))
    like = likeness(
        Differences(np.abs(loads[own] - loads[target])[:, None, None], split[:, None, None], no, no, no), figure
    )
    rows = zip(gaps[own], like, strict=True)
    one = np.zeros((1, 1))
    return np.array(
        [gaps_applied(np.array([g]), k[None], np.zeros((1, 1, 1)), error, one + error).log_ratio[0, 0] for g, k in rows]
    )


def told(values: Array) -> str:
    off = np.abs(np.expm1(values))
    return f"{np.median(off):6.1%} {np.quantile(off, 0.8):6.1%}"


def report(rows: Rows, catalog: Catalog, metric: str) -> Iterable[str]:
    """Lines of one figure: by protocol, by group, by engine."""
    runs = usable(rows, catalog, metric)
    places = {n: place for place, n in enumerate(runs)}
    points = [point for _, point in runs.values()]
    error = np.log(traits_ratio("tok_s", frozenset(("vllm", SEVERAL_GPUS)), catalog))
    for protocol, name in PROTOCOLS.items():
        gaps = np.log(rows.measured[metric] / rows.by(protocol)[metric])  # type: ignore[arg-type]
        for group, same_layout in GROUPS.items():
            own, target = np.array(pairs(runs, np.isfinite(gaps), same_layout)).T
            mine, theirs = (np.array([places[n] for n in of.tolist()]) for of in (own, target))
            kept = gaps[list(runs)]
            left = kept[theirs] - corrected(kept, points, mine, theirs, metric, float(error))
            same_lengths = np.array(
                [
                    points[i].input_tok == points[j].input_tok and points[i].output_tok == points[j].output_tok
                    for i, j in zip(mine, theirs, strict=True)
                ]
            )
            for label, chosen in ((group, np.ones(len(left), dtype=bool)), ("same lengths", same_lengths)):
                if label == "same lengths" and not same_layout:
                    continue
                for engine in ENGINES:
                    some = chosen & np.array([engine in ("all", rows.engine[n]) for n in target.tolist()])
                    if some.sum() > 20:
                        yield f"{metric:8} {name:11} {label:13} {engine:13} {some.sum():6} {told(-gaps[target][some])}  {told(-left[some])}"


def after_own_point(rows: Rows, catalog: Catalog, metric: str) -> tuple[Array, Array]:
    """Engine and ln(predicted / measured) of runs held out by model, each corrected by one own measurement of the same layout."""
    runs = usable(rows, catalog, metric)
    places, points = {n: place for place, n in enumerate(runs)}, [point for _, point in runs.values()]
    gaps = np.log(rows.measured[metric] / rows.by("unseen_model")[metric])
    own, target = np.array(pairs(runs, np.isfinite(gaps), same_layout=True)).T
    mine, theirs = (np.array([places[n] for n in of.tolist()]) for of in (own, target))
    error, kept = np.log(traits_ratio("tok_s", frozenset(("vllm", SEVERAL_GPUS)), catalog)), gaps[list(runs)]
    return rows.engine[target], corrected(kept, points, mine, theirs, metric, float(error)) - kept[theirs]


def main() -> None:
    catalog = load_catalog()
    rows = accuracy_rows(catalog)
    print("figure   fit         own point     engine          pairs  before: median, p80   after: median, p80")
    for metric in METRICS:
        print(*report(rows, catalog, metric), sep="\n")
        print(
            f"{metric:8} goal with one own point of the same model, GPU, version and format: {GOALS[metric]:.1%} median"
        )


if __name__ == "__main__":
    main()
