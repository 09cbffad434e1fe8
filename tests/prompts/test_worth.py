"""What a hit rate is worth on either side."""

from dataclasses import replace
from datetime import date

import pytest

from calculators.catalog.catalog import Catalog
from calculators.catalog.load import load_catalog
from calculators.evaluate import evaluate
from calculators.prompts.order import FleetCache
from calculators.prompts.worth import (
    api_usd_per_month,
    fleet_cache,
    todays_cache_terms,
    todays_price_ratios,
    with_own_hit_rate,
)
from calculators.scenario.defaults import default_scenario
from calculators.scenario.inputs import Inputs

SCENARIO = default_scenario(date(2026, 11, 29))
SCENARIO = SCENARIO.model_copy(update={"api": SCENARIO.api.model_copy(update={"model": "gpt-5.4"})})


def test_the_api_bill_falls_in_proportion_to_what_is_read_from_the_cache(live_catalog: Catalog) -> None:
    inputs = Inputs.of(SCENARIO, live_catalog)
    none, half, most = (api_usd_per_month(inputs, rate) for rate in (0.0, 0.5, 1.0))
    assert none > half > most > 0
    assert none - half == pytest.approx(half - most)


def test_the_bill_at_todays_hit_rate_is_todays_bill(live_catalog: Catalog) -> None:
    today = evaluate(SCENARIO, live_catalog).today
    rate = SCENARIO.workload.cached_frac
    assert api_usd_per_month(Inputs.of(SCENARIO, live_catalog), rate) == pytest.approx(today.usd_per_month)


def test_a_fleet_keeps_its_free_kv_memory_as_prefixes(live_catalog: Catalog) -> None:
    build = evaluate(SCENARIO, live_catalog).build
    assert build is not None
    assert build.plan is not None
    cache = fleet_cache(build.plan, by_prefix=True, block_tok=16, catalog=live_catalog)
    assert cache.capacity_tok > 10_000
    assert cache.replicas == build.plan.replicas + build.plan.spare_replicas


def test_attention_ranks_keep_a_cache_each_and_pipeline_stages_one_together(live_catalog: Catalog) -> None:
    build = evaluate(SCENARIO, live_catalog).build
    assert build is not None
    assert build.plan is not None
    plan, count = build.plan, build.plan.replicas + build.plan.spare_replicas

    def cache(**layout: int) -> FleetCache:
        config = replace(plan.config, **layout)
        other = replace(plan, capacity=replace(plan.capacity, config=config))
        return fleet_cache(other, by_prefix=True, block_tok=16, catalog=live_catalog)

    assert cache(attention_ranks=4).replicas == 4 * count
    assert cache(pipeline_stages=2).replicas == count
    assert cache(pipeline_stages=2).capacity_tok > 2 * cache().capacity_tok


def test_a_hit_rate_changes_the_self_hosted_side_only() -> None:
    changed = with_own_hit_rate(SCENARIO, 0.73)
    assert changed.workload.self_hit_frac == 0.73
    assert changed.model_copy(update={"workload": SCENARIO.workload}) == SCENARIO


def test_prices_are_relative_to_plain_input(live_catalog: Catalog) -> None:
    ratios = todays_price_ratios(SCENARIO, live_catalog)
    assert 0 < ratios.read_ratio < 1 <= ratios.write_ratio


def test_todays_cache_terms_are_those_of_the_api_in_use() -> None:
    terms = todays_cache_terms(default_scenario(date(2026, 11, 23)), load_catalog())
    assert terms.cache.minimum_tok == 1_024


def test_what_is_in_the_batch_api_stays_there(live_catalog: Catalog) -> None:
    workload = SCENARIO.workload.model_copy(update={"batch_frac": 0.5, "deferrable_frac": 0.5})
    scenario = SCENARIO.model_copy(update={"workload": workload})
    today = evaluate(scenario, live_catalog).today
    assert api_usd_per_month(Inputs.of(scenario, live_catalog), workload.cached_frac) == pytest.approx(
        today.usd_per_month
    )
