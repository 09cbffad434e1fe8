"""The closed form of `performance/queueing.py` against a replay of real requests: `make simulate`.

    python -m calculators.calibration.trace_replay [TRACE ...] [--hit-frac 0.3]

TRACE is a CSV of the Azure traces (TIMESTAMP, ContextTokens, GeneratedTokens) or a JSONL of the Mooncake ones (timestamp
in ms, input_length, output_length). Its time is stretched so that it loads each replica to a share of the highest rate
that the closed form allows; differences of more than 20% are marked. It tests the queueing, not the step times. The
findings are in `calibration/README.md`.
"""

import argparse
import csv
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from calculators.calibration.simulator import Requests, SimulatedEngine, percentiles, simulate
from calculators.catalog.base import Precision
from calculators.catalog.catalog import Catalog
from calculators.catalog.load import ROOT, load_catalog
from calculators.logs.timestamps import moment
from calculators.performance.percentiles import tpot_percentile_s, ttft_percentile_s
from calculators.performance.queueing import at_rate, largest_req_s, queue_model
from calculators.performance.replica import ReplicaArrays, ReplicaConfig, replica_arrays
from calculators.performance.request_mix import RequestMix, request_mix
from calculators.scenario.demand import Array, Lengths
from calculators.units import plural

SAMPLE = ROOT / "sample_logs/azure_conversation_2023.csv"
_CONFIGS: tuple[tuple[str, str, Precision, int], ...] = (
    ("gpt-oss-120b", "a100-80gb-sxm", "mxfp4", 1),
    ("llama-3.3-70b", "h100-sxm", "fp8", 2),
    ("llama-3.1-8b", "l40s", "bf16", 1),
)
LOADS_FRAC = (0.2, 0.4, 0.6, 0.8)
FIGURES = ("TTFT mean", "TTFT p50", "TTFT p95", "TTFT p99", "TPOT mean", "TPOT p50", "TPOT p95", "TPOT p99")
AT_FRAC = (0.5, 0.95, 0.99)
TOLERANCE_FRAC = 0.2


@dataclass(frozen=True, slots=True)
class ReplayComparison:
    """One replica at one load; arrays in the order of FIGURES, in seconds."""

    load_frac: float
    req_s: float
    rejected_count: int
    closed_s: Array
    simulated_s: Array

    @property
    def error_frac(self) -> Array:
        """Relative error of the closed form, by figure."""
        return self.closed_s / self.simulated_s - 1


def read_requests(path: Path, hit_frac: float = 0.0) -> Requests:
    """Requests of a trace, in order of arrival, times counted from the first one."""
    with path.open(encoding="utf-8") as file:
        rows = np.array(list(_mooncake_rows(file) if path.suffix == ".jsonl" else _azure_rows(file)), dtype=float)
    rows = rows[np.argsort(rows[:, 0], kind="stable")]
    return Requests(rows[:, 0] - rows[0, 0], rows[:, 1], np.maximum(rows[:, 2], 1.0), hit_frac)


_AZURE_START = datetime(2020, 1, 1, tzinfo=UTC)
"""Seconds are counted from here, not from 1970, so that a float holds microseconds."""


def _azure_rows(lines: Iterator[str]) -> Iterator[tuple[float, float, float]]:
    for row in csv.DictReader(lines):
        yield (
            (moment(row["TIMESTAMP"], "TIMESTAMP") - _AZURE_START).total_seconds(),
            float(row["ContextTokens"]),
            float(row["GeneratedTokens"]),
        )


def _mooncake_rows(lines: Iterator[str]) -> Iterator[tuple[float, float, float]]:
    for line in lines:
        row = json.loads(line)
        yield row["timestamp"] / 1e3, row["input_length"], row["output_length"]


def trace_lengths(requests: Requests) -> Lengths:
    """Length distribution with one cell per request."""
    count = len(requests.input_tok)
    return Lengths(np.full(count, 1 / count), requests.input_tok, requests.output_tok)


def arrival_cv2_ratio(requests: Requests) -> float:
    """Squared coefficient of variation of the times between arrivals; 1 for Poisson arrivals."""
    gaps = np.diff(requests.arrival_s)
    return float(gaps.var() / gaps.mean() ** 2)


def dispersion_ratio(requests: Requests, window_s: float) -> float:
    """Variance / mean of the arrivals in windows of `window_s`, or of a quarter of the trace; 1 for Poisson arrivals."""
    window_s = min(window_s, requests.arrival_s[-1] / 4)
    counts = np.histogram(requests.arrival_s, np.arange(0.0, requests.arrival_s[-1], window_s))[0]
    return float(counts.var() / counts.mean())


