"""Kinds of fault that people's reports of speed showed, one published figure or pair each: a test fails if the kind comes back.

Memory and fleets over machines have cases of their own (test_machines.py, test_deployments.py, test_shared_prefix.py).
"""

from typing import Any

import numpy as np
import pytest

from calculators.calibration.field_reports import field_reports, hits, judged_figures
from calculators.calibration.predict import Prediction, predict
from calculators.catalog.load import load_catalog
from calculators.performance.replica import ReplicaConfig, replica_arrays
from calculators.performance.speculation import Drafts, speedup_ratio
from calculators.performance.step_time import CHUNK_TOK, step_s

LIVE = load_catalog()
NONE = np.zeros(1)
BASE = {
    "engine": "vLLM",
    "tp": "1",
    "isl": "1024",
    "osl": "1024",
    "concurrency_or_batch": "1",
    "scenario": "closed loop",
}


def told(**cells: Any) -> Prediction:
    return predict([BASE | {name: str(value) for name, value in cells.items()}], LIVE)[0]


def tpot_ms(**cells: Any) -> float:
    answer = told(**cells).tpot_ms
    assert answer is not None
    return answer


def ttft_ms(**cells: Any) -> float:
    answer = told(**cells).ttft_ms
    assert answer is not None
    return answer


def test_requests_of_one_length_come_in_waves_and_wait_for_each_others_prompts() -> None:
    """GLM-5.2 on 8 H200, 16 at once: 6,088 ms to the first token (sglang pull 31554); MiniMax-M2.7 on 4 H200: 1,417 ms (vllm
    pull 43276). Spread arrivals would give a third of it."""
    glm = {"model": "GLM-5.2", "gpu": "H200", "tp": 8, "weight_dtype": "fp8", "engine": "SGLang"}
    m27 = {"model": "MiniMax-M2.7", "gpu": "H200", "tp": 4, "weight_dtype": "fp8"}
    load = {"isl": 8192, "concurrency_or_batch": 16}
    for cells, measured in ((glm, 6088), (m27, 1417)):
        wave = ttft_ms(**cells, **load, isl_osl_kind="fixed")
        assert 1 / 1.85 < wave / measured < 1.85
        assert ttft_ms(**cells, **load, isl_osl_kind="uniform[0.8,1.0]") < 0.5 * wave


def test_waves_change_no_single_request_and_waste_no_time() -> None:
    """A client alone waits for nobody, but for one step that the fit has outside waves; and what is waited for is not counted
    twice."""
    r1 = {"model": "DeepSeek-R1", "gpu": "H200", "tp": 8, "weight_dtype": "fp8", "engine": "TensorRT-LLM"}
    spread, wave = (told(**r1, isl=1600, osl=600, isl_osl_kind=kind) for kind in ("answers end early", "fixed"))
    assert wave.ttft_ms == pytest.approx(spread.ttft_ms - wave.tpot_ms, rel=0.02)
    assert wave.tpot_ms == pytest.approx(spread.tpot_ms, rel=0.02)
    spread, wave = (
        told(**r1, isl=1600, osl=600, concurrency_or_batch=8, isl_osl_kind=kind)
        for kind in ("answers end early", "fixed")
    )
    assert wave.output_tok_s_per_gpu == pytest.approx(spread.output_tok_s_per_gpu, rel=0.15)


def test_a_prompt_longer_than_a_step_is_no_wave() -> None:
    """MiniMax-M2.7 on 8 B200, one prompt of 65,536 tokens: 1,010 ms (vllm issue 51494)."""
    first = ttft_ms(
        model="MiniMax-M2.7", gpu="B200", tp=8, weight_dtype="nvfp4", isl=65536, osl=256, isl_osl_kind="fixed"
    )
    assert first / 1010 == pytest.approx(1, abs=0.25)


