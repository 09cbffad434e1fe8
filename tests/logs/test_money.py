"""Money in cells and in names of columns."""

import math

import pytest

from calculators.logs.money import MoneyUnit, in_major_units, money_of, money_unit, usd_or_none


@pytest.mark.parametrize(
    ("cell", "told"),
    [
        ("$1,234.50", (1_234.5, "USD")),
        ("1.234,50 €", (1_234.5, "EUR")),
        ("1,20 €", (1.2, "EUR")),
        ("(0.50)", (-0.5, "")),
        ("($0.50)", (-0.5, "USD")),
        ("-$0.50", (-0.5, "USD")),
        ("EUR 3", (3.0, "EUR")),
        ("US$2", (2.0, "USD")),
        ("A$2", (2.0, "AUD")),
        ("1e-05", (1e-5, "")),
        ("12 apples", None),
        ("", None),
    ],
)
def test_a_cell_tells_amount_and_currency(cell: str, told: tuple[float, str] | None) -> None:
    assert money_of(cell) == told


@pytest.mark.parametrize(
    ("name", "unit"),
    [
        ("Cost (€)", MoneyUnit("EUR")),
        ("cost_eur", MoneyUnit("EUR")),
        ("Cost (USD)", MoneyUnit("USD")),
        ("spend_cents", MoneyUnit("", 0.01)),
        ("costInCents", MoneyUnit("", 0.01)),
        ("cost_micro_usd", MoneyUnit("USD", 1e-6)),
        ("input_tokens", MoneyUnit()),
    ],
)
def test_a_column_tells_currency_and_unit(name: str, unit: MoneyUnit) -> None:
    assert money_unit(name) == unit


def test_a_cell_in_major_units_carries_the_currency_of_its_column() -> None:
    assert in_major_units(MoneyUnit("EUR"), "1.2") == "EUR 1.200000"
    assert in_major_units(MoneyUnit("", 0.01), "120") == "1.200000"
    assert in_major_units(MoneyUnit("USD"), "1.2") == "1.2"
    assert in_major_units(MoneyUnit("EUR"), "none") == "none"


def test_a_sum_with_money_of_another_currency_is_unknown() -> None:
    assert usd_or_none(math.nan) is None
    assert usd_or_none(None) is None
    assert usd_or_none(1) == 1.0
