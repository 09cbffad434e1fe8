"""Runs with separate pools and with drafts: limits by hand, and what no run may break."""

from dataclasses import replace

import numpy as np
import pytest
from benchmark_rows import CATALOG, answer, point

from calculators.calibration.arrival_modes import predict_rates
from calculators.calibration.pool_runs import (
    LOADED_RATIO,
    gpus_of,
    lower_mean,
    pool_rates,
    prompt_times_s,
    token_times,
    usual_slots,
    with_drafts,
)
from calculators.performance.replica import replica_arrays

APART = {
    "model": "deepseek-r1",
    "gpu": "b200-sxm",
    "engine": "TensorRT-LLM",
    "weight_dtype": "nvfp4",
    "kind": "disaggregated",
    "scenario": "disaggregated closed-loop",
    "concurrency_or_batch": "256",
    "prefill_workers": "1",
    "prefill_gpus": "4",
    "prefill_ep": "4",
    "prefill_dp_attention": "True",
    "decode_workers": "2",
    "decode_gpus": "8",
    "decode_ep": "8",
    "decode_dp_attention": "False",
}


def test_pools_of_different_shapes_are_read() -> None:
    run = point(**APART)
    assert run.pools is not None
    prefill, decode = run.pools.prefill, run.config
    assert (prefill.tensor_parallel, prefill.attention_ranks, prefill.expert_ranks) == (1, 4, 4)
    assert (decode.tensor_parallel, decode.attention_ranks, decode.expert_ranks) == (8, 1, 8)
    assert gpus_of(run, run.pools) == 4 + 2 * 8


def test_a_run_with_pools_is_predicted_and_says_that_it_is_an_extrapolation() -> None:
    found = answer(**APART)
    assert found.status == "extrapolated"
    assert "separate_pools" in found.doubts
    assert None not in (found.output_tok_s_per_gpu, found.ttft_ms, found.tpot_ms)


def test_littles_law_holds_for_the_clients_of_both_pools() -> None:
    run = point(**APART)
    assert run.pools is not None
    rates = pool_rates([run], CATALOG)
    req_s = float(rates.output_tok_s_per_gpu[0]) * gpus_of(run, run.pools) / run.output_tok
    in_flight = req_s * float(rates.ttft_s[0] + run.output_tok * rates.tpot_s[0])
    assert in_flight == pytest.approx(run.batch, rel=1e-6)


def test_a_full_prefill_pool_limits_the_throughput_and_makes_clients_wait() -> None:
    run = point(**APART | {"concurrency_or_batch": "3000", "isl": "8000", "osl": "100", "decode_workers": "8"})
    assert run.pools is not None
    _, busy_s = prompt_times_s(replica_arrays([run.pools.prefill], CATALOG), np.array([[8000.0]]))
    rates = pool_rates([run], CATALOG)
    req_s = float(rates.output_tok_s_per_gpu[0]) * gpus_of(run, run.pools) / run.output_tok
    assert req_s == pytest.approx(4 / float(busy_s[0, 0]), rel=1e-3)
    assert float(rates.ttft_s[0]) > 10 * float(busy_s[0, 0])


def test_more_workers_never_slow_a_run() -> None:
    few, more = (answer(**APART | {"prefill_workers": n, "decode_workers": n}) for n in ("1", "2"))
    for slower, faster in ((few.tpot_ms, more.tpot_ms), (few.ttft_ms, more.ttft_ms)):
        assert slower is not None
        assert faster is not None
        assert faster <= slower


def test_slots_that_are_not_stated_are_guessed_from_the_clients() -> None:
    """154 clients of one rank are 1.2 times 128 slots; 256 clients are one of a series; 200 are too many for 128."""
    slots = usual_slots(np.array([154.0, 256.0, 200.0, 3.0]), np.array([1.0, 3.0, 1.0, 4.0]))
    assert slots.tolist() == [128, np.inf, np.inf, np.inf]
    assert 154 / 128 < LOADED_RATIO < 200 / 128


def test_the_mean_of_the_lower_is_below_both_and_exact_without_spread() -> None:
    means = np.array([50.0, 100.0, 200.0])
    assert lower_mean(means, np.array(100.0), np.zeros(3)).tolist() == [50, 100, 100]
    spread = lower_mean(means, np.array(100.0), np.full(3, 100.0))
    drawn = np.random.default_rng(0).normal(means, 10.0, (200_000, 3))
    assert spread == pytest.approx(np.minimum(drawn, 100.0).mean(axis=0), abs=0.7)


