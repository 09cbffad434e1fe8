"""The latency signal: whether the API misses a latency target that a self-hosted fleet meets."""

from collections.abc import Sequence
from dataclasses import dataclass

from calculators.decision.signal_result import (
    Signal,
    SignalCheck,
    SignalMonths,
    SignalStatus,
    published_thresholds,
    signal_of,
)
from calculators.options.remedies import NoFleet
from calculators.scenario.inputs import Inputs
from calculators.units import listed, milliseconds

MEASURE = (
    "Measure the API: send 200 of your own requests at your busiest hour and record the time to the first streamed token "
    "(TTFT) and the time per further token (TPOT). Enter the 95th percentiles, or upload the list."
)


@dataclass(frozen=True, slots=True)
class Latency:
    """One latency target and what was measured at the API."""

    name: str
    measured_ms: float | None
    target_ms: float
    basis: str = ""
    """What the target is for, where that is not what was measured."""

    @property
    def is_missed(self) -> bool:
        return self.measured_ms is not None and self.measured_ms > self.target_ms

    def is_near(self, close_frac: float) -> bool:
        """Whether the measured latency is close to its target, or beyond."""
        return self.measured_ms is not None and self.measured_ms > (1 - close_frac) * self.target_ms


def latency_signal(inputs: Inputs, missing: NoFleet | None) -> Signal:
    """The latency signal: met where the API misses a target as measured, and an allowed fleet meets all of them.
    `missing`: why there is no such fleet."""
    rules = inputs.catalog.signal_rules
    latencies = _latencies(inputs)
    status, why, remedy = _status(latencies, missing, rules.close_frac.central)
    measured = [f"{one.name} {milliseconds(one.measured_ms)}" for one in latencies if one.measured_ms is not None]
    targets = " or ".join(f"{one.name} exceeds {milliseconds(one.target_ms)}{one.basis}" for one in latencies)
    check = SignalCheck(
        status=status,
        value=", ".join(measured) or "Not measured",
        threshold=f"when {targets} and self-hosting meets the target"
        if targets
        else "when a target is missed; none is set",
        why=why,
        remedy=remedy,
    )
    months = SignalMonths.of(0 if status == "firing" else None)
    others = published_thresholds(rules.published_latency_thresholds, inputs.catalog)
    return signal_of("latency", check, months, others, inputs.catalog)


def _latencies(inputs: Inputs) -> tuple[Latency, ...]:
    """The targets that are set."""
    targets, evidence = inputs.scenario.targets, inputs.scenario.evidence
    pairs = (
        ("TTFT p95", evidence.api_ttft_p95_ms, targets.ttft_p95_ms, ""),
        ("TPOT p95", evidence.api_tpot_p95_ms, targets.tpot_ms, " (your target for the mean)"),
    )
    return tuple(Latency(name, ms, target, basis) for name, ms, target, basis in pairs if target is not None)


def _status(latencies: Sequence[Latency], missing: NoFleet | None, close_frac: float) -> tuple[SignalStatus, str, str]:
    """Status, reason and remedy."""
    missed = [one.name for one in latencies if one.is_missed]
    names, targets = listed(missed), "target" if len(missed) == 1 else "targets"
    if not latencies:
        return "unknown", "No latency target is set.", "Set one on the Workload page."
    if missed and missing is None:
        return "firing", f"The API misses the {names} {targets}; self-hosting meets all targets.", ""
    if missed and missing is not None:
        why = f"The API misses the {names} {targets}, but no allowed fleet meets all targets either."
        return "not_firing", why, missing.remedy
    if any(one.measured_ms is None for one in latencies):
        return "unknown", "API latency is not fully measured.", MEASURE
    if missing is None and any(one.is_near(close_frac) for one in latencies):
        return "close", "The API meets the targets, but only just.", ""
    return "not_firing", "The API meets the targets as measured.", ""
