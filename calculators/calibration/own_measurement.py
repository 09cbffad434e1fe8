"""A measurement of the user's own servers, from a run of a load generator and what its file does not say."""

from calculators.calibration.own_benchmarks import KEPT_UP_FRAC
from calculators.catalog.base import Precision
from calculators.catalog.catalog import Catalog
from calculators.catalog.format_spelling import format_meant
from calculators.errors import DataError
from calculators.logs.benchmark_fields import BenchmarkRun
from calculators.scenario.measurement import OwnMeasurement, parse_measurement
from calculators.units import printable


def own_measurement(run: BenchmarkRun, model: str, gpu: str, precision: str, tensor_parallel: int) -> OwnMeasurement:
    """Measurement of the user's servers: a run, and what its file does not say. Raises DataError, with a remedy, when no
    prediction can be compared with it."""
    for field, value in (("input tokens", run.input_tok), ("output tokens", run.output_tok)):
        if value is None:
            raise DataError(f"{run.name}: the file has no {field} per request; save the complete result")
    is_closed = run.arrival == "closed" and run.concurrency_count is not None
    queued = run.arrival == "all_at_once" or (
        run.arrival == "open" and run.served_req_s < KEPT_UP_FRAC * (run.request_rate_req_s or 0.0)
    )
    return parse_measurement(
        {
            "source": printable(run.name)[-160:],
            "measured_on": run.measured_on,
            "tool": run.tool,
            "engine": (run.engine or "")[:60],
            "engine_version": (run.engine_version or "")[:60],
            **{"model": model, "gpu": gpu, "precision": precision, "tensor_parallel": tensor_parallel},
            **{"input_tok": run.input_tok, "output_tok": run.output_tok},
            **{"arrival": "closed" if is_closed else "open", "concurrency_count": _at_once(run, is_closed)},
            "request_rate_req_s": None if is_closed or queued else run.served_req_s,
            "ttft_ms": None if queued else run.ttft.mean_ms or run.ttft.median_ms,
            "tpot_ms": run.tpot.mean_ms or run.tpot.median_ms,
            "output_tok_s": run.output_tok_s,
        }
    )


def _at_once(run: BenchmarkRun, is_closed: bool) -> float | None:
    """Requests at once: the clients; without a number of them by Little's law, output tok/s x seconds per token; None where
    the file has neither, whose load is then the rate, or as much as the server carries."""
    if is_closed and run.concurrency_count:
        return min(run.concurrency_count, float(run.completed_count))
    tpot_ms = run.tpot.mean_ms or run.tpot.median_ms
    if run.output_tok_s and tpot_ms:
        return max(run.output_tok_s * tpot_ms / 1e3, 1.0)
    return max(run.in_flight_count, 1.0) if run.in_flight_count else None


def guess_model(run: BenchmarkRun, catalog: Catalog) -> str | None:
    """Catalog id of the model that the file names; None unless it is certain."""
    return catalog.model_names.find((run.model or "").rstrip("/ "))


def guess_precision(run: BenchmarkRun, native: Precision) -> Precision:
    """Weight precision from the words in the checkpoint's name; without one, `native`."""
    return format_meant(run.model or "") or native
