"""Which inputs can be varied, how far, and in what steps."""

import numpy as np
import pytest
from support import FIXED_ROOT, scenario

from calculators.catalog.load import load_catalog
from calculators.decision.varied_inputs import FARTHEST_RATIO, VariedInput, varied_inputs
from calculators.options.ranking import curves_of
from calculators.options.what_if import NO_MOVES, allowed_again
from calculators.scenario.inputs import Inputs

CATALOG = load_catalog(FIXED_ROOT)


def _varied(**changes: object) -> dict[str, VariedInput]:
    inputs = Inputs.of(scenario(**changes), CATALOG)
    return {one.field: one for one in varied_inputs(allowed_again(inputs), inputs)}


def test_values_lead_away_from_todays_up_to_the_farthest_told() -> None:
    volume = _varied()["volume"]
    up, down = volume.values(rising=True), volume.values(rising=False)
    assert (np.diff(up) > 0).all()
    assert (np.diff(down) < 0).all()
    assert up[-1] == pytest.approx(volume.now * FARTHEST_RATIO, rel=0.02)
    assert down[-1] == pytest.approx(volume.now / FARTHEST_RATIO, rel=0.02)


def test_a_bound_within_reach_is_the_last_value() -> None:
    peak = _varied()["peak"]
    assert peak.now == 4
    assert peak.values(rising=False)[-1] == 1.0


def test_an_input_at_its_bound_has_no_values_beyond() -> None:
    assert _varied(workload={"peak_ratio": 1})["peak"].values(rising=False).size == 0


def test_staffing_of_nobody_can_still_grow() -> None:
    staffing = _varied(operations={"self_host_fte": 0})["staffing"]
    assert staffing.now == 0
    assert (staffing.values(rising=True) > 0).all()


def test_unpaid_engineers_and_ones_own_benchmarks_cannot_be_varied() -> None:
    assert "staffing" not in _varied(operations={"engineer_usd_per_year": 0})
    assert {"staffing", "speed", "rent", "peak", "today_price"} <= _varied().keys()
    assert "server_price" not in _varied()
    assert "server_price" in _varied(hardware={"include_owned": True})


def test_a_changed_scenario_differs_in_that_field_only() -> None:
    changed, moves = _varied()["peak"].changed(2.5)
    assert moves == NO_MOVES
    assert changed.workload.peak_ratio == 2.5
    assert changed.model_copy(update={"workload": scenario().workload}) == scenario()
    assert _varied()["rent"].changed(1.2)[1].rent_ratio == 1.2


def test_a_team_by_role_is_varied_as_a_whole_with_its_hiring() -> None:
    roles = [
        {"name": "SRE", "fte": 2, "hires_fte": 1, "usd_per_year": 120_000},
        {"name": "Manager", "fte": 0.5, "usd_per_year": 360_000},
    ]
    outlook = {"ramp_up_weeks": 13, "hiring_cost_frac": 0.25}
    staffing = _varied(operations={"roles": roles}, outlook=outlook)["staffing"]
    assert staffing.now == 2.5
    half, _ = staffing.changed(1.25)
    assert [(role.fte, role.hires_fte) for role in half.operations.roles] == [(1, 0.5), (0.25, 0)]
    nobody, _ = staffing.changed(0.0)
    curves = [
        curves_of(allowed_again(inputs), inputs) for inputs in (Inputs.of(one, CATALOG) for one in (half, nobody))
    ]
    assert [one.staffing_usd_per_month for one in curves] == pytest.approx([(120_000 + 90_000 + 30_000) / 12, 0])
