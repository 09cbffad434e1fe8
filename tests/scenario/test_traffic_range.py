"""Ranges of the traffic, worked out by hand."""

from math import exp, hypot, inf, log, sqrt

import pytest
from support import scenario

from calculators.scenario.schema import Workload
from calculators.scenario.traffic_range import (
    EXACT,
    chance_ratio,
    has_range,
    is_guess,
    joint_ratio,
    lengths_ratio,
    peak_ratios,
    token_ratios,
    too_few_requests,
    volume_ratios,
)

LOG = {
    "source": "log:x.csv",
    "requests_basis": "assumed",
    "requests_range_per_month": (1e6, 6e6),
    "peak_basis": "assumed",
    "peak_range_ratio": (2.0, 8.0),
    "lengths_basis": "measured",
    "sample_requests": 400,
}
TWO_LENGTHS = [
    {"share_frac": 0.5, "input_tok": 500.0, "output_tok": 300.0},
    {"share_frac": 0.5, "input_tok": 1_500.0, "output_tok": 300.0},
]


def workload(**changes: object) -> Workload:
    """2 million requests a month with a peak of 4, half of them of 500 and half of 1,500 input tokens."""
    return scenario(workload={**LOG, "cells": TWO_LENGTHS, **changes}).workload


def test_chance_falls_with_the_root_of_the_count() -> None:
    assert chance_ratio(22) == pytest.approx(exp(1.96 / sqrt(22)))
    assert chance_ratio(100, 4.0) == chance_ratio(25)
    assert chance_ratio(0) == chance_ratio(1)


@pytest.mark.parametrize(("count", "exact"), [(22, (13.79, 33.31)), (100, (81.36, 121.6))])
def test_chance_is_that_of_a_count_of_independent_requests(count: int, exact: tuple[float, float]) -> None:
    """95% interval of a Poisson mean, from published tables."""
    assert (count / chance_ratio(count), count * chance_ratio(count)) == pytest.approx(exact, rel=0.06)


def test_independent_factors_are_joined_by_their_squared_logarithms() -> None:
    assert joint_ratio(2.0, 0.5) == pytest.approx(exp(hypot(log(2), log(2))))
    assert joint_ratio() == joint_ratio(1.0) == 1.0
    assert joint_ratio(2.0, inf) == joint_ratio(2.0, 0.0) == joint_ratio(1e308, 1e308, 1e308) == inf


def test_each_figure_has_its_factors() -> None:
    assert volume_ratios(workload()) == (0.5, 3.0)
    assert peak_ratios(workload()) == (0.5, 2.0)
    assert lengths_ratio(workload()) == pytest.approx(
        exp(1.96 * 0.5 / 20)
    )  # 500 either side of 1,000; 20 is the root of 400
    low, high = token_ratios(workload())
    assert (1 / low, high) == pytest.approx([joint_ratio(volume, exp(0.049)) for volume in (0.5, 3.0)])


def test_a_typed_figure_has_no_range() -> None:
    typed = workload(requests_basis="typed", peak_basis="typed", lengths_basis="typed")
    assert volume_ratios(typed) == peak_ratios(typed) == token_ratios(typed) == EXACT
    assert lengths_ratio(typed) == 1.0
    assert not has_range(typed)
    assert has_range(workload(requests_basis="typed", peak_basis="typed"))
    assert not has_range(scenario().workload)


def test_a_typical_volume_may_be_wrong_by_a_factor_of_two() -> None:
    preset = scenario(workload={"source": "preset:rag", "requests_basis": "assumed"}).workload
    assert is_guess(preset)
    assert volume_ratios(preset) == (0.5, 2.0)
    old_log = scenario(workload={"source": "log:x.csv", "requests_basis": "assumed"}).workload
    assert not is_guess(old_log)
    assert volume_ratios(old_log) == EXACT  # of a version that did not keep the range


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"sample_requests": 96}, 96),
        ({"sample_requests": 97}, None),
        ({"sample_requests": 22, "requests_basis": "typed"}, 22),  # lengths: 1.96 x 0.5 / 4.7 is 21%
        ({"sample_requests": 25, "requests_basis": "typed"}, None),
        ({"sample_requests": 22, "requests_basis": "typed", "lengths_basis": "typed"}, None),
        ({"sample_requests": None}, None),
    ],
)
def test_below_a_hundred_requests_chance_is_too_large(changes: dict[str, object], expected: int | None) -> None:
    assert too_few_requests(workload(**changes)) == expected
