"""The cheapest mix over all sizes of machine, from a scenario."""

import numpy as np
import pytest
from mix_by_hand import on_term
from support import scenario

from calculators.catalog.catalog import Catalog
from calculators.fleet.capacity_mix import API_ONLY, ApiPrices
from calculators.fleet.mix_search import best_mix, cold_start_h, mix_question
from calculators.scenario.inputs import Inputs

STEADY = {"workload": {"peak_ratio": 1, "requests_per_month": 400_000}}


def test_the_size_of_machine_that_costs_least_is_taken(catalog: Catalog) -> None:
    """Four replicas all month: four single machines are $5,840, one of four $5,000."""
    inputs = Inputs.of(scenario(**STEADY), catalog)
    stairs = [on_term(catalog, "on_demand", 1_460), on_term(catalog, "on_demand", 5_000, size=4)]
    mix = best_mix(stairs, inputs, None)
    assert mix is not None
    assert mix.usd_per_month == pytest.approx(5_000)
    assert mix.single_usd == {"on demand": pytest.approx(5_000)}
    assert best_mix([], inputs, None) is None


def test_start_up_and_interruptions_are_those_of_the_outlook(catalog: Catalog) -> None:
    inputs = Inputs.of(scenario(), catalog)
    rules = catalog.outlook
    assert cold_start_h(inputs) == pytest.approx(rules.cold_start_s.central / 3_600)
    asked = mix_question([on_term(catalog, "spot", 700, spares=2)], 1, inputs, None)
    assert asked is not None
    assert asked.spot_overhead_ratio == pytest.approx(
        1 + rules.spot_interruptions_per_h.central * rules.cold_start_s.central / 3_600
    )
    assert asked.spot_covered_count == 2
    assert mix_question([], 1, inputs, None) is None


def test_what_self_hosting_costs_besides_counts_against_the_api(catalog: Catalog) -> None:
    inputs = Inputs.of(scenario(**STEADY), catalog)
    stairs, api = [on_term(catalog, "on_demand", 1_460)], ApiPrices("API", 9_000.0, 4_500.0)
    machines, bought = best_mix(stairs, inputs, api, 3_000.0), best_mix(stairs, inputs, api, 4_000.0)
    assert machines is not None
    assert bought is not None
    assert (machines.usd_per_month, bought.usd_per_month) == (pytest.approx(8_840), pytest.approx(9_000))
    assert bought.shares == ()
    assert bought.best_single == (API_ONLY, 9_000.0)


def test_a_volume_that_falls_shortens_the_terms(catalog: Catalog) -> None:
    """Four machines now, one in three years: a 3-year term for all of them would be paid for nothing."""
    falling = scenario(
        workload={**STEADY["workload"], "growth_per_month_frac": -0.04}, operations={"horizon_months": 36}
    )
    stairs = [on_term(catalog, name, usd) for name, usd in (("3y", 876), ("1y", 1_000), ("on_demand", 1_460))]
    mix = best_mix(stairs, Inputs.of(falling, catalog), None)
    steady = best_mix(stairs, Inputs.of(scenario(**STEADY), catalog), None)
    assert mix is not None
    assert steady is not None
    assert [(s.term.name, s.machines) for s in steady.shares] == [("3-year reserved", 4)]
    names = [share.term.name for share in mix.shares]
    assert names[:2] == ["3-year reserved", "1-year reserved"]
    assert mix.usd_per_month < steady.usd_per_month
    assert mix.saving_usd_per_month > 0


def test_a_volume_that_grows_is_carried_to_the_end(catalog: Catalog) -> None:
    growing = scenario(workload={**STEADY["workload"], "growth_per_month_frac": 0.05})
    mix = best_mix([on_term(catalog, "on_demand", 1_460)], Inputs.of(growing, catalog), None)
    assert mix is not None
    assert mix.machine_count == 7  # 4 x 1.05 ^ 11 = 6.8
    mean = np.mean([np.ceil(4 * 1.05**month - 1e-9) for month in range(12)])
    assert mix.usd_per_month == pytest.approx(mean * 1_460, rel=0.01)


def test_without_a_price_by_the_hour_no_term_lapses(catalog: Catalog) -> None:
    falling = Inputs.of(scenario(workload={**STEADY["workload"], "growth_per_month_frac": -0.02}), catalog)
    bought, ratios = [on_term(catalog, "1y", 800)], (1.0, 0.9)
    api = ApiPrices("API", 9_000.0, 4_500.0)
    alone, beside = (mix_question(bought, 1, falling, one, 0.0, ratios) for one in (None, api))
    assert alone is not None
    assert beside is not None
    assert alone.lapsed_usd is None
    assert beside.lapsed_usd is not None
    assert np.isfinite(beside.lapsed_usd).all()
    assert beside.hours.volume_ratio == pytest.approx(0.95)
