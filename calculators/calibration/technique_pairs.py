"""Pairs of published runs that differ in one technique only: how much faster it made them, and how much faster the model says.

Two kinds of pairs: runs of `measured.csv.gz`, told by a fit that has not seen their model (but the rule of FP8 caches was set on the
four pairs of them), and runs that others report (`technique_reports.csv`), which no fit has seen and no rule was changed for. Pairs with and without drafts are in `pool_accuracy.py`.
"""

import csv
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Literal, get_args

import numpy as np

from calculators.calibration.accuracy import LEFT_OUT, MEASURED, Errors, errors, read_table
from calculators.calibration.arrival_modes import BenchmarkConfig
from calculators.calibration.configurations import parse_point
from calculators.calibration.field_reports import UNSTATED
from calculators.calibration.predict import Prediction, predict
from calculators.catalog.catalog import Catalog
from calculators.catalog.load import ROOT
from calculators.errors import DataError
from calculators.performance.queueing import at_rate, largest_req_s, queue_model
from calculators.performance.replica import replica_arrays
from calculators.performance.request_mix import SharedPrefixes, request_mix
from calculators.performance.step_time import first_token_overhead_s
from calculators.scenario.demand import Lengths

TECHNIQUE_REPORTS = ROOT / "calibration/technique_reports.csv"
PairedTechnique = Literal["FP8 KV cache", "prefix caching", "expert parallelism", "attention data parallelism"]
PairFigure = Literal["tpot_ms", "ttft_ms", "output_tok_s_per_gpu"]
PAIRED_TECHNIQUES: tuple[PairedTechnique, ...] = get_args(PairedTechnique)
_Row = Mapping[str, str]
LONGEST_DAYS = 31
"""Runs further apart differ in more than the technique: engines get faster within months."""
_VARIED: dict[PairedTechnique, tuple[str, ...]] = {
    "FP8 KV cache": ("kv_dtype",),
    "expert parallelism": ("ep",),
    "attention data parallelism": ("dp", "tp"),
}
"""Columns of a run that the technique sets. No run of `measured.csv.gz` states a hit rate, so none shows prefix caching."""
_SAME = (
    *("source", "engine", "model", "gpu", "n_gpu", "tp", "pp", "ep", "dp", "weight_dtype", "kv_dtype", "isl", "osl"),
    *("isl_osl_kind", "concurrency_or_batch", "request_rate", "scenario", "spec_decode", "prefix_cache"),
    *("poll_steps", "gather_steps", "max_num_batched_tokens"),
)

_COLUMNS: dict[PairFigure, str] = {"tpot_ms": "tpot_ms_mean", "output_tok_s_per_gpu": "output_tok_s_per_gpu"}
"""Of `measured.csv.gz`, by figure, the first one that both runs state."""


@dataclass(frozen=True, slots=True)
class TechniquePair:
    """Two runs, without and with a technique."""

    technique: PairedTechnique
    off: _Row
    on: _Row
    figure: PairFigure
    measured: tuple[float, float]
    """The figure without and with it."""
    is_reported: bool
    """Reported by others; else two runs of `measured.csv.gz`."""

    @property
    def gain_ratio(self) -> float:
        """How many times faster with it: below 1 it is slower."""
        return _gain_ratio(self.figure, *self.measured)


@dataclass(frozen=True, slots=True)
class JudgedPair:
    """A pair with the gain that the model tells; NaN where it cannot tell both runs."""

    pair: TechniquePair
    told_ratio: float

    @property
    def is_slower_told_faster(self) -> bool:
        """Whether the technique measured slower and is told faster by more than the range of a figure without a stated one."""
        measured = self.pair.gain_ratio
        return measured < 1 < self.told_ratio and self.told_ratio / measured > UNSTATED.down


@dataclass(frozen=True, slots=True)
class TechniqueErrors:
    """Errors of the gain over the pairs of one technique that could be told."""

    errors: Errors
    slower_count: int
    """Pairs that measured slower with it."""
    slower_told_faster_count: int
    """Of these: told faster beyond the range."""
    models_count: int


