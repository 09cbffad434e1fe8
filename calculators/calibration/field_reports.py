"""Figures of speed that people report (calibration/field_reports.csv) against what the model says of the same run.

None of them is in the fit. Those marked as held out were predicted before any rule was changed, and changed none; the others are
where the faults were seen that the rules of hardware_profiles/speed_rules.yaml account for.
"""

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

import numpy as np

from calculators.calibration.predict import Prediction, predict
from calculators.catalog.catalog import Catalog
from calculators.catalog.load import ROOT
from calculators.errors import DataError
from calculators.performance.stated_range import FigureRange

FIELD_REPORTS = ROOT / "calibration/field_reports.csv"
ReportedFigure = Literal["tpot_ms", "ttft_ms", "output_tok_s_per_gpu", "speedup"]
REPORTED_FIGURES: tuple[ReportedFigure, ...] = get_args(ReportedFigure)
UNSTATED = FigureRange(1.25, 1.25)
"""Range of a figure for which the model states none: 20% below what is told, or as much above what was measured."""


@dataclass(frozen=True, slots=True)
class FieldReport:
    """One reported figure, and the configuration that gave it."""

    kind: str
    """Of what it puts to the test."""
    url: str
    seen: str
    is_held_out: bool
    figure: ReportedFigure
    measured: float
    """In ms, output tok/s per GPU, or plain over speculative time per token."""
    note: str
    row: Mapping[str, str]
    """Its cells, read as a row of a benchmark is."""

    @property
    def name(self) -> str:
        """Engine, model, format, GPUs and load, to read."""
        r = self.row
        load = f"{r['concurrency_or_batch']} at once" if r["concurrency_or_batch"] else "all at once"
        lengths = f"{_length(r['isl'])}/{_length(r['osl'])} tokens"
        return f"{r['engine']}, {r['model']} {r['weight_dtype'].upper()} on {r['tp']}× {r['gpu']}, {lengths}, {load}"


@dataclass(frozen=True, slots=True)
class JudgedFigure:
    """A report with the model's answer; None where the run cannot be expressed, and why."""

    report: FieldReport
    told: float | None
    range: FigureRange
    reason: str

    @property
    def ratio(self) -> float:
        """Told over measured; NaN where nothing was told."""
        return self.told / self.report.measured if self.told else float("nan")

    @property
    def is_right(self) -> bool | None:
        """Whether the measured figure lies within the stated range; None where nothing was told."""
        return None if self.told is None else 1 / self.range.up <= self.ratio <= self.range.down


def _length(cell: str) -> str:
    return f"{float(cell):,.0f}" if cell else "?"


def field_reports(path: Path = FIELD_REPORTS) -> list[FieldReport]:
    """All reports. Raises DataError where the file is missing or a row has no figure that is known."""
    if not path.is_file():
        raise DataError(f"{path.name}: the file is missing; restore it from the repository")
    with path.open(newline="", encoding="utf-8") as file:
        return [_report(row, f"{path.name}:{number}") for number, row in enumerate(csv.DictReader(file), start=2)]


def _report(row: Mapping[str, str], where: str) -> FieldReport:
    figure = next((known for known in REPORTED_FIGURES if known == row["metric"]), None)
    if figure is None:
        raise DataError(
            f"{where}: metric '{row['metric'][:30]}' is not one of {', '.join(REPORTED_FIGURES)}; correct the cell"
        )
    return FieldReport(
        kind=row["kind"],
        url=row["url"],
        seen=row["seen"],
        is_held_out=row["use"] == "held out",
        figure=figure,
        measured=float(row["measured"]),
        note=row["note"],
        row={**row, "source_date": row["seen"]},
    )


def judged_figures(reports: Sequence[FieldReport], catalog: Catalog) -> list[JudgedFigure]:
    """Every report with the model's answer."""
    rows = [r.row for r in reports]
    plain = [{**row, "mtp_tokens": "0"} for row in rows]
    pairs = zip(reports, predict(rows, catalog), predict(plain, catalog), strict=True)
    return [_judged(report, told, without) for report, told, without in pairs]


def _judged(report: FieldReport, told: Prediction, plain: Prediction) -> JudgedFigure:
    if report.figure == "speedup":
        gain = plain.tpot_ms / told.tpot_ms if plain.tpot_ms and told.tpot_ms else None
        return JudgedFigure(report, gain, UNSTATED, told.reason)
    value = {"tpot_ms": told.tpot_ms, "ttft_ms": told.ttft_ms}.get(report.figure, told.output_tok_s_per_gpu)
    name = "tok_s" if report.figure == "output_tok_s_per_gpu" else report.figure
    return JudgedFigure(report, value, told.ranges.get(name, UNSTATED), told.reason)


@dataclass(frozen=True, slots=True)
class ReportHits:
    """How many of some reports were told within the stated range."""

    right_count: int
    wrong_count: int
    unexpressed_count: int
    held_out_right_count: int
    held_out_count: int
    """Of those that could be expressed."""
    median_error_frac: float
    """Of |told / measured - 1|; NaN where none was told."""
    bias_frac: float

    @property
    def told_count(self) -> int:
        """Reports that could be expressed."""
        return self.right_count + self.wrong_count


def hits(judged: Sequence[JudgedFigure]) -> ReportHits:
    """Counts over these reports."""
    told = [j for j in judged if j.told is not None]
    held_out = [bool(j.is_right) for j in told if j.report.is_held_out]
    ratios = np.array([j.ratio for j in told]) if told else np.array([np.nan])
    return ReportHits(
        right_count=sum(bool(j.is_right) for j in told),
        wrong_count=sum(not j.is_right for j in told),
        unexpressed_count=len(judged) - len(told),
        held_out_right_count=sum(held_out),
        held_out_count=len(held_out),
        median_error_frac=float(np.median(np.abs(ratios - 1))),
        bias_frac=float(np.median(ratios) - 1),
    )


def hits_by_kind(judged: Sequence[JudgedFigure]) -> dict[str, ReportHits]:
    """Counts of each kind, in the order in which kinds first appear."""
    kinds = dict.fromkeys(j.report.kind for j in judged)
    return {kind: hits([j for j in judged if j.report.kind == kind]) for kind in kinds}
