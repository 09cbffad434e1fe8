"""Prices that a user types: one price for a machine, above zero."""

from typing import Any

import pytest
from pydantic import ValidationError

from calculators.scenario.typed_prices import OwnApiPrice, OwnRent

RENT: dict[str, Any] = {"provider": "eights", "gpu": "h100-sxm", "gpus_per_machine": 8}


@pytest.mark.parametrize(
    "price",
    [
        {},
        {"usd_per_gpu_h": 0.5, "usd_per_machine_h": 4.0},
        {"usd_per_gpu_h": 0},
        {"usd_per_machine_h": -1},
        {"usd_per_gpu_h": "nan"},
    ],
)
def test_a_rent_is_given_once_and_above_zero(price: dict[str, float]) -> None:
    with pytest.raises(ValidationError):
        OwnRent(**{**RENT, **price})


def test_the_rent_of_a_machine_is_shared_by_its_gpus() -> None:
    assert (
        OwnRent(**RENT, usd_per_machine_h=4).rent_usd_per_gpu_h == OwnRent(**RENT, usd_per_gpu_h=0.5).rent_usd_per_gpu_h
    )


@pytest.mark.parametrize(
    "change",
    [{"input_usd_per_mtok": 0}, {"output_usd_per_mtok": 1e9}, {"cache_read_usd_per_mtok": -1}, {"provider": ""}],
)
def test_a_token_price_is_above_zero_and_plausible(change: dict[str, Any]) -> None:
    price = {
        "provider": "p",
        "model": "m",
        "input_usd_per_mtok": 1,
        "output_usd_per_mtok": 2,
        "cache_read_usd_per_mtok": 0,
    }
    assert OwnApiPrice.model_validate(price).source == "typed"
    with pytest.raises(ValidationError):
        OwnApiPrice.model_validate({**price, **change})