def test_fp8_on_a_gpu_without_fp8_arithmetic_is_slower_than_16_bit_with_many_requests() -> None:
    """Qwen3 32B on A100: 751 tok/s in FP8, 832 in BF16 (GPUStack performance lab); alone it still reads half the weights."""
    load = {"model": "Qwen3-32B", "gpu": "A100-SXM-80GB", "isl": 217, "osl": 201, "concurrency_or_batch": ""}
    run = {"scenario": "offline", "num_prompts": 1000, "isl_osl_kind": "dataset distribution"}
    wide, narrow = (told(**load, **run, weight_dtype=f).output_tok_s_per_gpu for f in ("bf16", "fp8"))
    assert wide
    assert narrow
    assert 0.8 < narrow / wide < 1
    alone = {"model": "Qwen3-32B", "gpu": "A100-SXM-80GB"}
    assert tpot_ms(**alone, weight_dtype="fp8") < 0.7 * tpot_ms(**alone, weight_dtype="bf16")


def test_experts_in_int4_are_not_twice_as_fast_alone_as_reported_and_are_in_doubt() -> None:
    """R1 in AWQ on 8 H100: 16.1 ms a token (tt-inference-server issue 356), where reading half the bytes would give 8.6."""
    awq = told(model="DeepSeek-R1-0528", gpu="H100", tp=8, weight_dtype="int4", isl=128)
    assert awq.tpot_ms is not None
    assert awq.tpot_ms / 16.1 == pytest.approx(1, abs=0.25)
    assert awq.status == "extrapolated"


@pytest.mark.parametrize(
    ("cells", "measured_ms"),
    [
        ({"model": "MiniMax-M3", "gpu": "B200", "tp": 8, "isl": 8192, "source_date": "2026-08-08"}, 4.02),
        ({"model": "MiniMax-M2.7", "gpu": "B200", "tp": 8, "isl": 65536, "source_date": "2026-08-08"}, 5.05),
        (
            {"model": "Qwen3.6-35B-A3B", "gpu": "RTX-5090", "isl": 50, "kv_dtype": "fp8", "source_date": "2026-07-09"},
            3.88,
        ),
    ],
    ids=["MiniMax-M3", "MiniMax-M2.7", "Qwen3.6-35B-A3B"],
)
def test_a_request_alone_on_the_newest_gpus_is_as_fast_as_engines_of_the_day(
    cells: dict[str, Any], measured_ms: float
) -> None:
    assert tpot_ms(**cells, weight_dtype="nvfp4") / measured_ms == pytest.approx(1, abs=0.25)


@pytest.mark.parametrize(("at_once", "measured_ms"), [(1, 6.48), (4, 6.59)])
def test_a_dense_model_of_8b_on_vllm_is_not_told_too_fast(at_once: int, measured_ms: float) -> None:
    """Llama 3.1 8B on H100 with vLLM 0.21 (yobitel, 2026-05-16)."""
    answer = tpot_ms(
        model="Llama-3.1-8B", gpu="H100-SXM", weight_dtype="bf16", isl=128, osl=128, concurrency_or_batch=at_once
    )
    assert answer / measured_ms == pytest.approx(1, abs=0.2)


@pytest.mark.parametrize(("draft_tok", "accepted", "measured"), [(2, 2.1, 1.618), (4, 2.39, 1.578), (7, 2.47, 1.36)])
def test_drafts_of_a_small_model_cost_the_reading_of_its_head(draft_tok: int, accepted: float, measured: float) -> None:
    """EAGLE on Llama 3.1 8B (vllm issue 20780): each drafted token takes 10% of a step, not 5%."""
    gain = _gain("llama-3.1-8b", 1, draft_tok, accepted, batch=1, context_tok=600)
    assert gain / measured == pytest.approx(1, abs=0.1)


def test_drafts_of_a_large_model_cost_a_smaller_share_and_gain_less_the_more_run_at_once() -> None:
    small, large = (_gain(model, tp, 4, 2.4, 1, 600) for model, tp in (("llama-3.1-8b", 1), ("llama-3.3-70b", 4)))
    assert large > 1.15 * small
    gains = [_gain("llama-3.1-8b", 1, 4, 2.4, batch, 600) for batch in (1, 16, 64, 256)]
    assert gains == sorted(gains, reverse=True)
    assert gains[-1] < 1


def _gain(model: str, tp: int, draft_tok: int, accepted: float, batch: float, context_tok: float) -> float:
    m = replica_arrays([ReplicaConfig(LIVE.model(model), LIVE.gpu("h100-sxm"), "bf16", tp)], LIVE)
    drafted = Drafts(draft_tok, np.array([[accepted]]), 0.0)
    return float(speedup_ratio(m, np.array([float(batch)]), np.array([float(context_tok)]), drafted)[0, 0])


