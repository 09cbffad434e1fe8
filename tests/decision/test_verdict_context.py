"""What compliance, signals and missing inputs add to a verdict."""

from signals_by_name import CATALOG, run

from calculators.decision.verdict_context import NO_DOUBT, VerdictContext, compliance_context, verdict_context
from calculators.evaluate import sensitivity_of


def test_without_requirements_compliance_adds_nothing() -> None:
    assert compliance_context(run().assessment) == VerdictContext()


def test_a_cheaper_option_that_is_blocked_is_named() -> None:
    found = run(compliance={"requirements": ["air-gap"]})
    context = compliance_context(found.assessment)
    assert context.blocked is found.assessment.cheapest
    assert not context.ask_first


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
