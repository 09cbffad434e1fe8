"""The view of prefill and decode: the cheapest fleet's replica, at the load that it carries."""

from dataclasses import replace

import numpy as np
import pytest
from support import FIXED_ROOT, scenario

from calculators.catalog.load import load_catalog
from calculators.evaluate import evaluate
from calculators.fleet.replica_capacity import Infeasible, scenario_case
from calculators.performance.phases import decode_phase
from calculators.performance.replica import replica_arrays
from calculators.report.phase_view import PhaseView, ReplicaChoice, cheapest_choice, phase_view, weight_precisions
from calculators.scenario.inputs import Inputs
from calculators.scenario.schema import Scenario

CATALOG = load_catalog(FIXED_ROOT)


def choice(model: str = "llama-3.3-70b", gpu: str = "h100-sxm", precision: str = "fp8", gpus: int = 2) -> ReplicaChoice:
    return ReplicaChoice(CATALOG.model(model), CATALOG.gpu(gpu), precision, gpus)  # type: ignore[arg-type]


def view(case: Scenario, chosen: ReplicaChoice | None = None) -> PhaseView:
    seen = phase_view(chosen or choice(), Inputs.of(case, CATALOG))
    assert isinstance(seen, PhaseView)
    return seen


def test_it_starts_with_the_replica_of_the_cheapest_self_hosted_option() -> None:
    result = evaluate(scenario(), CATALOG)
    start = cheapest_choice(result)
    assert start is not None
    assert result.build is not None
    assert result.build.plan is not None
    assert (start.model, start.gpu) == (result.build.plan.config.model, result.build.plan.config.gpu)
    assert start.precision in weight_precisions(start.model, scenario())


def test_without_a_self_hosted_option_there_is_no_start() -> None:
    result = evaluate(scenario(), CATALOG)
    assert cheapest_choice(replace(result, options=result.options[:1])) is None


def test_the_phases_are_those_of_the_highest_load() -> None:
    seen = view(scenario())
    assert seen.capacity is not None
    assert seen.decode.batch == pytest.approx(max(seen.capacity.batch, 1))
    assert [phase.kind for phase in seen.phases] == ["decode", "decode", "prefill"]
    assert seen.decode.intensity_ratio > seen.decode_alone.intensity_ratio
    assert seen.achieved.flops < seen.sheet.flops


def test_at_the_peak_no_replica_carries_more_than_its_highest_load() -> None:
    seen = view(scenario())
    assert seen.capacity is not None
    assert seen.at_peak is not None
    assert seen.at_peak.req_s <= seen.at_peak.replicas_count * seen.capacity.req_s
    assert seen.at_peak.ttft_p95_ms <= seen.capacity.ttft_p95_ms
    assert view(scenario(techniques={"disaggregation": True})).at_peak is None


def test_a_measured_speed_has_no_modeled_range() -> None:
    modeled, shipped = view(scenario()).tpot_range, view(scenario(hardware={"launch": "as_shipped"})).tpot_range
    assert modeled is not None
    assert shipped is not None
    assert 1 < modeled.up < shipped.up
    measured = view(scenario(hardware={"throughput_factor": 0.9}))
    assert measured.speed_basis == "measured"
    assert measured.tpot_range is None


@pytest.mark.parametrize("hardware", [{"launch": "tuned"}, {"launch": "as_shipped"}, {"throughput_factor": 0.7}])
def test_every_time_of_the_page_is_at_the_speed_of_the_capacity(hardware: dict[str, object]) -> None:
    """The curve passes through the highest load, and a decode step alone is as long as the curve begins."""
    seen = view(scenario(hardware=hardware))
    assert seen.capacity is not None
    at_capacity_s = np.interp(seen.capacity.batch, seen.curve.batch, seen.curve.tpot_s)
    assert at_capacity_s * 1e3 == pytest.approx(seen.capacity.tpot_ms, rel=0.01)
    ttft_s = np.interp(seen.capacity.batch, seen.curve.batch, seen.curve.ttft_p95_s)
    assert ttft_s * 1e3 == pytest.approx(seen.capacity.ttft_p95_ms, rel=0.05)
    assert np.interp(seen.capacity.batch, seen.curve.batch, seen.curve.req_s) == pytest.approx(
        seen.capacity.req_s, rel=0.02
    )
    assert seen.decode_alone.total_s == pytest.approx(seen.curve.tpot_s[0], rel=0.1)


def test_an_engine_as_it_ships_slows_decoding_and_not_the_first_token() -> None:
    tuned, shipped = (view(scenario(hardware={"launch": launch})) for launch in ("tuned", "as_shipped"))
    assert tuned.launch is None
    assert shipped.launch is not None
    assert shipped.decode_alone.total_s == pytest.approx(tuned.decode_alone.total_s)  # the loss shows with many at once
    assert shipped.capacity is not None
    assert shipped.decode.total_s > tuned.decode_alone.total_s
    speed = CATALOG.launches.ramp([shipped.config.engine], [shipped.config.gpu]).at(np.array([shipped.capacity.batch]))
    assert shipped.launch.central <= speed[0, 0] < 1
    m = replica_arrays([shipped.config], CATALOG)
    tuned_step = decode_phase(m, shipped.capacity.batch, scenario_case(shipped.inputs).traffic.context_tok)
    assert shipped.decode.total_s == pytest.approx(tuned_step.total_s / speed[0, 0])
    assert sum(term.time_s for term in shipped.decode.terms) == pytest.approx(shipped.decode.total_s)
    assert shipped.prefill == tuned.prefill
    assert shipped.achieved == tuned.achieved


def test_what_does_not_fit_says_why() -> None:
    seen = phase_view(choice(precision="bf16", gpus=1), Inputs.of(scenario(), CATALOG))
    assert isinstance(seen, Infeasible)
    assert "fit" in seen.why


def test_targets_that_no_load_meets_leave_no_capacity() -> None:
    seen = view(scenario(targets={"tpot_ms": 0.5}))
    assert seen.capacity is None
    assert seen.at_peak is None
    assert [phase.kind for phase in seen.phases] == ["decode", "prefill"]
