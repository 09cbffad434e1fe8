"""USD per million tokens: by hand for an API, and for a fleet what its whole cost comes to."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import FIXED_ROOT, scenario

from calculators.catalog.load import load_catalog
from calculators.evaluate import evaluate
from calculators.horizon.token_cost import TokenCost, token_costs
from calculators.options.option import Option
from calculators.scenario.inputs import Inputs
from calculators.units import SECONDS_PER_MONTH

CATALOG = load_catalog(FIXED_ROOT)


def costs(**changes: Any) -> dict[str, tuple[Option, TokenCost]]:
    found = evaluate(scenario(**changes), CATALOG)
    inputs = Inputs(found.scenario, found.demand, CATALOG)
    return {o.kind: (o, c) for o, c in zip(found.options, token_costs(found.options, inputs), strict=True)}


def test_a_closed_api_costs_its_list_price() -> None:
    """1,000 x 2.50 + 300 x 10 = 5,500 a million requests of 1,300 tokens: 4.2308 each million tokens."""
    cost = costs()["api_today"][1]
    assert cost.input_usd_per_mtok == pytest.approx(2.5)
    assert cost.output_usd_per_mtok == pytest.approx(10)
    assert cost.blended_usd_per_mtok == pytest.approx(5_500 / 1_300)
    assert cost.full_usd_per_mtok == pytest.approx(5_500 / 1_300)


def test_the_people_of_a_hosted_model_are_in_its_blended_price_but_not_in_that_of_full_use() -> None:
    """1,654 of tokens and 2,384.62 of people over 2,600 million tokens; in full use the tokens alone."""
    cost = costs()["hosted_open"][1]
    assert cost.blended_usd_per_mtok == pytest.approx(4_038.615 / 2_600)
    assert cost.full_usd_per_mtok == pytest.approx(1_654 / 2_600)
    assert cost.input_usd_per_mtok * 2_000 / 4_038.615 == pytest.approx(1_180 / 1_654)


def test_a_fleet_busy_all_month_spreads_its_cost_over_all_that_its_busy_replicas_carry() -> None:
    fleet, cost = costs()["self_host"]
    assert fleet.plan is not None
    assert cost.blended_usd_per_mtok == pytest.approx(29_454.15 / 2_600)
    carried = fleet.plan.capacity.req_s * SECONDS_PER_MONTH * 1_300 / 1e6
    assert cost.full_usd_per_mtok == pytest.approx(29_454.15 / carried)


@given(st.floats(1_000, 20_000), st.floats(5, 2_000), st.floats(4, 8))
def test_input_and_output_make_up_the_cost_and_output_tokens_cost_a_fleet_more(
    input_tok: float, output_tok: float, volume: float
) -> None:
    workload = {
        "requests_per_month": 10**volume,
        "input_tok": input_tok,
        "output_tok": output_tok,
        "input_p95_tok": input_tok,
        "output_p95_tok": output_tok,
    }
    for option, cost in costs(workload=workload).values():
        both = (input_tok * cost.input_usd_per_mtok + output_tok * cost.output_usd_per_mtok) * 10**volume / 1e6
        assert both == pytest.approx(option.usd_per_month)
        assert cost.blended_usd_per_mtok * (input_tok + output_tok) * 10**volume / 1e6 == pytest.approx(both)
        assert cost.input_usd_per_mtok > 0
        if option.kind == "self_host":
            assert cost.output_usd_per_mtok > cost.input_usd_per_mtok
            assert cost.full_usd_per_mtok <= cost.blended_usd_per_mtok * (1 + 1e-9)