def observed_mix(m: ReplicaArrays, requests: Requests, req_s: float) -> RequestMix:
    """Request mix with its observed burstiness: between arrivals, and over twice the time that a request is in flight."""
    cv2 = arrival_cv2_ratio(requests)
    plain = request_mix(trace_lengths(requests), requests.hit_frac, cv2)
    load = at_rate(queue_model(m, plain), np.array([[req_s]]))
    in_flight_s = float(load.tpot_s[0, 0]) * plain.decode_tok
    return request_mix(trace_lengths(requests), requests.hit_frac, cv2, dispersion_ratio(requests, 2 * in_flight_s))


def closed_form_s(m: ReplicaArrays, workload: RequestMix, req_s: float, cap: float) -> Array:
    """FIGURES in seconds by the closed form at `req_s`, with at most `cap` requests in flight."""
    load = at_rate(queue_model(m, workload, cap), np.array([[req_s]]))
    ttft = [ttft_percentile_s(load, at) for at in AT_FRAC]
    tpot = [tpot_percentile_s(load, at) for at in AT_FRAC]
    return np.array([float(x[0, 0]) for x in (load.ttft_mean_s, *ttft, load.tpot_s, *tpot)])


def simulated_s(m: ReplicaArrays, requests: Requests, engine: SimulatedEngine) -> tuple[Array, int]:
    """FIGURES in seconds by the simulator, and the number of requests that can never fit."""
    served = simulate(m, requests, engine)
    parts = [(np.nanmean(x), *percentiles(x, AT_FRAC)) for x in (served.ttft_s, served.tpot_s)]
    return np.concatenate(parts), served.rejected_count


def compare(
    m: ReplicaArrays,
    requests: Requests,
    loads_frac: Sequence[float] = LOADS_FRAC,
    engine: SimulatedEngine | None = None,
) -> list[ReplayComparison]:
    """Closed form against the simulator for one replica (`m` has one row) at shares of its highest rate."""
    engine = engine or SimulatedEngine()
    top = float(largest_req_s(queue_model(m, request_mix(trace_lengths(requests), requests.hit_frac)))[0, 0])
    rate = (len(requests.arrival_s) - 1) / float(requests.arrival_s[-1])
    compared = []
    for load in loads_frac:
        replayed = requests.faster(load * top / rate)
        closed = closed_form_s(m, observed_mix(m, replayed, load * top), load * top, engine.max_batch)
        simulated, rejected = simulated_s(m, replayed, engine)
        compared.append(ReplayComparison(load, load * top, rejected, closed, simulated))
    return compared


def replay_table(name: str, config: ReplicaConfig, compared: Sequence[ReplayComparison]) -> str:
    """Table in milliseconds, closed form / simulated; `!` marks differences of more than 20%."""
    lines = [f"{name} on {config.label}", f"  load  req/s  {'  '.join(f'{figure:>15}' for figure in FIGURES)}"]
    for row in compared:
        cells = [
            f"{closed * 1e3:6.0f} /{simulated * 1e3:6.0f}{'!' if abs(error) > TOLERANCE_FRAC else ' '}"
            for closed, simulated, error in zip(row.closed_s, row.simulated_s, row.error_frac, strict=True)
        ]
        note = f"  {plural(row.rejected_count, 'request')} too large to ever fit" if row.rejected_count else ""
        lines.append(f"  {row.load_frac:4.0%}  {row.req_s:5.2f}  {'  '.join(f'{cell:>15}' for cell in cells)}{note}")
    return "\n".join(lines)


def replayed_configs(catalog: Catalog) -> list[ReplicaConfig]:
    """The three replicas of the comparison."""
    return [
        ReplicaConfig(catalog.model(model), catalog.gpu(gpu), precision, tp) for model, gpu, precision, tp in _CONFIGS
    ]


def _main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("traces", nargs="*", type=Path, default=[SAMPLE])
    parser.add_argument("--hit-frac", type=float, default=0.0, help="share of each prompt found in the prefix cache")
    arguments = parser.parse_args()
    catalog = load_catalog()
    print("Milliseconds, closed form / simulated; ! where they differ by more than 20%")
    for path in arguments.traces:
        requests = read_requests(path, arguments.hit_frac)
        for config in replayed_configs(catalog):
            print(replay_table(path.name, config, compare(replica_arrays([config], catalog), requests)), flush=True)


if __name__ == "__main__":
    _main()
