"""Crossings worked out by hand, and all of them against a brute-force search."""

from dataclasses import replace
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support import staircase

from calculators.catalog.catalog import Catalog
from calculators.catalog.load import load_catalog
from calculators.decision import crossover
from calculators.decision.crossover import Crossover
from calculators.fleet.staircase import Staircase, rents_matrix
from calculators.options.option import LinearCost

NOTHING = LinearCost(0.0, 0.0)


def _find(stairs: list[Staircase], build: LinearCost, *buys: LinearCost, busy_frac: float = 1.0) -> Crossover:
    [found] = crossover.find_crossovers(stairs, build, [buys], busy_frac)
    return found


def _volumes(found: Crossover) -> list[tuple[float, str]]:
    return [(round(c.requests_per_month, 6), c.cheaper_above) for c in found.crossings]


def test_a_buy_that_costs_at_least_another_line_crosses_on_that_line(catalog: Catalog) -> None:
    """A machine for $600 carries 10,000 requests. Buying costs the greater of v and 400 + v / 2, which meet at 800: it is
    $600 at 400 requests."""
    found = _find([staircase(catalog, 1e4, 600, max_machines=1)], NOTHING, LinearCost(1.0, 0.0, LinearCost(0.5, 400.0)))
    assert _volumes(found) == [(400, "build")]


def test_it_crosses_on_either_side_of_the_bend(catalog: Catalog) -> None:
    """Self-hosting costs $300 and 0.75 a request: buying is dearer up to 400 requests on the one line, and from 1,200 on the
    other."""
    build, buy = LinearCost(0.75, 299.0), LinearCost(1.0, 0.0, LinearCost(0.5, 400.0))
    found = _find([staircase(catalog, 1e4, 1, max_machines=1)], build, buy)
    assert _volumes(found) == [(400, "buy"), (1_200, "build")]


def test_one_step_crosses_once(catalog: Catalog) -> None:
    """One machine for $1,000 carries everything; buying costs $0.01 a request: equal at 100,000."""
    found = _find([staircase(catalog, 1e6, 1_000, max_machines=1)], NOTHING, LinearCost(0.01, 0.0))
    assert _volumes(found) == [(100_000, "build")]
    assert found.kind == "crosses"
    assert found.first_req_per_month == found.durable_req_per_month == pytest.approx(100_000)
    assert found.break_even_utilization_ratio == pytest.approx(0.1)
    assert found.limit_req_per_month == 1e6


def test_a_staircase_crosses_back_at_each_step_until_it_stays_below(catalog: Catalog) -> None:
    """Machines of $700 for 1,000 requests, $300 of people, buying at $1. With n machines building costs 700n + 300, so
    it wins from 700n + 300 to the step at 1,000n: 1,000 only touches, then 1,700 to 2,000, 2,400 to 3,000, and from
    3,100 on the next machine (3,800) is already paid for at the step (4,000)."""
    found = _find([staircase(catalog, 1_000, 700)], LinearCost(0.0, 300.0), LinearCost(1.0, 0.0))
    assert _volumes(found) == [
        (1_700, "build"),
        (2_000, "buy"),
        (2_400, "build"),
        (3_000, "buy"),
        (3_100, "build"),
    ]
    assert found.first_req_per_month == pytest.approx(1_700)
    assert found.durable_req_per_month == pytest.approx(3_100)


def test_the_cheapest_of_several_staircases_is_compared(catalog: Catalog) -> None:
    """Small machines ($30 for 100 requests) win at once; big ones ($100 for 1,000) from 300 on."""
    small, big = staircase(catalog, 100, 30), staircase(catalog, 1_000, 100)
    found = _find([small, big], NOTHING, LinearCost(0.25, 0.0))
    # $0.25 x v against 30, 60, 90, then 100 up to 1,000: 120..., 240 < 200? (60 / 0.25 = 240 > 200), 90 / 0.25 = 360 > 300
    assert _volumes(found)[0] == (400, "build")  # 100 / 0.25
    assert found.break_even_utilization_ratio == pytest.approx(0.1 / 0.25)


