"""The latency signal: a missed target, and a fleet that meets it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from signals_by_name import quickly, signal

from calculators.decision.signal_result import RANK

TARGETS = {"ttft_p95_ms": 2_000.0, "tpot_ms": 50.0}


@pytest.mark.parametrize(
    ("ttft", "tpot", "status"),
    [
        (None, None, "unknown"),
        (2_500.0, None, "firing"),
        (2_500.0, 20.0, "firing"),
        (1_000.0, 60.0, "firing"),
        (1_000.0, None, "unknown"),
        (1_000.0, 20.0, "not_firing"),
        (1_900.0, 20.0, "close"),
        (1_000.0, 46.0, "close"),
    ],
)
def test_latency_needs_a_missed_target_and_a_fleet_that_meets_it(
    ttft: float | None, tpot: float | None, status: str
) -> None:
    evidence = {"api_ttft_p95_ms": ttft, "api_tpot_p95_ms": tpot}
    found = signal("latency", targets=TARGETS, evidence=evidence)
    assert found.status == status
    assert bool(found.remedy) is (status == "unknown")
    assert found.month == (0 if status == "firing" else None)


def test_a_p95_that_is_held_against_a_target_for_the_mean_says_so() -> None:
    assert signal("latency", targets=TARGETS).threshold == (
        "when TTFT p95 exceeds 2 s or TPOT p95 exceeds 50 ms (your target for the mean) and self-hosting meets the target"
    )


def test_a_missed_target_that_no_fleet_meets_does_not_fire() -> None:
    found = signal("latency", targets={"ttft_p95_ms": 2_000.0, "tpot_ms": 0.1}, evidence={"api_tpot_p95_ms": 60})
    assert found.status == "not_firing"
    assert "no allowed fleet" in found.why


def test_without_a_target_latency_is_unknown() -> None:
    found = signal("latency", targets={"ttft_p95_ms": None, "tpot_ms": None}, evidence={"api_ttft_p95_ms": 10})
    assert found.status == "unknown"
    assert "Workload page" in found.remedy


@quickly
@given(st.floats(1, 1e5), st.floats(1, 3))
def test_a_slower_api_never_makes_the_latency_signal_weaker(ttft: float, ratio: float) -> None:
    fast, slow = (
        signal("latency", targets=TARGETS, evidence={"api_ttft_p95_ms": t, "api_tpot_p95_ms": 10.0})
        for t in (ttft, ttft * ratio)
    )
    assert RANK[slow.status] >= RANK[fast.status]
