"""The latency model against cases computed by hand, and what no workload may break."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from queues_by_hand import ALL, CATALOG, CONFIGS, FINE, bare, equal, heavy, latencies, server

from calculators.calibration.simulator import Requests, simulate
from calculators.performance.percentiles import tpot_percentile_s, ttft_percentile_s
from calculators.performance.queueing import at_rate, largest_req_s, prefixes_in_use, queue_model, slots
from calculators.performance.replica import ReplicaConfig, replica_arrays
from calculators.performance.request_mix import SharedPrefixes, request_mix
from calculators.performance.step_time import CHUNK_TOK, step_s


def test_md1_mean_wait() -> None:
    """Prompts of exactly one budget and no decoding are an M/D/1 queue: W = x S / 2(1 - x), S = 8.192 s."""
    workload, service = request_mix(equal(CHUNK_TOK, 1)), CHUNK_TOK * 1e-3
    for busy in (0.2, 0.5, 0.8, 0.9):
        load = at_rate(queue_model(server(), workload), np.array([[busy / service]]))
        assert load.busy_frac[0, 0] == pytest.approx(busy, rel=1e-6)
        assert load.queue_s[0, 0] == pytest.approx(busy * service / (2 * (1 - busy)), rel=1e-6)


def test_burstiness_scales_the_wait_by_kingman() -> None:
    """G/D/1 in heavy traffic: wait x (cv2 of arrivals + 0) / (1 + 0)."""
    service = CHUNK_TOK * 1e-3
    waits = [
        at_rate(queue_model(server(), request_mix(equal(CHUNK_TOK, 1), 0.0, cv2)), np.array([[0.8 / service]])).queue_s[
            0, 0
        ]
        for cv2 in (1.0, 4.0)
    ]
    assert waits[1] == pytest.approx(4 * waits[0])


def test_no_load_gives_the_bare_prefill_and_the_bare_step() -> None:
    none = np.zeros(1)
    for input_tok, output_tok in ((64.0, 50.0), (900.0, 200.0), (2000.0, 20.0)):
        load = at_rate(queue_model(ALL, request_mix(equal(input_tok, output_tok))), np.array([[1e-9]]))
        alone = step_s(ALL, none, none, np.array([input_tok]), np.array([input_tok / 2]))
        for figure in (load.ttft_mean_s, *(ttft_percentile_s(load, at) for at in FINE)):
            assert figure == pytest.approx(alone, rel=0.12)  # step times are interpolated between six prompt sizes
        single = step_s(ALL, np.ones(1), np.array([input_tok + output_tok / 2]), none, none)
        for figure in (load.tpot_s, *(tpot_percentile_s(load, at) for at in FINE)):
            assert figure == pytest.approx(single, rel=0.01)


def test_in_flight_is_littles_law() -> None:
    workload = request_mix(heavy())
    load = at_rate(queue_model(ALL, workload), largest_req_s(queue_model(ALL, workload)) * 0.6)
    in_flight = load.req_s * workload.decode_tok * load.tpot_s / ALL.attention_ranks_count
    assert load.batch == pytest.approx(in_flight)


def test_steps_of_constant_time_make_the_number_in_flight_poisson() -> None:
    """With a step of 10 ms at any batch, and prompts free, requests come and go like in M/G/infinity."""
    m = bare(step_overhead_us=10_000.0)
    workload = request_mix(equal(100, 101))
    rates = np.geomspace(0.5, 150, 50)[None, :]  # a second x 100 tokens x 10 ms: as many in flight
    load = at_rate(queue_model(m, workload), rates)
    assert load.tpot_s == pytest.approx(np.full(rates.shape, 0.01), rel=0.013)  # only some states are looked at
    assert load.batch == pytest.approx(rates, rel=0.013)
    assert load.inside.share_frac[..., 0] == pytest.approx(np.exp(-rates), rel=0.02, abs=3e-4)


def test_one_slot_is_an_erlang_queue() -> None:
    """M/M/1 in disguise: with one slot, P(wait) is its utilisation."""
    m = bare(step_overhead_us=10_000.0)
    workload = request_mix(equal(100, 101))
    load = at_rate(queue_model(m, workload, cap=1), np.array([[0.7]]))  # 0.7 a second x 1 s
    assert load.full_frac[0, 0] == pytest.approx(0.7, rel=0.01)


def test_beyond_the_highest_rate_the_wait_never_ends() -> None:
    queue = queue_model(ALL, request_mix(heavy()))
    assert np.all(np.isinf(ttft_percentile_s(at_rate(queue, largest_req_s(queue) * 1.01), 0.5)))
    assert np.all(np.isfinite(ttft_percentile_s(at_rate(queue, largest_req_s(queue) * 0.98), 0.99)))


def test_means_alone_mislead() -> None:
    """Same means, heavy tails: the mean hides memory, the prompts queue and the tail. Judged by the replay."""
    random, count = np.random.default_rng(5), 4000
    lengths = heavy()
    picked = random.integers(0, len(lengths.share_frac), count)
    m = replica_arrays([ReplicaConfig(CATALOG.model("llama-3.1-8b"), CATALOG.gpu("l40s"), "bf16", 1)], CATALOG)
    rate = 0.5 * float(largest_req_s(queue_model(m, request_mix(lengths)))[0, 0])
    arrivals = np.cumsum(random.exponential(1 / rate, count))
    served = simulate(m, Requests(arrivals, np.round(lengths.input_tok[picked]), np.round(lengths.output_tok[picked])))
    whole, means = (
        request_mix(lengths),
        request_mix(equal(float(lengths.input_tok.mean()), float(lengths.output_tok.mean()))),
    )
    truth = float(np.quantile(served.ttft_s, 0.95))
    by_mix, by_mean = (
        float(ttft_percentile_s(at_rate(queue_model(m, w), np.array([[rate]])), 0.95)[0, 0]) for w in (whole, means)
    )
    assert abs(by_mix / truth - 1) < 0.2
    assert by_mean / truth - 1 < -0.3
    held, held_by_mean = (float(slots(m, w)[0, 0]) for w in (whole, means))
    assert held_by_mean / held - 1 > 0.3


def test_vectorised_over_setups_and_loads_is_the_same_as_one_by_one() -> None:
    workload = request_mix(heavy())
    rates = np.array([0.05, 0.2])
    together = latencies(ALL, workload, np.broadcast_to(rates, (len(CONFIGS), 2)))
    for i, config in enumerate(CONFIGS):
        for j, rate in enumerate(rates):
            alone = latencies(replica_arrays([config], CATALOG), workload, np.array([[rate]]))
            assert together[:, i, j] == pytest.approx(alone[:, 0, 0])


def test_attention_ranks_share_the_arrivals() -> None:
    workload = request_mix(heavy())
    ranks = replace(ALL, attention_ranks_count=ALL.attention_ranks_count * 2)
    queue = queue_model(ranks, workload)
    half = at_rate(replace(queue, ranks_count=queue.ranks_count / 2), np.array([[0.1]]))
    assert at_rate(queue, np.array([[0.2]])).batch == pytest.approx(half.batch)


# --- shared prefixes -----------------------------------------------------------------------------------------------


def test_a_prefix_that_all_requests_share_is_held_once() -> None:
    """Room for 10 requests of 1,000 tokens holds one prefix of 480 and 18 rests of 520 tokens (room 10,000; half a rest
    stays free): (10,000 - 480 - 260) / 520."""
    m = server(kv_full_bytes_per_tok=1.0, kv_room_bytes=10_000.0)
    alike = request_mix(equal(900, 100), 0.5339, shared=SharedPrefixes(1.0, 1))
    assert float(alike.shared_tok[0]) == 480
    assert float(slots(m, alike)[0, 0]) == pytest.approx((10_000 - 480 - 260) / 520, rel=1e-4)
    assert float(slots(m, request_mix(equal(900, 100), 0.5339))[0, 0]) == pytest.approx(9.5)


def test_own_turns_of_a_conversation_save_prefill_but_no_memory() -> None:
    own = request_mix(equal(900, 100), 0.8, shared=SharedPrefixes(0.0, 1))
    assert float(slots(server(), own)[0, 0]) == float(slots(server(), request_mix(equal(900, 100)))[0, 0])


@pytest.mark.parametrize(("requests", "count", "used"), [(5, 1, 1), (1, 7, 1), (2, 2, 1.5), (1e6, 50, 50)])
def test_prefixes_in_use_are_boxes_with_a_ball(requests: float, count: float, used: float) -> None:
    assert float(prefixes_in_use(np.array(requests), count)) == pytest.approx(used)


@given(st.floats(0, 0.99), st.floats(0, 1), st.floats(0, 1), st.integers(1, 10_000))
def test_a_larger_shared_prefix_never_lowers_slots(hit_frac: float, shared: float, more: float, count: int) -> None:
    lengths = heavy()
    less, larger = (
        slots(ALL, request_mix(lengths, hit_frac, shared=SharedPrefixes(min(share, 1.0), count)))
        for share in (shared, shared + more)
    )
    assert (larger >= less * (1 - 1e-9)).all()
    assert (larger >= slots(ALL, request_mix(lengths, hit_frac)) * (1 - 1e-9)).all()


@given(st.floats(0, 0.99), st.integers(1, 1_000), st.integers(1, 1_000))
def test_more_different_prefixes_never_raise_slots(hit_frac: float, count: int, more: int) -> None:
    few, many = (
        slots(ALL, request_mix(heavy(), hit_frac, shared=SharedPrefixes(1.0, n))) for n in (count, count + more)
    )
    assert (many <= few * (1 + 1e-9)).all()