def test_never_is_decided_by_the_fully_loaded_machine(catalog: Catalog) -> None:
    """$1,200 for 1,000 requests is $1.20 a request at best, against $1."""
    found = _find([staircase(catalog, 1_000, 1_200)], NOTHING, LinearCost(1.0, 0.0))
    assert found.kind == "never"
    assert found.break_even_utilization_ratio == pytest.approx(1.2)
    assert found.first_req_per_month is None
    assert found.durable_req_per_month is None
    assert "costs 1.2 times the API price per request" in found.reason


@pytest.mark.parametrize(("usd", "kind"), [(999.0, "out_of_reach"), (1_000.0, "never"), (1_001.0, "never")])
def test_the_border_of_never_is_a_utilization_of_one(catalog: Catalog, usd: float, kind: str) -> None:
    found = _find([staircase(catalog, 1_000, usd, max_machines=5)], LinearCost(0.0, 50.0), LinearCost(1.0, 0.0))
    assert found.kind == kind


def test_a_crossing_beyond_the_gpu_limit_is_no_crossing(catalog: Catalog) -> None:
    """$500 a machine of 1,000, $10,000 of people, $1: 20 machines touch at 20,000 requests, 21 cross at 20,500."""
    out = _find([staircase(catalog, 1_000, 500, max_machines=10)], LinearCost(0.0, 10_000.0), LinearCost(1.0, 0.0))
    assert (out.kind, out.crossings, out.limit_req_per_month) == ("out_of_reach", (), 10_000)
    reached = _find([staircase(catalog, 1_000, 500, max_machines=30)], LinearCost(0.0, 10_000.0), LinearCost(1.0, 0.0))
    assert reached.kind == "crosses"
    assert reached.first_req_per_month == pytest.approx(20_500)


def test_cheaper_from_the_first_request_on(catalog: Catalog) -> None:
    found = _find([staircase(catalog, 1e6, 100, max_machines=1)], NOTHING, LinearCost(0.01, 200.0))
    assert (found.kind, found.first_req_per_month, found.durable_req_per_month) == ("always", 0.0, 0.0)


def test_cheaper_at_small_volumes_only_is_not_durable(catalog: Catalog) -> None:
    """$100 a machine of 100 requests against $150 fixed and $0.50: 100 < 150, then 200 against 200 to 250 wins again
    from 100 on, 300 against 250 to 300 never does, and no later machine either."""
    found = _find([staircase(catalog, 100, 100)], NOTHING, LinearCost(0.5, 150.0))
    assert found.kind == "crosses"
    assert found.first_req_per_month == 0.0
    assert found.durable_req_per_month is None
    assert found.crossings[-1].cheaper_above == "buy"


def test_no_fleet_has_no_crossover() -> None:
    found = _find([], NOTHING, LinearCost(1.0, 0.0))
    assert (found.kind, found.crossings, found.durable_req_per_month) == ("no_fleet", (), None)


def test_how_busy_the_gpus_must_be_beside_how_busy_the_traffic_keeps_them(catalog: Catalog) -> None:
    """$1 at best against $1.25: 80% of full load; at a peak of 4x the load is 25% at most: a quarter of that."""
    found = _find([staircase(catalog, 1_000, 1_000)], NOTHING, LinearCost(1.25, 0.0), busy_frac=0.25)
    assert found.break_even_utilization_ratio == pytest.approx(0.2)
    assert found.busy_frac == 0.25
    assert found.kind == "crosses"
    tight = _find([staircase(catalog, 1_000, 1_300)], NOTHING, LinearCost(1.25, 0.0), busy_frac=0.25)
    assert tight.break_even_utilization_ratio == pytest.approx(0.26)
    assert tight.kind == "never"
    assert "needs 26% GPU utilization" in tight.reason
    assert "averages 25% at most" in tight.reason


