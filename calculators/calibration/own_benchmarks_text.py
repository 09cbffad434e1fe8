"""Sentences on the user's benchmarks: what was measured, how far off the model was, and what is used instead."""

import math
from collections.abc import Callable, Sequence

from calculators.calibration.own_benchmarks import Gap, OwnComparison, OwnFit
from calculators.calibration.own_contradictions import MeasuredFigure, OwnContradiction, contradictions
from calculators.catalog.catalog import Catalog
from calculators.performance.replica import ReplicaConfig
from calculators.scenario.measurement import OwnMeasurement
from calculators.units import count, milliseconds, percent, plural, significant

_AS_PREDICTED_FRAC = 0.005
_FIGURE_WORDS: dict[MeasuredFigure, str] = {"tpot": "TPOT", "ttft": "TTFT", "throughput": "throughput"}


def comparison_sentences(comparison: OwnComparison) -> list[str]:
    """Predicted, measured and corrected values of each figure, or why the benchmark is not used."""
    if comparison.problem:
        return [f"Not used: {comparison.problem}."]
    figures = (
        ("TPOT", comparison.tpot_ms, milliseconds),
        ("TTFT", comparison.ttft_ms, milliseconds),
        ("Throughput", comparison.output_tok_s, _tok_s),
    )
    told = [_gap_sentence(name, gap, words) for name, gap, words in figures if gap]
    return [*told, *(f"{reason[:1].upper()}{reason[1:]}." for reason in comparison.unused)]


def contradiction_sentence(one: OwnContradiction, fitted: OwnFit) -> str:
    """Which two benchmarks contradict each other, by how much, what is used, and what to do."""
    first, second = fitted.comparisons[one.first], fitted.comparisons[one.second]
    slower, faster = (second, first) if one.ratio > 1 else (first, second)
    times = significant(max(one.ratio, 1 / one.ratio), 2)
    return (
        f"Two of your benchmarks contradict each other: by {_FIGURE_WORDS[one.figure]}, {_numbered(slower, fitted)} is "
        f"{times} times as slow as {_numbered(faster, fitted)}, each against the prediction at its own load. Both are used and "
        "the range covers both. Remove the one that is wrong."
    )


def _numbered(comparison: OwnComparison, fitted: OwnFit) -> str:
    """A benchmark's place in the list and its name."""
    place = next(n for n, c in enumerate(fitted.comparisons, start=1) if c is comparison)
    return f"number {place} ({comparison.measurement.name})"


def rests_on_sentences(config: ReplicaConfig, fitted: OwnFit) -> list[str]:
    """Which figures of a fleet's replica rest on the user's benchmarks, and how far."""
    own = [(c, one) for c, one in fitted.used if one.model is config.model and one.gpu is config.gpu]
    others = [(c, one) for c, one in fitted.used if one.model is not config.model and one.gpu is config.gpu]
    told = []
    if own:
        runs = plural(len(own), "of your benchmarks", "of your benchmarks")
        held, missing = _held_figures([c for c, _ in own])
        told.append(
            f"{held[0]} of {config.model.name} on {config.gpu.name} is calibrated with {runs}{_how(config, own)}."
        )
        if missing:
            rest = "they stay" if len(missing) > 1 else "it stays"
            told.append(f"Your benchmarks hold {_listed(held)}, but not {_listed(missing)}: {rest} modeled.")
    elif others:
        names = ", ".join(dict.fromkeys(one.model.name for _, one in others))
        told.append(
            f"Throughput of {config.model.name} on {config.gpu.name} is modeled. What your benchmark of {names} on that GPU "
            "shows beyond the model's own error is taken over in part."
        )
    return told


