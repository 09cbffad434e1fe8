"""Where a scenario starts: a typical workload, or the figures of a request log."""

from datetime import date

from pydantic import ValidationError

from calculators.catalog import ROOT
from calculators.price_records import Preset
from calculators.scenario import Basis, Cell, Scenario, Targets, Workload, explain, read_scenario
from calculators.units import HOURS_PER_MONTH, SECONDS_PER_MONTH
from calculators.usage_log import UsageSummary
from calculators.yaml_files import DataError

STARTING_CASE = ROOT / "scenarios/azure-conversation.yaml"
OWN_HIT_SHARE = 0.5
"""Own servers find about half of what one shared cache would: the Mooncake trace keeps 36.1 of 65.1 points over four
replicas with random routing (FAST'25 release, replayed)."""
MEASURED_SPAN_S = 7 * 86_400  # a log that covers a whole week shows the daily and weekly rhythm
SIZING_WINDOW_S = 60  # targets of a second or two leave no time to average over longer


def default_scenario(today: date) -> Scenario:
    """The case the app opens on: 20 minutes of a real chat service, on a closed API."""
    return read_scenario(STARTING_CASE, today)


def preset_workload(preset: Preset) -> Workload:
    return Workload(
        source=f"preset:{preset.id}",
        requests_per_month=preset.requests_per_month,
        requests_basis="assumed",
        input_tok=preset.input_tok,
        output_tok=preset.output_tok,
        input_p95_tok=preset.input_tok * preset.input_spread_ratio,
        output_p95_tok=preset.output_tok * preset.output_spread_ratio,
        lengths_basis="measured" if preset.confidence != "low" else "assumed",
        cached_frac=preset.cached_frac,
        cached_basis="assumed",
        cacheable_frac=preset.cached_frac,
        self_hit_frac=preset.cached_frac * OWN_HIT_SHARE,
        deferrable_frac=preset.deferrable_frac,
        peak_ratio=preset.peak_ratio,
        peak_basis="assumed",
        active_h_per_month=preset.active_h_per_month,
    )


def preset_targets(preset: Preset) -> Targets:
    return Targets(ttft_p95_ms=preset.ttft_p95_ms, tpot_ms=preset.tpot_ms)


def log_workload(summary: UsageSummary, before: Workload, window_s: int = SIZING_WINDOW_S) -> Workload:
    """The log's figures in place of the workload's; what a log cannot say (growth, deferrable share) is kept.

    Requests a month = rate x 730 h. Only a log of a week shows the rhythm of the days: from a shorter one the month is
    assumed to repeat it, and its peak is a lower bound. Raises DataError for a figure that no scenario may hold.
    """
    peak = next(p for p in summary.peaks if p.window_s == window_s)
    whole_week = summary.span_s >= MEASURED_SPAN_S
    requests_basis: Basis = "measured" if whole_week else "assumed"
    peak_basis: Basis = peak.basis if whole_week or peak.basis != "measured" else "bounded"
    figures = {
        "source": f"log:{summary.name}",
        "requests_per_month": summary.request_rate_req_s * SECONDS_PER_MONTH,
        "requests_basis": requests_basis,
        "input_tok": summary.input_tok.mean_tok,
        "output_tok": summary.output_tok.mean_tok,
        "input_p95_tok": max(summary.input_tok.p95_tok, 1.0),
        "output_p95_tok": max(summary.output_tok.p95_tok, 1.0),
        "lengths_basis": "measured",
        "cells": [_cell(cell.share_frac, cell.input_tok, cell.output_tok) for cell in summary.cells],
        "peak_ratio": max(peak.ratio, 1.0),
        "peak_basis": peak_basis,
        "active_h_per_month": HOURS_PER_MONTH,
    }
    try:
        return Workload.model_validate({**before.model_dump(), **figures, **_cache_figures(summary, before)})
    except ValidationError as error:
        problem = explain(error.errors()[0])
        raise DataError(f"{summary.name} gives a figure that no scenario may hold: workload.{problem}") from None


def _cache_figures(summary: UsageSummary, before: Workload) -> dict[str, object]:
    """What the log says of caching; nothing when it does not."""
    if summary.cached_frac is None:
        return {}
    return {
        "cached_frac": summary.cached_frac,
        "cached_basis": "measured",
        "cache_write_frac": summary.cache_write_frac or 0.0,
        "cacheable_frac": max(summary.cached_frac, before.cacheable_frac),
    }


def _cell(share_frac: float, input_tok: float, output_tok: float) -> Cell:
    """Six significant figures: links stay short, and no price is known better."""
    share, inputs, outputs = (float(f"{value:.6g}") for value in (share_frac, input_tok, output_tok))
    return Cell(share_frac=share, input_tok=inputs, output_tok=outputs)