def test_the_cheapest_of_several_ways_to_buy_is_compared(catalog: Catalog) -> None:
    """$1 a request, or $500 and $0.25: they meet at 666.67. A machine of $600 for 10,000 beats the first from 600 on;
    the second costs $666.67 there and more beyond."""
    stairs = [staircase(catalog, 10_000, 600, max_machines=1)]
    dear, flat = LinearCost(1.0, 0.0), LinearCost(0.25, 500.0)
    assert _volumes(_find(stairs, NOTHING, dear)) == [(600, "build")]
    assert _volumes(_find(stairs, NOTHING, flat)) == [(400, "build")]
    assert _volumes(_find(stairs, NOTHING, dear, flat)) == [(600, "build")]


def test_the_gpu_limit_of_the_cheap_fleet_may_end_the_lasting_stretch(catalog: Catalog) -> None:
    """$100 a machine of 1,000, five allowed; then only $2,000 a machine, against $1 a request."""
    cheap, dear = staircase(catalog, 1_000, 100, max_machines=5), staircase(catalog, 1_000, 2_000, max_machines=9)
    found = _find([cheap, dear], NOTHING, LinearCost(1.0, 0.0))
    assert found.durable_req_per_month == pytest.approx(100)
    assert found.until_req_per_month == pytest.approx(5_000)
    assert _find([cheap], NOTHING, LinearCost(1.0, 0.0)).until_req_per_month is None


Case = tuple[list[Staircase], LinearCost, list[LinearCost]]
ROW = st.tuples(
    st.integers(50, 2_000), st.integers(50, 2_000), st.integers(1, 4), st.integers(0, 2), st.integers(3, 40)
)
CASES = st.tuples(
    st.lists(
        ROW, min_size=1, max_size=4
    ),  # requests a replica, dollars a machine, replicas a machine, spares, machines
    st.tuples(st.sampled_from([0.0, 0.01]), st.integers(0, 5_000)),
    st.lists(st.tuples(st.floats(0.05, 3), st.sampled_from([0, 100, 1_500])), min_size=1, max_size=3),
)
"""Plain numbers that make a few short staircases and two lines near enough to cross them often."""


def _case(drawn: Any) -> Case:
    rows, build, buys = drawn
    return [staircase(load_catalog(), *row) for row in rows], LinearCost(*build), [LinearCost(*buy) for buy in buys]


def _bought(buys: list[LinearCost], volumes: np.ndarray) -> np.ndarray:
    return np.min([buy.fixed_usd_per_month + buy.usd_per_request * volumes for buy in buys], axis=0)


def _gaps(case: Case, volumes: np.ndarray) -> np.ndarray:
    """Buying minus building, straight from the definition; positive: building is cheaper."""
    stairs, build, buys = case
    cheapest = np.min([s.rent_usd_per_month(volumes) for s in stairs], axis=0)
    return _bought(buys, volumes) - build.usd_per_month(volumes) - cheapest


@settings(max_examples=150, deadline=None, derandomize=True)
@given(CASES)
def test_every_crossing_is_a_change_of_sign_and_none_is_missed(drawn: Any) -> None:
    case = _case(drawn)
    found = _find(case[0], case[1], *case[2])
    grid = np.linspace(found.limit_req_per_month * 1e-6, found.limit_req_per_month, 20_001)
    signs = _gaps(case, grid) > 1e-9
    brute = np.count_nonzero(signs[1:] != signs[:-1])
    assert len(found.crossings) >= brute  # a grid can only miss some
    eps = 1e-7 * found.limit_req_per_month
    for crossing in found.crossings:
        around = np.array([crossing.requests_per_month - eps, crossing.requests_per_month + eps])
        before, after = _gaps(case, around)
        if crossing.cheaper_above == "build":
            assert before <= 1e-3
            assert after >= -1e-3
        else:
            assert before >= -1e-3
            assert after <= 1e-3
    volumes = [c.requests_per_month for c in found.crossings]
    assert volumes == sorted(volumes)
    directions = [c.cheaper_above for c in found.crossings]
    assert all(a != b for a, b in pairwise(directions))