def _gain_ratio(figure: PairFigure, off: float, on: float) -> float:
    return on / off if figure == "output_tok_s_per_gpu" else off / on


def published_pairs(table: Sequence[_Row], technique: PairedTechnique) -> list[tuple[_Row, _Row]]:
    """Runs without and with a technique that differ in nothing else, not more than `LONGEST_DAYS` apart: each run with it beside the
    nearest run without it."""
    varied = _VARIED.get(technique, ())
    groups: dict[tuple[str, ...], list[_Row]] = defaultdict(list)
    for row in table if varied else ():
        groups[tuple(row[name] for name in _SAME if name not in varied)].append(row)
    pairs = []
    for rows in groups.values():
        without = [row for row in rows if _is_on(row, technique) is False]
        for row in rows:
            near = [other for other in without if _days_apart(row, other) <= LONGEST_DAYS]
            if _is_on(row, technique) and near:
                pairs.append((min(near, key=lambda other: _days_apart(row, other)), row))
    return pairs


def _is_on(row: _Row, technique: PairedTechnique) -> bool | None:
    """None where the run does not say."""
    if technique == "FP8 KV cache":
        return {"fp8": True, "bf16": False, "fp16": False}.get(row["kv_dtype"])
    ranks = row[_VARIED[technique][0]]
    return float(ranks) > 1 if ranks else None


def _days_apart(a: _Row, b: _Row) -> float:
    """Days between two runs, a month without a day counted as its 15th; infinite where one is not dated and their versions differ or
    are not told."""
    if a["source_date"] and b["source_date"]:
        days = [date.fromisoformat(f"{row['source_date']}-15"[:10]) for row in (a, b)]
        return abs((days[0] - days[1]).days)
    return 0.0 if a["engine_version"] and a["engine_version"] == b["engine_version"] else float("inf")


def measured_pairs(table: Sequence[_Row], technique: PairedTechnique) -> list[TechniquePair]:
    """Pairs of `measured.csv.gz` of which both runs state time per output token, or else throughput."""
    pairs = []
    for off, on in published_pairs([row for row in table if row["quality"] in ("A", "B")], technique):
        for figure, column in _COLUMNS.items():
            if off[column] and on[column]:
                measured = float(off[column]), float(on[column])
                pairs.append(
                    TechniquePair(
                        technique=technique,
                        off=off,
                        on=on,
                        figure=figure,
                        measured=measured,
                        is_reported=False,
                    )
                )
                break
    return pairs


def reported_pairs(path: Path = TECHNIQUE_REPORTS) -> list[TechniquePair]:
    """Pairs that others report: two rows each, without and with. Raises DataError where the file is missing or a row has no partner."""
    if not path.is_file():
        raise DataError(f"{path.name}: the file is missing; restore it from the repository")
    with path.open(newline="", encoding="utf-8") as file:
        rows = [{**row, "source_date": row["seen"]} for row in csv.DictReader(file)]
    halves: dict[str, dict[str, _Row]] = defaultdict(dict)
    for row in rows:
        halves[row["pair"]][row["setting"]] = row
    return [_reported(name, half, path.name) for name, half in halves.items()]


def _reported(name: str, half: Mapping[str, _Row], where: str) -> TechniquePair:
    if set(half) != {"off", "on"}:
        raise DataError(f"{where}: pair '{name[:30]}' needs one row 'off' and one 'on'; add the other run")
    off, on = half["off"], half["on"]
    technique = next((known for known in PAIRED_TECHNIQUES if known == on["technique"]), None)
    figure = next((known for known in get_args(PairFigure) if known == on["metric"]), None)
    if technique is None or figure is None:
        raise DataError(f"{where}: pair '{name[:30]}': its technique or its metric is not known; correct the cells")
    measured = float(off["measured"]), float(on["measured"])
    return TechniquePair(technique=technique, off=off, on=on, figure=figure, measured=measured, is_reported=True)


