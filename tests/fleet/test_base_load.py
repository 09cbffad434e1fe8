"""A fleet for the base load: what it passes on, and when it is worth two systems."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import scenario, staircase

from calculators.catalog.catalog import Catalog
from calculators.evaluate import evaluate
from calculators.fleet.base_load import base_load_fleets, lognormal_sigma, overflow_frac, overflow_fracs
from calculators.scenario.schema import Workload


def workload(**changes: float) -> Workload:
    """Traffic around the clock with a peak of four times its mean, unless changed."""
    return scenario(workload={"peak_ratio": 4, **changes}).workload


def test_the_busiest_hour_of_a_lognormal_month_is_the_peak() -> None:
    s = lognormal_sigma(4.0)
    assert np.exp(2.99 * s - s * s / 2) == pytest.approx(4)


def test_what_is_passed_on_agrees_with_drawn_hours() -> None:
    s = lognormal_sigma(4.0)
    load = np.exp(np.random.default_rng(1).normal(-s * s / 2, s, 2_000_000))
    for capacity in (0.5, 1.0, 2.0, 3.0):
        drawn = np.maximum(load - capacity, 0).mean() / load.mean()
        assert overflow_frac(capacity, 4.0) == pytest.approx(drawn, abs=0.002)


def test_no_capacity_passes_everything_on_and_the_peak_nothing() -> None:
    assert overflow_frac(0, 4.0) == 1
    assert overflow_frac(4.0, 4.0) == 0
    assert overflow_frac(0.75, 1.0) == pytest.approx(0.25)  # a flat load


@given(st.floats(0, 10), st.floats(0, 1), st.floats(1, 50))
def test_more_capacity_never_passes_more_on(capacity: float, more: float, peak: float) -> None:
    assert overflow_frac(capacity + more, peak) <= overflow_frac(capacity, peak) + 1e-9


def _unserved(capacity_ratio: float, asked: Workload) -> float:
    return float(overflow_fracs(np.asarray(capacity_ratio), np.asarray(asked.peak_ratio), asked)[0])


def test_requests_that_wait_overflow_only_where_the_whole_month_is_full() -> None:
    """Half of all requests wait. The others have twice their own mean, 0.5, at a capacity of 1, which carries everything
    but the overflow of their busiest hours; 0.6 is less than the mean of all, so 40% go elsewhere."""
    half = workload(deferrable_frac=0.5)
    assert _unserved(1.0, half) == pytest.approx(0.5 * overflow_frac(2.0, 4.0))
    assert _unserved(0.6, half) == pytest.approx(0.4)
    assert _unserved(2.0, half) == 0  # the peak of those that do not wait


def test_when_everything_waits_a_fleet_of_the_mean_load_is_enough() -> None:
    office = workload(deferrable_frac=1.0, active_h_per_month=180)
    assert _unserved(1.0, office) == 0
    assert _unserved(0.75, office) == pytest.approx(0.25)


def test_without_requests_that_wait_the_active_hours_decide() -> None:
    """In a quarter of the hours the mean load is four times as high: a capacity of 4 is once the mean of those hours."""
    assert _unserved(4.0, workload(active_h_per_month=182.5)) == pytest.approx(overflow_frac(1.0, 4.0))


def test_bases_are_every_smaller_fleet(catalog: Catalog) -> None:
    stairs = staircase(catalog, 100_000, 1_000, spare_replicas=1)
    found = base_load_fleets(stairs, workload(requests_per_month=500_000))
    assert [b.plan.machines for b in found] == [2, 3, 4, 5]  # six carry the peak, one alone is only the spare
    assert [b.plan.rent_usd_per_month for b in found] == [2_000, 3_000, 4_000, 5_000]
    assert found[0].overflow_frac == pytest.approx(overflow_frac(0.8, 4.0))  # one busy replica of five, of a peak of 4


def test_a_hybrid_is_offered_only_where_it_is_clearly_cheaper(catalog: Catalog) -> None:
    nobody_sells = {"api": {"hosted_sellers": ["nobody"]}}
    peaky = evaluate(scenario(workload={"requests_per_month": 50e6, "peak_ratio": 6}, **nobody_sells), catalog)
    [hybrid] = [o for o in peaky.options if o.kind == "hybrid"]
    rest = [o.usd_per_month for o in peaky.options if o.kind != "hybrid"]
    assert hybrid.usd_per_month < 0.9 * min(rest)
    assert peaky.verdict.kind == "hybrid"
    assert any("log-normal" in words for words in peaky.verdict.assumptions)
    assert hybrid.plan is not None
    assert peaky.build is not None
    assert peaky.build.plan is not None
    assert hybrid.plan.gpus < peaky.build.plan.gpus
    flat = evaluate(scenario(workload={"requests_per_month": 50e6, "peak_ratio": 1.1}, **nobody_sells), catalog)
    assert not [o for o in flat.options if o.kind == "hybrid"]


def test_a_base_of_two_pools_is_what_both_together_carry(catalog: Catalog) -> None:
    """Five machines of one replica, one of them spare, carry 2,000 requests: one decode and three prefill replicas, for
    700 requests a prefill replica are the fewer."""
    plain = staircase(catalog, 2_000, 1_000, spare_replicas=1)
    apart = replace(plain, prefill_req_per_month=700.0, capacity=replace(plain.capacity, prefill_req_s=700.0 / 657_000))
    found = {base.plan.machines: base for base in base_load_fleets(apart, workload(requests_per_month=20_000))}
    plan = found[5].plan
    assert (plan.replicas, plan.prefill_replicas, plan.spare_replicas) == (1, 3, 1)
    assert found[5].overflow_frac == overflow_frac(2_000 / 20_000 * 4, 4.0)
    together = base_load_fleets(plain, workload(requests_per_month=20_000))
    assert found[5].overflow_frac > next(b for b in together if b.plan.machines == 5).overflow_frac
    assert 2 not in found  # a spare and one replica make no two pools


def test_easy_overflow_goes_first_and_agrees_with_drawn_hours() -> None:
    """Of each hour's requests 30% are easy: what exceeds the capacity is easy until these are used up."""
    s = lognormal_sigma(4.0)
    load = np.exp(np.random.default_rng(1).normal(-s * s / 2, s, 2_000_000))
    for capacity in (0.5, 1.0, 2.0):
        over = np.maximum(load - capacity, 0)
        easy = np.minimum(over, 0.3 * load)
        every, hard = (overflow_fracs(np.asarray(capacity), np.asarray(4.0), workload(), share) for share in (1.0, 0.7))
        assert hard[0] == pytest.approx((over - easy).mean() / load.mean(), abs=0.002)
        assert every[0] - hard[0] == pytest.approx(easy.mean() / load.mean(), abs=0.002)


def test_the_shares_of_a_base_load_fleet_add_up_whatever_is_easy(catalog: Catalog) -> None:
    stairs, asked = staircase(catalog, 100_000, 1_000), workload(requests_per_month=500_000, deferrable_frac=0.3)
    plain, routed = (base_load_fleets(stairs, asked, share) for share in (0.0, 0.4))
    assert len(plain) == len(routed) > 2
    for one, other in zip(plain, routed, strict=True):
        assert one.easy_overflow_frac == 0
        assert other.overflow_frac + other.easy_overflow_frac == pytest.approx(one.overflow_frac)
        assert other.waiting_frac + other.easy_waiting_frac == pytest.approx(one.waiting_frac)
        assert 0 <= other.easy_waiting_frac <= other.easy_overflow_frac + 1e-12
        assert other.easy_overflow_frac > 0
