"""Whether the decision holds over the ranges of the traffic."""

from datetime import date
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calculators.catalog.load import ROOT, load_catalog
from calculators.decision.traffic_doubt import traffic_doubt
from calculators.decision.verdict_context import NO_DOUBT
from calculators.evaluate import Evaluation, evaluate, sensitivity_of
from calculators.logs.usage_files import read_usage, usage_workload
from calculators.logs.usage_questions import UsageAnswers
from calculators.scenario.files import read_scenario
from calculators.scenario.schema import Scenario

REAL = load_catalog()
DAY = date(2026, 11, 29)
SURENESS = ("too_close", "leaning", "clear")


def steady(**workload: object) -> Scenario:
    """A typed case whose verdict is sure: staying costs many times less than anything else."""
    start = read_scenario(ROOT / "scenarios/small-internal-tool.yaml", DAY)
    return start.model_copy(update={"workload": start.workload.model_copy(update=workload)})


def logged(ratio: float, requests: int = 10**6, **workload: object) -> Scenario:
    """The same from a log whose volume is known within a factor of `ratio`."""
    now = steady().workload.requests_per_month
    figures = {
        "requests_basis": "assumed",
        "source": "log:x.csv",
        "sample_requests": requests,
        "lengths_basis": "measured",
    }
    return steady(**figures, requests_range_per_month=(max(now / ratio, 1.0), now * ratio), **workload)


def _verdict(scenario: Scenario) -> Evaluation:
    return evaluate(scenario, REAL)


def _moves_at() -> float:
    """The volume over today's from which another answer is the cheapest."""
    evaluation = _verdict(steady())
    value = next(
        v
        for v in sensitivity_of(evaluation, REAL).values
        if v.field == "volume" and v.value_at is not None and v.value_at > v.value_now
    )
    assert value.value_at is not None
    return value.value_at / value.value_now


def test_typed_figures_leave_no_doubt() -> None:
    evaluation = _verdict(steady())
    assert evaluation.verdict.sureness == "clear"
    assert evaluation.traffic_doubt == NO_DOUBT
    assert evaluation.confidence.endswith("(the traffic is taken as exact).")
    typed = _verdict(logged(1_000.0, 22).model_copy(update={"workload": steady().workload}))
    assert typed.verdict.sureness == "clear"


def test_the_decision_is_sure_where_it_holds_over_the_ranges() -> None:
    evaluation = _verdict(logged(1.2))
    assert (evaluation.verdict.sureness, evaluation.traffic_doubt) == ("clear", NO_DOUBT)
    assert evaluation.confidence == "High confidence across the traffic, throughput and staffing ranges."


def test_a_range_that_reaches_another_answer_lowers_the_confidence_and_says_which() -> None:
    ratio = _moves_at()
    assert _verdict(logged(ratio * 0.95)).verdict.sureness == "clear"
    evaluation = _verdict(logged(ratio * 1.05))
    doubt = evaluation.traffic_doubt
    assert evaluation.verdict.sureness == "leaning"
    assert (doubt.changed_by, doubt.becomes, doubt.few_requests) == (("volume",), "step_down", None)
    assert "within the range of requests per month" in evaluation.confidence.lower()
    assert evaluation.confidence.endswith("the decision becomes: move to a cheaper model of the same maker.")


def test_22_requests_are_never_clear() -> None:
    """However far the alternatives are, and however much the ranges of the log allow."""
    few, many = _verdict(logged(1.01, 22)), _verdict(logged(1.01, 10**6))
    assert (few.verdict.sureness, many.verdict.sureness) == ("leaning", "clear")
    assert few.verdict.kind == many.verdict.kind
    assert (
        "22 requests are too few: by chance the volume and the mean lengths may be off by a factor of" in few.confidence
    )


def test_a_file_of_22_requests_is_never_clear(tmp_path: Path) -> None:
    """Two hours in a day, whatever they are compared with."""
    path = tmp_path / "two_hours.csv"
    rows = [f"2026-10-05T09:{5 * n % 60:02}:0{n % 7}Z,{900 + 150 * n},{150 + 20 * n}" for n in range(22)]
    path.write_text("timestamp,input_tokens,output_tokens\n" + "\n".join(rows) + "\n")
    workload = usage_workload(read_usage([path]), steady().workload, UsageAnswers())
    assert workload.sample_requests == 22
    for name in ("small-internal-tool", "azure-conversation", "steady-extraction"):
        start = read_scenario(ROOT / f"scenarios/{name}.yaml", DAY)
        evaluation = _verdict(start.model_copy(update={"workload": workload}))
        assert evaluation.verdict.sureness != "clear"
        assert "22 requests are too few" in evaluation.confidence
        assert any("Mean token lengths come from 22 requests" in note for note in evaluation.caveats)


def test_a_guess_that_changes_the_answer_asks_for_the_volume_and_a_log_does_not() -> None:
    ratio = _moves_at()
    near = steady().workload.requests_per_month * ratio * 0.7
    guess = _verdict(steady(requests_per_month=near, requests_basis="assumed", source="preset:rag"))
    assert guess.verdict.kind == "cannot_tell"
    assert guess.traffic_doubt.guess_flips_at_req_per_month == pytest.approx(near / 0.7, rel=1e-3)
    log = steady(
        requests_per_month=near,
        requests_basis="assumed",
        source="log:x.csv",
        requests_range_per_month=(near / 2, near * 2),
    )
    assert _verdict(log).verdict.sureness in ("leaning", "too_close")
    assert _verdict(log).verdict.kind != "cannot_tell"


def test_nothing_allowed_leaves_no_doubt_of_the_traffic() -> None:
    assert traffic_doubt([], None, logged(2.0, 22).workload) == NO_DOUBT


@settings(max_examples=12, deadline=None, derandomize=True)
@given(
    st.sampled_from(["small-internal-tool", "near-the-crossover", "steady-extraction", "peaky-at-scale"]),
    st.sampled_from([22, 300, 10**6]),
    st.floats(0.05, 20),
)
def test_widening_a_range_never_raises_the_confidence(name: str, requests: int, multiple: float) -> None:
    start = read_scenario(ROOT / f"scenarios/{name}.yaml", DAY)
    now, peak = start.workload.requests_per_month * multiple, max(start.workload.peak_ratio, 1.0)
    sure = []
    for ratio in (1.0, 1.5, 1.5**3, 1.5**6):
        figures = {
            "requests_per_month": now,
            "requests_basis": "assumed",
            "source": "log:x.csv",
            "sample_requests": requests,
            "lengths_basis": "measured",
            "requests_range_per_month": (max(now / ratio, 1.0), now * ratio),
            "peak_basis": "assumed",
            "peak_range_ratio": (max(peak / ratio, 1.0), peak * ratio),
        }
        workload = start.workload.model_copy(update=figures)
        verdict = _verdict(start.model_copy(update={"workload": workload})).verdict
        sure.append(SURENESS.index(verdict.sureness))
    assert all(wider <= narrower for narrower, wider in pairwise(sure))
