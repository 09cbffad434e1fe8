"""Percentiles of TTFT and TPOT: the exponential tail by hand, and their order under any workload."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from queues_by_hand import ALL, ROUNDING, equal, grown, heavy, latencies, lengths_of, server, shares

from calculators.performance.percentiles import normal_cdf, ttft_above_frac, ttft_percentile_s
from calculators.performance.queueing import at_rate, largest_req_s, queue_model
from calculators.performance.request_mix import request_mix
from calculators.performance.step_time import CHUNK_TOK
from calculators.scenario.demand import Lengths


def test_md1_percentile() -> None:
    """The exponential tail x exp(-x t / W): at x = 0.8, P = 0.95 is reached at W / x ln(x / 0.05)."""
    workload, service = request_mix(equal(CHUNK_TOK, 1)), CHUNK_TOK * 1e-3
    load = at_rate(queue_model(server(), workload), np.array([[0.8 / service]]))
    wait = float(load.queue_s[0, 0])
    own = float(load.own_s[0, 0, 0])
    assert ttft_percentile_s(load, 0.95)[0, 0] == pytest.approx(own + wait / 0.8 * np.log(0.8 / 0.05), rel=1e-3)
    assert ttft_above_frac(load, own + wait)[0, 0] == pytest.approx(0.8 * np.exp(-0.8), rel=1e-6)


@settings(max_examples=40, deadline=None)
@given(shares, st.floats(0, 0.9), st.floats(1, 8))
def test_percentiles_are_ordered_and_grow_with_load(rows: list, hit_frac: float, cv2: float) -> None:
    workload = request_mix(lengths_of(rows), hit_frac, cv2)
    top = largest_req_s(queue_model(ALL, workload))
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
    top = largest_req_s(queue_model(ALL, workload))
    figures = latencies(ALL, workload, top * np.linspace(0.01, 0.98, 24))[5:]
    assert np.all(figures[:, :, 1:] >= figures[:, :, :-1] * 0.98)


@settings(max_examples=40, deadline=None)
@given(shares, st.floats(0, 0.8), st.floats(0.01, 0.2))
def test_more_hits_never_raise_ttft(rows: list, hit_frac: float, more: float) -> None:
    plain, better = (request_mix(lengths_of(rows), hit) for hit in (hit_frac, hit_frac + more))
    rate = largest_req_s(queue_model(ALL, plain)) * np.array([0.1, 0.5, 0.9])
    # One per cent: the room a shorter prompt leaves in its last step is taken by others.
    assert grown(latencies(ALL, better, rate)[:4], latencies(ALL, plain, rate)[:4] / 0.99)


@settings(max_examples=40, deadline=None)
@given(shares, st.floats(1, 6), st.floats(0.1, 4))
def test_burstier_is_never_faster(rows: list, cv2: float, more: float) -> None:
    calm, bursty = (request_mix(lengths_of(rows), 0.0, ratio) for ratio in (cv2, cv2 + more))
    rate = largest_req_s(queue_model(ALL, calm)) * np.array([0.1, 0.5, 0.9])
    # The medians of TPOT may fall: where the mean stays, a wider distribution is more often below it.
    assert grown(latencies(ALL, calm, rate)[[0, 1, 2, 3, 4]], latencies(ALL, bursty, rate)[[0, 1, 2, 3, 4]])


def test_the_normal_distribution_by_its_known_values() -> None:
    assert normal_cdf(np.array([-1.6449, 0.0, 1.2816, 1.96])) == pytest.approx([0.05, 0.5, 0.9, 0.975], abs=1e-4)
