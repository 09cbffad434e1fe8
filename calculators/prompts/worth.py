"""What a cache hit rate is worth: the prefix cache of a fleet, and the monthly cost of either side at a hit rate."""

from dataclasses import replace

import numpy as np

from calculators.api.bill import todays_bill, todays_discount_frac, todays_parts, todays_usage
from calculators.api.cache_terms import CacheTerms, PriceRatios, cache_terms, price_ratios
from calculators.catalog.catalog import Catalog
from calculators.fleet.plan import FleetPlan
from calculators.performance.replica import replica_arrays
from calculators.performance.step_time import cache_bytes
from calculators.prompts.order import FleetCache
from calculators.scenario.inputs import Inputs
from calculators.scenario.schema import Scenario


def fleet_cache(plan: FleetPlan, by_prefix: bool, block_tok: int, catalog: Catalog) -> FleetCache:
    """Prefix cache of a fleet: KV-cache memory per replica / KV bytes per token, less the share for requests in flight.
    Attention ranks have a cache each; pipeline stages hold one together."""
    replica = replica_arrays([plan.config], catalog)
    bytes_per_tok = float(cache_bytes(replica, np.ones(1))[0, 0])
    free_frac = 1 - catalog.rules_file.assumed.in_flight_frac
    room_bytes = float(replica.kv_room_bytes[0, 0]) * plan.config.pipeline_stages
    capacity_tok = room_bytes / bytes_per_tok * free_frac if bytes_per_tok > 0 else 0.0
    caches = (plan.replicas + plan.spare_replicas) * plan.config.attention_ranks
    return FleetCache(capacity_tok, caches, by_prefix, block_tok)


def todays_cache_terms(scenario: Scenario, catalog: Catalog) -> CacheTerms:
    """Prompt-cache rules of today's API."""
    return cache_terms(scenario.api.provider, scenario.api.model, catalog)


def todays_price_ratios(scenario: Scenario, catalog: Catalog) -> PriceRatios:
    """Cache read and write prices of today's API over its input price. Raises DataError for a model without a price."""
    return price_ratios(scenario.api.provider, scenario.api.model, scenario.as_of, catalog)


def api_usd_per_month(inputs: Inputs, hit_frac: float) -> float:
    """Bill of today's API if `hit_frac` of the input is read from its cache; where writes cost extra, misses are written."""
    usd = 0.0
    for part in todays_parts(inputs):
        writes = todays_price_ratios(part.scenario, inputs.catalog).write_ratio > 1
        usage = todays_usage(part, todays_discount_frac(part))
        usage = replace(usage, cached_frac=hit_frac, write_frac=1 - hit_frac if writes else 0.0)
        usd += todays_bill(part, usage).usd_per_month
    return usd


def with_own_hit_rate(scenario: Scenario, hit_frac: float) -> Scenario:
    """The scenario with `hit_frac` of the input found in the prefix cache of self-hosted replicas."""
    workload = scenario.workload.model_copy(update={"self_hit_frac": round(hit_frac, 4)})
    return scenario.model_copy(update={"workload": workload})