def test_mxfp4_prompts_on_hopper_are_as_fast_in_a_prefill_pool_as_published() -> None:
    """gpt-oss-120b on one H200, prompts of 5,000 tokens: 33,821 tok/s (llm-d pull 2072)."""
    config = ReplicaConfig(LIVE.model("gpt-oss-120b"), LIVE.gpu("h200-sxm"), "mxfp4", 1, one_phase=True)
    m = replica_arrays([config], LIVE)
    step = float(step_s(m, NONE, NONE, np.array([float(CHUNK_TOK)]), np.array([2500.0]))[0, 0])
    assert CHUNK_TOK / step / 33_821 == pytest.approx(1, abs=0.25)


def test_an_fp8_cache_gains_less_than_half_its_bytes_where_prompts_are_long() -> None:
    """Llama 3.1 8B on H100, 20,000 tokens in and 2,000 out, 8 at once: 15% more tokens, not 30% (vLLM blog, 2026-04-22)."""
    load = {"model": "Llama-3.1-8B", "gpu": "H100-SXM", "weight_dtype": "bf16", "isl": 20000, "osl": 2000}
    wide, narrow = (
        told(**load, kv_dtype=kv, concurrency_or_batch=8, isl_osl_kind="near").output_tok_s_per_gpu
        for kv in ("bf16", "fp8")
    )
    assert wide
    assert narrow
    assert 1.05 < narrow / wide < 1.26


def test_tensor_parallelism_over_machines_costs_latency_and_raises_a_doubt() -> None:
    """R1 on two machines of eight H100: 23.2 ms a token (tt-inference-server issue 356)."""
    answer = told(model="DeepSeek-R1-0528", gpu="H100", tp=16, weight_dtype="fp8", engine="SGLang", isl=128)
    assert answer.tpot_ms is not None
    assert answer.tpot_ms / 23.2 == pytest.approx(1, abs=0.25)
    assert "over_machines" in answer.doubts


def test_a_run_that_sends_all_requests_at_once_fills_and_drains_and_is_in_doubt() -> None:
    """Qwen3 14B on H100, 1,000 requests of ShareGPT at once: 3,174 to 4,044 tok/s by engine (GPUStack performance lab), where a
    batch that stays full would give 8,000."""
    load = {
        "model": "Qwen3-14B",
        "gpu": "H100-SXM",
        "weight_dtype": "bf16",
        "isl": 217,
        "osl": 201,
        "scenario": "offline",
    }
    load |= {"concurrency_or_batch": "", "isl_osl_kind": "dataset distribution"}
    short, endless = told(**load, num_prompts=1000), told(**load)
    assert short.output_tok_s_per_gpu
    assert endless.output_tok_s_per_gpu
    assert short.output_tok_s_per_gpu < 0.7 * endless.output_tok_s_per_gpu
    assert short.status == "extrapolated"


@pytest.mark.parametrize(
    "model", ["Llama-3.1-405B-FP8", "llama2-70b", "Qwen/Qwen2.5-7B-Instruct", "DeepSeek-R1-0528", "QwQ-32B"]
)
@pytest.mark.parametrize("gpu", ["H800", "A100-80GB-SXM", "RTX PRO 6000 Blackwell Server Edition", "MI355X"])
def test_spellings_of_reports_are_understood(model: str, gpu: str) -> None:
    assert told(model=model, gpu=gpu, tp=16, weight_dtype="fp8").status != "unsupported"


def test_drafts_and_separate_pools_can_be_told_in_a_list_of_points() -> None:
    drafted = told(model="GLM-5.2", gpu="B200", tp=8, weight_dtype="nvfp4", mtp_tokens=5, tokens_per_pass=3.5)
    pools = {f"{pool}_{name}": 4 for pool in ("prefill", "decode") for name in ("workers", "gpus")}
    apart = told(model="gpt-oss-120b", gpu="H200", weight_dtype="mxfp4", scenario="disaggregated", **pools)
    for answer in (drafted, apart):
        assert answer.tpot_ms
        assert answer.status == "extrapolated"


def test_more_than_eight_in_ten_reports_lie_within_the_stated_range() -> None:
    judged = hits(judged_figures(field_reports(), LIVE))
    assert judged.right_count / judged.told_count > 0.8
