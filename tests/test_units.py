"""Conversions, and how numbers are written for people."""

import math

import pytest

from calculators import units


def test_a_month_is_a_twelfth_of_a_year_of_hours() -> None:
    assert units.HOURS_PER_MONTH == 365 * 24 / 12 == 730
    assert units.SECONDS_PER_MONTH == 2_628_000


def test_the_prefixes_are_a_million_and_powers_of_a_thousand() -> None:
    assert (units.TOK_PER_MTOK, units.BYTES_PER_GB, units.FLOPS_PER_TFLOPS) == (10**6, 10**9, 10**12)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "$0.00"),
        (0.42, "$0.42"),
        (9.994, "$9.99"),
        (10, "$10"),
        (1_654, "$1,654"),
        (9_999, "$9,999"),
        (10_000, "$10.0k"),
        (72_400, "$72.4k"),
        (99_949, "$99.9k"),
        (99_950, "$100k"),
        (999_949, "$1,000k"),
        (999_950, "$1.00M"),
        (1_234_567, "$1.23M"),
        (-1_654, "−$1,654"),
        (-0.001, "$0.00"),
        (math.inf, "unknown"),
        (math.nan, "unknown"),
    ],
)
def test_dollars(value: float, text: str) -> None:
    assert units.usd(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (0.5, "0.5"),
        (950, "950"),
        (9_990, "9,990"),
        (14_520_000, "14.5 M"),
        (2.1e9, "2.1 B"),
        (999_600_000, "1 B"),
        (1e15, "1,000 T"),
        (math.nan, "unknown"),
    ],
)
def test_counts(value: float, text: str) -> None:
    assert units.count(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "0"),
        (0.0123, "0.0123"),
        (1.5, "1.5"),
        (98.34, "98.3"),
        (1_230, "1,230"),
        (-2.5, "-2.5"),
        (1e-20, "0." + "0" * 19 + "1"),
    ],
)
def test_significant_figures_without_scientific_notation(value: float, text: str) -> None:
    assert units.significant(value) == text


def test_percentages_and_durations() -> None:
    assert units.percent(0.153) == "15 %"
    assert units.percent(0.0042) == "0.42 %"
    assert units.milliseconds(38) == "38 ms"
    assert units.milliseconds(1_234) == "1.2 s"
    assert units.milliseconds(math.inf) == "unknown"
