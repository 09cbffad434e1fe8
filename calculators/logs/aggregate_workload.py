"""Sums, lengths or rates as the `workload:` block of a scenario: each fills what it knows, the rest stays.

Of sums only the mean of the lengths is known; their spread is that of public traces. The peak of a bucket is a lower bound,
so what happens within it is added as of services of its size.
"""

from typing import Any

import yaml
from pydantic import ValidationError

from calculators.catalog.load_peaks import load_peaks
from calculators.errors import data_error
from calculators.logs.lengths_and_rates import LoadReading
from calculators.logs.peak_estimate import WEEK_S, PeakEstimate, SeenPeak, peak_estimate
from calculators.logs.request_file import LogError
from calculators.logs.to_workload import COMMENT_CHARS, month_range, month_texts, peak_figures_of
from calculators.logs.usage_questions import UsageAnswers
from calculators.scenario.schema import Basis, LengthCell, Workload
from calculators.scenario.traffic_range import chance_ratio
from calculators.units import HOURS_PER_MONTH, SECONDS_PER_MONTH, printable, significant

NO_ANSWERS = UsageAnswers()


def reading_workload(reading: LoadReading, before: Workload, answers: UsageAnswers = NO_ANSWERS) -> Workload:
    """The reading's figures in place of the workload's; what it does not hold is kept. Raises LogError where a question of the
    reading is open, DataError for a figure that no scenario may hold."""
    figures = {"source": f"log:{reading.name}"[:300]} | _figures(reading, answers)
    try:
        return Workload.model_validate({**before.model_dump(), **figures})
    except ValidationError as error:
        raise data_error(error, Workload, lambda _: f"{reading.name}: ") from None


def _figures(reading: LoadReading, answers: UsageAnswers) -> dict[str, Any]:
    if reading.kind == "lengths":
        return _length_figures(reading) | _told_volume(answers)
    if reading.kind == "rates":
        return _volume_figures(reading) | _told_lengths(answers)
    if reading.questions:
        raise LogError(open_question(reading))
    return _volume_figures(reading) | _mean_figures(reading) | _cache_figures(reading) | _batch(reading)


def open_question(reading: LoadReading) -> str:
    """The first open question in one line, with the option that answers it."""
    asked = reading.questions[0]
    return f"{asked.text} Answer with {asked.option}. ({'; '.join(asked.answers)})"


def reading_peak(reading: LoadReading) -> PeakEstimate:
    """The peak of a week, from the busiest bucket."""
    seen = SeenPeak(
        ratio=reading.peak_ratio or 1.0,
        hour_ratio=reading.hour_ratio or 1.0,
        window_s=reading.bucket_s or WEEK_S,
        span_s=reading.window_s or 0.0,
        rate_req_s=_per_month(reading) / SECONDS_PER_MONTH,
    )
    return peak_estimate(seen)


def _per_month(reading: LoadReading) -> float:
    return (reading.requests or 0.0) / (reading.window_s or SECONDS_PER_MONTH) * SECONDS_PER_MONTH


def _volume_figures(reading: LoadReading) -> dict[str, Any]:
    peak, is_week = reading_peak(reading), (reading.window_s or 0) >= WEEK_S
    basis = "typed" if reading.is_count_told else "measured"
    return {
        "requests_per_month": _per_month(reading),
        "requests_basis": basis if is_week else "assumed",
        "requests_range_per_month": None if is_week and reading.is_count_told else _month(reading),
        "sample_requests": _sample(reading),
        **peak_figures_of(peak),
        "active_h_per_month": HOURS_PER_MONTH,
        "hourly_frac": (),
    }


def _month(reading: LoadReading) -> tuple[float, float]:
    return month_range(
        _per_month(reading), reading.window_s or 0.0, chance_ratio(reading.requests or 1.0), reading.start
    )


def _sample(reading: LoadReading) -> int:
    return max(round(reading.requests or 1.0), 1)


def _spread(input_tok: float, output_tok: float, basis: Basis) -> dict[str, Any]:
    """Means of this basis with the assumed 95th percentiles of public traces."""
    spreads = load_peaks()
    return {
        "input_tok": input_tok,
        "output_tok": output_tok,
        "input_p95_tok": max(input_tok * spreads.input_spread.central, 1.0),
        "output_p95_tok": max(output_tok * spreads.output_spread.central, 1.0),
        "lengths_basis": basis,
        "p95_basis": "assumed",
        "cells": [],
    }