@settings(max_examples=150, deadline=None, derandomize=True)
@given(CASES)
def test_between_the_crossings_the_stated_side_is_cheaper(drawn: Any) -> None:
    """The dense grid again, coloured by the crossings: first, durable, always and never follow from it."""
    case = _case(drawn)
    found = _find(case[0], case[1], *case[2])
    grid = np.linspace(found.limit_req_per_month * 1e-6, found.limit_req_per_month, 5_001)
    gaps = _gaps(case, grid)
    volumes = np.array([c.requests_per_month for c in found.crossings])
    starts_cheaper = found.first_req_per_month == 0.0
    building = (np.searchsorted(volumes, grid, side="left") % 2 == 1) ^ starts_cheaper
    near = np.abs(gaps) < 1e-6 * (1 + np.abs(_bought(case[2], grid)))
    assert ((gaps > 0) == building)[~near].all()
    if found.durable_req_per_month is not None:
        lasting = (grid > found.durable_req_per_month) & (grid < (found.until_req_per_month or np.inf))
        assert (gaps[lasting & ~near] > 0).all()
    if found.kind in ("never", "out_of_reach"):
        assert (gaps <= 1e-6).all()
    if found.kind == "always":
        assert (gaps >= -1e-6).all()


@settings(max_examples=150, deadline=None, derandomize=True)
@given(CASES)
def test_never_holds_on_any_number_of_machines(drawn: Any) -> None:
    case = _case(drawn)
    stairs, build, buys = case
    if _find(case[0], case[1], *case[2]).kind == "never":
        endless = [replace(s, max_machines=100_000) for s in stairs]
        grid = np.geomspace(1, min(s.limit_req_per_month for s in endless), 5_001)
        assert (_gaps((endless, build, buys), grid) <= 1e-6 * grid).all()


@settings(max_examples=150, deadline=None, derandomize=True)
@given(CASES, st.integers(1, 4))
def test_the_useful_staircases_are_as_cheap_as_all_of_them_everywhere(drawn: Any, seeds: int) -> None:
    """However few volumes are looked at to begin with."""
    stairs, build, buys = _case(drawn)
    limit = max(s.limit_req_per_month for s in stairs)
    kept = [stairs[i] for i in crossover.on_envelope(stairs, np.geomspace(limit / 1e4, limit, seeds))]
    middles = np.concatenate([[0.0], crossover.step_volumes(stairs, limit)])
    middles = (middles[1:] + middles[:-1]) / 2
    assert (rents_matrix(kept, middles).min(axis=0) == rents_matrix(stairs, middles).min(axis=0)).all()
    some, every = (_find(chosen, build, *buys) for chosen in (kept, stairs))
    assert _volumes(some) == _volumes(every)


def test_the_envelope_is_the_cheapest_rent_plus_the_rest(catalog: Catalog) -> None:
    stairs = [staircase(catalog, 100, 30, max_machines=3), staircase(catalog, 1_000, 100, max_machines=1)]
    usd = crossover.envelope_usd_per_month(stairs, LinearCost(0.1, 5.0), np.array([50.0, 250.0, 400.0, 1_000.5]))
    assert usd.tolist() == pytest.approx([30 + 5 + 5, 90 + 25 + 5, 100 + 40 + 5, float("inf")])


@pytest.mark.parametrize("fleet", [True, False])
def test_several_rivals_at_once_are_each_compared_as_if_alone(catalog: Catalog, fleet: bool) -> None:
    stairs = [staircase(catalog, 1_000, 800), staircase(catalog, 5_000, 3_000)] if fleet else []
    dear, flat = LinearCost(1.0, 0.0), LinearCost(0.4, 900.0)
    rivals = [[dear, flat], [dear], [flat]]
    build = LinearCost(0.0, 500.0)
    together = crossover.find_crossovers(stairs, build, rivals, 0.5)
    assert together == [crossover.find_crossovers(stairs, build, [each], 0.5)[0] for each in rivals]