def unused_sentences(fitted: OwnFit, config: ReplicaConfig | None, catalog: Catalog) -> list[str]:
    """Which of the user's benchmarks, or which of their figures, count for nothing in the fleet's replica `config`, and why;
    which contradict each other. None: there is no fleet."""
    told = []
    for c in fitted.comparisons:
        where = f"Your benchmark of {measured_replica(c.measurement, catalog)} ({c.measurement.name})"
        if c.problem:
            told.append(f"{where} is not used: {c.problem}.")
            continue
        told += [f"{where}: {reason}." for reason in c.unused]
        if config is None:
            told.append(f"{where} shows in no cost: no fleet meets the targets.")
        elif catalog.gpu(c.measurement.gpu) is not config.gpu:
            told.append(f"{where} shows in no cost of the cheapest fleet, which is on {config.gpu.name}.")
    return told + [contradiction_sentence(one, fitted) for one in contradictions(fitted)]


def _how(config: ReplicaConfig, own: Sequence[tuple[OwnComparison, ReplicaConfig]]) -> str:
    """Whose figures they are, and whether this very configuration was measured."""
    names = ", ".join(dict.fromkeys(c.measurement.name for c, _ in own))
    if any(config.precision == one.precision and config.gpus_count == one.gpus_count for _, one in own):
        return f" ({names})"
    measured = ", ".join(dict.fromkeys(f"{one.precision.upper()} on {plural(one.gpus_count, 'GPU')}" for _, one in own))
    return f" ({names}) of {measured}, in part: this configuration was not measured"


def _held_figures(own: Sequence[OwnComparison]) -> tuple[list[str], list[str]]:
    """The figures that benchmarks hold, and those that none does."""
    held = {
        "Throughput": any(math.isfinite(c.throughput_gap) for c in own),
        "TPOT": any(math.isfinite(c.decode_gap) for c in own),
        "TTFT": any(math.isfinite(c.first_token_gap) for c in own),
    }
    return [name for name, is_held in held.items() if is_held], [name for name, is_held in held.items() if not is_held]


def _listed(names: Sequence[str]) -> str:
    return " and ".join(name if name.isupper() else name.lower() for name in names)


def _gap_sentence(name: str, gap: Gap, words: Callable[[float], str]) -> str:
    off_frac = gap.predicted / gap.measured - 1
    values = f"{name}: predicted {words(gap.predicted)}, measured {words(gap.measured)}"
    if abs(off_frac) < _AS_PREDICTED_FRAC:
        return f"{values}, as predicted."
    off = f"{values}; the prediction was {percent(abs(off_frac))} too {'low' if off_frac < 0 else 'high'}."
    return f"{off} Now used at this load: {words(gap.after)}."


def _tok_s(value: float) -> str:
    return f"{count(value)} output tok/s"


def measured_replica(m: OwnMeasurement, catalog: Catalog) -> str:
    """Model, precision, number of GPUs and GPU of a benchmark. Raises UnknownId."""
    model, gpu = catalog.model(m.model).name, catalog.gpu(m.gpu).name
    return f"{model} {m.precision.upper()} on {m.tensor_parallel}× {gpu}"


def measurement_conditions(m: OwnMeasurement) -> str:
    """Lengths, load, tool and date of a benchmark, in one line."""
    tool = " ".join(word for word in (m.tool, "on" if m.tool and m.engine else "", m.engine, m.engine_version) if word)
    day = f", {m.measured_on}" if m.measured_on else ""
    lengths = f"{plural(m.input_tok, 'input token')}, {plural(m.output_tok, 'output token')}"
    origin = "your figures" if m.is_typed else tool or "tool not stated"
    return f"{lengths}, {_load_words(m)} ({origin}{day})"


def _load_words(m: OwnMeasurement) -> str:
    if m.load == "clients" and m.concurrency_count:
        return plural(m.concurrency_count, "concurrent client", "concurrent clients")
    if m.concurrency_count:
        return plural(m.concurrency_count, "request decoding", "requests decoding")
    return f"{significant(m.request_rate_req_s)} requests/s sent" if m.request_rate_req_s else "as much as it carries"


def correction_note(m: OwnMeasurement) -> str:
    """Source of a benchmark, and where it counts."""
    origin = "Typed by you." if m.is_typed else f"From {m.source}."
    return (
        f"{origin} It counts fully for this configuration at this load; at other loads the range is wider. Other splits and "
        "formats of the model, and other models on that GPU, take over less."
    )
