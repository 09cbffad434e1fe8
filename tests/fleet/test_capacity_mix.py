"""The cheapest mix of terms: the same as trying every one, never above a single term, and moved by nothing that should not."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mix_by_hand import MONTHLY_USD, every_mix_usd, hours_by_hand, on_term, question, terms_by_hand
from support import scenario

from calculators.catalog.catalog import Catalog
from calculators.fleet.base_load import base_load_fleets
from calculators.fleet.capacity_mix import (
    API_ONLY,
    ApiPrices,
    CapacityMix,
    MixQuestion,
    capacity_mix,
    committed_cover,
    kept_usd,
)
from calculators.fleet.capacity_terms import TermPrices, term_prices
from calculators.fleet.load_by_hour import billed_h_per_month
from calculators.options.hybrid import overflow_usd_per_month
from calculators.scenario.schema import Workload


def _workload(**changes: float) -> Workload:
    return scenario(workload={"peak_ratio": 4, **changes}).workload


def _machines(mix: CapacityMix) -> dict[str, int]:
    return {share.term.name: share.machines for share in mix.shares}


def _solved(asked: MixQuestion) -> CapacityMix:
    mix = capacity_mix(asked)
    assert mix is not None
    return mix


def test_golden_two_reserved_one_on_demand_and_an_api_for_the_top(catalog: Catalog) -> None:
    """Four machines are needed 730, 500, 200 and 10 hours a month.

    1. Reserved for 3 years one costs $876 at any hours, on demand $2 an hour: equal at 876 / 2 = 438 hours.
    2. The first two are needed longer (730 and 500 hours): 2 x $876 = $1,752 instead of $2,460.
    3. The third on demand: 200 x $2 = $400, less than $876.
    4. The fourth on demand: 10 x $2 = $20. It carries 0.1% of requests, for which the API bills 0.001 x $10,000 = $10.
    5. In all $1,752 + $400 + $10 = $2,162. Without the API $2,172.
    6. Alone: 3 years 4 x $876 = $3,504; 1 year 4 x $1,168 = $4,672; on demand 1,440 x $2 = $2,880; API $10,000.
    """
    hours = hours_by_hand([730, 500, 200, 10], [1, 0.4, 0.05, 0.001, 0])
    prices = {name: usd for name, usd in MONTHLY_USD.items() if name != "spot"}
    asked = MixQuestion(hours, terms_by_hand(catalog, prices), ApiPrices("API", 10_000, 5_000))
    mix = _solved(asked)
    assert _machines(mix) == {"3-year reserved": 2, "on demand": 1}
    assert [share.usd_per_month for share in mix.shares] == pytest.approx([1_752, 400])
    assert [(share.most_on_h, share.least_on_h) for share in mix.shares] == [(730, 500), (200, 200)]
    assert mix.api_usd_per_month == pytest.approx(10)
    assert mix.usd_per_month == pytest.approx(2_162)
    assert mix.single_usd == pytest.approx(
        {"3-year reserved": 3_504, "1-year reserved": 4_672, "on demand": 2_880, API_ONLY: 10_000}
    )
    assert mix.best_single == ("on demand", pytest.approx(2_880))
    assert mix.saving_usd_per_month == pytest.approx(718)
    assert _solved(replace(asked, api=None)).usd_per_month == pytest.approx(2_172)


def test_a_spare_lets_one_machine_run_on_spot_where_that_saves_most(catalog: Catalog) -> None:
    """Spot is $1 an hour: for the second rank 500 instead of 876, for the first 730 instead of 876, for the third 200 instead of
    400. The second saves most."""
    hours = hours_by_hand([730, 500, 200], [1, 0.4, 0.05, 0])
    asked = MixQuestion(hours, terms_by_hand(catalog, MONTHLY_USD), spot_covered_count=1)
    mix = _solved(asked)
    assert _machines(mix) == {"3-year reserved": 1, "spot": 1, "on demand": 1}
    assert mix.usd_per_month == pytest.approx(876 + 500 + 400)
    assert "spot" not in _machines(_solved(replace(asked, spot_covered_count=0)))
    dear = _solved(replace(asked, spot_overhead_ratio=2.5))
    assert "spot" not in _machines(dear)


def test_larger_committed_machines_stand_in_for_several_ranks(catalog: Catalog) -> None:
    """A server of four for $2,000 is less than four at $876, and more than two; on top one by the hour."""
    stairs = [
        on_term(catalog, "3y", 876),
        on_term(catalog, "owned", 2_000, size=4),
        on_term(catalog, "on_demand", 1_460),
    ]
    terms = term_prices(stairs, 1, 48)
    assert terms is not None
    hours = hours_by_hand([730, 720, 700, 600, 100], [1, 0.8, 0.5, 0.2, 0.1, 0])
    assert _machines(_solved(MixQuestion(hours, terms))) == {"purchased": 1, "on demand": 1}
    short = hours_by_hand([730, 720], [1, 0.4, 0])
    assert _machines(_solved(MixQuestion(short, terms))) == {"3-year reserved": 2}


def test_the_cover_of_ranks_is_the_cheapest_sum_of_machines() -> None:
    cover, last = committed_cover(np.array([[3.0] * 5, [10.0] * 5]), [1, 4])
    assert cover.tolist() == [0, 3, 6, 9, 10, 13]
    assert last.tolist() == [-1, 0, 0, 0, 1, 0] or last.tolist() == [-1, 0, 0, 0, 1, 1]


def test_where_volume_falls_the_shorter_term_wins_for_ranks_needed_for_less_time(catalog: Catalog) -> None:
    """The second rank is needed 12 of 36 months: 730 hours a month, then none, a mean of 243.3.

    1. On demand it costs $1,460 in 12 of 36 months, a mean of $487; for 3 years $876 in all months.
    2. For 1 year $1,168 in 12 of 36 months, since it is not renewed: a mean of $389.
    3. The first rank is needed to the end: 3 years, $876.
    """
    terms = terms_by_hand(catalog, {name: MONTHLY_USD[name] for name in ("3y", "1y", "on_demand")})
    hourly = np.array([[1_460.0, 1_460.0]] * 12 + [[1_460.0, 0.0]] * 24)
    taken = np.array([[term.usd_per_month * term.term_months] * 36 for term in terms.committed])
    spans = [term.term_months for term in terms.committed]
    kept = kept_usd(taken, spans, np.stack([hourly, hourly]))
    names = [term.name for term in terms.committed]
    assert kept[names.index("3-year reserved")] == pytest.approx([876, 876])
    assert kept[names.index("1-year reserved")] == pytest.approx([1_168, 1_168 / 3])
    mix = _solved(MixQuestion(hours_by_hand([730, 730 / 3], [1, 0.5, 0]), terms, mixed_usd=kept))
    assert _machines(mix) == {"3-year reserved": 1, "1-year reserved": 1}
    assert mix.usd_per_month == pytest.approx(876 + 1_168 / 3)


def test_a_term_is_taken_when_it_is_needed_and_paid_to_its_end() -> None:
    """A term of four months for 8 in all. Needed from the fifth of six months on, at 10 a month without it, it is taken once, at the
    latest in the fifth month with two of its months beyond the horizon: 8 / 6. Where every month costs 1 without it, it does not
    pay, and is taken once all the same: 8 for four months and 1 for each of the two others."""
    late = np.array([0.0, 0, 0, 0, 10, 10])
    steady = np.full(6, 1.0)
    kept = kept_usd(np.full((1, 6), 8.0), [4], np.array([late, steady]).T[None])
    assert kept[0] == pytest.approx([8 / 6, (8 + 2) / 6])


@given(
    months=st.integers(1, 24),
    span=st.integers(1, 30),
    usd=st.floats(1, 100),
    without=st.floats(0, 50),
    flat=st.booleans(),
)
def test_a_term_never_costs_less_than_its_least_month_nor_more_than_at_once(
    months: int, span: int, usd: float, without: float, flat: bool
) -> None:
    monthly = np.full(months, without) if flat else np.linspace(0.0, without, months)
    kept = float(kept_usd(np.full((1, months), usd * span), [span], monthly[None, :, None])[0, 0])
    assert kept * months >= usd * span * (1 - 1e-9)
    assert kept * months <= usd * span + monthly.sum() * (1 + 1e-9)


loads = st.fixed_dictionaries(
    {
        "requests_per_month": st.floats(10_000, 90_000),
        "peak_ratio": st.floats(1, 4),
        "active_h_per_month": st.floats(200, 730),
        "deferrable_frac": st.sampled_from([0.0, 0.0, 0.2, 0.6, 1.0]),
    }
)
monthly = st.fixed_dictionaries(
    {}, optional={name: st.floats(100, 3_000) for name in ("owned", "3y", "1y", "spot")}
).flatmap(lambda rest: st.floats(200, 4_000).map(lambda usd: {"on_demand": usd, **rest}))
apis = st.none() | st.floats(100, 30_000)


def _small(
    catalog: Catalog, load: dict[str, float], prices: dict[str, float], api: float | None, spares: int
) -> MixQuestion:
    return question(
        catalog,
        scenario(workload=load).workload,
        prices,
        api,
        cold_start_h=0.25,
        spares=spares,
        beside_usd_per_month=500.0,
        spot_overhead_ratio=1.05,
    )


@settings(max_examples=150, deadline=None)
@given(load=loads, prices=monthly, api=apis, spares=st.integers(0, 2))
def test_no_other_choice_of_terms_costs_less(
    catalog: Catalog, load: dict[str, float], prices: dict[str, float], api: float | None, spares: int
) -> None:
    asked = _small(catalog, load, prices, api, spares)
    if len(asked.hours.on_h) > 7:
        return
    mix = capacity_mix(asked)
    least = min(every_mix_usd(asked))
    assert mix is not None
    assert mix.usd_per_month == pytest.approx(least, rel=1e-9, abs=1e-6)


@settings(max_examples=150, deadline=None)
@given(load=loads, prices=monthly, api=apis, spares=st.integers(0, 2))
def test_a_mix_never_costs_more_than_the_best_single_term(
    catalog: Catalog, load: dict[str, float], prices: dict[str, float], api: float | None, spares: int
) -> None:
    mix = _solved(_small(catalog, load, prices, api, spares))
    assert mix.saving_usd_per_month >= -1e-6
    assert (API_ONLY in mix.single_usd) == (api is not None)


@settings(max_examples=100, deadline=None)
@given(load=loads, prices=monthly, api=apis, spares=st.integers(0, 2))
def test_every_request_is_carried_by_whole_machines_with_their_spares(
    catalog: Catalog, load: dict[str, float], prices: dict[str, float], api: float | None, spares: int
) -> None:
    asked = _small(catalog, load, prices, api, spares)
    mix, hours = _solved(asked), asked.hours
    held = min(mix.machine_count, len(hours.on_h))
    assert mix.overflow_frac == pytest.approx(hours.overflow_frac[held])
    if api is None:
        assert mix.overflow_frac == mix.batched_frac == 0
        assert mix.machine_count >= asked.terms.smallest.machines(np.array(load["requests_per_month"]))
    assert mix.machine_count == 0 or mix.machine_count >= spares + 1
    own_h = sum(hours.on_h[:held]) + mix.waiting_machine_h
    assert mix.machine_count == 0 or own_h >= 0


@settings(max_examples=60, deadline=None)
@given(load=loads, prices=monthly, api=apis, spares=st.integers(0, 2))
def test_twice_the_dollars_change_no_machine(
    catalog: Catalog, load: dict[str, float], prices: dict[str, float], api: float | None, spares: int
) -> None:
    once = _solved(_small(catalog, load, prices, api, spares))
    twice = {name: 2 * usd for name, usd in prices.items()}
    asked = _small(catalog, load, twice, None if api is None else 2 * api, spares)
    doubled = _solved(replace(asked, beside_usd_per_month=1_000.0))
    assert doubled.usd_per_month == pytest.approx(2 * once.usd_per_month)
    assert _machines(doubled) == _machines(once)


@settings(max_examples=100, deadline=None)
@given(
    on_h=st.lists(st.floats(0, 730), min_size=1, max_size=6),
    more=st.floats(0, 1),
    prices=monthly.filter(lambda prices: {"3y", "owned", "1y"} & set(prices)),
)
def test_more_hours_never_move_a_rank_to_a_lower_fixed_cost(
    catalog: Catalog, on_h: list[float], more: float, prices: dict[str, float]
) -> None:
    terms = terms_by_hand(catalog, prices)
    before = np.array(sorted(on_h, reverse=True))
    after = before + more * (730 - before)
    counts = [_committed_count(terms, hours) for hours in (before, after)]
    assert counts[0] <= counts[1]


def _committed_count(terms: TermPrices, on_h: np.ndarray) -> int:
    plain = hours_by_hand(on_h.tolist(), [1.0] * len(on_h) + [0.0])
    mix = _solved(
        MixQuestion(replace(plain, month_billed_h=billed_h_per_month(on_h, 0.25)[None]), replace(terms, spot=None))
    )
    return sum(share.machines for share in mix.shares if share.term.term_months)


def test_one_committed_term_and_an_api_is_the_hybrid(catalog: Catalog) -> None:
    """What a hybrid costs, machine by machine: the same base load fleets, the same bill for what overflows."""
    asked = _workload(requests_per_month=500_000, deferrable_frac=0.3)
    stairs = on_term(catalog, "3y", 1_000, spares=1)
    wanted = question(catalog, asked, {"3y": 1_000, "on_demand": 1e9}, api_usd=6_000.0, spares=1)
    mix = _solved(replace(wanted, spot_covered_count=0, api=ApiPrices("API", 6_000.0, 3_000.0)))
    costs = [
        base.plan.rent_usd_per_month + overflow_usd_per_month(base, _Bill())  # type: ignore[arg-type]
        for base in base_load_fleets(stairs, asked)
    ]
    peak_usd = float(stairs.rent_usd_per_month(np.array(500_000.0)))
    assert mix.usd_per_month == pytest.approx(min(*costs, peak_usd, mix.single_usd[API_ONLY]))
    assert mix.shares


class _Bill:
    unbatched_usd_per_month = 6_000.0
    batch_saving_of_all_usd_per_month = 3_000.0


def test_nothing_carries_the_load_without_a_price(catalog: Catalog) -> None:
    hours = hours_by_hand([730], [1, 0])
    terms = terms_by_hand(catalog, {"on_demand": 1_460})
    assert capacity_mix(MixQuestion(hours, replace(terms, on_demand=None))) is None
