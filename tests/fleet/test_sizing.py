"""What is remembered of sizing is what would be computed anew, and nothing else is."""

import math
from typing import Any

import numpy as np
import pytest
from support import scenario

from calculators.catalog.catalog import Catalog
from calculators.fleet import sizing
from calculators.fleet.candidate_configs import candidate_configs
from calculators.fleet.replica_capacity import replica_capacities
from calculators.fleet.sizing import searched_configs, sized
from calculators.scenario.inputs import Inputs
from calculators.scenario.schema import Scenario


def _inputs(catalog: Catalog, **changes: dict[str, Any]) -> Inputs:
    given: Scenario = scenario()
    parts = {name: getattr(given, name).model_copy(update=fields) for name, fields in changes.items()}
    return Inputs.of(given.model_copy(update=parts), catalog)


def test_what_is_remembered_is_what_would_be_computed_anew(catalog: Catalog) -> None:
    inputs = _inputs(catalog)
    configs = searched_configs(inputs)
    assert [str(config) for config in configs] == [
        str(config) for config in candidate_configs(inputs.scenario, catalog)
    ]
    for signs in (np.zeros(len(configs)), np.ones(len(configs))):
        able, unable = replica_capacities(configs, inputs, signs)
        for _ in range(2):
            assert sized(configs, inputs, signs) == (tuple(able), tuple(unable))


@pytest.mark.parametrize(
    "changes",
    [
        {"workload": {"requests_per_month": 7_654_321.0, "peak_ratio": 9.0, "active_h_per_month": 200.0}},
        {"workload": {"growth_per_month_frac": 0.08, "growth_low_frac": 0.02, "growth_high_frac": 0.2}},
        {"operations": {"horizon_months": 7, "spare_replicas": 5}},
        {"api": {"discount_frac": 0.33}},
    ],
    ids=["volume", "growth", "operations", "API"],
)
def test_capacities_are_taken_again_where_only_volume_prices_or_staffing_change(
    catalog: Catalog, changes: dict[str, dict[str, Any]]
) -> None:
    before, after = _inputs(catalog), _inputs(catalog, **changes)
    configs = searched_configs(before)
    assert searched_configs(after) is configs
    again = sized(configs, after)
    assert sized(configs, before) is again
    able, unable = replica_capacities(configs, after)
    assert again == (tuple(able), tuple(unable))


@pytest.mark.parametrize(
    "changes",
    [
        {"workload": {"input_tok": 5_000.0, "input_p95_tok": 15_000.0}},
        {"workload": {"self_hit_frac": 0.6}},
        {"targets": {"tpot_ms": 25.0}},
        {"techniques": {"batch_cap": 8}},
        {"techniques": {"speculation": True}},
        {"hardware": {"throughput_factor": 0.5}},
    ],
    ids=lambda changes: str(changes),
)
def test_sizing_is_asked_anew_where_requests_targets_techniques_or_speed_change(
    catalog: Catalog, changes: dict[str, dict[str, Any]]
) -> None:
    before, after = _inputs(catalog), _inputs(catalog, **changes)
    configs = searched_configs(before)
    able, unable = replica_capacities(configs, after)
    sized(configs, before)
    assert sized(configs, after) == (tuple(able), tuple(unable))
    assert sized(configs, after)[0] != sized(configs, before)[0]


def test_a_search_of_very_many_configurations_is_not_remembered(
    catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    inputs = _inputs(catalog)
    configs = searched_configs(inputs)
    kept = sized(configs, inputs)
    monkeypatch.setattr(sizing, "MOST_REMEMBERED", len(configs) - 1)
    fresh = sized(configs, inputs)
    assert fresh == kept
    assert all(one is not other for one, other in zip(fresh[0], kept[0], strict=True))
    assert math.isfinite(fresh[0][0].req_s)
