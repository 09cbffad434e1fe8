"""Published speeds of API sellers: what a row must say, and that every row names something that can be bought."""

from datetime import date
from typing import Any

import pytest
from pydantic import ValidationError

from calculators.catalog.catalog import Catalog
from calculators.catalog.price_library import library_model, own_model
from calculators.catalog.seller_speeds import SellerSpeed, SellerSpeeds, SellerUptime

ROW: dict[str, Any] = {
    "provider": "novita",
    "model": "a/b",
    "ttft_s": 0.5,
    "output_tok_s": 40,
    "prompt_tok": None,
    "seen": date(2026, 8, 22),
    "source": "s",
    "confidence": "medium",
}
SOURCES = {"s": {"title": "t", "accessed": date(2026, 8, 22), "kind": "measured"}}


def test_time_per_token_is_the_inverse_of_the_rate() -> None:
    assert SellerSpeed(**ROW).tpot_ms == 25  # 1,000 / 40
    assert SellerSpeed(**{**ROW, "output_tok_s": None}).tpot_ms is None


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"ttft_s": None, "output_tok_s": None}, "no figure is given"),
        ({"ttft_p95_s": 0.4}, "must not be below the median"),
        ({"ttft_s": None, "ttft_p95_s": 0.4}, "must not be below the median"),
        ({"output_tok_s": 0}, "greater than 0"),
        ({"prompt_tok": None, "prompts": 3}, "Extra inputs"),
    ],
)
def test_a_row_that_says_nothing_or_nonsense_is_refused(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        SellerSpeed(**{**ROW, **changes})


UPTIME: dict[str, Any] = {
    "provider": "novita",
    "uptime_frac": 0.999,
    "since": date(2026, 7, 1),
    "seen": date(2026, 9, 30),
    "source": "s",
    "confidence": "medium",
}


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"uptime_frac": 99.9}, "less than or equal to 1"),
        ({"worst_model_frac": 0.9995}, "worst_model_frac must not be above uptime_frac"),
        ({"since": date(2026, 10, 1)}, "since, 2026-10-01, must not be after seen, 2026-09-30"),
    ],
)
def test_an_uptime_that_contradicts_itself_is_refused(changes: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        SellerUptime(**{**UPTIME, **changes})


def test_a_seller_has_one_uptime() -> None:
    with pytest.raises(ValidationError, match="uptimes: listed twice: novita"):
        SellerSpeeds.model_validate({"uptimes": [UPTIME, UPTIME], "sources": SOURCES})
    one = SellerSpeeds.model_validate({"uptimes": [UPTIME], "sources": SOURCES})
    assert one.uptime_by_provider["novita"].uptime_frac == 0.999


def test_every_live_uptime_is_of_a_known_seller_and_no_newer_than_its_source(live_catalog: Catalog) -> None:
    file = live_catalog.seller_speeds
    known = {operator.id for operator in live_catalog.operators_file.operators}
    assert [uptime.provider for uptime in file.uptimes if uptime.provider not in known] == []
    assert all(uptime.seen <= file.sources[uptime.source].accessed for uptime in file.uptimes)


def test_a_product_has_one_row() -> None:
    with pytest.raises(ValidationError, match="listed twice: novita a/b"):
        SellerSpeeds.model_validate({"speeds": [ROW, ROW], "sources": SOURCES})
    assert SellerSpeeds.model_validate({"speeds": [ROW], "sources": SOURCES}).by_product["novita", "a/b"].ttft_s == 0.5


def test_every_live_row_is_of_something_that_can_be_bought(live_catalog: Catalog) -> None:
    makers: dict[str, set[str]] = {}
    for resale in live_catalog.operators_file.resales:
        makers.setdefault(resale.operator, set()).add(resale.provider)

    def is_sold(row: SellerSpeed) -> bool:
        sellers = (row.provider, *makers.get(row.provider, ()))
        own = own_model(live_catalog.api_providers, row.provider, row.model)
        return own is not None or any(library_model(seller, row.model) is not None for seller in sellers)

    rows = live_catalog.seller_speeds.speeds
    assert len(rows) > 100
    assert [f"{row.provider} {row.model}" for row in rows if not is_sold(row)] == []
    assert all(row.seen <= live_catalog.seller_speeds.sources[row.source].accessed for row in rows)


def test_a_new_figure_changes_the_data_version(live_catalog: Catalog, catalog: Catalog) -> None:
    assert live_catalog.digest != catalog.digest
    hosted = {(h.provider, h.model) for model in live_catalog.models.values() for h in model.hosted}
    assert len(hosted & set(live_catalog.seller_speeds.by_product)) > 60