def test_clients_beyond_the_slots_wait_and_the_batch_stays() -> None:
    one = APART | {"decode_workers": "1", "max_num_seqs": "64"}
    full, crowded = (answer(**one | {"concurrency_or_batch": n}) for n in ("128", "256"))
    assert full.tpot_ms is not None
    assert full.ttft_ms is not None
    assert crowded.ttft_ms is not None
    assert crowded.tpot_ms == pytest.approx(full.tpot_ms, rel=1e-3)
    answer_ms = full.ttft_ms + point(**one).output_tok * full.tpot_ms
    assert crowded.ttft_ms - full.ttft_ms == pytest.approx(answer_ms, rel=1e-3)


def test_requests_sent_to_workers_at_random_leave_slots_free() -> None:
    """As many slots in all, spread over more workers."""
    per_gpu = []
    for workers, slots in (("1", "8"), ("8", "1")):
        run = point(**APART | {"decode_workers": workers, "max_num_seqs": slots, "concurrency_or_batch": "9"})
        assert run.pools is not None
        rates = pool_rates([run], CATALOG)
        per_gpu.append(float(rates.output_tok_s_per_gpu[0] * gpus_of(run, run.pools) * rates.tpot_s[0]))
    assert per_gpu[1] < 0.9 * per_gpu[0]


def test_over_machines_the_range_is_in_doubt() -> None:
    found = answer(**APART | {"gpu": "h100-sxm", "weight_dtype": "fp8", "prefill_gpus": "16", "decode_gpus": "32"})
    assert "over_machines" in found.doubts
    assert "spans 4 machines" in found.reason


def test_mtp_lowers_the_time_per_token_and_not_the_first() -> None:
    cells = {"model": "deepseek-r1", "gpu": "h200-sxm", "n_gpu": "8", "tp": "8", "concurrency_or_batch": "8"}
    plain, drafted = answer(**cells), answer(**cells, spec="mtp", mtp_tokens="3.0")
    assert plain.tpot_ms is not None
    assert drafted.tpot_ms is not None
    assert plain.tpot_ms / 2.5 < drafted.tpot_ms < plain.tpot_ms / 1.2
    assert drafted.ttft_ms == plain.ttft_ms
    assert "3 draft tokens" in drafted.reason


def test_mtp_without_a_number_is_the_usual_one_and_zero_is_none() -> None:
    assert [point(spec="mtp", mtp_tokens=n).draft_tok for n in ("", "0.0", "2")] == [3, 0, 2]
    assert point(spec_decode="on: MTP (by the configuration of its day)").draft_tok == 3
    assert point(spec="none").draft_tok == point(spec_decode="off (assumed)").draft_tok == 0


def test_without_drafts_the_rates_stay() -> None:
    run = point()
    m = replica_arrays([run.config], CATALOG)
    rates = predict_rates(m, [run])
    same = with_drafts(rates, m, [run])
    assert same.tpot_s[0] == pytest.approx(rates.tpot_s[0])
    faster = with_drafts(rates, m, [replace(run, draft_tok=1, tokens_per_pass=1.7)])
    assert faster.output_tok_s_per_gpu[0] > rates.output_tok_s_per_gpu[0]


def test_prompts_keep_their_part_of_the_time_per_token() -> None:
    """Half a decode step less saves half of the decode steps, never of the prompts that come between them."""
    cells = {
        "model": "deepseek-r1",
        "gpu": "b200-sxm",
        "engine": "TensorRT-LLM",
        "weight_dtype": "fp8",
        "tp": "8",
        "n_gpu": "8",
    }
    cells |= {"scenario": "closed loop", "concurrency_or_batch": "128", "isl_osl_kind": "uniform[0.8,1.0]x nominal"}
    gains = {}
    for name, lengths in {"prompts": {"isl": "8192", "osl": "1024"}, "answers": {"isl": "1024", "osl": "8192"}}.items():
        plain, drafted = answer(**cells, **lengths), answer(**cells, **lengths, mtp_tokens="3")
        assert plain.tpot_ms is not None
        assert drafted.tpot_ms is not None
        gains[name] = plain.tpot_ms / drafted.tpot_ms
    assert 1 < gains["prompts"] < gains["answers"] - 0.2
    assert gains["prompts"] == pytest.approx(1.30, rel=0.15)  # published: 55.7 without and 42.8 ms with drafts


def test_the_host_makes_the_gpu_wait_once_a_pass_and_for_each_request() -> None:
    run = point(
        model="deepseek-r1", gpu="b200-sxm", engine="SGLang", weight_dtype="fp8", tp="8", n_gpu="8", mtp_tokens="1"
    )
    m = replica_arrays([run.config], CATALOG)
    batch = np.array([[10.0]])
    hidden, waits = (token_times(m, [replace(run, draft_host_us=us)])(batch) for us in ((0.0, 0.0), (2000.0, 100.0)))
    assert float((waits - hidden)[0, 0]) == pytest.approx((2000 + 10 * 100) * 1e-6 / run.tokens_per_pass)
