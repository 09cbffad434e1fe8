"""A base-load fleet with its overflow at an API."""

import pytest
from options_by_hand import hand_made_build
from support import scenario

from calculators.catalog.catalog import Catalog
from calculators.options.buy import hosted_options
from calculators.options.hybrid import hybrid_option
from calculators.scenario.inputs import Inputs

PEAKY = {"workload": {"requests_per_month": 1_000_000, "peak_ratio": 6}}


def test_a_smaller_fleet_and_the_overflow_at_the_api_price(catalog: Catalog) -> None:
    inputs = Inputs.of(scenario(**PEAKY), catalog)
    build, stairs = hand_made_build(catalog, 120_000, 5_000)
    [buy] = hosted_options(inputs)
    hybrid = hybrid_option(build, stairs, buy, inputs)
    assert hybrid is not None
    assert hybrid.plan is not None
    assert build.plan is not None
    assert buy.bill is not None
    rent, overflow, *others = hybrid.lines
    assert (rent.kind, overflow.kind) == ("gpu_rental", "overflow_api")
    assert hybrid.plan.machines < build.plan.machines
    assert rent.usd_per_month == pytest.approx(hybrid.plan.machines * 10_000)
    assert 0 < overflow.usd_per_month < buy.bill.usd_per_month
    assert (overflow.low_usd_per_month, overflow.high_usd_per_month) == (
        pytest.approx(overflow.usd_per_month / 2),
        pytest.approx(overflow.usd_per_month * 2),
    )
    assert [line.kind for line in others] == ["staffing", "staffing", "migration"]
    assert (hybrid.also_operator, hybrid.also_model, hybrid.also_gate) == (buy.operator, buy.model, buy.gate)
    assert "for the base load, Llama 3.3 70B Instruct on Test Host for overflow" in hybrid.label


def test_no_hybrid_where_the_whole_fleet_is_cheaper(catalog: Catalog) -> None:
    inputs = Inputs.of(scenario(**PEAKY), catalog)
    build, stairs = hand_made_build(catalog, 12, 5_000)
    assert hybrid_option(build, stairs, hosted_options(inputs)[0], inputs) is None
