"""The cheapest mix over all sizes of machine and the months of the horizon, from a scenario."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from mix_by_hand import MONTHLY_USD, on_term
from support import scenario

from calculators.catalog.catalog import Catalog
from calculators.fleet.capacity_mix import API_ONLY, ApiPrices, CapacityMix
from calculators.fleet.staircase import Staircase
from calculators.horizon.mix_search import MixCase, best_mix, cold_start_h, mix_question
from calculators.options.month_path import drift_ratios
from calculators.scenario.inputs import Inputs

STEADY = {"workload": {"peak_ratio": 1, "requests_per_month": 400_000}}


def _case(catalog: Catalog, api: ApiPrices | None = None, beside: float = 0.0, **changes: Any) -> MixCase:
    workload = STEADY["workload"] | changes.pop("workload", {})
    return MixCase(Inputs.of(scenario(workload=workload, **changes), catalog), api, beside)


def _best(stairs: list[Staircase], case: MixCase) -> CapacityMix:
    mix = best_mix(stairs, case)
    assert mix is not None
    return mix


def _terms(catalog: Catalog, **prices: float) -> list[Staircase]:
    return [on_term(catalog, name, usd) for name, usd in prices.items()]


def _machines(mix: CapacityMix) -> list[tuple[str, int]]:
    return [(share.term.name, share.machines) for share in mix.shares]


def test_the_size_of_machine_that_costs_least_is_taken(catalog: Catalog) -> None:
    """Four replicas all month: four single machines are $5,840, one of four $5,000."""
    stairs = [on_term(catalog, "on_demand", 1_460), on_term(catalog, "on_demand", 5_000, size=4)]
    mix = _best(stairs, _case(catalog))
    assert mix.usd_per_month == pytest.approx(5_000)
    assert mix.single_usd == {"on demand": pytest.approx(5_000)}
    assert best_mix([], _case(catalog)) is None


def test_start_up_and_interruptions_are_those_of_the_outlook(catalog: Catalog) -> None:
    case, rules = _case(catalog), catalog.outlook
    assert cold_start_h(case.inputs) == pytest.approx(rules.cold_start_s.central / 3_600)
    asked = mix_question([on_term(catalog, "spot", 700, spares=2)], 1, case)
    assert asked is not None
    assert asked.spot_overhead_ratio == pytest.approx(
        1 + rules.spot_interruptions_per_h.central * rules.cold_start_s.central / 3_600
    )
    assert asked.spot_covered_count == 2
    assert mix_question([], 1, case) is None


def test_what_self_hosting_costs_besides_counts_against_the_api(catalog: Catalog) -> None:
    stairs, api = _terms(catalog, on_demand=1_460), ApiPrices("API", 9_000.0, 4_500.0)
    machines, bought = (_best(stairs, _case(catalog, api, beside)) for beside in (3_000.0, 4_000.0))
    assert (machines.usd_per_month, bought.usd_per_month) == (pytest.approx(8_840), pytest.approx(9_000))
    assert bought.shares == ()
    assert bought.best_single == (API_ONLY, 9_000.0)


TWO = {"workload": {"requests_per_month": 200_000}, "operations": {"horizon_months": 24}}
FALLING = {"rent_change_per_year_frac": -0.2, "server_price_change_per_year_frac": 0.0}
PRICES = {"on_demand": 1_460.0, "1y": 1_200.0, "3y": 900.0, "owned": 1_000.0}


def test_golden_rents_that_fall_and_a_purchase_that_is_sold(catalog: Catalog) -> None:
    """Two machines of one H100 all hours of 24 months, rents -20% a year.

    1. On demand $1,460 x 0.8 ^ (m / 12): the 24 months sum to (1 - 0.64) / (1 - 0.8 ^ (1 / 12)) = 19.541, a mean of $1,188.7.
    2. For 1 year $1,200, renewed in month 12 at $960: (12 x 1,200 + 12 x 960) / 24 = $1,080.
    3. For 3 years $900, 12 months of them after the horizon: 36 x 900 / 24 = $1,350.
    4. Bought: 44,000 x 1.03 = 45,320 now; 24 x 182.50 = 4,380; from month 13 on 0.07 x 44,000 / 12 = 256.67, 12 times 3,080; sold at
       two years for 0.4 x 44,000 = 17,600. In all 35,180, a mean of $1,465.83.
    5. The least is 2 x $1,080 = $2,160. The API at $3,000 a month, -25% a year: (1 - 0.5625) / (1 - 0.75 ^ (1 / 12)) = 18.470 months'
       worth, a mean of $2,308.8: more than the machines, and less than these with $200 besides.
    """
    stairs = _terms(catalog, **PRICES)
    mix = _best(stairs, _case(catalog, outlook=FALLING, **TWO))
    assert _machines(mix) == [("1-year reserved", 2)]
    assert mix.usd_per_month == pytest.approx(2_160)
    assert {name: usd / 2 for name, usd in mix.single_usd.items()} == pytest.approx(
        {"on demand": 1_188.7, "1-year reserved": 1_080, "3-year reserved": 1_350, "purchased": 35_180 / 24}, rel=1e-4
    )
    api = ApiPrices("API", 3_000.0, 1_500.0, month_ratio=drift_ratios(-0.25, 24))
    kept, bought = (_best(stairs, _case(catalog, api, beside, outlook=FALLING, **TWO)) for beside in (0.0, 200.0))
    assert kept.usd_per_month == pytest.approx(2_160)
    assert bought.usd_per_month == bought.single_usd[API_ONLY] == pytest.approx(2_308.8, rel=1e-4)


def test_without_drift_a_term_costs_its_price_over_whole_terms(catalog: Catalog) -> None:
    """36 months: 3 years $900, 1 year $1,200, on demand $1,460. Bought: 45,320 + 36 x 182.50 + 24 x 256.67 less 0.3 x 44,000 after
    three years is 44,850, a mean of $1,245.83."""
    case = _case(catalog, workload={"requests_per_month": 100_000}, operations={"horizon_months": 36})
    mix = _best(_terms(catalog, **PRICES), case)
    assert mix.single_usd == pytest.approx(
        {"3-year reserved": 900, "1-year reserved": 1_200, "on demand": 1_460, "purchased": 44_850 / 36}
    )
    assert mix.usd_per_month == pytest.approx(900)


def test_a_purchase_waits_for_the_month_in_which_it_is_needed(catalog: Catalog) -> None:
    """A second machine is needed from month 12 of 24 on. Bought then, it is a year old at the end: 45,320 + 12 x 182.50 less 0.7 x
    44,000 = 16,710, over 24 months $696.25; at once it would cost $1,465.83."""
    step = {"from_day": "2027-11-23", "ratio": 2.0}
    case = _case(
        catalog,
        as_of="2026-11-23",
        workload={"requests_per_month": 100_000},
        operations={"horizon_months": 24},
        outlook={"volume_steps": [step]},
    )
    mix = _best(_terms(catalog, owned=1_000), case)
    assert mix.usd_per_month == pytest.approx(35_180 / 24 + 16_710 / 24, rel=0.02)


def test_a_volume_that_falls_shortens_the_terms(catalog: Catalog) -> None:
    """Four machines now, one in three years: a 3-year term for all of them would be paid for nothing."""
    changes = {"operations": {"horizon_months": 36}}
    stairs = _terms(catalog, **{"3y": 876, "1y": 1_000, "on_demand": 1_460})
    mix = _best(stairs, _case(catalog, workload={"growth_per_month_frac": -0.04}, **changes))
    steady = _best(stairs, _case(catalog, **changes))
    assert _machines(steady) == [("3-year reserved", 4)]
    assert [name for name, _ in _machines(mix)][:2] == ["3-year reserved", "1-year reserved"]
    assert mix.usd_per_month < steady.usd_per_month
    assert mix.saving_usd_per_month > 0


def test_a_volume_that_grows_is_carried_to_the_end(catalog: Catalog) -> None:
    case = _case(catalog, workload={"growth_per_month_frac": 0.05}, operations={"horizon_months": 12})
    mix = _best(_terms(catalog, on_demand=1_460), case)
    assert mix.machine_count == 7  # 4 x 1.05 ^ 11 = 6.8
    mean = np.mean([np.ceil(4 * 1.05**month - 1e-9) for month in range(12)])
    assert mix.usd_per_month == pytest.approx(mean * 1_460, rel=0.01)


def test_newer_models_need_fewer_machines(catalog: Catalog) -> None:
    """After each generation a request needs own_generation_ratio of the machines: four, then four thirds, rounded up to two."""
    every = round(catalog.outlook.generation_months.central)
    case = _case(catalog, outlook={"model_generations": True}, operations={"horizon_months": 2 * every})
    left = catalog.outlook.own_generation_ratio_per_year.central ** (every / 12)
    mix = _best(_terms(catalog, on_demand=1_460), case)
    assert mix.usd_per_month == pytest.approx((4 + np.ceil(4 * left)) / 2 * 1_460)


changes = st.fixed_dictionaries(
    {
        "growth": st.sampled_from([-0.04, 0.0, 0.0, 0.05]),
        "months": st.sampled_from([1, 12, 30, 36]),
        "rent": st.floats(-0.5, 0.5),
        "peak": st.floats(1, 4),
        "waiting": st.sampled_from([0.0, 0.4]),
        "api": st.floats(-0.5, 0.5),
        "generations": st.booleans(),
    }
)


def _moving(catalog: Catalog, of: dict[str, Any], api_usd: float | None = 9_000.0) -> MixCase:
    ratios = drift_ratios(of["api"], of["months"])
    return _case(
        catalog,
        ApiPrices("API", api_usd, api_usd / 2, 50.0, ratios) if api_usd else None,
        100.0,
        workload={
            "growth_per_month_frac": of["growth"],
            "peak_ratio": of["peak"],
            "deferrable_frac": of["waiting"],
        },
        operations={"horizon_months": of["months"]},
        outlook={"rent_change_per_year_frac": of["rent"], "model_generations": of["generations"]},
    )


@settings(max_examples=60, deadline=None)
@given(of=changes)
def test_a_mix_never_costs_more_than_any_single_term_or_with_fewer_terms(catalog: Catalog, of: dict[str, Any]) -> None:
    stairs, case = _terms(catalog, **MONTHLY_USD, owned=1_000.0), _moving(catalog, of)
    mix = _best(stairs, case)
    assert mix.saving_usd_per_month >= -1e-6
    for left_out in range(len(stairs)):
        fewer = _best([one for i, one in enumerate(stairs) if i != left_out], case)
        assert mix.usd_per_month <= fewer.usd_per_month + 1e-6
    alone = best_mix(stairs, _moving(catalog, of, api_usd=None))
    assert alone is not None
    assert mix.usd_per_month <= alone.usd_per_month + 1e-6


@settings(max_examples=30, deadline=None)
@given(peak=st.floats(1, 4), months=st.sampled_from([12, 24, 36]))
def test_where_nothing_changes_a_horizon_of_whole_terms_is_the_month(
    catalog: Catalog, peak: float, months: int
) -> None:
    """With no drift and nothing bought: every price is that of today, whatever the length."""
    stairs = _terms(catalog, **{"1y": 1_168, "on_demand": 1_460, "spot": 730})
    whole, one = (
        _best(stairs, _case(catalog, workload={"peak_ratio": peak}, operations={"horizon_months": n}))
        for n in (months, 12)
    )
    assert whole.usd_per_month == pytest.approx(one.usd_per_month)
    assert whole.single_usd["1-year reserved"] == pytest.approx(4 * 1_168)


def test_machines_for_requests_that_wait_are_paid_in_every_month(catalog: Catalog) -> None:
    """Everything can wait: four machines by the hour, or four bought, are full all month though no hour needs them at once."""
    changes = {
        "workload": {"deferrable_frac": 1.0, "growth_per_month_frac": 1e-6},
        "operations": {"horizon_months": 36},
    }
    bought, rented = (
        _best(_terms(catalog, **{term: 1_460}), _case(catalog, **changes)) for term in ("owned", "on_demand")
    )
    assert bought.usd_per_month >= 4 * 44_850 / 36 * (1 - 1e-6)
    assert rented.usd_per_month == pytest.approx(4 * 1_460, rel=1e-3)
