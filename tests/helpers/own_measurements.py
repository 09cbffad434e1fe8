"""Measurements of a server by hand, in units of what the model predicts for it."""

from datetime import date
from typing import Any

from support import FIXED_ROOT

from calculators.calibration.own_benchmarks import fit_own_benchmarks
from calculators.catalog.load import load_catalog
from calculators.scenario.measurement import OwnMeasurement, parse_measurement

CATALOG = load_catalog(FIXED_ROOT)
PLAIN: dict[str, Any] = {
    "source": "bench.json",
    "measured_on": date(2026, 9, 1),
    **{"model": "llama-3.3-70b", "gpu": "h100-sxm", "precision": "fp8", "tensor_parallel": 2},
    **{"input_tok": 1000.0, "output_tok": 300.0, "concurrency_count": 32.0, "tpot_ms": 30.0, "ttft_ms": 400.0},
}


def measured(**changes: Any) -> OwnMeasurement:
    return parse_measurement(PLAIN | changes)


def scaled(ratio: float, first_ratio: float | None = None, **changes: Any) -> OwnMeasurement:
    """A measurement `ratio` times as slow as the model predicts."""
    fitted = fit_own_benchmarks([measured(**changes)], CATALOG).comparisons[0]
    assert fitted.tpot_ms is not None
    tpot = fitted.tpot_ms.predicted * ratio
    ttft = fitted.ttft_ms.predicted * (first_ratio or ratio) if fitted.ttft_ms else None
    return measured(**changes, tpot_ms=tpot, ttft_ms=ttft)
