"""Each term of the throughput model against a case computed by hand, and the physics that no coefficient may break."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calculators.catalog.base import Precision
from calculators.catalog.load import load_catalog
from calculators.performance.links import NEVER_US
from calculators.performance.replica import ReplicaArrays, ReplicaConfig, replica_arrays
from calculators.performance.step_time import (
    MAX_BATCH,
    cache_bytes,
    closed_loop_s,
    collectives_s,
    decode_attention_flop,
    decode_s,
    expert_share_touched,
    experts_s,
    exposed_network_s,
    kv_read_s,
    largest_batch,
    network_s,
    prompt_attention_flop,
    prompt_attention_s,
    read_bytes,
    soft_maximum,
    static_batch_s,
    step_s,
    tpot_s,
    weights_s,
)

CATALOG = load_catalog()
CONFIGS = [
    ReplicaConfig(CATALOG.model(model), CATALOG.gpu(gpu), precision, tp)
    for model in ("llama-3.1-8b", "llama-3.3-70b", "deepseek-r1", "gpt-oss-120b")
    for gpu in ("a100-80gb-sxm", "l40s", "h100-sxm", "b200-sxm", "mi300x")
    for precision in ("bf16", "fp8")
    for tp in (1, 8)
]
CONFIGS += [
    ReplicaConfig(
        CATALOG.model(model),
        CATALOG.gpu(gpu),
        "fp8",
        tp,
        attention_ranks=ranks,
        pipeline_stages=stages,
        expert_ranks=experts,
    )
    for model in ("deepseek-r1", "qwen3-235b-a22b")
    for gpu in ("h100-sxm", "gb200")
    for tp, ranks, stages, experts in ((16, 1, 1, 1), (1, 16, 1, 16), (1, 64, 1, 64), (8, 1, 2, 1))
]
CONFIGS += [replace(config, one_phase=True) for config in CONFIGS[-8:]]
ALL = replica_arrays(CONFIGS, CATALOG)


def one(**changes: float) -> ReplicaArrays:
    """A machine with round numbers and perfect efficiency."""
    values = dict.fromkeys(ReplicaArrays.__dataclass_fields__, 0.0) | {
        "always_read_bytes": 1e9,
        "kept_frac": 1.0,
        "experts_count": 1.0,
        "experts_per_token_count": 1.0,
        "expert_ranks_count": 1.0,
        "expert_width": 1.0,
        "dense_flop_per_tok": 1e9,
        "peak_flops": 1e12,
        "format_compute_frac": 1.0,
        "attention_peak_flops": 1e12,
        "bandwidth_bytes_s": 1e12,
        "layers_count": 10.0,
        "tensor_parallel_count": 1.0,
        "attention_ranks_count": 1.0,
        "link_bytes_s": 1e11,
        "islands_count": 1.0,
        "network_bytes_s": 1e10,
        "exposed_frac": 1.0,
        "direct_latency_us": NEVER_US,
        "pipeline_stages_count": 1.0,
        "heads_per_cache_count": 1.0,
        "compute_frac": 1.0,
        "weight_bandwidth_frac": 1.0,
        "kv_bandwidth_frac": 1.0,
        "prefill_attention_frac": 1.0,
        "link_frac": 1.0,
        "expert_compute_frac": 1.0,
        "expert_bandwidth_frac": 1.0,
        "pick_evenness": 1e9,
        "kernel_factor": 1.0,
        "multiply_factor": 1.0,
        "launch_factor": 1.0,
        "release_ratio": 1.0,
        "cache_read_ratio": 1.0,
        "cache_prompt_ratio": 1.0,
        "parallel_factor": 1.0,
        "link_factor": 1.0,
        "first_token_own_ratio": 1.0,
    }
    return ReplicaArrays(**{name: np.array([[value]]) for name, value in (values | changes).items()})


def value(array: np.ndarray) -> float:
    return float(np.asarray(array).ravel()[0])


def tok(*numbers: float) -> np.ndarray:
    return np.array(numbers, dtype=float)


def test_experts_touched_by_one_token_are_the_ones_it_picks() -> None:
    m = one(experts_count=8.0, experts_per_token_count=2.0)
    assert value(expert_share_touched(m, tok(1))) == pytest.approx(2 / 8)
    assert value(expert_share_touched(m, tok(2))) == pytest.approx(1 - (6 / 8) ** 2)
    assert value(expert_share_touched(m, tok(1000))) == pytest.approx(1)


def test_tokens_that_prefer_the_same_experts_touch_fewer() -> None:
    """Popularity with a coefficient of variation of one is exponential: 1 / (1 + x) get none; x = n ln(E / (E - k))."""
    m = one(experts_count=8.0, experts_per_token_count=2.0, pick_evenness=1.0)
    assert value(expert_share_touched(m, tok(1))) == pytest.approx(2 / 8)
    assert value(expert_share_touched(m, tok(5))) == pytest.approx(1 - (6 / 8) / (1 + 4 * np.log(8 / 6)))


def test_the_busiest_expert_rank_sets_the_time() -> None:
    """Half of 32 held experts on average; the fullest of 4 ranks has 1.07 standard deviations more."""
    even, uneven = (
        one(expert_bytes=1e9, experts_count=128.0, experts_per_token_count=64.0, expert_ranks_count=ranks)
        for ranks in (1.0, 4.0)
    )
    assert value(experts_s(even, tok(1))) == pytest.approx(0.5e-3)
    spread = (2 * np.log(4)) ** 0.5 - 0.6
    assert value(experts_s(uneven, tok(1))) == pytest.approx(1e-3 * (0.5 + spread * (0.25 / 32) ** 0.5))


def test_narrow_and_shuffled_experts_cost_more() -> None:
    m = one(expert_bytes=1e9, expert_width=100.0)
    assert value(experts_s(replace(m, expert_half_width=m.expert_width), tok(1))) == pytest.approx(2e-3)
    shuffled = replace(m, expert_passes=np.array([[3.0]]), expert_activation_bytes=np.array([[1e6]]))
    assert value(experts_s(shuffled, tok(10))) == pytest.approx(1e-3 + 10 * 3e-6)


def test_prompts_come_in_lumps() -> None:
    """One prompt of 1,000 tokens in ten steps: nine steps stay short, the tenth hides only what one step can hide."""
    m = one()
    arguments = (tok(1), tok(1000), tok(10), tok(100), tok(1000))
    plain = value(step_s(m, tok(1), tok(1005), tok(0), tok(0)))
    mixed = value(step_s(m, tok(1), tok(1005), tok(1000), tok(500)))
    assert value(decode_s(m, *arguments)) == pytest.approx(0.9 * plain + 0.1 * mixed)


def test_attention_ranks_bring_their_tokens_to_the_same_experts() -> None:
    m = one(experts_count=8.0, experts_per_token_count=2.0, attention_ranks_count=2.0)
    assert value(expert_share_touched(m, tok(1))) == pytest.approx(1 - (6 / 8) ** 2)


def test_weights_are_read_in_decode_and_multiplied_in_prefill() -> None:
    m = one()
    assert value(weights_s(m, tok(0.01))) == pytest.approx(1e9 / 1e12, rel=1e-6)  # bytes / bandwidth
    assert value(weights_s(m, tok(1000))) == pytest.approx(1000 * 1e9 / 1e12, rel=1e-6)  # FLOPs / peak
    assert value(weights_s(m, tok(1))) == pytest.approx(1e-3 * 2**0.25)  # at the knee both count


def test_soft_maximum_survives_extremes() -> None:
    assert value(soft_maximum(tok(0), tok(0))) == 0
    assert value(soft_maximum(tok(1e300), tok(1e-300))) == 1e300


def test_cache_reading_grows_with_full_layers_and_stops_at_the_window() -> None:
    m = one(kv_full_bytes_per_tok=1000.0, kv_sliding_bytes_per_tok=500.0, window_tok=100.0)
    assert value(kv_read_s(m, tok(4), tok(50))) == pytest.approx(4 * 50 * 1500 / 1e12)
    assert value(kv_read_s(m, tok(4), tok(1000))) == pytest.approx(4 * (1000 * 1000 + 500 * 100) / 1e12)


def test_sparse_layers_keep_the_whole_cache_and_read_the_chosen_tokens_and_all_keys() -> None:
    m = one(kv_full_bytes_per_tok=1000.0, sparse_frac=0.75, sparse_tok=100.0, index_bytes_per_tok=10.0)
    assert value(cache_bytes(m, tok(400))) == 400 * 1010
    assert value(read_bytes(m, tok(400))) == 400 * 250 + 100 * 750 + 400 * 10
    assert value(read_bytes(m, tok(50))) == value(cache_bytes(m, tok(50)))


def test_layers_that_share_a_cache_read_more_than_is_kept() -> None:
    m = one(kv_full_bytes_per_tok=1000.0, kept_frac=0.1)
    assert value(cache_bytes(m, tok(400))) == 400 * 100
    assert value(read_bytes(m, tok(400))) == 400 * 1000


def test_sparse_and_sliding_layers_attend_to_what_they_read() -> None:
    m = one(decode_flop_per_tok2=4.0, sparse_frac=0.5, sparse_tok=100.0, index_flop_per_tok2=1.0)
    assert value(decode_attention_flop(m, tok(300))) == 4 * (150 + 50) + 300
    assert value(decode_attention_flop(one(sliding_flop_per_tok2=2.0, window_tok=100.0), tok(300))) == 200


def test_attention_of_a_long_prompt_is_quadratic() -> None:
    m = one(prompt_flop_per_tok2=2.0)
    assert value(prompt_attention_s(m, tok(1000), tok(500))) == pytest.approx(2 * 1000 * 500 / 1e12)


@pytest.mark.parametrize("kind", [{"window_tok": 100.0}, {"sparse_tok": 100.0, "sparse_frac": 1.0}])
def test_a_prompt_attends_to_no_more_than_the_window_or_the_chosen_tokens(kind: dict[str, float]) -> None:
    """The mean of min(position, 100) over 1,000 positions is 95; a prompt within the limit does not notice it."""
    m = one(**kind, **{"sliding_flop_per_tok2" if "window_tok" in kind else "prompt_flop_per_tok2": 2.0})
    assert value(prompt_attention_flop(m, tok(500))) == pytest.approx(2 * 95)
    assert value(prompt_attention_flop(m, tok(40))) == pytest.approx(2 * 40)


def test_collectives_need_more_than_one_gpu() -> None:
    assert value(collectives_s(one(collective_latency_us=10.0), tok(8))) == 0
    m = one(tensor_parallel_count=4.0, hidden_bytes=1e6, collective_latency_us=10.0)
    assert value(collectives_s(m, tok(8))) == pytest.approx(2 * 10 * (1e-5 + 8 * 1e6 * 2 * 3 / 4 / 1e11))


def test_messages_between_machines_take_the_faster_way() -> None:
    """Two per layer: forwarded with much latency and few bytes, or direct with little latency and many."""
    ways = {
        "collective_bytes_per_tok": 1e4,
        "network_latency_us": 100.0,
        "direct_bytes_per_tok": 1e5,
        "direct_latency_us": 10.0,
    }
    m = one(islands_count=2.0, **ways)
    assert value(network_s(m, tok(1))) == pytest.approx(2 * 10 * (10e-6 + 1e5 / 1e10))
    assert value(network_s(m, tok(100))) == pytest.approx(2 * 10 * (100e-6 + 100 * 1e4 / 1e10))
    assert value(network_s(one(**ways), tok(100))) == 0


def test_arithmetic_hides_a_share_of_the_network() -> None:
    m = one(islands_count=2.0, network_latency_us=100.0, exposed_frac=0.25)
    assert value(exposed_network_s(m, tok(1), np.ones((1, 1)))) == pytest.approx(0.25 * 2e-3)
    assert value(exposed_network_s(m, tok(1), np.full((1, 1), 1e-3))) == pytest.approx(2e-3 - 0.75 * 1e-3)


def test_each_border_of_stages_between_machines_costs_a_hop() -> None:
    m = one(hops_count=3.0, hop_latency_us=10.0, hidden_bytes=1e4, tensor_parallel_count=2.0)
    assert value(exposed_network_s(m, tok(8), np.zeros((1, 1)))) == pytest.approx(3 * (10e-6 + 8 * 1e4 / 2 / 1e10))


def test_experts_that_were_sent_many_tokens_are_multiplied_faster() -> None:
    changes = {"experts_count": 8.0, "experts_per_token_count": 2.0, "expert_flop_per_tok": 1e9, "pick_evenness": 1e9}
    plain, grouped = one(**changes), one(**changes, grouped_gain_ratio=1.0, grouped_half_tok=500.0)
    few, many = (value(experts_s(plain, tok(n))) / value(experts_s(grouped, tok(n))) for n in (8, 2000))
    assert few == pytest.approx(1 + 2 / 502)
    assert many == pytest.approx(1.5)


def test_a_step_is_the_sum_of_its_terms() -> None:
    m = one(kernels_count=20.0, kernel_us=5.0, step_overhead_us=100.0, request_overhead_us=1.0)
    expected = value(weights_s(m, tok(4))) + 20 * 5e-6 + 1e-4 + 4 * 1e-6
    assert value(step_s(m, tok(4), tok(100), tok(0), tok(0))) == pytest.approx(expected)


def test_largest_batch_is_the_room_over_one_request_below_the_cap() -> None:
    m = one(kv_full_bytes_per_tok=1000.0, kv_room_bytes=30e6)
    assert value(largest_batch(m, tok(900), tok(100))) == pytest.approx(30)
    assert value(largest_batch(m, tok(90), tok(10))) == MAX_BATCH
    assert value(largest_batch(m, tok(90), tok(10), np.inf)) == pytest.approx(300)
    assert value(largest_batch(replace(m, kv_room_bytes=np.array([[-1.0]])), tok(90), tok(10))) == 0


def test_a_static_batch_prefills_all_prompts_then_decodes() -> None:
    m = one()
    first, step = static_batch_s(m, tok(4), tok(1024), tok(10))
    assert value(first) == pytest.approx(4 * 1024 * 1e9 / 1e12, rel=1e-6)
    assert value(step) == pytest.approx(value(weights_s(m, tok(4))))


def test_a_lone_client_is_not_disturbed() -> None:
    m = one(first_token_overhead_ms=50.0)
    ttft, tpot = closed_loop_s(m, tok(1), tok(1000), tok(100))
    tpot_alone = step_s(m, tok(1), tok(1050), tok(0), tok(0))
    assert value(tpot) == pytest.approx(value(step_s(m, tok(1), tok(1050), tok(0), tok(500))))
    assert value(ttft) == pytest.approx(0.05 + 1000 * 1e9 / 1e12 + value(tpot_alone), rel=1e-6)


lengths = st.floats(16, 30_000)
factors = st.floats(1.0, 10.0)


@settings(max_examples=50, deadline=None)
@given(lengths, st.floats(2, 8_000), st.floats(1, 1024), factors)
def test_better_hardware_never_slows(input_tok: float, output_tok: float, batch: float, factor: float) -> None:
    arguments = (tok(batch), tok(input_tok), tok(output_tok), tok(input_tok))
    before = tpot_s(ALL, *arguments)
    for name in ("bandwidth_bytes_s", "peak_flops", "attention_peak_flops", "link_bytes_s", "network_bytes_s"):
        after = tpot_s(replace(ALL, **{name: getattr(ALL, name) * factor}), *arguments)
        assert np.all(after <= before * (1 + 1e-9)), name


@settings(max_examples=50, deadline=None)
@given(lengths, st.floats(2, 8_000), st.floats(1, 1024), factors)
def test_longer_links_never_lower_step_time(input_tok: float, output_tok: float, batch: float, factor: float) -> None:
    arguments = (tok(batch), tok(input_tok), tok(output_tok), tok(input_tok))
    before = tpot_s(ALL, *arguments)
    for name in (
        "network_latency_us",
        "direct_latency_us",
        "hop_latency_us",
        "collective_latency_us",
        "exchange_latency_us",
    ):
        after = tpot_s(replace(ALL, **{name: getattr(ALL, name) * factor}), *arguments)
        assert np.all(after >= before * (1 - 1e-9)), name


@settings(max_examples=50, deadline=None)
@given(lengths, st.floats(2, 8_000))
def test_a_larger_batch_never_completes_fewer_requests(input_tok: float, output_tok: float) -> None:
    batch = np.unique(np.round(np.geomspace(1, MAX_BATCH, 40)))
    tpot = tpot_s(ALL, batch, tok(input_tok), tok(output_tok), tok(input_tok))
    req_s = batch / (output_tok * tpot)
    assert tpot.shape == (len(CONFIGS), len(batch))
    assert np.all(np.diff(req_s, axis=1) >= -1e-9 * req_s[:, :-1])
    assert np.all(np.diff(tpot, axis=1) >= 0)


@settings(max_examples=50, deadline=None)
@given(lengths, st.floats(2, 8_000), st.floats(1, 1024))
def test_no_prediction_beats_the_roofline(input_tok: float, output_tok: float, batch: float) -> None:
    step = step_s(ALL, tok(batch), tok(input_tok), tok(0), tok(0))
    touched = expert_share_touched(ALL, tok(batch))
    read = (ALL.always_read_bytes + touched * ALL.expert_bytes) / ALL.bandwidth_bytes_s
    multiply = batch * (ALL.dense_flop_per_tok + ALL.expert_flop_per_tok) / ALL.peak_flops
    assert np.all(step >= np.maximum(read, multiply))
    assert np.all(tpot_s(ALL, tok(batch), tok(input_tok), tok(output_tok), tok(input_tok)) >= step)


@pytest.mark.parametrize("precision", ["fp8", "nvfp4", "mxfp4"])
def test_narrow_weights_compute_in_16_bit_where_the_gpu_cannot_do_better(precision: Precision) -> None:
    wide, narrow = (
        replica_arrays([ReplicaConfig(CATALOG.model("llama-3.1-8b"), CATALOG.gpu("a100-80gb-sxm"), p, 1)], CATALOG)
        for p in ("bf16", precision)
    )
    assert value(narrow.peak_flops) == value(wide.peak_flops)
    assert value(weights_s(narrow, tok(1))) < value(weights_s(wide, tok(1)))
    slower = CATALOG.speed_rules.expanded_compute_frac.central if precision == "fp8" else 1.0
    assert value(weights_s(narrow, tok(1e6))) == pytest.approx(value(weights_s(wide, tok(1e6))) / slower, rel=1e-3)
