"""One fleet compared with another, in words: GPUs, latencies and rent."""

from collections.abc import Callable
from math import isfinite

from calculators.techniques.fleets import FleetState, busy_gpus
from calculators.units import capital, milliseconds, percent, plural, significant, usd

SAME_FRAC = 0.005
"""A change below it is not shown."""


def gpus_text(state: FleetState) -> str:
    """GPUs rented, and in brackets those busy at the peak; the rest are spares and unused GPUs of a machine."""
    return f"{state.gpus} ({busy_gpus(state.plan) * state.plan.regions})"


STATE_FORMATS: dict[str, Callable[[FleetState], str]] = {
    "ttft_ms": lambda state: _latency(state.ttft_ms),
    "tpot_ms": lambda state: _latency(state.tpot_ms),
    "req_s_per_gpu": lambda state: significant(state.req_s_per_gpu),
    "gpus": gpus_text,
    "usd_per_month": lambda state: usd(state.usd_per_month),
}
"""How each figure of a fleet is written."""


def _latency(value_ms: float) -> str:
    return milliseconds(value_ms) if isfinite(value_ms) else "over capacity"


def side_by_side(without: FleetState | None, with_it: FleetState | None, field: str) -> str:
    """One figure without and with a technique, as '38 ms → 21 ms'; one value if both are the same. `field` is a key of
    STATE_FORMATS."""
    left, right = ("infeasible" if state is None else STATE_FORMATS[field](state) for state in (without, with_it))
    return left if left == right else f"{left} → {right}"


def change_text(before: FleetState | None, after: FleetState) -> str:
    """Change of TPOT, TTFT and rent at the same load per GPU, as 'TPOT −40%, rent unchanged'."""
    if before is None:
        return f"All targets are met with {plural(after.gpus, 'GPU')} at {usd(after.usd_per_month)}/month"
    more = after.usd_per_month - before.usd_per_month
    rent = f"rent {usd(abs(more))}/month {'more' if more > 0 else 'less'}" if abs(more) > 0.5 else "rent unchanged"
    tpot = _moved("TPOT", before.tpot_ms, after.tpot_ms)
    ttft = _moved("TTFT", before.ttft_ms, after.ttft_ms)
    is_over = not isfinite(after.tpot_ms) and not isfinite(after.ttft_ms)
    parts = ("over capacity at this load", rent) if is_over else (tpot, ttft, rent)
    text = ", ".join(part for part in parts if part)
    return capital(text)


def _moved(name: str, was: float, now: float) -> str:
    if not isfinite(now):
        return f"{name} over capacity at this load"
    ratio = now / was if isfinite(was) else 0.0
    return "" if abs(ratio - 1) < SAME_FRAC else f"{name} {'−' if ratio < 1 else '+'}{percent(abs(ratio - 1))}"
