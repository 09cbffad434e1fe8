"""Accuracy on published runs with separate prefill and decode pools, and on pairs with and without drafts.

The coefficients of pools (hardware_profiles/links.yaml, calculators/calibration/pool_runs.py) were set on the runs with
separate pools, so their errors are in the fit. No pair was used to fit the cost or the yield of drafts.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from calculators.calibration.accuracy import MEASURED, METRICS, Errors, covered_frac, errors, read_table
from calculators.calibration.predict import Prediction, predict
from calculators.catalog.catalog import Catalog
from calculators.catalog.load import ROOT
from calculators.scenario.demand import Array

POOL_RUNS = ROOT / "calibration/pool_runs.csv.gz"
TUNED = {"launch": "tuned"}
"""All runs are InferenceX's, whose launches are tuned."""


@dataclass(frozen=True, slots=True)
class JudgedPools:
    """Runs with separate pools and their predictions. Arrays (n,); times in ms, throughput in output tok/s per GPU of both pools."""

    group: NDArray[np.str_]
    """GPU, engine, and whether drafts are on."""
    measured: Mapping[str, Array]
    """By metric, as of `accuracy.METRICS`."""
    predicted: Mapping[str, Array]
    over_machines: NDArray[np.bool_]
    """Whether a replica spans several machines or racks."""
    range_ratio: Mapping[str, Array]
    """The stated 80% range, a factor either way; wider over machines."""

    def errors(self, metric: str, group: str | None = None) -> Errors:
        """Errors of one metric, of all runs or of one group."""
        chosen = self._chosen(group)
        return errors(self.predicted[metric][chosen], self.measured[metric][chosen])

    def in_range_frac(self, metric: str, group: str | None = None) -> float:
        """Share of measured values within the stated range."""
        chosen = self._chosen(group)
        predicted, measured = self.predicted[metric][chosen], self.measured[metric][chosen]
        return covered_frac(predicted, measured, self.range_ratio[metric][chosen])

    @property
    def groups(self) -> list[str]:
        """All groups by name."""
        return sorted(set(self.group.tolist()))

    def _chosen(self, group: str | None) -> NDArray[np.bool_]:
        return np.ones(self.group.size, dtype=bool) if group is None else np.asarray(self.group == group)


def judged_pools(catalog: Catalog) -> JudgedPools:
    """All runs with separate pools. Raises DataError where the file is missing."""
    table = [row | TUNED for row in read_table(POOL_RUNS) if row["kind"] == "disaggregated"]
    told = predict(table, catalog)
    return JudgedPools(
        group=np.array([_group(row) for row in table]),
        measured={
            "tpot_ms": _cells(table, "tpot_ms_mean"),
            "tok_s": _tok_s_per_gpu(table),
            "ttft_ms": _cells(table, "ttft_ms_mean"),
        },
        predicted=_predicted(told),
        over_machines=np.array(["over_machines" in one.doubts for one in told], dtype=bool),
        range_ratio={m: np.array([one.ranges[m].up if one.ranges else np.nan for one in told]) for m in METRICS},
    )


@dataclass(frozen=True, slots=True)
class JudgedDrafts:
    """Runs with multi-token prediction. Only the wait of SGLang's requests for the host was set on some. Arrays (n,)."""

    engine: NDArray[np.str_]
    predicted: Array
    """TPOT in ms."""
    measured: Array
    range_ratio: Array
    """The stated 80% range, a factor either way."""


def judged_drafts(catalog: Catalog) -> JudgedDrafts:
    """All published runs with multi-token prediction in one pool. Raises DataError where the file is missing."""
    table = [row for row in read_table(MEASURED) if row["spec_decode"].startswith("on") and row["quality"] in "AB"]
    told = predict(table, catalog)
    return JudgedDrafts(
        engine=np.array([row["engine"] for row in table]),
        predicted=_predicted(told)["tpot_ms"],
        measured=_cells(table, "tpot_ms_mean"),
        range_ratio=np.array([one.ranges["tpot_ms"].up if one.ranges else np.nan for one in told]),
    )


def draft_speedups(catalog: Catalog) -> tuple[Array, Array]:
    """Predicted and measured speedup (n,) of drafts, of pairs of runs that differ in nothing else: time per output token
    without them over that with them."""
    table = [row | TUNED for row in read_table(POOL_RUNS)]
    drafted = [row for row in table if row["plain_row"]]
    by_row = {row["row"]: row for row in table}
    plain = [by_row[row["plain_row"]] for row in drafted]
    with_them, without = (_predicted(predict(rows, catalog))["tpot_ms"] for rows in (drafted, plain))
    return without / with_them, _cells(plain, "tpot_ms_mean") / _cells(drafted, "tpot_ms_mean")


def _group(row: Mapping[str, str]) -> str:
    return f"{row['gpu'].split('-')[0]}, {row['engine']}{' with drafts' if row['spec'] == 'mtp' else ''}"


def _predicted(told: Sequence[Prediction]) -> dict[str, Array]:
    def known(values: Sequence[float | None]) -> Array:
        return np.array([np.nan if value is None else value for value in values])

    return {
        "tpot_ms": known([one.tpot_ms for one in told]),
        "tok_s": known([one.output_tok_s_per_gpu for one in told]),
        "ttft_ms": known([one.ttft_ms for one in told]),
    }


def _tok_s_per_gpu(table: Sequence[Mapping[str, str]]) -> Array:
    """By Little's law from the published times, which is all that a closed loop needs. Lengths are 0.9 of the stated ones."""
    output, clients = 0.9 * _cells(table, "osl"), _cells(table, "concurrency_or_batch")
    pools = ("prefill", "decode")
    gpus = sum(
        (_cells(table, f"{pool}_workers") * _cells(table, f"{pool}_gpus") for pool in pools), np.zeros(len(table))
    )
    seconds = (_cells(table, "ttft_ms_mean") + (output - 1) * _cells(table, "tpot_ms_mean")) / 1e3
    return clients * output / seconds / gpus


def _cells(table: Sequence[Mapping[str, str]], name: str) -> Array:
    return np.array([float(row[name]) for row in table])
