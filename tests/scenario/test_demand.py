"""From a scenario's workload to rates, the peak and the length distribution."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support import scenario

from calculators.scenario.demand import (
    above_mean_fracs,
    by_month,
    demand_of,
    effective_peak_ratio,
    lengths,
    lognormal_groups,
    needed_context_tok,
)


def test_the_peak_is_the_mean_of_the_active_hours_times_the_ratio() -> None:
    demand = demand_of(scenario(workload={"requests_per_month": 2_628_000, "peak_ratio": 4}).workload)
    assert demand.mean_req_s == pytest.approx(1.0)
    assert demand.peak_req_s == pytest.approx(4.0)


def test_fewer_active_hours_raise_the_peak_but_not_the_bill() -> None:
    demand = demand_of(scenario(workload={"requests_per_month": 2_628_000, "active_h_per_month": 182.5}).workload)
    assert demand.mean_req_s == pytest.approx(1.0)
    assert demand.peak_req_s == pytest.approx(16.0)
    assert demand.output_tok_per_month == 2_628_000 * 300


def test_requests_that_can_wait_do_not_count_in_the_peak() -> None:
    """One request/s on average. Three quarters wait: the others peak at 0.25 x 4 x 4 in a quarter of the hours."""
    office = {"requests_per_month": 2_628_000, "active_h_per_month": 182.5, "peak_ratio": 4}
    demand = demand_of(scenario(workload={**office, "deferrable_frac": 0.75}).workload)
    assert demand.peak_req_s == pytest.approx(4.0)
    assert demand.max_utilization_frac == pytest.approx(0.25)
    assert demand.mean_req_s == pytest.approx(1.0)


def test_the_month_must_have_room_for_everything_that_waits() -> None:
    """All of it waits, or nearly: never below the mean of all requests over all hours."""
    for share in (0.9, 1.0):
        demand = demand_of(scenario(workload={"peak_ratio": 4, "deferrable_frac": share}).workload)
        assert demand.effective_peak_ratio == 1
        assert demand.peak_req_s == demand.mean_req_s


def test_a_measured_joint_distribution_is_used_as_it_is() -> None:
    cells = [
        {"share_frac": 0.75, "input_tok": 600, "output_tok": 100},
        {"share_frac": 0.25, "input_tok": 2_200, "output_tok": 900},
    ]
    found = lengths(scenario(workload={"cells": cells}).workload)
    assert found.share_frac.tolist() == [0.75, 0.25]
    assert found.input_tok.tolist() == [600, 2_200]
    assert found.output_tok.tolist() == [100, 900]


def test_without_a_spread_all_requests_are_alike() -> None:
    assert lognormal_groups(1_000, 1_000) == (1_000,) * 8
    assert lognormal_groups(1_000, 500) == (1_000,) * 8  # a p95 below the mean: the nearest width is none


@settings(max_examples=80, deadline=None, derandomize=True)
@given(st.floats(1, 1e6), st.floats(0.5, 20))
def test_the_groups_keep_the_mean_and_ascend(mean: float, ratio: float) -> None:
    groups = lognormal_groups(mean, mean * ratio)
    assert sum(groups) / len(groups) == pytest.approx(mean)
    assert all(b >= a * (1 - 1e-9) for a, b in pairwise(groups))
    assert groups[0] > 0


def test_the_groups_reproduce_a_log_normal_of_that_mean_and_percentile() -> None:
    """sigma = 0.5, mean 1,000: p95 = exp(mu + 1.645 sigma), mu = ln 1000 - sigma²/2. Means of eighths by simulation."""
    sigma = 0.5
    mu = np.log(1_000) - sigma**2 / 2
    p95 = float(np.exp(mu + 1.6448536 * sigma))
    drawn = np.sort(np.random.default_rng(1).lognormal(mu, sigma, 400_000)).reshape(8, -1).mean(axis=1)
    assert lognormal_groups(1_000, p95) == pytest.approx(drawn.tolist(), rel=0.01)


def test_the_grid_of_lengths_has_the_stated_means() -> None:
    found = lengths(scenario(workload={"input_p95_tok": 3_000, "output_p95_tok": 600}).workload)
    assert float(np.sum(found.share_frac)) == pytest.approx(1)
    assert float(np.sum(found.share_frac * found.input_tok)) == pytest.approx(1_000)
    assert float(np.sum(found.share_frac * found.output_tok)) == pytest.approx(300)


@pytest.mark.parametrize(("hours", "ratio"), [(730, 1), (730, 4), (182.5, 2.5)])
def test_capacity_for_the_peak_carries_the_month_at_the_highest_utilization(hours: float, ratio: float) -> None:
    workload = scenario(workload={"active_h_per_month": hours, "peak_ratio": ratio}).workload
    demand = demand_of(workload)
    assert demand.effective_peak_ratio == effective_peak_ratio(workload) == pytest.approx(ratio * 730 / hours)
    assert demand.peak_req_s * demand.peak_s_per_month == pytest.approx(demand.requests_per_month)
    assert demand.max_utilization_frac == pytest.approx(demand.mean_req_s / demand.peak_req_s)


def test_growth_compounds_from_this_month_on() -> None:
    asked = scenario(workload={"requests_per_month": 1_000, "growth_per_month_frac": 0.1})
    assert by_month(asked, 2) == pytest.approx([1_000, 1_100, 1_210])
    assert by_month(asked).shape == (61,)
    assert by_month(scenario(workload={"requests_per_month": 1_000})).tolist() == [1_000]


def test_long_requests_carry_more_than_their_share_of_the_tokens() -> None:
    cells = [
        {"share_frac": 0.75, "input_tok": 600, "output_tok": 100},
        {"share_frac": 0.25, "input_tok": 2_200, "output_tok": 900},
    ]
    distribution = lengths(scenario(workload={"cells": cells}).workload)
    assert above_mean_fracs(distribution) == pytest.approx((0.25, 0.55))


def test_servers_find_nothing_cached_with_prefix_caching_off() -> None:
    cached = {"workload": {"self_hit_frac": 0.4, "cacheable_frac": 0.5}}
    assert scenario(**cached).own_hit_frac == 0.4
    assert scenario(**cached, techniques={"prefix_caching": False}).own_hit_frac == 0


def test_a_context_window_must_hold_the_p95_request() -> None:
    typed = scenario(workload={"input_p95_tok": 3_000, "output_p95_tok": 700.5}).workload
    assert needed_context_tok(typed) == 3_701


def test_a_context_window_must_hold_the_mean_request_where_a_few_long_ones_make_it_the_longer() -> None:
    skewed = scenario(workload={"input_tok": 5_000, "output_tok": 300, "input_p95_tok": 1_000, "output_p95_tok": 100})
    assert needed_context_tok(skewed.workload) == 5_300


def test_a_context_window_must_hold_the_p95_of_a_measured_distribution_but_not_its_longest_group() -> None:
    """Of 1,000 tokens in the mean: 90% of 600, 6% of 3,600 and 4% of 6,100."""
    cells = [
        {"share_frac": 0.9, "input_tok": 500, "output_tok": 100},
        {"share_frac": 0.06, "input_tok": 3_500, "output_tok": 100},
        {"share_frac": 0.04, "input_tok": 6_000, "output_tok": 100},
    ]
    workload = {"input_tok": 900, "output_tok": 100, "input_p95_tok": 500, "output_p95_tok": 100, "cells": cells}
    assert needed_context_tok(scenario(workload=workload).workload) == 3_600
