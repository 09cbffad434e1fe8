"""How fast the calculation is: `make bench`. Compare ratios between runs on one machine, not seconds between machines."""

import importlib.util
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date
from itertools import count
from pathlib import Path

import duckdb
import numpy as np

from calculators.catalog.catalog import Catalog
from calculators.catalog.load import load_catalog
from calculators.evaluate import evaluate
from calculators.fleet.candidate_configs import TENSOR_PARALLEL
from calculators.fleet.replica_capacity import request_mix_of
from calculators.performance import queueing as latency
from calculators.performance.replica import ReplicaConfig, replica_arrays
from calculators.performance.step_time import tpot_s
from calculators.scenario.defaults import default_scenario
from calculators.scenario.demand import demand_of
from calculators.scenario.schema import Candidate, Scenario

CONFIGURATIONS = 10_000
REPEATS = 5
LOG_ROWS = 1_000_000
WRITE_LOG = """COPY (SELECT strftime(make_timestamp(1790812800000000 + range * 2592000), '%Y-%m-%dT%H:%M:%S.%fZ') AS time,
  (exp(6.5) * (0.5 + hash(range) % 4096 / 256))::INTEGER AS input_tokens,
  (exp(5) * (0.5 + hash(range + 1) % 4096 / 512))::INTEGER AS output_tokens,
  hash(range + 2) % 300 AS cached_tokens FROM range({rows})) TO '{path}'"""
PLAIN_QUERY = """import duckdb; duckdb.connect(config={{"threads": 2, "memory_limit": "512MB"}}).execute(\"\"\"
  SELECT epoch_us(time) // 60000000 AS minute, input_tokens, output_tokens, floor(log2(greatest(input_tokens, 1))) AS i,
  floor(log2(greatest(output_tokens, 1))) AS o, count(*), sum(input_tokens), sum(output_tokens), sum(cached_tokens)
  FROM '{path}' GROUP BY GROUPING SETS ((minute), (input_tokens), (output_tokens), (i, o))\"\"\").fetchall()"""


def seconds(work: Callable[[], object]) -> float:
    """The median of some runs after one to warm up."""
    work()
    times = []
    for _ in range(REPEATS):
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    return float(np.median(times))


def log_ratios(folder: Path) -> str:
    """CPU and memory of reading a log by the command line, as ratios to one plain query with the same sums."""
    path = folder / "log.csv"
    duckdb.connect().execute(WRITE_LOG.format(rows=LOG_ROWS, path=path))
    plain_s, plain_mib = _used([sys.executable, "-c", PLAIN_QUERY.format(path=path)])
    own_s, own_mib = _used([sys.executable, "-m", "calculators", "workload", str(path)])
    return (
        f"A log of {LOG_ROWS:,} rows: {own_s:.1f} s of CPU and {own_mib:,.0f} MiB, start included; "
        f"{own_s / plain_s:.1f} × the CPU and {own_mib / plain_mib:.1f} × the memory of one plain DuckDB query"
    )


def _used(command: list[str]) -> tuple[float, float]:
    """CPU seconds of a program, and the largest memory in MiB of any program so far."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime, after.ru_maxrss / 1024


def configurations(catalog: Catalog) -> list[ReplicaConfig]:
    """Every model, GPU, format and parallelism, over and over until there are enough."""
    every = [
        ReplicaConfig(model, gpu, precision, parallel)
        for model in catalog.models.values()
        for gpu in catalog.gpus.values()
        for precision in ("bf16", "fp8", "int4")
        for parallel in TENSOR_PARALLEL
    ]
    return (every * (CONFIGURATIONS // len(every) + 1))[:CONFIGURATIONS]


_OTHER = count(1)


def other(scenario: Scenario, field: str) -> Scenario:
    """The scenario with a workload that was not asked before: sizing is remembered for the same requests."""
    value = getattr(scenario.workload, field) + next(_OTHER)
    return scenario.model_copy(update={"workload": scenario.workload.model_copy(update={field: value})})


def growing(scenario: Scenario, months: int) -> Scenario:
    """The scenario with growth over so many months, each of which is priced: time grows with their number, no faster."""
    workload = scenario.workload.model_copy(update={"growth_per_month_frac": 0.08})
    operations = scenario.operations.model_copy(update={"horizon_months": months})
    return scenario.model_copy(update={"workload": workload, "operations": operations})


def main() -> None:
    catalog = load_catalog()
    scenario = default_scenario(date.today())
    all_models = scenario.model_copy(update={"candidates": tuple(Candidate(model=model) for model in catalog.models)})
    configs, traffic = configurations(catalog), request_mix_of(demand_of(scenario.workload), 0.25)
    built = replica_arrays(configs, catalog)
    batch, lengths = np.full((1, 1), 32.0), (np.full(1, 1_000.0), np.full(1, 300.0), np.full(1, 1_000.0))
    ready = latency.queue_model(built, traffic)
    half = latency.largest_req_s(ready) / 2
    step = seconds(lambda: tpot_s(built, batch, *lengths))
    for what, work in (
        (f"{CONFIGURATIONS:,} configurations as numbers", lambda: replica_arrays(configs, catalog)),
        (f"{CONFIGURATIONS:,} times per token", lambda: tpot_s(built, batch, *lengths)),
        (
            f"{CONFIGURATIONS:,} latencies at a load, whole",
            lambda: latency.at_rate(latency.queue_model(built, traffic), half),
        ),
        ("a whole evaluation, starting case", lambda: evaluate(scenario, catalog)),
        ("the same with another volume each time", lambda: evaluate(other(scenario, "requests_per_month"), catalog)),
        ("the same with other requests each time", lambda: evaluate(other(scenario, "input_tok"), catalog)),
        (f"a whole evaluation, all {len(catalog.models)} models", lambda: evaluate(all_models, catalog)),
        ("the starting case, 8% growth over 36 months", lambda: evaluate(growing(scenario, 36), catalog)),
        ("the starting case, 8% growth over 60 months", lambda: evaluate(growing(scenario, 60), catalog)),
    ):
        took = seconds(work)
        print(f"{what:45} {took * 1e3:9.1f} ms   {took / step:7.1f} × the times per token")
    with tempfile.TemporaryDirectory() as folder:
        print(log_ratios(Path(folder)))
    peer = importlib.util.find_spec("aiconfigurator")
    print(
        "Peer aiconfigurator:",
        "installed; one estimate of it took 0.8 s when measured" if peer else "not installed, no ratio",
    )


if __name__ == "__main__":
    main()
