"""Curves of cost over volume, and the grid that they are drawn on."""

import numpy as np
import pytest
from signals_by_name import CATALOG, run
from support import scenario, staircase

from calculators.catalog.catalog import Catalog
from calculators.decision.curves import SelfHostCost, cost_curves, crossovers_of, lower_envelope, volume_grid
from calculators.options.option import LinearCost
from calculators.scenario.inputs import Inputs


def test_the_curve_passes_through_the_options_at_the_volume_of_today() -> None:
    found = run()
    for curve in found.curves(np.array([found.demand.requests_per_month])):
        assert curve.usd_per_month[0] == pytest.approx(curve.option.usd_per_month), curve.option.label


def test_without_a_fleet_only_api_options_have_a_curve() -> None:
    found = run()
    apis = [option for option, _ in found.crossovers]
    self_host = SelfHostCost((), LinearCost(0.0, 0.0))
    assert [c.option for c in cost_curves(apis, None, self_host, np.array([1e6]))] == apis


def test_the_grid_of_volumes_holds_the_volume_of_today_and_ascends() -> None:
    found = run()
    grid = volume_grid(found.demand, found.envelope_staircases)
    assert grid[0] < found.demand.requests_per_month < grid[-1]
    assert (np.diff(grid) > 0).all()
    assert volume_grid(found.demand, ()).size == 240


def test_a_staircase_that_is_nowhere_cheapest_is_not_on_the_envelope(catalog: Catalog) -> None:
    cheap, costly = staircase(catalog, 1e6, 1_000), staircase(catalog, 1e6, 2_000)
    assert lower_envelope([costly, cheap], run().demand) == (cheap,)
    assert lower_envelope([], run().demand) == ()


def test_todays_api_stands_in_where_no_api_option_is_allowed() -> None:
    found = run()
    inputs = Inputs.of(scenario(), CATALOG)
    pairs = crossovers_of(found.today, [], SelfHostCost(found.envelope_staircases, found.build_line), inputs)
    assert [option for option, _ in pairs] == [found.today, found.today]
    assert pairs[0][1] == pairs[1][1]
