"""Ranges in words."""

from support import scenario

from calculators.scenario.schema import Workload
from calculators.scenario.traffic_range_text import RangeWords, in_brackets, traffic_range_words


def workload(**changes: object) -> Workload:
    """2 million requests a month with a peak of 4, of a log of 400 requests whose lengths vary by half."""
    cells = [{"share_frac": 0.5, "input_tok": tok, "output_tok": 300.0} for tok in (500.0, 1_500.0)]
    figures = {
        "source": "log:x.csv",
        "requests_basis": "assumed",
        "requests_range_per_month": (1e6, 6e6),
        "peak_basis": "assumed",
        "peak_range_ratio": (2.0, 8.0),
        "lengths_basis": "measured",
        "sample_requests": 400,
    }
    return scenario(workload={**figures, "cells": cells, **changes}).workload


def test_each_range_is_said_and_a_figure_without_one_is_not() -> None:
    assert traffic_range_words(workload()) == RangeWords(
        volume="1M to 6M", lengths="within a factor of 1.05", peak="2 to 8"
    )
    typed = workload(requests_basis="typed", lengths_basis="typed", peak_basis="typed")
    assert traffic_range_words(typed) == RangeWords()
    assert traffic_range_words(workload(sample_requests=10**6)).lengths == ""
    assert traffic_range_words(workload(requests_range_per_month=(1_999_999.0, 2_000_001.0))).volume == ""
    assert traffic_range_words(workload(growth_low_frac=-0.02, growth_high_frac=0.08)).growth == "−2% to +8%"
    assert traffic_range_words(workload(growth_low_frac=0.0, growth_high_frac=0.0)).growth == ""


def test_no_range_has_no_brackets() -> None:
    assert (in_brackets("1 to 2"), in_brackets("")) == (" (1 to 2)", "")
