"""The inputs that may be loosened."""

import pytest
from support import scenario

from calculators.options.loosenings import GPU_LIMIT, NATURAL, OWNED, TPOT, Loosening, two_figures
from calculators.scenario.change import Change


def test_values_of_two_figures_begin_at_the_least_and_end_at_the_most() -> None:
    assert two_figures(9.7, 13) == [9.7, 9.8, 9.9, 10.0, 11.0, 12.0, 13.0]
    assert two_figures(2.32, 2.5) == [2.4, 2.5]
    assert two_figures(0.1, 0.12) == [0.1, 0.11, 0.12]


def test_a_number_is_loosened_by_at_most_a_ratio_and_to_what_may_be_entered() -> None:
    before = scenario(hardware={"max_gpus": 8}, targets={"tpot_ms": 5.0})
    assert GPU_LIMIT.values(before, 4.0) == {"hardware.max_gpus": 32}
    assert GPU_LIMIT.values(scenario(hardware={"max_gpus": 9_000}), 4.0) == {"hardware.max_gpus": 10_000}
    assert TPOT.values(before, 4.0) == {"targets.tpot_ms": 20.0}
    assert TPOT.values(before) == {"targets.tpot_ms": None}


@pytest.mark.parametrize("loosening", NATURAL, ids=lambda one: one.name)
def test_an_input_at_its_loosest_is_not_loosened_again(loosening: Loosening) -> None:
    assert loosening.values(Change(loosening.values(scenario())).applied(scenario())) == {}


def test_what_a_change_asks_for_is_its_factor_or_our_judgement() -> None:
    before = scenario(hardware={"max_gpus": 8})
    assert GPU_LIMIT.effort_of(Change({"hardware.max_gpus": 24}), before) == 3.0
    assert OWNED.effort_of(Change({"hardware.include_owned": True}), before) == 3.0
