"""Records of token and GPU prices."""

import pytest
from pydantic import ValidationError

from calculators.catalog.load import load_catalog
from calculators.catalog.prices import ApiModel, Ownership

PRICE = {"source": "s", "confidence": "low", "input_usd_per_mtok": 1, "output_usd_per_mtok": 2}


@pytest.mark.parametrize("days", [["2026-02-01", "2026-01-01"], ["2026-01-01", "2026-01-01"], []])
def test_prices_ascend_by_date_and_there_is_one_at_least(days: list[str]) -> None:
    with pytest.raises(ValidationError):
        ApiModel.model_validate({"id": "m", "prices": [{**PRICE, "valid_from": day} for day in days]})


@pytest.mark.parametrize("bad", [-1, "nan", "inf", None])
def test_a_price_is_a_finite_number_from_zero_up(bad: object) -> None:
    with pytest.raises(ValidationError):
        ApiModel.model_validate(
            {"id": "m", "prices": [{**PRICE, "valid_from": "2026-01-01", "input_usd_per_mtok": bad}]}
        )


def test_a_purchase_price_needs_the_size_of_its_server() -> None:
    plain = load_catalog().ownership.model_dump()
    del plain["servers"]["gb200"]
    with pytest.raises(ValidationError, match="servers: no size for gb200"):
        Ownership.model_validate(plain)


def test_a_residual_value_never_rises_with_age() -> None:
    plain = load_catalog().ownership.model_dump()
    plain["residual_frac_by_year"][6]["central"] = plain["residual_frac_by_year"][6]["high"] = 0.5
    with pytest.raises(ValidationError, match="a fraction that falls"):
        Ownership.model_validate(plain)


def test_what_a_source_says_lies_within_the_range() -> None:
    plain = load_catalog().ownership.model_dump()
    plain["self_host_fte"]["readings"][0]["high"] = 20
    with pytest.raises(ValidationError, match="readings: each needs low <= high, both within the range"):
        Ownership.model_validate(plain)


def test_gpus_that_fast_links_join_beyond_a_server_are_bought_by_the_rack() -> None:
    catalog = load_catalog()
    sizes = {id: server.gpus_count for id, server in catalog.ownership.servers.items()}
    assert {id: max(catalog.gpus[id].links.domain_gpus, 8) for id in sizes} == sizes
    assert sizes["gb200"] == 72
