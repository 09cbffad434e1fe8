"""Conversions, and how numbers are written for people."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from calculators import units


def test_a_month_is_a_twelfth_of_a_year_of_hours() -> None:
    assert units.HOURS_PER_MONTH == 365 * 24 / 12 == 730
    assert units.SECONDS_PER_MONTH == 2_628_000


def test_the_prefixes_are_a_million_and_powers_of_a_thousand() -> None:
    assert (units.TOK_PER_MTOK, units.BYTES_PER_GB, units.FLOPS_PER_TFLOPS) == (10**6, 10**9, 10**12)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0, "$0"),
        (0.000123, "$0.000123"),
        (0.0375, "$0.0375"),
        (0.1, "$0.10"),
        (0.42, "$0.42"),
        (0.9996, "$1"),
        (2.1, "$2.10"),
        (73, "$73"),
        (73.5, "$73.50"),
        (99.996, "$100"),
        (934, "$934"),
        (999.4, "$999"),
        (999.6, "$1k"),
        (3_499, "$3.5k"),
        (9_672, "$9.67k"),
        (72_400, "$72.4k"),
        (99_950, "$100k"),
        (999_400, "$999k"),
        (999_600, "$1M"),
        (1_234_567, "$1.23M"),
        (-1_654, "−$1.65k"),
        (-0.001, "−$0.001"),
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
        (12.4, "12.4"),
        (4_096, "4,096"),
        (9_999, "9,999"),
        (9_999.6, "10k"),
        (14_520, "14.5k"),
        (14_520_000, "14.5M"),
        (2.1e9, "2.1B"),
        (999_600_000, "1B"),
        (1e15, "1,000T"),
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
        (-2.5, "−2.5"),
        (1e-20, "0." + "0" * 19 + "1"),
    ],
)
def test_significant_figures_without_scientific_notation(value: float, text: str) -> None:
    assert units.significant(value) == text


@pytest.mark.parametrize(
    ("fraction", "text"),
    [
        *((0, "0%"), (0.0042, "0.42%"), (0.0674, "6.7%"), (0.153, "15%"), (0.9876, "99%"), (1, "100%"), (1.2, "120%")),
        *((0.995, "99.5%"), (0.999, "99.9%"), (0.9995, "99.95%"), (0.9999, "99.99%"), (0.99999, "99.999%")),
        (math.nan, "unknown"),
    ],
)
def test_percentages_keep_their_nines(fraction: float, text: str) -> None:
    assert units.percent(fraction) == text


@pytest.mark.parametrize(
    ("value_ms", "text"), [(38, "38 ms"), (999.4, "999 ms"), (999.6, "1 s"), (1_234, "1.23 s"), (math.inf, "unknown")]
)
def test_durations(value_ms: float, text: str) -> None:
    assert units.milliseconds(value_ms) == text


@pytest.mark.parametrize(
    ("number", "text"), [(1, "1 replica"), (2, "2 replicas"), (0, "0 replicas"), (13.1e6, "13.1M replicas")]
)
def test_counts_with_their_noun(number: float, text: str) -> None:
    assert units.plural(number, "replica") == text


def test_an_irregular_plural_is_given() -> None:
    assert (units.plural(1, "entry", "entries"), units.plural(2, "entry", "entries")) == ("1 entry", "2 entries")


@given(st.floats(min_value=1e-3, max_value=1e14))
def test_a_written_amount_is_the_amount_within_half_a_percent(value: float) -> None:
    letters = {"k": 1e3, "M": 1e6, "B": 1e9, "T": 1e12}
    text = units.usd(value).removeprefix("$").replace(",", "")
    back = float(text[:-1]) * letters[text[-1]] if text[-1] in letters else float(text)
    assert back == pytest.approx(value, rel=0.0051)


def test_text_of_others_is_made_safe_and_cut() -> None:
    assert units.printable("a\u202e b\n\nc") == "a b c"
    assert units.printable("abcdef", 4) == "abc…"


def test_a_change_has_its_sign() -> None:
    assert [units.signed_percent(x) for x in (0.05, -0.014, 0.0)] == ["+5%", "−1.4%", "0%"]
    assert units.signed_percent(float("nan")) == "unknown"


@pytest.mark.parametrize(
    ("number", "text"),
    [(0, "no spare"), (1, "1 spare"), (2, "2 spares"), (0.25, "0.25 spares"), (12_000, "12k spares")],
)
def test_none_is_a_word(number: float, text: str) -> None:
    assert units.plural_or_no(number, "spare") == text


@pytest.mark.parametrize(
    ("number", "text"),
    [(1, "a"), (2, "a"), (8, "an"), (11, "an"), (18, "an"), (80, "an"), (110, "a"), (16, "a"), (181, "a")],
)
def test_the_article_is_that_of_the_spoken_number(number: int, text: str) -> None:
    assert units.article(number) == text


@pytest.mark.parametrize(
    ("names", "text"), [([], ""), (["a"], "a"), (["a", "b"], "a and b"), (["a", "b", "c"], "a, b and c")]
)
def test_names_are_listed_with_one_and(names: list[str], text: str) -> None:
    assert units.listed(names) == text
    assert units.listed(names, "or") == text.replace(" and ", " or ")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("self-hosting is cheaper", "Self-hosting is cheaper"),
        ("a 4-GPU replica", "A 4-GPU replica"),
        ("gpt-oss 120B costs less", "gpt-oss 120B costs less"),
        ("vLLM fits", "vLLM fits"),
        ("gemini-2.5-flash on Google", "gemini-2.5-flash on Google"),
        ("meta-llama/llama on Groq", "meta-llama/llama on Groq"),
        ("32 days", "32 days"),
        ("usage.csv is a report.", "usage.csv is a report."),
        ("", ""),
    ],
)
def test_a_sentence_starts_with_a_capital_unless_a_name_has_none(text: str, sentence: str) -> None:
    assert units.capital(text) == sentence


@pytest.mark.parametrize(
    ("ratio", "words"),
    [
        (0.0, "over 99.9% lower"),
        (0.0009, "over 99.9% lower"),
        (0.005, "99.5% lower"),
        (0.0501, "95% lower"),
        (0.76, "24% lower"),
        (0.9926, "0.74% lower"),
        (1 - 1e-9, "the same"),
        (1.0, "the same"),
        (1.004, "0.4% higher"),
        (1.07, "7% higher"),
        (1.996, "99.6% higher"),
        (2.0, "2 times as much"),
        (3.1, "3.1 times as much"),
        (999.0, "999 times as much"),
        (5_151.0, "over 1,000 times as much"),
        (math.inf, "over 1,000 times as much"),
    ],
)
def test_a_change_is_told_as_large_as_it_is(ratio: float, words: str) -> None:
    assert units.change(ratio) == words


@given(st.floats(1e-9, 1e9))
def test_no_change_is_told_as_a_hundred_percent_lower(ratio: float) -> None:
    assert not units.change(ratio).startswith(("100% lower", "0%"))


def test_a_value_grows_or_falls_to_another() -> None:
    assert units.moved_to(2e6, 6.09e9, "6.09B") == "grows to 6.09B"
    assert units.moved_to(2e8, 2e7, "20M") == "falls to 20M"


@pytest.mark.parametrize(
    ("ratio", "words"),
    [
        (0.0001, "under 0.1% of your volume"),
        (0.24, "24% of your volume"),
        (0.9951, "about your volume"),
        (1.0049, "about your volume"),
        (1.0, "your volume"),
        (1.01, "1.01 times your volume"),
        (1.3, "1.3 times your volume"),
        (36.4, "36 times your volume"),
        (5_000.0, "over 1,000 times your volume"),
    ],
)
def test_a_multiple_below_one_is_a_share(ratio: float, words: str) -> None:
    assert units.multiple_of(ratio, "your volume") == words


@pytest.mark.parametrize(
    ("values", "texts"),
    [
        ([19.0, 48.69], ["$19.00", "$48.69"]),
        ([19.0, 48.0], ["$19", "$48"]),
        ([0.579, 13.82, 0.0, None, 0.0004], ["$0.58", "$13.82", "$0.00", "", "<$0.01"]),
        ([209.0, -27.81, 51.0], ["$209", "−$27.81", "$51.00"]),
        ([1_234.0, 5.0], ["$1.23k", "$5"]),
        ([0.037, 0.05, 0.1], ["$0.037", "$0.05", "$0.10"]),
        ([float("inf"), 1.5], ["unknown", "$1.50"]),
        ([], []),
    ],
)
def test_a_column_of_dollars_has_one_style(values: list[float | None], texts: list[str]) -> None:
    assert units.usd_column(values) == texts
