"""What the cells of a header say."""

import pytest

from calculators.logs.usage_headers import (
    cell_unit,
    header_names,
    is_running_name,
    last_part,
    usual_name,
    without_bookkeeping,
    without_prices,
)


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ("Eingabe-Token (k)", "inputtokens"),
        ("Requests (k)", "requests"),
        ("Billing currency", "currency"),
        ("CostInBillingCurrency", None),
        ("MTD input tokens", None),
        ("Notes", None),
    ],
)
def test_a_header_has_a_usual_name(header: str, name: str | None) -> None:
    assert usual_name(header) == name


def test_when_a_row_was_written_is_no_period_of_its_use() -> None:
    names, _ = header_names(["id", "created_at", "usage_date", "request_count"])
    assert names[1:3] == [("createdat", "createdat"), ("usagedate", "date")]
    assert without_bookkeeping([("createdat", "time"), ("date", "date")])[0] == (
        "createdat",
        "time",
    )  # a log of requests
    assert without_bookkeeping([("createdat", "time"), ("requests", "requests")])[0] == ("createdat", "time")


@pytest.mark.parametrize(
    ("header", "name"),
    [
        (["Tag", "Anfragen"], "day"),
        (["Día", "Solicitudes"], "day"),
        (["Data", "Requisições"], "date"),
        (["Mois", "Requêtes"], "month"),
    ],
)
def test_short_words_of_periods_are_read_beside_others_of_their_language(header: list[str], name: str) -> None:
    assert header_names(header)[0][0] == (name, name)


def test_short_words_of_periods_are_labels_in_english() -> None:
    assert header_names(["tag", "requests"])[0][0] == ("tag", "tag")


def test_running_totals_have_one_where_all_are() -> None:
    assert usual_name("MTD input tokens", of_running=True) == "inputtokens"
    assert is_running_name("Cumulative cost")
    assert not is_running_name("Cost")


def test_a_price_beside_a_quantity_is_no_cost() -> None:
    assert without_prices([("price", "cost"), ("quantity", "quantity")]) == [
        ("price", "price"),
        ("quantity", "quantity"),
    ]
    assert without_prices([("date", "date"), ("price", "cost")]) == [("date", "date"), ("price", "cost")]


def test_units_make_plain_counts() -> None:
    thousands, cents = cell_unit("Requests (k)"), cell_unit("Cost (cents)")
    assert thousands is not None
    assert cents is not None
    assert (thousands("1.5"), cents("120")) == ("1500.0", "1.200000")
    assert cell_unit("Requests") is None
    assert last_part("usage.input_tokens") == "input_tokens"
