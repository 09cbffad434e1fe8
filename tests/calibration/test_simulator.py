"""The simulator conserves requests, time, slots and memory."""

import numpy as np
import pytest
from random_requests import requests

from calculators.calibration.simulator import Policy, Requests, SimulatedEngine, StepTimes, simulate
from calculators.calibration.trace_replay import SAMPLE, read_requests
from calculators.catalog.load import load_catalog
from calculators.performance.replica import ReplicaConfig, replica_arrays
from calculators.performance.step_time import prompt_attention_s, step_s

CATALOG = load_catalog()
M = replica_arrays([ReplicaConfig(CATALOG.model("llama-3.1-8b"), CATALOG.gpu("l40s"), "bf16", 1)], CATALOG)
SLIDING = replica_arrays([ReplicaConfig(CATALOG.model("gpt-oss-120b"), CATALOG.gpu("h100-sxm"), "mxfp4", 1)], CATALOG)


def bare_step_s(batch: float, context_tok: float, prompt_tok: float, attended_tok: float) -> float:
    return float(step_s(M, *(np.array([x]) for x in (batch, context_tok, prompt_tok, attended_tok)))[0, 0])


def test_one_request_takes_its_prefill_and_then_its_steps() -> None:
    served = simulate(M, Requests(np.array([3.0]), np.array([500.0]), np.array([3.0])))
    first = bare_step_s(0, 0, 500, 250)
    second, third = bare_step_s(1, 501, 0, 0), bare_step_s(1, 502, 0, 0)
    assert served.ttft_s[0] == pytest.approx(first, rel=1e-6)
    assert served.tpot_s[0] == pytest.approx((second + third) / 2, rel=1e-4)
    assert served.busy_s == pytest.approx(first + second + third, rel=1e-4)
    assert served.end_s == pytest.approx(3 + served.busy_s)


def test_a_long_prompt_goes_in_by_chunks_and_cached_tokens_are_only_attended_to() -> None:
    whole = simulate(M, Requests(np.zeros(1), np.array([20_000.0]), np.ones(1)))
    first, second = bare_step_s(0, 0, 8192, 4096), bare_step_s(0, 0, 8192, 8192 + 4096)
    chunks = [first, second, bare_step_s(0, 0, 3616, 16_384 + 1808)]
    assert whole.ttft_s[0] == pytest.approx(sum(chunks), rel=1e-6)
    assert np.isnan(whole.tpot_s[0])
    cached = simulate(M, Requests(np.zeros(1), np.array([5000.0]), np.ones(1), hit_frac=0.8))
    assert cached.ttft_s[0] == pytest.approx(bare_step_s(0, 0, 1000, 4500), rel=1e-6)


def test_prompts_that_wait_together_share_a_step() -> None:
    served = simulate(M, Requests(np.zeros(3), np.full(3, 400.0), np.ones(3)))
    assert served.steps_count == 1
    assert served.ttft_s == pytest.approx(bare_step_s(0, 0, 1200, 200), rel=1e-6)


@pytest.mark.parametrize("m", [M, SLIDING])
def test_the_tables_are_the_step_times(m: np.ndarray) -> None:
    times, random = StepTimes(m, 256, 2048, 20_000), np.random.default_rng(0)
    for _ in range(300):
        batch, prompt = int(random.integers(1, 257)), int(random.integers(0, 2049))
        context = random.uniform(200, 20_000)
        exact = step_s(m, *(np.array([x], dtype=float) for x in (batch, context, prompt, prompt / 2)))[0, 0]
        attention_s = times.attention_s(0, prompt)
        assert times.step_s(batch, context, prompt, attention_s) == pytest.approx(float(exact), rel=0.01)


def test_chunks_of_a_prompt_attend_as_long_as_the_whole() -> None:
    for m in (M, SLIDING):
        times = StepTimes(m, 256, 2048, 20_000)
        whole = float(m.kernel_factor[0, 0] * prompt_attention_s(m, np.array([9_000.0]), np.array([4_500.0]))[0, 0])
        parts = times.attention_s(0, 2_000) + times.attention_s(2_000, 3_000) + times.attention_s(5_000, 4_000)
        assert parts == pytest.approx(whole, rel=0.01)
        assert times.attention_s(5_000, 2_000) > times.attention_s(3_000, 2_000)


@pytest.mark.parametrize("policy", ["mixed", "prefill_first"])
@pytest.mark.parametrize("rate_req_s", [0.5, 4.0, 40.0])
def test_everybody_is_served_once_and_no_limit_is_broken(policy: Policy, rate_req_s: float) -> None:
    asked = requests(600, rate_req_s)
    room = float(M.kv_room_bytes[0, 0]) / 8
    served = simulate(M, asked, SimulatedEngine(policy, max_batch=32, budget_tok=1024, kv_room_bytes=room))
    assert served.rejected_count == 0
    assert np.all(np.isfinite(served.finish_s))
    assert np.all(served.ttft_s > 0)
    assert np.all(served.finish_s >= asked.arrival_s + served.ttft_s)
    assert served.most_running <= 32
    assert served.most_kv_frac <= 1 + 1e-9
    assert served.most_step_tok <= 1024
    assert np.all(np.diff(asked.arrival_s + served.ttft_s) >= -1e-9)  # first come, first served


def test_it_is_never_idle_while_somebody_waits() -> None:
    asked = requests(300, 2.0)
    served = simulate(M, asked)
    ends = np.maximum.accumulate(served.finish_s)[:-1]
    idle = np.maximum(asked.arrival_s[1:] - ends, 0).sum() + asked.arrival_s[0]
    assert served.busy_s + idle == pytest.approx(served.end_s)


def test_what_can_never_fit_is_reported_and_holds_nobody_up() -> None:
    asked = Requests(np.array([0.0, 0.1]), np.array([1e6, 100.0]), np.array([5.0, 5.0]))
    served = simulate(M, asked)
    assert served.rejected_count == 1
    assert np.isnan(served.ttft_s[0])
    assert np.isfinite(served.finish_s[1])


def test_prompts_first_answers_sooner_and_then_more_slowly() -> None:
    asked = requests(800, 3.0)
    mixed, first = (simulate(M, asked, SimulatedEngine(policy)) for policy in ("mixed", "prefill_first"))
    assert first.ttft_s.mean() < mixed.ttft_s.mean()
    assert np.nanmean(first.tpot_s) > np.nanmean(mixed.tpot_s)


def test_six_thousand_requests_share_their_steps() -> None:
    """The work grows with the engine's steps, not with the tokens: two orders of magnitude fewer."""
    asked = read_requests(SAMPLE)
    assert len(asked.arrival_s) == 5985
    assert simulate(M, asked).steps_count < asked.output_tok.sum() / 50
