"""Sentences on the user's benchmarks: what was measured, how far off the model was, and what is used instead."""

from collections.abc import Callable

from calculators.calibration.own_benchmarks import Gap, OwnComparison
from calculators.catalog.catalog import Catalog
from calculators.scenario.measurement import OwnMeasurement
from calculators.units import count, milliseconds, percent, plural

_AS_PREDICTED_FRAC = 0.005


def comparison_sentences(comparison: OwnComparison) -> list[str]:
    """Predicted, measured and corrected values of each figure, or why the benchmark is not used."""
    if comparison.problem:
        return [f"Not used: {comparison.problem}."]
    tok_s = comparison.output_tok_s
    decides = comparison.tpot_ms is None and comparison.ttft_ms is None  # throughput corrects only without latencies
    return [
        *(_gap_sentence("TPOT", gap, milliseconds) for gap in (comparison.tpot_ms,) if gap),
        *(_gap_sentence("TTFT", gap, milliseconds) for gap in (comparison.ttft_ms,) if gap),
        *([_gap_sentence("Throughput", tok_s, _tok_s, decides)] if tok_s else []),
    ]


def _gap_sentence(name: str, gap: Gap, words: Callable[[float], str], is_used: bool = True) -> str:
    off_frac = gap.predicted / gap.measured - 1
    values = f"{name}: predicted {words(gap.predicted)}, measured {words(gap.measured)}"
    if abs(off_frac) < _AS_PREDICTED_FRAC:
        return f"{values}, as predicted."
    off = f"{values}; the prediction was {percent(abs(off_frac))} too {'low' if off_frac < 0 else 'high'}."
    return f"{off} Now used at this load: {words(gap.after)}." if is_used else off


def _tok_s(value: float) -> str:
    return f"{count(value)} output tok/s"


def measured_replica(m: OwnMeasurement, catalog: Catalog) -> str:
    """Model, precision, number of GPUs and GPU of a benchmark. Raises UnknownId."""
    model, gpu = catalog.model(m.model).name, catalog.gpu(m.gpu).name
    return f"{model} {m.precision.upper()} on {m.tensor_parallel}× {gpu}"


def measurement_conditions(m: OwnMeasurement) -> str:
    """Lengths, load, tool and date of a benchmark, in one line."""
    clients = m.arrival == "closed"
    at_once = ("concurrent client", "concurrent clients") if clients else ("request decoding", "requests decoding")
    load = plural(m.concurrency_count, *at_once)
    tool = " ".join(word for word in (m.tool, "on" if m.tool and m.engine else "", m.engine, m.engine_version) if word)
    day = f", {m.measured_on}" if m.measured_on else ""
    lengths = f"{plural(m.input_tok, 'input token')}, {plural(m.output_tok, 'output token')}"
    return f"{lengths}, {load} ({tool or 'tool not stated'}{day})"


def correction_note(m: OwnMeasurement) -> str:
    """Source of a benchmark, and where it counts."""
    return f"From {m.source}. It counts fully at this load, and less the further a fleet's load is from it."
