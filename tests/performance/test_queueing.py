"""The latency model against cases computed by hand, and what no workload may break."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from calculators.calibration.simulator import Requests, simulate
from calculators.catalog.load import load_catalog
from calculators.performance import queueing as latency
from calculators.performance.percentiles import tpot_percentile_s, ttft_above_frac, ttft_percentile_s
from calculators.performance.queueing import at_rate, largest_req_s
from calculators.performance.replica import ReplicaArrays, ReplicaConfig, replica_arrays
from calculators.performance.request_mix import RequestMix, node_weights, request_mix
from calculators.performance.step_time import CHUNK_TOK, step_s
from calculators.scenario.demand import Lengths, lognormal_groups

CATALOG = load_catalog()
SETUPS = [
    ReplicaConfig(CATALOG.model(model), CATALOG.gpu(gpu), precision, tp)
    for model, gpu, precision, tp in (
        ("llama-3.1-8b", "l40s", "bf16", 1),
        ("llama-3.3-70b", "h100-sxm", "fp8", 1),
        ("llama-3.3-70b", "h100-sxm", "fp8", 4),
        ("gpt-oss-120b", "a100-80gb-sxm", "mxfp4", 1),
        ("deepseek-r1", "b200-sxm", "fp8", 8),
    )
]
ALL = replica_arrays(SETUPS, CATALOG)
FINE = (0.5, 0.95, 0.99)


def equal(input_tok: float, output_tok: float) -> Lengths:
    return Lengths(np.ones(1), np.array([input_tok]), np.array([output_tok]))


def heavy(input_tok: float = 1500.0, output_tok: float = 300.0, ratio: float = 3.5) -> Lengths:
    """Log-normal lengths whose 95th percentile is `ratio` times the mean, inputs and outputs independent."""
    inputs, outputs = (lognormal_groups(mean, ratio * mean, 16) for mean in (input_tok, output_tok))
    grid = np.array([(i, o) for i in inputs for o in outputs])
    return Lengths(np.full(len(grid), 1 / len(grid)), grid[:, 0], grid[:, 1])


def server(**changes: float) -> ReplicaArrays:
    """Prompts cost 1 ms a token, decoding nothing, memory has no end."""
    return bare(dense_flop_per_tok=1e9, peak_flops=1e12, **changes)


def bare(**changes: float) -> ReplicaArrays:
    """A real machine, made free of all that costs time, with fields replaced: fields that are new stay real ones."""
    real = replica_arrays(SETUPS[:1], CATALOG)
    nothing = (
        "always_read_bytes",
        "dense_flop_per_tok",
        "gemm_pad_tok",
        "prompt_flop_per_tok2",
        "decode_flop_per_tok2",
    )
    caches = ("kv_full_bytes_per_tok", "kv_sliding_bytes_per_tok", "state_bytes")
    overheads = ("kernel_us", "step_overhead_us", "request_overhead_us")
    ideal = ("compute_frac", "format_compute_frac", "multiply_factor", "kernel_factor")
    fields = dict.fromkeys((*nothing, *caches, *overheads), 0.0) | dict.fromkeys(ideal, 1.0) | {"kv_room_bytes": 1e15}
    return replace(real, **{name: np.full((1, 1), value) for name, value in (fields | changes).items()})


def latencies(m: ReplicaArrays, workload: RequestMix, rate_req_s: np.ndarray) -> np.ndarray:
    """Every percentile and mean (figures, n, b)."""
    found = at_rate(latency.queue_model(m, workload), rate_req_s)
    ttft, tpot = ([f(found, at) for at in FINE] for f in (ttft_percentile_s, tpot_percentile_s))
    return np.array([found.ttft_mean_s, *ttft, found.tpot_s, *tpot])


def test_md1_mean_wait() -> None:
    """Prompts of exactly one budget and no decoding are an M/D/1 queue: W = x S / 2(1 - x), S = 8.192 s."""
    workload, service = request_mix(equal(CHUNK_TOK, 1)), CHUNK_TOK * 1e-3
    for busy in (0.2, 0.5, 0.8, 0.9):
        found = at_rate(latency.queue_model(server(), workload), np.array([[busy / service]]))
        assert found.busy_frac[0, 0] == pytest.approx(busy, rel=1e-6)
        assert found.queue_s[0, 0] == pytest.approx(busy * service / (2 * (1 - busy)), rel=1e-6)


def test_md1_percentile() -> None:
    """The exponential tail x exp(-x t / W): at x = 0.8, P = 0.95 is reached at W / x ln(x / 0.05)."""
    workload, service = request_mix(equal(CHUNK_TOK, 1)), CHUNK_TOK * 1e-3
    found = at_rate(latency.queue_model(server(), workload), np.array([[0.8 / service]]))
    wait = float(found.queue_s[0, 0])
    own = float(found.own_s[0, 0, 0])
    assert ttft_percentile_s(found, 0.95)[0, 0] == pytest.approx(own + wait / 0.8 * np.log(0.8 / 0.05), rel=1e-3)
    assert ttft_above_frac(found, own + wait)[0, 0] == pytest.approx(0.8 * np.exp(-0.8), rel=1e-6)


def test_burstiness_scales_the_wait_by_kingman() -> None:
    """G/D/1 in heavy traffic: wait x (cv2 of arrivals + 0) / (1 + 0)."""
    service = CHUNK_TOK * 1e-3
    waits = [
        at_rate(
            latency.queue_model(server(), request_mix(equal(CHUNK_TOK, 1), 0.0, cv2)), np.array([[0.8 / service]])
        ).queue_s[0, 0]
        for cv2 in (1.0, 4.0)
    ]
    assert waits[1] == pytest.approx(4 * waits[0])


def test_no_load_gives_the_bare_prefill_and_the_bare_step() -> None:
    none = np.zeros(1)
    for input_tok, output_tok in ((64.0, 50.0), (900.0, 200.0), (2000.0, 20.0)):
        found = at_rate(latency.queue_model(ALL, request_mix(equal(input_tok, output_tok))), np.array([[1e-9]]))
        alone = step_s(ALL, none, none, np.array([input_tok]), np.array([input_tok / 2]))
        for figure in (found.ttft_mean_s, *(ttft_percentile_s(found, at) for at in FINE)):
            assert figure == pytest.approx(alone, rel=0.12)  # step times are interpolated between six prompt sizes
        single = step_s(ALL, np.ones(1), np.array([input_tok + output_tok / 2]), none, none)
        for figure in (found.tpot_s, *(tpot_percentile_s(found, at) for at in FINE)):
            assert figure == pytest.approx(single, rel=0.01)


def test_in_flight_is_littles_law() -> None:
    workload = request_mix(heavy())
    found = at_rate(latency.queue_model(ALL, workload), largest_req_s(latency.queue_model(ALL, workload)) * 0.6)
    in_flight = found.req_s * workload.decode_tok * found.tpot_s / ALL.attention_ranks_count
    assert found.batch == pytest.approx(in_flight)


def test_steps_of_constant_time_make_the_number_in_flight_poisson() -> None:
    """With a step of 10 ms at any batch, and prompts free, requests come and go like in M/G/infinity."""
    m = bare(step_overhead_us=10_000.0)
    workload = request_mix(equal(100, 101))
    rates = np.geomspace(0.5, 150, 50)[None, :]  # a second x 100 tokens x 10 ms: as many in flight
    found = at_rate(latency.queue_model(m, workload), rates)
    assert found.tpot_s == pytest.approx(np.full(rates.shape, 0.01), rel=0.013)  # only some states are looked at
    assert found.batch == pytest.approx(rates, rel=0.013)
    assert found.inside.share_frac[..., 0] == pytest.approx(np.exp(-rates), rel=0.02, abs=3e-4)


def test_one_slot_is_an_erlang_queue() -> None:
    """M/M/1 in disguise: with one slot, P(wait) is its utilisation."""
    m = bare(step_overhead_us=10_000.0)
    workload = request_mix(equal(100, 101))
    found = at_rate(latency.queue_model(m, workload, cap=1), np.array([[0.7]]))  # 0.7 a second x 1 s
    assert found.full_frac[0, 0] == pytest.approx(0.7, rel=0.01)


def test_in_flight_context_is_weighted_by_time() -> None:
    """Two kinds: 100 in and 11 out, 1000 in and 101 out. E[d(i + o/2)] / E[d] = (10 x 105.5 + 100 x 1050.5) / 110."""
    workload = request_mix(Lengths(np.full(2, 0.5), np.array([100.0, 1000.0]), np.array([11.0, 101.0])))
    assert workload.context_tok == pytest.approx((10 * 105.5 + 100 * 1050.5) / 110)


def test_prompts_beyond_the_budget_take_more_steps() -> None:
    weights = node_weights(np.array([CHUNK_TOK / 4, CHUNK_TOK, 3.5 * CHUNK_TOK]))
    assert weights.tolist() == [[0, 0, 0, 0, 1, 0], [0, 0, 0, 0, 0, 1], [0, 0, 0, 0, 0, 3.5]]


def test_beyond_the_highest_rate_the_wait_never_ends() -> None:
    r = latency.queue_model(ALL, request_mix(heavy()))
    assert np.all(np.isinf(ttft_percentile_s(at_rate(r, largest_req_s(r) * 1.01), 0.5)))
    assert np.all(np.isfinite(ttft_percentile_s(at_rate(r, largest_req_s(r) * 0.98), 0.99)))


def test_means_alone_mislead() -> None:
    """Same means, heavy tails: the mean hides memory, the prompts queue and the tail. Judged by the replay."""
    random, count = np.random.default_rng(5), 4000
    lengths = heavy()
    picked = random.integers(0, len(lengths.share_frac), count)
    m = replica_arrays([ReplicaConfig(CATALOG.model("llama-3.1-8b"), CATALOG.gpu("l40s"), "bf16", 1)], CATALOG)
    rate = 0.5 * float(largest_req_s(latency.queue_model(m, request_mix(lengths)))[0, 0])
    arrivals = np.cumsum(random.exponential(1 / rate, count))
    served = simulate(m, Requests(arrivals, np.round(lengths.input_tok[picked]), np.round(lengths.output_tok[picked])))
    whole, means = (
        request_mix(lengths),
        request_mix(equal(float(lengths.input_tok.mean()), float(lengths.output_tok.mean()))),
    )
    truth = float(np.quantile(served.ttft_s, 0.95))
    by_mix, by_mean = (
        float(ttft_percentile_s(at_rate(latency.queue_model(m, w), np.array([[rate]])), 0.95)[0, 0])
        for w in (whole, means)
    )
    assert abs(by_mix / truth - 1) < 0.2
    assert by_mean / truth - 1 < -0.3
    slots, slots_by_mean = (float(latency.slots(m, w)[0, 0]) for w in (whole, means))
    assert slots_by_mean / slots - 1 > 0.3


lengths_tok = st.floats(16, 20_000)
outputs_tok = st.floats(2, 3_000)
shares = st.lists(st.tuples(st.floats(0.05, 1), lengths_tok, outputs_tok), min_size=1, max_size=6)
ROUNDING = 1 - 2e-3


def lengths_of(rows: list[tuple[float, float, float]]) -> Lengths:
    cells = np.array(rows)
    return Lengths(cells[:, 0] / cells[:, 0].sum(), cells[:, 1], cells[:, 2])


def grown(before: np.ndarray, after: np.ndarray) -> bool:
    return bool(np.all((after >= before * ROUNDING) | np.isinf(after)))


@settings(max_examples=40, deadline=None)
@given(shares, st.floats(0, 0.9), st.floats(1, 8))
def test_percentiles_are_ordered_and_grow_with_load(rows: list, hit_frac: float, cv2: float) -> None:
    workload = request_mix(lengths_of(rows), hit_frac, cv2)
    top = largest_req_s(latency.queue_model(ALL, workload))
    figures = latencies(ALL, workload, top * np.linspace(0.01, 1.05, 24))
    assert np.all(figures > 0)
    for part in (figures[1:4], figures[5:8]):
        assert np.all(part[1:] >= part[:-1] * ROUNDING)
    with np.errstate(invalid="ignore"):
        assert grown(figures[:5, :, :-1], figures[:5, :, 1:] / 0.98)


@pytest.mark.parametrize("cv2", [1.0, 2.0])
@pytest.mark.parametrize("lengths", [heavy(), heavy(4000, 150), heavy(300, 1500, 2), equal(1000, 300)])
def test_tpot_percentiles_grow_with_load(lengths: Lengths, cv2: float) -> None:
    workload = request_mix(lengths, 0.0, cv2)
    top = largest_req_s(latency.queue_model(ALL, workload))
    figures = latencies(ALL, workload, top * np.linspace(0.01, 0.98, 24))[5:]
    assert np.all(figures[:, :, 1:] >= figures[:, :, :-1] * 0.98)


@settings(max_examples=40, deadline=None)
@given(shares, st.floats(0, 0.8), st.floats(0.01, 0.2))
def test_more_hits_never_raise_ttft(rows: list, hit_frac: float, more: float) -> None:
    plain, better = (request_mix(lengths_of(rows), hit) for hit in (hit_frac, hit_frac + more))
    rate = largest_req_s(latency.queue_model(ALL, plain)) * np.array([0.1, 0.5, 0.9])
    # One per cent: the room a shorter prompt leaves in its last step is taken by others.
    assert grown(latencies(ALL, better, rate)[:4], latencies(ALL, plain, rate)[:4] / 0.99)


@settings(max_examples=40, deadline=None)
@given(shares, st.floats(1, 6), st.floats(0.1, 4))
def test_burstier_is_never_faster(rows: list, cv2: float, more: float) -> None:
    calm, bursty = (request_mix(lengths_of(rows), 0.0, ratio) for ratio in (cv2, cv2 + more))
    rate = largest_req_s(latency.queue_model(ALL, calm)) * np.array([0.1, 0.5, 0.9])
    # The medians of TPOT may fall: where the mean stays, a wider distribution is more often below it.
    assert grown(latencies(ALL, calm, rate)[[0, 1, 2, 3, 4]], latencies(ALL, bursty, rate)[[0, 1, 2, 3, 4]])


def test_vectorised_over_setups_and_loads_is_the_same_as_one_by_one() -> None:
    workload = request_mix(heavy())
    rates = np.array([0.05, 0.2])
    together = latencies(ALL, workload, np.broadcast_to(rates, (len(SETUPS), 2)))
    for i, config in enumerate(SETUPS):
        for j, rate in enumerate(rates):
            alone = latencies(replica_arrays([config], CATALOG), workload, np.array([[rate]]))
            assert together[:, i, j] == pytest.approx(alone[:, 0, 0])


def test_attention_ranks_share_the_arrivals() -> None:
    workload = request_mix(heavy())
    ranks = replace(ALL, attention_ranks_count=ALL.attention_ranks_count * 2)
    found = latency.queue_model(ranks, workload)
    half = at_rate(replace(found, ranks_count=found.ranks_count / 2), np.array([[0.1]]))
    assert at_rate(found, np.array([[0.2]])).batch == pytest.approx(half.batch)
