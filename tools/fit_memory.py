"""Fits the coefficients of an engine's memory to logged starts, and reports their errors on models that the fit never saw.

    python -m tools.fit_memory

Prints the coefficients of each entry of hardware_profiles/engine_memory.yaml that logs bear on, in the fit and out of it, and
the errors to write into the file. A development tool (needs scipy).
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np
from scipy.optimize import least_squares

from calculators.calibration.memory_reports import (
    JudgedReport,
    MemoryReport,
    judged_reports,
    memory_errors,
    memory_reports,
)
from calculators.catalog.catalog import Catalog
from calculators.catalog.engine_memory import EngineMemories, EngineMemory
from calculators.catalog.load import load_catalog
from calculators.performance.replica import ReplicaConfig

FITTED: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("vllm", "0.6.4"): ("buffers_gib", "buffers_parallel_gib"),
    ("vllm", "0.8"): ("logit_bytes", "buffers_parallel_gib", "buffers_each_gib"),
    ("vllm", "0.17"): ("logit_bytes", "expert_copies_ratio", "base_gib", "buffers_gib", "buffers_parallel_gib"),
    ("sglang", "0"): ("buffers_gib", "buffers_parallel_gib"),
}
"""Coefficients that the logs of an entry bear on; the others keep their value in the file."""
SCALE_GIB = 0.3
"""Beyond it a start counts less: settings that were not told cost more than the coefficients do."""
PRIOR = 0.1
"""Weight of the file's value, as a relative error."""


def with_values(catalog: Catalog, key: tuple[str, str], values: Mapping[str, float]) -> Catalog:
    """The catalog with other coefficients in one entry; vLLM 0.21 has those of 0.17."""
    keys = {key, ("vllm", "0.21")} if key == ("vllm", "0.17") else {key}
    entries = [
        e.model_copy(update=dict(values)) if (e.engine, e.since) in keys else e for e in catalog.engine_memory.engines
    ]
    return replace(
        catalog,
        engine_memory=EngineMemories.model_construct(**{**dict(catalog.engine_memory), "engines": tuple(entries)}),
    )


def entry_of(report: MemoryReport, catalog: Catalog) -> EngineMemory:
    """The entry that a report's version takes."""
    assert isinstance(report.config, ReplicaConfig)
    return catalog.engine_memory.of(report.config.engine, report.config.memory.version)


def fit(reports: Sequence[MemoryReport], key: tuple[str, str], catalog: Catalog) -> dict[str, float]:
    """Coefficients of one entry that bring its rooms nearest, the weights of each report taken as logged."""
    names = FITTED[key]
    entry = next(e for e in catalog.engine_memory.engines if (e.engine, e.since) == key)
    start = np.array([float(getattr(entry, name)) for name in names])

    def misses(x: np.ndarray) -> np.ndarray:
        judged = judged_reports(reports, with_values(catalog, key, dict(zip(names, x.tolist(), strict=True))))
        return np.array([*(_miss_gib(j) for j in judged), *(PRIOR * (x - start) / np.maximum(start, 0.05))])

    solution = least_squares(
        misses, start, bounds=(0, 100), loss="soft_l1", f_scale=SCALE_GIB, x_scale=np.maximum(start, 0.05)
    )
    return dict(zip(names, solution.x.tolist(), strict=True))


def _miss_gib(judged: JudgedReport) -> float:
    """Predicted less logged room, without what the weights were off."""
    weights = judged.report.weights_gib
    off = 0.0 if np.isnan(weights) else judged.told.weights_gib - weights
    return judged.told.kv_room_gib + off - judged.report.kv_room_gib


def main() -> None:
    """Prints fits, and errors of each report under a fit without its model."""
    catalog = load_catalog()
    every = [r for r in memory_reports(catalog) if isinstance(r.config, ReplicaConfig)]
    reports = [r for r in every if not r.is_held_out]
    unseen: list[JudgedReport] = []
    for key in FITTED:
        own = [r for r in reports if (e := entry_of(r, catalog)).engine == key[0] and e.since == key[1]]
        known = [r for r in own if not np.isnan(r.kv_room_gib)]
        print(key, len(known), {name: round(value, 3) for name, value in fit(known, key, catalog).items()})
        for model in sorted({r.config.model.id for r in own if isinstance(r.config, ReplicaConfig)}):
            others = [r for r in known if isinstance(r.config, ReplicaConfig) and r.config.model.id != model]
            held = [r for r in own if isinstance(r.config, ReplicaConfig) and r.config.model.id == model]
            unseen += judged_reports(held, with_values(catalog, key, fit(others, key, catalog)))
    rest = [r for r in reports if (entry_of(r, catalog).engine, entry_of(r, catalog).since) not in FITTED]
    unseen += judged_reports(rest, catalog)  # no coefficient was fitted to these
    print("in the fit ", memory_errors(judged_reports(reports, catalog)))
    print("model out  ", memory_errors(unseen))
    print("held out   ", memory_errors(judged_reports([r for r in every if r.is_held_out], catalog)))


if __name__ == "__main__":
    main()
