"""Prices that the user typed bind, and say whose they are."""

from typing import Any

import pytest
from support import scenario

from calculators.catalog.catalog import Catalog
from calculators.errors import UnknownId
from calculators.evaluate import evaluate
from calculators.scenario.own_prices import with_own_prices

PRICE = {"provider": "testhost", "model": "closed", "input_usd_per_mtok": 1.0, "output_usd_per_mtok": 2.0}
RENT = {"provider": "eights", "gpu": "h100-sxm", "gpus_per_machine": 8, "usd_per_gpu_h": 0.5}


def _with_rent(**changes: Any) -> Any:
    return scenario(hardware={"rent_usd_per_gpu_h": {}, "own_rents": [{**RENT, **changes}]})


def test_a_typed_price_of_today_s_model_binds_without_the_discount(catalog: Catalog) -> None:
    """2 million requests of 1,000 tokens in at $1 and 300 out at $2: 2,000 + 1,200."""
    result = evaluate(scenario(api={"own_prices": [PRICE], "discount_frac": 0.5}), catalog)
    assert result.today.usd_per_month == pytest.approx(3_200)
    assert result.today.lines[0].basis == "your price, high confidence"
    assert "Negotiated discount" not in [line.name for line in result.bill_lines]
    assert result.digest == catalog.digest


def test_a_seller_that_is_not_in_the_data_hosts_an_open_model_at_the_typed_price(catalog: Catalog) -> None:
    own = {**PRICE, "provider": "Our Host!", "is_new_seller": True, "model": catalog.model("llama-3.3-70b").name}
    own |= {"input_usd_per_mtok": 0.1, "output_usd_per_mtok": 0.2}
    result = evaluate(scenario(api={"own_prices": [own]}), catalog)
    [hosted] = [option for option in result.options if option.kind == "hosted_open" and "Our Host!" in option.label]
    assert hosted.lines[0].usd_per_month == pytest.approx(320)


@pytest.mark.parametrize("price", [{"usd_per_gpu_h": 0.5}, {"usd_per_gpu_h": None, "usd_per_machine_h": 4.0}])
def test_a_typed_rent_binds_by_gpu_or_by_machine(catalog: Catalog, price: dict[str, float | None]) -> None:
    result = evaluate(_with_rent(**price), catalog)
    assert result.build is not None
    assert "rented from Eights at your price" in result.build.label
    assert result.build.lines[0].basis == "your price, high confidence"


def test_a_typed_rent_leaves_other_terms_and_providers(catalog: Catalog) -> None:
    rents = {
        (p.provider, r.commitment, r.usd_per_gpu_h) for p, r in with_own_prices(_with_rent(), catalog).rents("h100-sxm")
    }
    assert ("eights", "on_demand", 0.5) in rents
    assert ("eights", "on_demand", 2.0) not in rents
    assert ("singles", "1y", 2.0) in rents


def test_the_catalog_with_the_prices_is_made_once(catalog: Catalog) -> None:
    own = _with_rent()
    once = with_own_prices(own, catalog)
    assert with_own_prices(own, once) is once
    assert with_own_prices(scenario(), catalog) is catalog


@pytest.mark.parametrize(
    ("changes", "words", "field"),
    [
        (
            {"api": {"own_prices": [{**PRICE, "provider": "testhostt"}]}},
            "unknown seller 'testhostt'; did you mean 'testhost'?",
            "api.own_prices",
        ),
        ({"hardware": {"own_rents": [{**RENT, "provider": "eigths"}]}}, "did you mean 'eights'?", "hardware.own_rents"),
        (
            {"hardware": {"own_rents": [{**RENT, "gpu": "h1000"}]}},
            "Your machine prices: unknown GPU 'h1000'",
            "hardware.own_rents",
        ),
    ],
)
def test_an_unknown_name_is_refused_with_the_nearest(catalog: Catalog, changes: Any, words: str, field: str) -> None:
    with pytest.raises(UnknownId) as error:
        evaluate(scenario(**changes), catalog)
    assert words in str(error.value)
    assert error.value.field == field


def test_a_name_of_the_seller_finds_it_in_any_case(catalog: Catalog) -> None:
    result = evaluate(_with_rent(provider="EIGHTS"), catalog)
    assert result.build is not None
    assert "Eights at your price" in result.build.label
