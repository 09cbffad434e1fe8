"""What compliance, signals and missing inputs add to a verdict."""

from types import SimpleNamespace
from typing import Any

import pytest
from signals_by_name import CATALOG, run

from calculators.compliance.assessment import PricedPath
from calculators.decision.verdict_context import NO_DOUBT, VerdictContext, compliance_context, verdict_context
from calculators.evaluate import sensitivity_of


def test_without_requirements_compliance_adds_nothing() -> None:
    assert compliance_context(run().assessment) == VerdictContext()


def test_a_cheaper_option_that_is_blocked_is_named() -> None:
    found = run(compliance={"requirements": ["air-gap"]})
    context = compliance_context(found.assessment)
    assert context.blocked is found.assessment.cheapest
    assert not context.ask_first


@pytest.mark.parametrize(
    ("allowed_usd", "asked_usd", "is_asked"),
    [
        (5_000.0, 4_900.0, True),
        (5_000.0, 4_960.0, False),  # less than a hundredth
        (100.0, 95.0, False),  # less than $10
        (100.0, 85.0, True),
        (0.0002, 0.0001, False),
        (None, 4_960.0, True),
    ],
)
def test_nobody_is_asked_for_a_saving_that_is_not_worth_it(
    allowed_usd: float | None, asked_usd: float, is_asked: bool
) -> None:
    asked = PricedPath(SimpleNamespace(status="ask", name="Someone"), "a model on Someone", asked_usd)  # type: ignore[arg-type]
    assessment: Any = SimpleNamespace(
        cheapest=asked,
        allowed_usd_per_month=allowed_usd,
        requirements=("soc2",),
        with_status=lambda status: [asked] if status == "ask" else [],
    )
    assert bool(compliance_context(assessment).ask_first) == is_asked


def test_signals_count_only_beside_an_api() -> None:
    slow = run(evidence={"api_ttft_p95_ms": 60_000.0})
    met = verdict_context(slow.allowed, slow.assessment, slow.signals, NO_DOUBT, slow.scenario).met_signals
    assert [signal.id for signal in met] == ["latency"]
    builds = [option for option in slow.allowed if option.is_build]
    assert not verdict_context(builds, slow.assessment, slow.signals, NO_DOUBT, slow.scenario).met_signals


def test_a_typical_volume_near_its_switching_value_is_missing() -> None:
    model = {"candidates": [{"model": "llama-3.1-8b", "gate": "accepted"}]}
    values = sensitivity_of(run(**model), CATALOG).values
    flips_at = next(v.value_at for v in values if v.field == "volume" and v.value_at is not None)
    near = {"requests_per_month": flips_at * 0.7, "requests_basis": "assumed"}
    assert run(**model, workload=near).verdict.kind == "cannot_tell"
    assert run(**model, workload={**near, "requests_basis": "typed"}).verdict.kind != "cannot_tell"
    assert run(**model, workload={**near, "requests_per_month": flips_at / 10}).verdict.kind != "cannot_tell"
