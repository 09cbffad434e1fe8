"""The split of a step into terms adds up, and names the bottleneck a textbook would."""

from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calculators.catalog.load import load_catalog
from calculators.performance import phases
from calculators.performance.replica import ReplicaArrays, ReplicaConfig, replica_arrays
from calculators.performance.request_mix import request_mix
from calculators.performance.step_time import step_s
from calculators.scenario.defaults import default_scenario
from calculators.scenario.demand import demand_of

CATALOG = load_catalog()
LLAMA = replica_arrays([ReplicaConfig(CATALOG.model("llama-3.1-8b"), CATALOG.gpu("h100-sxm"), "bf16", 1)], CATALOG)
MOE = replica_arrays([ReplicaConfig(CATALOG.model("gpt-oss-120b"), CATALOG.gpu("h100-sxm"), "mxfp4", 2)], CATALOG)


@settings(max_examples=40, deadline=None, derandomize=True)
@given(st.sampled_from([LLAMA, MOE]), st.floats(1, 256), st.floats(1, 30_000))
def test_the_terms_of_a_decoding_step_add_up_to_the_step(m: ReplicaArrays, batch: float, context: float) -> None:
    phase = phases.decode_phase(m, batch, context)
    whole = float(step_s(m, np.array([batch]), np.array([context]), np.zeros(1), np.zeros(1))[0, 0])
    assert phase.total_s == pytest.approx(whole)
    assert sum(term.time_s for term in phase.terms) == pytest.approx(whole, rel=1e-6)


@settings(max_examples=40, deadline=None, derandomize=True)
@given(st.sampled_from([LLAMA, MOE]), st.floats(1, 100_000))
def test_the_terms_of_a_prefill_add_up(m: ReplicaArrays, prompt: float) -> None:
    phase = phases.prefill_phase(m, prompt)
    assert sum(term.time_s for term in phase.terms) == pytest.approx(phase.total_s, rel=1e-6)


def test_a_lone_decoding_request_waits_for_memory_and_a_long_prompt_for_arithmetic() -> None:
    assert phases.decode_phase(LLAMA, 1, 1_000).bottleneck == "bandwidth"
    assert phases.prefill_phase(LLAMA, 4_096).bottleneck == "compute"


def test_intensity_of_decoding_is_about_one_operation_a_byte_a_request_in_16_bit() -> None:
    """2 operations a parameter and token over 2 bytes a parameter: B for a batch of B while caches are small."""
    assert phases.decode_phase(LLAMA, 1, 1).intensity_ratio == pytest.approx(1.0, rel=0.05)
    assert phases.decode_phase(LLAMA, 32, 1).intensity_ratio == pytest.approx(32.0, rel=0.05)


def test_no_phase_beats_the_roofline() -> None:
    for phase in (phases.decode_phase(LLAMA, 64, 2_000), phases.prefill_phase(LLAMA, 2_000)):
        peak, bandwidth = float(LLAMA.peak_flops[0, 0]), float(LLAMA.bandwidth_bytes_s[0, 0])
        assert phase.achieved_flops <= min(peak, phase.intensity_ratio * bandwidth)


def test_cached_tokens_are_not_computed_again() -> None:
    whole, cached = phases.prefill_phase(LLAMA, 8_000), phases.prefill_phase(LLAMA, 8_000, hit_tok=6_000)
    assert cached.total_s < whole.total_s / 2
    assert cached.flop < whole.flop


def test_half_the_speed_doubles_each_time_and_halves_the_load_at_the_same_batch() -> None:
    phase = phases.decode_phase(LLAMA, 8, 1_000)
    slow = phase.at_speed(0.5)
    assert slow.total_s == pytest.approx(2 * phase.total_s)
    assert slow.bottleneck_share_frac == pytest.approx(phase.bottleneck_share_frac)
    assert slow.achieved_flops == pytest.approx(phase.achieved_flops / 2)
    curve = phases.load_curve(LLAMA, request_mix(demand_of(default_scenario(date(2026, 11, 23)).workload).lengths))
    slower = curve.at_speed(np.array([0.5]), np.array([0.5]), np.ones(1))
    assert slower.req_s == pytest.approx(curve.req_s / 2)
    assert slower.tpot_s == pytest.approx(2 * curve.tpot_s)
    assert np.array_equal(slower.ttft_p95_s, curve.ttft_p95_s)
    assert np.array_equal(slower.batch, curve.batch)


def test_latency_grows_with_load_and_percentiles_are_in_order() -> None:
    scenario = default_scenario(date(2026, 11, 23))
    curve = phases.load_curve(LLAMA, request_mix(demand_of(scenario.workload).lengths))
    assert np.all(np.diff(curve.tpot_s) > 0)
    assert np.all(curve.ttft_p50_s <= curve.ttft_p95_s)
    assert np.all(curve.ttft_p95_s <= curve.ttft_p99_s)
    assert np.all(curve.batch <= curve.slots_count)


@pytest.mark.parametrize(
    ("precision", "weight_bytes", "batch"),
    [("bf16", 2.0, 295), ("fp8", 1.0, 295), ("int4", 0.5, 74)],  # 989 TFLOP/s over 3.35 TB/s; FP8 doubles the peak
)
def test_weights_stop_being_the_limit_at_the_published_batch(precision: str, weight_bytes: float, batch: int) -> None:
    m = replica_arrays([ReplicaConfig(CATALOG.model("llama-3.1-8b"), CATALOG.gpu("h100-sxm"), precision, 1)], CATALOG)  # type: ignore[arg-type]
    assert phases.rooflines(m)[0].full_batch_count(weight_bytes) == pytest.approx(batch, abs=0.6)


def test_shares_of_the_terms_sum_to_one() -> None:
    phase = phases.decode_phase(MOE, 16, 2_000)
    assert sum(phase.share_frac(kind) for kind in phases.TERM_BOTTLENECK) == pytest.approx(1, rel=1e-6)
    assert 0 < phase.bottleneck_share_frac <= 1


def test_a_roofline_is_flat_right_of_its_ridge_point() -> None:
    roofline = phases.Roofline(flops=100.0, bandwidth_bytes_s=10.0)
    assert roofline.ridge_ratio == 10
    assert roofline.attainable_flops(np.array([1.0, 10.0, 1_000.0])).tolist() == [10, 100, 100]
