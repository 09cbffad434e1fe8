"""Where a scenario starts: the starting case, or a preset."""

from datetime import date

from calculators.catalog.load import ROOT
from calculators.catalog.presets import Preset
from calculators.scenario.files import read_scenario
from calculators.scenario.schema import Scenario, Targets, Workload

STARTING_CASE = ROOT / "scenarios/azure-conversation.yaml"
OWN_HIT_SHARE = 0.5
"""Prefix-cache hit rate when self-hosted over that of one shared cache. Source: the Mooncake trace (FAST'25 release,
replayed): 36.1% over four replicas with random routing, 65.1% with one cache."""


def default_scenario(today: date) -> Scenario:
    """The starting case: what uploading the sample log gives, 20 minutes of a real chat service, on a closed API."""
    return read_scenario(STARTING_CASE, today)


def preset_workload(preset: Preset) -> Workload:
    """The workload of a preset; self-hosted cache hits are half of the API's (OWN_HIT_SHARE)."""
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
        shared_hit_frac=preset.shared_hit_frac,
        deferrable_frac=preset.deferrable_frac,
        peak_ratio=preset.peak_ratio,
        peak_basis="assumed",
        active_h_per_month=preset.active_h_per_month,
    )


def preset_targets(preset: Preset) -> Targets:
    """The latency targets of a preset."""
    return Targets(ttft_p95_ms=preset.ttft_p95_ms, tpot_ms=preset.tpot_ms)