def judged_pairs(catalog: Catalog) -> list[JudgedPair]:
    """All pairs with the gain that the model tells, by technique, in the order of the files."""
    table, unseen = read_table(MEASURED), {row["row"]: row for row in read_table(LEFT_OUT)}
    fitted = [pair for technique in PAIRED_TECHNIQUES for pair in measured_pairs(table, technique)]
    judged = [JudgedPair(pair, _unseen_ratio(pair, unseen)) for pair in fitted]
    reported = reported_pairs()
    told = [predict([pair.off for pair in reported], catalog), predict([pair.on for pair in reported], catalog)]
    for pair, off, on in zip(reported, *told, strict=True):
        is_cached = pair.technique == "prefix caching"
        ratio = cached_gain_ratio(pair, catalog) if is_cached else _told_ratio(pair, off, on)
        judged.append(JudgedPair(pair, ratio))
    return sorted(judged, key=lambda one: PAIRED_TECHNIQUES.index(one.pair.technique))


def _unseen_ratio(pair: TechniquePair, unseen: Mapping[str, _Row]) -> float:
    name = {"tpot_ms": "model_tpot_ms", "output_tok_s_per_gpu": "model_tok_s"}[pair.figure]
    off, on = (unseen.get(row["row"], {}).get(name, "") for row in (pair.off, pair.on))
    return _gain_ratio(pair.figure, float(off), float(on)) if off and on else float("nan")


def _told_ratio(pair: TechniquePair, off: Prediction, on: Prediction) -> float:
    before, after = (getattr(told, pair.figure) for told in (off, on))
    return _gain_ratio(pair.figure, before, after) if before and after else float("nan")


def cached_gain_ratio(pair: TechniquePair, catalog: Catalog) -> float:
    """Gain by prefix caching at the stated hit rate, as the planner reckons it for fleets: of the first token at the run's rate of
    requests (of one at a time where it states none), or of the highest rate that a replica serves. NaN beyond that rate."""
    point = parse_point(pair.on, catalog)
    if not isinstance(point, BenchmarkConfig):
        return float("nan")
    m = replica_arrays([point.config], catalog)
    lengths = Lengths(np.ones(1), np.array([point.input_tok]), np.array([point.output_tok]))
    shared = SharedPrefixes(1.0, 1.0)
    off, on = (
        queue_model(m, request_mix(lengths, float(row["hit_frac"]), shared=shared)) for row in (pair.off, pair.on)
    )
    if pair.figure == "output_tok_s_per_gpu":
        return float(largest_req_s(on)[0, 0] / largest_req_s(off)[0, 0])
    req_s = np.array([[point.request_rate if np.isfinite(point.request_rate) else 0.0]])
    overhead_s = first_token_overhead_s(m)
    before, after = (float((at_rate(queue, req_s).ttft_mean_s + overhead_s)[0, 0]) for queue in (off, on))
    return before / after if np.isfinite(before) and np.isfinite(after) else float("nan")


def technique_errors(judged: Sequence[JudgedPair]) -> dict[PairedTechnique, TechniqueErrors]:
    """Errors of the gain by technique, of pairs that could be told."""
    return {
        technique: _errors([one for one in judged if one.pair.technique == technique])
        for technique in PAIRED_TECHNIQUES
    }


def _errors(judged: Sequence[JudgedPair]) -> TechniqueErrors:
    known = [one for one in judged if np.isfinite(one.told_ratio)]
    told, measured = np.array([(one.told_ratio, one.pair.gain_ratio) for one in known]).reshape(-1, 2).T
    return TechniqueErrors(
        errors=errors(told, measured),
        slower_count=int((measured < 1).sum()),
        slower_told_faster_count=sum(one.is_slower_told_faster for one in known),
        models_count=len({one.pair.on["model"] for one in known}),
    )
