"""Logged figures of GPU memory (calibration/memory_reports.csv) against what the model says of the same configuration."""

import csv
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import nan
from pathlib import Path

import numpy as np

from calculators.calibration.configurations import parse_point
from calculators.catalog.catalog import Catalog
from calculators.catalog.load import ROOT
from calculators.errors import DataError
from calculators.performance.memory_sum import MemorySum, memory_sum
from calculators.performance.replica import ReplicaConfig

MEMORY_REPORTS = ROOT / "calibration/memory_reports.csv"


@dataclass(frozen=True, slots=True)
class MemoryReport:
    """One start of an engine as its log tells it; NaN where it does not."""

    kind: str
    url: str
    seen: str
    name: str
    """Engine, model, format and GPUs, to read."""
    config: ReplicaConfig | str
    """Or why it cannot be expressed."""
    weights_gib: float
    kv_room_gib: float
    kv_tok: float
    started: bool | None
    is_held_out: bool
    """Whether no rule or constant was chosen on this model's starts."""


@dataclass(frozen=True, slots=True)
class JudgedReport:
    """A report with the model's answer."""

    report: MemoryReport
    told: MemorySum

    @property
    def weights_error_frac(self) -> float:
        """Predicted over logged weights of a GPU, less one; NaN where not logged."""
        return self.told.weights_gib / self.report.weights_gib - 1

    @property
    def room_error_frac(self) -> float:
        """The same of the KV capacity: of its tokens, else of its bytes. NaN where there was none to speak of."""
        if self.report.kv_tok > 0:
            return self.told.kv_capacity_tok / self.report.kv_tok - 1
        return self.told.kv_room_gib / self.report.kv_room_gib - 1 if self.report.kv_room_gib > 1.0 else nan

    @property
    def is_fit_right(self) -> bool | None:
        """Whether it was told rightly that the engine starts; None where that was left open, or the report does not say."""
        if self.report.started is None or self.told.verdict == "open":
            return None
        return self.report.started == (self.told.verdict == "yes")


def memory_reports(catalog: Catalog, path: Path = MEMORY_REPORTS) -> list[MemoryReport]:
    """All reports. Raises DataError where the file is missing."""
    if not path.is_file():
        raise DataError(f"{path.name}: the file is missing; restore it from the repository")
    with path.open(newline="", encoding="utf-8") as file:
        return [_report(row, catalog) for row in csv.DictReader(file)]


def _report(row: Mapping[str, str], catalog: Catalog) -> MemoryReport:
    gpus = _number(row["tp"], 1) * _number(row["pp"], 1) * _number(row["dp"], 1)
    name = (
        f"{row['engine']} {row['engine_version']}, {row['model']} {row['precision'].upper()} on {gpus:g}× {row['gpu']}"
    )
    return MemoryReport(
        kind=row["kind"],
        url=row["url"],
        seen=row["seen"],
        name=name,
        config=_config(row, catalog),
        weights_gib=_number(row["weights_gib"]),
        kv_room_gib=_number(row["kv_room_gib"]),
        kv_tok=_number(row["kv_tok"]),
        started={"yes": True, "no": False}.get(row["started"]),
        is_held_out=row["part"] == "held_out",
    )


def _config(row: Mapping[str, str], catalog: Catalog) -> ReplicaConfig | str:
    """The replica of a report, read as a row of a benchmark is."""
    point = {
        **row,
        "isl": "1024",
        "osl": "1024",
        "weight_dtype": row["precision"],
        "kv_dtype": row["kv"] or "bf16",
        "concurrency_or_batch": "1",
        "max_num_batched_tokens": row["max_batched_tokens"],
    }
    parsed = parse_point(point, catalog)
    return parsed if isinstance(parsed, str) else parsed.config


def _number(text: str, blank: float = nan) -> float:
    return float(text) if text else blank


def judged_reports(reports: Sequence[MemoryReport], catalog: Catalog) -> list[JudgedReport]:
    """Every report that can be expressed, with the model's answer."""
    return [JudgedReport(r, memory_sum(r.config, catalog)) for r in reports if isinstance(r.config, ReplicaConfig)]


@dataclass(frozen=True, slots=True)
class MemoryErrors:
    """How far a kind of report was off. NaN where none says."""

    reports_count: int
    weights_median_frac: float
    weights_p90_frac: float
    room_median_frac: float
    room_p90_frac: float
    fits_right_count: int
    fits_count: int
    """Starts that were told plainly to fit or not."""
    open_count: int
    """Starts that were left open."""


def memory_errors(judged: Sequence[JudgedReport]) -> MemoryErrors:
    """Errors over these reports."""
    fits = [j.is_fit_right for j in judged if j.is_fit_right is not None]
    weights_median, weights_p90 = _quantiles(judged, lambda j: j.weights_error_frac)
    room_median, room_p90 = _quantiles(judged, lambda j: j.room_error_frac)
    return MemoryErrors(
        reports_count=len(judged),
        weights_median_frac=weights_median,
        weights_p90_frac=weights_p90,
        room_median_frac=room_median,
        room_p90_frac=room_p90,
        fits_right_count=sum(fits),
        fits_count=len(fits),
        open_count=sum(j.report.started is not None and j.told.verdict == "open" for j in judged),
    )


def _quantiles(judged: Sequence[JudgedReport], error: Callable[[JudgedReport], float]) -> tuple[float, float]:
    values = np.abs([error(j) for j in judged])
    known = values[np.isfinite(values)]
    if not known.size:
        return nan, nan
    median, p90 = np.quantile(known, (0.5, 0.9))
    return float(median), float(p90)


def errors_by_kind(judged: Sequence[JudgedReport]) -> dict[str, MemoryErrors]:
    """Errors of each kind of report, in the order of the file."""
    kinds = dict.fromkeys(j.report.kind for j in judged)
    return {kind: memory_errors([j for j in judged if j.report.kind == kind]) for kind in kinds}
