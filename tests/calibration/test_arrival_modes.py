"""Each way of arriving obeys its own rule: closed loop, static batch, full queue and open arrivals."""

import pytest
from benchmark_rows import answer


def test_a_closed_loop_obeys_littles_law() -> None:
    p = answer()
    assert p.output_tok_s_per_gpu
    assert p.ttft_ms
    assert p.tpot_ms
    assert p.status == "ok"
    latency_s = (p.ttft_ms + 499 * p.tpot_ms) / 1e3
    assert p.output_tok_s_per_gpu * 4 == pytest.approx(32 * 500 / latency_s)


def test_an_engine_that_holds_new_requests_answers_them_later() -> None:
    """A request waits half of a fixed cycle. A wait for others is whole while nobody else comes, and nears half with many."""
    few, many = {"concurrency_or_batch": "1"}, {"concurrency_or_batch": "64"}

    def wait_steps(load: dict[str, str], **cells: str) -> float:
        plain, held = answer(**load), answer(**load | cells)
        assert plain.ttft_ms
        assert plain.tpot_ms
        assert held.ttft_ms
        return (held.ttft_ms - plain.ttft_ms) / plain.tpot_ms

    assert wait_steps(few, poll_steps="30") == pytest.approx(15, rel=0.05)
    assert wait_steps(few, gather_steps="20") == pytest.approx(20, rel=0.1)
    assert 9 < wait_steps(many, gather_steps="20") < 15


def test_a_budget_of_one_prompt_makes_clients_wait_for_each_other() -> None:
    usual, alone = (answer(concurrency_or_batch="64", max_num_batched_tokens=tok) for tok in ("8192", "1088"))
    assert usual.ttft_ms
    assert alone.ttft_ms
    assert alone.ttft_ms > 1.02 * usual.ttft_ms


def test_clients_beyond_the_memory_wait() -> None:
    """70B in FP8 leaves one H100 little room: more clients bring longer waits, not more tokens."""
    few, many = (answer(n_gpu="1", tp="1", concurrency_or_batch=c) for c in ("64", "512"))
    assert few.ttft_ms
    assert many.ttft_ms
    assert many.output_tok_s_per_gpu == pytest.approx(few.output_tok_s_per_gpu)
    assert many.ttft_ms > 4 * few.ttft_ms
    assert many.tpot_ms == pytest.approx(few.tpot_ms)


def test_a_static_batch() -> None:
    p = answer(scenario="offline static batch", concurrency_or_batch="8")
    assert p.output_tok_s_per_gpu
    assert p.ttft_ms
    assert p.tpot_ms
    assert p.output_tok_s_per_gpu * 4 == pytest.approx(8 * 500 / ((p.ttft_ms + 499 * p.tpot_ms) / 1e3))


def test_maximum_throughput_has_no_ttft_and_beats_a_small_batch() -> None:
    most, small = answer(scenario="offline (max-throughput)", concurrency_or_batch=""), answer()
    assert most.ttft_ms is None
    assert most.output_tok_s_per_gpu
    assert small.output_tok_s_per_gpu
    assert most.output_tok_s_per_gpu > small.output_tok_s_per_gpu


def test_an_open_loop_serves_what_arrives_until_it_cannot() -> None:
    calm = answer(scenario="open loop", request_rate="2", concurrency_or_batch="")
    busy = answer(scenario="open loop", request_rate="10000", concurrency_or_batch="")
    most = answer(scenario="offline (max-throughput)", concurrency_or_batch="")
    assert calm.output_tok_s_per_gpu == pytest.approx(2 * 500 / 4)
    assert calm.ttft_ms
    assert calm.tpot_ms
    assert busy.tpot_ms
    assert calm.tpot_ms < busy.tpot_ms
    assert busy.ttft_ms is None
    assert busy.output_tok_s_per_gpu == pytest.approx(most.output_tok_s_per_gpu)


def test_replicas_and_stages_change_nothing_per_gpu() -> None:
    base = answer(concurrency_or_batch="16")
    for cells in ({"n_gpu": "8"}, {"n_gpu": "8", "pp": "2"}):
        twice = answer(concurrency_or_batch="32", **cells)
        assert twice.output_tok_s_per_gpu == pytest.approx(base.output_tok_s_per_gpu)
        assert twice.tpot_ms == pytest.approx(base.tpot_ms)
