"""Prices that can be none, and the names under which a person accepts one."""

from datetime import date

import pytest

from calculators.catalog.prices import ApiPrice, LengthTier, Rent
from calculators.price_updates.published import PublishedRent, rent_problem, token_problem

DAY = date(2026, 11, 30)


def _price(input_usd: float, output_usd: float, **more: object) -> ApiPrice:
    return ApiPrice(
        source="s",
        confidence="medium",
        valid_from=DAY,
        input_usd_per_mtok=input_usd,
        output_usd_per_mtok=output_usd,
        **more,
    )


@pytest.mark.parametrize(
    ("price", "words"),
    [
        (_price(2, 8), ""),
        (_price(0, 8), "zero"),
        (_price(2, 0), "zero"),
        (_price(2_000, 8), "unit"),
        (_price(2, 0.0000008), "unit"),
        (_price(2, 8, tiers=(LengthTier(above_input_tok=1, input_usd_per_mtok=4, output_usd_per_mtok=9e9),)), "unit"),
    ],
)
def test_a_token_price_that_can_be_none_says_why(price: ApiPrice, words: str) -> None:
    assert words in token_problem(price)
    assert bool(token_problem(price)) == bool(words)


def test_a_rent_that_can_be_none_says_why() -> None:
    assert rent_problem(2.5) == ""
    assert "per machine, per month or another currency" in rent_problem(1_800)


def test_a_rent_is_named_by_machine_region_and_term() -> None:
    rent = Rent.model_validate(
        {
            "source": "s",
            "confidence": "low",
            "gpu": "h100-sxm",
            "instance": None,
            "gpus_per_instance": 8,
            "region": None,
        }
        | {"commitment": "1y", "usd_per_gpu_h": 2, "seen": DAY}
    )
    assert PublishedRent("p", "P", rent).name == "p/8x h100-sxm/any region/1y"
