"""Fleets at the optimistic and pessimistic speed."""

import numpy as np
from support import scenario

from calculators.catalog.catalog import Catalog
from calculators.fleet.staircase import rents_matrix, staircases
from calculators.options.build import size_candidates
from calculators.options.speed_range import SpeedBounds, rent_range_usd, size_at_speed_bounds
from calculators.scenario.inputs import Inputs

VOLUME = 2_000_000.0


def test_faster_fleets_cost_less_and_slower_ones_more(catalog: Catalog) -> None:
    inputs = Inputs.of(scenario(workload={"requests_per_month": 50 * VOLUME}), catalog)
    stairs, _ = staircases(size_candidates(inputs)[0], inputs)
    rents = rents_matrix(stairs, np.array([inputs.demand.requests_per_month]))[:, 0]
    bounds = size_at_speed_bounds(stairs, rents, [], inputs)
    assert {s.capacity.speed_error_sign for s in bounds.optimistic} == {1.0}
    assert {s.capacity.speed_error_sign for s in bounds.pessimistic} == {-1.0}
    cheapest = int(np.argmin(rents))
    low, high = rent_range_usd(stairs[cheapest], bounds, inputs.demand.requests_per_month)
    assert low < rents[cheapest] < high


def test_without_staircases_there_is_nothing_to_size(catalog: Catalog) -> None:
    assert size_at_speed_bounds([], np.zeros(0), [], Inputs.of(scenario(), catalog)) == SpeedBounds((), ())


def test_no_fleet_at_a_bound_costs_infinitely_much(catalog: Catalog) -> None:
    inputs = Inputs.of(scenario(), catalog)
    [first, *_], _ = staircases(size_candidates(inputs)[0], inputs)
    assert rent_range_usd(first, SpeedBounds((), (first,)), VOLUME)[0] == np.inf


def test_a_dear_model_is_sized_again_on_several_gpus(live_catalog: Catalog) -> None:
    """Ten smaller models beside it, all of whose fleets are cheaper."""
    small = ["gemma-4-26b-a4b", "gpt-oss-20b", "qwen3-8b", "qwen3-14b", "llama-3.1-8b", "qwen3-30b-a3b", "gpt-oss-120b"]
    asked = scenario(
        api={"provider": "openai", "model": "gpt-5.4"},
        candidates=[{"model": model, "gate": "accepted"} for model in (*small, "llama-3.3-70b")],
        hardware={"gpus": [], "rent_usd_per_gpu_h": {}},
    )
    inputs = Inputs.of(asked, live_catalog)
    stairs, _ = staircases(size_candidates(inputs)[0], inputs)
    rents = rents_matrix(stairs, np.array([inputs.demand.requests_per_month]))[:, 0]
    resized = size_at_speed_bounds(stairs, rents, [], inputs).optimistic
    gpus = {s.offer.gpu_id for s in resized if s.capacity.config.model.id == "llama-3.3-70b"}
    assert len(gpus) >= 3