def _mean_figures(reading: LoadReading) -> dict[str, Any]:
    requests = reading.requests or 1.0
    basis: Basis = "typed" if reading.is_count_told else "measured"
    return _spread((reading.input_tok or 0) / requests, (reading.output_tok or 0) / requests, basis)


def _cache_figures(reading: LoadReading) -> dict[str, Any]:
    if reading.cache_read_tok is None or not reading.input_tok:
        return {}
    return {
        "cached_frac": reading.cache_read_tok / reading.input_tok,
        "cached_basis": "measured",
        "cache_write_frac": (reading.cache_write_tok or 0) / reading.input_tok,
    }


def _batch(reading: LoadReading) -> dict[str, Any]:
    if reading.batch_frac <= 0:
        return {}
    return {"batch_frac": reading.batch_frac, "deferrable_frac": reading.batch_frac}


def _length_figures(reading: LoadReading) -> dict[str, Any]:
    inputs, outputs = reading.input_lengths, reading.output_lengths
    if inputs is None or outputs is None:
        return {}
    return {
        "input_tok": inputs.mean_tok,
        "output_tok": outputs.mean_tok,
        "input_p95_tok": max(inputs.p95_tok, 1.0),
        "output_p95_tok": max(outputs.p95_tok, 1.0),
        "lengths_basis": "measured",
        "p95_basis": None,
        "sample_requests": _sample(reading),
        "cells": [
            LengthCell(
                share_frac=float(f"{cell.share_frac:.6g}"),
                input_tok=float(f"{cell.input_tok:.6g}"),
                output_tok=float(f"{cell.output_tok:.6g}"),
            )
            for cell in reading.cells
        ],
    }


def _told_volume(answers: UsageAnswers) -> dict[str, Any]:
    if answers.requests_per_month is None:
        return {}
    return {
        "requests_per_month": answers.requests_per_month,
        "requests_basis": "typed",
        "requests_range_per_month": None,
    }


def _told_lengths(answers: UsageAnswers) -> dict[str, Any]:
    if answers.input_tok_per_request is None or answers.output_tok_per_request is None:
        return {}
    return _spread(answers.input_tok_per_request, answers.output_tok_per_request, "typed")


# --- YAML ------------------------------------------------------------------------------------------------------------


def reading_workload_yaml(reading: LoadReading, answers: UsageAnswers = NO_ANSWERS) -> str:
    """The block with its comments. Raises LogError where a question is open."""
    if any(not answers.has(asked) for asked in reading.questions):
        raise LogError(open_question(reading))
    unknown = Workload(  # the required figures are all replaced, and what the file does not tell is assumed
        requests_per_month=1,
        input_tok=1,
        output_tok=1,
        input_p95_tok=1,
        output_p95_tok=1,
        cached_basis="assumed",
        peak_basis="assumed",
    )
    plain = reading_workload(reading, unknown, answers).model_dump(mode="json")
    comments = "".join(f"# {printable(line, COMMENT_CHARS)}\n" for line in _comments(reading))
    return comments + yaml.safe_dump({"workload": plain}, sort_keys=False, allow_unicode=True, width=120)


def _comments(reading: LoadReading) -> list[str]:
    return [
        *reading.read,
        *reading.inferred,
        *(f"Assumed: {words}" for words in reading.assumed),
        *(f"Not in the file: {words}" for words in reading.missing),
    ]


def _month_texts(reading: LoadReading) -> list[str]:
    seen = reading.requests or 0.0, reading.window_s or 0.0
    return month_texts(_per_month(reading), _month(reading), seen, reading.start)


def assumptions(reading: LoadReading) -> tuple[str, ...]:
    """What a workload of the reading takes from elsewhere, as far as the number of requests is known."""
    if reading.kind == "lengths":
        return ("the peak and the number of requests a month, which the file does not show.",)
    zone = ("Periods without a time zone are taken as UTC.",) if reading.start is not None else ()
    if not reading.requests:
        return zone
    return (*zone, *_assumed_lengths(reading), reading_peak(reading).why, *_month_texts(reading))


def _assumed_lengths(reading: LoadReading) -> tuple[str, ...]:
    if reading.input_tok is None:
        return ()
    spread = load_peaks()
    return (
        f"the 95th percentile of lengths is {significant(spread.input_spread.central)} times the mean of the input and "
        f"{significant(spread.output_spread.central)} times that of the output, as in public traces.",
    )
